/* Inside of the objectives: what objective.c, objective_gram.c and objective_guide.c share. */
#ifndef CONVOSCOPE_OBJECTIVE_TERMS_H
#define CONVOSCOPE_OBJECTIVE_TERMS_H

#include "objective.h"

/* A value as [items, channels, positions]: [N,C,H,W], [N,C] or [C]. */
typedef struct Extent {
    int items, channels;
    size_t positions;
} Extent;

static inline Extent extent_of(const Shape *shape)
{
    if (shape->rank < 2) return (Extent){1, shape->rank ? shape->dim[0] : 1, 1};
    return (Extent){shape->dim[0], shape->dim[1], shape_span(shape, 2, shape->rank)};
}

/* Returns the value of the term without its weight and, where dv is not NULL, adds scale * d(value)/dv to it. */
typedef double TermFunction(const Objective *term, float *dv, double scale);

size_t guide_scratch(const Shape *shape);

TermFunction gram_term, gram_region_term, gram_similarity_term, guide_term;

#endif
