/* Sums over the pixels of a channel, for the normalisations. */
#ifndef CONVOSCOPE_OPS_CHANNELS_H
#define CONVOSCOPE_OPS_CHANNELS_H

#include <stddef.h>

#include "ops/op.h"

/* Sum of x, and of (x - center) * y, over count values; in double, eight sums at a time. */
double channel_sum(const float *x, size_t count);
double channel_dot(const float *x, float center, const float *y, size_t count);

/* Fails unless input i is there with the shape [channels]. */
Status channel_parameter(const Node *n, int i, const char *what, int channels);

#endif
