#include "kernels/depthwise.h"

#include "parallel.h"
#include "simd.h"

typedef struct Depthwise {
    const Conv2d *c;
    const float *x, *w, *bias, *dy;
    float *y, *dx, *dw;
    bool accumulate;
} Depthwise;

/* Outputs [first, last) of a row whose tap number `tap` lies inside the picture. */
typedef struct Span {
    int first, last;
} Span;

static Span span_of(int tap, int dilation, int pad, int stride, int in, int out)
{
    const int start = tap * dilation - pad; /* where output 0 looks */
    Span span = {.first = start < 0 ? (-start + stride - 1) / stride : 0, .last = 0};
    if (start < in) span.last = (in - 1 - start) / stride + 1;
    if (span.last > out) span.last = out;
    return span;
}

static Span span_x(const Conv2d *c, int tap)
{
    return span_of(tap, c->dilation_x, c->pad_left, c->stride_x, c->in_width, c->out_width);
}

/* The input row that tap number `tap` of output row i looks at, or -1 outside. */
static ptrdiff_t row_of(const Conv2d *c, int i, int tap)
{
    const int row = i * c->stride_y - c->pad_top + tap * c->dilation_y;
    return row >= 0 && row < c->in_height ? row : -1;
}

static size_t in_plane(const Conv2d *c)
{
    return (size_t)c->in_height * (size_t)c->in_width;
}

static size_t out_plane(const Conv2d *c)
{
    return (size_t)c->out_height * (size_t)c->out_width;
}

/* ---- rows: x and y are strided by the convolution's stride ---- */

/* y[i] += w x[i * stride] */
static void row_forward(float *restrict y, const float *restrict x, float w, int count, int stride)
{
    int i = 0;
    if (stride == 1) {
        const vf weight = vf_splat(w);
        for (; i + VF_LANES <= count; i += VF_LANES) {
            vf_store(y + i, vf_fma(weight, vf_load(x + i), vf_load(y + i)));
        }
        for (; i < count; i++) y[i] += w * x[i];
    } else if (stride == 2) {
        for (; i < count; i++) y[i] += w * x[2 * i];
    } else {
        for (; i < count; i++) y[i] += w * x[(ptrdiff_t)i * stride];
    }
}

/* dx[i * stride] += w dy[i] */
static void row_backward(float *restrict dx, const float *restrict dy, float w, int count,
                         int stride)
{
    if (stride == 1) {
        row_forward(dx, dy, w, count, 1);
        return;
    }
    for (int i = 0; i < count; i++) dx[(ptrdiff_t)i * stride] += w * dy[i];
}

/* sum of x[i * stride] dy[i] */
static float row_dot(const float *restrict x, const float *restrict dy, int count, int stride)
{
    int i = 0;
    float total = 0.0F;
    if (stride == 1) {
        vf sum = vf_zero();
        for (; i + VF_LANES <= count; i += VF_LANES)
            sum = vf_fma(vf_load(x + i), vf_load(dy + i), sum);
        total = vf_sum(sum);
    }
    for (; i < count; i++) total += x[(ptrdiff_t)i * stride] * dy[i];
    return total;
}

/* ---- planes ---- */

static void plane_forward(const Depthwise *d, const float *x, const float *w, float *y)
{
    const Conv2d *c = d->c;
    for (int i = 0; i < c->out_height; i++) {
        float *row = y + (size_t)i * (size_t)c->out_width;
        for (int p = 0; p < c->kernel_height; p++) {
            const ptrdiff_t from = row_of(c, i, p);
            if (from < 0) continue;
            for (int q = 0; q < c->kernel_width; q++) {
                const Span s = span_x(c, q);
                if (s.last <= s.first) continue;
                row_forward(row + s.first,
                            x + from * c->in_width + (ptrdiff_t)s.first * c->stride_x -
                                c->pad_left + (ptrdiff_t)q * c->dilation_x,
                            w[p * c->kernel_width + q], s.last - s.first, c->stride_x);
            }
        }
    }
}

