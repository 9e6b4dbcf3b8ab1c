#include "kernels/winograd_batch.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "kernels/loose_gemm.h"
#include "kernels/sizes.h"
#include "kernels/transpose.h"
#include "kernels/winograd_tile.h"
#include "kernels/winograd_transform.h"
#include "parallel.h"

enum {
    CHUNK_FLOATS = 2 << 20, /* of transformed pixels, about: they stay in the last cache */
    STEP_PADDING = 16,      /* keeps rows and points out of the same places of the caches */
    TAPS = 9,
};

/*
 * What lies in scratch. A chunk is so many images; tiles are numbered through them.
 *
 *     input   [36][tiles of a chunk][in]           pixels, later their gradients
 *     output  [36][tiles of a chunk][out]          products, or gradients of them
 *     filters [36][panels][in or out][LOOSE_PANEL] for the forward pass or for the gradient of the input
 *     sums    [36][in][out]                        gradient of the filters
 *     own     [threads][rows][columns][VF_LANES]   an image of a group of channels; or filters
 */
typedef struct Layout {
    int tiles_y, tiles_x, image_tiles;
    int images;          /* of a chunk */
    int rows, columns;   /* of a plane: those that the tiles read */
    int in_row, out_row; /* floats from a tile to the next */
    size_t input_step, output_step, filter_step, sum_step; /* from a point to the next */
    size_t plane_floats;                                   /* of pixels */
    size_t own_floats; /* of a thread: a plane, or the taps of a group of filters */
} Layout;

typedef struct Work {
    const Conv2d *c;
    Layout l;
    const float *x, *w, *dy;
    float *y, *dx, *dw;
    bool add; /* to dx */
    float *input, *output, *filters, *sums, *own;
    int first, count; /* images of the chunk */
} Work;

static int vectors_of(int channels)
{
    return divide_up(channels, VF_LANES);
}

static Layout layout_make(const Conv2d *c)
{
    Layout l = {.tiles_y = divide_up(c->out_height, WINOGRAD_OUT),
                .tiles_x = divide_up(c->out_width, WINOGRAD_OUT)};
    l.image_tiles = l.tiles_y * l.tiles_x;
    l.rows = WINOGRAD_OUT * l.tiles_y + 2;
    l.columns = WINOGRAD_OUT * l.tiles_x + 2;
    l.in_row = round_up(c->in_channels, VF_LANES) + STEP_PADDING;
    l.out_row = round_up(c->out_channels, VF_LANES) + STEP_PADDING;
    const int64_t image_floats =
        (int64_t)WINOGRAD_POINTS * l.image_tiles * ((int64_t)l.in_row + l.out_row);
    l.images = at_least((int)(CHUNK_FLOATS / image_floats), 1);
    /* Chunks of one size. */
    l.images = divide_up(c->batch, divide_up(c->batch, l.images));
    const size_t tiles = (size_t)l.images * (size_t)l.image_tiles;
    l.input_step = tiles * (size_t)l.in_row + STEP_PADDING;
    l.output_step = tiles * (size_t)l.out_row + STEP_PADDING;
    const size_t forward = (size_t)c->in_channels * (size_t)round_up(c->out_channels, LOOSE_PANEL);
    const size_t backward = (size_t)c->out_channels * (size_t)round_up(c->in_channels, LOOSE_PANEL);
    l.filter_step = (forward > backward ? forward : backward) + STEP_PADDING;
    l.sum_step = (size_t)c->in_channels * (size_t)l.out_row + STEP_PADDING;
    l.plane_floats = (size_t)l.rows * (size_t)l.columns * VF_LANES;
    const size_t taps = TAPS * (size_t)c->in_channels * VF_LANES;
    l.own_floats = l.plane_floats > taps ? l.plane_floats : taps;
    return l;
}

bool winograd_batch_fits(const Conv2d *c)
{
    return c->groups == 1 && c->kernel_height == 3 && c->kernel_width == 3 && c->stride_y == 1 &&
           c->stride_x == 1 && c->dilation_y == 1 && c->dilation_x == 1 && c->in_channels >= 8 &&
           c->out_channels >= 8;
}

size_t winograd_batch_scratch_bytes(const Conv2d *c)
{
    const Layout l = layout_make(c);
    const uint64_t floats =
        WINOGRAD_POINTS * ((uint64_t)l.input_step + l.output_step + l.filter_step + l.sum_step) +
        (uint64_t)c->threads * l.own_floats;
    return floats < SIZE_MAX / 8 ? (size_t)floats * sizeof(float) : SIZE_MAX / 2;
}

