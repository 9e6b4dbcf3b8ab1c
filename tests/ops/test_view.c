#include "support/op_check.h"

static void transpose_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const int rank = y->shape.rank;
    for (size_t i = 0; i < op_array_count(y); i++) {
        int at[SHAPE_MAX_RANK], from[SHAPE_MAX_RANK];
        op_index(&y->shape, i, at);
        for (int d = 0; d < rank; d++) from[op_case_ints(c, "perm", d, rank - 1 - d)] = at[d];
        y->data[i] = x->data[op_offset(&x->shape, from)];
    }
}

static const OpCase transpose_cases[] = {
    {.name = "reverse", .in = {{SHAPE(2, 3, 4)}}, .out = {{DIMS(4, 3, 2)}}},
    {.name = "same", .in = {{SHAPE(2, 3)}}, .attr = {INTS("perm", 0, 1)}},
    {.name = "matrix",
     .in = {{SHAPE(17, 9)}},
     .attr = {INTS("perm", 1, 0)},
     .out = {{DIMS(9, 17)}}},
    {.name = "channels last",
     .in = {{SHAPE(2, 3, 4, 5)}},
     .attr = {INTS("perm", 0, 2, 3, 1)},
     .out = {{DIMS(2, 4, 5, 3)}}},
    {.name = "channels first",
     .in = {{SHAPE(2, 4, 5, 3)}},
     .attr = {INTS("perm", 0, 3, 1, 2)},
     .out = {{DIMS(2, 3, 4, 5)}}},
    {.name = "channel shuffle",
     .in = {{SHAPE(1, 2, 3, 4, 4)}},
     .attr = {INTS("perm", 0, 2, 1, 3, 4)},
     .out = {{DIMS(1, 3, 2, 4, 4)}}},
    {.name = "every dimension",
     .in = {{SHAPE(2, 1, 3, 1, 2, 2)}},
     .attr = {INTS("perm", 4, 2, 1, 5, 0, 3)},
     .out = {{DIMS(2, 3, 1, 2, 2, 1)}}},
    {.name = "twice the same",
     .in = {{SHAPE(2, 3)}},
     .attr = {INTS("perm", 0, 0)},
     .refused = "perm"},
    {.name = "too short", .in = {{SHAPE(2, 3)}}, .attr = {INTS("perm", 0)}, .refused = "perm"},
    {.name = "too long", .in = {{SHAPE(2, 3)}}, .attr = {INTS("perm", 0, 1, 2)}, .refused = "perm"},
    {.name = "below 0", .in = {{SHAPE(2, 3)}}, .attr = {INTS("perm", -1, 0)}, .refused = "perm"},
    {.name = "past the rank",
     .in = {{SHAPE(2, 3)}},
     .attr = {INTS("perm", 0, 2)},
     .refused = "perm"},
    {.name = "empty", .in = {{SHAPE(2, 3)}}, .attr = {NO_INTS("perm")}, .refused = "perm"},
};

/* As Python's range counts them; the cases below need no clamping other than this. */
static void slice_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const Attr *starts = op_case_attr(c, "starts");
    for (size_t i = 0; i < op_array_count(y); i++) {
        int at[SHAPE_MAX_RANK];
        op_index(&y->shape, i, at);
        for (int k = 0; k < starts->count; k++) {
            int axis = (int)op_case_ints(c, "axes", k, k);
            if (axis < 0) axis += x->shape.rank;
            const int64_t size = x->shape.dim[axis], step = op_case_ints(c, "steps", k, 1);
            int64_t start = starts->ints[k];
            if (start < -size) start = step > 0 ? 0 : -size;
            if (start < 0) start += size;
            if (start > size - 1) start = size - 1;
            at[axis] = (int)(start + (at[axis] ? at[axis] * step : 0));
        }
        y->data[i] = x->data[op_offset(&x->shape, at)];
    }
}

