/*
 * Brush strokes as text, as a page or a person writes them:
 *
 *     +12:500,400 510,420;-20:10,10 90,10
 *
 * is a stroke of the object (+) with radius 12 from (500,400) to (510,420), and one of the background (-) with
 * radius 20. x,y and radius are in thousandths of the picture's width, y of its height; a stroke of one point
 * is a dot.
 */
#ifndef CONVOSCOPE_TECHNIQUES_STROKES_H
#define CONVOSCOPE_TECHNIQUES_STROKES_H

#include <stdint.h>

#include "base/status.h"

/* Draws the strokes into hints [height,width]: `object` or `background`, later ones over earlier ones. An empty
 * text has none. Fails with the stroke that is not understood. */
Status strokes_draw(const char *text, uint8_t object, uint8_t background, uint8_t *hints,
                    int height, int width);

#endif
