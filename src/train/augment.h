/*
 * Pictures as the network sees them while it learns: cut, mirrored, coloured, covered; and mixed in pairs.
 * Every number is drawn from the generator that is given, so that the same seed gives the same batch.
 */
#ifndef CONVOSCOPE_TRAIN_AUGMENT_H
#define CONVOSCOPE_TRAIN_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "base/status.h"

enum { AUGMENT_MAX_CHANNELS = 3 };

typedef struct Augmentation {
    float crop; /* least share of the area that is kept; the cut-out is scaled up; 1: all of it */
    bool flip;  /* left and right, every other time */
    float
        colour; /* brightness, contrast and saturation, each by a factor of 1 - colour to 1 + colour */
    float
        cutout; /* side of a grey square, as a share of the picture's; 0: none (DeVries & Taylor 2017) */
} Augmentation;

/* (level / 255 - mean) / deviation, per channel. */
typedef struct Scaling {
    float mean[AUGMENT_MAX_CHANNELS], deviation[AUGMENT_MAX_CHANNELS];
} Scaling;

/* One picture of 8-bit planes [channels,from,from] to [channels,size,size]. augmentation NULL: as it is,
 * scaled to the size. random may be NULL then. */
Status augment(const Augmentation *augmentation, const Scaling *scaling, const uint8_t *pixels,
               int channels, int from, int size, Random *random, float *input);

/* How picture `i` of a batch is mixed with its partner: a share of everywhere (mixup, Zhang et al. 2018) or all
 * of a rectangle (CutMix, Yun et al. 2019). share is that of the picture itself. */
typedef struct Mix {
    float share;
    int top, left, bottom, right; /* the rectangle that the partner fills; empty: mixup */
} Mix;

typedef enum MixKind { MIX_NONE, MIX_UP, MIX_CUT } MixKind;

/* share from Beta(alpha, alpha). */
Mix mix_draw(MixKind kind, float alpha, int size, Random *random);

/* picture [channels,size,size] takes its part of `partner`. */
void mix_apply(const Mix *mix, int channels, int size, const float *partner, float *picture);

#endif
