#include <math.h>
#include <string.h>

#include "support/op_check.h"

/* Moves an index into [low, high) as the mode says; -1 for the constant. */
static int64_t inside(int64_t i, int64_t low, int64_t high, const char *mode)
{
    while (i < low || i >= high) {
        if (strcmp(mode, "constant") == 0) return -1;
        if (strcmp(mode, "edge") == 0) {
            i += i < low ? 1 : -1;
        } else {
            i = i < low ? low + (low - i) : high - 1 - (i - (high - 1));
        }
    }
    return i;
}

static void pad_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const Attr *named = op_case_attr(c, "mode");
    const char *mode = named ? named->s : "constant";
    const int rank = x->shape.rank;
    for (size_t i = 0; i < op_array_count(y); i++) {
        int at[SHAPE_MAX_RANK];
        bool constant = false;
        op_index(&y->shape, i, at);
        for (int d = 0; d < rank; d++) {
            const int64_t before = op_case_ints(c, "pads", d, 0),
                          after = op_case_ints(c, "pads", rank + d, 0);
            const int64_t low = before < 0 ? -before : 0;
            const int64_t high = x->shape.dim[d] + (after < 0 ? after : 0);
            at[d] = (int)inside(at[d] - before, low, high, mode);
            constant |= at[d] < 0;
        }
        y->data[i] = constant ? op_case_float(c, "value", 0) : x->data[op_offset(&x->shape, at)];
    }
}

static const OpCase pad_cases[] = {
    {.name = "constant by default",
     .in = {{SHAPE(1, 2, 3, 4)}},
     .attr = {INTS("pads", 0, 0, 1, 2, 0, 0, 3, 1)},
     .out = {{DIMS(1, 2, 7, 7)}}},
    {.name = "a value",
     .in = {{SHAPE(2, 3)}},
     .attr = {TEXT("mode", "constant"), INTS("pads", 1, 0, 0, 2), FLOAT("value", 0.5F)},
     .out = {{DIMS(3, 5)}}},
    {.name = "channels too",
     .in = {{SHAPE(1, 2, 2, 2)}},
     .attr = {INTS("pads", 1, 1, 0, 0, 0, 2, 0, 0)},
     .out = {{DIMS(2, 5, 2, 2)}}},
    {.name = "nothing", .in = {{SHAPE(2, 3)}}, .attr = {INTS("pads", 0, 0, 0, 0)}},
    {.name = "scalar", .in = {{.scalar = true}}, .attr = {NO_INTS("pads")}},
    {.name = "reflect",
     .in = {{SHAPE(1, 2, 3, 4)}},
     .attr = {TEXT("mode", "reflect"), INTS("pads", 0, 0, 2, 1, 0, 0, 1, 3)},
     .out = {{DIMS(1, 2, 6, 8)}}},
    {.name = "reflect channels",
     .in = {{SHAPE(2, 3, 2)}},
     .attr = {TEXT("mode", "reflect"), INTS("pads", 1, 2, 0, 0, 1, 0)},
     .out = {{DIMS(3, 6, 2)}}},
    {.name = "edge",
     .in = {{SHAPE(1, 2, 3, 4)}},
     .attr = {TEXT("mode", "edge"), INTS("pads", 0, 0, 5, 1, 0, 0, 1, 6)},
     .out = {{DIMS(1, 2, 9, 11)}}},
    {.name = "crop",
     .in = {{SHAPE(1, 2, 5, 6)}},
     .attr = {INTS("pads", 0, 0, -1, -2, 0, 0, -2, -1)},
     .out = {{DIMS(1, 2, 2, 3)}}},
    {.name = "crop and pad",
     .in = {{SHAPE(5, 6)}},
     .attr = {INTS("pads", -2, 1, 3, -2), FLOAT("value", 2)},
     .out = {{DIMS(6, 5)}}},
    {.name = "crop and reflect",
     .in = {{SHAPE(6, 6)}},
     .attr = {TEXT("mode", "reflect"), INTS("pads", -2, 2, 2, -1)},
     .out = {{DIMS(6, 7)}}},
    {.name = "crop and edge",
     .in = {{SHAPE(6, 6)}},
     .attr = {TEXT("mode", "edge"), INTS("pads", -5, 2, 2, -5)},
     .out = {{DIMS(3, 3)}}},
    {.name = "wrap",
     .in = {{SHAPE(4)}},
     .attr = {TEXT("mode", "wrap"), INTS("pads", 1, 1)},
     .refused = "wrap"},
    {.name = "no pads", .in = {{SHAPE(4)}}, .refused = "pads"},
    {.name = "too few",
     .in = {{SHAPE(4, 4)}},
     .attr = {INTS("pads", 1, 1, 1)},
     .refused = "pads has 3"},
    {.name = "too many",
     .in = {{SHAPE(4)}},
     .attr = {INTS("pads", 1, 1, 1)},
     .refused = "pads has 3"},
    {.name = "cropped away",
     .in = {{SHAPE(4)}},
     .attr = {INTS("pads", -2, -2)},
     .refused = "crop all"},
    {.name = "cropped away, then padded",
     .in = {{SHAPE(4)}},
     .attr = {INTS("pads", -4, 9)},
     .refused = "crop all"},
    {.name = "reflects more than there is",
     .in = {{SHAPE(4)}},
     .attr = {TEXT("mode", "reflect"), INTS("pads", 0, 4)},
     .refused = "reflects 4"},
    {.name = "a giant",
     .in = {{SHAPE(4)}},
     .attr = {INTS("pads", INT32_MAX, INT32_MAX)},
     .refused = "too long"},
    {.name = "a giant in two dimensions",
     .in = {{SHAPE(4, 4)}},
     .attr = {INTS("pads", 1 << 20, 1 << 20, 0, 0)},
     .refused = "values possible"},
    {.name = "out of range",
     .in = {{SHAPE(4)}},
     .attr = {INTS("pads", 1LL << 33, 0)},
     .refused = "pads"},
    {.name = "least",
     .in = {{SHAPE(4)}},
     .attr = {INTS("pads", INT32_MIN, INT32_MIN)},
     .refused = "crop all"},
};

static const OpSuite suites[] = {
    {OP_CASES("Pad", pad_cases), .reference = pad_reference},
};

OP_TEST_MAIN(suites)
