#include "support/op_check.h"

/* Each place of the output looks for the input that covers it. */
static void concat_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    int axis = (int)op_case_int(c, "axis", 0);
    if (axis < 0) axis += y->shape.rank;
    for (size_t i = 0; i < op_array_count(y); i++) {
        int at[SHAPE_MAX_RANK], input = 0;
        op_index(&y->shape, i, at);
        while (at[axis] >= x[input].shape.dim[axis]) at[axis] -= x[input++].shape.dim[axis];
        y->data[i] = x[input].data[op_offset(&x[input].shape, at)];
    }
}

static const OpCase concat_cases[] = {
    {.name = "one", .in = {{SHAPE(2, 3)}}, .attr = {INT("axis", 1)}},
    {.name = "channels",
     .in = {{SHAPE(2, 3, 4, 5)}, {SHAPE(2, 1, 4, 5)}, {SHAPE(2, 2, 4, 5), .constant = true}},
     .attr = {INT("axis", 1)},
     .out = {{DIMS(2, 6, 4, 5)}}},
    {.name = "first",
     .in = {{SHAPE(1, 3)}, {SHAPE(2, 3)}},
     .attr = {INT("axis", 0)},
     .out = {{DIMS(3, 3)}}},
    {.name = "last",
     .in = {{SHAPE(2, 3, 1)}, {SHAPE(2, 3, 4)}},
     .attr = {INT("axis", -1)},
     .out = {{DIMS(2, 3, 5)}}},
    {.name = "no axis", .in = {{SHAPE(2)}, {SHAPE(3)}}, .refused = "axis"},
    {.name = "axis too large",
     .in = {{SHAPE(2)}, {SHAPE(3)}},
     .attr = {INT("axis", 1)},
     .refused = "axis"},
    {.name = "another rank",
     .in = {{SHAPE(2, 3)}, {SHAPE(3)}},
     .attr = {INT("axis", 0)},
     .refused = "input 1 is 3"},
    {.name = "another size",
     .in = {{SHAPE(2, 3)}, {SHAPE(2, 4)}},
     .attr = {INT("axis", 0)},
     .refused = "input 1 is 2x4"},
    {.name = "a hole",
     .in = {{SHAPE(2, 3)}, {.absent = true}},
     .attr = {INT("axis", 0)},
     .refused = "input 1"},
    {.name = "no input", .attr = {INT("axis", 0)}, .refused = "0 inputs"},
    {.name = "scalars",
     .in = {{.scalar = true}, {.scalar = true}},
     .attr = {INT("axis", 0)},
     .refused = "axis"},
};

static const OpSuite suites[] = {
    {OP_CASES("Concat", concat_cases), .reference = concat_reference},
};

OP_TEST_MAIN(suites)
