/*
 * The three transforms of Winograd's F(4 x 4, 3 x 3).
 *
 * A tile is 4 x 4 pixels of the output and the 6 x 6 of the input that it is made from; a transformed one has
 * 36 elements. Tiles lie side by side in vectors: a transform works on VF_LANES neighbouring tiles at a time.
 * winograd_points.h has one dimension of them.
 */
#ifndef CONVOSCOPE_KERNELS_WINOGRAD_TRANSFORM_H
#define CONVOSCOPE_KERNELS_WINOGRAD_TRANSFORM_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/clamp.h"
#include "simd.h"

enum { WINOGRAD_POINTS = 36, WINOGRAD_OUT = 4, WINOGRAD_IN = 6 };

/* A rectangle of tiles, numbered in reading order. */
typedef struct TileBlock {
    int row, column; /* of its first tile, in tiles */
    int rows, columns;
} TileBlock;

/* A plane of pixels of which tile (0, 0) begins at (top, left), which may lie outside: there it is zero. */
typedef struct TilePlane {
    int height, width;
    int top, left;
} TilePlane;

/* Tiles of a block, filled up to whole vectors. */
static inline int block_tiles(const TileBlock *b)
{
    return (b->rows * b->columns + VF_LANES - 1) / VF_LANES * VF_LANES;
}

/* Floats of scratch for one block, of input and of output. */
size_t winograd_input_floats(int rows, int columns);
size_t winograd_output_floats(int rows, int columns);

/* Where the vectors of a block's tiles go: vector v to to[v / panel_vectors * panel_step + lane(v)], where a
 * panel is `depth` rows of panel_vectors vectors (the last panel of what is left). */
typedef struct TilePanels {
    int panel_vectors, depth;
    size_t point_step; /* floats between two of the 36 elements */
} TilePanels;

/* Row `channel` of every panel, from that channel's plane of pixels. */
void winograd_input(const TilePlane *plane, const float *x, const TileBlock *block,
                    const TilePanels *panels, int channel, float *to, float *scratch);

/* Pixels of the block from its 36 elements at from[point * point_step + tile]. */
void winograd_output(const TilePlane *plane, float *y, const TileBlock *block, const float *from,
                     size_t point_step, float bias, bool accumulate, const Clamp *clamp,
                     float *scratch);

/* Filters (row, k), 9 floats at w + row * row_step + k * k_step, to
 * to[point * point_step + k * tile_rows + row]; rows from `rows` to tile_rows are zero. Writes up to a vector
 * behind the last k. turned: each filter is read from its end. */
void winograd_filters(const float *w, size_t row_step, size_t k_step, bool turned, int rows,
                      int tile_rows, int depth, float *to, size_t point_step);

#endif