static void planes_forward(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Depthwise *d = context;
    const Conv2d *c = d->c;
    const size_t size = (size_t)c->kernel_height * (size_t)c->kernel_width, pixels = out_plane(c);
    const size_t filters = (size_t)(c->out_channels / c->groups);
    for (size_t plane = begin; plane < end; plane++) { /* (image, output channel) */
        const size_t m = plane % (size_t)c->out_channels, image = plane / (size_t)c->out_channels;
        const float *x = d->x + (image * (size_t)c->in_channels + m / filters) * in_plane(c);
        float *y = d->y + plane * pixels;
        const float bias = d->bias ? d->bias[m] : 0.0F;
        for (size_t i = 0; i < pixels; i++) y[i] = d->accumulate ? y[i] + bias : bias;
        plane_forward(d, x, d->w + m * size, y);
    }
}

static void plane_backward(const Conv2d *c, const float *w, const float *dy, float *dx)
{
    for (int i = 0; i < c->out_height; i++) {
        const float *row = dy + (size_t)i * (size_t)c->out_width;
        for (int p = 0; p < c->kernel_height; p++) {
            const ptrdiff_t to = row_of(c, i, p);
            if (to < 0) continue;
            for (int q = 0; q < c->kernel_width; q++) {
                const Span s = span_x(c, q);
                if (s.last <= s.first) continue;
                row_backward(dx + to * c->in_width + (ptrdiff_t)s.first * c->stride_x -
                                 c->pad_left + (ptrdiff_t)q * c->dilation_x,
                             row + s.first, w[p * c->kernel_width + q], s.last - s.first,
                             c->stride_x);
            }
        }
    }
}

static void planes_backward(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Depthwise *d = context;
    const Conv2d *c = d->c;
    const size_t size = (size_t)c->kernel_height * (size_t)c->kernel_width;
    const size_t filters = (size_t)(c->out_channels / c->groups);
    for (size_t plane = begin; plane < end; plane++) { /* (image, input channel) */
        const size_t channel = plane % (size_t)c->in_channels,
                     image = plane / (size_t)c->in_channels;
        for (size_t m = channel * filters; m < (channel + 1) * filters; m++) {
            plane_backward(c, d->w + m * size,
                           d->dy + (image * (size_t)c->out_channels + m) * out_plane(c),
                           d->dx + plane * in_plane(c));
        }
    }
}

static void plane_weights(const Conv2d *c, const float *x, const float *dy, float *dw)
{
    for (int p = 0; p < c->kernel_height; p++) {
        for (int q = 0; q < c->kernel_width; q++) {
            const Span s = span_x(c, q);
            if (s.last <= s.first) continue;
            double sum = 0;
            for (int i = 0; i < c->out_height; i++) {
                const ptrdiff_t from = row_of(c, i, p);
                if (from < 0) continue;
                sum += row_dot(x + from * c->in_width + (ptrdiff_t)s.first * c->stride_x -
                                   c->pad_left + (ptrdiff_t)q * c->dilation_x,
                               dy + (size_t)i * (size_t)c->out_width + s.first, s.last - s.first,
                               c->stride_x);
            }
            dw[p * c->kernel_width + q] += (float)sum;
        }
    }
}

static void filters_weights(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Depthwise *d = context;
    const Conv2d *c = d->c;
    const size_t size = (size_t)c->kernel_height * (size_t)c->kernel_width;
    const size_t filters = (size_t)(c->out_channels / c->groups);
    for (size_t m = begin; m < end; m++) {
        for (size_t image = 0; image < (size_t)c->batch; image++) {
            plane_weights(c, d->x + (image * (size_t)c->in_channels + m / filters) * in_plane(c),
                          d->dy + (image * (size_t)c->out_channels + m) * out_plane(c),
                          d->dw + m * size);
        }
    }
}

void depthwise_forward(const Conv2d *c, const float *x, const float *w, const float *bias, float *y,
                       bool accumulate)
{
    Depthwise d = {.c = c, .x = x, .w = w, .bias = bias, .y = y, .accumulate = accumulate};
    parallel_for_within(c->threads, (size_t)c->batch * (size_t)c->out_channels, 4, planes_forward,
                        &d);
}

void depthwise_input_gradient(const Conv2d *c, const float *w, const float *dy, float *dx)
{
    Depthwise d = {.c = c, .w = w, .dy = dy, .dx = dx};
    parallel_for_within(c->threads, (size_t)c->batch * (size_t)c->in_channels, 4, planes_backward,
                        &d);
}

void depthwise_weight_gradient(const Conv2d *c, const float *x, const float *dy, float *dw)
{
    Depthwise d = {.c = c, .x = x, .dy = dy, .dw = dw};
    parallel_for_within(c->threads, (size_t)c->out_channels, 4, filters_weights, &d);
}
