#include "kernels/depthwise.h"

#include <stdint.h>

#include "kernels/conv2d_shape.h"
#include "kernels/copy.h"
#include "kernels/depthwise_3x3.h"
#include "kernels/phases.h"
#include "kernels/sizes.h"
#include "parallel.h"
#include "simd.h"

/*
 * Each plane is copied to a padded buffer, taken apart by the stride, in strips of rows that stay in the
 * first-level cache. There every tap is a fixed distance away and rows follow each other at the same distance
 * as in the result: a strip is one loop over vectors without any edge. The gradient of the input is the same
 * for each residue of the stride, with the taps that reach it.
 */
enum { STRIP_FLOATS = 2048, MOST_FLOATS = 1 << 21, MOST_STRIDE = 16 };

/* Of the one loop: the taps that are listed at a time, and the vectors. */
enum { MOST_TAPS = 32, BLOCK_VECTORS = 4 };

/* That a thread takes at a time. */
enum { PLANES = 8 };

/* Floats that a strip's last block may lie behind its end. */
enum { SLACK = (BLOCK_VECTORS + 1) * VF_LANES };

typedef struct Depthwise {
    const Conv2d *c;
    const float *x, *w, *bias, *dy;
    float *y, *dx;
    bool accumulate;
    const Clamp *clamp;
    float *scratch;
} Depthwise;

/* Some taps: distances from an output to what they look at, and which weight each has. */
typedef struct Reach {
    int count;
    ptrdiff_t at[MOST_TAPS];
    int tap[MOST_TAPS];
} Reach;

/* out[i] += sum over taps of w[tap] * source[at + i] */
static void correlate(const Reach *reach, const float *w, const float *source, int count,
                      float *out)
{
    for (int i = 0; i < count; i += BLOCK_VECTORS * VF_LANES) {
        vf sum[BLOCK_VECTORS];
        for (int v = 0; v < BLOCK_VECTORS; v++) sum[v] = vf_load(out + i + v * VF_LANES);
        for (int n = 0; n < reach->count; n++) {
            const vf weight = vf_splat(w[reach->tap[n]]);
            const float *from = source + reach->at[n] + i;
            for (int v = 0; v < BLOCK_VECTORS; v++)
                sum[v] = vf_fma(weight, vf_load(from + v * VF_LANES), sum[v]);
        }
        for (int v = 0; v < BLOCK_VECTORS; v++) vf_store(out + i + v * VF_LANES, sum[v]);
    }
}

/* A padded strip: rows of `step` floats; phase (y, x) of a stride begins at (y * stride + x) * phase. */
typedef struct Strip {
    int rows;                           /* of the result */
    int step;                           /* between rows, of source and result alike */
    int line;                           /* padded positions along x */
    uint64_t phase, out_floats, floats; /* phase: of one phase */
} Strip;

static Strip strip_make(int rows, int columns, int extent_y, int extent_x, int stride_y,
                        int stride_x)
{
    Strip s = {.line = (columns - 1) * stride_x + extent_x};
    s.step = divide_up(s.line, stride_x);
    s.rows = at_most(rows, s.step < STRIP_FLOATS ? STRIP_FLOATS / s.step : 1);
    const int source_rows = divide_up((s.rows - 1) * stride_y + extent_y, stride_y);
    s.phase = (uint64_t)source_rows * (uint64_t)s.step + SLACK;
    s.out_floats = (uint64_t)s.rows * (uint64_t)s.step + SLACK;
    s.floats =
        s.phase * (uint64_t)stride_y * (uint64_t)stride_x + s.out_floats + (uint64_t)s.line + SLACK;
    s.floats = (s.floats + 15) & ~(uint64_t)15;
    return s;
}

/* ---- forward ---- */

static int extent(int kernel, int dilation)
{
    return (kernel - 1) * dilation + 1;
}

static Strip forward_strip(const Conv2d *c)
{
    return strip_make(c->out_height, c->out_width, extent(c->kernel_height, c->dilation_y),
                      extent(c->kernel_width, c->dilation_x), c->stride_y, c->stride_x);
}

