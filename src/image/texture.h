/*
 * A texture grown pixel by pixel from a sample (Efros & Leung 1999, Texture Synthesis by Non-parametric Sampling).
 *
 *     Texture *texture;
 *     TRY(texture_create(&texture, &options));
 *     while (!texture_grow(texture)) ...;      // one pixel a call
 *     texture_rgb(texture, rgb);
 *     texture_destroy(texture);
 */
#ifndef CONVOSCOPE_IMAGE_TEXTURE_H
#define CONVOSCOPE_IMAGE_TEXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { TEXTURE_MAX_WINDOW = 63 };

typedef struct Texture Texture;

typedef struct TextureOptions {
    const float *sample; /* RGB [3,sample_height,sample_width] in 0..1; copied */
    int sample_height, sample_width;
    int height, width; /* of the texture; at least 3 each */
    int window;        /* odd, and no larger than the sample */
    float tolerance;   /* candidates are within 1 + tolerance of the best, 0.1 */
    float
        threshold; /* what a pixel's error may be at first, 0.3; raised by 1.1 when nothing fits */
    uint64_t seed;
} TextureOptions;

Status texture_create(Texture **texture, const TextureOptions *options);
void texture_destroy(Texture *texture); /* NULL is fine */

/* Looks at one unfilled pixel at the edge, those with the most known neighbours first, and gives it a value when
 * one fits. True when every pixel has one. */
bool texture_grow(Texture *texture);

int texture_filled(const Texture *texture);
float texture_threshold(const Texture *texture);

/* Mean over the filled pixels of the error they were accepted with. */
double texture_error(const Texture *texture);

/* Place in the sample, y sample_width + x, that each pixel [height,width] was taken from; -1: none yet. */
const int *texture_sources(const Texture *texture);

/* [3,height,width] in 0..1; black where there is nothing yet. */
void texture_rgb(const Texture *texture, float *rgb);

#endif
