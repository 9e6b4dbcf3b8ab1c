/*
 * The transforms of Winograd's F(4 x 4, 3 x 3) and their adjoints, of one tile in a vector of channels.
 *
 * Pixel (i, j) lies at pixels[i * row + j * VF_LANES], tap q at taps[q * VF_LANES], and each of the 36 points at
 * [point * step].
 */
#ifndef CONVOSCOPE_KERNELS_WINOGRAD_TILE_H
#define CONVOSCOPE_KERNELS_WINOGRAD_TILE_H

#include <stddef.h>

#include "simd.h"

/* 6 x 6 pixels of the input to points, and points to the pixels' gradients: those are added to. */
void tile_from_input(const float *pixels, size_t row, float *to, size_t step);
void tile_to_input(const float *from, size_t step, float *pixels, size_t row);

/* Points to 4 x 4 pixels of the output, and the pixels' gradients to points. */
void tile_to_output(const float *from, size_t step, float *pixels, size_t row);
void tile_from_output(const float *pixels, size_t row, float *to, size_t step);

/* 9 weights to points, and points to the weights' gradients. */
void filter_transform(const float *taps, float *to, size_t step);
void filter_adjoint(const float *from, size_t step, float *taps);

#endif