/* `rows` rows of a plane, from row y on and column x on, zero outside. */
static void fill(const Strip *s, const float *plane, int height, int width, int y, int x, int rows,
                 int stride_y, int stride_x, float *source, float *line)
{
    for (int r = 0; r < rows; r++) {
        float *to = source + (size_t)(r % stride_y * stride_x) * s->phase +
                    (size_t)(r / stride_y) * (size_t)s->step;
        const bool inside = y + r >= 0 && y + r < height;
        const float *row = plane + (inside ? (size_t)(y + r) * (size_t)width : 0);
        if (stride_x == 1) {
            phases_copy_padded(row, inside ? width : 0, x, s->line, to);
        } else {
            phases_copy_padded(row, inside ? width : 0, x, s->line, line);
            phases_split(line, s->line, stride_x, to, s->phase);
        }
    }
}

/* At most MOST_TAPS taps of a filter, from number `first` on. */
static void forward_reach(const Conv2d *c, const Strip *s, int first, Reach *reach)
{
    reach->count = at_most(MOST_TAPS, kernel_size(c) - first);
    for (int n = 0; n < reach->count; n++) {
        const int ty = (first + n) / c->kernel_width * c->dilation_y,
                  tx = (first + n) % c->kernel_width * c->dilation_x;
        const int phase = ty % c->stride_y * c->stride_x + tx % c->stride_x;
        reach->at[n] = (ptrdiff_t)((uint64_t)phase * s->phase) +
                       (ptrdiff_t)(ty / c->stride_y) * s->step + tx / c->stride_x;
        reach->tap[n] = first + n;
    }
}

static void copy_rows(const Strip *s, const float *out, int rows, int columns, bool accumulate,
                      float *y)
{
    for (int r = 0; r < rows; r++, y += columns) {
        float *restrict to = y;
        const float *restrict from = out + (size_t)r * (size_t)s->step;
        if (accumulate) {
            for (int j = 0; j < columns; j++) to[j] += from[j];
        } else {
            copy_floats(to, from, columns);
        }
    }
}

/* reach: the first taps, which are the same for every plane; hardly any filter has more. */
static void plane_forward(const Depthwise *d, const Strip *s, const Reach *reach, const float *x,
                          const float *w, float bias, float *y, float *scratch)
{
    const Conv2d *c = d->c;
    float *out = scratch, *source = out + s->out_floats;
    float *line = source + s->phase * (uint64_t)c->stride_y * (uint64_t)c->stride_x;
    const int extent_y = extent(c->kernel_height, c->dilation_y);
    for (int i = 0; i < c->out_height; i += s->rows) {
        const int rows = at_most(s->rows, c->out_height - i);
        const int count = (rows - 1) * s->step + c->out_width;
        fill(s, x, c->in_height, c->in_width, i * c->stride_y - c->pad_top, -c->pad_left,
             (rows - 1) * c->stride_y + extent_y, c->stride_y, c->stride_x, source, line);
        for (int k = 0; k < count; k++) out[k] = bias;
        correlate(reach, w, source, count, out);
        for (int tap = MOST_TAPS; tap < kernel_size(c); tap += MOST_TAPS) {
            Reach more;
            forward_reach(c, s, tap, &more);
            correlate(&more, w, source, count, out);
        }
        copy_rows(s, out, rows, c->out_width, d->accumulate, y + (size_t)i * (size_t)c->out_width);
    }
}

/* The usual kind of filter. */
static void planes_forward_3x3(void *context, size_t begin, size_t end, int thread)
{
    const Depthwise *d = context;
    const Conv2d *c = d->c;
    float *scratch = d->scratch + (size_t)thread * depthwise_scratch_floats(c);
    const size_t filters = (size_t)out_per_group(c);
    depthwise_3x3_begin(c, scratch);
    for (size_t plane = begin; plane < end; plane++) {
        const size_t m = plane % (size_t)c->out_channels, image = plane / (size_t)c->out_channels;
        float *y = d->y + plane * out_plane(c);
        depthwise_3x3_plane(c, d->x + (image * (size_t)c->in_channels + m / filters) * in_plane(c),
                            d->w + m * 9, d->bias ? d->bias[m] : 0.0F, y, scratch);
        if (d->clamp) clamp_floats(*d->clamp, y, y, out_plane(c));
    }
}

