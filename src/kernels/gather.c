#include "kernels/gather.h"

#include "base/apart.h"
#include "kernels/copy.h"
#include "simd.h"

/* Neighbours in one row of the grid. */
typedef struct Run {
    const float *image;
    int y, x; /* where tap (0, 0) of the first one looks */
    int at, count;
} Run;

static int runs_make(const Gather *g, int j, int columns, Run *runs)
{
    int u = j % g->columns, t = j / g->columns % g->rows, image = j / g->columns / g->rows,
        count = 0;
    for (int at = 0; at < columns;) {
        int length = g->columns - u < columns - at ? g->columns - u : columns - at;
        runs[count++] = (Run){
            .image = g->source + (size_t)image * g->image_step,
            .y = t * g->stride_y + g->y_first,
            .x = u * g->stride_x + g->x_first,
            .at = at,
            .count = length,
        };
        at += length;
        u = 0;
        if (++t == g->rows) t = 0, image++;
    }
    return count;
}

/* A row of the matrix. */
typedef struct Tap {
    int c, ty, tx;
} Tap;

static Tap tap_at(const Gather *g, int k)
{
    return (Tap){k / g->taps_x / g->taps_y, k / g->taps_x % g->taps_y, k % g->taps_x};
}

static void tap_next(const Gather *g, Tap *tap)
{
    if (++tap->tx < g->taps_x) return;
    tap->tx = 0;
    if (++tap->ty < g->taps_y) return;
    tap->ty = 0;
    tap->c++;
}

/* The part [*from, *to) of a run of `count` starting at x whose pixels lie within the row. */
static void run_inside(int x, int stride, int count, int width, int *from, int *to)
{
    int first = 0, last = count;
    if (x < 0) first = (-x + stride - 1) / stride;
    if (x >= width) {
        last = 0;
    } else if ((count - 1) * (long long)stride + x >= width) {
        last = (width - 1 - x) / stride + 1;
    }
    if (first > count) first = count;
    *from = first;
    *to = last > first ? last : first;
}

static inline void copy_every_second(float *to, const float *from, int count)
{
    int i = 0;
    for (; i + 4 <= count; i += 4) { /* nothing behind the last pixel is read */
        const quad a = quad_load(from + 2 * i), b = quad_load(from + 2 * i + 3);
        quad_store(to + i, __builtin_shufflevector(a, b, 0, 2, 5, 7));
    }
    for (; i < count; i++) to[i] = from[2 * i];
}

static APART void copy_every(int stride, float *to, const float *from, int count)
{
    for (int i = 0; i < count; i++) to[i] = from[(ptrdiff_t)i * stride];
}

static APART void fill_zero(float *to, int count)
{
    zero_floats(to, count);
}

static inline void copy_strided(float *to, const float *from, int count, int stride)
{
    if (stride == 1) {
        copy_floats(to, from, count);
    } else if (stride == 2) {
        copy_every_second(to, from, count);
    } else {
        copy_every(stride, to, from, count);
    }
}

/* ---- packing ---- */

/* The rows of the matrix that belong to one horizontal tap, in the columns of one run. */
static void pack_tap(const Gather *g, const Run *run, int tx, int k, int depth, int width,
                     float *panel)
{
    const int x = run->x + tx * g->x_step;
    int from, end;
    run_inside(x, g->stride_x, run->count, g->width, &from, &end);
    int row = k > tx ? (k - tx + g->taps_x - 1) / g->taps_x : 0; /* c * taps_y + ty */
    int ty = row % g->taps_y;
    const size_t plane = (size_t)g->height * (size_t)g->width;
    const float *channel = run->image + (size_t)(row / g->taps_y) * plane;
    for (int at = row * g->taps_x + tx - k; at < depth; at += g->taps_x) {
        float *to = panel + (size_t)at * (size_t)width + run->at;
        const int y = run->y + ty * g->y_step;
        if (y < 0 || y >= g->height || from >= end) {
            fill_zero(to, run->count);
        } else {
            const float *line = channel + (size_t)y * (size_t)g->width;
            if (from > 0) fill_zero(to, from);
            copy_strided(to + from, line + x + (ptrdiff_t)from * g->stride_x, end - from,
                         g->stride_x);
            if (end < run->count) fill_zero(to + end, run->count - end);
        }
        if (++ty == g->taps_y) ty = 0, channel += plane;
    }
}

