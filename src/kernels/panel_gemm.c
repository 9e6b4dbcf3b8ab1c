#include "kernels/panel_gemm.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "kernels/sizes.h"
#include "kernels/tile.h"
#include "parallel.h"
#include "simd.h"

/* A strip of A that is packed at once bounds the scratch; threads get several pieces, to end together. */
enum {
    PANEL_FLOATS = TILE_DEPTH * TILE_COLUMNS + 2 * VF_LANES, /* and a vector's room behind it */
    STRIP = 8192 / TILE_DEPTH * TILE_DEPTH,
    ITEMS_PER_THREAD = 3,
    GROUP_PANELS = 8,
};

_Static_assert(TILE_ROWS % 4 == 0, "rows of A are packed by four");
_Static_assert((int)TILE_COLUMNS <= (int)PANEL_MAX_WIDTH, "a panel fits its declared width");

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

/* Rows are runs of k: four rows and four of k at a time. */
static void pack_left_along(const float *from, ptrdiff_t row, int rows, int depth, float *to)
{
    int k = 0;
    for (; rows == TILE_ROWS && k + 4 <= depth; k += 4) {
        for (int i = 0; i < TILE_ROWS; i += 4) {
            quad block[4];
            for (int r = 0; r < 4; r++) block[r] = quad_load(from + (i + r) * row + k);
            quad_transpose(block);
            for (int r = 0; r < 4; r++)
                quad_store(to + (size_t)((k + r) * TILE_ROWS + i), block[r]);
        }
    }
    for (; k < depth; k++) {
        for (int i = 0; i < TILE_ROWS; i++)
            to[(size_t)k * TILE_ROWS + (size_t)i] = i < rows ? from[i * row + k] : 0.0F;
    }
}

/* Anything else: neighbours are closer down the rows. */
static void pack_left_across(const PanelLeft *a, const float *from, int k, int depth, int rows,
                             float *to)
{
    int k0 = k % a->count[1], k1 = k / a->count[1] % a->count[0],
        k2 = k / a->count[1] / a->count[0];
    for (int d = 0; d < depth; d++, to += TILE_ROWS) {
        const float *source = from + k2 * a->step[0] + k1 * a->step[1] + k0 * a->step[2];
        if (rows == TILE_ROWS) {
            for (int i = 0; i < TILE_ROWS; i++) to[i] = source[i * a->row];
        } else {
            for (int i = 0; i < TILE_ROWS; i++) to[i] = i < rows ? source[i * a->row] : 0.0F;
        }
        if (++k0 < a->count[1]) continue;
        k0 = 0;
        if (++k1 == a->count[0]) k1 = 0, k2++;
    }
}

/* TILE_ROWS rows from `row` on, of k the part [k, k + depth). */
static void pack_left_panel(const PanelGemm *g, int row, int k, int depth, float *to)
{
    const PanelLeft *a = &g->left;
    const int rows = at_most(g->m - row, TILE_ROWS);
    const float *from = a->data + row * a->row;
    if (a->count[0] == 1 && a->count[1] == 1 && a->step[0] == 1) {
        pack_left_along(from + k, a->row, rows, depth, to);
    } else {
        pack_left_across(a, from, k, depth, rows, to);
    }
}

static void pack_left_panels(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const LeftPacking *p = context;
    for (size_t panel = begin; panel < end; panel++) {
        const size_t row = panel * TILE_ROWS;
        pack_left_panel(p->g, (int)row, p->k, p->depth, p->packed + row * (size_t)p->depth);
    }
}

/* ---- blocks ---- */

/* One panel of packed B and where its columns go. */
typedef struct Panel {
    float *packed;
    int column;                  /* the first */
    int vectors, columns, width; /* no vectors: its columns are too few for one */
    bool side_by_side;
    ptrdiff_t offset[PANEL_MAX_WIDTH];
} Panel;

typedef struct Blocks {
    const PanelGemm *g;
    const float *left; /* packed strip of A */
    float *right;      /* a panel of packed B for each thread */
    int k, depth;      /* the strip */
    int block_columns, block_rows, row_blocks;
} Blocks;

/* The panel that begins at column j, of those before `end`. Columns that would leave most of a vector idle are one of
 * their own. */
