#include "kernels/winograd.h"

#include <assert.h>
#include <stdint.h>

#include "kernels/sizes.h"
#include "kernels/tile.h"
#include "kernels/winograd_transform.h"
#include "parallel.h"

/*
 * The filters are transformed in chunks, the pixels in blocks of tiles, and each pair of them multiplied and
 * transformed back while it is in the cache. One of the two is transformed as a whole before, whichever is
 * smaller; of the other, each thread has the chunk or block at which it is. So nothing is transformed twice
 * and no transformed weights are kept: with nine weights to read in place of 36, making them anew is as fast.
 */
enum {
    CHUNK_ROWS = 32,           /* filters of a chunk, about */
    BLOCK_FLOATS = 150 * 1024, /* of transformed pixels, about: half of a second-level cache */
    ITEMS_PER_THREAD = 3,      /* so that threads end together */
    STEP_PADDING = 16,         /* keeps the 36 elements out of the same places of the cache */
};

typedef struct Layout {
    int tiles_y, tiles_x;
    int block_rows, block_columns, blocks_y, blocks_x; /* blocks, of tiles */
    int block_tiles;                                   /* the most, in whole vectors */
    int chunk_rows, chunks; /* rows of a chunk: a multiple of TILE_ROWS */
    bool filters_first;
    size_t filter_step, pixel_step, product_step; /* between two of the 36 elements */
    size_t filter_floats, pixel_floats, product_floats,
        transform_floats; /* of a chunk, block, ... */
    size_t shared_floats, thread_floats;
} Layout;

/* Cuts the tiles into rectangles of about `tiles`, along rows first. */
static void cut_blocks(Layout *l, int tiles)
{
    if (l->tiles_x > tiles) {
        l->blocks_x = divide_up(l->tiles_x, tiles);
        l->block_columns = round_up(divide_up(l->tiles_x, l->blocks_x), VF_LANES);
        l->block_rows = 1;
    } else {
        l->block_columns = l->tiles_x;
        l->block_rows = at_most(tiles / l->tiles_x, l->tiles_y);
    }
    l->blocks_x = divide_up(l->tiles_x, l->block_columns);
    l->blocks_y = divide_up(l->tiles_y, l->block_rows);
}

static Layout layout_make(const Winograd *w)
{
    Layout l = {.tiles_y = divide_up(w->out_height, WINOGRAD_OUT),
                .tiles_x = divide_up(w->out_width, WINOGRAD_OUT)};
    const int wanted = w->threads > 1 ? w->threads * ITEMS_PER_THREAD : 1;
    const int rows = round_up(w->out_channels, TILE_ROWS);
    const int tiles_of_image = l.tiles_y * l.tiles_x;
    /* Filters that several images share are not transformed for each of them. */
    l.filters_first = (int64_t)rows < (int64_t)tiles_of_image * w->images;
    l.chunk_rows = CHUNK_ROWS;
    if (l.filters_first) {
        int tiles = at_least(BLOCK_FLOATS / (WINOGRAD_POINTS * w->in_channels), TILE_COLUMNS);
        cut_blocks(
            &l, at_least(at_most(tiles, tiles_of_image / divide_up(wanted, w->images)), VF_LANES));
    } else {
        cut_blocks(&l, tiles_of_image);
        l.chunk_rows = at_most(CHUNK_ROWS, round_up(divide_up(rows, wanted), TILE_ROWS));
    }
    l.chunk_rows = at_most(l.chunk_rows, rows);
    l.chunks = divide_up(rows, l.chunk_rows);
    l.block_tiles = round_up(l.block_rows * l.block_columns, VF_LANES);

    l.filter_step = (size_t)l.chunk_rows * (size_t)w->in_channels + STEP_PADDING;
    l.pixel_step = (size_t)w->in_channels * (size_t)l.block_tiles + STEP_PADDING;
    l.product_step = (size_t)l.chunk_rows * (size_t)l.block_tiles + STEP_PADDING;
    l.filter_floats = WINOGRAD_POINTS * l.filter_step;
    l.pixel_floats = WINOGRAD_POINTS * l.pixel_step;
    l.product_floats = WINOGRAD_POINTS * l.product_step;
    const size_t input = winograd_input_floats(l.block_rows, l.block_columns);
    const size_t output = winograd_output_floats(l.block_rows, l.block_columns);
    l.transform_floats = whole_lines(input > output ? input : output);
    l.shared_floats = l.filters_first ? (size_t)l.chunks * l.filter_floats : l.pixel_floats;
    l.thread_floats = (l.filters_first ? l.pixel_floats : l.filter_floats) + l.product_floats +
                      l.transform_floats;
    return l;
}

