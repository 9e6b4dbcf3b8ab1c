/*
 * Canvas: a picture as an optimiser moves it. Pixel levels are clip(start + S z): z has the picture's size, and
 * S adds to each value its blurred surroundings at two scales, so that a step changes colours of areas more
 * readily than single pixels. Pixels alone give noise (Olah et al. 2017, Feature Visualization, section
 * "Preconditioning and parameterization").
 *
 *     TRY(canvas_create(run, graph_input(graph, 0), &canvas));   // start is what the input holds
 *     canvas_paint(canvas, z, input->data);
 *     ... forward, backward ...
 *     canvas_gradient(canvas, input->grad, dz);
 */
#ifndef CONVOSCOPE_TECHNIQUES_CANVAS_H
#define CONVOSCOPE_TECHNIQUES_CANVAS_H

#include "techniques/technique.h"

typedef struct Canvas {
    int channels, height, width;
    size_t plane, count;  /* values of a channel, of all */
    float *start;         /* [C,H,W] in levels, 0 to 255; may be changed before the first paint */
    float *levels;        /* [C,H,W] as painted last */
    float *blurred, *row; /* [H,W] scratch */
    float black[4], level[4];
} Canvas;

/* For a value [1,C,H,W] that holds a preprocessed picture; memory from the run's arena. */
Status canvas_create(Run *run, const Value *input, Canvas **canvas);

/* Writes clip(start + S z), 0 to 255, to levels [C,H,W]. */
void canvas_levels(Canvas *canvas, const float *z, float *levels);

/* The same in the network's units, to input [C,H,W]. */
void canvas_paint(Canvas *canvas, const float *z, float *input);

/* From the gradient with respect to the input as it was painted last to dz, that of z. */
void canvas_gradient(Canvas *canvas, const float *gradient, float *dz);

#endif
