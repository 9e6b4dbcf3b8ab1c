#include "train/batch_norm.h"

#include <math.h>

#include "parallel.h"
#include "simd.h"

enum { X, SCALE, BIAS };    /* inputs */
enum { Y, MEAN, VARIANCE }; /* outputs */
enum { CHANNELS_AT_A_TIME = 2 };

typedef struct BatchNorm {
    size_t images, channels, pixels;
    bool rectify;
} BatchNorm;

static Status batch_norm_plan(Node *n)
{
    TRY(node_inputs(n, 3, 3));
    const Shape *x = &n->in[X]->shape;
    int rectify = 0;
    TRY(attr_int(n, "rectify", &rectify));
    if (n->out_count != 3 || x->rank < 2) {
        return status_error(STATUS_BAD_INPUT,
                            "%s '%s' needs an input [N,C,...] and has three outputs", n->op->name,
                            n->name);
    }
    TRY(node_params(n, sizeof(BatchNorm)));
    BatchNorm *b = n->params;
    *b = (BatchNorm){.images = (size_t)x->dim[0],
                     .channels = (size_t)x->dim[1],
                     .pixels = shape_span(x, 2, x->rank),
                     .rectify = rectify != 0};
    if (b->images * b->pixels < 2) {
        return status_error(STATUS_BAD_INPUT,
                            "'%s' has one value per channel in the whole batch, which has no "
                            "variance: take a larger batch or size",
                            n->name);
    }
    const Shape channels = shape_make(1, &x->dim[1]);
    for (int i = SCALE; i <= BIAS; i++) {
        if (!shape_equal(&n->in[i]->shape, &channels)) {
            return status_error(STATUS_BAD_INPUT, "'%s' needs one scale and bias per channel",
                                n->name);
        }
    }
    n->out[Y]->shape = *x;
    n->out[MEAN]->shape = n->out[VARIANCE]->shape = channels;
    n->macs = 2 * shape_elements(x);
    return status_ok();
}

/* ---- one plane at a time ---- */

static double plane_sum(const float *x, size_t count)
{
    vf lanes = vf_zero();
    float rest = 0;
    size_t i = 0;
    for (; i + VF_LANES <= count; i += VF_LANES) lanes += vf_load(x + i);
    for (; i < count; i++) rest += x[i];
    return (double)vf_sum(lanes) + (double)rest;
}

static double plane_squares(const float *x, float mean, size_t count)
{
    vf lanes = vf_zero();
    float rest = 0;
    size_t i = 0;
    for (; i + VF_LANES <= count; i += VF_LANES) {
        const vf d = vf_load(x + i) - vf_splat(mean);
        lanes = vf_fma(d, d, lanes);
    }
    for (; i < count; i++) rest += (x[i] - mean) * (x[i] - mean);
    return (double)vf_sum(lanes) + (double)rest;
}

/* Adds sum of dy and of dy (x - mean), both where y passes. */
static void plane_gradient_sums(const float *x, float mean, const float *y, const float *dy,
                                size_t count, double *sum, double *product)
{
    vf sums = vf_zero(), products = vf_zero();
    float sum_rest = 0, product_rest = 0;
    size_t i = 0;
    for (; i + VF_LANES <= count; i += VF_LANES) {
        vf g = vf_load(dy + i);
        if (y) g = vf_select((vi)(vf_load(y + i) > vf_zero()), g, vf_zero());
        sums += g;
        products = vf_fma(g, vf_load(x + i) - vf_splat(mean), products);
    }
    for (; i < count; i++) {
        const float g = !y || y[i] > 0 ? dy[i] : 0;
        sum_rest += g;
        product_rest += g * (x[i] - mean);
    }
    *sum += (double)vf_sum(sums) + (double)sum_rest;
    *product += (double)vf_sum(products) + (double)product_rest;
}

/* ---- forward ---- */

