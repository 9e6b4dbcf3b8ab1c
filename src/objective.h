/*
 * Objectives: scalars of a graph's values, each with the gradient that starts a backward pass.
 *
 *     Objective terms[] = {{.kind = OBJECTIVE_CHANNEL, .value = v, .channel = 3, .weight = 1}};
 *     double s = objectives_seed(terms, 1, graph);   // after a forward pass; adds to the gradients
 *     graph_begin_backward(graph, &backward_exact);
 *
 * Objectives add (a list of terms) and scale (weight), as in Lucid (Olah et al. 2017).
 */
#ifndef CONVOSCOPE_OBJECTIVE_H
#define CONVOSCOPE_OBJECTIVE_H

#include "graph.h"

typedef enum ObjectiveKind {
    OBJECTIVE_NEURON,  /* value[n, channel, y, x]; batch summed */
    OBJECTIVE_CHANNEL, /* mean over space of channel; of a vector [N,C]: its element; batch summed */
    OBJECTIVE_LAYER,   /* half the sum of squares */
    OBJECTIVE_GRAM_ENERGY, /* sum of squares of G = F F' / (C H W), F = [C, H*W]; batch summed */
    OBJECTIVE_GRAM_MATCH, /* sum of squares of G - reference [C,C]; Gatys et al. 2016, equation 4; batch
                             summed */
    OBJECTIVE_GRAM_REGION, /* the same with F = mask (F - shift); Gatys et al. 2017, Controlling Perceptual
                              Factors, section 4 */
    OBJECTIVE_GRAM_SIMILARITY, /* mean over the batch of the sum of cosines of a picture's F F' and those of the
                                  others; less of it is diversity (Olah et al. 2017) */
    OBJECTIVE_FEATURE_MATCH, /* mean of squares of value - reference; Gatys et al. 2016, equation 1 */
    OBJECTIVE_GUIDE, /* sum over positions of the largest product with a position of the reference, which is
                        [C,reference_positions]; Mordvintsev et al. 2015, "controlling dreams" */
    OBJECTIVE_TOTAL_VARIATION, /* mean over elements of squared differences of neighbours, [N,C,H,W] */
    OBJECTIVE_CROSS_ENTROPY, /* -log softmax(value)[channel]; a spatial value is averaged over space;
                                batch summed */
} ObjectiveKind;

enum { OBJECTIVE_MAX_GUIDE = 1024 }; /* positions of a guide */

typedef struct Objective {
    ObjectiveKind kind;
    Value *value;
    int channel, y, x;
    int item;     /* neuron and channel: 1 for the first of the batch, ...; 0 for all */
    int border;   /* channel: rows and columns at each side that do not count */
    float weight; /* 0 is taken as 0: say 1 */
    struct Objective
        *plus; /* borrowed; a term that is added to this one, with its own weight; may be NULL */
    const float *reference;  /* borrowed; for the matches and the guide */
    int reference_positions; /* of a guide */
    const float *shift,
        *mask; /* borrowed; Gram region: of channels and of positions, NULL: 0 and 1 */
    float *
        scratch; /* borrowed, 64-byte aligned; objective_scratch(...) floats, for the Gram kinds and the guide */
} Objective;

/* Floats of scratch that a term, without what is added to it, needs; 0 for most. */
size_t objective_scratch(ObjectiveKind kind, const Shape *shape);

/* The same with what is added to it, and the hand-out: to each that needs some. */
size_t objectives_scratch(const Objective *term);
void objectives_give_scratch(Objective *term, float *scratch);

/* Weighted value of a term and of what is added to it, after a forward pass, without touching any gradient. */
double objective_value(const Objective *term);

/* Sum of the weighted terms; adds d(sum)/d(value) to the gradients and marks them as seeds. The graph's
 * gradients must be zeroed before (graph_zero_gradients). */
double objectives_seed(const Objective *terms, int count, Graph *graph);

/* The Gram matrix of a region, scratch as for OBJECTIVE_GRAM_REGION. */
void gram_region(const Value *value, const float *shift, const float *mask, float *gram,
                 float *scratch);

/* G = F F' / (C H W) of a value [1,C,H,W]; gram is [C,C], scratch as for OBJECTIVE_GRAM_MATCH. */
void gram_matrix(const Value *value, float *gram, float *scratch);

#endif
