/*
 * Convolution of a whole batch, of any size and stride, and its gradients.
 *
 * All three are products with channels side by side (loose_gemm.h): a row of A is a pixel of the padded picture or
 * one of its channels and taps, read where it lies, so that no columns are packed. For training: conv2d.h has what
 * suits single pictures.
 */
#ifndef CONVOSCOPE_KERNELS_CONV2D_BATCH_H
#define CONVOSCOPE_KERNELS_CONV2D_BATCH_H

#include "kernels/conv2d.h"

/* Whether it has one group and no dilation. */
bool conv2d_batch_fits(const Conv2d *c);

/* Bytes of scratch for both calls below. */
size_t conv2d_batch_scratch_bytes(const Conv2d *c);

/* y = convolution of x. scratch is aligned to 64. The same bits for every number of threads, as below. */
void conv2d_batch_forward(const Conv2d *c, const float *x, const float *w, float *y, void *scratch);

/* dx = what dy brings, or dx += with `add`, and dw += what it brings; dx or dw may be NULL. */
void conv2d_batch_gradients(const Conv2d *c, const float *x, const float *w, const float *dy,
                            float *dx, bool add, float *dw, void *scratch);

#endif
