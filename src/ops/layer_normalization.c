/* LayerNormalization and GroupNormalization: stretches of the input are brought to mean 0 and variance 1. */
#include <math.h>
#include <stdio.h>

#include "ops/channels.h"
#include "ops/op.h"
#include "parallel.h"

enum { X, SCALE, BIAS }; /* inputs; the bias of LayerNormalization may be absent */

/* The input as rows of `count` values that are normalised together. A row has `per_row` values of scale and
 * bias, each for `inner` of its values; they begin anew after `cycle` rows. */
typedef struct RowNorm {
    float epsilon;
    size_t rows, count, per_row, inner, cycle;
} RowNorm;

/* ---- plans ---- */

static Status parameter_error(const Node *n, int i, const char *what, size_t wanted)
{
    char text[SHAPE_TEXT_BYTES];
    return status_error(STATUS_BAD_MODEL, "%s '%s': %s has the shape %s, it needs %zu values",
                        n->op->name, n->name, what, shape_text(&n->in[i]->shape, text), wanted);
}

static Status check_parameters(const Node *n, size_t wanted)
{
    static const char *const names[] = {"", "scale", "bias"};
    for (int i = SCALE; i < n->in_count; i++) {
        if (n->in[i] && shape_elements(&n->in[i]->shape) != wanted)
            return parameter_error(n, i, names[i], wanted);
    }
    return status_ok();
}

static Status read_epsilon(Node *n, RowNorm *r)
{
    r->epsilon = 1e-5F;
    TRY(attr_float(n, "epsilon", &r->epsilon));
    if (r->epsilon >= 0.0F && isfinite(r->epsilon)) return status_ok();
    return status_error(STATUS_BAD_MODEL, "%s '%s': epsilon is %g, it must be 0 or more",
                        n->op->name, n->name, (double)r->epsilon);
}

static Status layer_normalization_plan(Node *n)
{
    TRY(node_inputs(n, 2, 3));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(RowNorm)));
    const Shape *x = &n->in[X]->shape;
    int axis = -1;
    TRY(attr_int(n, "axis", &axis));
    TRY(node_axis(n, "axis", x->rank, &axis));
    RowNorm *r = n->params;
    r->rows = shape_span(x, 0, axis);
    r->count = r->per_row = shape_span(x, axis, x->rank);
    r->inner = r->cycle = 1;
    TRY(check_parameters(n, r->count));
    TRY(read_epsilon(n, r));
    n->out[0]->shape = *x;
    n->macs = shape_elements(x);
    snprintf(n->detail, sizeof n->detail, "over %zu values", r->count);
    return status_ok();
}

/* From opset 21 on scale and bias are per channel, before they were per group. */
static Status group_normalization_plan(Node *n)
{
    TRY(node_inputs(n, 3, 3));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(RowNorm)));
    const Shape *x = &n->in[X]->shape;
    int groups = 0;
    TRY(attr_int(n, "num_groups", &groups));
    if (x->rank < 2 || groups < 1 || x->dim[1] % groups != 0) {
        char text[SHAPE_TEXT_BYTES];
        return status_error(
            STATUS_BAD_MODEL,
            "GroupNormalization '%s': the channels of an input of the shape %s do not part into "
            "%d groups (num_groups): export again",
            n->name, shape_text(x, text), groups);
    }
    const size_t channels = (size_t)x->dim[1], pixels = shape_span(x, 2, x->rank);
    RowNorm *r = n->params;
    r->cycle = (size_t)groups;
    r->rows = (size_t)x->dim[0] * r->cycle;
    r->count = channels / r->cycle * pixels;
    const bool by_group = shape_elements(&n->in[SCALE]->shape) == r->cycle && groups != x->dim[1];
    r->per_row = by_group ? 1 : channels / r->cycle;
    r->inner = r->count / r->per_row;
    TRY(check_parameters(n, r->per_row * r->cycle));
    TRY(read_epsilon(n, r));
    n->out[0]->shape = *x;
    n->macs = shape_elements(x);
    snprintf(n->detail, sizeof n->detail, "%d groups", groups);
    return status_ok();
}

/* ---- forward ---- */

typedef struct RowStats {
    float mean, inverse; /* inverse = (variance + epsilon)^-1/2 */
} RowStats;

static RowStats row_stats(const RowNorm *r, const float *x)
{
    const float mean = (float)(channel_sum(x, r->count) / (double)r->count);
    double squares = 0;
    for (size_t i = 0; i < r->count; i++) {
        const double difference = (double)(x[i] - mean);
        squares += difference * difference;
    }
    const double variance = squares / (double)r->count + (double)r->epsilon;
    return (RowStats){mean, (float)(1 / sqrt(variance))};
}

