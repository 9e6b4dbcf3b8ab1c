/* Three floats, and what geometry does with them. */
#ifndef CONVOSCOPE_SCENE_VECTOR_H
#define CONVOSCOPE_SCENE_VECTOR_H

#include <math.h>

typedef struct Vec {
    float x, y, z;
} Vec;

static inline Vec vec(float x, float y, float z)
{
    return (Vec){x, y, z};
}

static inline Vec vec_add(Vec a, Vec b)
{
    return vec(a.x + b.x, a.y + b.y, a.z + b.z);
}

static inline Vec vec_scale(Vec a, float s)
{
    return vec(a.x * s, a.y * s, a.z * s);
}

/* a + b s */
static inline Vec vec_along(Vec a, Vec b, float s)
{
    return vec_add(a, vec_scale(b, s));
}

static inline Vec vec_multiply(Vec a, Vec b)
{
    return vec(a.x * b.x, a.y * b.y, a.z * b.z);
}

static inline float vec_dot(Vec a, Vec b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline Vec vec_cross(Vec a, Vec b)
{
    return vec(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}

static inline float vec_length(Vec a)
{
    return sqrtf(vec_dot(a, a));
}

static inline Vec vec_unit(Vec a)
{
    return vec_scale(a, 1 / vec_length(a));
}

/* s = 0: a, 1: b */
static inline Vec vec_mix(Vec a, Vec b, float s)
{
    return vec_add(vec_scale(a, 1 - s), vec_scale(b, s));
}

static inline float clampf(float value, float low, float high)
{
    return fminf(fmaxf(value, low), high);
}

/* 0 below `low`, 1 above `high`, with no corner between. */
static inline float smoothstep(float low, float high, float value)
{
    const float t = clampf((value - low) / (high - low), 0, 1);
    return t * t * (3 - 2 * t);
}

#endif