size_t winograd_scratch_bytes(const Winograd *w)
{
    const Layout l = layout_make(w);
    const uint64_t bytes =
        ((uint64_t)l.shared_floats + (uint64_t)w->threads * l.thread_floats) * sizeof(float);
    return bytes < SIZE_MAX / 2 ? (size_t)bytes : SIZE_MAX / 2;
}

/* ---- one image ---- */

typedef struct Work {
    const Winograd *w;
    Layout l;
    float *shared; /* the filters, or the pixels of the only block */
    float *own;    /* thread_floats for each thread */
    const float *x;
    float *y;
} Work;

/* What a thread has for itself. */
typedef struct Own {
    float *operand; /* the block of pixels, or the chunk of filters */
    float *product, *transform;
} Own;

static Own own_of(const Work *work, int thread)
{
    const Layout *l = &work->l;
    float *first = work->own + (size_t)thread * l->thread_floats;
    const size_t operand = l->filters_first ? l->pixel_floats : l->filter_floats;
    return (Own){first, first + operand, first + operand + l->product_floats};
}

static TileBlock block_at(const Layout *l, int index)
{
    TileBlock b = {.row = index / l->blocks_x * l->block_rows,
                   .column = index % l->blocks_x * l->block_columns};
    b.rows = at_most(l->block_rows, l->tiles_y - b.row);
    b.columns = at_most(l->block_columns, l->tiles_x - b.column);
    return b;
}

/* Filters of one chunk to [point][panels of TILE_ROWS][in_channels][TILE_ROWS]. */
static void chunk_filters(const Work *work, int chunk, float *to)
{
    const Winograd *w = work->w;
    const int first = chunk * work->l.chunk_rows;
    const int end = at_most(first + work->l.chunk_rows, w->out_channels);
    for (int row = first; row < end; row += TILE_ROWS) {
        winograd_filters(w->w + (size_t)row * w->w_out_step, w->w_out_step, w->w_in_step, w->turned,
                         at_most(TILE_ROWS, end - row), TILE_ROWS, w->in_channels,
                         to + (size_t)(row - first) * (size_t)w->in_channels, work->l.filter_step);
    }
}

/* Pixels of one block to [point][panels][in_channels][TILE_COLUMNS]. */
static void block_pixels(const Work *work, const TileBlock *block, int channel, int channel_end,
                         float *to, float *transform)
{
    const Winograd *w = work->w;
    const TilePlane plane = {w->in_height, w->in_width, -w->pad_top, -w->pad_left};
    const TilePanels panels = {TILE_VECTORS, w->in_channels, work->l.pixel_step};
    for (; channel < channel_end; channel++) {
        winograd_input(&plane,
                       work->x + (size_t)channel * (size_t)w->in_height * (size_t)w->in_width,
                       block, &panels, channel, to, transform);
    }
}

/* One of the 36 products, of `rows` rows by `tiles` tiles. */
static void multiply_point(int rows, int tiles, int depth, const float *filters,
                           const float *pixels, float *product, ptrdiff_t product_row)
{
    for (int tile = 0; tile < tiles; tile += TILE_COLUMNS) {
        const int wide = at_most(TILE_COLUMNS, tiles - tile);
        const float *panel = pixels + (size_t)tile * (size_t)depth;
        for (int k = 0; k < depth; k += TILE_DEPTH) {
            for (int row = 0; row < rows; row += TILE_ROWS) {
                const TileSides sides =
                    tile_packed(filters + (size_t)row * (size_t)depth + (size_t)k * TILE_ROWS,
                                panel + (size_t)k * (size_t)wide, wide / VF_LANES);
                tile_functions[wide / VF_LANES - 1](at_most(TILE_DEPTH, depth - k), &sides,
                                                    product + row * product_row + tile, product_row,
                                                    NULL, k > 0, NULL);
            }
        }
    }
}

