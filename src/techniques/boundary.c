#include "techniques/boundary.h"

#include <math.h>
#include <string.h>

Status boundary_create(Run *run, size_t size, Boundary *b)
{
    b->size = size;
    TRY(run_floats(run, size, &b->origin));
    return run_floats(run, size, &b->step);
}

int boundary_begin(Boundary *b, const float *logits, int classes, int from)
{
    int top[BOUNDARY_CLASSES];
    const int most = classes < BOUNDARY_CLASSES ? classes : BOUNDARY_CLASSES;
    network_top(logits, classes, most, top);
    b->class[0] = from;
    b->count = 1;
    for (int i = 0; i < most && b->count < most; i++) {
        if (top[i] != from) b->class[b->count++] = top[i];
    }
    for (int i = 0; i < b->count; i++) b->score[i] = logits[b->class[i]];
    b->next = 0;
    b->nearest = INFINITY;
    memset(b->step, 0, b->size * sizeof *b->step);
    return from;
}

/* The step to the boundary with class k: |f_k| / |w_k|^2 w_k with w_k the difference of the slopes. */
static void consider(Boundary *b, int k, const float *slope)
{
    double squares = 0;
    for (size_t i = 0; i < b->size; i++) {
        const double w = (double)slope[i] - b->origin[i];
        squares += w * w;
    }
    /* A hair further, so that equal scores do not stand still. */
    const double gap = fabs((double)b->score[k] - b->score[0]) + 1e-4;
    if (squares == 0 || gap / sqrt(squares) >= b->nearest) return;
    b->nearest = gap / sqrt(squares);
    const float factor = (float)(gap / squares);
    for (size_t i = 0; i < b->size; i++) b->step[i] = factor * (slope[i] - b->origin[i]);
}

bool boundary_take(Boundary *b, const float *slope, int *class)
{
    if (b->next == 0) {
        memcpy(b->origin, slope, b->size * sizeof *slope);
    } else {
        consider(b, b->next, slope);
    }
    if (++b->next == b->count) return false;
    *class = b->class[b->next];
    return true;
}