static const OpCase slice_cases[] = {
    {.name = "one dimension",
     .in = {{SHAPE(5, 4)}},
     .attr = {INTS("starts", 1), INTS("ends", 4)},
     .out = {{DIMS(3, 4)}}},
    {.name = "picture",
     .in = {{SHAPE(1, 4, 6, 7)}},
     .attr = {INTS("starts", 1, 2), INTS("ends", 3, 7), INTS("axes", 1, 3)},
     .out = {{DIMS(1, 2, 6, 5)}}},
    {.name = "to the end",
     .in = {{SHAPE(3, 5)}},
     .attr = {INTS("starts", -2), INTS("ends", INT64_MAX), INTS("axes", -1)},
     .out = {{DIMS(3, 2)}}},
    {.name = "every second",
     .in = {{SHAPE(1, 2, 7, 6)}},
     .attr = {INTS("starts", 0, 1), INTS("ends", 7, 6), INTS("axes", 2, 3), INTS("steps", 2, 2)},
     .out = {{DIMS(1, 2, 4, 3)}}},
    {.name = "backwards",
     .in = {{SHAPE(2, 5)}},
     .attr = {INTS("starts", -1), INTS("ends", INT64_MIN), INTS("axes", 1), INTS("steps", -1)},
     .out = {{DIMS(2, 5)}}},
    {.name = "backwards by 2",
     .in = {{SHAPE(6, 2)}},
     .attr = {INTS("starts", 4), INTS("ends", 0), INTS("axes", 0), INTS("steps", -2)},
     .out = {{DIMS(2, 2)}}},
    {.name = "all backwards",
     .in = {{SHAPE(3, 4)}},
     .attr = {INTS("starts", 2, 3), INTS("ends", -100, -100), INTS("axes", 0, 1),
              INTS("steps", -1, -1)}},
    {.name = "clamped",
     .in = {{SHAPE(4)}},
     .attr = {INTS("starts", -100), INTS("ends", 100)},
     .out = {{DIMS(4)}}},
    {.name = "a giant's step",
     .in = {{SHAPE(4)}},
     .attr = {INTS("starts", 1), INTS("ends", 4), INTS("axes", 0), INTS("steps", INT64_MAX)},
     .out = {{DIMS(1)}}},
    {.name = "a giant's step back",
     .in = {{SHAPE(4)}},
     .attr = {INTS("starts", 3), INTS("ends", -9), INTS("axes", 0), INTS("steps", INT64_MIN)},
     .out = {{DIMS(1)}}},
    {.name = "nothing left",
     .in = {{SHAPE(4)}},
     .attr = {INTS("starts", 3), INTS("ends", 3)},
     .refused = "ends"},
    {.name = "starts past the end",
     .in = {{SHAPE(4)}},
     .attr = {INTS("starts", 9), INTS("ends", 12)},
     .refused = "starts"},
    {.name = "no starts", .in = {{SHAPE(4)}}, .attr = {INTS("ends", 3)}, .refused = "starts"},
    {.name = "no ends", .in = {{SHAPE(4)}}, .attr = {INTS("starts", 3)}, .refused = "ends"},
    {.name = "lists of other lengths",
     .in = {{SHAPE(4, 4)}},
     .attr = {INTS("starts", 1, 1), INTS("ends", 3)},
     .refused = "ends has 1"},
    {.name = "too many",
     .in = {{SHAPE(4)}},
     .attr = {INTS("starts", 1, 1), INTS("ends", 3, 3)},
     .refused = "starts has 2"},
    {.name = "step 0",
     .in = {{SHAPE(4)}},
     .attr = {INTS("starts", 1), INTS("ends", 3), INTS("axes", 0), INTS("steps", 0)},
     .refused = "steps"},
    {.name = "no such axis",
     .in = {{SHAPE(4)}},
     .attr = {INTS("starts", 1), INTS("ends", 3), INTS("axes", (1LL << 32))},
     .refused = "axes"},
    {.name = "an axis twice",
     .in = {{SHAPE(4, 4)}},
     .attr = {INTS("starts", 1, 1), INTS("ends", 3, 3), INTS("axes", 1, -1)},
     .refused = "twice"},
    {.name = "wrong kind",
     .in = {{SHAPE(4)}},
     .attr = {INT("starts", 1), INTS("ends", 3)},
     .refused = "starts"},
};

