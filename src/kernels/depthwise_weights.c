#include "kernels/conv2d_shape.h"
#include "kernels/depthwise.h"
#include "parallel.h"
#include "simd.h"

typedef struct Weights {
    const Conv2d *c;
    const float *x, *dy;
    float *dw;
} Weights;

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
    const Weights *d = context;
    const Conv2d *c = d->c;
    const size_t size = (size_t)kernel_size(c), filters = (size_t)out_per_group(c);
    for (size_t m = begin; m < end; m++) {
        for (size_t image = 0; image < (size_t)c->batch; image++) {
            plane_weights(c, d->x + (image * (size_t)c->in_channels + m / filters) * in_plane(c),
                          d->dy + (image * (size_t)c->out_channels + m) * out_plane(c),
                          d->dw + m * size);
        }
    }
}

void depthwise_weight_gradient(const Conv2d *c, const float *x, const float *dy, float *dw)
{
    Weights d = {.c = c, .x = x, .dy = dy, .dw = dw};
    parallel_for_within(c->threads, (size_t)c->out_channels, 4, filters_weights, &d);
}