/* Where the scale and bias of a row begin. */
static size_t row_parameters(const RowNorm *r, size_t row)
{
    return row % r->cycle * r->per_row;
}

static const float *input_data(const Node *n, int i)
{
    return i < n->in_count && n->in[i] ? n->in[i]->data : NULL;
}

static float *input_grad(const Node *n, int i)
{
    return i < n->in_count && n->in[i] ? n->in[i]->grad : NULL;
}

static void rows_forward(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Node *n = context;
    const RowNorm *r = n->params;
    const float *bias = input_data(n, BIAS);
    for (size_t row = begin; row < end; row++) {
        const float *restrict x = n->in[X]->data + row * r->count;
        float *restrict y = n->out[0]->data + row * r->count;
        const RowStats stats = row_stats(r, x);
        const size_t first = row_parameters(r, row);
        for (size_t k = 0; k < r->per_row; k++) {
            const float factor = n->in[SCALE]->data[first + k] * stats.inverse;
            const float offset = bias ? bias[first + k] : 0.0F;
            for (size_t i = k * r->inner; i < (k + 1) * r->inner; i++)
                y[i] = (x[i] - stats.mean) * factor + offset;
        }
    }
}

static void row_norm_forward(const Node *n)
{
    const RowNorm *r = n->params;
    parallel_for(r->rows, 1 + (1 << 13) / r->count, rows_forward, (void *)(uintptr_t)n);
}

/* ---- backward ---- */

/*
 * y = h scale + bias with h = (x - mean) inverse. With g = scale dy:
 * dx += inverse (g - mean of g - h times the mean of g h).
 */
static void rows_backward(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Node *n = context;
    const RowNorm *r = n->params;
    for (size_t row = begin; row < end; row++) {
        const float *x = n->in[X]->data + row * r->count;
        const float *dy = n->out[0]->grad + row * r->count;
        float *dx = n->in[X]->grad + row * r->count;
        const RowStats stats = row_stats(r, x);
        const float *scale = n->in[SCALE]->data + row_parameters(r, row);
        double sum = 0, dot = 0;
        for (size_t k = 0; k < r->per_row; k++) {
            for (size_t i = k * r->inner; i < (k + 1) * r->inner; i++) {
                const double g = (double)scale[k] * (double)dy[i];
                sum += g;
                dot += g * (double)(x[i] - stats.mean);
            }
        }
        const float mean = (float)(sum / (double)r->count);
        const float tilt =
            (float)(dot / (double)r->count * (double)stats.inverse * (double)stats.inverse);
        for (size_t k = 0; k < r->per_row; k++) {
            for (size_t i = k * r->inner; i < (k + 1) * r->inner; i++) {
                const float g = scale[k] * dy[i];
                dx[i] += stats.inverse * (g - mean - (x[i] - stats.mean) * tilt);
            }
        }
    }
}

/* dscale += sum of h dy, dbias += sum of dy. The rows share them, so that they go one after the other. */
static void parameters_backward(const Node *n)
{
    const RowNorm *r = n->params;
    float *dscale = input_grad(n, SCALE), *dbias = input_grad(n, BIAS);
    for (size_t row = 0; row < r->rows && (dscale || dbias); row++) {
        const float *x = n->in[X]->data + row * r->count;
        const float *dy = n->out[0]->grad + row * r->count;
        const RowStats stats = row_stats(r, x);
        const size_t first = row_parameters(r, row);
        for (size_t k = 0; k < r->per_row; k++) {
            const size_t at = k * r->inner;
            if (dbias) dbias[first + k] += (float)channel_sum(dy + at, r->inner);
            if (dscale) {
                const double dot = channel_dot(x + at, stats.mean, dy + at, r->inner);
                dscale[first + k] += (float)(dot * (double)stats.inverse);
            }
        }
    }
}

static void row_norm_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const RowNorm *r = n->params;
    if (n->in[X]->grad)
        parallel_for(r->rows, 1 + (1 << 13) / r->count, rows_backward, (void *)(uintptr_t)n);
    parameters_backward(n);
}

const Op op_layer_normalization = {"LayerNormalization", layer_normalization_plan, row_norm_forward,
                                   row_norm_backward};
const Op op_group_normalization = {"GroupNormalization", group_normalization_plan, row_norm_forward,
                                   row_norm_backward};