static Work work_make(const Conv2d *c, void *scratch)
{
    assert(((uintptr_t)scratch & 63) == 0);
    Work work = {.c = c, .l = layout_make(c), .input = scratch};
    work.output = work.input + WINOGRAD_POINTS * work.l.input_step;
    work.filters = work.output + WINOGRAD_POINTS * work.l.output_step;
    work.sums = work.filters + WINOGRAD_POINTS * work.l.filter_step;
    work.own = work.sums + WINOGRAD_POINTS * work.l.sum_step;
    return work;
}

/* ---- images: an item is a group of channels of one of the chunk's images ---- */

/* A group of channels of planes [channels][height][width]. */
typedef struct Planes {
    float *pixels; /* of the group's first channel */
    int channels;  /* of the group */
    int height, width;
    size_t at; /* of its first tile: tile * row + channel */
} Planes;

static Planes planes_of(const Work *work, const float *tensor, size_t item, bool input)
{
    const Conv2d *c = work->c;
    const int all = input ? c->in_channels : c->out_channels, groups = vectors_of(all);
    const int image = (int)(item / (size_t)groups),
              channel = (int)(item % (size_t)groups) * VF_LANES;
    Planes p = {.channels = at_most(VF_LANES, all - channel),
                .height = input ? c->in_height : c->out_height,
                .width = input ? c->in_width : c->out_width};
    const size_t plane = (size_t)p.height * (size_t)p.width;
    const size_t first = (size_t)(work->first + image) * (size_t)all + (size_t)channel;
    p.pixels = (float *)(uintptr_t)tensor + first * plane;
    p.at = (size_t)image * (size_t)work->l.image_tiles *
               (size_t)(input ? work->l.in_row : work->l.out_row) +
           (size_t)channel;
    return p;
}

/* Pixels to a plane with the channels of the group side by side, from row `top` and column `left` on. */
static void planes_read(const Layout *l, const Planes *p, int top, int left, float *plane)
{
    memset(plane, 0, l->plane_floats * sizeof *plane);
    const ptrdiff_t step = (ptrdiff_t)p->height * p->width;
    for (int y = 0; y < p->height; y++) {
        transpose(p->channels, p->width, p->pixels + (ptrdiff_t)y * p->width, step,
                  plane + ((ptrdiff_t)(y + top) * l->columns + left) * VF_LANES, VF_LANES);
    }
}

static void planes_write(const Layout *l, const Planes *p, int top, int left, const float *plane,
                         bool add)
{
    const ptrdiff_t step = (ptrdiff_t)p->height * p->width;
    for (int y = 0; y < p->height; y++) {
        (add ? transpose_add : transpose)(
            p->width, p->channels, plane + ((ptrdiff_t)(y + top) * l->columns + left) * VF_LANES,
            VF_LANES, p->pixels + (ptrdiff_t)y * p->width, step);
    }
}

static float *own_of(const Work *work, int thread)
{
    return work->own + (size_t)thread * work->l.own_floats;
}

/* Where a tile begins in a plane. */
static size_t tile_place(const Layout *l, int tile)
{
    const int y = tile / l->tiles_x * WINOGRAD_OUT, x = tile % l->tiles_x * WINOGRAD_OUT;
    return ((size_t)y * (size_t)l->columns + (size_t)x) * VF_LANES;
}

static void read_input(void *context, size_t item, size_t end, int thread)
{
    const Work *work = context;
    const Layout *l = &work->l;
    float *plane = own_of(work, thread);
    for (; item < end; item++) {
        const Planes p = planes_of(work, work->x, item, true);
        planes_read(l, &p, work->c->pad_top, work->c->pad_left, plane);
        for (int t = 0; t < l->image_tiles; t++) {
            tile_from_input(plane + tile_place(l, t), (size_t)l->columns * VF_LANES,
                            work->input + p.at + (size_t)t * (size_t)l->in_row, l->input_step);
        }
    }
}

