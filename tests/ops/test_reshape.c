#include "support/op_check.h"

/* Whatever the shape, the values stay in their order; a second output (of Dropout) is the mask, all 1. */
static void same_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    for (size_t i = 0; i < op_array_count(y); i++) y->data[i] = x->data[i];
    for (size_t i = 0; c->out_count > 1 && i < op_array_count(&y[1]); i++) y[1].data[i] = 1;
}

static const OpCase reshape_cases[] = {
    {.name = "as given", .in = {{SHAPE(2, 6)}}, .attr = {INTS("shape", 3, 4)}, .out = {{DIMS(3, 4)}}},
    {.name = "rest", .in = {{SHAPE(2, 3, 4)}}, .attr = {INTS("shape", 4, -1)}, .out = {{DIMS(4, 6)}}},
    {.name = "keep", .in = {{SHAPE(2, 3, 4)}}, .attr = {INTS("shape", 0, -1)}, .out = {{DIMS(2, 12)}}},
    {.name = "all kept", .in = {{SHAPE(2, 3)}}, .attr = {INTS("shape", 0, 0)}},
    {.name = "rest is 1",
     .in = {{SHAPE(2, 3)}},
     .attr = {INTS("shape", 2, 3, -1)},
     .out = {{DIMS(2, 3, 1)}}},
    {.name = "scalar to one", .in = {{.scalar = true}}, .attr = {INTS("shape", 1)}, .out = {{DIMS(1)}}},
    {.name = "zero allowed, none there",
     .in = {{SHAPE(6)}},
     .attr = {INT("allowzero", 1), INTS("shape", 2, 3)},
     .out = {{DIMS(2, 3)}}},
    {.name = "rank 8",
     .in = {{SHAPE(4, 4)}},
     .attr = {INTS("shape", 1, 2, 1, 2, 1, 2, 1, 2)},
     .out = {{DIMS(1, 2, 1, 2, 1, 2, 1, 2)}}},
    {.name = "no shape", .in = {{SHAPE(2, 3)}}, .refused = "shape"},
    {.name = "wrong count", .in = {{SHAPE(2, 3)}}, .attr = {INTS("shape", 4, 2)}, .refused = "6 values"},
    {.name = "does not divide", .in = {{SHAPE(7)}}, .attr = {INTS("shape", 2, -1)}, .refused = "7 values"},
    {.name = "two rests", .in = {{SHAPE(2, 3)}}, .attr = {INTS("shape", -1, -1)}, .refused = "one -1"},
    {.name = "below -1", .in = {{SHAPE(2, 3)}}, .attr = {INTS("shape", -2, 3)}, .refused = "-2"},
    {.name = "keep past the end", .in = {{SHAPE(6)}}, .attr = {INTS("shape", 6, 0)}, .refused = "dimension 1"},
    {.name = "zero allowed",
     .in = {{SHAPE(6)}},
     .attr = {INT("allowzero", 1), INTS("shape", 0, 6)},
     .refused = "is 0"},
    {.name = "product wraps",
     .in = {{SHAPE(6)}},
     .attr = {INTS("shape", 1 << 30, 1 << 30, 1 << 4, 6)},
     .refused = "values possible"},
    {.name = "out of range", .in = {{SHAPE(6)}}, .attr = {INTS("shape", 1LL << 32)}, .refused = "shape"},
    {.name = "rank 9",
     .in = {{SHAPE(1)}},
     .attr = {INTS("shape", 1, 1, 1, 1, 1, 1, 1, 1, 1)},
     .refused = "at most 8"},
};

static const OpCase flatten_cases[] = {
    {.name = "default", .in = {{SHAPE(2, 3, 4)}}, .out = {{DIMS(2, 12)}}},
    {.name = "axis 0", .in = {{SHAPE(2, 3, 4)}}, .attr = {INT("axis", 0)}, .out = {{DIMS(1, 24)}}},
    {.name = "axis 2", .in = {{SHAPE(2, 3, 4)}}, .attr = {INT("axis", 2)}, .out = {{DIMS(6, 4)}}},
    {.name = "axis is the rank", .in = {{SHAPE(2, 3)}}, .attr = {INT("axis", 2)}, .out = {{DIMS(6, 1)}}},
    {.name = "from the end", .in = {{SHAPE(2, 3, 4)}}, .attr = {INT("axis", -1)}, .out = {{DIMS(6, 4)}}},
    {.name = "past the rank", .in = {{SHAPE(2, 3)}}, .attr = {INT("axis", 3)}, .refused = "axis is 3"},
    {.name = "before the first", .in = {{SHAPE(2, 3)}}, .attr = {INT("axis", -3)}, .refused = "axis is -3"},
};

