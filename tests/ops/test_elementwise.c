#include <math.h>

#include "support/op_check.h"

#define AROUND_ZERO  .kinks = {0}, .kink_count = 1
#define AROUND(a, b) .low = -8, .high = 8, .kinks = {a, b}, .kink_count = 2
#define EVERY(y)     for (size_t i = 0; i < op_array_count(y); i++)

static void leaky_relu_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const double slope = op_case_float(c, "alpha", (double)0.01F);
    EVERY(y) y->data[i] = x->data[i] < 0 ? slope * x->data[i] : x->data[i];
}

static const OpCase leaky_relu_cases[] = {
    {.name = "default slope", .in = {{SHAPE(2, 3, 5), AROUND_ZERO}}},
    {.name = "slope", .in = {{SHAPE(1, 2, 3, 17), AROUND_ZERO}}, .attr = {FLOAT("alpha", 0.2F)}},
    {.name = "slope 0", .in = {{SHAPE(33), AROUND_ZERO}}, .attr = {FLOAT("alpha", 0.0F)}},
    {.name = "slope below 0", .in = {{SHAPE(33), AROUND_ZERO}}, .attr = {FLOAT("alpha", -0.5F)}},
    {.name = "scalar", .in = {{.scalar = true, AROUND_ZERO}}},
    {.name = "wrong kind", .in = {{SHAPE(3)}}, .attr = {INT("alpha", 1)}, .refused = "alpha"},
    {.name = "slope not a number",
     .in = {{SHAPE(3)}},
     .attr = {FLOAT("alpha", NAN)},
     .refused = "alpha"},
    {.name = "two outputs", .in = {{SHAPE(3)}}, .out_count = 2, .refused = "outputs"},
};

static void clip_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const double low = op_case_float(c, "min", -INFINITY), high = op_case_float(c, "max", INFINITY);
    EVERY(y) y->data[i] = fmin(fmax(x->data[i], low), high);
}

/* With min 0: a rectifier. */
static const OpCase clip_rectifier_cases[] = {
    {.name = "ReLU6",
     .in = {{SHAPE(1, 4, 5, 7), AROUND(0, 6)}},
     .attr = {FLOAT("min", 0), FLOAT("max", 6)}},
    {.name = "min 0", .in = {{SHAPE(3, 19), AROUND(0, 0)}}, .attr = {FLOAT("min", 0)}},
};

static const OpCase clip_cases[] = {
    {.name = "-2 to 3",
     .in = {{SHAPE(2, 3, 9), AROUND(-2, 3)}},
     .attr = {FLOAT("min", -2), FLOAT("max", 3)}},
    {.name = "max only", .in = {{SHAPE(41), AROUND(3, 3)}}, .attr = {FLOAT("max", 3)}},
    {.name = "neither", .in = {{SHAPE(41)}}},
    {.name = "min above max",
     .in = {{SHAPE(12), AROUND(-1, 1)}},
     .attr = {FLOAT("min", 1), FLOAT("max", -1)}},
    {.name = "infinite",
     .in = {{SHAPE(9)}},
     .attr = {FLOAT("min", -INFINITY), FLOAT("max", INFINITY)}},
    {.name = "not a number", .in = {{SHAPE(9)}}, .attr = {FLOAT("min", NAN)}, .refused = "min"},
    {.name = "wrong kind", .in = {{SHAPE(9)}}, .attr = {TEXT("max", "6")}, .refused = "max"},
    {.name = "three inputs", .in = {{SHAPE(9)}, {SHAPE(1)}, {SHAPE(1)}}, .refused = "inputs"},
};

static void sigmoid_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    EVERY(y) y->data[i] = 1 / (1 + exp(-x->data[i]));
}

static void tanh_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    EVERY(y) y->data[i] = tanh(x->data[i]);
}

static const OpCase smooth_cases[] = {
    {.name = "scalar", .in = {{.scalar = true}}},
    {.name = "odd picture", .in = {{SHAPE(2, 3, 5, 7), .low = -4, .high = 4}}},
    {.name = "far out", .in = {{SHAPE(64), .low = -120, .high = 120}}},
    {.name = "many", .in = {{SHAPE(1, 16, 35, 35), .low = -4, .high = 4}}, .sampled = 20},
    {.name = "no input", .in = {{.absent = true}}, .refused = "input"},
};

static const OpSuite suites[] = {
    {OP_CASES("LeakyRelu", leaky_relu_cases), .reference = leaky_relu_reference, .rectifier = true},
    {OP_CASES("Clip", clip_rectifier_cases), .reference = clip_reference, .rectifier = true},
    {OP_CASES("Clip", clip_cases), .reference = clip_reference},
    {OP_CASES("Sigmoid", smooth_cases), .reference = sigmoid_reference},
    {OP_CASES("Tanh", smooth_cases), .reference = tanh_reference},
};

OP_TEST_MAIN(suites)