static void panel_make(const PanelGemm *g, int j, int end, Panel *panel)
{
    const int most = at_most(TILE_COLUMNS, end - j), rest = most % VF_LANES;
    const bool narrow = rest > 0 && rest <= TILE_NARROW;
    panel->column = j;
    panel->columns = narrow && most > rest ? most - rest : most;
    panel->vectors = panel->columns == rest && narrow ? 0 : divide_up(panel->columns, VF_LANES);
    panel->width = panel->vectors * VF_LANES;
    if (panel->vectors == 0) panel->width = panel->columns == 1 ? 1 : TILE_NARROW;
    panel->side_by_side = true;
    if (!g->columns) {
        for (int i = 0; i < panel->columns; i++) panel->offset[i] = j + i;
        return;
    }
    g->columns(g->right, j, panel->columns, panel->offset);
    for (int i = 1; i < panel->columns; i++) {
        if (panel->offset[i] != panel->offset[0] + i) panel->side_by_side = false;
    }
}

/* Through a small tile in memory, where rows, columns or both are fewer than the tile's or apart. */
static void tile_scattered(const PanelGemm *g, const Panel *panel, const float *right, int depth,
                           const float *a, int row, const float *bias, bool accumulate)
{
    float small[TILE_ROWS * TILE_COLUMNS], start[TILE_ROWS] = {0};
    const int rows = at_most(g->m - row, TILE_ROWS);
    for (int i = 0; bias && i < rows; i++) start[i] = bias[i];
    ptrdiff_t row_step = TILE_COLUMNS, column_step = 1;
    if (panel->vectors == 0) {
        tile_narrow(panel->width, depth, a, right, small);
        row_step = 1, column_step = TILE_ROWS;
    } else {
        tile_functions[panel->vectors - 1](depth, a, right, small, TILE_COLUMNS, NULL, false);
    }
    for (int i = 0; i < rows; i++) {
        float *c = g->c + (row + i) * g->c_row;
        for (int j = 0; j < panel->columns; j++) {
            float *to = c + panel->offset[j];
            *to = small[i * row_step + j * column_step] + start[i] + (accumulate ? *to : 0.0F);
        }
    }
}

/* One row of tiles of one panel, from A packed at `a` and B at `right`. first: of k. */
static void panel_multiply(const PanelGemm *g, const Panel *panel, const float *right, int row,
                           const float *a, int depth, bool first)
{
    const bool accumulate = g->accumulate || !first;
    const float *bias = first && g->bias ? g->bias + row : NULL;
    const bool whole = g->m - row >= TILE_ROWS && panel->columns == panel->vectors * VF_LANES;
    if (whole && panel->side_by_side) {
        tile_functions[panel->vectors - 1](
            depth, a, right, g->c + row * g->c_row + panel->offset[0], g->c_row, bias, accumulate);
    } else {
        tile_scattered(g, panel, right, depth, a, row, bias, accumulate);
    }
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
        g->pack(g->right, b->k + k, depth, *column, panel->columns, panel->width, panel->packed);
        *column += panel->columns;
    }
    return count;
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
                for (int n = 0; n < count; n++)
                    panel_multiply(g, &group[n], group[n].packed, i, a, depth, b->k + k == 0);
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

/* ---- few columns ----
 *
 * What A is packed for passes by soon, and A is read once: packing it as a whole would send it through memory twice
 * more. So B is packed as a whole, and rows of A just before they are multiplied, while the next are on their way. */

/* Panels of rows that pass before the next part of k does: so that their part of C stays in the cache. */
enum { FEW_ROW_PANELS = 16 };

typedef struct Few {
    const PanelGemm *g;
    float *left; /* a panel of packed A for each thread, PANEL_FLOATS apart */
    int panels, parts, rows;
    Panel panel[TILE_BLOCK_PANELS + 1];
} Few;

/* Floats of a part of k of a packed panel. */
static size_t part_floats(const Panel *panel)
{
    return (size_t)TILE_DEPTH * (size_t)panel->width + 2 * VF_LANES;
}

