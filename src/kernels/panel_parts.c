#include "kernels/panel_parts.h"

#include "base/apart.h"
#include "kernels/sizes.h"
#include "simd.h"

_Static_assert(TILE_ROWS % 4 == 0, "rows of A are packed by four");
_Static_assert((int)TILE_COLUMNS <= (int)PANEL_MAX_WIDTH, "a panel fits its declared width");

/* ---- packing A ---- */

/* Rows are runs of k: four rows and four of k at a time. */
static APART void left_pack_along(const float *from, ptrdiff_t row, int rows, int depth, float *to)
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
static APART void left_pack_across(const PanelLeft *a, const float *from, int k, int depth,
                                   int rows, float *to)
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

void left_pack(const PanelGemm *g, int row, int k, int depth, float *to)
{
    const PanelLeft *a = &g->left;
    const int rows = at_most(g->m - row, TILE_ROWS);
    const float *from = a->data + row * a->row;
    if (left_is_plain(a)) {
        left_pack_along(from + k, a->row, rows, depth, to);
    } else {
        left_pack_across(a, from, k, depth, rows, to);
    }
}

/* ---- panels ---- */

void panel_make(const PanelGemm *g, int j, int end, Panel *panel)
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

static bool follows(const Panel *panel, const Panel *next)
{
    return panel->columns == TILE_COLUMNS && next->columns == TILE_COLUMNS && panel->side_by_side &&
           next->side_by_side && next->offset[0] == panel->offset[0] + TILE_COLUMNS;
}

void panels_join(Panel *panels, int count)
{
    for (int n = count - 1; n >= 0; n--) {
        const bool more = n + 1 < count && follows(&panels[n], &panels[n + 1]);
        panels[n].together = more ? panels[n + 1].together + 1 : 1;
    }
}

static void panel_narrow(int columns, int depth, const TileSides *sides, float *out)
{
#if VF_LANES > 4
    if (sides->a_step == 1) {
        tile_narrow_loose(columns, depth, sides->a, sides->a_row, sides->b, out);
        return;
    }
#endif
    tile_narrow(columns, depth, sides->a, sides->b, out);
}

/* Through a small tile in memory, where rows, columns or both are fewer than the tile's or apart. */
static APART void tile_scattered(const PanelGemm *g, const Panel *panel, const TileSides *sides,
                                 int depth, int row, const float *bias, bool accumulate,
                                 const Clamp *clamp)
{
    float small[TILE_ROWS * TILE_COLUMNS], start[TILE_ROWS] = {0};
    const int rows = at_most(g->m - row, TILE_ROWS);
    for (int i = 0; bias && i < rows; i++) start[i] = bias[i];
    ptrdiff_t row_step = TILE_COLUMNS, column_step = 1;
    if (panel->vectors == 0) {
        panel_narrow(panel->width, depth, sides, small);
        row_step = 1, column_step = TILE_ROWS;
    } else {
        tile_functions[panel->vectors - 1](depth, sides, small, TILE_COLUMNS, NULL, false, NULL);
    }
    for (int i = 0; i < rows; i++) {
        float *c = g->c + (row + i) * g->c_row;
        for (int j = 0; j < panel->columns; j++) {
            float *to = c + panel->offset[j];
            *to = small[i * row_step + j * column_step] + start[i] + (accumulate ? *to : 0.0F);
            if (clamp) *to = clamp_one(*clamp, *to);
        }
    }
}

void panel_multiply(const PanelGemm *g, const Panel *panel, const TileSides *sides, int row, int k,
                    int depth)
{
    const bool accumulate = g->accumulate || k > 0;
    const float *bias = k == 0 && g->bias ? g->bias + row : NULL;
    const Clamp *clamp = k + depth == g->k ? g->clamp : NULL;
    const bool whole = g->m - row >= TILE_ROWS && panel->columns == panel->vectors * VF_LANES;
    if (whole && panel->side_by_side) {
        tile_functions[panel->vectors - 1](depth, sides, g->c + row * g->c_row + panel->offset[0],
                                           g->c_row, bias, accumulate, clamp);
    } else {
        tile_scattered(g, panel, sides, depth, row, bias, accumulate, clamp);
    }
}
