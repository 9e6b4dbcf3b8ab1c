/*
 * Painter: the way from what an optimiser moves to what the network sees, and back: a parameterisation, the
 * transformations, the network's units, an optimiser. For techniques that paint pictures from nothing.
 *
 *     TRY(painter_create(run, graph, &options, &painter));
 *     painter_show(painter, true);                    // moved, turned and scaled at random
 *     run_ask_gradient(run, graph, &term, 1, rule);
 *     ... in step: painter_climb(painter, run_objective(run));
 */
#ifndef CONVOSCOPE_TECHNIQUES_PAINTER_H
#define CONVOSCOPE_TECHNIQUES_PAINTER_H

#include "optim.h"
#include "parameterisation.h"
#include "techniques/technique.h"
#include "transformation.h"

typedef struct PainterOptions {
    ParameterisationKind kind;
    ValidRange range;
    float falloff; /* Fourier: the power of 1/f */
    float noise;   /* deviation of z at the start */
    float step;    /* Adam's */
    float decay;   /* share of z that each step takes away: what is not asked for again fades */
    uint64_t seed; /* of noise and transformations */
    TransformationBorder border;
    const TransformationStep *steps; /* copied */
    int step_count;
} PainterOptions;

enum { PAINTER_MAX_STEPS = 8 };

typedef struct Painter {
    Graph *graph;
    const Value *input; /* [N,C,H,W] */
    PainterOptions options;
    Parameterisation *parameterisation;
    Optim *optim;
    int count, channels, height, width;
    size_t plane, item, size; /* values of a channel, of a picture, of all */
    float *z, *dz;
    float *pictures, *dpictures; /* [N,C,H,W], 0 black to 1 white, in the network's channel order */
    Transformation *moves;       /* [N] */
    TransformationStep steps[PAINTER_MAX_STEPS];
    float black[PREPROCESS_MAX_CHANNELS], range[PREPROCESS_MAX_CHANNELS];
    Random random;
} Painter;

/* The graph is the run's; its input is [N,C,H,W]. */
Status painter_create(Run *run, Graph *graph, const PainterOptions *options, Painter **painter);
void painter_destroy(Painter *painter); /* what is not the run's arena's; NULL is fine */

/* New noise at the start, `deviation` strong. */
void painter_begin_again(Painter *painter, float deviation);

/* Paints z and puts it, transformed or as it is, before the network. */
void painter_show(Painter *painter, bool transformed);

/* dz, the gradient of the negative of the objective, whose gradient the input has. */
void painter_gradient(Painter *painter);

/* The gradient, and a step up. */
void painter_climb(Painter *painter, double objective);

/* Picture n as it was painted last, as [3,H,W]. */
void painter_rgb(const Painter *painter, const Preprocess *preprocess, int n, float *rgb);

#endif
