/*
 * The nearest boundary of a class, as if all scores were linear (Moosavi-Dezfooli et al. 2016, DeepFool, equations
 * 8 and 9): what deepfool and universal share. After a forward pass:
 *
 *     term.channel = boundary_begin(boundary, logits, classes, from);
 *     do { backward pass of the score of term.channel; slope per level } while
 *         (boundary_take(boundary, slope, &term.channel));
 *     boundary->step                                              // in levels, to be added
 */
#ifndef CONVOSCOPE_TECHNIQUES_BOUNDARY_H
#define CONVOSCOPE_TECHNIQUES_BOUNDARY_H

#include "techniques/technique.h"

enum { BOUNDARY_CLASSES = 10 };

typedef struct Boundary {
    size_t size;
    int class[BOUNDARY_CLASSES]; /* the one to be left, then the likeliest others */
    float score[BOUNDARY_CLASSES];
    int count, next;
    float *origin;  /* [size]: slope of the class to be left */
    float *step;    /* [size]: to the nearest boundary so far */
    double nearest; /* its length */
} Boundary;

/* For inputs of that many values; memory from the run's arena. */
Status boundary_create(Run *run, size_t size, Boundary *boundary);

/* Chooses the classes; returns the first whose slope is wanted. */
int boundary_begin(Boundary *boundary, const float *logits, int classes, int from);

/* Takes the slope of the class wanted last; true when it wants another, *class. */
bool boundary_take(Boundary *boundary, const float *slope, int *class);

#endif
