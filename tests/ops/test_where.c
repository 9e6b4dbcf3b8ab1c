#include "support/op_check.h"

static double repeated(const OpArray *x, const Shape *shape, const int *at)
{
    int own[SHAPE_MAX_RANK];
    const int missing = shape->rank - x->shape.rank;
    for (int d = 0; d < x->shape.rank; d++) own[d] = x->shape.dim[d] == 1 ? 0 : at[d + missing];
    return x->data[op_offset(&x->shape, own)];
}

static void where_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    for (size_t i = 0; i < op_array_count(y); i++) {
        int at[SHAPE_MAX_RANK];
        op_index(&y->shape, i, at);
        const bool yes = repeated(&x[0], &y->shape, at) != 0;
        y->data[i] = repeated(&x[yes ? 1 : 2], &y->shape, at);
    }
}

/* The condition is true everywhere, unless it is 0 everywhere. */
#define YES(...)                                                                                   \
    {                                                                                              \
        SHAPE(__VA_ARGS__), .low = 0.5, .high = 1, .constant = true                                \
    }

static const OpCase where_cases[] = {
    {.name = "first", .in = {YES(2, 3), {SHAPE(2, 3)}, {SHAPE(2, 3)}}},
    {.name = "condition per column",
     .in = {YES(4), {SHAPE(2, 3, 4)}, {.scalar = true}},
     .out = {{DIMS(2, 3, 4)}}},
    {.name = "first repeats",
     .in = {YES(2, 1, 4), {SHAPE(3, 1)}, {SHAPE(1, 4)}},
     .out = {{DIMS(2, 3, 4)}}},
    {.name = "does not fit", .in = {YES(2, 3), {SHAPE(2, 4)}, {SHAPE(1)}}, .refused = "2x4"},
    {.name = "two inputs", .in = {YES(2, 3), {SHAPE(2, 3)}}, .refused = "inputs"},
};

static const OpSuite suites[] = {
    {OP_CASES("Where", where_cases), .reference = where_reference},
};

OP_TEST_MAIN(suites)
