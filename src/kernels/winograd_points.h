/*
 * Winograd's F(4, 3) in one dimension: what is evaluated at the points, and the adjoints, which gradients need.
 *
 * The points are 0, +-3/4, +-3/2 and infinity: they are exact in binary, and the error is half of what
 * 0, +-1, +-2 give.
 */
#ifndef CONVOSCOPE_KERNELS_WINOGRAD_POINTS_H
#define CONVOSCOPE_KERNELS_WINOGRAD_POINTS_H

#include "simd.h"

/* The points +-A and +-B. */
#define A 0.75F
#define B 1.5F

/* Factors of the filter's value at the points: one over those of the products of (t - point). */
#define AT_0 (1.0F / (A * A * B * B))
#define AT_A (1.0F / (2.0F * A * A * (A * A - B * B)))
#define AT_B (1.0F / (2.0F * B * B * (B * B - A * A)))

/* 6 pixels of the input: the coefficients of products of (t - point), all points but one. */
static inline void transform_input(const vf d[6], vf to[6])
{
    const vf even_a = d[4] - B * B * d[2], odd_a = A * d[3] - A * B * B * d[1];
    const vf even_b = d[4] - A * A * d[2], odd_b = B * d[3] - B * A * A * d[1];
    to[0] = A * A * B * B * d[0] - (A * A + B * B) * d[2] + d[4];
    to[1] = even_a + odd_a;
    to[2] = even_a - odd_a;
    to[3] = even_b + odd_b;
    to[4] = even_b - odd_b;
    to[5] = A * A * B * B * d[1] - (A * A + B * B) * d[3] + d[5];
}

/* 3 weights: the polynomial's value at each point, divided by that of the product above. */
static inline void transform_filter(const vf g[3], vf to[6])
{
    const vf even_a = AT_A * g[0] + AT_A * A * A * g[2], odd_a = AT_A * A * g[1];
    const vf even_b = AT_B * g[0] + AT_B * B * B * g[2], odd_b = AT_B * B * g[1];
    to[0] = AT_0 * g[0];
    to[1] = even_a + odd_a;
    to[2] = even_a - odd_a;
    to[3] = even_b + odd_b;
    to[4] = even_b - odd_b;
    to[5] = g[2];
}

/* 4 pixels of the output: powers of the points. */
static inline void transform_output(const vf m[6], vf to[4])
{
    const vf even_a = m[1] + m[2], odd_a = m[1] - m[2];
    const vf even_b = m[3] + m[4], odd_b = m[3] - m[4];
    to[0] = m[0] + (even_a + even_b);
    to[1] = A * odd_a + B * odd_b;
    to[2] = A * A * even_a + B * B * even_b;
    to[3] = (A * A * A * odd_a + B * B * B * odd_b) + m[5];
}

/* ---- adjoints ---- */

static inline void adjoint_input(const vf v[6], vf to[6])
{
    const vf even_a = v[1] + v[2], odd_a = v[1] - v[2];
    const vf even_b = v[3] + v[4], odd_b = v[3] - v[4];
    to[0] = A * A * B * B * v[0];
    to[1] = A * A * B * B * v[5] - A * B * B * odd_a - B * A * A * odd_b;
    to[2] = -(A * A + B * B) * v[0] - B * B * even_a - A * A * even_b;
    to[3] = A * odd_a + B * odd_b - (A * A + B * B) * v[5];
    to[4] = v[0] + (even_a + even_b);
    to[5] = v[5];
}

static inline void adjoint_filter(const vf u[6], vf to[3])
{
    const vf even_a = AT_A * (u[1] + u[2]), odd_a = AT_A * (u[1] - u[2]);
    const vf even_b = AT_B * (u[3] + u[4]), odd_b = AT_B * (u[3] - u[4]);
    to[0] = AT_0 * u[0] + (even_a + even_b);
    to[1] = A * odd_a + B * odd_b;
    to[2] = (A * A * even_a + B * B * even_b) + u[5];
}

static inline void adjoint_output(const vf y[4], vf to[6])
{
    const vf even_a = y[0] + A * A * y[2], odd_a = A * y[1] + A * A * A * y[3];
    const vf even_b = y[0] + B * B * y[2], odd_b = B * y[1] + B * B * B * y[3];
    to[0] = y[0];
    to[1] = even_a + odd_a;
    to[2] = even_a - odd_a;
    to[3] = even_b + odd_b;
    to[4] = even_b - odd_b;
    to[5] = y[3];
}

#undef A
#undef B
#undef AT_0
#undef AT_A
#undef AT_B

#endif
