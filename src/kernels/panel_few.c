/*
 * The order for few columns. What A is packed for passes by soon, and A is read once: packing it as a whole would send
 * it through memory twice more. So B is packed as a whole, and rows of A are read where they lie or packed just before
 * they are multiplied, while the next are on their way.
 */
#include <string.h>

#include "kernels/panel_parts.h"
#include "kernels/sizes.h"
#include "parallel.h"

/* Panels of rows that pass before the next part of k does: so that their part of C stays in the cache. */
enum { FEW_ROW_PANELS = 16 };

typedef struct Few {
    const PanelGemm *g;
    float *left; /* a panel of packed A for each thread, PANEL_FLOATS apart */
    bool loose;  /* A is read where it lies, and is not packed */
    int panels, parts, rows;
    Panel panel[TILE_BLOCK_PANELS + 1];
} Few;

/* Floats of a part of k of a packed panel. */
static size_t part_floats(const Panel *panel)
{
    return (size_t)TILE_DEPTH * (size_t)panel->width + 2 * VF_LANES;
}

/* Rows become columns, in place: what tile_narrow_loose wants. */
static void turn(int columns, int depth, float *panel)
{
    float copy[TILE_DEPTH * TILE_NARROW];
    memcpy(copy, panel, (size_t)columns * (size_t)depth * sizeof *copy);
    for (int k = 0; k < depth; k++) {
        for (int j = 0; j < columns; j++) panel[j * depth + k] = copy[k * columns + j];
    }
}

static void few_pack(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Few *f = context;
    const PanelGemm *g = f->g;
    for (size_t item = begin; item < end; item++) {
        const int number = (int)item / f->parts, part = (int)item % f->parts;
        const int k = part * TILE_DEPTH, depth = at_most(TILE_DEPTH, g->k - k);
        const Panel *panel = &f->panel[number];
        float *packed = panel->packed + (size_t)part * part_floats(panel);
        g->pack(g->right, k, depth, panel->column, panel->columns, panel->width, packed);
        if (panel->vectors == 0 && f->loose) turn(panel->width, depth, packed);
    }
}

/* Asks for rows of A that lie along k. */
static void few_fetch(const PanelGemm *g, int row, int row_end, int k, int depth)
{
    const PanelLeft *a = &g->left;
    if (!left_is_plain(a)) return;
    for (int i = row; i < at_most(row + TILE_ROWS, row_end); i++) {
        const float *from = a->data + i * a->row + k;
        for (int d = 0; d < depth; d += 16) __builtin_prefetch(from + d);
    }
}

/* One row of tiles of all panels, of one part of k; a has room for packed rows of A. */
static void few_row(const Few *f, int row, int row_end, int part, float *a)
{
    const PanelGemm *g = f->g;
    const int k = part * TILE_DEPTH, depth = at_most(TILE_DEPTH, g->k - k);
    TileSides sides = {.a = a, .a_row = 1, .a_step = TILE_ROWS};
    if (f->loose) {
        sides.a = g->left.data + row * g->left.row + k;
        sides.a_row = g->left.row;
        sides.a_step = 1;
    } else {
        left_pack(g, row, k, depth, a);
    }
    few_fetch(g, row + TILE_ROWS, row_end, k, depth);
    const bool whole = g->m - row >= TILE_ROWS;
    for (int n = 0; n < f->panels; n += sides.panels) {
        const Panel *panel = &f->panel[n];
        sides.b = panel->packed + (size_t)part * part_floats(panel);
        sides.b_row = panel->width;
        sides.panels = whole ? panel->together : 1;
        if (sides.panels > 1) sides.b_panel = panel[1].packed - panel[0].packed;
        panel_multiply(g, panel, &sides, row, k, depth);
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
            for (int row = first; row < row_end; row += TILE_ROWS)
                few_row(f, row, row_end, part, a);
        }
    }
}

bool panel_few_columns(const PanelGemm *g, int threads, float *scratch, uint64_t room)
{
    Few f = {.g = g, .parts = divide_up(g->k, TILE_DEPTH)};
    f.loose = TILE_LOOSE && left_is_plain(&g->left) && g->m % TILE_ROWS == 0;
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
    panels_join(f.panel, f.panels);
    f.left = scratch + room;
    const int row_panels = divide_up(g->m, TILE_ROWS);
    const int wanted = threads > 1 ? threads * ITEMS_PER_THREAD : 1;
    f.rows = at_most(FEW_ROW_PANELS, divide_up(row_panels, wanted)) * TILE_ROWS;
    parallel_for_within(threads, (size_t)f.panels * (size_t)f.parts, 1, few_pack, &f);
    parallel_for_within(threads, (size_t)divide_up(g->m, f.rows), 1, few_multiply, &f);
    return true;
}
