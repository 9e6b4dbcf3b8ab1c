/* Mixtures of Gaussians over colours: how likely a colour is among those of a region. */
#ifndef CONVOSCOPE_IMAGE_MIXTURE_H
#define CONVOSCOPE_IMAGE_MIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { MIXTURE_PARTS = 5 };

typedef struct Gaussian {
    double weight; /* 0: not there */
    double mean[3];
    double inverse[6]; /* of the covariance: 00 01 02 11 12 22 */
    double log_norm;   /* of weight / sqrt((2 pi)^3 determinant) */
} Gaussian;

typedef struct Mixture {
    Gaussian part[MIXTURE_PARTS];
} Mixture;

/* Parts a region's colours by k-means (Lloyd 1982, centres drawn as by Arthur & Vassilvitskii 2007): of the count
 * pixels of rgb [count,3] those whose side is `side`; their part goes to parts [count]. */
void mixture_cluster(const float *rgb, const uint8_t *sides, uint8_t side, size_t count,
                     uint8_t *parts);

/* The Gaussians of the pixels of that side by their parts: mean, covariance and share. */
void mixture_fit(Mixture *mixture, const float *rgb, const uint8_t *sides, uint8_t side,
                 size_t count, const uint8_t *parts);

/* -log of the mixture's density at a colour. */
double mixture_cost(const Mixture *mixture, const float colour[3]);

/* The part to which a colour most likely belongs. */
uint8_t mixture_part(const Mixture *mixture, const float colour[3]);

#endif
