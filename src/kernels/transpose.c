#include "kernels/transpose.h"

#include <stdbool.h>

#include "kernels/sizes.h"
#include "simd.h"

/* Lines of the cache are read and written whole, a block of them at a time. */
enum { BLOCK = 16 };

static inline __attribute__((always_inline)) void block(bool add, int rows, int columns,
                                                        const float *from, ptrdiff_t from_row,
                                                        float *to, ptrdiff_t to_row)
{
    /* More rows at a time than the processor follows by itself. */
    for (int row = 0; row < rows; row++) __builtin_prefetch(from + row * from_row + 2 * BLOCK);
    for (int column = 0; column < columns; column += 4) {
        for (int row = 0; row < rows; row += 4) {
            quad part[4];
            for (int i = 0; i < 4; i++) part[i] = quad_load(from + (row + i) * from_row + column);
            quad_transpose(part);
            for (int i = 0; i < 4; i++) {
                float *at = to + (column + i) * to_row + row;
                quad_store(at, add ? part[i] + quad_load(at) : part[i]);
            }
        }
    }
}

static inline __attribute__((always_inline)) void all_blocks(bool add, int rows, int columns,
                                                             const float *from, ptrdiff_t from_row,
                                                             float *to, ptrdiff_t to_row)
{
    const int whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
    for (int row = 0; row < whole_rows; row += BLOCK) {
        for (int column = 0; column < whole_columns; column += BLOCK) {
            block(add, at_most(BLOCK, whole_rows - row), at_most(BLOCK, whole_columns - column),
                  from + row * from_row + column, from_row, to + column * to_row + row, to_row);
        }
    }
    for (int column = 0; column < columns; column++) {
        for (int row = column < whole_columns ? whole_rows : 0; row < rows; row++) {
            float *at = to + column * to_row + row;
            *at = from[row * from_row + column] + (add ? *at : 0.0F);
        }
    }
}

void transpose(int rows, int columns, const float *from, ptrdiff_t from_row, float *to,
               ptrdiff_t to_row)
{
    all_blocks(false, rows, columns, from, from_row, to, to_row);
}

void transpose_add(int rows, int columns, const float *from, ptrdiff_t from_row, float *to,
                   ptrdiff_t to_row)
{
    all_blocks(true, rows, columns, from, from_row, to, to_row);
}
