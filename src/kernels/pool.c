#include "kernels/pool.h"

#include <float.h>
#include <string.h>

#include "parallel.h"

/*
 * Windows are taken apart: first down the columns of the input, which runs along whole rows, then along
 * the one row that this leaves. A window of k x k costs 2k and not k^2 steps, half of them vectors.
 */

typedef struct Pooling {
    const Pool2d *p;
    const float *x, *dy;
    float *y, *dx;
    const int32_t *from;
    int32_t *at;
    char *scratch;
} Pooling;

static size_t row_bytes(const Pool2d *p)
{
    return ((size_t)p->in_width * sizeof(float) + 63) & ~(size_t)63;
}

size_t pool2d_scratch_bytes(const Pool2d *p)
{
    return (size_t)p->threads * 2 * row_bytes(p);
}

static size_t in_plane(const Pool2d *p)
{
    return (size_t)p->in_height * (size_t)p->in_width;
}

static size_t out_plane(const Pool2d *p)
{
    return (size_t)p->out_height * (size_t)p->out_width;
}

/* The taps of one dimension of a window: those inside the input are first to last - 1. */
typedef struct Taps {
    int start; /* where tap 0 looks */
    int first, last;
    int counted; /* how many an average divides by */
} Taps;

static int taps_below(int start, int dilation, int limit, int kernel)
{
    if (start >= limit) return 0;
    const int taps = (limit - 1 - start) / dilation + 1;
    return taps < kernel ? taps : kernel;
}

static Taps taps_of(int out, int stride, int pad, int pad_end, int dilation, int kernel, int in,
                    bool count_pad)
{
    Taps taps = {.start = out * stride - pad};
    taps.first = taps_below(taps.start, dilation, 0, kernel);
    taps.last = taps_below(taps.start, dilation, in, kernel);
    taps.counted =
        count_pad ? taps_below(taps.start, dilation, in + pad_end, kernel) : taps.last - taps.first;
    return taps;
}

static Taps taps_y(const Pool2d *p, int i)
{
    return taps_of(i, p->stride_y, p->pad_top, p->pad_bottom, p->dilation_y, p->kernel_height,
                   p->in_height, p->count_pad);
}

static Taps taps_x(const Pool2d *p, int j)
{
    return taps_of(j, p->stride_x, p->pad_left, p->pad_right, p->dilation_x, p->kernel_width,
                   p->in_width, p->count_pad);
}

/* ---- maximum ---- */

/* best[x] and row[x]: the largest value of each column within the window's rows, and where. */
static void column_maxima(const Pool2d *p, const float *x, const Taps *ty, float *restrict best,
                          int32_t *restrict row)
{
    for (int tap = ty->first; tap < ty->last; tap++) {
        const int32_t y = ty->start + tap * p->dilation_y;
        const float *restrict line = x + (size_t)y * (size_t)p->in_width;
        if (tap == ty->first) {
            memcpy(best, line, (size_t)p->in_width * sizeof *best);
            for (int i = 0; i < p->in_width; i++) row[i] = y;
            continue;
        }
        for (int i = 0; i < p->in_width; i++) {
            const float value = line[i], old = best[i];
            const int32_t place = row[i];
            best[i] = value > old ? value : old;
            row[i] = value > old ? y : place;
        }
    }
}

static void plane_maxima(const Pool2d *p, const float *x, float *y, int32_t *at, float *best,
                         int32_t *row)
{
    for (int i = 0; i < p->out_height; i++) {
        const Taps ty = taps_y(p, i);
        column_maxima(p, x, &ty, best, row);
        for (int j = 0; j < p->out_width; j++, y++, at++) {
            const Taps tx = taps_x(p, j);
            if (ty.first >= ty.last || tx.first >= tx.last) {
                *y = -FLT_MAX;
                *at = -1;
                continue;
            }
            int place = tx.start + tx.first * p->dilation_x;
            for (int tap = tx.first + 1; tap < tx.last; tap++) {
                const int next = tx.start + tap * p->dilation_x;
                /* Of equal values the one in the upper row comes first in reading order. */
                if (best[next] > best[place] ||
                    (best[next] == best[place] && row[next] < row[place])) {
                    place = next;
                }
            }
            *y = best[place];
            *at = row[place] * p->in_width + place;
        }
    }
}

static void planes_maxima(void *context, size_t begin, size_t end, int thread)
{
    const Pooling *pooling = context;
    const Pool2d *p = pooling->p;
    char *scratch = pooling->scratch + (size_t)thread * 2 * row_bytes(p);
    for (size_t plane = begin; plane < end; plane++) {
        plane_maxima(p, pooling->x + plane * in_plane(p), pooling->y + plane * out_plane(p),
                     pooling->at + plane * out_plane(p), (float *)scratch,
                     (int32_t *)(scratch + row_bytes(p)));
    }
}

static void planes_maxima_back(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Pooling *pooling = context;
    const Pool2d *p = pooling->p;
    for (size_t plane = begin; plane < end; plane++) {
        const float *dy = pooling->dy + plane * out_plane(p);
        const int32_t *from = pooling->from + plane * out_plane(p);
        float *dx = pooling->dx + plane * in_plane(p);
        for (size_t i = 0; i < out_plane(p); i++) {
            if (from[i] >= 0) dx[from[i]] += dy[i];
        }
    }
}

void max_pool2d_forward(const Pool2d *p, const float *x, float *y, int32_t *at, void *scratch)
{
    Pooling pooling = {.p = p, .x = x, .y = y, .at = at, .scratch = scratch};
    parallel_for_within(p->threads, (size_t)p->planes, 2, planes_maxima, &pooling);
}

void max_pool2d_backward(const Pool2d *p, const int32_t *at, const float *dy, float *dx)
{
    Pooling pooling = {.p = p, .from = at, .dy = dy, .dx = dx};
    parallel_for_within(p->threads, (size_t)p->planes, 2, planes_maxima_back, &pooling);
}

/* ---- average ---- */

static float window_weight(const Taps *ty, const Taps *tx)
{
    const float count = (float)ty->counted * (float)tx->counted;
    return count > 0.0F ? 1.0F / count : 0.0F;
}

static void planes_averages(void *context, size_t begin, size_t end, int thread)
{
    const Pooling *pooling = context;
    const Pool2d *p = pooling->p;
    float *restrict sums = (float *)(pooling->scratch + (size_t)thread * 2 * row_bytes(p));
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
    float *restrict shares = (float *)(pooling->scratch + (size_t)thread * 2 * row_bytes(p));
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
