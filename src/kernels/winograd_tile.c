#include "kernels/winograd_tile.h"

#include "kernels/winograd_points.h"
#include "kernels/winograd_transform.h"

void tile_from_input(const float *pixels, size_t row, float *to, size_t step)
{
    vf down[WINOGRAD_IN][WINOGRAD_IN];
    for (int j = 0; j < WINOGRAD_IN; j++) {
        vf d[6], v[6];
        for (int i = 0; i < WINOGRAD_IN; i++)
            d[i] = vf_load(pixels + (size_t)i * row + (size_t)j * VF_LANES);
        transform_input(d, v);
        for (int i = 0; i < WINOGRAD_IN; i++) down[i][j] = v[i];
    }
    for (int i = 0; i < WINOGRAD_IN; i++) {
        vf v[6];
        transform_input(down[i], v);
        for (int j = 0; j < WINOGRAD_IN; j++)
            vf_store(to + (size_t)(i * WINOGRAD_IN + j) * step, v[j]);
    }
}

void tile_to_input(const float *from, size_t step, float *pixels, size_t row)
{
    vf along[WINOGRAD_IN][WINOGRAD_IN];
    for (int i = 0; i < WINOGRAD_IN; i++) {
        vf v[6];
        for (int j = 0; j < WINOGRAD_IN; j++)
            v[j] = vf_load(from + (size_t)(i * WINOGRAD_IN + j) * step);
        adjoint_input(v, along[i]);
    }
    for (int j = 0; j < WINOGRAD_IN; j++) {
        vf v[6], d[6];
        for (int i = 0; i < WINOGRAD_IN; i++) v[i] = along[i][j];
        adjoint_input(v, d);
        for (int i = 0; i < WINOGRAD_IN; i++) {
            float *to = pixels + (size_t)i * row + (size_t)j * VF_LANES;
            vf_store(to, vf_load(to) + d[i]);
        }
    }
}

void tile_to_output(const float *from, size_t step, float *pixels, size_t row)
{
    vf along[WINOGRAD_IN][WINOGRAD_OUT];
    for (int i = 0; i < WINOGRAD_IN; i++) {
        vf m[6];
        for (int j = 0; j < WINOGRAD_IN; j++)
            m[j] = vf_load(from + (size_t)(i * WINOGRAD_IN + j) * step);
        transform_output(m, along[i]);
    }
    for (int j = 0; j < WINOGRAD_OUT; j++) {
        vf m[6], y[4];
        for (int i = 0; i < WINOGRAD_IN; i++) m[i] = along[i][j];
        transform_output(m, y);
        for (int i = 0; i < WINOGRAD_OUT; i++)
            vf_store(pixels + (size_t)i * row + (size_t)j * VF_LANES, y[i]);
    }
}

void tile_from_output(const float *pixels, size_t row, float *to, size_t step)
{
    vf down[WINOGRAD_IN][WINOGRAD_OUT];
    for (int j = 0; j < WINOGRAD_OUT; j++) {
        vf y[4], m[6];
        for (int i = 0; i < WINOGRAD_OUT; i++)
            y[i] = vf_load(pixels + (size_t)i * row + (size_t)j * VF_LANES);
        adjoint_output(y, m);
        for (int i = 0; i < WINOGRAD_IN; i++) down[i][j] = m[i];
    }
    for (int i = 0; i < WINOGRAD_IN; i++) {
        vf m[6];
        adjoint_output(down[i], m);
        for (int j = 0; j < WINOGRAD_IN; j++)
            vf_store(to + (size_t)(i * WINOGRAD_IN + j) * step, m[j]);
    }
}

void filter_transform(const float *taps, float *to, size_t step)
{
    vf down[WINOGRAD_IN][3];
    for (int j = 0; j < 3; j++) {
        vf g[3], u[6];
        for (int i = 0; i < 3; i++) g[i] = vf_load(taps + (3 * i + j) * VF_LANES);
        transform_filter(g, u);
        for (int i = 0; i < WINOGRAD_IN; i++) down[i][j] = u[i];
    }
    for (int i = 0; i < WINOGRAD_IN; i++) {
        vf u[6];
        transform_filter(down[i], u);
        for (int j = 0; j < WINOGRAD_IN; j++)
            vf_store(to + (size_t)(i * WINOGRAD_IN + j) * step, u[j]);
    }
}

void filter_adjoint(const float *from, size_t step, float *taps)
{
    vf along[WINOGRAD_IN][3];
    for (int i = 0; i < WINOGRAD_IN; i++) {
        vf u[6];
        for (int j = 0; j < WINOGRAD_IN; j++)
            u[j] = vf_load(from + (size_t)(i * WINOGRAD_IN + j) * step);
        adjoint_filter(u, along[i]);
    }
    for (int j = 0; j < 3; j++) {
        vf u[6], g[3];
        for (int i = 0; i < WINOGRAD_IN; i++) u[i] = along[i][j];
        adjoint_filter(u, g);
        for (int i = 0; i < 3; i++) vf_store(taps + (3 * i + j) * VF_LANES, g[i]);
    }
}
