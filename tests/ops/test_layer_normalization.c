#include <math.h>

#include "support/op_check.h"

/* Normalises each element by those of its group: group(i) is the same for all of them. */
typedef size_t GroupOf(const OpCase *c, const Shape *shape, size_t i);

static void normalise(const OpCase *c, const OpArray *x, OpArray *y, GroupOf *group)
{
    const double epsilon = op_case_float(c, "epsilon", (double)1e-5F);
    const size_t count = op_array_count(y);
    for (size_t i = 0; i < count; i++) {
        double sum = 0, squares = 0, members = 0;
        const size_t own = group(c, &y->shape, i);
        for (size_t j = 0; j < count; j++) {
            if (group(c, &y->shape, j) != own) continue;
            sum += x->data[j];
            members++;
        }
        for (size_t j = 0; j < count; j++) {
            const double difference = x->data[j] - sum / members;
            if (group(c, &y->shape, j) == own) squares += difference * difference;
        }
        y->data[i] = (x->data[i] - sum / members) / sqrt(squares / members + epsilon);
    }
}

static size_t layer_length(const OpCase *c, const Shape *shape)
{
    int axis = (int)op_case_int(c, "axis", -1);
    return shape_span(shape, axis < 0 ? axis + shape->rank : axis, shape->rank);
}

static size_t layer_group(const OpCase *c, const Shape *shape, size_t i)
{
    return i / layer_length(c, shape);
}

static void layer_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    normalise(c, x, y, layer_group);
    const size_t length = layer_length(c, &y->shape);
    for (size_t i = 0; i < op_array_count(y); i++) {
        y->data[i] *= x[1].data[i % length];
        if (x[2].data) y->data[i] += x[2].data[i % length];
    }
}

static const OpCase layer_cases[] = {
    {.name = "last", .in = {{SHAPE(2, 3, 7)}, {SHAPE(7)}, {SHAPE(7)}}},
    {.name = "no bias", .in = {{SHAPE(4, 6)}, {SHAPE(6), .constant = true}}},
    {.name = "two dimensions",
     .in = {{SHAPE(3, 2, 5)}, {SHAPE(2, 5)}, {SHAPE(2, 5), .constant = true}},
     .attr = {INT("axis", 1)}},
    {.name = "all", .in = {{SHAPE(2, 3, 4)}, {SHAPE(2, 3, 4)}}, .attr = {INT("axis", -3)}},
    {.name = "epsilon",
     .in = {{SHAPE(2, 9), .low = -0.01, .high = 0.01}, {SHAPE(9)}, {SHAPE(9)}},
     .attr = {FLOAT("epsilon", 1e-3F)}},
    {.name = "far from 0",
     .in = {{SHAPE(2, 16), .low = 99, .high = 101}, {SHAPE(16)}},
     .tolerance = 2e-4},
    {.name = "long",
     .in = {{SHAPE(1, 5, 300)}, {SHAPE(300), .constant = true}, {SHAPE(300), .constant = true}},
     .sampled = 20},
    {.name = "scale too short", .in = {{SHAPE(2, 6)}, {SHAPE(5)}}, .refused = "scale"},
    {.name = "bias too long", .in = {{SHAPE(2, 6)}, {SHAPE(6)}, {SHAPE(7)}}, .refused = "bias"},
    {.name = "axis", .in = {{SHAPE(6)}, {SHAPE(6)}}, .attr = {INT("axis", 1)}, .refused = "axis"},
    {.name = "epsilon below 0",
     .in = {{SHAPE(6)}, {SHAPE(6)}},
     .attr = {FLOAT("epsilon", -1)},
     .refused = "epsilon"},
    {.name = "no scale", .in = {{SHAPE(6)}}, .refused = "inputs"},
    {.name = "statistics", .in = {{SHAPE(6)}, {SHAPE(6)}}, .out_count = 3, .refused = "outputs"},
};

static size_t group_group(const OpCase *c, const Shape *shape, size_t i)
{
    const size_t groups = (size_t)op_case_int(c, "num_groups", 1);
    return i / (shape_span(shape, 1, shape->rank) / groups);
}