static void channel_forward(const Node *n, size_t channel)
{
    const BatchNorm *b = n->params;
    const size_t step = b->channels * b->pixels;
    const double count = (double)(b->images * b->pixels);
    const float *x = n->in[X]->data + channel * b->pixels;
    float *y = n->out[Y]->data + channel * b->pixels;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < b->images; i++) sum += plane_sum(x + i * step, b->pixels);
    const float mean = (float)(sum / count);
    for (size_t i = 0; i < b->images; i++) squares += plane_squares(x + i * step, mean, b->pixels);
    n->out[MEAN]->data[channel] = mean;
    n->out[VARIANCE]->data[channel] = (float)(squares / (count - 1));

    const float inverse = 1.0F / sqrtf((float)(squares / count) + BATCH_NORM_EPSILON);
    const float factor = n->in[SCALE]->data[channel] * inverse, bias = n->in[BIAS]->data[channel];
    /* Infinity passes everything; a comparison with it costs nothing that memory does not hide. */
    const float floor = b->rectify ? 0.0F : -INFINITY;
    for (size_t i = 0; i < b->images; i++) {
        const float *restrict from = x + i * step;
        float *restrict to = y + i * step;
        for (size_t k = 0; k < b->pixels; k++) {
            const float value = (from[k] - mean) * factor + bias;
            to[k] = value < floor ? floor : value;
        }
    }
}

static void channels_forward(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    for (size_t channel = begin; channel < end; channel++) channel_forward(context, channel);
}

static void batch_norm_forward(const Node *n)
{
    const BatchNorm *b = n->params;
    parallel_for(b->channels, CHANNELS_AT_A_TIME, channels_forward, (void *)(uintptr_t)n);
}

/* ---- backward ---- */

/*
 * y = (x - mean) scale r + bias with r = (variance + epsilon)^-1/2, mean and variance over `count` values:
 * dbias += sum dy, dscale += r sum dy (x - mean),
 * dx += scale r (dy - sum dy / count - (x - mean) r^2 sum dy (x - mean) / count);
 * and what flows into the statistics themselves: dx += dmean / count + 2 (x - mean) dvariance / (count - 1).
 */
static void channel_backward(const Node *n, size_t channel)
{
    const BatchNorm *b = n->params;
    const size_t step = b->channels * b->pixels, first = channel * b->pixels;
    const double count = (double)(b->images * b->pixels);
    const float *x = n->in[X]->data + first, *dy = n->out[Y]->grad + first;
    const float *y = b->rectify ? n->out[Y]->data + first : NULL;
    const float mean = n->out[MEAN]->data[channel];
    const double variance = (double)n->out[VARIANCE]->data[channel] * (count - 1) / count;
    const double inverse = 1 / sqrt(variance + (double)BATCH_NORM_EPSILON);
    double sum = 0, product = 0;
    for (size_t i = 0; i < b->images; i++) {
        const size_t at = i * step;
        plane_gradient_sums(x + at, mean, y ? y + at : NULL, dy + at, b->pixels, &sum, &product);
    }
    if (n->in[BIAS]->grad) n->in[BIAS]->grad[channel] += (float)sum;
    if (n->in[SCALE]->grad) n->in[SCALE]->grad[channel] += (float)(product * inverse);
    if (!n->in[X]->grad) return;

    float *dx = n->in[X]->grad + first;
    const double factor = (double)n->in[SCALE]->data[channel] * inverse;
    const double into_mean = (double)n->out[MEAN]->grad[channel];
    const double into_variance = (double)n->out[VARIANCE]->grad[channel];
    const float a = (float)factor, c = (float)((into_mean - factor * sum) / count);
    const float d =
        (float)(2 * into_variance / (count - 1) - factor * inverse * inverse * product / count);
    for (size_t i = 0; i < b->images; i++) {
        const float *restrict from = x + i * step, *restrict g = dy + i * step;
        const float *restrict out = y ? y + i * step : NULL;
        float *restrict to = dx + i * step;
        if (!n->in[X]->overwritten) {
            for (size_t k = 0; k < b->pixels; k++)
                to[k] += a * (!out || out[k] > 0 ? g[k] : 0.0F) + (c + d * (from[k] - mean));
        } else if (out) {
            for (size_t k = 0; k < b->pixels; k++)
                to[k] = a * (out[k] > 0 ? g[k] : 0.0F) + (c + d * (from[k] - mean));
        } else {
            for (size_t k = 0; k < b->pixels; k++) to[k] = a * g[k] + (c + d * (from[k] - mean));
        }
    }
}

static void channels_backward(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    for (size_t channel = begin; channel < end; channel++) channel_backward(context, channel);
}

static void batch_norm_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const BatchNorm *b = n->params;
    parallel_for(b->channels, CHANNELS_AT_A_TIME, channels_backward, (void *)(uintptr_t)n);
}

const Op op_batch_norm_training = {"BatchNormalization", batch_norm_plan, batch_norm_forward,
                                   batch_norm_backward};
