/* Scores of many variations of one picture, several in a pass: what occlusion and scorecam share. */
#ifndef CONVOSCOPE_TECHNIQUES_SCORER_H
#define CONVOSCOPE_TECHNIQUES_SCORER_H

#include "techniques/common.h"

typedef struct Scorer {
    Graph *graph;
    const Value *input; /* [batch,C,H,W] */
    int batch;
    bool is_class;
    Objective term;
    char target[TARGET_TEXT_BYTES];
    float *probabilities; /* [classes] */
} Scorer;

/* Puts a graph for as many pictures, at most `most`, as fit the memory in the place of a planned one for one picture;
 * one where the network takes no more. Returns their number. */
int plan_batch(Run *run, int most, unsigned flags, Graph **graph);

/* Builds a graph for as many pictures as fit the memory, one where the network takes no more or the target is
 * no class. */
Status scorer_create(Run *run, Scorer *scorer);

/* After the first forward pass, batch item 0 being the picture as it is. */
Status scorer_resolve(Run *run, Scorer *scorer);

/* After a forward pass: the probability of the class, or the value of the unit, 0 to 1 for a class. */
double scorer_score(const Scorer *scorer, int item);

#endif
