#include "kernels/max_pool_batch.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/sizes.h"
#include "kernels/transpose.h"
#include "parallel.h"
#include "simd.h"

typedef struct Pooling {
    const Pool2d *p;
    const float *x, *dy;
    float *y, *dx;
    bool add;
    float *scratch;
} Pooling;

static int in_plane(const Pool2d *p)
{
    return p->in_height * p->in_width;
}

static int out_plane(const Pool2d *p)
{
    return p->out_height * p->out_width;
}

/* Of a thread: the pixels of a vector of planes, their gradients, and those of the output. */
static size_t own_floats(const Pool2d *p)
{
    return (2 * (size_t)in_plane(p) + (size_t)out_plane(p)) * VF_LANES;
}

size_t max_pool_batch_scratch_bytes(const Pool2d *p)
{
    return (size_t)p->threads * own_floats(p) * sizeof(float);
}

/* ---- one window ---- */

/* The pixels of a window that lie within the plane: every step in [first, end). */
typedef struct Span {
    int first, end, step;
} Span;

static Span span_of(int out, int stride, int pad, int dilation, int kernel, int in)
{
    const int start = out * stride - pad;
    const int missing = start < 0 ? divide_up(-start, dilation) : 0;
    return (Span){start + missing * dilation, at_most(start + (kernel - 1) * dilation + 1, in),
                  dilation};
}

static Span rows_of(const Pool2d *p, int i)
{
    return span_of(i, p->stride_y, p->pad_top, p->dilation_y, p->kernel_height, p->in_height);
}

static Span columns_of(const Pool2d *p, int j)
{
    return span_of(j, p->stride_x, p->pad_left, p->dilation_x, p->kernel_width, p->in_width);
}

static vf window_largest(const Pool2d *p, Span rows, Span columns, const float *x)
{
    vf best = vf_splat(-INFINITY);
    for (int y = rows.first; y < rows.end; y += rows.step) {
        const float *row = x + (ptrdiff_t)y * p->in_width * VF_LANES;
        for (int k = columns.first; k < columns.end; k += columns.step)
            best = vf_max(vf_load(row + (ptrdiff_t)k * VF_LANES), best);
    }
    return best;
}

/* Adds to the first of the largest. */
static void window_back(const Pool2d *p, Span rows, Span columns, const float *x, vf dy, float *dx)
{
    const vf best = window_largest(p, rows, columns, x);
    vi open = (vi)(vf_zero() == vf_zero());
    for (int y = rows.first; y < rows.end; y += rows.step) {
        for (int k = columns.first; k < columns.end; k += columns.step) {
            const ptrdiff_t at = ((ptrdiff_t)y * p->in_width + k) * VF_LANES;
            const vi hit = (vi)(vf_load(x + at) == best) & open;
            vf_store(dx + at, vf_load(dx + at) + vf_select(hit, dy, vf_zero()));
            open &= ~hit;
        }
    }
}

/* ---- a vector of planes ---- */

static void planes_forward(void *context, size_t group, size_t end, int thread)
{
    const Pooling *work = context;
    const Pool2d *p = work->p;
    const ptrdiff_t in = in_plane(p), out = out_plane(p);
    float *x = work->scratch + (size_t)thread * own_floats(p), *y = x + in * VF_LANES;
    for (; group < end; group++) {
        const int first = (int)group * VF_LANES, planes = at_most(VF_LANES, p->planes - first);
        transpose(planes, (int)in, work->x + first * in, in, x, VF_LANES);
        for (int i = 0; i < p->out_height; i++) {
            const Span rows = rows_of(p, i);
            for (int j = 0; j < p->out_width; j++) {
                const Span columns = columns_of(p, j);
                const bool any = rows.first < rows.end && columns.first < columns.end;
                vf_store(y + ((ptrdiff_t)i * p->out_width + j) * VF_LANES,
                         any ? window_largest(p, rows, columns, x) : vf_splat(-FLT_MAX));
            }
        }
        transpose((int)out, planes, y, VF_LANES, work->y + first * out, out);
    }
}

static void planes_back(void *context, size_t group, size_t end, int thread)
{
    const Pooling *work = context;
    const Pool2d *p = work->p;
    const ptrdiff_t in = in_plane(p), out = out_plane(p);
    float *x = work->scratch + (size_t)thread * own_floats(p);
    float *dx = x + in * VF_LANES, *dy = dx + in * VF_LANES;
    for (; group < end; group++) {
        const int first = (int)group * VF_LANES, planes = at_most(VF_LANES, p->planes - first);
        transpose(planes, (int)in, work->x + first * in, in, x, VF_LANES);
        transpose(planes, (int)out, work->dy + first * out, out, dy, VF_LANES);
        memset(dx, 0, (size_t)in * VF_LANES * sizeof *dx);
        for (int i = 0; i < p->out_height; i++) {
            const Span rows = rows_of(p, i);
            for (int j = 0; j < p->out_width; j++) {
                window_back(p, rows, columns_of(p, j), x,
                            vf_load(dy + ((ptrdiff_t)i * p->out_width + j) * VF_LANES), dx);
            }
        }
        (work->add ? transpose_add : transpose)((int)in, planes, dx, VF_LANES,
                                                work->dx + first * in, in);
    }
}

void max_pool_batch_forward(const Pool2d *p, const float *x, float *y, void *scratch)
{
    Pooling work = {.p = p, .x = x, .y = y, .scratch = scratch};
    parallel_for_within(p->threads, (size_t)divide_up(p->planes, VF_LANES), 1, planes_forward,
                        &work);
}

void max_pool_batch_backward(const Pool2d *p, const float *x, const float *dy, float *dx, bool add,
                             void *scratch)
{
    Pooling work = {.p = p, .x = x, .dy = dy, .dx = dx, .add = add, .scratch = scratch};
    parallel_for_within(p->threads, (size_t)divide_up(p->planes, VF_LANES), 1, planes_back, &work);
}
