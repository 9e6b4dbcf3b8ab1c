#include "train/batch_norm.h"

#include <math.h>

#include "parallel.h"
#include "simd.h"

enum { X, SCALE, BIAS };    /* inputs */
enum { Y, MEAN, VARIANCE }; /* outputs */

enum {
    MOST_CHANNELS = 16, /* of an item: neighbours in memory, so that small planes make long runs */
    ITEM_FLOATS =
        1 << 17, /* of x in an item, about: the next pass finds them in the second cache */
    BLOCK_FLOATS = 1 << 10, /* of a channel that are summed in single precision, about */
    ITEMS_PER_THREAD = 2,
};

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

/* ---- what an item is: some channels of all images ---- */

typedef struct Channels {
    const BatchNorm *b;
    const Node *n;
    size_t first, count;
    size_t step;  /* floats from an image to the next */
    size_t block; /* images that are summed at once */
} Channels;

static size_t channels_at_a_time(const BatchNorm *b)
{
    const size_t items = (size_t)(ITEMS_PER_THREAD * parallel_threads());
    size_t count = ITEM_FLOATS / (b->images * b->pixels);
    if (count > b->channels / items) count = b->channels / items;
    return count < 1 ? 1 : count > MOST_CHANNELS ? MOST_CHANNELS : count;
}

static size_t items_of(const BatchNorm *b)
{
    const size_t each = channels_at_a_time(b);
    return (b->channels + each - 1) / each;
}

static Channels channels_of(const Node *n, size_t item)
{
    const BatchNorm *b = n->params;
    const size_t each = channels_at_a_time(b), left = b->channels - item * each;
    const size_t block = BLOCK_FLOATS / b->pixels;
    return (Channels){.b = b,
                      .n = n,
                      .first = item * each,
                      .count = left < each ? left : each,
                      .step = b->channels * b->pixels,
                      .block = block < 1 ? 1 : block};
}

/* How x becomes y; backward computes y again rather than reading it. */
typedef struct Line {
    float mean, factor, bias, floor; /* y = (x - mean) factor + bias, at least floor */
} Line;

static inline float line_at(const Line *l, float x)
{
    return (x - l->mean) * l->factor + l->bias;
}

static inline vf line_at_lanes(const Line *l, vf x)
{
    return vf_fma(x - vf_splat(l->mean), vf_splat(l->factor), vf_splat(l->bias));
}

static double inverse_deviation(const Node *n, size_t channel)
{
    const BatchNorm *b = n->params;
    const double count = (double)(b->images * b->pixels);
    const double variance = (double)n->out[VARIANCE]->data[channel] * (count - 1) / count;
    return 1 / sqrt(variance + (double)BATCH_NORM_EPSILON);
}

static Line line_of(const Node *n, size_t channel)
{
    const BatchNorm *b = n->params;
    const float factor =
        (float)((double)n->in[SCALE]->data[channel] * inverse_deviation(n, channel));
    return (Line){n->out[MEAN]->data[channel], factor, n->in[BIAS]->data[channel],
                  b->rectify ? 0.0F : -INFINITY};
}

/* ---- sums over planes of one channel ---- */

static double planes_sum(const float *x, size_t step, size_t planes, size_t pixels)
{
    vf lanes = vf_zero();
    float rest = 0;
    for (size_t p = 0; p < planes; p++, x += step) {
        size_t i = 0;
        for (; i + VF_LANES <= pixels; i += VF_LANES) lanes += vf_load(x + i);
        for (; i < pixels; i++) rest += x[i];
    }
    return (double)vf_sum(lanes) + (double)rest;
}

static double planes_squares(const float *x, size_t step, size_t planes, size_t pixels, float mean)
{
    vf lanes = vf_zero();
    float rest = 0;
    for (size_t p = 0; p < planes; p++, x += step) {
        size_t i = 0;
        for (; i + VF_LANES <= pixels; i += VF_LANES) {
            const vf d = vf_load(x + i) - vf_splat(mean);
            lanes = vf_fma(d, d, lanes);
        }
        for (; i < pixels; i++) rest += (x[i] - mean) * (x[i] - mean);
    }
    return (double)vf_sum(lanes) + (double)rest;
}

