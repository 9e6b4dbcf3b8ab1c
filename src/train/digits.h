/*
 * Digits drawn from fonts, no two alike: turned, slanted, stretched, bent, moved, in any two tones, with some
 * blur and noise. Class i is the digit i.
 *
 *     TRY(digits_draw(&data, "/usr/share/fonts", &(DigitsRequest){.size = 28, .count = 20000, .seed = 1}));
 */
#ifndef CONVOSCOPE_TRAIN_DIGITS_H
#define CONVOSCOPE_TRAIN_DIGITS_H

#include "train/dataset.h"

typedef struct DigitsRequest {
    int size;     /* side of the pictures */
    size_t count; /* in all; as many of each digit */
    int seed;
    bool held_out; /* from every fifth font, which the others are not drawn from */
} DigitsRequest;

/* Draws from all TrueType and OpenType fonts below the folder that have digits, sorted by path; a folder with
 * many fonts counts as much as one with few. */
Status digits_draw(Dataset *data, const char *folder, const DigitsRequest *request);

#endif