static void chunk_times_block(const Work *work, int chunk, const TileBlock *block,
                              const float *filters, const float *pixels, const Own *own)
{
    const Winograd *w = work->w;
    const Layout *l = &work->l;
    const int first = chunk * l->chunk_rows, tiles = block_tiles(block);
    const int rows = at_most(l->chunk_rows, w->out_channels - first);
    for (size_t point = 0; point < WINOGRAD_POINTS; point++) {
        multiply_point(round_up(rows, TILE_ROWS), tiles, w->in_channels,
                       filters + point * l->filter_step, pixels + point * l->pixel_step,
                       own->product + point * l->product_step, tiles);
    }
    const TilePlane plane = {.height = w->out_height, .width = w->out_width};
    for (int row = 0; row < rows; row++) {
        winograd_output(
            &plane, work->y + (size_t)(first + row) * (size_t)w->out_height * (size_t)w->out_width,
            block, own->product + (size_t)row * (size_t)tiles, l->product_step,
            w->bias ? w->bias[first + row] : 0.0F, w->accumulate, w->clamp, own->transform);
    }
}

/* ---- filters first ---- */

static void all_filters(void *context, size_t chunk, size_t end, int thread)
{
    (void)thread;
    const Work *work = context;
    for (; chunk < end; chunk++) {
        chunk_filters(work, (int)chunk, work->shared + chunk * work->l.filter_floats);
    }
}

static void work_on_image(Work *work, size_t image)
{
    work->x = work->w->x + image * work->w->x_image_step;
    work->y = work->w->y + image * work->w->y_image_step;
}

/* Blocks are numbered through all images. */
static void each_block(void *context, size_t index, size_t end, int thread)
{
    Work of_image = *(const Work *)context, *work = &of_image;
    const size_t blocks = (size_t)work->l.blocks_y * (size_t)work->l.blocks_x;
    const Own own = own_of(work, thread);
    for (; index < end; index++) {
        work_on_image(work, index / blocks);
        const TileBlock block = block_at(&work->l, (int)(index % blocks));
        block_pixels(work, &block, 0, work->w->in_channels, own.operand, own.transform);
        for (int chunk = 0; chunk < work->l.chunks; chunk++) {
            chunk_times_block(work, chunk, &block,
                              work->shared + (size_t)chunk * work->l.filter_floats, own.operand,
                              &own);
        }
    }
}

/* ---- pixels first: there is one block ---- */

static void all_pixels(void *context, size_t channel, size_t end, int thread)
{
    const Work *work = context;
    const TileBlock block = block_at(&work->l, 0);
    block_pixels(work, &block, (int)channel, (int)end, work->shared,
                 own_of(work, thread).transform);
}

static void each_chunk(void *context, size_t chunk, size_t end, int thread)
{
    const Work *work = context;
    const Own own = own_of(work, thread);
    const TileBlock block = block_at(&work->l, 0);
    for (; chunk < end; chunk++) {
        chunk_filters(work, (int)chunk, own.operand);
        chunk_times_block(work, (int)chunk, &block, own.operand, work->shared, &own);
    }
}

void winograd(const Winograd *w, void *scratch)
{
    assert(((uintptr_t)scratch & 63) == 0);
    Work work = {.w = w, .l = layout_make(w), .shared = scratch};
    const Layout *l = &work.l;
    work.own = work.shared + l->shared_floats;
    if (l->filters_first) {
        const size_t blocks = (size_t)l->blocks_y * (size_t)l->blocks_x;
        parallel_for_within(w->threads, (size_t)l->chunks, 1, all_filters, &work);
        parallel_for_within(w->threads, blocks * (size_t)w->images, 1, each_block, &work);
        return;
    }
    for (int image = 0; image < w->images; image++) {
        work_on_image(&work, (size_t)image);
        parallel_for_within(w->threads, (size_t)w->in_channels, 8, all_pixels, &work);
        parallel_for_within(w->threads, (size_t)l->chunks, 1, each_chunk, &work);
    }
}