static void few_pack(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Few *f = context;
    const PanelGemm *g = f->g;
    for (size_t item = begin; item < end; item++) {
        const int number = (int)item / f->parts, part = (int)item % f->parts;
        const int k = part * TILE_DEPTH;
        const Panel *panel = &f->panel[number];
        g->pack(g->right, k, at_most(TILE_DEPTH, g->k - k), panel->column, panel->columns,
                panel->width, panel->packed + (size_t)part * part_floats(panel));
    }
}

/* Asks for rows of A that lie along k. */
static void few_fetch(const PanelGemm *g, int row, int row_end, int k, int depth)
{
    const PanelLeft *a = &g->left;
    if (a->count[0] != 1 || a->count[1] != 1 || a->step[0] != 1) return;
    for (int i = row; i < at_most(row + TILE_ROWS, row_end); i++) {
        const float *from = a->data + i * a->row + k;
        for (int d = 0; d < depth; d += 16) __builtin_prefetch(from + d);
    }
}

static void few_multiply(void *context, size_t begin, size_t end, int thread)
{
    const Few *f = context;
    const PanelGemm *g = f->g;
    float *a = f->left + (size_t)thread * PANEL_FLOATS;
    for (size_t item = begin; item < end; item++) {
        const int first = (int)item * f->rows, row_end = at_most(g->m, first + f->rows);
        for (int part = 0; part < f->parts; part++) {
            const int k = part * TILE_DEPTH, depth = at_most(TILE_DEPTH, g->k - k);
            for (int row = first; row < row_end; row += TILE_ROWS) {
                pack_left_panel(g, row, k, depth, a);
                few_fetch(g, row + TILE_ROWS, row_end, k, depth);
                for (int n = 0; n < f->panels; n++) {
                    const Panel *panel = &f->panel[n];
                    panel_multiply(g, panel, panel->packed + (size_t)part * part_floats(panel), row,
                                   a, depth, k == 0);
                }
            }
        }
    }
}

/* Does it if the columns are few and fit the room for A. */
static bool few_columns(const PanelGemm *g, int threads, float *scratch)
{
    Few f = {.g = g, .parts = divide_up(g->k, TILE_DEPTH)};
    const uint64_t room = left_floats(g->m, g->k);
    uint64_t taken = 0;
    if (g->n > TILE_BLOCK_PANELS * TILE_COLUMNS) return false;
    for (int column = 0; column < g->n; f.panels++) {
        Panel *panel = &f.panel[f.panels];
        panel_make(g, column, g->n, panel);
        column += panel->columns;
        panel->packed = scratch + taken;
        taken += (uint64_t)f.parts * part_floats(panel);
        if (taken > room) return false;
    }
    f.left = scratch + room;
    const int row_panels = divide_up(g->m, TILE_ROWS);
    const int wanted = threads > 1 ? threads * ITEMS_PER_THREAD : 1;
    f.rows = at_most(FEW_ROW_PANELS, divide_up(row_panels, wanted)) * TILE_ROWS;
    parallel_for_within(threads, (size_t)f.panels * (size_t)f.parts, 1, few_pack, &f);
    parallel_for_within(threads, (size_t)divide_up(g->m, f.rows), 1, few_multiply, &f);
    return true;
}

void panel_gemm(const PanelGemm *g, void *scratch)
{
    assert(g->m > 0 && g->n > 0 && g->k > 0 && g->threads > 0);
    assert(((uintptr_t)scratch & 63) == 0);
    const int threads = at_most(g->threads, parallel_threads());
    if (few_columns(g, threads, scratch)) return;
    Blocks blocks = {.g = g, .left = scratch};
    blocks.right = (float *)scratch + left_floats(g->m, g->k);
    const size_t items = blocks_cut(&blocks, threads);
    const size_t row_panels = (size_t)divide_up(g->m, TILE_ROWS);
    for (int k = 0; k < g->k; k += STRIP) {
        const int depth = at_most(STRIP, g->k - k);
        LeftPacking packing = {.g = g, .packed = scratch, .k = k, .depth = depth};
        parallel_for_within(threads, row_panels, 8, pack_left_panels, &packing);
        blocks.k = k;
        blocks.depth = depth;
        parallel_for_within(threads, items, 1, blocks_multiply, &blocks);
    }
}
