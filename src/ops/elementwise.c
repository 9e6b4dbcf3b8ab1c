/* Functions of one value: LeakyRelu, Clip, Sigmoid, Tanh. Relu, the hot one, has its own file. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "ops/op.h"
#include "parallel.h"
#include "simd.h"

enum { GRAIN = 1 << 14 };

typedef Clamp Bounds; /* LeakyRelu: low is the slope below 0 */

/* Everything a span of any of these functions needs. */
typedef struct Elementwise {
    const float *x, *y, *dy;
    float *out;      /* y forward, dx backward */
    float low, high; /* LeakyRelu: low is the slope below 0 */
    float shut;      /* factor of a gradient where a rectifier is shut */
    float floor;     /* gradients below it do not pass */
} Elementwise;

static Status elementwise_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    n->out[0]->shape = n->in[0]->shape;
    return status_ok();
}

static Elementwise elementwise_begin(const Node *n)
{
    Elementwise e = {.x = n->in[0]->data, .out = n->out[0]->data, .floor = -INFINITY};
    if (n->params) {
        const Bounds *bounds = n->params;
        e.low = bounds->low;
        e.high = bounds->high;
    }
    return e;
}

static void forward_spans(const Node *n, ParallelFunction *span)
{
    Elementwise e = elementwise_begin(n);
    parallel_for(shape_elements(&n->out[0]->shape), GRAIN, span, &e);
}

/* rule is NULL for what is no rectifier; slope is the derivative of a shut rectifier. */
static void backward_spans(const Node *n, ParallelFunction *function, const BackwardRule *rule,
                           float slope)
{
    if (!n->in[0]->grad) return;
    const Shape *shape = &n->out[0]->shape;
    const size_t count = shape_elements(shape);
    const bool apart = rule && rule->redirect && shape->rank > 1;
    const size_t span = apart ? shape_span(shape, 1, shape->rank) : count;
    for (size_t at = 0; at < count; at += span) {
        Elementwise e = elementwise_begin(n);
        e.x += at;
        e.y = n->out[0]->data + at;
        e.dy = n->out[0]->grad + at;
        e.out = n->in[0]->grad + at;
        e.shut = slope;
        if (rule) {
            const BackwardRule *own = rule_of_item(rule, e.y, e.dy, span);
            if (!own->gate_activation) e.shut = 1.0F;
            e.floor = own->gate_gradient ? 0.0F : -INFINITY;
        }
        parallel_for(span, GRAIN, function, &e);
    }
}

/* ---- LeakyRelu ---- */

static Status leaky_relu_plan(Node *n)
{
    TRY(elementwise_plan(n));
    TRY(node_params(n, sizeof(Bounds)));
    Bounds *bounds = n->params;
    bounds->low = 0.01F;
    TRY(attr_float(n, "alpha", &bounds->low));
    if (!isfinite(bounds->low)) {
        return status_error(STATUS_BAD_MODEL,
                            "LeakyRelu '%s': alpha is not a finite number: export again", n->name);
    }
    snprintf(n->detail, sizeof n->detail, "slope %g below 0", (double)bounds->low);
    return status_ok();
}

static void leaky_relu_forward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Elementwise *e = context;
    const float *restrict x = e->x;
    float *restrict y = e->out;
    const float slope = e->low;
    for (size_t i = begin; i < end; i++) y[i] = x[i] < 0.0F ? slope * x[i] : x[i];
}

static void leaky_relu_forward(const Node *n)
{
    forward_spans(n, leaky_relu_forward_span);
}

static void leaky_relu_backward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Elementwise *e = context;
    const float *restrict x = e->x, *restrict dy = e->dy;
    float *restrict dx = e->out;
    const float shut = e->shut, floor = e->floor;
    for (size_t i = begin; i < end; i++) {
        float passes = x[i] > 0.0F ? 1.0F : shut;
        dx[i] += passes * (dy[i] < floor ? 0.0F : dy[i]);
    }
}

/* y = x < 0 ? alpha x : x. A rectifier that leaks, and so never is dead: shut it passes alpha, or what the rule
 * says. */
static void leaky_relu_backward(const Node *n, const BackwardRule *rule)
{
    const Bounds *bounds = n->params;
    if (rule->redirect) rule = &backward_exact;
    backward_spans(n, leaky_relu_backward_span, rule, bounds->low);
}

