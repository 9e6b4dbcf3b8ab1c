#include <math.h>

#include "support/op_check.h"

static void softmax_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const Shape *shape = &y->shape;
    const bool flatten = op_case_int(c, "flatten", 0) != 0;
    int axis = (int)op_case_int(c, "axis", flatten ? 1 : -1);
    if (axis < 0) axis += shape->rank;
    const size_t count = op_array_count(y);
    for (size_t i = 0; i < count; i++) {
        /* Adds up every element that shares its group with element i. */
        int at[SHAPE_MAX_RANK], other[SHAPE_MAX_RANK];
        op_index(shape, i, at);
        double sum = 0;
        for (size_t j = 0; j < count; j++) {
            op_index(shape, j, other);
            bool together = true;
            for (int d = 0; d < shape->rank; d++) {
                const bool summed = flatten ? d >= axis : d == axis;
                together &= summed || at[d] == other[d];
            }
            if (together) sum += exp(x->data[j] - x->data[i]);
        }
        y->data[i] = 1 / sum;
    }
}

static void log_softmax_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    softmax_reference(c, x, y);
    for (size_t i = 0; i < op_array_count(y); i++) y->data[i] = log(y->data[i]);
}

static const OpCase softmax_cases[] = {
    {.name = "one", .in = {{SHAPE(1)}}},
    {.name = "logits", .in = {{SHAPE(2, 10), .low = -5, .high = 5}}, .attr = {INT("axis", 1)}},
    {.name = "last by default", .in = {{SHAPE(2, 3, 4)}}},
    {.name = "channels of a picture", .in = {{SHAPE(2, 5, 3, 4)}}, .attr = {INT("axis", 1)}},
    {.name = "first", .in = {{SHAPE(4, 3, 2)}}, .attr = {INT("axis", 0)}},
    {.name = "from the end", .in = {{SHAPE(2, 3, 4)}}, .attr = {INT("axis", -2)}},
    {.name = "as a matrix", .in = {{SHAPE(2, 3, 2, 2)}}, .attr = {INT("flatten", 1)}},
    {.name = "as a matrix at 2",
     .in = {{SHAPE(2, 3, 2, 2)}},
     .attr = {INT("flatten", 1), INT("axis", 2)}},
    {.name = "as one row", .in = {{SHAPE(3, 4)}}, .attr = {INT("flatten", 1), INT("axis", 0)}},
    {.name = "large logits", .in = {{SHAPE(1, 12), .low = 900, .high = 905}}},
    {.name = "axis too large", .in = {{SHAPE(2, 3)}}, .attr = {INT("axis", 2)}, .refused = "axis"},
    {.name = "axis too small", .in = {{SHAPE(2, 3)}}, .attr = {INT("axis", -3)}, .refused = "axis"},
    {.name = "axis out of range",
     .in = {{SHAPE(2, 3)}},
     .attr = {INT("axis", 1LL << 40)},
     .refused = "axis"},
    {.name = "no dimension", .in = {{.scalar = true}}, .refused = "axis"},
    {.name = "wrong kind", .in = {{SHAPE(2, 3)}}, .attr = {INTS("axis", 1)}, .refused = "axis"},
};

static const OpSuite suites[] = {
    {OP_CASES("Softmax", softmax_cases), .reference = softmax_reference},
    {OP_CASES("LogSoftmax", softmax_cases), .reference = log_softmax_reference},
};

OP_TEST_MAIN(suites)
