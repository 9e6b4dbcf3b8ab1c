/* ReduceMean, ReduceSum, ReduceMax, ReduceMin, ReduceL2 over any axes, and GlobalMaxPool over the pixels. */
#include <math.h>
#include <stdio.h>

#include "kernels/strided.h"
#include "ops/op.h"
#include "parallel.h"

typedef enum Reduction { MEAN, SUM, LARGEST, SMALLEST, LENGTH } Reduction;

/* Where the outputs begin in the input, and what belongs to the first of them; both merged. */
typedef struct Reduce {
    Strided kept, reduced;
    size_t outputs, count; /* count: inputs per output */
} Reduce;

/* Makes params from the axes that are marked; keep: they stay as dimensions of 1. */
static Status reduce_plan_axes(Node *n, const bool *over, bool keep)
{
    TRY(node_params(n, sizeof(Reduce)));
    Reduce *r = n->params;
    const Shape *x = &n->in[0]->shape;
    Shape y = {0};
    r->outputs = r->count = 1;
    for (int d = 0; d < x->rank; d++) {
        Strided *part = over[d] ? &r->reduced : &r->kept;
        part->dim[part->rank] = (size_t)x->dim[d];
        part->step[part->rank++] = (ptrdiff_t)shape_span(x, d + 1, x->rank);
        *(over[d] ? &r->count : &r->outputs) *= (size_t)x->dim[d];
        if (!over[d] || keep) y.dim[y.rank++] = over[d] ? 1 : x->dim[d];
    }
    strided_merge(&r->kept);
    strided_merge(&r->reduced);
    n->out[0]->shape = y;
    n->macs = shape_elements(x);
    snprintf(n->detail, sizeof n->detail, "over %zu values", r->count);
    return status_ok();
}

static Status reduce_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    const int rank = n->in[0]->shape.rank;
    int axes[SHAPE_MAX_RANK], count, keep = 1, noop = 0;
    TRY(attr_int(n, "keepdims", &keep));
    TRY(attr_int(n, "noop_with_empty_axes", &noop));
    TRY(attr_ints(n, "axes", SHAPE_MAX_RANK, axes, &count));
    bool over[SHAPE_MAX_RANK];
    for (int d = 0; d < SHAPE_MAX_RANK; d++) over[d] = count == 0 && !noop;
    for (int i = 0; i < count; i++) {
        TRY(node_axis(n, "axes", rank, &axes[i]));
        if (over[axes[i]]) {
            return status_error(STATUS_BAD_MODEL,
                                "%s '%s': axes names dimension %d twice: export again", n->op->name,
                                n->name, axes[i]);
        }
        over[axes[i]] = true;
    }
    return reduce_plan_axes(n, over, keep != 0);
}

static Status global_max_pool_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    const Shape *x = &n->in[0]->shape;
    if (x->rank < 3) {
        char text[SHAPE_TEXT_BYTES];
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': the input has the shape %s, it needs [N,C,...]", n->op->name,
                            n->name, shape_text(x, text));
    }
    bool over[SHAPE_MAX_RANK] = {false};
    for (int d = 2; d < x->rank; d++) over[d] = true;
    return reduce_plan_axes(n, over, true);
}

/* Position of the index-th element of the first `rank` dimensions of a view. */
static size_t place(const Strided *view, size_t index, int rank)
{
    ptrdiff_t at = 0;
    for (int d = rank - 1; d >= 0; d--) {
        at += (ptrdiff_t)(index % view->dim[d]) * view->step[d];
        index /= view->dim[d];
    }
    return (size_t)at;
}

/* The elements that one output is made of, row by row. */
typedef struct Rows {
    size_t count, length, step;
} Rows;

static Rows rows_of(const Reduce *r)
{
    const int last = r->reduced.rank - 1;
    if (last < 0) return (Rows){1, 1, 1};
    return (Rows){r->count / r->reduced.dim[last], r->reduced.dim[last],
                  (size_t)r->reduced.step[last]};
}

static size_t row_start(const Reduce *r, size_t row)
{
    return r->reduced.rank < 1 ? 0 : place(&r->reduced, row, r->reduced.rank - 1);
}

static double row_sum(const float *x, Rows rows, bool squares)
{
    double sum = 0;
    for (size_t i = 0; i < rows.length; i++) {
        const double value = (double)x[i * rows.step];
        sum += squares ? value * value : value;
    }
    return sum;
}

/* The largest of sign * x; not-a-number wins, and stays. */
static float row_extreme(const float *x, Rows rows, float sign, float most)
{
    for (size_t i = 0; i < rows.length; i++) {
        const float value = sign * x[i * rows.step];
        if (value > most || isnan(value)) most = value;
    }
    return most;
}

