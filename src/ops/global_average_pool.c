#include "ops/op.h"

static Status global_average_pool_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    const Shape *x = &n->in[0]->shape;
    if (x->rank < 3) {
        char text[SHAPE_TEXT_BYTES];
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': the input has the shape %s, it needs [N,C,...]", n->op->name,
                            n->name, shape_text(x, text));
    }
    n->out[0]->shape = *x;
    for (int i = 2; i < x->rank; i++) n->out[0]->shape.dim[i] = 1;
    n->macs = shape_elements(x);
    return status_ok();
}

/* In sums that do not wait for each other. */
static double sum_of(const float *x, size_t count)
{
    double sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (int k = 0; k < 4; k++) sum[k] += (double)x[i + (size_t)k];
    }
    for (; i < count; i++) sum[0] += (double)x[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void global_average_pool_forward(const Node *n)
{
    const Shape *shape = &n->in[0]->shape;
    const size_t planes = shape_span(shape, 0, 2), pixels = shape_span(shape, 2, shape->rank);
    const float *x = n->in[0]->data;
    for (size_t plane = 0; plane < planes; plane++, x += pixels)
        n->out[0]->data[plane] = (float)(sum_of(x, pixels) / (double)pixels);
}

/* y = mean of x: dx += dy / pixels */
static void global_average_pool_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    float *dx = n->in[0]->grad;
    if (!dx) return;
    const Shape *shape = &n->in[0]->shape;
    const size_t planes = shape_span(shape, 0, 2), pixels = shape_span(shape, 2, shape->rank);
    for (size_t plane = 0; plane < planes; plane++) {
        const float share = n->out[0]->grad[plane] / (float)pixels;
        for (size_t i = 0; i < pixels; i++) *dx++ += share;
    }
}

const Op op_global_average_pool = {"GlobalAveragePool", global_average_pool_plan,
                                   global_average_pool_forward, global_average_pool_backward};
