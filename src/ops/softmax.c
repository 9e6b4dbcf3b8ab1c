#include <math.h>
#include <stdio.h>

#include "ops/op.h"

/* The tensor as [outer, count, inner]; the sum goes over count. */
typedef struct Softmax {
    size_t outer, count, inner;
} Softmax;

static Status softmax_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Softmax)));
    const Shape *shape = &n->in[0]->shape;
    int flatten = 0;
    TRY(attr_int(n, "flatten", &flatten));
    int axis = flatten ? 1 : -1;
    TRY(attr_int(n, "axis", &axis));
    TRY(node_axis(n, "axis", shape->rank, &axis));
    Softmax *softmax = n->params;
    softmax->outer = shape_span(shape, 0, axis);
    /* Before opset 13 the tensor was seen as a matrix that starts its rows at axis. */
    softmax->count = shape_span(shape, axis, flatten ? shape->rank : axis + 1);
    softmax->inner = flatten ? 1 : shape_span(shape, axis + 1, shape->rank);
    snprintf(n->detail, sizeof n->detail, "over %zu values", softmax->count);
    n->out[0]->shape = *shape;
    return status_ok();
}

static void softmax_forward(const Node *n)
{
    const Softmax *s = n->params;
    for (size_t k = 0; k < s->outer * s->inner; k++) {
        const size_t start = k / s->inner * s->count * s->inner + k % s->inner, step = s->inner;
        const float *x = n->in[0]->data + start;
        float *y = n->out[0]->data + start;
        /* Less the maximum, so that exp cannot overflow; the quotient stays the same. */
        float most = x[0];
        for (size_t i = 1; i < s->count; i++) most = fmaxf(most, x[i * step]);
        double sum = 0;
        for (size_t i = 0; i < s->count; i++) {
            y[i * step] = expf(x[i * step] - most);
            sum += (double)y[i * step];
        }
        const float scale = (float)(1 / sum);
        for (size_t i = 0; i < s->count; i++) y[i * step] *= scale;
    }
}

/* y_i = exp(x_i) / sum_j exp(x_j): dx_i += y_i (dy_i - sum_j y_j dy_j). */
static void softmax_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    if (!n->in[0]->grad) return;
    const Softmax *s = n->params;
    for (size_t k = 0; k < s->outer * s->inner; k++) {
        const size_t start = k / s->inner * s->count * s->inner + k % s->inner, step = s->inner;
        const float *y = n->out[0]->data + start, *dy = n->out[0]->grad + start;
        float *dx = n->in[0]->grad + start;
        double mean = 0;
        for (size_t i = 0; i < s->count; i++) mean += (double)y[i * step] * (double)dy[i * step];
        for (size_t i = 0; i < s->count; i++)
            dx[i * step] += y[i * step] * (dy[i * step] - (float)mean);
    }
}

const Op op_softmax = {"Softmax", softmax_plan, softmax_forward, softmax_backward};

/* ---- LogSoftmax ---- */

static void log_softmax_forward(const Node *n)
{
    const Softmax *s = n->params;
    for (size_t k = 0; k < s->outer * s->inner; k++) {
        const size_t start = k / s->inner * s->count * s->inner + k % s->inner, step = s->inner;
        const float *x = n->in[0]->data + start;
        float *y = n->out[0]->data + start;
        float most = x[0];
        for (size_t i = 1; i < s->count; i++) most = fmaxf(most, x[i * step]);
        double sum = 0;
        for (size_t i = 0; i < s->count; i++) sum += (double)expf(x[i * step] - most);
        const float less = (float)log(sum);
        for (size_t i = 0; i < s->count; i++) y[i * step] = x[i * step] - most - less;
    }
}

/* y_i = x_i - log sum_j exp(x_j): dx_i += dy_i - exp(y_i) sum_j dy_j. */
static void log_softmax_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    if (!n->in[0]->grad) return;
    const Softmax *s = n->params;
    for (size_t k = 0; k < s->outer * s->inner; k++) {
        const size_t start = k / s->inner * s->count * s->inner + k % s->inner, step = s->inner;
        const float *y = n->out[0]->data + start, *dy = n->out[0]->grad + start;
        float *dx = n->in[0]->grad + start;
        double sum = 0;
        for (size_t i = 0; i < s->count; i++) sum += (double)dy[i * step];
        for (size_t i = 0; i < s->count; i++)
            dx[i * step] += dy[i * step] - expf(y[i * step]) * (float)sum;
    }
}

const Op op_log_softmax = {"LogSoftmax", softmax_plan, log_softmax_forward, log_softmax_backward};
