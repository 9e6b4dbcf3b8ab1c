#include "objective.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "objective_terms.h"

static size_t neuron_offset(const Objective *term)
{
    const Extent e = extent_of(&term->value->shape);
    const int rank = term->value->shape.rank;
    const size_t width = rank > 2 ? (size_t)term->value->shape.dim[rank - 1] : 1;
    return (size_t)term->channel * e.positions + (size_t)term->y * width + (size_t)term->x;
}

/* Each function below returns the value of the term without its weight and, where dv is not NULL, adds
 * scale * d(value)/dv to it. */

/* The items of the batch that count: first to last - 1. */
static void items_of(const Objective *term, const Extent *e, int *first, int *last)
{
    *first = term->item ? term->item - 1 : 0;
    *last = term->item ? term->item : e->items;
}

static double neuron_term(const Objective *term, float *dv, double scale)
{
    const Extent e = extent_of(&term->value->shape);
    const size_t item = (size_t)e.channels * e.positions;
    int first, last;
    items_of(term, &e, &first, &last);
    double sum = 0;
    for (int n = first; n < last; n++) {
        const size_t at = (size_t)n * item + neuron_offset(term);
        sum += term->value->data[at];
        if (dv) dv[at] += (float)scale;
    }
    return sum;
}

/* Rows of the channel, and values in each, that count, and how far they lie apart and from the start. */
typedef struct Window {
    size_t rows, columns, stride, start;
} Window;

static Window window_of(const Objective *term, const Extent *e)
{
    const Shape *shape = &term->value->shape;
    if (term->border == 0 || shape->rank != 4) return (Window){1, e->positions, 0, 0};
    const int height = shape->dim[2], width = shape->dim[3];
    /* At least one value is left. */
    const int top = term->border < (height + 1) / 2 ? term->border : (height - 1) / 2;
    const int left = term->border < (width + 1) / 2 ? term->border : (width - 1) / 2;
    return (Window){(size_t)(height - 2 * top), (size_t)(width - 2 * left), (size_t)width,
                    (size_t)(top * width + left)};
}

static double channel_term(const Objective *term, float *dv, double scale)
{
    const Extent e = extent_of(&term->value->shape);
    const Window w = window_of(term, &e);
    const double count = (double)w.rows * (double)w.columns;
    const float share = (float)(scale / count);
    int first, last;
    items_of(term, &e, &first, &last);
    double sum = 0;
    for (int n = first; n < last; n++) {
        size_t row =
            ((size_t)n * (size_t)e.channels + (size_t)term->channel) * e.positions + w.start;
        for (size_t y = 0; y < w.rows; y++, row += w.stride) {
            for (size_t i = row; i < row + w.columns; i++) {
                sum += term->value->data[i];
                if (dv) dv[i] += share;
            }
        }
    }
    return sum / count;
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

/* ---- all kinds ---- */

static TermFunction *const term_functions[] = {
    [OBJECTIVE_NEURON] = neuron_term,
    [OBJECTIVE_CHANNEL] = channel_term,
    [OBJECTIVE_LAYER] = layer_term,
    [OBJECTIVE_GRAM_ENERGY] = gram_term,
    [OBJECTIVE_GRAM_MATCH] = gram_term,
    [OBJECTIVE_GRAM_REGION] = gram_region_term,
    [OBJECTIVE_GRAM_SIMILARITY] = gram_similarity_term,
    [OBJECTIVE_FEATURE_MATCH] = feature_match_term,
    [OBJECTIVE_GUIDE] = guide_term,
    [OBJECTIVE_TOTAL_VARIATION] = total_variation_term,
    [OBJECTIVE_CROSS_ENTROPY] = cross_entropy_term,
};

/* In whole cache lines. */
static size_t scratch_of(const Objective *term)
{
    return (objective_scratch(term->kind, &term->value->shape) + 15) & ~(size_t)15;
}

size_t objectives_scratch(const Objective *term)
{
    size_t floats = 0;
    for (; term; term = term->plus) floats += scratch_of(term);
    return floats;
}

void objectives_give_scratch(Objective *term, float *scratch)
{
    for (; term; term = term->plus) {
        term->scratch = scratch;
        scratch += scratch_of(term);
    }
}

double objective_value(const Objective *term)
{
    double sum = 0;
    for (; term; term = term->plus) sum += term->weight * term_functions[term->kind](term, NULL, 0);
    return sum;
}

double objectives_seed(const Objective *terms, int count, Graph *graph)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        for (const Objective *t = &terms[i]; t; t = t->plus) {
            float *dv = graph_seed(graph, t->value);
            sum += t->weight * term_functions[t->kind](t, dv, t->weight);
        }
    }
    return sum;
}
