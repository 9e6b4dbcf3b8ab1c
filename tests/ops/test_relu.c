#include <math.h>

#include "support/op_check.h"

#define AROUND_ZERO .kinks = {0}, .kink_count = 1

static void relu_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    for (size_t i = 0; i < op_array_count(y); i++) y->data[i] = fmax(x->data[i], 0);
}

static const OpCase relu_cases[] = {
    {.name = "scalar", .in = {{.scalar = true, AROUND_ZERO}}},
    {.name = "1", .in = {{SHAPE(1), AROUND_ZERO}}},
    {.name = "below a vector", .in = {{SHAPE(1, 3, 1, 1), AROUND_ZERO}}},
    {.name = "a vector and one", .in = {{SHAPE(1, 17), AROUND_ZERO}}},
    {.name = "odd picture", .in = {{SHAPE(2, 3, 5, 7), AROUND_ZERO}}},
    {.name = "rank 8", .in = {{SHAPE(1, 2, 1, 2, 1, 2, 1, 3), AROUND_ZERO}}},
    {.name = "all shut", .in = {{SHAPE(2, 9), .low = -2, .high = -0.5}}},
    {.name = "activations", .in = {{SHAPE(1, 64, 28, 28), AROUND_ZERO}}, .sampled = 20},
    {.name = "no input", .in = {{.absent = true}}, .refused = "input"},
    {.name = "two inputs", .in = {{SHAPE(4)}, {SHAPE(4)}}, .refused = "inputs"},
};

static const OpSuite suites[] = {
    {OP_CASES("Relu", relu_cases), .reference = relu_reference, .rectifier = true},
};

OP_TEST_MAIN(suites)
