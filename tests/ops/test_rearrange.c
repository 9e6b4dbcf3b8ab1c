#include <string.h>

#include "support/op_check.h"

/* ONNX's definition: which input channel and pixel an output pixel comes from. */
static void depth_to_space_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const int b = (int)op_case_int(c, "blocksize", 1), depth = y->shape.dim[1];
    const Attr *mode = op_case_attr(c, "mode");
    const bool column = mode && strcmp(mode->s, "CRD") == 0;
    for (size_t i = 0; i < op_array_count(y); i++) {
        int at[SHAPE_MAX_RANK];
        op_index(&y->shape, i, at);
        const int within = at[2] % b * b + at[3] % b;
        at[1] = column ? at[1] * b * b + within : within * depth + at[1];
        at[2] /= b;
        at[3] /= b;
        y->data[i] = x->data[op_offset(&x->shape, at)];
    }
}

static void space_to_depth_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const int b = (int)op_case_int(c, "blocksize", 1), depth = x->shape.dim[1];
    for (size_t i = 0; i < op_array_count(y); i++) {
        int at[SHAPE_MAX_RANK];
        op_index(&y->shape, i, at);
        const int within = at[1] / depth;
        at[1] %= depth;
        at[2] = at[2] * b + within / b;
        at[3] = at[3] * b + within % b;
        y->data[i] = x->data[op_offset(&x->shape, at)];
    }
}

/* Tile and Expand alike: an index counts modulo the size that the input has. */
static void repeat_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    const int missing = y->shape.rank - x->shape.rank;
    for (size_t i = 0; i < op_array_count(y); i++) {
        int at[SHAPE_MAX_RANK], own[SHAPE_MAX_RANK];
        op_index(&y->shape, i, at);
        for (int d = 0; d < x->shape.rank; d++) own[d] = at[d + missing] % x->shape.dim[d];
        y->data[i] = x->data[op_offset(&x->shape, own)];
    }
}

static const OpCase depth_to_space_cases[] = {
    {.name = "by depth",
     .in = {{SHAPE(2, 12, 2, 3)}},
     .attr = {INT("blocksize", 2)},
     .out = {{DIMS(2, 3, 4, 6)}}},
    {.name = "by depth, said so",
     .in = {{SHAPE(1, 18, 2, 1)}},
     .attr = {INT("blocksize", 3), TEXT("mode", "DCR")},
     .out = {{DIMS(1, 2, 6, 3)}}},
    {.name = "by column",
     .in = {{SHAPE(2, 12, 2, 3)}},
     .attr = {INT("blocksize", 2), TEXT("mode", "CRD")},
     .out = {{DIMS(2, 3, 4, 6)}}},
    {.name = "block of 1", .in = {{SHAPE(1, 2, 3, 3)}}, .attr = {INT("blocksize", 1)}},
    {.name = "no block", .in = {{SHAPE(1, 4, 3, 3)}}, .refused = "blocksize"},
    {.name = "large block",
     .in = {{SHAPE(1, 4, 3, 3)}},
     .attr = {INT("blocksize", 1 << 20)},
     .refused = "blocksize"},
    {.name = "channels",
     .in = {{SHAPE(1, 6, 3, 3)}},
     .attr = {INT("blocksize", 2)},
     .refused = "1x6x3x3"},
    {.name = "rank",
     .in = {{SHAPE(4, 3, 3)}},
     .attr = {INT("blocksize", 2)},
     .refused = "[N,C,H,W]"},
    {.name = "mode",
     .in = {{SHAPE(1, 4, 3, 3)}},
     .attr = {INT("blocksize", 2), TEXT("mode", "RCD")},
     .refused = "RCD"},
};

static const OpCase space_to_depth_cases[] = {
    {.name = "2",
     .in = {{SHAPE(2, 3, 4, 6)}},
     .attr = {INT("blocksize", 2)},
     .out = {{DIMS(2, 12, 2, 3)}}},
    {.name = "3",
     .in = {{SHAPE(1, 2, 3, 6)}},
     .attr = {INT("blocksize", 3)},
     .out = {{DIMS(1, 18, 1, 2)}}},
    {.name = "height",
     .in = {{SHAPE(1, 2, 5, 6)}},
     .attr = {INT("blocksize", 2)},
     .refused = "1x2x5x6"},
    {.name = "width",
     .in = {{SHAPE(1, 2, 6, 5)}},
     .attr = {INT("blocksize", 2)},
     .refused = "1x2x6x5"},
};

