#include <math.h>

#include "ops/channels.h"
#include "ops/op.h"
#include "parallel.h"

enum { X, SCALE, BIAS, MEAN, VARIANCE }; /* inputs */

typedef struct BatchNorm {
    float epsilon;
    int images, channels;
    size_t pixels;
} BatchNorm;

static Status batch_normalization_plan(Node *n)
{
    static const char *const names[] = {"", "scale", "bias", "mean", "variance"};
    TRY(node_inputs(n, 5, 5));
    const Shape *x = &n->in[X]->shape;
    int training = 0, spatial = 1;
    TRY(attr_int(n, "training_mode", &training));
    TRY(attr_int(n, "spatial", &spatial));
    if (training || n->out_count > 1) {
        return status_error(STATUS_UNSUPPORTED,
                            "%s '%s' is in training mode: export the network in evaluation mode",
                            n->op->name, n->name);
    }
    if (spatial != 1) {
        return status_error(STATUS_UNSUPPORTED, "%s '%s': spatial 0 is not supported, only 1 is",
                            n->op->name, n->name);
    }
    if (x->rank < 2) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': the input has no channels, it needs [N,C,...]", n->op->name,
                            n->name);
    }
    for (int i = SCALE; i <= VARIANCE; i++) TRY(channel_parameter(n, i, names[i], x->dim[1]));
    TRY(node_params(n, sizeof(BatchNorm)));
    BatchNorm *b = n->params;
    *b = (BatchNorm){.epsilon = 1e-5F, .images = x->dim[0], .channels = x->dim[1]};
    b->pixels = shape_span(x, 2, x->rank);
    TRY(attr_float(n, "epsilon", &b->epsilon));
    n->out[0]->shape = *x;
    n->macs = shape_elements(x);
    return status_ok();
}

static float inverse_deviation(const Node *n, size_t channel)
{
    const BatchNorm *b = n->params;
    return 1.0F / sqrtf(n->in[VARIANCE]->data[channel] + b->epsilon);
}

static void planes_forward(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Node *n = context;
    const BatchNorm *b = n->params;
    for (size_t plane = begin; plane < end; plane++) {
        const size_t channel = plane % (size_t)b->channels;
        const float *restrict x = n->in[X]->data + plane * b->pixels;
        float *restrict y = n->out[0]->data + plane * b->pixels;
        const float factor = n->in[SCALE]->data[channel] * inverse_deviation(n, channel);
        const float mean = n->in[MEAN]->data[channel], bias = n->in[BIAS]->data[channel];
        for (size_t i = 0; i < b->pixels; i++) y[i] = (x[i] - mean) * factor + bias;
    }
}

static void batch_normalization_forward(const Node *n)
{
    const BatchNorm *b = n->params;
    parallel_for((size_t)b->images * (size_t)b->channels, 4, planes_forward, (void *)(uintptr_t)n);
}

static float *gradient(const Node *n, int i)
{
    return n->in[i]->grad;
}

/*
 * y = (x - mean) scale r + bias with r = (variance + epsilon)^-1/2:
 * dx += scale r dy; over the pixels, dscale += sum (x - mean) r dy, dbias += sum dy,
 * dmean -= scale r sum dy, dvariance -= scale r^3 / 2 sum (x - mean) dy.
 */
static void plane_backward(const Node *n, size_t plane, size_t channel)
{
    const BatchNorm *b = n->params;
    const float *dy = n->out[0]->grad + plane * b->pixels;
    const float scale = n->in[SCALE]->data[channel], inverse = inverse_deviation(n, channel);
    if (gradient(n, X)) {
        float *dx = gradient(n, X) + plane * b->pixels;
        for (size_t i = 0; i < b->pixels; i++) dx[i] += scale * inverse * dy[i];
    }
    if (gradient(n, BIAS) || gradient(n, MEAN)) {
        const float sum = (float)channel_sum(dy, b->pixels);
        if (gradient(n, BIAS)) gradient(n, BIAS)[channel] += sum;
        if (gradient(n, MEAN)) gradient(n, MEAN)[channel] -= scale * inverse * sum;
    }
    if (gradient(n, SCALE) || gradient(n, VARIANCE)) {
        const float *x = n->in[X]->data + plane * b->pixels;
        const float sum = (float)channel_dot(x, n->in[MEAN]->data[channel], dy, b->pixels);
        if (gradient(n, SCALE)) gradient(n, SCALE)[channel] += inverse * sum;
        if (gradient(n, VARIANCE)) {
            gradient(n, VARIANCE)[channel] -= 0.5F * scale * inverse * inverse * inverse * sum;
        }
    }
}

static void channels_backward(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Node *n = context;
    const BatchNorm *b = n->params;
    for (size_t channel = begin; channel < end; channel++) {
        for (size_t image = 0; image < (size_t)b->images; image++) {
            plane_backward(n, image * (size_t)b->channels + channel, channel);
        }
    }
}

static void batch_normalization_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const BatchNorm *b = n->params;
    parallel_for((size_t)b->channels, 4, channels_backward, (void *)(uintptr_t)n);
}

const Op op_batch_normalization = {"BatchNormalization", batch_normalization_plan,
                                   batch_normalization_forward, batch_normalization_backward};
