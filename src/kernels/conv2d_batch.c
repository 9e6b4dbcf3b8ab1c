#include "kernels/conv2d_batch.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "kernels/conv2d_batch_work.h"
#include "kernels/loose_gemm.h"
#include "kernels/phases.h"
#include "kernels/sizes.h"
#include "kernels/transpose.h"

enum {
    GROUP_ROWS = 96,        /* of a product, about: so often a panel of filters is used */
    CHUNK_FLOATS = 1 << 20, /* of pixels and gradients whose product is taken at once, about */
    ITEMS_PER_THREAD = 3,   /* so that threads end together */
};

bool conv2d_batch_fits(const Conv2d *c)
{
    return c->groups == 1 && c->dilation_y == 1 && c->dilation_x == 1;
}

/* ---- layout ---- */

static Padding input_padding(const Conv2d *c)
{
    return (Padding){c->pad_top, c->pad_left, (c->out_height - 1) * c->stride_y + c->kernel_height,
                     (c->out_width - 1) * c->stride_x + c->kernel_width};
}

/* The rows of dy, or columns, that any phase looks at: from -*before on, *length of them. */
static void phases_reach(int in, int stride, int pad, int kernel, int *before, int *length)
{
    int first = 0, last = 0;
    for (int residue = 0; residue < stride && residue < in; residue++) {
        const Phase p = phase_make(residue, in, stride, pad, 1, kernel);
        if (p.taps == 0) continue;
        first = at_most(first, p.first + (p.taps - 1) * p.step);
        last = at_least(last, p.first + p.count - 1);
    }
    *before = -first;
    *length = last - first + 1;
}

static Layout layout_make(const Conv2d *c)
{
    Layout l = {.in = input_padding(c),
                .in_row = round_up(c->in_channels, VF_LANES),
                .out_row = round_up(c->out_channels, VF_LANES)};
    phases_reach(c->in_height, c->stride_y, c->pad_top, c->kernel_height, &l.out.top,
                 &l.out.height);
    phases_reach(c->in_width, c->stride_x, c->pad_left, c->kernel_width, &l.out.left, &l.out.width);
    const size_t pixels = out_plane(c), taps = (size_t)kernel_size(c);
    l.group = at_most(divide_up(GROUP_ROWS, (int)pixels), c->batch);
    const size_t image_input = (size_t)c->in_channels * padded_plane(&l.in);
    const size_t image_output = pixels * (size_t)round_up(c->out_channels, LOOSE_PANEL);
    l.chunk = at_most(at_least((int)(CHUNK_FLOATS / (image_input + image_output)), 1), c->batch);
    l.filter_floats = whole_lines(
        taps * larger((size_t)c->in_channels * (size_t)round_up(c->out_channels, LOOSE_PANEL),
                      (size_t)c->out_channels * (size_t)round_up(c->in_channels, LOOSE_PANEL)));
    l.sum_floats = whole_lines(taps * (size_t)c->in_channels * (size_t)l.out_row);
    l.chunk_input_floats = whole_lines((size_t)l.chunk * image_input);
    l.chunk_output_floats = whole_lines((size_t)l.chunk * image_output);
    const size_t group = (size_t)l.group;
    l.padded_floats =
        whole_lines(group * larger(image_input, (size_t)c->out_channels * padded_plane(&l.out)));
    const size_t taps_floats = taps * VF_LANES * (size_t)c->in_channels;
    l.result_floats = whole_lines(larger(
        taps_floats, group * larger(pixels * (size_t)l.out_row, in_plane(c) * (size_t)l.in_row)));
    if (lies_well(c)) l.result_floats = larger(l.result_floats, pointwise_floats(c));
    l.table = larger(group * larger(pixels, 2 * in_plane(c)), taps * (size_t)c->in_channels);
    return l;
}

size_t conv2d_batch_scratch_bytes(const Conv2d *c)
{
    const Layout l = layout_make(c);
    const uint64_t floats = (uint64_t)l.filter_floats + l.sum_floats + l.chunk_input_floats +
                            l.chunk_output_floats +
                            (uint64_t)c->threads * (l.padded_floats + l.result_floats);
    const uint64_t bytes = floats * sizeof(float) + l.table * sizeof(ptrdiff_t);
    return bytes < SIZE_MAX / 2 ? (size_t)bytes : SIZE_MAX / 2;
}

