#include "kernels/direct.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/apart.h"
#include "kernels/conv2d_shape.h"
#include "kernels/copy.h"
#include "kernels/panel_parts.h"
#include "kernels/phases.h"
#include "kernels/sizes.h"
#include "parallel.h"

enum {
    MOST_CHANNELS = 4,     /* of a group */
    BLOCK_ROWS = 8,        /* of the output, whose pixels are taken apart at once */
    MOST_FLOATS = 1 << 18, /* of those pixels, for each thread */
    CACHED_FLOATS = 6144,  /* of pixels that all filters pass, for the first-level cache */
    MOST_PANELS = 8,       /* of a row of outputs, written one after another */
};

/* Where pixels lie: channel c, row r of a block, phase p and place i at
 * ((c * rows + r) * stride_x + p) * phase_step + i. */
typedef struct Layout {
    int depth;           /* taps of all channels of a group */
    int rows, positions; /* of input, that a block looks at */
    size_t phase_step;
    size_t filter_floats; /* of a group: [row panels][depth][TILE_ROWS] */
    size_t line_floats, pixel_floats;
} Layout;

typedef struct Direct {
    const Conv2d *c;
    Layout l;
    const float *x, *bias;
    float *y;
    const Clamp *clamp;
    const float *filters; /* of all groups */
    const int *offset;    /* of each of depth taps from the first pixel of a row of outputs */
    float *own;           /* line and pixels of each thread */
} Direct;

/* Rows of input that a block looks at, and positions along them. */
static int64_t rows_of(const Conv2d *c)
{
    return (int64_t)(at_most(BLOCK_ROWS, c->out_height) - 1) * c->stride_y +
           (int64_t)(c->kernel_height - 1) * c->dilation_y + 1;
}

static int64_t positions_of(const Conv2d *c)
{
    return (int64_t)(c->out_width - 1) * c->stride_x +
           (int64_t)(c->kernel_width - 1) * c->dilation_x + 1;
}

/* Of a row in one phase. Behind the last output's pixels is room for the vector that it is in. */
static int64_t phase_floats(const Conv2d *c)
{
    return (positions_of(c) - 1) / c->stride_x + 1 + VF_LANES;
}

static int64_t pixel_floats(const Conv2d *c)
{
    return (int64_t)in_per_group(c) * c->stride_x * phase_floats(c) * rows_of(c);
}

bool direct_fits(const Conv2d *c)
{
    return in_per_group(c) <= MOST_CHANNELS && kernel_size(c) > 1 &&
           in_per_group(c) * kernel_size(c) <= TILE_DEPTH && out_per_group(c) >= TILE_ROWS &&
           c->out_width >= VF_LANES && rows_of(c) <= MOST_FLOATS &&
           positions_of(c) <= MOST_FLOATS && pixel_floats(c) <= MOST_FLOATS;
}

static Layout layout_make(const Conv2d *c)
{
    Layout l = {
        .depth = in_per_group(c) * kernel_size(c),
        .rows = (int)rows_of(c),
        .positions = (int)positions_of(c),
        .phase_step = (size_t)phase_floats(c),
    };
    l.filter_floats = (size_t)round_up(out_per_group(c), TILE_ROWS) * (size_t)l.depth;
    l.line_floats = whole_lines((size_t)l.positions);
    l.pixel_floats = whole_lines((size_t)pixel_floats(c));
    return l;
}

size_t direct_scratch_bytes(const Conv2d *c)
{
    const Layout l = layout_make(c);
    const size_t floats = whole_lines((size_t)l.depth) +
                          whole_lines((size_t)c->groups * l.filter_floats) +
                          (size_t)c->threads * (l.line_floats + l.pixel_floats);
    return floats * sizeof(float);
}

static void filters_pack(const Conv2d *c, const Layout *l, const float *w, float *to)
{
    PanelGemm g = {.m = out_per_group(c),
                   .left = {.row = l->depth, .count = {1, 1}, .step = {1, 0, 0}}};
    for (int group = 0; group < c->groups; group++) {
        g.left.data = w + (size_t)group * (size_t)g.m * (size_t)l->depth;
        float *filters = to + (size_t)group * l->filter_floats;
        for (int row = 0; row < g.m; row += TILE_ROWS)
            left_pack(&g, row, 0, l->depth, filters + (size_t)row * (size_t)l->depth);
    }
}

static void offsets_make(const Conv2d *c, const Layout *l, int *offset)
{
    for (int channel = 0; channel < in_per_group(c); channel++) {
        for (int i = 0; i < c->kernel_height; i++) {
            for (int j = 0; j < c->kernel_width; j++) {
                const int row = channel * l->rows + i * c->dilation_y, at = j * c->dilation_x;
                *offset++ =
                    (row * c->stride_x + at % c->stride_x) * (int)l->phase_step + at / c->stride_x;
            }
        }
    }
}

/* The rows that outputs from row `first` on look at. */
static APART void pixels_take(const Direct *d, const float *x, int first, int rows, float *line,
                              float *pixels)
{
    const Conv2d *c = d->c;
    for (int channel = 0; channel < in_per_group(c); channel++, x += in_plane(c)) {
        for (int r = 0; r < rows; r++) {
            const int y = first * c->stride_y - c->pad_top + r;
            float *to =
                pixels + (size_t)(channel * d->l.rows + r) * (size_t)c->stride_x * d->l.phase_step;
            if (y < 0 || y >= c->in_height) {
                memset(to, 0, (size_t)c->stride_x * d->l.phase_step * sizeof *to);
                continue;
            }
            phases_copy_padded(x + (size_t)y * (size_t)c->in_width, c->in_width, -c->pad_left,
                               d->l.positions, line);
            phases_split(line, d->l.positions, c->stride_x, to, d->l.phase_step);
        }
    }
}