static void add_input_gradient(void *context, size_t item, size_t end, int thread)
{
    const Work *work = context;
    const Layout *l = &work->l;
    float *plane = own_of(work, thread);
    for (; item < end; item++) {
        const Planes p = planes_of(work, work->dx, item, true);
        memset(plane, 0, l->plane_floats * sizeof *plane);
        for (int t = 0; t < l->image_tiles; t++) {
            tile_to_input(work->input + p.at + (size_t)t * (size_t)l->in_row, l->input_step,
                          plane + tile_place(l, t), (size_t)l->columns * VF_LANES);
        }
        planes_write(l, &p, work->c->pad_top, work->c->pad_left, plane, work->add);
    }
}

static void write_output(void *context, size_t item, size_t end, int thread)
{
    const Work *work = context;
    const Layout *l = &work->l;
    float *plane = own_of(work, thread);
    for (; item < end; item++) {
        const Planes p = planes_of(work, work->y, item, false);
        for (int t = 0; t < l->image_tiles; t++) {
            tile_to_output(work->output + p.at + (size_t)t * (size_t)l->out_row, l->output_step,
                           plane + tile_place(l, t), (size_t)l->columns * VF_LANES);
        }
        planes_write(l, &p, 0, 0, plane, false);
    }
}

static void read_output_gradient(void *context, size_t item, size_t end, int thread)
{
    const Work *work = context;
    const Layout *l = &work->l;
    float *plane = own_of(work, thread);
    for (; item < end; item++) {
        const Planes p = planes_of(work, work->dy, item, false);
        planes_read(l, &p, 0, 0, plane);
        for (int t = 0; t < l->image_tiles; t++) {
            tile_from_output(plane + tile_place(l, t), (size_t)l->columns * VF_LANES,
                             work->output + p.at + (size_t)t * (size_t)l->out_row, l->output_step);
        }
    }
}

/* ---- filters: an item is a group of channels that lie side by side ---- */

static size_t panel_place(int channel, int depth)
{
    return (size_t)(channel / LOOSE_PANEL) * (size_t)depth * LOOSE_PANEL +
           (size_t)(channel % LOOSE_PANEL);
}

/* [in][out], for the forward pass. */
static void read_filters(void *context, size_t item, size_t end, int thread)
{
    const Work *work = context;
    const Conv2d *c = work->c;
    float *taps = own_of(work, thread);
    const int row = c->in_channels * TAPS;
    for (; item < end; item++) {
        const int m = (int)item * VF_LANES, channels = at_most(VF_LANES, c->out_channels - m);
        if (channels < VF_LANES) memset(taps, 0, (size_t)row * VF_LANES * sizeof *taps);
        transpose(channels, row, work->w + (ptrdiff_t)m * row, row, taps, VF_LANES);
        float *to = work->filters + panel_place(m, c->in_channels);
        for (int k = 0; k < c->in_channels; k++) {
            filter_transform(taps + (ptrdiff_t)k * TAPS * VF_LANES, to + (ptrdiff_t)k * LOOSE_PANEL,
                             work->l.filter_step);
        }
    }
}

/* [out][in], for the gradient of the input. */
static void read_filters_turned(void *context, size_t item, size_t end, int thread)
{
    (void)thread;
    const Work *work = context;
    const Conv2d *c = work->c;
    for (; item < end; item++) {
        const int k = (int)item * VF_LANES, channels = at_most(VF_LANES, c->in_channels - k);
        float taps[TAPS * VF_LANES] = {0};
        float *to = work->filters + panel_place(k, c->out_channels);
        for (int m = 0; m < c->out_channels; m++) {
            transpose(channels, TAPS, work->w + ((ptrdiff_t)m * c->in_channels + k) * TAPS, TAPS,
                      taps, VF_LANES);
            filter_transform(taps, to + (ptrdiff_t)m * LOOSE_PANEL, work->l.filter_step);
        }
    }
}

static void add_filter_gradient(void *context, size_t item, size_t end, int thread)
{
    const Work *work = context;
    const Conv2d *c = work->c;
    float *taps = own_of(work, thread);
    const int row = c->in_channels * TAPS;
    for (; item < end; item++) {
        const int m = (int)item * VF_LANES, channels = at_most(VF_LANES, c->out_channels - m);
        for (int k = 0; k < c->in_channels; k++) {
            filter_adjoint(work->sums + (ptrdiff_t)k * work->l.out_row + m, work->l.sum_step,
                           taps + (ptrdiff_t)k * TAPS * VF_LANES);
        }
        transpose_add(row, channels, taps, VF_LANES, work->dw + (ptrdiff_t)m * row, row);
    }
}

