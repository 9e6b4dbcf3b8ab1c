/* What the two orders of a product over panels share: packing A, panels of B, and one row of tiles. */
#ifndef CONVOSCOPE_KERNELS_PANEL_PARTS_H
#define CONVOSCOPE_KERNELS_PANEL_PARTS_H

#include "kernels/panel_gemm.h"
#include "kernels/tile.h"

enum {
    PANEL_FLOATS = TILE_DEPTH * TILE_COLUMNS + 2 * VF_LANES, /* and a vector's room behind it */
    ITEMS_PER_THREAD = 3, /* threads get several pieces, to end together */
};

/* Whether rows of A lie along k. */
static inline bool left_is_plain(const PanelLeft *a)
{
    return a->count[0] == 1 && a->count[1] == 1 && a->step[0] == 1;
}

/* TILE_ROWS rows of A from `row` on, of k the part [k, k + depth), to [depth][TILE_ROWS]. */
void left_pack(const PanelGemm *g, int row, int k, int depth, float *to);

/* A panel of B and where its columns go. */
typedef struct Panel {
    float *packed;  /* where it may be packed */
    const float *b; /* where tiles read it: packed, or B itself */
    ptrdiff_t b_row;
    int column;                  /* the first */
    int vectors, columns, width; /* no vectors: its columns are too few for one */
    bool side_by_side;
    int together; /* panels, this one first, that a row of tiles may take in one call */
    ptrdiff_t offset[PANEL_MAX_WIDTH];
} Panel;

/* The panel that begins at column j, of those before `end`. Columns that would leave most of a vector idle are one of
 * their own. */
void panel_make(const PanelGemm *g, int j, int end, Panel *panel);

/* Finds out which of these, made one after another, may be taken together. */
void panels_join(Panel *panels, int count);

/* One row of tiles, of one panel or of several that may be taken together, of k the part [k, k + depth). */
void panel_multiply(const PanelGemm *g, const Panel *panel, const TileSides *sides, int row, int k,
                    int depth);

/* The order for few columns: does the product if they are few and fit `room` floats of scratch, behind which each
 * thread has PANEL_FLOATS. */
bool panel_few_columns(const PanelGemm *g, int threads, float *scratch, uint64_t room);

#endif
