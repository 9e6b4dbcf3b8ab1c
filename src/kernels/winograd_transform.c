#include "kernels/winograd_transform.h"

#include <string.h>

#include "base/apart.h"
#include "kernels/copy.h"
#include "kernels/phases.h"
#include "kernels/sizes.h"
#include "kernels/winograd_points.h"

/* ---- input ----
 *
 * Along x first, for each row of pixels once: pixel 4 t + i becomes element t of phase i, so that the six
 * pixels of neighbouring tiles are vectors. The rows are kept in phases as well, [6][4][rows + 1][columns]:
 * then the six rows of neighbouring tiles, which may lie in several rows of tiles, are vectors too. */

enum { PHASES = 4 };

static size_t line_floats(int columns)
{
    return (size_t)(columns + 1) + 2 * VF_LANES + 4;
}

static size_t phase_floats(int rows, int columns)
{
    return (size_t)(rows + 1) * (size_t)columns + 2 * VF_LANES;
}

size_t winograd_input_floats(int rows, int columns)
{
    return 2 * PHASES * line_floats(columns) + WINOGRAD_IN * PHASES * phase_floats(rows, columns);
}

/* One row of pixels along x, to to[element * element_step + t]. */
static APART void input_row(const float *phases, size_t phase_step, int columns, float *to,
                            size_t element_step)
{
    for (int t = 0; t < columns; t += VF_LANES) {
        vf d[6], out[6];
        for (int i = 0; i < 6; i++)
            d[i] = vf_load(phases + (size_t)(i % 4) * phase_step + t + i / 4);
        transform_input(d, out);
        for (int i = 0; i < 6; i++) vf_store(to + (size_t)i * element_step + t, out[i]);
    }
}

static APART void input_rows(const TilePlane *plane, const float *x, const TileBlock *block,
                             float *along, float *scratch)
{
    const size_t line_step = line_floats(block->columns);
    const size_t phase_step = phase_floats(block->rows, block->columns);
    float *line = scratch, *phases = scratch + PHASES * line_step;
    const int first_x = plane->left + WINOGRAD_OUT * block->column;
    const int pixels = WINOGRAD_OUT * block->columns + 2, split = (pixels + 15) / 16 * 16;
    /* Whole quads are split; what lies behind the pixels is never looked at. */
    memset(line + pixels, 0, (PHASES * line_step - (size_t)pixels) * sizeof *line);
    for (int r = 0; r < WINOGRAD_OUT * block->rows + 2; r++) {
        const int row = plane->top + WINOGRAD_OUT * block->row + r;
        float *to = along + (size_t)(r % PHASES) * phase_step +
                    (size_t)(r / PHASES) * (size_t)block->columns;
        if (row < 0 || row >= plane->height) {
            for (int i = 0; i < WINOGRAD_IN; i++) {
                memset(to + (size_t)i * PHASES * phase_step, 0,
                       (size_t)block->columns * sizeof *to);
            }
            continue;
        }
        phases_copy_padded(x + (size_t)row * (size_t)plane->width, plane->width, first_x, pixels,
                           line);
        phases_split(line, split, PHASES, phases, line_step);
        input_row(phases, line_step, block->columns, to, PHASES * phase_step);
    }
}

void winograd_input(const TilePlane *plane, const float *x, const TileBlock *block,
                    const TilePanels *panels, int channel, float *to, float *scratch)
{
    const size_t phase_step = phase_floats(block->rows, block->columns);
    float *along = scratch + 2 * PHASES * line_floats(block->columns);
    input_rows(plane, x, block, along, scratch);
    const int vectors = block_tiles(block) / VF_LANES, most = panels->panel_vectors;
    for (int v = 0; v < vectors; v++) {
        const int panel = v / most, wide = at_most(most, vectors - panel * most);
        float *at = to + (size_t)panel * (size_t)(panels->depth * most * VF_LANES) +
                    (size_t)(channel * wide + v % most) * VF_LANES;
        const float *from = along + (size_t)v * VF_LANES;
        for (int j = 0; j < WINOGRAD_IN; j++, from += PHASES * phase_step) {
            vf d[6], out[6];
            for (int i = 0; i < 6; i++)
                d[i] = vf_load(from + (size_t)(i % 4) * phase_step + i / 4 * block->columns);
            transform_input(d, out);
            for (int i = 0; i < 6; i++)
                vf_store(at + (size_t)(i * WINOGRAD_IN + j) * panels->point_step, out[i]);
        }
    }
}

/* ---- output ---- */

static size_t pixel_floats(int rows, int columns)
{
    return (size_t)(rows * columns + 2 * VF_LANES);
}

size_t winograd_output_floats(int rows, int columns)
{
    return WINOGRAD_OUT * WINOGRAD_OUT * pixel_floats(rows, columns) +
           (size_t)WINOGRAD_OUT * (size_t)(columns + 4);
}

static APART void add_row(const float *line, float *y, int count)
{
    for (int i = 0; i < count; i++) y[i] += line[i];
}