/* Adds sum of dy and of dy (x - mean), both where y passes. */
static void planes_gradient_sums(const Line *l, const float *x, const float *dy, size_t step,
                                 size_t planes, size_t pixels, double *sum, double *product)
{
    vf sums = vf_zero(), products = vf_zero();
    float sum_rest = 0, product_rest = 0;
    for (size_t p = 0; p < planes; p++, x += step, dy += step) {
        size_t i = 0;
        for (; i + VF_LANES <= pixels; i += VF_LANES) {
            const vf value = vf_load(x + i);
            const vi passes = (vi)(line_at_lanes(l, value) > vf_splat(l->floor));
            const vf g = vf_select(passes, vf_load(dy + i), vf_zero());
            sums += g;
            products = vf_fma(g, value - vf_splat(l->mean), products);
        }
        for (; i < pixels; i++) {
            const float g = line_at(l, x[i]) > l->floor ? dy[i] : 0;
            sum_rest += g;
            product_rest += g * (x[i] - l->mean);
        }
    }
    *sum += (double)vf_sum(sums) + (double)sum_rest;
    *product += (double)vf_sum(products) + (double)product_rest;
}

static size_t block_at(const Channels *c, size_t image)
{
    const size_t left = c->b->images - image;
    return left < c->block ? left : c->block;
}

/* ---- forward ---- */

static void measure(const Channels *c, double *squares)
{
    const BatchNorm *b = c->b;
    const float *x = c->n->in[X]->data + c->first * b->pixels;
    float *means = c->n->out[MEAN]->data + c->first;
    double sum[MOST_CHANNELS] = {0};
    for (size_t i = 0; i < b->images; i += c->block) {
        for (size_t k = 0; k < c->count; k++)
            sum[k] +=
                planes_sum(x + i * c->step + k * b->pixels, c->step, block_at(c, i), b->pixels);
    }
    for (size_t k = 0; k < c->count; k++)
        means[k] = (float)(sum[k] / (double)(b->images * b->pixels));
    for (size_t i = 0; i < b->images; i += c->block) {
        for (size_t k = 0; k < c->count; k++)
            squares[k] += planes_squares(x + i * c->step + k * b->pixels, c->step, block_at(c, i),
                                         b->pixels, means[k]);
    }
}

static void plane_forward(const Line *l, const float *x, size_t pixels, float *y)
{
    size_t i = 0;
    for (; i + VF_LANES <= pixels; i += VF_LANES)
        vf_store(y + i, vf_max(line_at_lanes(l, vf_load(x + i)), vf_splat(l->floor)));
    for (; i < pixels; i++) {
        const float value = line_at(l, x[i]);
        y[i] = value > l->floor ? value : l->floor;
    }
}

static void channels_forward(const Node *n, size_t item)
{
    const Channels c = channels_of(n, item);
    const BatchNorm *b = c.b;
    const size_t first = c.first;
    const double count = (double)(b->images * b->pixels);
    double squares[MOST_CHANNELS] = {0};
    Line line[MOST_CHANNELS];
    measure(&c, squares);
    for (size_t k = 0; k < c.count; k++) {
        n->out[VARIANCE]->data[first + k] = (float)(squares[k] / (count - 1));
        line[k] = line_of(n, first + k);
    }
    for (size_t i = 0; i < b->images; i++) {
        for (size_t k = 0; k < c.count; k++) {
            const size_t at = i * c.step + (first + k) * b->pixels;
            plane_forward(&line[k], n->in[X]->data + at, b->pixels, n->out[Y]->data + at);
        }
    }
}

static void items_forward(void *context, size_t item, size_t end, int thread)
{
    (void)thread;
    for (; item < end; item++) channels_forward(context, item);
}

static void batch_norm_forward(const Node *n)
{
    parallel_for(items_of(n->params), 1, items_forward, (void *)(uintptr_t)n);
}

/* ---- backward ---- */

/* dx = slope * (dy where y passes) + constant + tilt (x - mean). */
typedef struct Slope {
    float slope, constant, tilt;
} Slope;

