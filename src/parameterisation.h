/*
 * Parameterisations: what an optimiser moves, and the picture that it stands for.
 *
 *     Parameterisation *p;
 *     TRY(parameterisation_create(&p, arena, &(ParameterisationOptions){
 *         .kind = PARAMETERISATION_FOURIER, .range = RANGE_SIGMOID, .decay = 1,
 *         .count = 1, .channels = 3, .height = 227, .width = 227, .colours = colours_rgb}));
 *     parameterisation_noise(p, 0.01F, &random, z);
 *     parameterisation_paint(p, z, picture);                 // z -> [N,C,H,W], 0 black to 1 white
 *     ... gradient of what is minimised with respect to the picture ...
 *     parameterisation_gradient(p, gradient, dz);            // dz = (d picture / d z)' gradient
 *
 * picture = range(colours * B z): B is the identity, or the real Fourier basis (travelling waves) with each wave scaled by 1/f,
 * as in natural pictures, so that a step moves large shapes as readily as small ones. colours turns three
 * uncorrelated directions into the channels of a picture. (Olah, Mordvintsev & Schubert 2017, Feature
 * Visualization, section "Preconditioning and Parameterization".)
 */
#ifndef CONVOSCOPE_PARAMETERISATION_H
#define CONVOSCOPE_PARAMETERISATION_H

#include <stddef.h>

#include "base/arena.h"
#include "base/random.h"
#include "base/status.h"

typedef struct Parameterisation Parameterisation;

typedef enum ParameterisationKind {
    PARAMETERISATION_PIXEL,   /* z is [N,C,H,W], a value for each pixel */
    PARAMETERISATION_FOURIER, /* z is [N,C,H,W], a value for each wave; any height and width */
} ParameterisationKind;

typedef enum ValidRange {
    RANGE_SIGMOID, /* 1 / (1 + exp(-u)) */
    RANGE_CLIP,    /* 0.5 + u, cut to 0..1; at an end only what leads back moves it */
} ValidRange;

typedef struct ParameterisationOptions {
    ParameterisationKind kind;
    ValidRange range;
    float decay; /* Fourier: the power of 1/f; 1 as natural pictures have it, 0 for none */
    float
        longest; /* Fourier: waves longer than this share of the longer side move as far as it does; 1 sets no
                      such bound, less leaves no room for a cast of one colour over everything */
    int count, channels, height, width; /* channels: at most 4 */
    const float *
        colours; /* [C,C] row-major, copied; channel c is sum_k colours[c,k] u_k. NULL: each alone */
} ParameterisationOptions;

enum { PARAMETERISATION_MAX_CHANNELS = 4 };

/* [3,3] for red, green and blue: the square root of the covariance of the colours of 1,000 photographs, one of
 * each class of ImageNet, its longest column scaled to 1. Columns: brightness, red to blue, green to magenta. */
extern const float colours_rgb[9];

/* Memory is the arena's. */
Status parameterisation_create(Parameterisation **parameterisation, Arena *arena,
                               const ParameterisationOptions *options);

/* N*C*H*W: values of z and of the pictures. */
size_t parameterisation_size(const Parameterisation *p);

/* Normal noise of that deviation; 0.01 is nearly grey. */
void parameterisation_noise(const Parameterisation *p, float deviation, Random *random, float *z);

/* Writes the pictures [N,C,H,W] of z. z and pictures must not overlap. */
void parameterisation_paint(Parameterisation *p, const float *z, float *pictures);

/* From the gradient with respect to the pictures as they were painted last to dz, that of z. */
void parameterisation_gradient(Parameterisation *p, const float *gradient, float *dz);

/* The inverse of paint: z of given pictures. Sigmoids keep 1/512 away from black and white. */
void parameterisation_fit(Parameterisation *p, const float *pictures, float *z);

#endif
