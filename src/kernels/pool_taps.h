/* What maxima and averages over windows share: which pixels a window looks at, and the rows of scratch. */
#ifndef CONVOSCOPE_KERNELS_POOL_TAPS_H
#define CONVOSCOPE_KERNELS_POOL_TAPS_H

#include "kernels/pool.h"
#include "kernels/sizes.h"
#include "simd.h"

typedef struct Pooling {
    const Pool2d *p;
    const float *x, *dy;
    float *y, *dx;
    char *scratch;
} Pooling;

/* Positions along x that windows look at, from the first of the padding before the input. */
static inline int reach(const Pool2d *p)
{
    const int windows =
        (p->out_width - 1) * p->stride_x + (p->kernel_width - 1) * p->dilation_x + 1;
    const int input = p->pad_left + p->in_width;
    return windows > input ? windows : input;
}

/* With room behind it for the vector that the last position is in, whatever the phase of the stride. */
static inline size_t row_bytes(const Pool2d *p)
{
    const size_t floats = (size_t)reach(p) + (size_t)p->stride_x * 2 * VF_LANES;
    return whole_lines(floats) * sizeof(float);
}

enum { ROWS = 4 }; /* of scratch, for each thread */

static inline void *rows_of_thread(const Pooling *pooling, int thread)
{
    return pooling->scratch + (size_t)thread * ROWS * row_bytes(pooling->p);
}

static inline size_t in_plane(const Pool2d *p)
{
    return (size_t)p->in_height * (size_t)p->in_width;
}

static inline size_t out_plane(const Pool2d *p)
{
    return (size_t)p->out_height * (size_t)p->out_width;
}

/* The taps of one dimension of a window: those inside the input are first to last - 1. */
typedef struct Taps {
    int start; /* where tap 0 looks */
    int first, last;
    int counted; /* how many an average divides by */
} Taps;

static inline int taps_below(int start, int dilation, int limit, int kernel)
{
    if (start >= limit) return 0;
    const int taps = (limit - 1 - start) / dilation + 1;
    return taps < kernel ? taps : kernel;
}

static inline Taps taps_of(int out, int stride, int pad, int pad_end, int dilation, int kernel,
                           int in, bool count_pad)
{
    Taps taps = {.start = out * stride - pad, .last = kernel, .counted = kernel};
    if (taps.start >= 0 && taps.start + (kernel - 1) * dilation < in) return taps;
    taps.first = taps_below(taps.start, dilation, 0, kernel);
    taps.last = taps_below(taps.start, dilation, in, kernel);
    taps.counted =
        count_pad ? taps_below(taps.start, dilation, in + pad_end, kernel) : taps.last - taps.first;
    return taps;
}

static inline Taps taps_y(const Pool2d *p, int i)
{
    return taps_of(i, p->stride_y, p->pad_top, p->pad_bottom, p->dilation_y, p->kernel_height,
                   p->in_height, p->count_pad);
}

static inline Taps taps_x(const Pool2d *p, int j)
{
    return taps_of(j, p->stride_x, p->pad_left, p->pad_right, p->dilation_x, p->kernel_width,
                   p->in_width, p->count_pad);
}

#endif
