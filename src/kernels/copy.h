/*
 * Copies of a few floats.
 *
 * The count is the same for hundreds of calls in a row, so that its branches cost nothing; the last vector
 * overlaps the one before instead of leaving a tail for a loop. A call of memcpy costs more than a row of 14.
 */
#ifndef CONVOSCOPE_KERNELS_COPY_H
#define CONVOSCOPE_KERNELS_COPY_H

#include "simd.h"

static inline void copy_floats(float *to, const float *from, int count)
{
    if (count >= VF_LANES) {
        for (int i = 0; i + VF_LANES < count; i += VF_LANES) vf_store(to + i, vf_load(from + i));
        vf_store(to + count - VF_LANES, vf_load(from + count - VF_LANES));
        return;
    }
    if (count >= 4) {
        for (int i = 0; i + 4 < count; i += 4) quad_store(to + i, quad_load(from + i));
        quad_store(to + count - 4, quad_load(from + count - 4));
        return;
    }
    if (count > 0) to[0] = from[0];
    if (count > 1) to[1] = from[1];
    if (count > 2) to[2] = from[2];
}

static inline void zero_floats(float *to, int count)
{
    if (count >= VF_LANES) {
        for (int i = 0; i + VF_LANES < count; i += VF_LANES) vf_store(to + i, vf_zero());
        vf_store(to + count - VF_LANES, vf_zero());
        return;
    }
    for (int i = 0; i < count; i++) to[i] = 0.0F;
}

#endif
