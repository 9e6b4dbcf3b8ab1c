#include <math.h>

#include "support/op_check.h"

static bool reduced(const OpCase *c, const Shape *shape, int d)
{
    const Attr *axes = op_case_attr(c, "axes");
    if (!axes || axes->count == 0) return op_case_int(c, "noop_with_empty_axes", 0) == 0;
    for (int i = 0; i < axes->count; i++) {
        if ((axes->ints[i] + shape->rank) % shape->rank == d) return true;
    }
    return false;
}

/* The output, in the same order with and without its dimensions of 1, where element i of x goes. */
static size_t target(const OpCase *c, const Shape *shape, size_t i, bool pixels)
{
    int at[SHAPE_MAX_RANK];
    size_t to = 0;
    op_index(shape, i, at);
    for (int d = 0; d < shape->rank; d++) {
        if (pixels ? d < 2 : !reduced(c, shape, d)) to = to * (size_t)shape->dim[d] + (size_t)at[d];
    }
    return to;
}

static void reduce(const OpCase *c, const OpArray *x, OpArray *y, char how)
{
    const size_t outputs = op_array_count(y), inputs = op_array_count(x);
    for (size_t k = 0; k < outputs; k++) {
        double sum = 0, squares = 0, most = -INFINITY, least = INFINITY;
        for (size_t i = 0; i < inputs; i++) {
            if (target(c, &x->shape, i, how == 'g') != k) continue;
            sum += x->data[i];
            squares += x->data[i] * x->data[i];
            most = fmax(most, x->data[i]);
            least = fmin(least, x->data[i]);
        }
        if (how == 's') y->data[k] = sum;
        if (how == 'm') y->data[k] = sum * (double)outputs / (double)inputs;
        if (how == 'l') y->data[k] = sqrt(squares);
        if (how == '>' || how == 'g') y->data[k] = most;
        if (how == '<') y->data[k] = least;
    }
}

#define REFERENCE(name, how)                                                                       \
    static void name##_reference(const OpCase *c, const OpArray *x, OpArray *y)                    \
    {                                                                                              \
        reduce(c, x, y, how);                                                                      \
    }

REFERENCE(sum, 's')
REFERENCE(mean, 'm')
REFERENCE(l2, 'l')
REFERENCE(max, '>')
REFERENCE(min, '<')
REFERENCE(global, 'g')

#define DISTINCT .distinct = true, .low = -4, .high = 4

static const OpCase reduce_cases[] = {
    {.name = "pixels",
     .in = {{SHAPE(2, 3, 4, 5), DISTINCT}},
     .attr = {INTS("axes", 2, 3)},
     .out = {{DIMS(2, 3, 1, 1)}}},
    {.name = "pixels, dropped",
     .in = {{SHAPE(2, 3, 4, 5), DISTINCT}},
     .attr = {INTS("axes", -1, -2), INT("keepdims", 0)},
     .out = {{DIMS(2, 3)}}},
    {.name = "channels",
     .in = {{SHAPE(2, 5, 3, 4), DISTINCT}},
     .attr = {INTS("axes", 1)},
     .out = {{DIMS(2, 1, 3, 4)}}},
    {.name = "first",
     .in = {{SHAPE(4, 3, 2), DISTINCT}},
     .attr = {INTS("axes", 0), INT("keepdims", 0)},
     .out = {{DIMS(3, 2)}}},
    {.name = "every other",
     .in = {{SHAPE(2, 3, 2, 3, 2), DISTINCT}},
     .attr = {INTS("axes", 3, 1)},
     .out = {{DIMS(2, 1, 2, 1, 2)}}},
    {.name = "every other, from the first",
     .in = {{SHAPE(2, 3, 2, 3), DISTINCT}},
     .attr = {INTS("axes", 0, 2), INT("keepdims", 0)},
     .out = {{DIMS(3, 3)}}},
    {.name = "all", .in = {{SHAPE(3, 4, 2), DISTINCT}}, .out = {{DIMS(1, 1, 1)}}},
    {.name = "none",
     .in = {{SHAPE(3, 4), .kinks = {0}, .kink_count = 1}},
     .attr = {INT("noop_with_empty_axes", 1)}},
    {.name = "a dimension of 1",
     .in = {{SHAPE(2, 1, 3), DISTINCT, .kinks = {0}, .kink_count = 1}},
     .attr = {INTS("axes", 1), INT("keepdims", 0)},
     .out = {{DIMS(2, 3)}}},
    {.name = "long",
     .in = {{SHAPE(1, 8, 32, 32), DISTINCT}},
     .attr = {INTS("axes", 2, 3)},
     .out = {{DIMS(1, 8, 1, 1)}},
     .sampled = 20},
    {.name = "twice", .in = {{SHAPE(2, 3)}}, .attr = {INTS("axes", 1, -1)}, .refused = "twice"},
    {.name = "axis too large", .in = {{SHAPE(2, 3)}}, .attr = {INTS("axes", 2)}, .refused = "axes"},
    {.name = "axis too small",
     .in = {{SHAPE(2, 3)}},
     .attr = {INTS("axes", -3)},
     .refused = "axes"},
    {.name = "wrong kind", .in = {{SHAPE(2, 3)}}, .attr = {INT("axes", 1)}, .refused = "axes"},
    {.name = "two inputs", .in = {{SHAPE(3)}, {SHAPE(3)}}, .refused = "inputs"},
};

static const OpCase global_cases[] = {
    {.name = "picture", .in = {{SHAPE(2, 3, 4, 5), DISTINCT}}, .out = {{DIMS(2, 3, 1, 1)}}},
    {.name = "row", .in = {{SHAPE(2, 3, 7), DISTINCT}}, .out = {{DIMS(2, 3, 1)}}},
    {.name = "below 0",
     .in = {{SHAPE(1, 2, 3, 3), .distinct = true, .low = -4, .high = -1}},
     .out = {{DIMS(1, 2, 1, 1)}}},
    {.name = "volume", .in = {{SHAPE(1, 2, 3, 2, 3), DISTINCT}}, .out = {{DIMS(1, 2, 1, 1, 1)}}},
    {.name = "no pixels", .in = {{SHAPE(2, 3)}}, .refused = "2x3"},
};

static const OpSuite suites[] = {
    {OP_CASES("ReduceMean", reduce_cases), .reference = mean_reference},
    {OP_CASES("ReduceSum", reduce_cases), .reference = sum_reference},
    {OP_CASES("ReduceMax", reduce_cases), .reference = max_reference},
    {OP_CASES("ReduceMin", reduce_cases), .reference = min_reference},
    {OP_CASES("ReduceL2", reduce_cases), .reference = l2_reference},
    {OP_CASES("GlobalMaxPool", global_cases), .reference = global_reference},
};

OP_TEST_MAIN(suites)
