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

/* The pixels of a window that lie within the plane, in one dimension. */
typedef struct Span {
    int first, count;
    ptrdiff_t step; /* floats to the next, of a vector of planes */
} Span;

static Span span_of(int out, int stride, int pad, int dilation, int kernel, int in)
{
    const int start = out * stride - pad;
    if (start >= 0 && start + (kernel - 1) * dilation < in) return (Span){start, kernel, dilation};
    const int missing = start < 0 ? divide_up(-start, dilation) : 0;
    const int first = start + missing * dilation;
    const int inside = first < in ? divide_up(in - first, dilation) : 0;
    return (Span){first, at_least(at_most(kernel - missing, inside), 0), dilation};
}

static Span rows_of(const Pool2d *p, int i)
{
    Span span = span_of(i, p->stride_y, p->pad_top, p->dilation_y, p->kernel_height, p->in_height);
    span.step *= (ptrdiff_t)p->in_width * VF_LANES;
    return span;
}

static Span columns_of(const Pool2d *p, int j)
{
    Span span = span_of(j, p->stride_x, p->pad_left, p->dilation_x, p->kernel_width, p->in_width);
    span.step *= VF_LANES;
    return span;
}

/* Inlined with constant counts, as the next. */
static inline __attribute__((always_inline)) vf largest(int rows, int columns, ptrdiff_t row_step,
                                                        ptrdiff_t column_step, const float *x)
{
    vf best = vf_splat(-INFINITY);
    for (int y = 0; y < rows; y++) {
        for (int k = 0; k < columns; k++)
            best = vf_max(vf_load(x + y * row_step + k * column_step), best);
    }
    return best;
}

/* Adds to the first of the largest. */
static inline __attribute__((always_inline)) void give_back(int rows, int columns,
                                                            ptrdiff_t row_step,
                                                            ptrdiff_t column_step, const float *x,
                                                            vf dy, float *dx)
{
    const vf best = largest(rows, columns, row_step, column_step, x);
    for (int y = 0; y < rows; y++) {
        for (int k = 0; k < columns; k++) {
            const ptrdiff_t at = y * row_step + k * column_step;
            const vi hit = (vi)(vf_load(x + at) == best);
            vf_store(dx + at, vf_load(dx + at) + vf_select(hit, dy, vf_zero()));
            dy = vf_select(hit, vf_zero(), dy);
        }
    }
}

static vf window_largest(Span rows, Span columns, const float *x)
{
    if (rows.count == 2 && columns.count == 2) return largest(2, 2, rows.step, columns.step, x);
    if (rows.count == 3 && columns.count == 3) return largest(3, 3, rows.step, columns.step, x);
    return largest(rows.count, columns.count, rows.step, columns.step, x);
}

static void window_back(Span rows, Span columns, const float *x, vf dy, float *dx)
{
    if (rows.count == 2 && columns.count == 2) {
        give_back(2, 2, rows.step, columns.step, x, dy, dx);
    } else if (rows.count == 3 && columns.count == 3) {
        give_back(3, 3, rows.step, columns.step, x, dy, dx);
    } else {
        give_back(rows.count, columns.count, rows.step, columns.step, x, dy, dx);
    }
}

/* Where a window begins. */
static ptrdiff_t window_place(const Pool2d *p, Span rows, Span columns)
{
    return ((ptrdiff_t)rows.first * p->in_width + columns.first) * VF_LANES;
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
                const bool any = rows.count > 0 && columns.count > 0;
                vf_store(y + ((ptrdiff_t)i * p->out_width + j) * VF_LANES,
                         any ? window_largest(rows, columns, x + window_place(p, rows, columns))
                             : vf_splat(-FLT_MAX));
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
                const Span columns = columns_of(p, j);
                const ptrdiff_t at = window_place(p, rows, columns);
                window_back(rows, columns, x + at,
                            vf_load(dy + ((ptrdiff_t)i * p->out_width + j) * VF_LANES), dx + at);
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
