/*
 * Convolution of 3 x 3, stride 1, of a whole batch and its gradients, by Winograd's F(4 x 4, 3 x 3).
 *
 * Forward: y = A' [(G w G') * (B' x B)] A for each tile, where * sums over channels at each of 36 points. The
 * gradients are its adjoints: dx = B [(G w G') * (A dy A')] B' and dw = G' [(B' x B) * (A dy A')] G, summed over
 * tiles. So each costs a quarter of the multiplications of its definition. (Lavin & Gray 2016, Fast Algorithms
 * for Convolutional Neural Networks.)
 *
 * winograd.h computes pictures one after the other, with tiles side by side in vectors. Here channels lie side by
 * side, so that tiles of different images share a product however small the images are.
 */
#ifndef CONVOSCOPE_KERNELS_WINOGRAD_BATCH_H
#define CONVOSCOPE_KERNELS_WINOGRAD_BATCH_H

#include "kernels/conv2d.h"

/* Whether it is a convolution of 3 x 3, stride 1, one group, with channels enough to fill vectors. */
bool winograd_batch_fits(const Conv2d *c);

/* Bytes of scratch for both calls below. */
size_t winograd_batch_scratch_bytes(const Conv2d *c);

/* y = convolution of x. scratch is aligned to 64. The same bits for every number of threads, as below. */
void winograd_batch_forward(const Conv2d *c, const float *x, const float *w, float *y,
                            void *scratch);

/* dx = what dy brings, or dx += with `add`, and dw += what it brings; dx or dw may be NULL. */
void winograd_batch_gradients(const Conv2d *c, const float *x, const float *w, const float *dy,
                              float *dx, bool add, float *dw, void *scratch);

#endif