/* A tile of which some rows or columns are not there, through one in memory. */
static APART void tile_part(const Direct *d, const float *filters, const float *pixels,
                            const float *bias, int rows, int columns, float *y)
{
    float small[TILE_ROWS * TILE_COLUMNS], start[TILE_ROWS] = {0};
    for (int i = 0; bias && i < rows; i++) start[i] = bias[i];
    tile_offset_functions[divide_up(columns, VF_LANES) - 1](
        d->l.depth, 1, filters, pixels, d->offset, small, TILE_COLUMNS, start, d->clamp);
    for (int i = 0; i < rows; i++) {
        copy_floats(y + (size_t)i * out_plane(d->c), small + (size_t)i * TILE_COLUMNS, columns);
    }
}

/* Outputs [begin, end) of a row, in all channels of a group. */
static APART void columns_multiply(const Direct *d, int group, const float *filters,
                                   const float *pixels, float *y, int begin, int end)
{
    const int depth = d->l.depth, m = out_per_group(d->c);
    const ptrdiff_t plane = (ptrdiff_t)out_plane(d->c);
    for (int row = 0; row < m; row += TILE_ROWS, filters += (size_t)depth * TILE_ROWS) {
        const float *bias = d->bias ? d->bias + group * m + row : NULL;
        const int rows = at_most(TILE_ROWS, m - row);
        const int panels = rows == TILE_ROWS ? (end - begin) / TILE_COLUMNS : 0;
        float *to = y + row * plane;
        if (panels > 0) {
            tile_offset_functions[TILE_VECTORS - 1](depth, panels, filters, pixels + begin,
                                                    d->offset, to + begin, plane, bias, d->clamp);
        }
        for (int j = begin + panels * TILE_COLUMNS; j < end; j += TILE_COLUMNS) {
            const int columns = at_most(TILE_COLUMNS, end - j);
            const int vectors = divide_up(columns, VF_LANES);
            /* The last vector overlaps the one before. */
            const int at = at_most(j, end - vectors * VF_LANES);
            if (rows == TILE_ROWS && at >= 0) {
                tile_offset_functions[vectors - 1](depth, 1, filters, pixels + at, d->offset,
                                                   to + at, plane, bias, d->clamp);
            } else {
                tile_part(d, filters, pixels + j, bias, rows, columns, to + j);
            }
        }
    }
}

/* Blocks are numbered through the groups of all images. */
static void blocks_convolve(void *context, size_t begin, size_t end, int thread)
{
    const Direct *d = context;
    const Conv2d *c = d->c;
    const Layout *l = &d->l;
    float *line = d->own + (size_t)thread * (l->line_floats + l->pixel_floats);
    float *pixels = line + l->line_floats;
    const size_t blocks = (size_t)divide_up(c->out_height, BLOCK_ROWS);
    const int group_columns =
        at_least(at_most(CACHED_FLOATS / (l->depth * TILE_COLUMNS), MOST_PANELS), 1) * TILE_COLUMNS;
    for (size_t item = begin; item < end; item++) {
        const size_t plane = item / blocks; /* of images and groups */
        const int group = (int)(plane % (size_t)c->groups);
        const int first = (int)(item % blocks) * BLOCK_ROWS;
        const int rows = at_most(BLOCK_ROWS, c->out_height - first);
        const float *x = d->x + plane * (size_t)in_per_group(c) * in_plane(c);
        float *y = d->y + plane * (size_t)out_per_group(c) * out_plane(c);
        pixels_take(d, x, first,
                    l->rows - (at_most(BLOCK_ROWS, c->out_height) - rows) * c->stride_y, line,
                    pixels);
        for (int r = 0; r < rows; r++) {
            const float *from = pixels + (size_t)(r * c->stride_y * c->stride_x) * l->phase_step;
            float *to = y + (size_t)(first + r) * (size_t)c->out_width;
            for (int j = 0; j < c->out_width; j += group_columns)
                columns_multiply(d, group, d->filters + (size_t)group * l->filter_floats, from, to,
                                 j, at_most(c->out_width, j + group_columns));
        }
    }
}

void direct_forward(const Conv2d *c, const float *x, const float *w, const float *bias, float *y,
                    const Clamp *clamp, void *scratch)
{
    assert(((uintptr_t)scratch & 63) == 0);
    const Layout l = layout_make(c);
    int *offset = scratch;
    float *filters = (float *)scratch + whole_lines((size_t)l.depth);
    Direct d = {.c = c,
                .l = l,
                .x = x,
                .bias = bias,
                .y = y,
                .clamp = clamp,
                .filters = filters,
                .offset = offset};
    d.own = filters + whole_lines((size_t)c->groups * l.filter_floats);
    offsets_make(c, &l, offset);
    filters_pack(c, &l, w, filters);
    const size_t blocks = (size_t)divide_up(c->out_height, BLOCK_ROWS);
    parallel_for_within(c->threads, blocks * (size_t)c->groups * (size_t)c->batch, 1,
                        blocks_convolve, &d);
}
