#include "kernels/conv2d.h"
#include "kernels/conv2d_shape.h"
#include "kernels/depthwise.h"
#include "kernels/gather.h"
#include "kernels/panel_gemm.h"
#include "kernels/phases.h"
#include "kernels/scatter.h"

static void phase_gradient(const Conv2d *c, const Phase *py, const Phase *px, int residue_y,
                           int residue_x, const float *w, const float *dy, float *dx, void *scratch)
{
    const int m = in_per_group(c), filters = out_per_group(c), size = kernel_size(c);
    Gather gather = {
        .image_step = (size_t)c->out_channels * out_plane(c),
        .images = c->batch,
        .channels = filters,
        .height = c->out_height,
        .width = c->out_width,
        .rows = py->count,
        .columns = px->count,
        .stride_y = 1,
        .stride_x = 1,
        .taps_y = py->taps,
        .taps_x = px->taps,
        .y_first = py->first,
        .y_step = py->step,
        .x_first = px->first,
        .x_step = px->step,
        .to_image_step = (size_t)c->in_channels * in_plane(c),
        .to_first = residue_y * c->in_width + residue_x,
        .to_row_step = c->stride_y * c->in_width,
        .to_column_step = c->stride_x,
    };
    for (int group = 0; group < c->groups; group++) {
        const float *filter = w + (size_t)(group * filters) * (size_t)(m * size);
        gather.source = dy + (size_t)(group * filters) * out_plane(c);
        const PanelGemm g = {
            .m = m,
            .n = c->batch * gather.rows * gather.columns,
            .k = filters * py->taps * px->taps,
            .left = {.data = filter + py->first_tap * c->kernel_width + px->first_tap,
                     .row = size,
                     .count = {py->taps, px->taps},
                     .step = {(ptrdiff_t)m * size, (ptrdiff_t)py->tap_step * c->kernel_width,
                              px->tap_step}},
            .right = &gather,
            .pack = gather_pack,
            .columns = gather_columns,
            .c = dx + (size_t)(group * m) * in_plane(c),
            .c_row = (ptrdiff_t)in_plane(c),
            .accumulate = true,
            .threads = c->threads,
        };
        panel_gemm(&g, scratch);
    }
}

static void scatter_gradient(const Conv2d *c, const float *w, const float *dy, float *dx,
                             void *scratch)
{
    const int m = in_per_group(c), filters = out_per_group(c), size = kernel_size(c);
    Scatter s = {
        .source_image_step = (size_t)c->out_channels * out_plane(c),
        .images = c->batch,
        .depth = filters,
        .rows = c->out_height,
        .columns = c->out_width,
        .left = {.row = 1, .count = {1, 1}, .step = {(ptrdiff_t)m * size, 0, 0}},
        .channels = m,
        .taps_y = c->kernel_height,
        .taps_x = c->kernel_width,
        .stride_y = c->stride_y,
        .stride_x = c->stride_x,
        .y_first = -c->pad_top,
        .y_step = c->dilation_y,
        .x_first = -c->pad_left,
        .x_step = c->dilation_x,
        .to_image_step = (size_t)c->in_channels * in_plane(c),
        .height = c->in_height,
        .width = c->in_width,
        .threads = c->threads,
    };
    for (int group = 0; group < c->groups; group++) {
        s.left.data = w + (size_t)(group * filters) * (size_t)(m * size);
        s.source = dy + (size_t)(group * filters) * out_plane(c);
        s.to = dx + (size_t)(group * m) * in_plane(c);
        scatter_add(&s, scratch);
    }
}

/* The filters turned around, from the output's channels to the input's. */
Winograd winograd_input_gradient(const Conv2d *c)
{
    return (Winograd){
        .images = c->batch,
        .in_channels = c->out_channels,
        .in_height = c->out_height,
        .in_width = c->out_width,
        .out_channels = c->in_channels,
        .out_height = c->in_height,
        .out_width = c->in_width,
        .pad_top = c->kernel_height - 1 - c->pad_top,
        .pad_left = c->kernel_width - 1 - c->pad_left,
        .threads = c->threads,
        .x_image_step = (size_t)c->out_channels * out_plane(c),
        .w_out_step = (size_t)kernel_size(c),
        .w_in_step = (size_t)c->in_channels * (size_t)kernel_size(c),
        .turned = true,
        .y_image_step = (size_t)c->in_channels * in_plane(c),
        .accumulate = true,
    };
}

void conv2d_input_gradient(const Conv2d *c, const float *w, const float *dy, float *dx,
                           void *scratch)
{
    const Conv2dAlgorithm way = conv2d_input_gradient_algorithm(c);
    if (way == CONV2D_DEPTHWISE) {
        depthwise_input_gradient(c, w, dy, dx, scratch);
        return;
    }
    if (way == CONV2D_WINOGRAD) {
        Winograd gradient = winograd_input_gradient(c);
        gradient.x = dy, gradient.w = w, gradient.y = dx;
        winograd(&gradient, scratch);
        return;
    }
    if (way == CONV2D_POINTWISE) {
        pointwise(c, true, w, dy, NULL, dx, true, NULL, scratch);
        return;
    }
    if (way == CONV2D_SCATTER) {
        scatter_gradient(c, w, dy, dx, scratch);
        return;
    }
    for (int ry = 0; ry < c->stride_y && ry < c->in_height; ry++) {
        const Phase py =
            phase_make(ry, c->in_height, c->stride_y, c->pad_top, c->dilation_y, c->kernel_height);
        if (py.taps == 0) continue;
        for (int rx = 0; rx < c->stride_x && rx < c->in_width; rx++) {
            const Phase px = phase_make(rx, c->in_width, c->stride_x, c->pad_left, c->dilation_x,
                                        c->kernel_width);
            if (px.taps) phase_gradient(c, &py, &px, ry, rx, w, dy, dx, scratch);
        }
    }
}