static void planes_forward(void *context, size_t begin, size_t end, int thread)
{
    const Depthwise *d = context;
    const Conv2d *c = d->c;
    const Strip strip = forward_strip(c);
    Reach reach;
    forward_reach(c, &strip, 0, &reach);
    float *scratch = d->scratch + (size_t)thread * depthwise_scratch_floats(c);
    const size_t size = (size_t)kernel_size(c), filters = (size_t)out_per_group(c);
    for (size_t plane = begin; plane < end; plane++) { /* (image, output channel) */
        const size_t m = plane % (size_t)c->out_channels, image = plane / (size_t)c->out_channels;
        float *y = d->y + plane * out_plane(c);
        plane_forward(d, &strip, &reach,
                      d->x + (image * (size_t)c->in_channels + m / filters) * in_plane(c),
                      d->w + m * size, d->bias ? d->bias[m] : 0.0F, y, scratch);
        if (d->clamp) clamp_floats(*d->clamp, y, y, out_plane(c));
    }
}

/* ---- gradient of the input ---- */

/* The outputs that positions number t may look at, over all residues: t + low to t + high. */
typedef struct Looks {
    int low, high;
} Looks;

static Looks looks_of(int in, int stride, int pad, int dilation, int kernel)
{
    Looks looks = {0, 0};
    for (int residue = 0; residue < stride; residue++) {
        const Phase phase = phase_make(residue, in, stride, pad, dilation, kernel);
        if (phase.taps == 0) continue;
        const int last = phase.first + (phase.taps - 1) * phase.step;
        if (last < looks.low) looks.low = last;
        if (phase.first > looks.high) looks.high = phase.first;
    }
    return looks;
}

static Looks looks_y(const Conv2d *c)
{
    return looks_of(c->in_height, c->stride_y, c->pad_top, c->dilation_y, c->kernel_height);
}

static Looks looks_x(const Conv2d *c)
{
    return looks_of(c->in_width, c->stride_x, c->pad_left, c->dilation_x, c->kernel_width);
}

static Strip backward_strip(const Conv2d *c)
{
    const Looks y = looks_y(c), x = looks_x(c);
    return strip_make(divide_up(c->in_height, c->stride_y), divide_up(c->in_width, c->stride_x),
                      y.high - y.low + 1, x.high - x.low + 1, 1, 1);
}

/* What the strip of dy that begins at position t brings to one residue of dx. */
static void residue_backward(const Conv2d *c, const Strip *s, const Phase *py, const Phase *px,
                             Looks y, Looks x, const float *w, const float *source, int t,
                             float *out, float *dx)
{
    const int rows = at_most(s->rows, py->count - t);
    if (rows <= 0 || px->count == 0 || py->taps == 0 || px->taps == 0) return;
    const int count = (rows - 1) * s->step + px->count;
    for (int k = 0; k < count; k++) out[k] = 0.0F;
    Reach reach = {0};
    for (int p = 0; p < py->taps; p++) {
        for (int q = 0; q < px->taps; q++) {
            const int row = py->first + p * py->step - y.low,
                      column = px->first + q * px->step - x.low;
            reach.at[reach.count] = (ptrdiff_t)row * s->step + column;
            reach.tap[reach.count++] = (py->first_tap + p * py->tap_step) * c->kernel_width +
                                       px->first_tap + q * px->tap_step;
            if (reach.count < MOST_TAPS) continue;
            correlate(&reach, w, source, count, out);
            reach.count = 0;
        }
    }
    correlate(&reach, w, source, count, out);
    for (int r = 0; r < rows; r++) {
        float *restrict to = dx + (size_t)(t + r) * (size_t)c->stride_y * (size_t)c->in_width;
        const float *restrict from = out + (size_t)r * (size_t)s->step;
        if (c->stride_x == 1) {
            for (int j = 0; j < px->count; j++) to[j] += from[j];
        } else {
            for (int j = 0; j < px->count; j++) to[(ptrdiff_t)j * c->stride_x] += from[j];
        }
    }
}

