#include "kernels/conv2d.h"

#include "kernels/conv2d_shape.h"
#include "kernels/depthwise.h"
#include "kernels/direct.h"
#include "kernels/gather.h"
#include "kernels/panel_gemm.h"
#include "kernels/scatter.h"
#include "kernels/sizes.h"
#include "parallel.h"

/* Floats of the filters of one group, in the order that scattering forward wants. */
static size_t turned_floats(const Conv2d *c)
{
    return whole_lines((size_t)out_per_group(c) * (size_t)in_per_group(c) * (size_t)kernel_size(c));
}

size_t conv2d_scratch_bytes(const Conv2d *c)
{
    if (depthwise_fits(c)) return (size_t)c->threads * depthwise_scratch_floats(c) * sizeof(float);
    const Conv2dAlgorithm forward_way = conv2d_forward_algorithm(c),
                          input_way = conv2d_input_gradient_algorithm(c);
    const int pixels = (int)((size_t)c->batch * out_plane(c));
    const size_t forward =
        panel_gemm_scratch_bytes(out_per_group(c), in_per_group(c) * kernel_size(c), c->threads);
    const size_t input =
        panel_gemm_scratch_bytes(in_per_group(c), out_per_group(c) * kernel_size(c), c->threads);
    const size_t weights = panel_gemm_scratch_bytes(out_per_group(c), pixels, c->threads);
    size_t most = larger(larger(forward, input), weights);
    if (input_way == CONV2D_SCATTER) {
        most =
            larger(most, scatter_scratch_bytes(in_per_group(c) * kernel_size(c), out_per_group(c),
                                               c->out_height, c->out_width, c->threads));
    }
    if (forward_way == CONV2D_SCATTER) {
        most = larger(most,
                      turned_floats(c) * sizeof(float) +
                          scatter_scratch_bytes(out_per_group(c) * kernel_size(c), in_per_group(c),
                                                c->in_height, c->in_width, c->threads));
    }
    if (forward_way == CONV2D_DIRECT) most = larger(most, direct_scratch_bytes(c));
    if (forward_way == CONV2D_WINOGRAD) {
        const Winograd w = winograd_forward(c);
        most = larger(most, winograd_scratch_bytes(&w));
    }
    if (input_way == CONV2D_WINOGRAD) {
        const Winograd w = winograd_input_gradient(c);
        most = larger(most, winograd_scratch_bytes(&w));
    }
    return most;
}

/* ---- forward ---- */

Winograd winograd_forward(const Conv2d *c)
{
    return (Winograd){
        .images = c->batch,
        .in_channels = c->in_channels,
        .in_height = c->in_height,
        .in_width = c->in_width,
        .out_channels = c->out_channels,
        .out_height = c->out_height,
        .out_width = c->out_width,
        .pad_top = c->pad_top,
        .pad_left = c->pad_left,
        .threads = c->threads,
        .x_image_step = (size_t)c->in_channels * in_plane(c),
        .w_out_step = (size_t)c->in_channels * (size_t)kernel_size(c),
        .w_in_step = (size_t)kernel_size(c),
        .y_image_step = (size_t)c->out_channels * out_plane(c),
    };
}

/* Pixels of group 0; the caller moves source to its group. */
static Gather forward_gather(const Conv2d *c, const float *x)
{
    Gather g = {
        .source = x,
        .image_step = (size_t)c->in_channels * in_plane(c),
        .images = c->batch,
        .channels = in_per_group(c),
        .height = c->in_height,
        .width = c->in_width,
        .rows = c->out_height,
        .columns = c->out_width,
        .stride_y = c->stride_y,
        .stride_x = c->stride_x,
        .taps_y = c->kernel_height,
        .taps_x = c->kernel_width,
        .y_first = -c->pad_top,
        .y_step = c->dilation_y,
        .x_first = -c->pad_left,
        .x_step = c->dilation_x,
        .to_image_step = (size_t)c->out_channels * out_plane(c),
        .to_row_step = c->out_width,
        .to_column_step = 1,
    };
    if (is_pointwise(c)) {
        g.width = g.columns = g.to_row_step = (int)in_plane(c);
        g.height = g.rows = 1;
    }
    return g;
}

static void start_with_bias(const Conv2d *c, const float *bias, float *y, bool accumulate)
{
    if (accumulate && !bias) return;
    for (size_t plane = 0; plane < (size_t)c->batch * (size_t)c->out_channels; plane++) {
        const float start = bias ? bias[plane % (size_t)c->out_channels] : 0.0F;
        for (size_t i = 0; i < out_plane(c); i++, y++) *y = accumulate ? *y + start : start;
    }
}