/* ---- products: an item is a point ---- */

static void multiply_forward(void *context, size_t point, size_t end, int thread)
{
    (void)thread;
    const Work *work = context;
    const Layout *l = &work->l;
    for (; point < end; point++) {
        loose_gemm(&(LooseGemm){
            .m = work->count * l->image_tiles,
            .n = round_up(work->c->out_channels, VF_LANES),
            .count = {1, 1, work->c->in_channels},
            .a = work->input + point * l->input_step,
            .a_row = l->in_row,
            .a_step = {0, 0, 1},
            .b = work->filters + point * l->filter_step,
            .b_row = LOOSE_PANEL,
            .b_panel = (ptrdiff_t)work->c->in_channels * LOOSE_PANEL,
            .c = work->output + point * l->output_step,
            .c_row = l->out_row,
        });
    }
}

/* sums [in][out] += over tiles. */
static void multiply_filter_gradient(void *context, size_t point, size_t end, int thread)
{
    (void)thread;
    const Work *work = context;
    const Layout *l = &work->l;
    for (; point < end; point++) {
        loose_gemm(&(LooseGemm){
            .m = work->c->in_channels,
            .n = round_up(work->c->out_channels, VF_LANES),
            .count = {1, 1, work->count * l->image_tiles},
            .a = work->input + point * l->input_step,
            .a_row = 1,
            .a_step = {0, 0, l->in_row},
            .b = work->output + point * l->output_step,
            .b_row = l->out_row,
            .b_panel = LOOSE_PANEL,
            .c = work->sums + point * l->sum_step,
            .c_row = l->out_row,
            .accumulate = work->first > 0,
        });
    }
}

static void multiply_input_gradient(void *context, size_t point, size_t end, int thread)
{
    (void)thread;
    const Work *work = context;
    const Layout *l = &work->l;
    for (; point < end; point++) {
        loose_gemm(&(LooseGemm){
            .m = work->count * l->image_tiles,
            .n = round_up(work->c->in_channels, VF_LANES),
            .count = {1, 1, work->c->out_channels},
            .a = work->output + point * l->output_step,
            .a_row = l->out_row,
            .a_step = {0, 0, 1},
            .b = work->filters + point * l->filter_step,
            .b_row = LOOSE_PANEL,
            .b_panel = (ptrdiff_t)work->c->out_channels * LOOSE_PANEL,
            .c = work->input + point * l->input_step,
            .c_row = l->in_row,
        });
    }
}

/* ---- the batch, chunk by chunk ---- */

static void each(Work *work, int count, ParallelFunction *function)
{
    parallel_for_within(work->c->threads, (size_t)count, 1, function, work);
}

void winograd_batch_forward(const Conv2d *c, const float *x, const float *w, float *y,
                            void *scratch)
{
    Work work = work_make(c, scratch);
    const int in = vectors_of(c->in_channels), out = vectors_of(c->out_channels);
    work.x = x, work.w = w, work.y = y;
    each(&work, out, read_filters);
    for (; work.first < c->batch; work.first += work.l.images) {
        work.count = at_most(work.l.images, c->batch - work.first);
        each(&work, work.count * in, read_input);
        each(&work, WINOGRAD_POINTS, multiply_forward);
        each(&work, work.count * out, write_output);
    }
}

void winograd_batch_gradients(const Conv2d *c, const float *x, const float *w, const float *dy,
                              float *dx, bool add, float *dw, void *scratch)
{
    Work work = work_make(c, scratch);
    const int in = vectors_of(c->in_channels), out = vectors_of(c->out_channels);
    work.x = x, work.w = w, work.dy = dy, work.dx = dx, work.add = add, work.dw = dw;
    if (dx) each(&work, in, read_filters_turned);
    for (; work.first < c->batch; work.first += work.l.images) {
        work.count = at_most(work.l.images, c->batch - work.first);
        each(&work, work.count * out, read_output_gradient);
        if (dw) {
            each(&work, work.count * in, read_input);
            each(&work, WINOGRAD_POINTS, multiply_filter_gradient);
        }
        if (dx) {
            each(&work, WINOGRAD_POINTS, multiply_input_gradient);
            each(&work, work.count * in, add_input_gradient);
        }
    }
    if (dw) each(&work, out, add_filter_gradient);
}
