/* Colour maps, 256 entries each, for the command line and, handed over, for the page. */
#ifndef CONVOSCOPE_IMAGE_COLORMAP_H
#define CONVOSCOPE_IMAGE_COLORMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int colormap_count(void);
const char *colormap_name(int index); /* "viridis", "inferno", "cividis", "rdbu", "grey" */
int colormap_find(const char *name);  /* -1: no such map */

/* Fills table with 256 RGB triples, interpolated between the map's anchors. */
void colormap_table(int index, uint8_t table[768]);

/* Colours count values, low to high, as RGB planes [3,count] in 0..1. */
void colormap_apply(int index, const float *values, size_t count, float low, float high,
                    float *rgb);

/* The colour of class number `index`, told apart well up to about a dozen: in 0..1, a whole level each, and as
 * "#rrggbb". */
void colormap_category_rgb(int index, float rgb[3]);
void colormap_category(int index, char colour[8]);

#endif
