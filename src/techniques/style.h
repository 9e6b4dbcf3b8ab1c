/* Inside of style transfer: style.c (parameters, references, result) and style_paint.c (loss, painting). */
#ifndef CONVOSCOPE_TECHNIQUES_STYLE_H
#define CONVOSCOPE_TECHNIQUES_STYLE_H

#include "optim.h"
#include "techniques/canvas.h"
#include "techniques/style_layers.h"

typedef enum Stage { STAGE_STYLE, STAGE_GRAMS, STAGE_CONTENT, STAGE_PAINT } Stage;

typedef struct Style {
    Stage stage;
    Graph *style_graph, *graph;
    LayerList style_list, list; /* the style layers in either graph */
    Value *content;
    Value *input;
    int height, width;
    size_t count; /* of pixel values, 3 H W */
    Canvas *canvas;
    float *z;           /* [C,H,W], what the optimiser moves; see canvas.h */
    float *gradient;    /* [C,H,W], of z */
    float *original;    /* [3,H,W] RGB of the content picture */
    float *shown, *rgb; /* result: levels [C,H,W], and RGB [3,H,W] */
    float *features;    /* content reference */
    float *gram[STYLE_MAX_LAYERS];
    int grams_done;
    Objective terms[RUN_MAX_TERMS]; /* content, styles, total variation */
    int term_count;
    Optim *optim;
    float *losses; /* [steps] */
    int steps, steps_done, evaluations;
    double content_loss, style_loss, tv_loss, started, seconds;
} Style;

/* After the references are there: makes the terms of the loss, starts from content or noise, asks for the first
 * evaluation. */
Status style_start(Run *run);

/* An evaluation is done: takes a step, asks for the next one or finishes. */
Status style_paint(Run *run);

#endif
