/*
 * Gather: the columns that a convolution multiplies by, seen as a matrix that is never stored.
 *
 * Row (c, ty, tx), column (image, t, u): the value of channel c at
 *     y = t * stride_y + y_first + ty * y_step,   x = u * stride_x + x_first + tx * x_step,
 * and zero outside the plane. A forward convolution steps taps by the dilation; the gradient of its input
 * gathers from the output's gradient, one phase of the stride at a time, so that no zeros are multiplied.
 */
#ifndef CONVOSCOPE_KERNELS_GATHER_H
#define CONVOSCOPE_KERNELS_GATHER_H

#include <stddef.h>

#include "kernels/panel_gemm.h"

typedef struct Gather {
    const float *source; /* [images][..][channels][height][width] */
    size_t image_step;
    int images, channels, height, width;
    int rows, columns; /* the grid of t and u */
    int stride_y, stride_x;
    int taps_y, taps_x;
    int y_first, y_step, x_first, x_step;
    /* Where the products of column (image, t, u) go, from the start of a channel of the first image. */
    size_t to_image_step;
    int to_first, to_row_step, to_column_step;
} Gather;

/* Columns of B are (image, t, u), rows are (c, ty, tx): a PanelPack. */
void gather_pack(const void *gather, int k, int depth, int j, int columns, int width, float *panel);

/* The same matrix transposed, for the gradient of weights: a PanelPack. */
void gather_pack_transposed(const void *gather, int k, int depth, int j, int columns, int width,
                            float *panel);

/* A matrix as it lies: rows row_step floats apart. */
typedef struct GatherPlain {
    const float *source;
    size_t row_step;
} GatherPlain;

void gather_pack_plain(const void *plain, int k, int depth, int j, int columns, int width,
                       float *panel);

/* A PanelColumns, by to_*. */
void gather_columns(const void *gather, int j, int columns, ptrdiff_t *offset);

#endif
