/*
 * Scatter: a convolution that has few channels to write to, as one product per strip of the source and a
 * sum of its shifted rows.
 *
 * Gathering would fill a register tile with three rows of a colour picture and pack every pixel once per
 * tap for them. Here the rows of the product are (channel, ty, tx), and the value at source pixel (t, u) is
 * added at
 *     y = t * stride_y + y_first + ty * y_step,   x = u * stride_x + x_first + tx * x_step
 * if that lies within the plane.
 */
#ifndef CONVOSCOPE_KERNELS_SCATTER_H
#define CONVOSCOPE_KERNELS_SCATTER_H

#include <stddef.h>

#include "kernels/panel_gemm.h"

typedef struct Scatter {
    const float *source; /* [images][..][depth][rows][columns] */
    size_t source_image_step;
    int images, depth, rows, columns;
    PanelLeft left; /* [channels * taps_y * taps_x, depth] */
    int channels, taps_y, taps_x;
    int stride_y, stride_x;
    int y_first, y_step, x_first, x_step;
    float *to; /* [images][..][channels][height][width], added to */
    size_t to_image_step;
    int height, width;
    int threads;
} Scatter;

/* Bytes of scratch for products of so many rows, from a source of that depth and width. */
size_t scatter_scratch_bytes(int product_rows, int depth, int source_rows, int source_columns,
                             int threads);

/* scratch is aligned to 64. The same bits for every number of threads. */
void scatter_add(const Scatter *s, void *scratch);

#endif
