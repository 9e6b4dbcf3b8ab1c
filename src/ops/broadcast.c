/* Add, Sub, Mul, Div, Pow, Min, Max and PRelu of two tensors whose shapes NumPy's rules fit together. */
#include <math.h>
#include <string.h>

#include "ops/op.h"
#include "parallel.h"

/* A chunk is short enough that its operands and its gradient stay in the first cache. */
enum { CHUNK = 256, GRAIN = 1 << 14 };

typedef enum Operation { ADD, SUB, MUL, DIV, POW, MIN, MAX, PRELU } Operation;

/*
 * The output shape with neighbouring dimensions merged where both inputs are laid out alike, so that
 * equal shapes have one dimension, a scalar too, and a value per channel has three. A stride is 0 where
 * the input repeats.
 */
typedef struct Broadcast {
    int rank;
    size_t dim[SHAPE_MAX_RANK];
    size_t stride[2][SHAPE_MAX_RANK];
    bool repeats[2]; /* the input has fewer values than the output */
} Broadcast;

/* A stretch of the output within one row of the last dimension; at: where each input begins. */
typedef struct Chunk {
    size_t begin, count, at[2];
} Chunk;

static int dim_from_end(const Shape *shape, int i)
{
    return i < shape->rank ? shape->dim[shape->rank - 1 - i] : 1;
}

static Status broadcast_shape(const Node *n, Shape *shape)
{
    const Shape *a = &n->in[0]->shape, *b = &n->in[1]->shape;
    *shape = (Shape){.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 0; i < shape->rank; i++) {
        const int da = dim_from_end(a, i), db = dim_from_end(b, i);
        if (da != db && da != 1 && db != 1) {
            char ta[SHAPE_TEXT_BYTES], tb[SHAPE_TEXT_BYTES];
            return status_error(
                STATUS_BAD_MODEL,
                "%s '%s': the shapes %s and %s do not fit together; is the network made for "
                "another size of picture?",
                n->op->name, n->name, shape_text(a, ta), shape_text(b, tb));
        }
        shape->dim[shape->rank - 1 - i] = da > db ? da : db;
    }
    return shape_validate(shape, n->name);
}

/* Walks from the last dimension to the first and merges; leaves the dimensions in reverse order. */
static void broadcast_merge(Broadcast *p, const Shape *shape, const Shape *const in[2])
{
    size_t step[2] = {1, 1};
    for (int i = 0; i < shape->rank; i++) {
        const size_t dim = (size_t)dim_from_end(shape, i);
        if (dim == 1) continue;
        size_t stride[2];
        for (int k = 0; k < 2; k++) {
            const size_t own = (size_t)dim_from_end(in[k], i);
            stride[k] = own == 1 ? 0 : step[k];
            p->repeats[k] |= own == 1;
            step[k] *= own;
        }
        const int last = p->rank - 1;
        bool merges = p->rank > 0;
        for (int k = 0; merges && k < 2; k++) {
            merges = stride[k] == p->stride[k][last] * p->dim[last];
        }
        if (merges) {
            p->dim[last] *= dim;
            continue;
        }
        p->dim[p->rank] = dim;
        p->stride[0][p->rank] = stride[0];
        p->stride[1][p->rank++] = stride[1];
    }
}

static Status broadcast_plan(Node *n)
{
    TRY(node_inputs(n, 2, 2));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Broadcast)));
    TRY(broadcast_shape(n, &n->out[0]->shape));
    Broadcast *p = n->params;
    const Shape *const in[2] = {&n->in[0]->shape, &n->in[1]->shape};
    broadcast_merge(p, &n->out[0]->shape, in);
    if (p->rank == 0) {
        p->rank = 1;
        p->dim[0] = 1;
    }
    /* A repeated input's gradient is a long sum: it is kept in double. */
    for (int k = 0; k < 2; k++) {
        const size_t bytes = p->repeats[k] ? shape_elements(in[k]) * sizeof(double) : 0;
        if (bytes > n->scratch_bytes) n->scratch_bytes = bytes;
    }
    return status_ok();
}

/* The chunk of the output that starts at `begin` and ends by `end`. dim[0] is the fastest. */
static Chunk chunk_at(const Broadcast *p, size_t begin, size_t end)
{
    const size_t column = begin % p->dim[0];
    size_t row = begin / p->dim[0];
    Chunk c = {.begin = begin, .count = p->dim[0] - column};
    if (c.count > end - begin) c.count = end - begin;
    if (c.count > CHUNK) c.count = CHUNK;
    c.at[0] = column * p->stride[0][0];
    c.at[1] = column * p->stride[1][0];
    for (int i = 1; i < p->rank; i++) {
        const size_t index = row % p->dim[i];
        row /= p->dim[i];
        c.at[0] += index * p->stride[0][i];
        c.at[1] += index * p->stride[1][i];
    }
    return c;
}

