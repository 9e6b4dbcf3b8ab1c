/* L-BFGS behind optim.h: memory of steps and gradient changes, and the line search, ask and tell. */
#ifndef CONVOSCOPE_OPTIM_LBFGS_H
#define CONVOSCOPE_OPTIM_LBFGS_H

#include "base/arena.h"
#include "optim.h"

enum { LBFGS_MAX_PAIRS = 64 };

typedef struct Lbfgs {
    size_t count;
    float first_step;
    int pairs, stored, newest;         /* ring of pairs */
    float **s, **y;                    /* [pairs][count] */
    double curvature[LBFGS_MAX_PAIRS]; /* s . y */

    float *x, *g, *direction; /* the last accepted point, its gradient, the way from there */
    double f;
    bool started, converged;
    double length, low,
        high; /* of the step: the trial, the longest too short, the shortest too long */
    double low_f, low_slope;
    int trials;
} Lbfgs;

Status lbfgs_create(Lbfgs *lbfgs, Arena *arena, size_t count, const OptimOptions *options);

/* As optim_tell. */
bool lbfgs_tell(Lbfgs *lbfgs, float *x, double f, const float *g);

/* Sum of products in double; shared with optim.c. */
double optim_dot(const float *a, const float *b, size_t count);

#endif