static const OpCase squeeze_cases[] = {
    {.name = "all ones", .in = {{SHAPE(1, 3, 1, 4)}}, .out = {{DIMS(3, 4)}}},
    {.name = "named", .in = {{SHAPE(1, 3, 1, 4)}}, .attr = {INTS("axes", 2)}, .out = {{DIMS(1, 3, 4)}}},
    {.name = "from the end",
     .in = {{SHAPE(1, 3, 1, 1)}},
     .attr = {INTS("axes", -1, -2)},
     .out = {{DIMS(1, 3)}}},
    {.name = "not one", .in = {{SHAPE(1, 3)}}, .attr = {INTS("axes", 1)}, .refused = "dimension 1"},
    {.name = "twice", .in = {{SHAPE(1, 3)}}, .attr = {INTS("axes", 0, -2)}, .refused = "twice"},
    {.name = "no such axis", .in = {{SHAPE(1, 3)}}, .attr = {INTS("axes", 2)}, .refused = "axes"},
    {.name = "too many",
     .in = {{SHAPE(1, 3)}},
     .attr = {INTS("axes", 0, 0, 0, 0, 0, 0, 0, 0, 0)},
     .refused = "axes"},
};

static const OpCase unsqueeze_cases[] = {
    {.name = "first", .in = {{SHAPE(3, 4)}}, .attr = {INTS("axes", 0)}, .out = {{DIMS(1, 3, 4)}}},
    {.name = "around",
     .in = {{SHAPE(3, 4)}},
     .attr = {INTS("axes", 0, 3)},
     .out = {{DIMS(1, 3, 4, 1)}}},
    {.name = "unordered, from the end",
     .in = {{SHAPE(3)}},
     .attr = {INTS("axes", -1, 0, 1)},
     .out = {{DIMS(1, 1, 3, 1)}}},
    {.name = "none", .in = {{SHAPE(3)}}, .refused = "axes"},
    {.name = "twice", .in = {{SHAPE(3)}}, .attr = {INTS("axes", 1, 1)}, .refused = "twice"},
    {.name = "past the end", .in = {{SHAPE(3)}}, .attr = {INTS("axes", 2)}, .refused = "axes"},
    {.name = "rank 9",
     .in = {{SHAPE(1, 1, 1, 1, 1, 1, 1, 1)}},
     .attr = {INTS("axes", 0)},
     .refused = "dimensions possible"},
};

static const OpCase identity_cases[] = {
    {.name = "picture", .in = {{SHAPE(1, 3, 5, 7)}}},
    {.name = "scalar", .in = {{.scalar = true}}},
    {.name = "no input", .in = {{.absent = true}}, .refused = "input"},
};

static const OpCase dropout_cases[] = {
    {.name = "inference", .in = {{SHAPE(2, 7)}}, .attr = {FLOAT("ratio", 0.5F)}},
    {.name = "with its mask", .in = {{SHAPE(2, 7)}}, .out_count = 2, .out = {{DIMS(2, 7)}, {DIMS(2, 7)}}},
    {.name = "three outputs", .in = {{SHAPE(2, 7)}}, .out_count = 3, .refused = "outputs"},
};

static const OpSuite suites[] = {
    {OP_CASES("Reshape", reshape_cases), .reference = same_reference},
    {OP_CASES("Flatten", flatten_cases), .reference = same_reference},
    {OP_CASES("Squeeze", squeeze_cases), .reference = same_reference},
    {OP_CASES("Unsqueeze", unsqueeze_cases), .reference = same_reference},
    {OP_CASES("Identity", identity_cases), .reference = same_reference},
    {OP_CASES("Dropout", dropout_cases), .reference = same_reference},
};

OP_TEST_MAIN(suites)
