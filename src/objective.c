#include "objective.h"

#include <assert.h>
#include <math.h>

#include "kernels/gemm.h"
#include "parallel.h"

/* Scratch is sized once, while the pool may grow later. */
enum { GRAM_MAX_THREADS = 8 };

/* A value as [items, channels, positions]: [N,C,H,W], [N,C] or [C]. */
typedef struct Extent {
    int items, channels;
    size_t positions;
} Extent;

static Extent extent_of(const Shape *shape)
{
    if (shape->rank < 2) return (Extent){1, shape->rank ? shape->dim[0] : 1, 1};
    return (Extent){shape->dim[0], shape->dim[1], shape_span(shape, 2, shape->rank)};
}

static size_t neuron_offset(const Objective *term)
{
    const Extent e = extent_of(&term->value->shape);
    const int rank = term->value->shape.rank;
    const size_t width = rank > 2 ? (size_t)term->value->shape.dim[rank - 1] : 1;
    return (size_t)term->channel * e.positions + (size_t)term->y * width + (size_t)term->x;
}

/* Each function below returns the value of the term without its weight and, where dv is not NULL, adds
 * scale * d(value)/dv to it. */

static double neuron_term(const Objective *term, float *dv, double scale)
{
    const size_t at = neuron_offset(term);
    if (dv) dv[at] += (float)scale;
    return term->value->data[at];
}

static double channel_term(const Objective *term, float *dv, double scale)
{
    const Extent e = extent_of(&term->value->shape);
    const float share = (float)(scale / (double)e.positions);
    double sum = 0;
    for (int n = 0; n < e.items; n++) {
        const size_t from = ((size_t)n * (size_t)e.channels + (size_t)term->channel) * e.positions;
        for (size_t i = from; i < from + e.positions; i++) {
            sum += term->value->data[i];
            if (dv) dv[i] += share;
        }
    }
    return sum / (double)e.positions;
}

static double layer_term(const Objective *term, float *dv, double scale)
{
    const float *v = term->value->data;
    const size_t count = shape_elements(&term->value->shape);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)v[i] * v[i];
        if (dv) dv[i] += (float)scale * v[i];
    }
    return 0.5 * sum;
}

static double feature_match_term(const Objective *term, float *dv, double scale)
{
    const float *v = term->value->data;
    const size_t count = shape_elements(&term->value->shape);
    const float slope = (float)(2.0 * scale / (double)count);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const float difference = v[i] - term->reference[i];
        sum += (double)difference * difference;
        if (dv) dv[i] += slope * difference;
    }
    return sum / (double)count;
}

/* Squared differences of the first count values and those that lie step after them. */
static double pair_differences(const float *v, float *dv, size_t count, size_t step, float slope)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const float difference = v[i + step] - v[i];
        sum += (double)difference * difference;
        if (dv) {
            dv[i + step] += slope * difference;
            dv[i] -= slope * difference;
        }
    }
    return sum;
}

static double total_variation_term(const Objective *term, float *dv, double scale)
{
    const Shape *shape = &term->value->shape;
    assert(shape->rank == 4);
    const size_t height = (size_t)shape->dim[2], width = (size_t)shape->dim[3];
    const size_t plane = height * width, count = shape_elements(shape);
    const float slope = (float)(2.0 * scale / (double)count);
    double sum = 0;
    for (size_t p = 0; p < count; p += plane) {
        const float *v = term->value->data + p;
        float *dp = dv ? dv + p : NULL;
        sum += pair_differences(v, dp, plane - width, width, slope);
        for (size_t y = 0; y < plane; y += width)
            sum += pair_differences(v + y, dp ? dp + y : NULL, width - 1, 1, slope);
    }
    return sum / (double)count;
}

/* -log softmax at one position, whose channels lie `stride` apart. */
static double position_cross_entropy(const float *v, float *dv, int channels, size_t stride,
                                     int channel, double scale)
{
    float highest = v[0];
    for (int c = 1; c < channels; c++) highest = fmaxf(highest, v[(size_t)c * stride]);
    /* The others apart: p - 1 of a certain class keeps its digits. */
    double others = 0;
    for (int c = 0; c < channels; c++) {
        if (c != channel) others += exp((double)v[(size_t)c * stride] - highest);
    }
    const double own = exp((double)v[(size_t)channel * stride] - highest), total = own + others;
    for (int c = 0; c < channels && dv; c++) {
        const double p = exp((double)v[(size_t)c * stride] - highest) / total;
        dv[(size_t)c * stride] += (float)(scale * (c == channel ? -others / total : p));
    }
    return log(total) + highest - v[(size_t)channel * stride];
}

