/*
 * The colours of one picture given to another: mean and covariance are made equal by the linear map that moves
 * colours the least (Monge and Kantorovich; Pitie & Kokaram 2007, The Linear Monge-Kantorovitch Linear Colour
 * Mapping). Grey pictures make grey ones.
 */
#ifndef CONVOSCOPE_IMAGE_COLOURS_H
#define CONVOSCOPE_IMAGE_COLOURS_H

#include "image/picture.h"

typedef struct Colours {
    double mean[3], covariance[9]; /* of RGB in 0..1 */
} Colours;

/* Colour becomes mean + matrix (colour - from). */
typedef struct ColourMap {
    double from[3], matrix[9], mean[3];
} ColourMap;

/* Of planes [3,pixels]. */
Colours colours_of(const float *rgb, size_t pixels);

/* Of a picture on white, looked at in a small size. */
Status colours_of_picture(const Picture *picture, Colours *colours);

ColourMap colours_map(const Colours *from, const Colours *to);

/* In place; values may leave 0..1. */
void colours_apply(const ColourMap *map, float *rgb, size_t pixels);

/* The same for a picture, in whole levels from 0 to 255. */
void colours_apply_to_picture(const ColourMap *map, Picture *picture);

#endif
