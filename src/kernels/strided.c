#include "kernels/strided.h"

#include <string.h>

void strided_merge(Strided *view)
{
    int rank = 0;
    for (int d = 0; d < view->rank; d++) {
        const size_t dim = view->dim[d];
        const ptrdiff_t step = view->step[d];
        if (dim == 1) continue;
        if (rank && view->step[rank - 1] == step * (ptrdiff_t)dim) {
            view->dim[rank - 1] *= dim;
            view->step[rank - 1] = step;
        } else {
            view->dim[rank] = dim;
            view->step[rank++] = step;
        }
    }
    view->rank = rank;
}

/* The last dimension is a row; the others are counted like the digits of a number. */
typedef struct Walk {
    size_t row, count; /* values per row, rows */
    ptrdiff_t step;    /* within a row */
    ptrdiff_t at;
    size_t digit[STRIDED_MAX_RANK];
} Walk;

static Walk walk_begin(const Strided *view)
{
    Walk walk = {.row = 1, .count = 1, .step = 1, .at = view->offset};
    if (view->rank == 0) return walk;
    walk.row = view->dim[view->rank - 1];
    walk.step = view->step[view->rank - 1];
    for (int d = 0; d < view->rank - 1; d++) walk.count *= view->dim[d];
    return walk;
}

static void walk_next(const Strided *view, Walk *walk)
{
    for (int d = view->rank - 2; d >= 0; d--) {
        walk->at += view->step[d];
        if (++walk->digit[d] < view->dim[d]) return;
        walk->at -= view->step[d] * (ptrdiff_t)view->dim[d];
        walk->digit[d] = 0;
    }
}

void strided_gather(const Strided *view, const float *x, float *y)
{
    Walk walk = walk_begin(view);
    for (size_t r = 0; r < walk.count; r++, y += walk.row, walk_next(view, &walk)) {
        const float *from = x + walk.at;
        if (walk.step == 1) {
            memcpy(y, from, walk.row * sizeof *y);
        } else {
            for (size_t i = 0; i < walk.row; i++) y[i] = from[(ptrdiff_t)i * walk.step];
        }
    }
}

void strided_scatter_add(const Strided *view, const float *dy, float *dx)
{
    Walk walk = walk_begin(view);
    for (size_t r = 0; r < walk.count; r++, dy += walk.row, walk_next(view, &walk)) {
        float *to = dx + walk.at;
        if (walk.step == 1) {
            for (size_t i = 0; i < walk.row; i++) to[i] += dy[i];
        } else if (walk.step == 0) {
            /* A value that is repeated: a long sum, kept in double. */
            double sum = 0;
            for (size_t i = 0; i < walk.row; i++) sum += (double)dy[i];
            *to += (float)sum;
        } else {
            for (size_t i = 0; i < walk.row; i++) to[(ptrdiff_t)i * walk.step] += dy[i];
        }
    }
}