static double cross_entropy_term(const Objective *term, float *dv, double scale)
{
    const Extent e = extent_of(&term->value->shape);
    const size_t item = (size_t)e.channels * e.positions;
    const double share = scale / (double)e.positions;
    double sum = 0;
    for (size_t n = 0; n < (size_t)e.items; n++) {
        for (size_t p = 0; p < e.positions; p++) {
            const size_t at = n * item + p;
            sum += position_cross_entropy(term->value->data + at, dv ? dv + at : NULL, e.channels,
                                          e.positions, term->channel, share);
        }
    }
    return sum / (double)e.positions;
}

/* ---- Gram matrices ---- */

/* The matrix at the start of the scratch, in whole cache lines. */
static size_t gram_floats(int channels)
{
    return ((size_t)channels * (size_t)channels + 15) & ~(size_t)15;
}

static int gram_threads(void)
{
    const int threads = parallel_threads();
    return threads < GRAM_MAX_THREADS ? threads : GRAM_MAX_THREADS;
}

size_t objective_scratch(ObjectiveKind kind, const Shape *shape)
{
    if (kind != OBJECTIVE_GRAM_ENERGY && kind != OBJECTIVE_GRAM_MATCH) return 0;
    const Extent e = extent_of(shape);
    const int c = e.channels, p = (int)e.positions;
    const size_t product = gemm_scratch_bytes(c, c, p, GRAM_MAX_THREADS);
    const size_t gradient = gemm_scratch_bytes(c, p, c, GRAM_MAX_THREADS);
    return gram_floats(c) + (product > gradient ? product : gradient) / sizeof(float) + 16;
}

void gram_matrix(const Value *value, float *gram, float *scratch)
{
    const Extent e = extent_of(&value->shape);
    assert(e.items == 1);
    const int c = e.channels, p = (int)e.positions;
    const Gemm product = {.m = c,
                          .n = c,
                          .k = p,
                          .a = gemm_matrix(value->data, p),
                          .b = gemm_transposed(value->data, p),
                          .c = gram,
                          .threads = gram_threads()};
    gemm(&product, scratch + gram_floats(c));
    const float share = 1.0F / ((float)c * (float)p);
    for (size_t i = 0; i < (size_t)c * (size_t)c; i++) gram[i] *= share;
}

/* E = sum (G - A)^2 with G = F F' / (C P), both symmetric: dE/dF = 4 (G - A) F / (C P). */
static double gram_term(const Objective *term, float *dv, double scale)
{
    const Extent e = extent_of(&term->value->shape);
    const int c = e.channels, p = (int)e.positions;
    const float *reference = term->kind == OBJECTIVE_GRAM_MATCH ? term->reference : NULL;
    float *difference = term->scratch;
    gram_matrix(term->value, difference, term->scratch);
    const float slope = (float)(4.0 * scale / ((double)c * p));
    double sum = 0;
    for (size_t i = 0; i < (size_t)c * (size_t)c; i++) {
        if (reference) difference[i] -= reference[i];
        sum += (double)difference[i] * difference[i];
        difference[i] *= slope;
    }
    if (!dv) return sum;
    const Gemm gradient = {.m = c,
                           .n = p,
                           .k = c,
                           .a = gemm_matrix(difference, c),
                           .b = gemm_matrix(term->value->data, p),
                           .c = dv,
                           .accumulate = true,
                           .threads = gram_threads()};
    gemm(&gradient, term->scratch + gram_floats(c));
    return sum;
}

/* ---- all kinds ---- */

typedef double TermFunction(const Objective *term, float *dv, double scale);

static TermFunction *const term_functions[] = {
    [OBJECTIVE_NEURON] = neuron_term,
    [OBJECTIVE_CHANNEL] = channel_term,
    [OBJECTIVE_LAYER] = layer_term,
    [OBJECTIVE_GRAM_ENERGY] = gram_term,
    [OBJECTIVE_GRAM_MATCH] = gram_term,
    [OBJECTIVE_FEATURE_MATCH] = feature_match_term,
    [OBJECTIVE_TOTAL_VARIATION] = total_variation_term,
    [OBJECTIVE_CROSS_ENTROPY] = cross_entropy_term,
};

double objective_value(const Objective *term)
{
    return term->weight * term_functions[term->kind](term, NULL, 0);
}

double objectives_seed(const Objective *terms, int count, Graph *graph)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        float *dv = graph_seed(graph, terms[i].value);
        sum += terms[i].weight * term_functions[terms[i].kind](&terms[i], dv, terms[i].weight);
    }
    return sum;
}