static void forward_scatter(const Conv2d *c, const float *x, const float *w, float *y,
                            float *scratch)
{
    const int m = out_per_group(c), depth = in_per_group(c), size = kernel_size(c);
    Scatter s = {
        .source_image_step = (size_t)c->in_channels * in_plane(c),
        .images = c->batch,
        .depth = depth,
        .rows = c->in_height,
        .columns = c->in_width,
        .left = {.data = scratch, .row = depth, .count = {1, 1}, .step = {1, 0, 0}},
        .channels = m,
        .taps_y = c->kernel_height,
        .taps_x = c->kernel_width,
        .stride_y = 1,
        .stride_x = 1,
        .y_first = c->pad_top,
        .y_step = -c->dilation_y,
        .x_first = c->pad_left,
        .x_step = -c->dilation_x,
        .to_image_step = (size_t)c->out_channels * out_plane(c),
        .height = c->out_height,
        .width = c->out_width,
        .threads = c->threads,
    };
    for (int group = 0; group < c->groups; group++) {
        const float *filters = w + (size_t)(group * m) * (size_t)(depth * size);
        for (int row = 0; row < m * size; row++) {
            for (int k = 0; k < depth; k++) {
                scratch[row * depth + k] = filters[(row / size * depth + k) * size + row % size];
            }
        }
        s.source = x + (size_t)(group * depth) * in_plane(c);
        s.to = y + (size_t)(group * m) * out_plane(c);
        scatter_add(&s, scratch + turned_floats(c));
    }
}

void conv2d_forward(const Conv2d *c, const float *x, const float *w, const float *bias, float *y,
                    bool accumulate, const Clamp *clamp, void *scratch)
{
    const Conv2dAlgorithm way = conv2d_forward_algorithm(c);
    if (way == CONV2D_DEPTHWISE) {
        depthwise_forward(c, x, w, bias, y, accumulate, clamp, scratch);
        return;
    }
    if (way == CONV2D_WINOGRAD) {
        Winograd forward = winograd_forward(c);
        forward.x = x, forward.w = w, forward.bias = bias, forward.y = y;
        forward.accumulate = accumulate, forward.clamp = clamp;
        winograd(&forward, scratch);
        return;
    }
    if (way == CONV2D_POINTWISE) {
        pointwise(c, false, w, x, bias, y, accumulate, clamp, scratch);
        return;
    }
    if (way == CONV2D_DIRECT && !accumulate) {
        direct_forward(c, x, w, bias, y, clamp, scratch);
        return;
    }
    if (way == CONV2D_SCATTER) {
        start_with_bias(c, bias, y, accumulate);
        forward_scatter(c, x, w, y, scratch);
        const size_t count = (size_t)c->batch * (size_t)c->out_channels * out_plane(c);
        if (clamp) clamp_floats(*clamp, y, y, count);
        return;
    }
    const int m = out_per_group(c), depth = in_per_group(c) * kernel_size(c);
    Gather gather = forward_gather(c, x);
    for (int group = 0; group < c->groups; group++) {
        gather.source = x + (size_t)(group * in_per_group(c)) * in_plane(c);
        const PanelGemm g = {
            .m = m,
            .n = c->batch * (int)out_plane(c),
            .k = depth,
            .left = {.data = w + (size_t)(group * m) * (size_t)depth,
                     .row = depth,
                     .count = {1, 1},
                     .step = {1, 0, 0}},
            .right = &gather,
            .pack = gather_pack,
            .columns = gather_columns,
            .c = y + (size_t)(group * m) * out_plane(c),
            .c_row = (ptrdiff_t)out_plane(c),
            .bias = bias ? bias + group * m : NULL,
            .accumulate = accumulate,
            .clamp = clamp,
            .threads = c->threads,
        };
        panel_gemm(&g, scratch);
    }
}

/* ---- gradients of the parameters ---- */

void conv2d_weight_gradient(const Conv2d *c, const float *x, const float *dy, float *dw,
                            void *scratch)
{
    if (is_depthwise(c)) {
        depthwise_weight_gradient(c, x, dy, dw);
        return;
    }
    const int m = out_per_group(c), depth = in_per_group(c) * kernel_size(c);
    Gather gather = forward_gather(c, x);
    for (int group = 0; group < c->groups; group++) {
        gather.source = x + (size_t)(group * in_per_group(c)) * in_plane(c);
        const PanelGemm g = {
            .m = m,
            .n = depth,
            .k = c->batch * (int)out_plane(c),
            .left = {.data = dy + (size_t)(group * m) * out_plane(c),
                     .row = (ptrdiff_t)out_plane(c),
                     .count = {1, (int)out_plane(c)},
                     .step = {(ptrdiff_t)((size_t)c->out_channels * out_plane(c)), 0, 1}},
            .right = &gather,
            .pack = gather_pack_transposed,
            .c = dw + (size_t)(group * m) * (size_t)depth,
            .c_row = depth,
            .accumulate = true,
            .threads = c->threads,
        };
        panel_gemm(&g, scratch);
    }
}

typedef struct BiasGradient {
    int batch, channels;
    size_t pixels;
    const float *dy;
    float *db;
} BiasGradient;

static void bias_channels(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const BiasGradient *b = context;
    for (size_t channel = begin; channel < end; channel++) {
        double sum = 0;
        for (int image = 0; image < b->batch; image++) {
            const float *plane =
                b->dy + ((size_t)image * (size_t)b->channels + channel) * b->pixels;
            for (size_t i = 0; i < b->pixels; i++) sum += plane[i];
        }
        b->db[channel] += (float)sum;
    }
}

void conv2d_bias_gradient(int batch, int channels, size_t pixels, const float *dy, float *db,
                          int threads)
{
    BiasGradient b = {batch, channels, pixels, dy, db};
    parallel_for_within(threads, (size_t)channels, 4, bias_channels, &b);
}