static void split_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    int axis = (int)op_case_int(c, "axis", 0);
    if (axis < 0) axis += x->shape.rank;
    int start = 0;
    for (int j = 0; j < c->out_count; start += y[j++].shape.dim[axis]) {
        for (size_t i = 0; i < op_array_count(&y[j]); i++) {
            int at[SHAPE_MAX_RANK];
            op_index(&y[j].shape, i, at);
            at[axis] += start;
            y[j].data[i] = x->data[op_offset(&x->shape, at)];
        }
    }
}

static const OpCase split_cases[] = {
    {.name = "channels",
     .in = {{SHAPE(2, 6, 3, 2)}},
     .attr = {INT("axis", 1), INTS("split", 1, 3, 2)},
     .out_count = 3,
     .out = {{DIMS(2, 1, 3, 2)}, {DIMS(2, 3, 3, 2)}, {DIMS(2, 2, 3, 2)}}},
    {.name = "halves", .in = {{SHAPE(4, 3)}}, .out_count = 2, .out = {{DIMS(2, 3)}, {DIMS(2, 3)}}},
    {.name = "from the end",
     .in = {{SHAPE(2, 4)}},
     .attr = {INT("axis", -1), INTS("split", 3, 1)},
     .out_count = 2,
     .out = {{DIMS(2, 3)}, {DIMS(2, 1)}}},
    {.name = "one part", .in = {{SHAPE(2, 4)}}, .out_count = 1, .out = {{DIMS(2, 4)}}},
    {.name = "a shorter last",
     .in = {{SHAPE(7, 2)}},
     .attr = {INT("num_outputs", 3)},
     .opset = 18,
     .out_count = 3,
     .out = {{DIMS(3, 2)}, {DIMS(3, 2)}, {DIMS(1, 2)}}},
    {.name = "do not part", .in = {{SHAPE(7, 2)}}, .out_count = 3, .refused = "equal outputs"},
    {.name = "nothing for the last",
     .in = {{SHAPE(2, 2)}},
     .attr = {INT("num_outputs", 3)},
     .out_count = 3,
     .refused = "output 2"},
    {.name = "too short",
     .in = {{SHAPE(4)}},
     .attr = {INTS("split", 1, 2)},
     .out_count = 2,
     .refused = "add up"},
    {.name = "too long",
     .in = {{SHAPE(4)}},
     .attr = {INTS("split", 3, 2)},
     .out_count = 2,
     .refused = "add up"},
    {.name = "wraps",
     .in = {{SHAPE(4)}},
     .attr = {INTS("split", INT32_MAX, INT32_MAX, 6)},
     .out_count = 3,
     .refused = "add up"},
    {.name = "below 0",
     .in = {{SHAPE(4)}},
     .attr = {INTS("split", 5, -1)},
     .out_count = 2,
     .refused = "split"},
    {.name = "an empty part",
     .in = {{SHAPE(4)}},
     .attr = {INTS("split", 0, 4)},
     .out_count = 2,
     .refused = "split"},
    {.name = "other count",
     .in = {{SHAPE(4)}},
     .attr = {INTS("split", 2, 2)},
     .out_count = 3,
     .refused = "split"},
    {.name = "no such axis",
     .in = {{SHAPE(4)}},
     .attr = {INT("axis", 1)},
     .out_count = 2,
     .refused = "axis"},
    {.name = "scalar", .in = {{.scalar = true}}, .refused = "axis"},
};

static const OpSuite suites[] = {
    {OP_CASES("Transpose", transpose_cases), .reference = transpose_reference},
    {OP_CASES("Slice", slice_cases), .reference = slice_reference},
    {OP_CASES("Split", split_cases), .reference = split_reference},
};

OP_TEST_MAIN(suites)
