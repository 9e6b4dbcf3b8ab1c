/*
 * Rows of pixels taken apart into phases: position i goes to element i / stride of phase i % stride, so that
 * pixels which a stride keeps apart become neighbours, and vectors. Whole padded rows, so that no loop that
 * reads them has an edge.
 */
#ifndef CONVOSCOPE_KERNELS_PHASES_H
#define CONVOSCOPE_KERNELS_PHASES_H

#include <stddef.h>

/* count pixels of a row of that width, from x on, which may lie outside: there they are zero. */
void phases_copy_padded(const float *row, int width, int x, int count, float *to);

/* to[i % stride * phase_step + i / stride] = line[i] for i < count. */
void phases_split(const float *line, int count, int stride, float *to, size_t phase_step);

/* line[i] = from[i % 4 * phase_step + i / 4] for i < 4 * count; reads and writes up to 3 elements more of each
 * phase. */
void phases_join_4(const float *from, size_t phase_step, int count, float *line);

/* The residue of one dimension in the gradient of a strided convolution's input: input positions residue,
 * residue + stride, ... The taps p that reach them satisfy p * dilation = residue + pad (mod stride):
 * first_tap, first_tap + tap_step, ... Tap number i of position number t looks at output
 * t + first + i * step. */
typedef struct Phase {
    int count; /* positions */
    int first_tap, tap_step, taps;
    int first, step;
} Phase;

Phase phase_make(int residue, int in, int stride, int pad, int dilation, int kernel);

#endif
