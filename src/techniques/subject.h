/*
 * Subject: the picture before the network, and what is asked about it. What every technique begins with that goes
 * forward once and then looks for reasons.
 *
 *     TRY(subject_begin(run, &s));     // asks for a forward pass of everything
 *     TRY(subject_resolve(run, &s));   // in the first step: term, target, value and class are known
 */
#ifndef CONVOSCOPE_TECHNIQUES_SUBJECT_H
#define CONVOSCOPE_TECHNIQUES_SUBJECT_H

#include "techniques/common.h"

typedef struct Subject {
    Graph *graph; /* with gradients */
    const Value *input;
    size_t size, plane; /* values of the input, of one channel */
    Objective term;
    char target[TARGET_TEXT_BYTES];
    float *probabilities; /* [classes] */
    int top;              /* class, or -1 */
    double value;         /* of the target, for the picture as it is */
} Subject;

/* The row `target` of what explains any unit. */
#define SUBJECT_PARAM                                                                              \
    TARGET_PARAM("What is explained: the score of a class (class:340, class:top), or any unit of " \
                 "the network (channel:NODE:C, neuron:NODE:C:Y:X, layer:NODE).")

/* Builds the graph, loads the picture, asks for a forward pass of everything, not of the target alone: class:top is
 * only known then, and the class is worth a fact. */
Status subject_begin(Run *run, Subject *subject);

/* After that pass. */
Status subject_resolve(Run *run, Subject *subject);

/* The facts: the target and its value; the likeliest class, where the network has classes. */
void subject_add_target(const Subject *subject, Result *result);
void subject_add_class(Run *run, const Subject *subject, Result *result);

#endif