void gather_pack(const void *gather, int k, int depth, int j, int columns, int width, float *panel)
{
    const Gather *g = gather;
    Run runs[PANEL_MAX_WIDTH];
    const int count = runs_make(g, j, columns, runs);
    for (int i = 0; i < count; i++) {
        for (int tx = 0; tx < g->taps_x; tx++) pack_tap(g, &runs[i], tx, k, depth, width, panel);
    }
    for (int r = 0; r < depth && columns < width; r++) {
        fill_zero(panel + (size_t)r * (size_t)width + columns, width - columns);
    }
}

/* One row of the matrix in the columns of one run. */
static void copy_run(const Gather *g, const Run *run, const Tap *tap, float *to)
{
    const int y = run->y + tap->ty * g->y_step, x = run->x + tap->tx * g->x_step;
    int from, end;
    run_inside(x, g->stride_x, run->count, g->width, &from, &end);
    if (y < 0 || y >= g->height || from >= end) {
        fill_zero(to, run->count);
        return;
    }
    const float *line =
        run->image + ((size_t)tap->c * (size_t)g->height + (size_t)y) * (size_t)g->width;
    fill_zero(to, from);
    copy_strided(to + from, line + x + (ptrdiff_t)from * g->stride_x, end - from, g->stride_x);
    fill_zero(to + end, run->count - end);
}

void gather_pack_transposed(const void *gather, int k, int depth, int j, int columns, int width,
                            float *panel)
{
    const Gather *g = gather;
    Run runs[PANEL_MAX_WIDTH];
    /* As many pixels at a time as there is room for runs. */
    for (int done = 0; done < depth; done += PANEL_MAX_WIDTH) {
        const int pixels = depth - done < PANEL_MAX_WIDTH ? depth - done : PANEL_MAX_WIDTH;
        const int count = runs_make(g, k + done, pixels, runs);
        float *block = panel + (size_t)done * (size_t)width;
        Tap tap = tap_at(g, j);
        for (int column = 0; column < width; column++) {
            float line[PANEL_MAX_WIDTH + VF_LANES];
            if (column < columns) {
                for (int i = 0; i < count; i++) copy_run(g, &runs[i], &tap, line + runs[i].at);
                tap_next(g, &tap);
            } else {
                fill_zero(line, pixels);
            }
            for (int i = 0; i < pixels; i++)
                block[(size_t)i * (size_t)width + (size_t)column] = line[i];
        }
    }
}

/* Whole vectors; inlined with a constant `vectors`. */
static inline __attribute__((always_inline)) void
copy_vectors(int vectors, const float *from, size_t row_step, int depth, float *panel)
{
    for (int r = 0; r < depth; r++, from += row_step, panel += vectors * VF_LANES) {
        for (int v = 0; v < vectors; v++)
            vf_store(panel + v * VF_LANES, vf_load(from + v * VF_LANES));
    }
}

/* Columns that are no whole vectors. */
static APART void pack_narrow(const GatherPlain *g, int k, int depth, int j, int columns, int width,
                              float *panel)
{
    for (int r = 0; r < depth; r++, panel += width) {
        copy_floats(panel, g->source + (size_t)(k + r) * g->row_step + j, columns);
        if (columns < width) fill_zero(panel + columns, width - columns);
    }
}

void gather_pack_plain(const void *plain, int k, int depth, int j, int columns, int width,
                       float *panel)
{
    const GatherPlain *g = plain;
    const float *from = g->source + (size_t)k * g->row_step + j;
    if (columns == width) {
        switch (columns) {
        case VF_LANES: copy_vectors(1, from, g->row_step, depth, panel); return;
        case 2 * VF_LANES: copy_vectors(2, from, g->row_step, depth, panel); return;
        case 3 * VF_LANES: copy_vectors(3, from, g->row_step, depth, panel); return;
        default: break;
        }
    }
    pack_narrow(g, k, depth, j, columns, width, panel);
}

void gather_columns(const void *gather, int j, int columns, ptrdiff_t *offset)
{
    const Gather *g = gather;
    int u = j % g->columns, t = j / g->columns % g->rows, image = j / g->columns / g->rows;
    for (int i = 0; i < columns; i++) {
        offset[i] = (ptrdiff_t)((size_t)image * g->to_image_step) + g->to_first +
                    (ptrdiff_t)t * g->to_row_step + (ptrdiff_t)u * g->to_column_step;
        if (++u < g->columns) continue;
        u = 0;
        if (++t == g->rows) t = 0, image++;
    }
}
