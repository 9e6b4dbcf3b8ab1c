/*
 * Samples: gradients of one target at many pictures made of one, and their sum: SmoothGrad's noisy copies, the path of
 * integrated gradients. For a technique whose state begins with a Samples.
 */
#ifndef CONVOSCOPE_TECHNIQUES_SAMPLES_H
#define CONVOSCOPE_TECHNIQUES_SAMPLES_H

#include "techniques/subject.h"

typedef struct SamplesPlan {
    int count, least;       /* gradients that are taken; that a result needs */
    bool squares;           /* the sum of their squares is wanted, too */
    void (*make)(Run *run); /* writes picture number `done` to the input */
} SamplesPlan;

typedef struct Samples {
    Subject subject;
    SamplesPlan plan;
    float *clean;         /* [C,H,W]: the picture as it is */
    float *sum, *squares; /* [C,H,W]: of the gradients so far */
    int done;
} Samples;

/* Asks for the forward pass of the picture as it is. */
Status samples_begin(Run *run, const SamplesPlan *plan);

/* After that, or after a further pass of the technique's own. */
void samples_ask(Run *run);

/* Takes the gradient that is there; asks for the next one, or finishes the run. */
Status samples_take(Run *run);

#endif
