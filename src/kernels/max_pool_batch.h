/*
 * Maximum over windows of many planes, and its gradient, with planes side by side in vectors: as fast for planes of
 * 4 x 4 as for large ones, whatever the window. For training; pool.h has what suits few planes.
 */
#ifndef CONVOSCOPE_KERNELS_MAX_POOL_BATCH_H
#define CONVOSCOPE_KERNELS_MAX_POOL_BATCH_H

#include "kernels/pool.h"

/* Bytes of scratch for both calls below. */
size_t max_pool_batch_scratch_bytes(const Pool2d *p);

/* y [planes,out], as max_pool2d_forward. scratch is aligned to 64. */
void max_pool_batch_forward(const Pool2d *p, const float *x, float *y, void *scratch);

/* dx = dy at the place of each maximum, or dx += with `add`: of equal ones that which comes first in reading
 * order. */
void max_pool_batch_backward(const Pool2d *p, const float *x, const float *dy, float *dx, bool add,
                             void *scratch);

#endif
