/*
 * Matcher: an optimiser at a canvas, with the loss as a list of terms. Style transfer and textures by Gram matrices.
 *
 *     TRY(matcher_create(run, &p, graph, steps));       // the input's picture is what the canvas starts from
 *     matcher_add_gram(&p, layer, target, weight); ...
 *     TRY(matcher_ask(run, &p));                        // the first evaluation
 *     each step: TRY(matcher_step(run, &p, &done));     // asks for the next evaluation, or is done
 */
#ifndef CONVOSCOPE_TECHNIQUES_MATCHER_H
#define CONVOSCOPE_TECHNIQUES_MATCHER_H

#include "optim.h"
#include "techniques/canvas.h"

/* The row `optimiser` of a table of parameters. */
#define OPTIMISER_PARAM                                                                            \
    {                                                                                              \
        .name = "optimiser", .title = "Optimiser", .type = PARAM_CHOICE, .initial = "lbfgs",       \
        .choices = "lbfgs|adam", .unit = "",                                                       \
        .help = "L-BFGS gets further in the same number of steps; Adam needs less memory.",        \
        .advanced = true                                                                           \
    }

/* What a layer's Gram matrix shall be; borrowed. */
typedef struct GramTarget {
    const float *gram;         /* [C,C] */
    const float *shift, *mask; /* as in Objective; the gram was made with them */
} GramTarget;

typedef struct Matcher {
    Graph *graph;
    Value *input;
    Canvas *canvas;
    Optim *optim;
    size_t count;
    float *z;        /* [C,H,W], what the optimiser moves; see canvas.h */
    float *gradient; /* [C,H,W], of z */
    Objective terms[RUN_MAX_TERMS];
    int term_count;
    float *scratch; /* of all Gram terms, for they come one after the other */
    float *losses;  /* [steps] */
    int steps, steps_done, evaluations;
    double started, seconds;
} Matcher;

/* For a graph with input gradients, by the run's parameter `optimiser`. Memory is the run's. */
Status matcher_create(Run *run, Matcher *matcher, Graph *graph, int steps);
void matcher_destroy(Matcher *matcher); /* what matcher_create was never called for is fine */

Objective *matcher_add(Matcher *matcher, ObjectiveKind kind, Value *value, double weight);

/* The distance to the Gram matrix relative to its own size. */
void matcher_add_gram(Matcher *matcher, Value *layer, GramTarget target, double weight);

/* Total variation of the picture, differences as shares of the range from black to white. */
void matcher_add_variation(Run *run, Matcher *matcher, double weight);

Status matcher_ask(Run *run, Matcher *matcher);

/* An evaluation is done. What it was before the next one is asked for stays in steps_done; so does the best
 * picture. Fails where the loss is not finite from the start. */
Status matcher_step(Run *run, Matcher *matcher, bool *done);

/* The best picture so far, RGB [3,H,W] in 0..1; levels [C,H,W] is scratch. Not before the first step is done. */
void matcher_rgb(Run *run, const Matcher *matcher, float *levels, float *rgb);

#endif