/* The chunk of input k; a repeated value is written out, so that the loops below have one form. */
static const float *operand(const Node *n, const Broadcast *p, const Chunk *c, int k, float *room)
{
    const float *x = n->in[k]->data + c->at[k];
    if (p->stride[k][0]) return x;
    for (size_t i = 0; i < c->count; i++) room[i] = *x;
    return room;
}

static void combine(Operation operation, size_t count, const float *a, const float *b,
                    float *restrict y)
{
    switch (operation) {
    case ADD:
        for (size_t i = 0; i < count; i++) y[i] = a[i] + b[i];
        break;
    case SUB:
        for (size_t i = 0; i < count; i++) y[i] = a[i] - b[i];
        break;
    case MUL:
        for (size_t i = 0; i < count; i++) y[i] = a[i] * b[i];
        break;
    case DIV:
        for (size_t i = 0; i < count; i++) y[i] = a[i] / b[i];
        break;
    case POW:
        for (size_t i = 0; i < count; i++) y[i] = b[i] == 2.0F ? a[i] * a[i] : powf(a[i], b[i]);
        break;
    /* Not-a-number goes through, from either side. */
    case MIN:
        for (size_t i = 0; i < count; i++) y[i] = b[i] < a[i] || isnan(b[i]) ? b[i] : a[i];
        break;
    case MAX:
        for (size_t i = 0; i < count; i++) y[i] = b[i] > a[i] || isnan(b[i]) ? b[i] : a[i];
        break;
    case PRELU:
        for (size_t i = 0; i < count; i++) y[i] = a[i] < 0.0F ? b[i] * a[i] : a[i];
        break;
    }
}

typedef struct Pass {
    const Node *n;
    Operation operation;
    int k; /* backward: the input whose gradient is wanted */
    const BackwardRule *rule;
} Pass;

static void forward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Pass *pass = context;
    const Broadcast *p = pass->n->params;
    float room[2][CHUNK];
    for (size_t at = begin; at < end;) {
        const Chunk c = chunk_at(p, at, end);
        const float *a = operand(pass->n, p, &c, 0, room[0]),
                    *b = operand(pass->n, p, &c, 1, room[1]);
        combine(pass->operation, c.count, a, b, pass->n->out[0]->data + at);
        at += c.count;
    }
}

static void forward_of(const Node *n, Operation operation)
{
    Pass pass = {.n = n, .operation = operation};
    parallel_for(shape_elements(&n->out[0]->shape), GRAIN, forward_span, &pass);
}

/* y = a^b: b a^(b-1) dy; log(a) y dy where a > 0. */
static void bring_pow(int k, size_t count, const float *a, const float *b, const float *dy,
                      float *restrict g)
{
    for (size_t i = 0; i < count; i++) {
        if (k == 0) {
            const float less = b[i] == 2.0F ? a[i] : powf(a[i], b[i] - 1.0F);
            g[i] = b[i] == 0.0F ? 0.0F : b[i] * less * dy[i];
        } else {
            g[i] = a[i] > 0.0F ? logf(a[i]) * powf(a[i], b[i]) * dy[i] : 0.0F;
        }
    }
}

/* y = min(a, b), max(a, b): dy goes to the one taken, to a where both are equal. */
static void bring_extreme(const Pass *pass, size_t count, const float *a, const float *b,
                          const float *dy, float *restrict g)
{
    const float sign = pass->operation == MIN ? -1.0F : 1.0F;
    for (size_t i = 0; i < count; i++) {
        const int taken = sign * b[i] > sign * a[i];
        g[i] = taken == pass->k ? dy[i] : 0.0F;
    }
}

/* y = a < 0 ? b a : a. A rectifier that leaks: shut it passes b, or what the rule says. */
static void bring_prelu(const Pass *pass, size_t count, const float *a, const float *b,
                        const float *dy, float *restrict g)
{
    const BackwardRule *rule = pass->rule;
    const float floor = rule->gate_gradient ? 0.0F : -INFINITY;
    for (size_t i = 0; i < count; i++) {
        const float shut = rule->gate_activation ? b[i] : 1.0F;
        if (pass->k == 0) g[i] = (a[i] > 0.0F ? 1.0F : shut) * (dy[i] < floor ? 0.0F : dy[i]);
        if (pass->k == 1) g[i] = a[i] < 0.0F ? a[i] * dy[i] : 0.0F;
    }
}

static void bring_from_both(const Pass *pass, const Broadcast *p, const Chunk *c, const float *dy,
                            float *restrict g)
{
    float room[2][CHUNK];
    const float *a = operand(pass->n, p, c, 0, room[0]), *b = operand(pass->n, p, c, 1, room[1]);
    if (pass->operation == POW) bring_pow(pass->k, c->count, a, b, dy, g);
    if (pass->operation == MIN || pass->operation == MAX)
        bring_extreme(pass, c->count, a, b, dy, g);
    if (pass->operation == PRELU) bring_prelu(pass, c->count, a, b, dy, g);
}

/* What a chunk of dy brings to input k, element by element.
 * y = a + b: dy, dy. y = a - b: dy, -dy. y = a b: b dy, a dy. y = a / b: dy / b, -y dy / b. */