static Work work_make(const Conv2d *c, void *scratch)
{
    assert(((uintptr_t)scratch & 63) == 0);
    Work work = {.c = c, .l = layout_make(c), .filters = scratch};
    work.sums = work.filters + work.l.filter_floats;
    work.chunk_input = work.sums + work.l.sum_floats;
    work.chunk_output = work.chunk_input + work.l.chunk_input_floats;
    work.own = work.chunk_output + work.l.chunk_output_floats;
    work.table = (ptrdiff_t *)(void *)(work.own + (size_t)c->threads * (work.l.padded_floats +
                                                                        work.l.result_floats));
    return work;
}

const float *padded_planes(const Padding *p, size_t planes, int height, int width,
                           const float *from, float *to)
{
    if (p->top == 0 && p->left == 0 && p->height == height && p->width == width) return from;
    const float *first = to;
    for (size_t plane = 0; plane < planes; plane++, from += (ptrdiff_t)height * width) {
        for (int row = 0; row < p->height; row++, to += p->width) {
            const int y = row - p->top;
            if (y < 0 || y >= height) {
                memset(to, 0, (size_t)p->width * sizeof *to);
            } else {
                phases_copy_padded(from + (ptrdiff_t)y * width, width, -p->left, p->width, to);
            }
        }
    }
    return first;
}

/* ---- forward: rows of A are pixels, k runs over channels and taps ---- */

/* Filters [k][out], by groups of channels of the output. */
static void read_filters(void *context, size_t item, size_t end, int thread)
{
    const Work *work = context;
    const Conv2d *c = work->c;
    const int depth = c->in_channels * kernel_size(c);
    (void)thread;
    for (; item < end; item++) {
        const int m = (int)item * VF_LANES, channels = at_most(VF_LANES, c->out_channels - m);
        float *to =
            work->filters + (ptrdiff_t)(m / LOOSE_PANEL) * depth * LOOSE_PANEL + m % LOOSE_PANEL;
        for (int k = 0; channels < VF_LANES && k < depth; k++)
            vf_store(to + (ptrdiff_t)k * LOOSE_PANEL, vf_zero());
        transpose(channels, depth, work->w + (ptrdiff_t)m * depth, depth, to, LOOSE_PANEL);
    }
}

static void forward_images(void *context, size_t item, size_t end, int thread)
{
    const Work *work = context;
    const Conv2d *c = work->c;
    const Layout *l = &work->l;
    const int pixels = (int)out_plane(c), depth = c->in_channels * kernel_size(c);
    float *padded = padded_of(work, thread), *result = result_of(work, thread);
    for (; item < end; item++) {
        const int first = (int)item * l->group, count = at_most(l->group, c->batch - first);
        const float *a =
            padded_planes(&l->in, (size_t)count * (size_t)c->in_channels, c->in_height, c->in_width,
                          work->x + (size_t)first * (size_t)c->in_channels * in_plane(c), padded);
        loose_gemm(&(LooseGemm){
            .m = count * pixels,
            .n = l->out_row,
            .count = {c->in_channels, c->kernel_height, c->kernel_width},
            .a = a,
            .rows = work->table,
            .a_step = {(ptrdiff_t)padded_plane(&l->in), l->in.width, 1},
            .b = work->filters,
            .b_row = LOOSE_PANEL,
            .b_panel = (ptrdiff_t)depth * LOOSE_PANEL,
            .c = result,
            .c_row = l->out_row,
        });
        for (int i = 0; i < count; i++) {
            transpose(
                pixels, c->out_channels, result + (ptrdiff_t)i * pixels * l->out_row, l->out_row,
                work->y + (size_t)(first + i) * (size_t)c->out_channels * out_plane(c), pixels);
        }
    }
}

/* Where pixel (image, y, x) of the output begins to look. */
static void table_of_pixels(Work *work)
{
    const Conv2d *c = work->c;
    const size_t image = (size_t)c->in_channels * padded_plane(&work->l.in);
    ptrdiff_t *to = work->table;
    for (int i = 0; i < work->l.group; i++) {
        for (int y = 0; y < c->out_height; y++) {
            for (int x = 0; x < c->out_width; x++)
                *to++ = (ptrdiff_t)((size_t)i * image) +
                        (ptrdiff_t)y * c->stride_y * work->l.in.width + x * c->stride_x;
        }
    }
}

void conv2d_batch_forward(const Conv2d *c, const float *x, const float *w, float *y, void *scratch)
{
    Work work = work_make(c, scratch);
    work.x = x, work.w = w, work.y = y;
    if (lies_well(c)) {
        pointwise_forward(&work);
        return;
    }
    each(&work, divide_up(c->out_channels, VF_LANES), read_filters);
    table_of_pixels(&work);
    each(&work, divide_up(c->batch, work.l.group), forward_images);
}

