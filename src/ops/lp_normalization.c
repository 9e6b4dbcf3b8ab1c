#include <math.h>
#include <stdio.h>

#include "ops/op.h"

/* The tensor as [outer, count, inner]; the norm goes over count. */
typedef struct LpNorm {
    size_t outer, count, inner;
    int p;
} LpNorm;

static Status lp_normalization_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(LpNorm)));
    const Shape *shape = &n->in[0]->shape;
    int axis = -1, p = 2;
    TRY(attr_int(n, "axis", &axis));
    TRY(attr_int(n, "p", &p));
    TRY(node_axis(n, "axis", shape->rank, &axis));
    if (p != 1 && p != 2) {
        return status_error(STATUS_BAD_MODEL, "LpNormalization '%s': p is %d, it may be 1 or 2",
                            n->name, p);
    }
    *(LpNorm *)n->params = (LpNorm){.outer = shape_span(shape, 0, axis),
                                    .count = (size_t)shape->dim[axis],
                                    .inner = shape_span(shape, axis + 1, shape->rank),
                                    .p = p};
    snprintf(n->detail, sizeof n->detail, "L%d over %d values", p, shape->dim[axis]);
    n->out[0]->shape = *shape;
    return status_ok();
}

/* Where the k-th group begins. */
static size_t group_start(const LpNorm *l, size_t k)
{
    return k / l->inner * l->count * l->inner + k % l->inner;
}

static double norm_of(const LpNorm *l, const float *x)
{
    double sum = 0;
    for (size_t i = 0; i < l->count; i++) {
        const double value = (double)x[i * l->inner];
        sum += l->p == 1 ? fabs(value) : value * value;
    }
    return l->p == 1 ? sum : sqrt(sum);
}

/* Where all is 0, it stays 0. */
static void lp_normalization_forward(const Node *n)
{
    const LpNorm *l = n->params;
    for (size_t k = 0; k < l->outer * l->inner; k++) {
        const size_t start = group_start(l, k);
        const float *x = n->in[0]->data + start;
        float *y = n->out[0]->data + start;
        const double norm = norm_of(l, x);
        const float factor = norm == 0.0 ? 0.0F : (float)(1 / norm);
        for (size_t i = 0; i < l->count; i++) y[i * l->inner] = x[i * l->inner] * factor;
    }
}

/* y = x / |x|: dx += (dy - s sum_j y_j dy_j) / |x|, where s is y for p = 2 and sign(x) for p = 1. */
static void lp_normalization_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    if (!n->in[0]->grad) return;
    const LpNorm *l = n->params;
    for (size_t k = 0; k < l->outer * l->inner; k++) {
        const size_t start = group_start(l, k), step = l->inner;
        const float *x = n->in[0]->data + start, *y = n->out[0]->data + start;
        const float *dy = n->out[0]->grad + start;
        float *dx = n->in[0]->grad + start;
        const double norm = norm_of(l, x);
        if (norm == 0.0) continue;
        double dot = 0;
        for (size_t i = 0; i < l->count; i++) dot += (double)y[i * step] * (double)dy[i * step];
        const float factor = (float)(1 / norm);
        for (size_t i = 0; i < l->count; i++) {
            const float sign = x[i * step] > 0.0F ? 1.0F : x[i * step] < 0.0F ? -1.0F : 0.0F;
            const float along = l->p == 1 ? sign : y[i * step];
            dx[i * step] += factor * (dy[i * step] - along * (float)dot);
        }
    }
}

const Op op_lp_normalization = {"LpNormalization", lp_normalization_plan, lp_normalization_forward,
                                lp_normalization_backward};