static void plane_backward(const Conv2d *c, const Strip *s, const float *w, const float *dy,
                           float *dx, float *scratch)
{
    const Looks y = looks_y(c), x = looks_x(c);
    float *out = scratch, *source = out + s->out_floats;
    for (int t = 0; t * c->stride_y < c->in_height; t += s->rows) {
        const int rows = at_most(s->rows, divide_up(c->in_height, c->stride_y) - t);
        fill(s, dy, c->out_height, c->out_width, t + y.low, x.low, rows + y.high - y.low, 1, 1,
             source, NULL);
        for (int ry = 0; ry < c->stride_y && ry < c->in_height; ry++) {
            const Phase py = phase_make(ry, c->in_height, c->stride_y, c->pad_top, c->dilation_y,
                                        c->kernel_height);
            for (int rx = 0; rx < c->stride_x && rx < c->in_width; rx++) {
                const Phase px = phase_make(rx, c->in_width, c->stride_x, c->pad_left,
                                            c->dilation_x, c->kernel_width);
                residue_backward(c, s, &py, &px, y, x, w, source, t, out,
                                 dx + (size_t)ry * (size_t)c->in_width + rx);
            }
        }
    }
}

static void planes_backward(void *context, size_t begin, size_t end, int thread)
{
    const Depthwise *d = context;
    const Conv2d *c = d->c;
    const Strip strip = backward_strip(c);
    float *scratch = d->scratch + (size_t)thread * depthwise_scratch_floats(c);
    const size_t size = (size_t)kernel_size(c), filters = (size_t)out_per_group(c);
    for (size_t plane = begin; plane < end; plane++) { /* (image, input channel) */
        const size_t channel = plane % (size_t)c->in_channels,
                     image = plane / (size_t)c->in_channels;
        for (size_t m = channel * filters; m < (channel + 1) * filters; m++) {
            plane_backward(c, &strip, d->w + m * size,
                           d->dy + (image * (size_t)c->out_channels + m) * out_plane(c),
                           d->dx + plane * in_plane(c), scratch);
        }
    }
}

static uint64_t strip_floats(const Conv2d *c)
{
    const uint64_t forward = forward_strip(c).floats, backward = backward_strip(c).floats;
    return forward > backward ? forward : backward;
}

bool depthwise_fits(const Conv2d *c)
{
    return in_per_group(c) == 1 && c->stride_y <= MOST_STRIDE && c->stride_x <= MOST_STRIDE &&
           strip_floats(c) <= MOST_FLOATS;
}

size_t depthwise_scratch_floats(const Conv2d *c)
{
    const size_t floats = (size_t)strip_floats(c);
    const size_t usual = depthwise_3x3_fits(c) ? whole_lines(depthwise_3x3_floats(c)) : 0;
    return usual > floats ? usual : floats;
}

void depthwise_forward(const Conv2d *c, const float *x, const float *w, const float *bias, float *y,
                       bool accumulate, const Clamp *clamp, float *scratch)
{
    Depthwise d = {.c = c, .x = x, .w = w, .bias = bias, .y = y, .accumulate = accumulate};
    d.clamp = clamp;
    d.scratch = scratch;
    const bool usual = depthwise_3x3_fits(c) && !accumulate;
    parallel_for_within(c->threads, (size_t)c->batch * (size_t)c->out_channels, PLANES,
                        usual ? planes_forward_3x3 : planes_forward, &d);
}

void depthwise_input_gradient(const Conv2d *c, const float *w, const float *dy, float *dx,
                              float *scratch)
{
    Depthwise d = {.c = c, .w = w, .dy = dy, .dx = dx, .scratch = scratch};
    parallel_for_within(c->threads, (size_t)c->batch * (size_t)c->in_channels, 4, planes_backward,
                        &d);
}