static void plane_backward(const Line *l, const Slope *s, const float *x, const float *dy,
                           size_t pixels, bool add, float *dx)
{
    const vf slope = vf_splat(s->slope), constant = vf_splat(s->constant), tilt = vf_splat(s->tilt);
    size_t i = 0;
    for (; i + VF_LANES <= pixels; i += VF_LANES) {
        const vf value = vf_load(x + i);
        const vi passes = (vi)(line_at_lanes(l, value) > vf_splat(l->floor));
        const vf g = vf_select(passes, vf_load(dy + i), vf_zero());
        const vf brings = vf_fma(slope, g, vf_fma(tilt, value - vf_splat(l->mean), constant));
        vf_store(dx + i, add ? brings + vf_load(dx + i) : brings);
    }
    for (; i < pixels; i++) {
        const float g = line_at(l, x[i]) > l->floor ? dy[i] : 0;
        const float brings = s->slope * g + (s->constant + s->tilt * (x[i] - l->mean));
        dx[i] = add ? dx[i] + brings : brings;
    }
}

/*
 * y = (x - mean) scale r + bias with r = (variance + epsilon)^-1/2, mean and variance over `count` values:
 * dbias += sum dy, dscale += r sum dy (x - mean),
 * dx += scale r (dy - sum dy / count - (x - mean) r^2 sum dy (x - mean) / count);
 * and what flows into the statistics themselves: dx += dmean / count + 2 (x - mean) dvariance / (count - 1).
 */
static Slope slope_of(const Node *n, size_t channel, double sum, double product)
{
    const BatchNorm *b = n->params;
    const double inverse = inverse_deviation(n, channel);
    const double count = (double)(b->images * b->pixels);
    if (n->in[BIAS]->grad) n->in[BIAS]->grad[channel] += (float)sum;
    if (n->in[SCALE]->grad) n->in[SCALE]->grad[channel] += (float)(product * inverse);
    const double factor = (double)n->in[SCALE]->data[channel] * inverse;
    const double into_mean = (double)n->out[MEAN]->grad[channel];
    const double into_variance = (double)n->out[VARIANCE]->grad[channel];
    return (Slope){
        (float)factor, (float)((into_mean - factor * sum) / count),
        (float)(2 * into_variance / (count - 1) - factor * inverse * inverse * product / count)};
}

static void channels_backward(const Node *n, size_t item)
{
    const Channels c = channels_of(n, item);
    const BatchNorm *b = c.b;
    const size_t first = c.first, from = first * b->pixels;
    const float *x = n->in[X]->data + from, *dy = n->out[Y]->grad + from;
    double sum[MOST_CHANNELS] = {0}, product[MOST_CHANNELS] = {0};
    Line line[MOST_CHANNELS];
    Slope slope[MOST_CHANNELS];
    for (size_t k = 0; k < c.count; k++) line[k] = line_of(n, first + k);
    for (size_t i = 0; i < b->images; i += c.block) {
        for (size_t k = 0; k < c.count; k++) {
            const size_t at = i * c.step + k * b->pixels;
            planes_gradient_sums(&line[k], x + at, dy + at, c.step, block_at(&c, i), b->pixels,
                                 &sum[k], &product[k]);
        }
    }
    for (size_t k = 0; k < c.count; k++) slope[k] = slope_of(n, first + k, sum[k], product[k]);
    if (!n->in[X]->grad) return;
    for (size_t i = 0; i < b->images; i++) {
        for (size_t k = 0; k < c.count; k++) {
            const size_t at = i * c.step + k * b->pixels;
            plane_backward(&line[k], &slope[k], x + at, dy + at, b->pixels, !n->in[X]->overwritten,
                           n->in[X]->grad + from + at);
        }
    }
}

static void items_backward(void *context, size_t item, size_t end, int thread)
{
    (void)thread;
    for (; item < end; item++) channels_backward(context, item);
}

static void batch_norm_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    parallel_for(items_of(n->params), 1, items_backward, (void *)(uintptr_t)n);
}

const Op op_batch_norm_training = {"BatchNormalization", batch_norm_plan, batch_norm_forward,
                                   batch_norm_backward};