static APART void clamp_row(const Clamp *clamp, float *y, int count)
{
    clamp_floats(*clamp, y, y, (size_t)count);
}

static void output_row(const float *line, float *y, int count, bool accumulate, const Clamp *clamp)
{
    if (accumulate) {
        add_row(line, y, count);
    } else {
        copy_floats(y, line, count);
    }
    if (clamp) clamp_row(clamp, y, count);
}

/* The products of `tiles` tiles to the pixels of each, [16][step]. */
static APART void tiles_back(const float *from, size_t point_step, float bias, int tiles, float *to,
                             size_t step)
{
    for (int t = 0; t < tiles; t += VF_LANES) {
        vf down[WINOGRAD_IN][WINOGRAD_OUT];
        for (int j = 0; j < WINOGRAD_IN; j++) {
            vf m[6];
            for (int i = 0; i < 6; i++)
                m[i] = vf_load(from + (size_t)(i * WINOGRAD_IN + j) * point_step + t);
            transform_output(m, down[j]);
        }
        for (int i = 0; i < WINOGRAD_OUT; i++) {
            vf m[6], out[4];
            for (int j = 0; j < WINOGRAD_IN; j++) m[j] = down[j][i];
            transform_output(m, out);
            for (int j = 0; j < WINOGRAD_OUT; j++)
                vf_store(to + (size_t)(i * WINOGRAD_OUT + j) * step + t, out[j] + bias);
        }
    }
}

void winograd_output(const TilePlane *plane, float *y, const TileBlock *block, const float *from,
                     size_t point_step, float bias, bool accumulate, const Clamp *clamp,
                     float *scratch)
{
    const size_t step = pixel_floats(block->rows, block->columns);
    tiles_back(from, point_step, bias, block->rows * block->columns, scratch, step);
    float *line = scratch + WINOGRAD_OUT * WINOGRAD_OUT * step;
    const int x = WINOGRAD_OUT * block->column;
    const int count = at_most(WINOGRAD_OUT * block->columns, plane->width - x);
    for (int r = 0; r < WINOGRAD_OUT * block->rows; r++) {
        const int row = WINOGRAD_OUT * block->row + r;
        if (row >= plane->height) break;
        phases_join_4(scratch + (size_t)(r % WINOGRAD_OUT * WINOGRAD_OUT) * step +
                          (size_t)(r / WINOGRAD_OUT * block->columns),
                      step, block->columns, line);
        output_row(line, y + (size_t)row * (size_t)plane->width + x, count, accumulate, clamp);
    }
}

/* ---- filters ---- */

enum { FILTERS = 64, TAPS = 9 }; /* at a time */

/* Weight q of filter number i to gathered[q][i], k by k and row by row. */
static void gather_filters(const float *w, size_t row_step, size_t k_step, bool turned, int rows,
                           int tile_rows, int depth, float gathered[TAPS][FILTERS])
{
    for (int k = 0; k < depth; k++) {
        for (int row = 0; row < tile_rows; row++) {
            const int i = k * tile_rows + row;
            if (row >= rows) {
                for (int q = 0; q < TAPS; q++) gathered[q][i] = 0.0F;
                continue;
            }
            const float *filter = w + (size_t)row * row_step + (size_t)k * k_step;
            if (turned) {
                for (int q = 0; q < TAPS; q++) gathered[q][i] = filter[TAPS - 1 - q];
            } else {
                for (int q = 0; q < TAPS; q++) gathered[q][i] = filter[q];
            }
        }
    }
}

static void filters_transform(float gathered[TAPS][FILTERS], int count, float *to,
                              size_t point_step)
{
    for (int n = 0; n < count; n += VF_LANES) {
        vf down[3][6];
        for (int j = 0; j < 3; j++) {
            vf g[3];
            for (int i = 0; i < 3; i++) g[i] = vf_load(&gathered[3 * i + j][n]);
            transform_filter(g, down[j]);
        }
        for (int i = 0; i < WINOGRAD_IN; i++) {
            vf g[3], out[6];
            for (int j = 0; j < 3; j++) g[j] = down[j][i];
            transform_filter(g, out);
            for (int j = 0; j < WINOGRAD_IN; j++)
                vf_store(to + (size_t)(i * WINOGRAD_IN + j) * point_step + n, out[j]);
        }
    }
}

void winograd_filters(const float *w, size_t row_step, size_t k_step, bool turned, int rows,
                      int tile_rows, int depth, float *to, size_t point_step)
{
    const int most = FILTERS / tile_rows;
    float gathered[TAPS][FILTERS];
    for (int k = 0; k < depth; k += most) {
        const int count = at_most(most, depth - k);
        gather_filters(w + (size_t)k * k_step, row_step, k_step, turned, rows, tile_rows, count,
                       gathered);
        filters_transform(gathered, count * tile_rows, to + (size_t)k * (size_t)tile_rows,
                          point_step);
    }
}
