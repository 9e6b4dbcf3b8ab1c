#include "kernels/transpose.h"

#include <stdbool.h>

#include "simd.h"

static inline __attribute__((always_inline)) void blocks(bool add, int rows, int columns,
                                                         const float *from, ptrdiff_t from_row,
                                                         float *to, ptrdiff_t to_row)
{
    const int whole = rows / 4 * 4;
    int column = 0;
    for (; column + 4 <= columns; column += 4) {
        for (int row = 0; row < whole; row += 4) {
            quad block[4];
            for (int i = 0; i < 4; i++) block[i] = quad_load(from + (row + i) * from_row + column);
            quad_transpose(block);
            for (int i = 0; i < 4; i++) {
                float *at = to + (column + i) * to_row + row;
                quad_store(at, add ? block[i] + quad_load(at) : block[i]);
            }
        }
    }
    /* What is left over: columns behind the last block, then rows behind it. */
    for (int c = 0; c < columns; c++) {
        for (int row = c < column ? whole : 0; row < rows; row++) {
            float *at = to + c * to_row + row;
            *at = from[row * from_row + c] + (add ? *at : 0.0F);
        }
    }
}

void transpose(int rows, int columns, const float *from, ptrdiff_t from_row, float *to,
               ptrdiff_t to_row)
{
    blocks(false, rows, columns, from, from_row, to, to_row);
}

void transpose_add(int rows, int columns, const float *from, ptrdiff_t from_row, float *to,
                   ptrdiff_t to_row)
{
    blocks(true, rows, columns, from, from_row, to, to_row);
}
