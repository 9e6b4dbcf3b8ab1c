/*
 * Optimisers that minimise, ask and tell: the caller evaluates, so that a step can be sliced.
 *
 *     Optim *optim; TRY(optim_create(&optim, OPTIM_LBFGS, count, &options));
 *     loop: evaluate f and g at x; optim_tell(optim, x, f, g);   // x becomes the next point to evaluate
 *
 * A box is the caller's: it may clip x between two calls, and sets g to zero where x lies on the border and
 * the descent leads outside. The steps are measured between the points that were really evaluated.
 */
#ifndef CONVOSCOPE_OPTIM_H
#define CONVOSCOPE_OPTIM_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct Optim Optim;

typedef enum OptimKind {
    OPTIM_ADAM,     /* Kingma & Ba 2015, algorithm 1 */
    OPTIM_MOMENTUM, /* heavy ball */
    OPTIM_LBFGS, /* Nocedal & Wright 2006, algorithm 7.4; line search by bisection for the weak Wolfe
                    conditions (Lewis & Overton 2013, algorithm 2.6) */
} OptimKind;

typedef struct OptimOptions {
    float
        step; /* learning rate; L-BFGS: root mean square change of a coordinate in the first step */
    float beta1, beta2; /* Adam: 0.9, 0.999; momentum: beta1 */
    int pairs;          /* L-BFGS: correction pairs, 20; at most 64 */
} OptimOptions;

OptimOptions optim_defaults(OptimKind kind);
Status optim_create(Optim **optim, OptimKind kind, size_t count, const OptimOptions *options);
void optim_destroy(Optim *optim);

/* f and g [count] at x [count]; x is overwritten with the next point to evaluate. True when this point was
 * accepted as an iterate (always, but for trial points of a line search). A value or gradient that is not
 * finite is a failed trial: the step is shortened. */
bool optim_tell(Optim *optim, float *x, double f, const float *g);

/* The best point so far [count] and its value; owned by the optimiser. NULL before the first. */
const float *optim_best(const Optim *optim, double *f);

/* L-BFGS: no step along the gradient lowers f any more (a minimum to within rounding). */
bool optim_converged(const Optim *optim);

#endif
