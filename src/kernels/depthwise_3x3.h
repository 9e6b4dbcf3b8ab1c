/* Depthwise 3 x 3 forward, the usual kind: stride 1 or 2, no dilation. */
#ifndef CONVOSCOPE_KERNELS_DEPTHWISE_3X3_H
#define CONVOSCOPE_KERNELS_DEPTHWISE_3X3_H

#include "kernels/conv2d.h"

bool depthwise_3x3_fits(const Conv2d *c);

/* Floats of scratch for one thread. */
size_t depthwise_3x3_floats(const Conv2d *c);

/* What is the same for all planes: before the first of them, once for each scratch. */
void depthwise_3x3_begin(const Conv2d *c, float *scratch);

/* One plane of the output from one of the input, with 9 weights. */
void depthwise_3x3_plane(const Conv2d *c, const float *x, const float *w, float bias, float *y,
                         float *scratch);

#endif