static void bring(const Pass *pass, const Broadcast *p, const Chunk *c, float *restrict g)
{
    const float *restrict dy = pass->n->out[0]->grad + c->begin;
    float room[CHUNK];
    switch (pass->operation) {
    case ADD: memcpy(g, dy, c->count * sizeof *g); return;
    case SUB:
        for (size_t i = 0; i < c->count; i++) g[i] = pass->k ? -dy[i] : dy[i];
        return;
    case MUL: {
        const float *other = operand(pass->n, p, c, 1 - pass->k, room);
        for (size_t i = 0; i < c->count; i++) g[i] = other[i] * dy[i];
        return;
    }
    case DIV: {
        const float *b = operand(pass->n, p, c, 1, room), *y = pass->n->out[0]->data + c->begin;
        for (size_t i = 0; i < c->count; i++) g[i] = dy[i] / b[i];
        for (size_t i = 0; pass->k && i < c->count; i++) g[i] *= -y[i];
        return;
    }
    case POW:
    case MIN:
    case MAX:
    case PRELU: bring_from_both(pass, p, c, dy, g); return;
    }
}

/* The input has every value of the output once, in the same order. */
static void backward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Pass *pass = context;
    const Broadcast *p = pass->n->params;
    float *dx = pass->n->in[pass->k]->grad;
    float g[CHUNK];
    for (size_t at = begin; at < end;) {
        const Chunk c = chunk_at(p, at, end);
        bring(pass, p, &c, g);
        for (size_t i = 0; i < c.count; i++) dx[at + i] += g[i];
        at += c.count;
    }
}

/* The input repeats: what its copies get is summed. */
static void backward_sum(const Pass *pass)
{
    const Broadcast *p = pass->n->params;
    const int k = pass->k;
    const size_t count = shape_elements(&pass->n->in[k]->shape);
    const size_t end = shape_elements(&pass->n->out[0]->shape);
    double *sum = pass->n->scratch;
    memset(sum, 0, count * sizeof *sum);
    float g[CHUNK];
    for (size_t at = 0; at < end;) {
        const Chunk c = chunk_at(p, at, end);
        bring(pass, p, &c, g);
        double *to = sum + c.at[k], total = 0;
        if (p->stride[k][0]) {
            for (size_t i = 0; i < c.count; i++) to[i] += (double)g[i];
        } else {
            for (size_t i = 0; i < c.count; i++) total += (double)g[i];
            *to += total;
        }
        at += c.count;
    }
    float *dx = pass->n->in[k]->grad;
    for (size_t i = 0; i < count; i++) dx[i] += (float)sum[i];
}

static void backward_of(const Node *n, Operation operation, const BackwardRule *rule)
{
    const Broadcast *p = n->params;
    for (int k = 0; k < 2; k++) {
        if (!n->in[k]->grad) continue;
        Pass pass = {.n = n, .operation = operation, .k = k, .rule = rule};
        if (p->repeats[k]) {
            backward_sum(&pass);
        } else {
            parallel_for(shape_elements(&n->out[0]->shape), GRAIN, backward_span, &pass);
        }
    }
}

static Status add_plan(Node *n)
{
    TRY(broadcast_plan(n));
    n->adds = shape_equal(&n->in[0]->shape, &n->in[1]->shape);
    return status_ok();
}

/* PRelu: the slope may repeat, the picture may not. */
static Status prelu_plan(Node *n)
{
    TRY(broadcast_plan(n));
    if (shape_equal(&n->in[0]->shape, &n->out[0]->shape)) return status_ok();
    char x[SHAPE_TEXT_BYTES], slope[SHAPE_TEXT_BYTES];
    return status_error(
        STATUS_BAD_MODEL, "PRelu '%s': the slope has the shape %s, which does not fit into %s",
        n->name, shape_text(&n->in[1]->shape, slope), shape_text(&n->in[0]->shape, x));
}

#define BROADCAST_OP(id, onnx_name, plan, operation)                                               \
    static void id##_forward(const Node *n)                                                        \
    {                                                                                              \
        forward_of(n, operation);                                                                  \
    }                                                                                              \
    static void id##_backward(const Node *n, const BackwardRule *rule)                             \
    {                                                                                              \
        backward_of(n, operation, rule);                                                           \
    }                                                                                              \
    const Op op_##id = {onnx_name, plan, id##_forward, id##_backward};

BROADCAST_OP(add, "Add", add_plan, ADD)
BROADCAST_OP(sub, "Sub", broadcast_plan, SUB)
BROADCAST_OP(mul, "Mul", broadcast_plan, MUL)
BROADCAST_OP(div, "Div", broadcast_plan, DIV)
BROADCAST_OP(pow, "Pow", broadcast_plan, POW)
BROADCAST_OP(min, "Min", broadcast_plan, MIN)
BROADCAST_OP(max, "Max", broadcast_plan, MAX)
BROADCAST_OP(prelu, "PRelu", prelu_plan, PRELU)