typedef struct Pass {
    const Node *n;
    Reduction reduction;
} Pass;

static float reduce_one(const Reduce *r, Reduction reduction, const float *x)
{
    const Rows rows = rows_of(r);
    const float sign = reduction == SMALLEST ? -1.0F : 1.0F;
    double sum = 0;
    float most = -INFINITY;
    for (size_t row = 0; row < rows.count; row++) {
        const float *from = x + row_start(r, row);
        if (reduction == LARGEST || reduction == SMALLEST) {
            if (!isnan(most)) most = row_extreme(from, rows, sign, most);
        } else {
            sum += row_sum(from, rows, reduction == LENGTH);
        }
    }
    switch (reduction) {
    case MEAN: return (float)(sum / (double)r->count);
    case SUM: return (float)sum;
    case LENGTH: return (float)sqrt(sum);
    case LARGEST:
    case SMALLEST: break;
    }
    return sign * most;
}

static void forward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Pass *pass = context;
    const Reduce *r = pass->n->params;
    for (size_t i = begin; i < end; i++) {
        const float *x = pass->n->in[0]->data + place(&r->kept, i, r->kept.rank);
        pass->n->out[0]->data[i] = reduce_one(r, pass->reduction, x);
    }
}

/* dy goes to the first element that is the extreme, as in a pooling window. */
static void to_extreme(const Reduce *r, const float *x, float y, float dy, float *dx)
{
    const Rows rows = rows_of(r);
    for (size_t row = 0; row < rows.count; row++) {
        const size_t start = row_start(r, row);
        for (size_t i = 0; i < rows.length; i++) {
            if (x[start + i * rows.step] != y) continue;
            dx[start + i * rows.step] += dy;
            return;
        }
    }
}

/* dx += share (the same for all), or dx += share x. */
static void to_all(const Reduce *r, const float *x, float share, float *dx)
{
    const Rows rows = rows_of(r);
    for (size_t row = 0; row < rows.count; row++) {
        const size_t start = row_start(r, row);
        float *to = dx + start;
        const float *from = x ? x + start : NULL;
        for (size_t i = 0; i < rows.length; i++) {
            to[i * rows.step] += from ? share * from[i * rows.step] : share;
        }
    }
}

/* Sum: dx += dy. Mean: dx += dy / count. Length: dx += dy x / y, nothing at 0. */
static void backward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Pass *pass = context;
    const Reduce *r = pass->n->params;
    for (size_t i = begin; i < end; i++) {
        const size_t at = place(&r->kept, i, r->kept.rank);
        const float *x = pass->n->in[0]->data + at;
        float *dx = pass->n->in[0]->grad + at;
        const float y = pass->n->out[0]->data[i], dy = pass->n->out[0]->grad[i];
        switch (pass->reduction) {
        case MEAN: to_all(r, NULL, dy / (float)r->count, dx); break;
        case SUM: to_all(r, NULL, dy, dx); break;
        case LENGTH: to_all(r, x, y > 0.0F ? dy / y : 0.0F, dx); break;
        case LARGEST:
        case SMALLEST: to_extreme(r, x, y, dy, dx); break;
        }
    }
}

static void run(const Node *n, Reduction reduction, ParallelFunction *span)
{
    const Reduce *r = n->params;
    Pass pass = {n, reduction};
    const size_t grain = 1 + (1 << 14) / r->count;
    parallel_for(r->outputs, grain, span, &pass);
}

#define REDUCE_OP(id, onnx_name, plan, reduction)                                                  \
    static void id##_forward(const Node *n)                                                        \
    {                                                                                              \
        run(n, reduction, forward_span);                                                           \
    }                                                                                              \
    static void id##_backward(const Node *n, const BackwardRule *rule)                             \
    {                                                                                              \
        (void)rule;                                                                                \
        if (n->in[0]->grad) run(n, reduction, backward_span);                                      \
    }                                                                                              \
    const Op op_##id = {onnx_name, plan, id##_forward, id##_backward};

REDUCE_OP(reduce_mean, "ReduceMean", reduce_plan, MEAN)
REDUCE_OP(reduce_sum, "ReduceSum", reduce_plan, SUM)
REDUCE_OP(reduce_max, "ReduceMax", reduce_plan, LARGEST)
REDUCE_OP(reduce_min, "ReduceMin", reduce_plan, SMALLEST)
REDUCE_OP(reduce_l2, "ReduceL2", reduce_plan, LENGTH)
REDUCE_OP(global_max_pool, "GlobalMaxPool", global_max_pool_plan, LARGEST)
