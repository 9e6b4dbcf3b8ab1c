/* A range that values are brought into, as rectifiers do; what is not a number stays. */
#ifndef CONVOSCOPE_KERNELS_CLAMP_H
#define CONVOSCOPE_KERNELS_CLAMP_H

#include <stddef.h>

#include "simd.h"

typedef struct Clamp {
    float low, high; /* high comes last: where low > high, it is high everywhere */
} Clamp;

static inline vf clamp_vector(Clamp c, vf x)
{
    return vf_min(vf_splat(c.high), vf_max(vf_splat(c.low), x));
}

static inline float clamp_one(Clamp c, float x)
{
    const float raised = x < c.low ? c.low : x;
    return raised > c.high ? c.high : raised;
}

/* y may be x. */
static inline void clamp_floats(Clamp c, const float *x, float *y, size_t count)
{
    size_t i = 0;
    for (; i + VF_LANES <= count; i += VF_LANES) vf_store(y + i, clamp_vector(c, vf_load(x + i)));
    for (; i < count; i++) y[i] = clamp_one(c, x[i]);
}

#endif
