/*
 * Convolution of 3 x 3, stride 1, by Winograd's F(4 x 4, 3 x 3): 36 products of matrices in place of one,
 * with a quarter of the multiplications. (Lavin & Gray 2016, Fast Algorithms for Convolutional Neural Networks.)
 *
 * The gradient of the input is the same with the filters turned around and their two channels exchanged.
 */
#ifndef CONVOSCOPE_KERNELS_WINOGRAD_H
#define CONVOSCOPE_KERNELS_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/clamp.h"

typedef struct Winograd {
    int images;
    int in_channels, in_height, in_width;
    int out_channels, out_height, out_width;
    int pad_top, pad_left; /* may be negative: then the first pixels are left out */
    int threads;           /* at most; scratch was sized for them */

    const float *x; /* [images][..][in_channels][in_height][in_width] */
    size_t x_image_step;
    const float *w; /* filter (out, in) lies at w + out * w_out_step + in * w_in_step, 9 floats */
    size_t w_out_step, w_in_step;
    bool turned;       /* read each filter from its end: by 180 degrees */
    const float *bias; /* [out_channels] or NULL */
    float *y;          /* [images][..][out_channels][out_height][out_width] */
    size_t y_image_step;
    bool accumulate;    /* y += instead of y = */
    const Clamp *clamp; /* of what y then is; or NULL */
} Winograd;

/* Bytes of scratch; depends on sizes and threads only. SIZE_MAX / 2 where they are more than that. */
size_t winograd_scratch_bytes(const Winograd *w);

/* scratch is aligned to 64. The same bits for every number of threads. */
void winograd(const Winograd *w, void *scratch);

#endif
