#include "kernels/panel_gemm.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "kernels/panel_parts.h"
#include "kernels/sizes.h"
#include "parallel.h"
#include "simd.h"

/* A strip of A that is packed at once bounds the scratch. */
enum { STRIP = 8192 / TILE_DEPTH * TILE_DEPTH, GROUP_PANELS = 8 };

/* Rows of B that lie a multiple of so many floats apart meet in few places of the first-level cache: more than these
 * are read faster when they are packed. */
enum { MEETING_STEP = 128, MEETING_ROWS = 32 };

/* The packed strip of A, in whole cache lines. */
static uint64_t left_floats(int m, int k)
{
    return ((uint64_t)divide_up(m, TILE_ROWS) * TILE_ROWS * (uint64_t)at_most(k, STRIP) + 15) &
           ~(uint64_t)15;
}

size_t panel_gemm_scratch_bytes(int m, int k, int threads)
{
    const uint64_t bytes = (left_floats(m, k) + (uint64_t)threads * PANEL_FLOATS) * sizeof(float);
    return bytes < SIZE_MAX / 2 ? (size_t)bytes : SIZE_MAX / 2;
}

/* ---- packing A ---- */

typedef struct LeftPacking {
    const PanelGemm *g;
    float *packed; /* [row panels][depth][TILE_ROWS] */
    int k, depth;  /* the strip */
} LeftPacking;

static void left_pack_panels(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const LeftPacking *p = context;
    for (size_t panel = begin; panel < end; panel++) {
        const size_t row = panel * TILE_ROWS;
        left_pack(p->g, (int)row, p->k, p->depth, p->packed + row * (size_t)p->depth);
    }
}

/* ---- blocks ---- */

typedef struct Blocks {
    const PanelGemm *g;
    const float *left; /* packed strip of A */
    float *right;      /* a panel of packed B for each thread */
    int k, depth;      /* the strip */
    int block_columns, block_rows, row_blocks;
} Blocks;

/* Whether tiles may read this panel of B where it lies. */
static bool right_is_loose(const PanelGemm *g, const Panel *panel, int depth)
{
    return TILE_LOOSE && g->plain && panel->vectors > 0 &&
           panel->columns == panel->vectors * VF_LANES &&
           (depth <= MEETING_ROWS || g->plain_row % MEETING_STEP != 0);
}

/* Packs panels from `column` on until they fill the room of one that is TILE_DEPTH deep; their number. Then
 * shallow products write several panels of a row of C at a time, and not one from each of all its pages. */
static int group_pack(const Blocks *b, int *column, int column_end, int k, int depth, float *right,
                      Panel *group)
{
    const PanelGemm *g = b->g;
    const int most = at_most(TILE_DEPTH / depth, GROUP_PANELS);
    int count = 0;
    for (; count < most && *column < column_end; count++) {
        Panel *panel = &group[count];
        panel_make(g, *column, column_end, panel);
        panel->packed = right + (size_t)count * (size_t)depth * TILE_COLUMNS;
        if (right_is_loose(g, panel, depth)) {
            panel->b = g->plain + (b->k + k) * g->plain_row + *column;
            panel->b_row = g->plain_row;
        } else {
            g->pack(g->right, b->k + k, depth, *column, panel->columns, panel->width,
                    panel->packed);
            panel->b = panel->packed;
            panel->b_row = panel->width;
        }
        *column += panel->columns;
    }
    panels_join(group, count);
    return count;
}

/* One row of tiles of a group of panels. */
static void group_multiply(const PanelGemm *g, const Panel *group, int count, const float *a,
                           int row, int k, int depth)
{
    const bool whole = g->m - row >= TILE_ROWS;
    TileSides sides = {.a = a, .a_row = 1, .a_step = TILE_ROWS};
    for (int n = 0; n < count; n += sides.panels) {
        sides.b = group[n].b;
        sides.b_row = group[n].b_row;
        sides.panels = whole ? group[n].together : 1;
        if (sides.panels > 1) sides.b_panel = group[n + 1].b - group[n].b;
        panel_multiply(g, &group[n], &sides, row, k, depth);
    }
}

static void block_multiply(const Blocks *b, int column_block, int row_block, float *right)
{
    const PanelGemm *g = b->g;
    const int j = column_block * b->block_columns, j_end = at_most(g->n, j + b->block_columns);
    const int row = row_block * b->block_rows, row_end = at_most(g->m, row + b->block_rows);
    Panel group[GROUP_PANELS];
    for (int k = 0; k < b->depth; k += TILE_DEPTH) {
        const int depth = at_most(TILE_DEPTH, b->depth - k);
        for (int column = j; column < j_end;) {
            const int count = group_pack(b, &column, j_end, k, depth, right, group);
            for (int i = row; i < row_end; i += TILE_ROWS) {
                const float *a = b->left + (size_t)i * (size_t)b->depth + (size_t)k * TILE_ROWS;
                group_multiply(g, group, count, a, i, b->k + k, depth);
            }
        }
    }
}

static void blocks_multiply(void *context, size_t begin, size_t end, int thread)
{
    const Blocks *b = context;
    for (size_t item = begin; item < end; item++) {
        block_multiply(b, (int)(item / (size_t)b->row_blocks), (int)(item % (size_t)b->row_blocks),
                       b->right + (size_t)thread * PANEL_FLOATS);
    }
}

/* Cuts C so that every thread gets several pieces: by columns first, since each piece packs its B. */
static size_t blocks_cut(Blocks *b, int threads)
{
    const PanelGemm *g = b->g;
    const int panels = divide_up(g->n, TILE_COLUMNS), row_panels = divide_up(g->m, TILE_ROWS);
    const int wanted = threads > 1 ? threads * ITEMS_PER_THREAD : 1;
    int block = at_most(TILE_BLOCK_PANELS, divide_up(panels, wanted));
    const int column_blocks = divide_up(panels, block);
    int row_blocks = 1;
    if (column_blocks < wanted) row_blocks = at_most(divide_up(wanted, column_blocks), row_panels);
    b->block_columns = block * TILE_COLUMNS;
    b->block_rows = divide_up(row_panels, row_blocks) * TILE_ROWS;
    b->row_blocks = divide_up(g->m, b->block_rows);
    return (size_t)column_blocks * (size_t)b->row_blocks;
}

void panel_gemm(const PanelGemm *g, void *scratch)
{
    assert(g->m > 0 && g->n > 0 && g->k > 0 && g->threads > 0);
    assert(((uintptr_t)scratch & 63) == 0);
    const int threads = at_most(g->threads, parallel_threads());
    if (panel_few_columns(g, threads, scratch, left_floats(g->m, g->k))) return;
    Blocks blocks = {.g = g, .left = scratch};
    blocks.right = (float *)scratch + left_floats(g->m, g->k);
    const size_t items = blocks_cut(&blocks, threads);
    const size_t row_panels = (size_t)divide_up(g->m, TILE_ROWS);
    for (int k = 0; k < g->k; k += STRIP) {
        const int depth = at_most(STRIP, g->k - k);
        LeftPacking packing = {.g = g, .packed = scratch, .k = k, .depth = depth};
        parallel_for_within(threads, row_panels, 8, left_pack_panels, &packing);
        blocks.k = k;
        blocks.depth = depth;
        parallel_for_within(threads, items, 1, blocks_multiply, &blocks);
    }
}