/* ---- gradient of the filters: rows of A are channels and taps, k runs over pixels ---- */

/* Planes of x with their padding, pixels of dy with their channels side by side. */
static void read_chunk(void *context, size_t item, size_t end, int thread)
{
    (void)thread;
    const Work *work = context;
    const Conv2d *c = work->c;
    const Layout *l = &work->l;
    const size_t in = (size_t)c->in_channels, out = (size_t)c->out_channels, pixels = out_plane(c);
    for (; item < end; item++) {
        const size_t image = (size_t)work->first + item;
        padded_planes(&l->in, in, c->in_height, c->in_width, work->x + image * in * in_plane(c),
                      work->chunk_input + item * in * padded_plane(&l->in));
        for (int m = 0; m < c->out_channels; m += LOOSE_PANEL) {
            const int channels = at_most(LOOSE_PANEL, c->out_channels - m);
            float *to =
                work->chunk_output +
                ((size_t)(m / LOOSE_PANEL) * (size_t)work->count + item) * pixels * LOOSE_PANEL;
            for (size_t i = 0; channels % VF_LANES && i < pixels; i++)
                vf_store(to + i * LOOSE_PANEL + channels / VF_LANES * VF_LANES, vf_zero());
            transpose(channels, (int)pixels, work->dy + (image * out + (size_t)m) * pixels,
                      (ptrdiff_t)pixels, to, LOOSE_PANEL);
        }
    }
}

static void multiply_chunk(void *context, size_t item, size_t end, int thread)
{
    (void)thread;
    const Work *work = context;
    const Conv2d *c = work->c;
    const Layout *l = &work->l;
    const int all = c->in_channels * kernel_size(c);
    const float *images = work->x + (size_t)work->first * (size_t)c->in_channels * in_plane(c);
    /* Nothing is written where nothing is to pad. */
    images = padded_planes(&l->in, 0, c->in_height, c->in_width, images, work->chunk_input);
    for (; item < end; item++) {
        const int row = (int)item * work->rows;
        loose_gemm(&(LooseGemm){
            .m = at_most(work->rows, all - row),
            .n = l->out_row,
            .count = {work->count, c->out_height, c->out_width},
            .a = images,
            .rows = work->table + row,
            .a_step = {(ptrdiff_t)((size_t)c->in_channels * padded_plane(&l->in)),
                       (ptrdiff_t)c->stride_y * l->in.width, c->stride_x},
            .b = work->chunk_output,
            .b_row = LOOSE_PANEL,
            .b_panel = (ptrdiff_t)((size_t)work->count * out_plane(c)) * LOOSE_PANEL,
            .c = work->sums + (ptrdiff_t)row * l->out_row,
            .c_row = l->out_row,
            .accumulate = work->first > 0,
        });
    }
}

static void table_of_taps(Work *work)
{
    const Conv2d *c = work->c;
    const ptrdiff_t plane = (ptrdiff_t)padded_plane(&work->l.in);
    for (int k = 0; k < c->in_channels * kernel_size(c); k++) {
        const int tap = k % kernel_size(c);
        work->table[k] = k / kernel_size(c) * plane + tap / c->kernel_width * work->l.in.width +
                         tap % c->kernel_width;
    }
}

static void filter_gradient(Work *work)
{
    const Conv2d *c = work->c;
    const int rows = c->in_channels * kernel_size(c);
    table_of_taps(work);
    work->rows = round_up(divide_up(rows, c->threads * ITEMS_PER_THREAD), LOOSE_ROWS);
    for (; work->first < c->batch; work->first += work->l.chunk) {
        work->count = at_most(work->l.chunk, c->batch - work->first);
        each(work, work->count, read_chunk);
        each(work, divide_up(rows, work->rows), multiply_chunk);
    }
    transpose_add(rows, c->out_channels, work->sums, work->l.out_row, work->dw, rows);
}

void conv2d_batch_gradients(const Conv2d *c, const float *x, const float *w, const float *dy,
                            float *dx, bool add, float *dw, void *scratch)
{
    Work work = work_make(c, scratch);
    work.x = x, work.w = w, work.dy = dy, work.dx = dx, work.add = add, work.dw = dw;
    if (dx) conv2d_batch_input_gradient(&work);
    if (!dw) return;
    if (few_filters(c)) {
        pointwise_filter_gradient(&work);
    } else {
        filter_gradient(&work);
    }
}