const Op op_leaky_relu = {"LeakyRelu", leaky_relu_plan, leaky_relu_forward, leaky_relu_backward};

/* ---- Clip ---- */

static Status clip_plan(Node *n)
{
    TRY(elementwise_plan(n));
    n->in_place = true;
    TRY(node_params(n, sizeof(Bounds)));
    Bounds *bounds = n->params;
    *bounds = (Bounds){-FLT_MAX, FLT_MAX};
    n->clamp = bounds;
    TRY(attr_float(n, "min", &bounds->low));
    TRY(attr_float(n, "max", &bounds->high));
    if (isnan(bounds->low) || isnan(bounds->high)) {
        return status_error(STATUS_BAD_MODEL, "Clip '%s': min or max is not a number: export again",
                            n->name);
    }
    if (bounds->low <= -FLT_MAX) {
        snprintf(n->detail, sizeof n->detail, "at most %g", (double)bounds->high);
    } else if (bounds->high >= FLT_MAX) {
        snprintf(n->detail, sizeof n->detail, "at least %g", (double)bounds->low);
    } else {
        snprintf(n->detail, sizeof n->detail, "%g to %g", (double)bounds->low,
                 (double)bounds->high);
    }
    return status_ok();
}

static void clip_forward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Elementwise *e = context;
    clamp_floats((Clamp){e->low, e->high}, e->x + begin, e->out + begin, end - begin);
}

static void clip_forward(const Node *n)
{
    forward_spans(n, clip_forward_span);
}

static void clip_backward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Elementwise *e = context;
    const float *restrict x = e->x, *restrict dy = e->dy;
    float *restrict dx = e->out;
    const float low = e->low, high = e->high, shut = e->shut, floor = e->floor;
    for (size_t i = begin; i < end; i++) {
        const float below_high = x[i] < high ? 1.0F : shut;
        const float passes = x[i] > low ? below_high : shut;
        dx[i] += passes * (dy[i] < floor ? 0.0F : dy[i]);
    }
}

/* y = min(max(x, low), high): dx += 1[low < x < high] dy. With low = 0 (ReLU6) it is a rectifier. */
static void clip_backward(const Node *n, const BackwardRule *rule)
{
    const Bounds *bounds = n->params;
    backward_spans(n, clip_backward_span, bounds->low == 0.0F ? rule : NULL, 0.0F);
}

const Op op_clip = {"Clip", clip_plan, clip_forward, clip_backward};

/* ---- Sigmoid ---- */

static void sigmoid_forward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Elementwise *e = context;
    /* For large negative x, exp(-x) is infinite and y is 0, as it should. */
    for (size_t i = begin; i < end; i++) e->out[i] = 1.0F / (1.0F + expf(-e->x[i]));
}

static void sigmoid_forward(const Node *n)
{
    forward_spans(n, sigmoid_forward_span);
}

static void sigmoid_backward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Elementwise *e = context;
    const float *restrict y = e->y, *restrict dy = e->dy;
    float *restrict dx = e->out;
    for (size_t i = begin; i < end; i++) dx[i] += dy[i] * y[i] * (1.0F - y[i]);
}

/* y = 1 / (1 + exp(-x)): dx += y (1 - y) dy. */
static void sigmoid_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    backward_spans(n, sigmoid_backward_span, NULL, 0.0F);
}

const Op op_sigmoid = {"Sigmoid", elementwise_plan, sigmoid_forward, sigmoid_backward};

/* ---- Tanh ---- */

static void tanh_forward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Elementwise *e = context;
    for (size_t i = begin; i < end; i++) e->out[i] = tanhf(e->x[i]);
}

static void tanh_forward(const Node *n)
{
    forward_spans(n, tanh_forward_span);
}

static void tanh_backward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Elementwise *e = context;
    const float *restrict y = e->y, *restrict dy = e->dy;
    float *restrict dx = e->out;
    for (size_t i = begin; i < end; i++) dx[i] += dy[i] * (1.0F - y[i] * y[i]);
}

/* y = tanh(x): dx += (1 - y^2) dy. */
static void tanh_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    backward_spans(n, tanh_backward_span, NULL, 0.0F);
}

const Op op_tanh = {"Tanh", elementwise_plan, tanh_forward, tanh_backward};
