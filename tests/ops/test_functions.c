#include <math.h>

#include "support/op_check.h"

#define EVERY(y) for (size_t i = 0; i < op_array_count(y); i++)

#define REFERENCE(name, value)                                                                     \
    static void name##_reference(const OpCase *c, const OpArray *input, OpArray *y)                \
    {                                                                                              \
        (void)c;                                                                                   \
        EVERY(y)                                                                                   \
        {                                                                                          \
            const double x = input->data[i];                                                       \
            y->data[i] = (value);                                                                  \
        }                                                                                          \
    }

REFERENCE(exp, exp(x))
REFERENCE(log, log(x))
REFERENCE(sqrt, sqrt(x))
REFERENCE(reciprocal, 1 / x)
REFERENCE(erf, erf(x))
REFERENCE(abs, fabs(x))
REFERENCE(neg, -x)
REFERENCE(sign, (x > 0) - (x < 0))
REFERENCE(floor, floor(x))
REFERENCE(ceil, ceil(x))
REFERENCE(round, nearbyint(x))

static const OpCase smooth_cases[] = {
    {.name = "scalar", .in = {{.scalar = true}}},
    {.name = "odd picture", .in = {{SHAPE(2, 3, 5, 7), .low = -4, .high = 4}}},
    {.name = "many", .in = {{SHAPE(1, 16, 35, 35), .low = -3, .high = 3}}, .sampled = 20},
    {.name = "no input", .in = {{.absent = true}}, .refused = "input"},
    {.name = "two inputs", .in = {{SHAPE(3)}, {SHAPE(3)}}, .refused = "inputs"},
};

static const OpCase positive_cases[] = {
    {.name = "scalar", .in = {{.scalar = true, .low = 0.5, .high = 2}}},
    {.name = "odd picture", .in = {{SHAPE(2, 3, 5, 7), .low = 0.3, .high = 7}}},
    {.name = "two outputs", .in = {{SHAPE(3)}}, .out_count = 2, .refused = "outputs"},
};

static const OpCase bent_cases[] = {
    {.name = "odd picture", .in = {{SHAPE(2, 3, 5, 7), .kinks = {0}, .kink_count = 1}}},
    {.name = "scalar", .in = {{.scalar = true, .low = -3, .high = -2}}},
};

/* Differences cannot see a derivative across a step: the gradient is checked between two steps. */
static const OpCase step_cases[] = {
    {.name = "within a step", .in = {{SHAPE(2, 17), .low = 1.1, .high = 1.4}}},
    {.name = "below 0", .in = {{SHAPE(3, 5), .low = -2.9, .high = -2.6}}},
    {.name = "many steps", .in = {{SHAPE(400), .low = -9, .high = 9}}, .no_gradient = true},
};

static const OpSuite suites[] = {
    {OP_CASES("Exp", smooth_cases), .reference = exp_reference},
    {OP_CASES("Log", positive_cases), .reference = log_reference},
    {OP_CASES("Sqrt", positive_cases), .reference = sqrt_reference},
    {OP_CASES("Reciprocal", positive_cases), .reference = reciprocal_reference},
    {OP_CASES("Erf", smooth_cases), .reference = erf_reference},
    {OP_CASES("Abs", bent_cases), .reference = abs_reference},
    {OP_CASES("Neg", smooth_cases), .reference = neg_reference},
    {OP_CASES("Sign", bent_cases), .reference = sign_reference},
    {OP_CASES("Floor", step_cases), .reference = floor_reference},
    {OP_CASES("Ceil", step_cases), .reference = ceil_reference},
    {OP_CASES("Round", step_cases), .reference = round_reference},
};

OP_TEST_MAIN(suites)