static const OpCase tile_cases[] = {
    {.name = "each", .in = {{SHAPE(2, 3)}}, .attr = {INTS("repeats", 2, 3)}, .out = {{DIMS(4, 9)}}},
    {.name = "channels",
     .in = {{SHAPE(1, 1, 3, 5)}},
     .attr = {INTS("repeats", 1, 3, 1, 1)},
     .out = {{DIMS(1, 3, 3, 5)}}},
    {.name = "first and last",
     .in = {{SHAPE(2, 3, 2)}},
     .attr = {INTS("repeats", 2, 1, 4)},
     .out = {{DIMS(4, 3, 8)}}},
    {.name = "one value",
     .in = {{SHAPE(1)}},
     .attr = {INTS("repeats", 1000)},
     .out = {{DIMS(1000)}}},
    {.name = "once", .in = {{SHAPE(2, 3)}}, .attr = {INTS("repeats", 1, 1)}},
    {.name = "0 times",
     .in = {{SHAPE(2, 3)}},
     .attr = {INTS("repeats", 1, 0)},
     .refused = "repeats"},
    {.name = "too few", .in = {{SHAPE(2, 3)}}, .attr = {INTS("repeats", 1)}, .refused = "repeats"},
    {.name = "too much",
     .in = {{SHAPE(1024, 1024)}},
     .attr = {INTS("repeats", 1024, 1024)},
     .refused = "values possible"},
    {.name = "far too much",
     .in = {{SHAPE(4, 4)}},
     .attr = {INTS("repeats", 1 << 30, 1 << 30)},
     .refused = "repeats"},
    {.name = "no repeats", .in = {{SHAPE(2, 3)}}, .refused = "repeats"},
};

static const OpCase expand_cases[] = {
    {.name = "pixels",
     .in = {{SHAPE(2, 3, 1, 1)}},
     .attr = {INTS("shape", 2, 3, 4, 5)},
     .out = {{DIMS(2, 3, 4, 5)}}},
    {.name = "middle",
     .in = {{SHAPE(2, 1, 3)}},
     .attr = {INTS("shape", 4, 1)},
     .out = {{DIMS(2, 4, 3)}}},
    {.name = "more dimensions",
     .in = {{SHAPE(3, 1)}},
     .attr = {INTS("shape", 2, 1, 1, 4)},
     .out = {{DIMS(2, 1, 3, 4)}}},
    {.name = "scalar",
     .in = {{.scalar = true}},
     .attr = {INTS("shape", 3, 5)},
     .out = {{DIMS(3, 5)}}},
    {.name = "ones", .in = {{SHAPE(2, 3)}}, .attr = {INTS("shape", 1, 1)}},
    {.name = "many",
     .in = {{SHAPE(1, 4, 1, 1)}},
     .attr = {INTS("shape", 1, 4, 96, 96)},
     .out = {{DIMS(1, 4, 96, 96)}}},
    {.name = "does not fit",
     .in = {{SHAPE(2, 3)}},
     .attr = {INTS("shape", 2, 4)},
     .refused = "2x3"},
    {.name = "0", .in = {{SHAPE(2, 1)}}, .attr = {INTS("shape", 2, 0)}, .refused = "shape"},
    {.name = "too much",
     .in = {{SHAPE(1, 1)}},
     .attr = {INTS("shape", 1 << 20, 1 << 20)},
     .refused = "values possible"},
    {.name = "no shape", .in = {{SHAPE(2, 3)}}, .refused = "shape"},
};

static const OpSuite suites[] = {
    {OP_CASES("DepthToSpace", depth_to_space_cases), .reference = depth_to_space_reference},
    {OP_CASES("SpaceToDepth", space_to_depth_cases), .reference = space_to_depth_reference},
    {OP_CASES("Tile", tile_cases), .reference = repeat_reference},
    {OP_CASES("Expand", expand_cases), .reference = repeat_reference},
};

OP_TEST_MAIN(suites)
