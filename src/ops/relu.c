#include <math.h>

#include "ops/op.h"

static Status relu_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    n->out[0]->shape = n->in[0]->shape;
    return status_ok();
}

static void relu_forward(const Node *n)
{
    const float *x = n->in[0]->data;
    float *y = n->out[0]->data;
    const size_t count = shape_elements(&n->out[0]->shape);
    for (size_t i = 0; i < count; i++) y[i] = x[i] > 0.0F ? x[i] : 0.0F;
}

/* y = max(x, 0): exact dx += 1[y > 0] dy; the other rules change the gates. */
static void relu_backward(const Node *n, const BackwardRule *rule)
{
    const float *y = n->out[0]->data, *dy = n->out[0]->grad;
    float *dx = n->in[0]->grad;
    if (!dx) return;
    const size_t count = shape_elements(&n->out[0]->shape);
    const float shut = rule->gate_activation ? rule->leak : 1.0F;
    const float floor = rule->gate_gradient ? 0.0F : -INFINITY;
    for (size_t i = 0; i < count; i++) {
        float passes = y[i] > 0.0F ? 1.0F : shut;
        dx[i] += passes * (dy[i] > floor ? dy[i] : 0.0F);
    }
}

const Op op_relu = {"Relu", relu_plan, relu_forward, relu_backward};
