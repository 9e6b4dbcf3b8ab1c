/* Depthwise convolution: each group has one input channel, and out_channels / groups filters on it. */
#ifndef CONVOSCOPE_KERNELS_DEPTHWISE_H
#define CONVOSCOPE_KERNELS_DEPTHWISE_H

#include "kernels/conv2d.h"

/* As their namesakes of conv2d.h, where in_channels equals groups. */
void depthwise_forward(const Conv2d *c, const float *x, const float *w, const float *bias, float *y,
                       bool accumulate);
void depthwise_input_gradient(const Conv2d *c, const float *w, const float *dy, float *dx);
void depthwise_weight_gradient(const Conv2d *c, const float *x, const float *dy, float *dw);

#endif
