#include <math.h>

#include "ops/op.h"
#include "parallel.h"
#include "simd.h"

enum { GRAIN = 1 << 15 };

static const Clamp positive = {0.0F, INFINITY};

typedef struct Relu {
    const float *x, *y, *dy;
    float *out; /* y forward, dx backward */
    float shut, floor;
} Relu;

static Status relu_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    n->out[0]->shape = n->in[0]->shape;
    n->in_place = true;
    n->clamp = &positive;
    return status_ok();
}

/* Written so that not-a-number goes through: a rectifier must not hide where it came from. */
static void relu_forward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Relu *r = context;
    const float *x = r->x;
    float *y = r->out;
    size_t i = begin;
    for (; i + VF_LANES <= end; i += VF_LANES) vf_store(y + i, vf_max(vf_zero(), vf_load(x + i)));
    for (; i < end; i++) y[i] = x[i] < 0.0F ? 0.0F : x[i];
}

static void relu_forward(const Node *n)
{
    Relu r = {.x = n->in[0]->data, .out = n->out[0]->data};
    parallel_for(shape_elements(&n->out[0]->shape), GRAIN, relu_forward_span, &r);
}

static void relu_backward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Relu *r = context;
    const float *restrict y = r->y, *restrict dy = r->dy;
    float *restrict dx = r->out;
    const float shut = r->shut, floor = r->floor;
    for (size_t i = begin; i < end; i++) {
        float passes = y[i] > 0.0F ? 1.0F : shut;
        dx[i] += passes * (dy[i] < floor ? 0.0F : dy[i]);
    }
}

/* y = max(x, 0): exact dx += 1[y > 0] dy; the other rules change the gates. */
static void relu_backward(const Node *n, const BackwardRule *rule)
{
    if (!n->in[0]->grad) return;
    const Shape *shape = &n->out[0]->shape;
    const size_t count = shape_elements(shape);
    const size_t span =
        rule->redirect && shape->rank > 1 ? shape_span(shape, 1, shape->rank) : count;
    for (size_t at = 0; at < count; at += span) {
        Relu r = {
            .y = n->out[0]->data + at, .dy = n->out[0]->grad + at, .out = n->in[0]->grad + at};
        const BackwardRule *own = rule_of_item(rule, r.y, r.dy, span);
        r.shut = own->gate_activation ? 0.0F : 1.0F;
        r.floor = own->gate_gradient ? 0.0F : -INFINITY;
        parallel_for(span, GRAIN, relu_backward_span, &r);
    }
}

const Op op_relu = {"Relu", relu_plan, relu_forward, relu_backward};
