/* Animated GIFs. */
#ifndef CONVOSCOPE_CLI_GIF_H
#define CONVOSCOPE_CLI_GIF_H

#include <stdint.h>

#include "base/status.h"

/* Pictures of one size that follow each other; plane c of frame i begins at plane[c] + i * height * width. */
typedef struct Frames {
    int count, height, width;
    uint8_t *plane
        [3]; /* red, green, blue, each [count,height,width]; plane[0] is from malloc and holds all */
} Frames;

/* Black frames; release with frames_release. */
Status frames_create(Frames *frames, int count, int height, int width);
void frames_release(Frames *frames);

/* Sets frame `index` from RGB [3,height,width] in 0..1; values outside are clipped. */
void frames_set(Frames *frames, int index, const float *rgb);

/* Writes a GIF that goes round for ever, whole or not at all. One palette serves all frames, so that nothing
 * flickers: the very colours where they are 256 at the most, else a median cut improved by two rounds of
 * k-means and drawn with an ordered dither. */
Status gif_write(const char *path, const Frames *frames, double frames_per_second);

#endif
