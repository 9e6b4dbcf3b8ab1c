/* The scratch of pools, and averages; maxima are in max_pool.c. */
#include "kernels/pool.h"

#include <string.h>

#include "kernels/pool_taps.h"
#include "parallel.h"

size_t pool2d_scratch_bytes(const Pool2d *p)
{
    return (size_t)p->threads * ROWS * row_bytes(p);
}

static float window_weight(const Taps *ty, const Taps *tx)
{
    const float count = (float)ty->counted * (float)tx->counted;
    return count > 0.0F ? 1.0F / count : 0.0F;
}

static void planes_averages(void *context, size_t begin, size_t end, int thread)
{
    const Pooling *pooling = context;
    const Pool2d *p = pooling->p;
    float *restrict sums = rows_of_thread(pooling, thread);
    for (size_t plane = begin; plane < end; plane++) {
        const float *x = pooling->x + plane * in_plane(p);
        float *y = pooling->y + plane * out_plane(p);
        for (int i = 0; i < p->out_height; i++) {
            const Taps ty = taps_y(p, i);
            memset(sums, 0, (size_t)p->in_width * sizeof *sums);
            for (int tap = ty.first; tap < ty.last; tap++) {
                const int row = ty.start + tap * p->dilation_y;
                const float *restrict line = x + (size_t)row * (size_t)p->in_width;
                for (int k = 0; k < p->in_width; k++) sums[k] += line[k];
            }
            for (int j = 0; j < p->out_width; j++) {
                const Taps tx = taps_x(p, j);
                float sum = 0.0F;
                for (int tap = tx.first; tap < tx.last; tap++)
                    sum += sums[tx.start + tap * p->dilation_x];
                *y++ = sum * window_weight(&ty, &tx);
            }
        }
    }
}

static void planes_averages_back(void *context, size_t begin, size_t end, int thread)
{
    const Pooling *pooling = context;
    const Pool2d *p = pooling->p;
    float *restrict shares = rows_of_thread(pooling, thread);
    for (size_t plane = begin; plane < end; plane++) {
        const float *dy = pooling->dy + plane * out_plane(p);
        float *dx = pooling->dx + plane * in_plane(p);
        for (int i = 0; i < p->out_height; i++) {
            const Taps ty = taps_y(p, i);
            memset(shares, 0, (size_t)p->in_width * sizeof *shares);
            for (int j = 0; j < p->out_width; j++) {
                const Taps tx = taps_x(p, j);
                const float share = *dy++ * window_weight(&ty, &tx);
                for (int tap = tx.first; tap < tx.last; tap++) {
                    shares[tx.start + tap * p->dilation_x] += share;
                }
            }
            for (int tap = ty.first; tap < ty.last; tap++) {
                const int row = ty.start + tap * p->dilation_y;
                float *restrict line = dx + (size_t)row * (size_t)p->in_width;
                for (int k = 0; k < p->in_width; k++) line[k] += shares[k];
            }
        }
    }
}

void average_pool2d_forward(const Pool2d *p, const float *x, float *y, void *scratch)
{
    Pooling pooling = {.p = p, .x = x, .y = y, .scratch = scratch};
    parallel_for_within(p->threads, (size_t)p->planes, 2, planes_averages, &pooling);
}

void average_pool2d_backward(const Pool2d *p, const float *dy, float *dx, void *scratch)
{
    Pooling pooling = {.p = p, .dy = dy, .dx = dx, .scratch = scratch};
    parallel_for_within(p->threads, (size_t)p->planes, 2, planes_averages_back, &pooling);
}