static void group_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    normalise(c, x, y, group_group);
    const Shape *shape = &y->shape;
    for (size_t i = 0; i < op_array_count(y); i++) {
        const size_t channel = i / shape_span(shape, 2, shape->rank) % (size_t)shape->dim[1];
        const size_t parameters = op_array_count(&x[1]);
        const size_t at = channel * parameters / (size_t)shape->dim[1];
        y->data[i] = y->data[i] * x[1].data[at] + x[2].data[at];
    }
}

static const OpCase group_cases[] = {
    {.name = "per channel",
     .in = {{SHAPE(2, 6, 3, 4)}, {SHAPE(6)}, {SHAPE(6)}},
     .attr = {INT("num_groups", 3)}},
    {.name = "per group",
     .in = {{SHAPE(2, 6, 3, 4)}, {SHAPE(2)}, {SHAPE(2)}},
     .attr = {INT("num_groups", 2)}},
    {.name = "one group",
     .in = {{SHAPE(2, 4, 5)}, {SHAPE(4), .constant = true}, {SHAPE(4), .constant = true}},
     .attr = {INT("num_groups", 1), FLOAT("epsilon", 0.1F)}},
    {.name = "every channel",
     .in = {{SHAPE(2, 3, 5)}, {SHAPE(3)}, {SHAPE(3)}},
     .attr = {INT("num_groups", 3)}},
    {.name = "does not part",
     .in = {{SHAPE(2, 4, 5)}, {SHAPE(4)}, {SHAPE(4)}},
     .attr = {INT("num_groups", 3)},
     .refused = "num_groups"},
    {.name = "no groups",
     .in = {{SHAPE(2, 4, 5)}, {SHAPE(4)}, {SHAPE(4)}},
     .refused = "num_groups"},
    {.name = "scale",
     .in = {{SHAPE(2, 4, 5)}, {SHAPE(3)}, {SHAPE(4)}},
     .attr = {INT("num_groups", 2)},
     .refused = "scale"},
    {.name = "bias",
     .in = {{SHAPE(2, 4, 5)}, {SHAPE(4)}, {SHAPE(2)}},
     .attr = {INT("num_groups", 2)},
     .refused = "bias"},
};

static void lp_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const Shape *shape = &y->shape;
    const int given = (int)op_case_int(c, "axis", -1),
              axis = given < 0 ? given + shape->rank : given;
    const double p = (double)op_case_int(c, "p", 2);
    for (size_t i = 0; i < op_array_count(y); i++) {
        int at[SHAPE_MAX_RANK];
        double sum = 0;
        op_index(shape, i, at);
        for (at[axis] = 0; at[axis] < shape->dim[axis]; at[axis]++)
            sum += pow(fabs(x->data[op_offset(shape, at)]), p);
        y->data[i] = x->data[i] / pow(sum, 1 / p);
    }
}

#define AROUND_ZERO .kinks = {0}, .kink_count = 1

static const OpCase lp_cases[] = {
    {.name = "last by default", .in = {{SHAPE(2, 3, 5), AROUND_ZERO}}},
    {.name = "channels", .in = {{SHAPE(2, 5, 3, 4), AROUND_ZERO}}, .attr = {INT("axis", 1)}},
    {.name = "by absolute values",
     .in = {{SHAPE(2, 5, 3), AROUND_ZERO}},
     .attr = {INT("axis", 1), INT("p", 1)}},
    {.name = "one", .in = {{SHAPE(1), AROUND_ZERO}}},
    {.name = "p", .in = {{SHAPE(2, 3)}}, .attr = {INT("p", 3)}, .refused = "p is 3"},
    {.name = "axis", .in = {{SHAPE(2, 3)}}, .attr = {INT("axis", 2)}, .refused = "axis"},
};

static const OpSuite suites[] = {
    {OP_CASES("LayerNormalization", layer_cases), .reference = layer_reference},
    {OP_CASES("GroupNormalization", group_cases), .reference = group_reference},
    {OP_CASES("LpNormalization", lp_cases), .reference = lp_reference},
};

OP_TEST_MAIN(suites)
