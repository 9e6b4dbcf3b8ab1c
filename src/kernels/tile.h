/*
 * The register tile: the one inner loop of every matrix product.
 *
 * out[i][j] of TILE_ROWS rows by up to TILE_VECTORS vectors, from a packed panel of A, [depth][TILE_ROWS], and
 * one of B, [depth][vectors * VF_LANES].
 */
#ifndef CONVOSCOPE_KERNELS_TILE_H
#define CONVOSCOPE_KERNELS_TILE_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/clamp.h"
#include "simd.h"

/*
 * Block sizes by instruction set. The tile has as many sums as the registers hold beside one row of B and one
 * element of A. A panel of B, TILE_DEPTH x TILE_VECTORS vectors, stays in the first-level cache while all
 * rows of A pass; TILE_DEPTH columns of A stay in the second while TILE_BLOCK_PANELS panels of B pass.
 */
#if defined(__AVX512F__)
enum { TILE_ROWS = 8, TILE_VECTORS = 3, TILE_DEPTH = 192, TILE_BLOCK_PANELS = 8 };
#elif defined(__AVX__)
enum { TILE_ROWS = 4, TILE_VECTORS = 3, TILE_DEPTH = 256, TILE_BLOCK_PANELS = 12 };
#elif defined(__aarch64__)
enum { TILE_ROWS = 8, TILE_VECTORS = 3, TILE_DEPTH = 256, TILE_BLOCK_PANELS = 16 };
#else
enum { TILE_ROWS = 4, TILE_VECTORS = 2, TILE_DEPTH = 256, TILE_BLOCK_PANELS = 24 };
#endif

enum { TILE_COLUMNS = TILE_VECTORS * VF_LANES };

/* At most so many columns are faster with rows side by side in a vector than with columns. */
enum { TILE_NARROW = VF_LANES / 4 };

/* Whether tiles read matrices as they lie, too. Where vectors are short, as in WebAssembly, steps stay constants. */
enum { TILE_LOOSE = VF_LANES > 4 };

/* Where a row of tiles reads: element (i, k) of A at a[i * a_row + k * a_step], row k of panel n of B from
 * b[n * b_panel + k * b_row] on. Packed, as above, they are 1, TILE_ROWS and the tile's width, whatever the fields say
 * where tiles are not loose. */
typedef struct TileSides {
    const float *a, *b;
    ptrdiff_t a_row, a_step, b_row, b_panel;
    int panels; /* tiles of this row, side by side */
} TileSides;

static inline TileSides tile_packed(const float *a, const float *b, int vectors)
{
    return (TileSides){a, b, 1, TILE_ROWS, (ptrdiff_t)vectors * VF_LANES, 0, 1};
}

/* bias [TILE_ROWS] or NULL: what the sums begin with. accumulate: out += instead of out =. clamp: of what out then is,
 * or NULL. */
typedef void TileFunction(int depth, const TileSides *sides, float *out, ptrdiff_t out_row,
                          const float *bias, bool accumulate, const Clamp *clamp);

/* For 1 to TILE_VECTORS vectors: tile_functions[vectors - 1]. */
extern TileFunction *const tile_functions[TILE_VECTORS];

/* The same of `panels` tiles side by side, never added to what out is, and of rows of B that lie anywhere: row k from
 * b + offset[k] on. a packed. */
typedef void TileOffsetFunction(int depth, int panels, const float *a, const float *b,
                                const int *offset, float *out, ptrdiff_t out_row, const float *bias,
                                const Clamp *clamp);

extern TileOffsetFunction *const tile_offset_functions[TILE_VECTORS];

/* out[j][i] for TILE_ROWS rows i and `columns` columns j, 1 or TILE_NARROW: a as above, b [depth][columns]. */
void tile_narrow(int columns, int depth, const float *a, const float *b, float *out);

/* The same of a matrix A as it lies, rows a_row apart and k side by side: b [columns][depth]. Where tiles are loose. */
void tile_narrow_loose(int columns, int depth, const float *a, ptrdiff_t a_row, const float *b,
                       float *out);

#endif
