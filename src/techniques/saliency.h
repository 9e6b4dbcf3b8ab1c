/* One forward and one backward pass to the input: what gradient, deconvnet and guided-backprop share. They
 * differ in the BackwardRule and in what they show first. */
#ifndef CONVOSCOPE_TECHNIQUES_SALIENCY_H
#define CONVOSCOPE_TECHNIQUES_SALIENCY_H

#include "techniques/subject.h"

typedef struct Saliency {
    Subject subject; /* the gradient of its input is the raw result, [1,C,H,W] */
    const BackwardRule *rule;
    bool forward_done, done;
    float *map; /* [H,W] */
    float *rgb; /* [3,H,W] */
} Saliency;

/* For begin and step of a technique whose state is a Saliency; step finishes the run after the backward
 * pass. */
Status saliency_begin(Run *run, const BackwardRule *rule);
Status saliency_step(Run *run);

/* Adds the facts: target, its value, likeliest class. */
void saliency_add_facts(Run *run, Result *result);

/* The result of deconvnet and guided-backprop: a picture around mid-grey, a map, raw. */
Status saliency_picture_result(Run *run, Result *result);

#endif
