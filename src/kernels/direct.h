/*
 * Convolution of few channels where they lie: the first layer of most networks.
 *
 * Gathering packs every pixel once for each tap that looks at it, which few filters do not pay for. Here rows of pixels
 * are padded and taken apart by the stride once, and tiles then read neighbouring outputs' pixels as vectors, whatever
 * the tap: row k of the matrix lies at an offset of its own, and the matrix is never there.
 */
#ifndef CONVOSCOPE_KERNELS_DIRECT_H
#define CONVOSCOPE_KERNELS_DIRECT_H

#include "kernels/conv2d.h"

/* Whether the convolution is of few enough channels and taps. */
bool direct_fits(const Conv2d *c);

size_t direct_scratch_bytes(const Conv2d *c);

/* As conv2d_forward that adds to nothing. scratch is aligned to 64. The result is the same, to the bit, for every number
 * of threads. */
void direct_forward(const Conv2d *c, const float *x, const float *w, const float *bias, float *y,
                    const Clamp *clamp, void *scratch);

#endif
