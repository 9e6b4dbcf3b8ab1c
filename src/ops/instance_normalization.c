#include <math.h>

#include "ops/channels.h"
#include "ops/op.h"
#include "parallel.h"

enum { X, SCALE, BIAS }; /* inputs */

typedef struct InstanceNorm {
    float epsilon;
    int images, channels;
    size_t pixels;
} InstanceNorm;

/* The cache: one for each plane. */
typedef struct PlaneStats {
    float mean, inverse; /* inverse: 1 / sqrt(variance + epsilon) */
} PlaneStats;

static Status instance_normalization_plan(Node *n)
{
    TRY(node_inputs(n, 3, 3));
    TRY(node_outputs(n, 1));
    const Shape *x = &n->in[X]->shape;
    if (x->rank < 3) {
        char text[SHAPE_TEXT_BYTES];
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': the input has the shape %s, it needs [N,C,...]", n->op->name,
                            n->name, shape_text(x, text));
    }
    TRY(channel_parameter(n, SCALE, "scale", x->dim[1]));
    TRY(channel_parameter(n, BIAS, "bias", x->dim[1]));
    TRY(node_params(n, sizeof(InstanceNorm)));
    InstanceNorm *p = n->params;
    *p = (InstanceNorm){.epsilon = 1e-5F, .images = x->dim[0], .channels = x->dim[1]};
    p->pixels = shape_span(x, 2, x->rank);
    TRY(attr_float(n, "epsilon", &p->epsilon));
    n->out[0]->shape = *x;
    n->cache_bytes = shape_span(x, 0, 2) * sizeof(PlaneStats);
    n->macs = 3 * (uint64_t)shape_elements(x);
    return status_ok();
}

static PlaneStats plane_stats(const float *x, size_t pixels, float epsilon)
{
    const float mean = (float)(channel_sum(x, pixels) / (double)pixels);
    double lane[8] = {0};
    for (size_t i = 0; i < pixels; i++) {
        const double apart = (double)(x[i] - mean);
        lane[i & 7] += apart * apart;
    }
    double squares = 0;
    for (int k = 0; k < 8; k++) squares += lane[k];
    return (PlaneStats){mean, (float)(1.0 / sqrt(squares / (double)pixels + (double)epsilon))};
}

static void planes_forward(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Node *n = context;
    const InstanceNorm *p = n->params;
    PlaneStats *cache = n->cache;
    for (size_t plane = begin; plane < end; plane++) {
        const size_t channel = plane % (size_t)p->channels;
        const float *restrict x = n->in[X]->data + plane * p->pixels;
        float *restrict y = n->out[0]->data + plane * p->pixels;
        const PlaneStats stats = plane_stats(x, p->pixels, p->epsilon);
        const float factor = n->in[SCALE]->data[channel] * stats.inverse;
        const float bias = n->in[BIAS]->data[channel];
        cache[plane] = stats;
        for (size_t i = 0; i < p->pixels; i++) y[i] = (x[i] - stats.mean) * factor + bias;
    }
}

static void instance_normalization_forward(const Node *n)
{
    const InstanceNorm *p = n->params;
    parallel_for((size_t)p->images * (size_t)p->channels, 1, planes_forward, (void *)(uintptr_t)n);
}

/*
 * y = scale z + bias with z = (x - mean) r: over the pixels, dscale += sum z dy, dbias += sum dy,
 * dx += scale r (dy - mean dy - z mean(z dy)).
 */
static void plane_backward(const Node *n, size_t plane, size_t channel)
{
    const InstanceNorm *p = n->params;
    const PlaneStats stats = ((const PlaneStats *)n->cache)[plane];
    const float *restrict x = n->in[X]->data + plane * p->pixels;
    const float *restrict dy = n->out[0]->grad + plane * p->pixels;
    const double sum = channel_sum(dy, p->pixels);
    const double dot = channel_dot(x, stats.mean, dy, p->pixels) * (double)stats.inverse;
    if (n->in[SCALE]->grad) n->in[SCALE]->grad[channel] += (float)dot;
    if (n->in[BIAS]->grad) n->in[BIAS]->grad[channel] += (float)sum;
    if (!n->in[X]->grad) return;
    float *restrict dx = n->in[X]->grad + plane * p->pixels;
    const float factor = n->in[SCALE]->data[channel] * stats.inverse;
    const float mean = (float)(sum / (double)p->pixels);
    const float slope = (float)(dot / (double)p->pixels) * stats.inverse;
    for (size_t i = 0; i < p->pixels; i++) {
        dx[i] += factor * (dy[i] - mean - (x[i] - stats.mean) * slope);
    }
}

static void channels_backward(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Node *n = context;
    const InstanceNorm *p = n->params;
    for (size_t channel = begin; channel < end; channel++) {
        for (size_t image = 0; image < (size_t)p->images; image++) {
            plane_backward(n, image * (size_t)p->channels + channel, channel);
        }
    }
}

static void instance_normalization_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const InstanceNorm *p = n->params;
    parallel_for((size_t)p->channels, 1, channels_backward, (void *)(uintptr_t)n);
}

const Op op_instance_normalization = {"InstanceNormalization", instance_normalization_plan,
                                      instance_normalization_forward,
                                      instance_normalization_backward};
