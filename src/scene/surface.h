/* Surfaces: two colours and a pattern in space, so that a pattern can cover any form without a map. */
#ifndef CONVOSCOPE_SCENE_SURFACE_H
#define CONVOSCOPE_SCENE_SURFACE_H

#include "base/random.h"
#include "scene/vector.h"

typedef enum Pattern {
    PATTERN_PLAIN,
    PATTERN_STRIPES,
    PATTERN_CHECKS,
    PATTERN_DOTS,
    PATTERN_BRICKS,
    PATTERN_WAVES,
    PATTERN_MARBLE,
    PATTERN_WOOD,
    PATTERN_COUNT,
} Pattern;

const char *pattern_name(Pattern pattern);

typedef struct Surface {
    Pattern pattern;
    Vec colour[2]; /* linear light, 0 to 1 */
    float scale;   /* repetitions per unit of length */
    Vec axis[3];   /* the pattern's own directions */
    Vec origin;
    float gloss; /* 0 to 1 */
} Surface;

/* A surface of that pattern, the rest drawn at random; its axes are turned at random when `turned`. */
Surface surface_random(Random *random, Pattern pattern, int turned);

/* Linear light reflected at a point; `footprint`: the width of a pixel there, which blurs the edges. */
Vec surface_colour(const Surface *surface, Vec point, float footprint);

/* Hue 0 to 1, saturation, value; as linear light. */
Vec colour_hsv(float hue, float saturation, float value);

/* Smooth noise of period 1, -1 to 1 (Perlin 2002), and the sum of `octaves` of it. */
float noise(Vec p);
float noise_octaves(Vec p, int octaves);

#endif
