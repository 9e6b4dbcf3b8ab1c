/* Depthwise convolution: each group has one input channel, and out_channels / groups filters on it. */
#ifndef CONVOSCOPE_KERNELS_DEPTHWISE_H
#define CONVOSCOPE_KERNELS_DEPTHWISE_H

#include "kernels/conv2d.h"

/* Whether in_channels equals groups and the stride and a padded strip of a plane are small. */
bool depthwise_fits(const Conv2d *c);

/* Floats of scratch for each thread, where it fits. */
size_t depthwise_scratch_floats(const Conv2d *c);

/* As their namesakes of conv2d.h. */
void depthwise_forward(const Conv2d *c, const float *x, const float *w, const float *bias, float *y,
                       bool accumulate, const Clamp *clamp, float *scratch);
void depthwise_input_gradient(const Conv2d *c, const float *w, const float *dy, float *dx,
                              float *scratch);
void depthwise_weight_gradient(const Conv2d *c, const float *x, const float *dy, float *dw);

#endif
