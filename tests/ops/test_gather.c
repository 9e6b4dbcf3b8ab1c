#include "support/op_check.h"

/* Output index: dimensions before axis, then the index's own, then those after. */
static void gather_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    int axis = (int)op_case_int(c, "axis", 0);
    if (axis < 0) axis += x->shape.rank;
    const int index_rank = y->shape.rank - x->shape.rank + 1;
    for (size_t i = 0; i < op_array_count(y); i++) {
        int at[SHAPE_MAX_RANK], from[SHAPE_MAX_RANK], which = 0;
        op_index(&y->shape, i, at);
        for (int d = 0; d < axis; d++) from[d] = at[d];
        for (int d = 0; d < index_rank; d++) which = which * y->shape.dim[axis + d] + at[axis + d];
        for (int d = axis + 1; d < x->shape.rank; d++) from[d] = at[d + index_rank - 1];
        from[axis] = (int)op_case_ints(c, "indices", which, 0);
        if (from[axis] < 0) from[axis] += x->shape.dim[axis];
        y->data[i] = x->data[op_offset(&x->shape, from)];
    }
}

static const OpCase gather_cases[] = {
    {.name = "rows",
     .in = {{SHAPE(4, 3)}},
     .attr = {INTS("indices", 2, 0), INTS("indices_shape", 2)},
     .out = {{DIMS(2, 3)}}},
    {.name = "channels, one twice",
     .in = {{SHAPE(2, 4, 3)}},
     .attr = {INT("axis", 1), INTS("indices", 3, 3, -4, 1), INTS("indices_shape", 4)},
     .out = {{DIMS(2, 4, 3)}}},
    {.name = "one, its dimension dropped",
     .in = {{SHAPE(2, 4, 3)}},
     .attr = {INT("axis", -1), INTS("indices", 2), NO_INTS("indices_shape")},
     .out = {{DIMS(2, 4)}}},
    {.name = "a matrix of indices",
     .in = {{SHAPE(2, 4, 3)}},
     .attr = {INT("axis", 1), INTS("indices", 0, 1, 2, 3, 0, 0), INTS("indices_shape", 2, 3)},
     .out = {{DIMS(2, 2, 3, 3)}}},
    {.name = "a list by default",
     .in = {{SHAPE(4)}},
     .attr = {INTS("indices", 2, 1)},
     .out = {{DIMS(2)}}},
    {.name = "no indices", .in = {{SHAPE(4)}}, .refused = "indices"},
    {.name = "empty indices",
     .in = {{SHAPE(4)}},
     .attr = {NO_INTS("indices")},
     .refused = "indices"},
    {.name = "too large",
     .in = {{SHAPE(4)}},
     .attr = {INTS("indices", 4)},
     .refused = "indices has 4"},
    {.name = "too small",
     .in = {{SHAPE(4)}},
     .attr = {INTS("indices", -5)},
     .refused = "indices has -5"},
    {.name = "far out",
     .in = {{SHAPE(4)}},
     .attr = {INTS("indices", INT64_MIN)},
     .refused = "indices has"},
    {.name = "other shape",
     .in = {{SHAPE(4)}},
     .attr = {INTS("indices", 1, 2), INTS("indices_shape", 3)},
     .refused = "indices_shape"},
    {.name = "rank 9",
     .in = {{SHAPE(4, 1, 1, 1)}},
     .attr = {INTS("indices", 1), INTS("indices_shape", 1, 1, 1, 1, 1, 1)},
     .refused = "indices_shape"},
    {.name = "no such axis",
     .in = {{SHAPE(4)}},
     .attr = {INT("axis", 1), INTS("indices", 1)},
     .refused = "axis"},
};

static const OpSuite suites[] = {
    {OP_CASES("Gather", gather_cases), .reference = gather_reference},
};

OP_TEST_MAIN(suites)
