/*
 * A network as a few lines of text, from the picture to the last feature maps; global average and classes
 * always follow. Every convolution has batch normalisation and a rectifier.
 *
 *     # a comment
 *     input 64 RGB               side of the training pictures; RGB or GRAY
 *     conv 32 5 2                filters, kernel, stride (1)
 *     max 3 2                    window, stride; also `average 2 2`
 *     residual 64 2              two 3x3 convolutions beside a shortcut (He et al. 2016); filters, stride (1)
 *     inception 32 24 48 8 16 16 1x1; 3x3 after 1x1; two 3x3 after 1x1; 1x1 after 3x3 maximum: filters of
 *                                each (Szegedy et al. 2016, figure 5)
 *     dropout 0.2                of the averaged features
 */
#ifndef CONVOSCOPE_TRAIN_ARCHITECTURE_H
#define CONVOSCOPE_TRAIN_ARCHITECTURE_H

#include "base/status.h"

typedef enum LayerKind {
    LAYER_CONV,
    LAYER_MAX,
    LAYER_AVERAGE,
    LAYER_RESIDUAL,
    LAYER_INCEPTION,
} LayerKind;

enum { ARCHITECTURE_MAX_LAYERS = 64, LAYER_NUMBERS = 6, ARCHITECTURE_TEXT_BYTES = 4096 };

typedef struct Layer {
    LayerKind kind;
    int number[LAYER_NUMBERS]; /* as in the text, with what was left out filled in */
} Layer;

typedef struct Architecture {
    int size, channels; /* 3 or 1 */
    Layer layer[ARCHITECTURE_MAX_LAYERS];
    int count;
    float dropout;
    char text[ARCHITECTURE_TEXT_BYTES]; /* what it was read from */
} Architecture;

/* Reads the text; name stands in the messages, which give the line. */
Status architecture_parse(Architecture *architecture, const char *name, const char *text);

/* The text of a built-in network; NULL when there is no such name. */
const char *architecture_builtin(const char *name);

/* Name and purpose of built-in network number `index`; NULL past the last. */
const char *architecture_name(int index, const char **purpose);

#endif
