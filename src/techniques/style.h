/* Inside of style transfer: style.c (parameters, order of work, result) and style_loss.c (what is minimised). */
#ifndef CONVOSCOPE_TECHNIQUES_STYLE_H
#define CONVOSCOPE_TECHNIQUES_STYLE_H

#include "techniques/matcher.h"
#include "techniques/style_reference.h"

enum { STYLE_MAX_STYLES = 4 };

typedef enum Stage { STAGE_STYLES, STAGE_ALLOCATE, STAGE_CONTENT, STAGE_START, STAGE_PAINT } Stage;

typedef struct Style {
    Stage stage;
    int style_count, style;         /* style: whose Gram matrices are being made */
    double share[STYLE_MAX_STYLES]; /* of the styles; they add up to 1 */
    Picture
        recoloured[STYLE_MAX_STYLES]; /* the styles in the content's colours; owned, may be empty */
    StyleReference reference;
    /* [C,C]; without regions there is one row, the mixture of all styles. */
    float *gram[STYLE_MAX_STYLES][STYLE_MAX_LAYERS];
    float *region[STYLE_MAX_STYLES]; /* [H,W] in 0..1: where the style goes; NULL: everywhere */
    Graph *graph;
    LayerList list;
    Value *content;
    int height, width;
    Matcher matcher;
    float *original;    /* [3,H,W] RGB of the content picture */
    float *shown, *rgb; /* result: levels [C,H,W], and RGB [3,H,W] */
    float *features;    /* content reference */
    double content_loss, style_loss, tv_loss;
} Style;

/* Takes over the Gram matrices of the style at work. */
Status style_take_grams(Run *run);

/* Reads the mask, the last picture, as regions [H,W] of the content. */
Status style_regions(Run *run);

/* After the references are there: makes the terms of the loss, starts from content or noise, asks for the first
 * evaluation. */
Status style_start(Run *run);

#endif
