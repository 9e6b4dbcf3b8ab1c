/* Rows become columns. */
#ifndef CONVOSCOPE_KERNELS_TRANSPOSE_H
#define CONVOSCOPE_KERNELS_TRANSPOSE_H

#include <stddef.h>

/* to[column * to_row + row] = from[row * from_row + column]. */
void transpose(int rows, int columns, const float *from, ptrdiff_t from_row, float *to,
               ptrdiff_t to_row);

/* to[column * to_row + row] += from[row * from_row + column]. */
void transpose_add(int rows, int columns, const float *from, ptrdiff_t from_row, float *to,
                   ptrdiff_t to_row);

#endif
