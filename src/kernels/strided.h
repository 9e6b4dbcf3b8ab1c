/* A view of a tensor with a step per dimension: what Transpose, Slice, Split or Tile show of their input. */
#ifndef CONVOSCOPE_KERNELS_STRIDED_H
#define CONVOSCOPE_KERNELS_STRIDED_H

#include <stddef.h>

enum { STRIDED_MAX_RANK = 8 };

/* Element i of the view is x[offset + sum of i[d] step[d]]; the steps may be negative, or 0. */
typedef struct Strided {
    int rank;
    size_t dim[STRIDED_MAX_RANK];
    ptrdiff_t step[STRIDED_MAX_RANK];
    ptrdiff_t offset;
} Strided;

/* Drops dimensions of 1 and merges neighbours that lie in one piece; the elements stay in order. */
void strided_merge(Strided *view);

/* y[k] = element k of the view, in row-major order; x and y do not overlap. */
void strided_gather(const Strided *view, const float *x, float *y);

/* Element k of the view += dy[k]: the adjoint of strided_gather. */
void strided_scatter_add(const Strided *view, const float *dy, float *dx);

#endif
