#include <math.h>
#include <string.h>

#include "support/op_check.h"

#define AROUND(a, b) .low = -8, .high = 8, .kinks = {a, b}, .kink_count = 2
#define EVERY(y)     for (size_t i = 0; i < op_array_count(y); i++)

static void elu_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const double alpha = op_case_float(c, "alpha", 1);
    EVERY(y) y->data[i] = x->data[i] < 0 ? alpha * (exp(x->data[i]) - 1) : x->data[i];
}

static void selu_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const double gamma = op_case_float(c, "gamma", 1.05070102214813232421875);
    const double alpha = op_case_float(c, "alpha", 1.67326319217681884765625);
    EVERY(y)
    {
        const double value = x->data[i];
        y->data[i] = gamma * (value < 0 ? alpha * (exp(value) - 1) : value);
    }
}

static void celu_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const double alpha = op_case_float(c, "alpha", 1);
    EVERY(y)
    {
        const double low = alpha * (exp(x->data[i] / alpha) - 1);
        y->data[i] = fmax(0, x->data[i]) + fmin(0, low);
    }
}

static const OpCase elu_cases[] = {
    {.name = "alpha 1", .in = {{SHAPE(2, 3, 5, 7), AROUND(0, 0)}}},
    {.name = "alpha", .in = {{SHAPE(33), AROUND(0, 0)}}, .attr = {FLOAT("alpha", 0.3F)}},
    {.name = "scalar", .in = {{.scalar = true, AROUND(0, 0)}}},
    {.name = "far out",
     .in = {{SHAPE(64), .low = -150, .high = 150, .kinks = {0}, .kink_count = 1}}},
    {.name = "not finite",
     .in = {{SHAPE(3)}},
     .attr = {FLOAT("alpha", INFINITY)},
     .refused = "alpha"},
    {.name = "wrong kind", .in = {{SHAPE(3)}}, .attr = {INT("alpha", 1)}, .refused = "alpha"},
    {.name = "two inputs", .in = {{SHAPE(3)}, {SHAPE(3)}}, .refused = "inputs"},
};

static const OpCase selu_cases[] = {
    {.name = "by default", .in = {{SHAPE(2, 3, 5), AROUND(0, 0)}}},
    {.name = "its own",
     .in = {{SHAPE(33), AROUND(0, 0)}},
     .attr = {FLOAT("alpha", 2), FLOAT("gamma", 0.5F)}},
    {.name = "not finite", .in = {{SHAPE(3)}}, .attr = {FLOAT("gamma", NAN)}, .refused = "gamma"},
};

static const OpCase celu_cases[] = {
    {.name = "alpha 1", .in = {{SHAPE(2, 3, 5), AROUND(0, 0)}}},
    {.name = "alpha 2", .in = {{SHAPE(41), AROUND(0, 0)}}, .attr = {FLOAT("alpha", 2)}},
    {.name = "alpha 0", .in = {{SHAPE(3)}}, .attr = {FLOAT("alpha", 0)}, .refused = "alpha"},
};

static void hard_sigmoid_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const double alpha = op_case_float(c, "alpha", (double)0.2F);
    const double beta = op_case_float(c, "beta", 0.5);
    EVERY(y) y->data[i] = fmax(0, fmin(1, alpha * x->data[i] + beta));
}

static const OpCase hard_sigmoid_cases[] = {
    {.name = "by default", .in = {{SHAPE(2, 3, 5, 7), AROUND(-2.5, 2.5)}}},
    {.name = "a sixth",
     .in = {{SHAPE(65), AROUND(-3, 3)}},
     .attr = {FLOAT("alpha", 1.0F / 6), FLOAT("beta", 0.5F)}},
    {.name = "downwards",
     .in = {{SHAPE(65), AROUND(-2, 2)}},
     .attr = {FLOAT("alpha", -0.25F), FLOAT("beta", 0.5F)}},
    {.name = "wrong kind", .in = {{SHAPE(3)}}, .attr = {TEXT("beta", "1")}, .refused = "beta"},
};

static void hard_swish_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    EVERY(y) y->data[i] = x->data[i] * fmax(0, fmin(1, x->data[i] / 6 + 0.5));
}

static const OpCase hard_swish_cases[] = {
    {.name = "odd picture", .in = {{SHAPE(2, 3, 5, 7), AROUND(-3, 3)}}},
    {.name = "scalar", .in = {{.scalar = true, .low = 1, .high = 2}}},
    {.name = "no input", .in = {{.absent = true}}, .refused = "input"},
};

static void gelu_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const Attr *approximate = op_case_attr(c, "approximate");
    const bool by_tanh = approximate && strcmp(approximate->s, "tanh") == 0;
    EVERY(y)
    {
        const double v = x->data[i];
        const double t = tanh(sqrt(2 / acos(-1)) * (v + (double)0.044715F * v * v * v));
        y->data[i] = 0.5 * v * (1 + (by_tanh ? t : erf(v / sqrt(2))));
    }
}

static const OpCase gelu_cases[] = {
    {.name = "exact", .in = {{SHAPE(2, 3, 5, 7), .low = -5, .high = 5}}},
    {.name = "by tanh",
     .in = {{SHAPE(65), .low = -5, .high = 5}},
     .attr = {TEXT("approximate", "tanh")}},
    {.name = "said to be exact", .in = {{SHAPE(9)}}, .attr = {TEXT("approximate", "none")}},
    {.name = "otherwise",
     .in = {{SHAPE(9)}},
     .attr = {TEXT("approximate", "sure")},
     .refused = "sure"},
};

static void softplus_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    EVERY(y) y->data[i] = x->data[i] > 40 ? x->data[i] : log1p(exp(x->data[i]));
}

static void softsign_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    EVERY(y) y->data[i] = x->data[i] / (1 + fabs(x->data[i]));
}

static void mish_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    softplus_reference(c, x, y);
    EVERY(y) y->data[i] = x->data[i] * tanh(y->data[i]);
}

static const OpCase smooth_cases[] = {
    {.name = "scalar", .in = {{.scalar = true, .low = 1, .high = 2}}},
    {.name = "odd picture", .in = {{SHAPE(2, 3, 5, 7), .low = -4, .high = 4}}},
    {.name = "far out", .in = {{SHAPE(64), .low = -120, .high = 120}}},
    {.name = "no input", .in = {{.absent = true}}, .refused = "input"},
};

static const OpSuite suites[] = {
    {OP_CASES("Elu", elu_cases), .reference = elu_reference},
    {OP_CASES("Selu", selu_cases), .reference = selu_reference},
    {OP_CASES("Celu", celu_cases), .reference = celu_reference},
    {OP_CASES("HardSigmoid", hard_sigmoid_cases), .reference = hard_sigmoid_reference},
    {OP_CASES("HardSwish", hard_swish_cases), .reference = hard_swish_reference},
    {OP_CASES("Gelu", gelu_cases), .reference = gelu_reference},
    {OP_CASES("Softplus", smooth_cases), .reference = softplus_reference},
    {OP_CASES("Softsign", smooth_cases), .reference = softsign_reference},
    {OP_CASES("Mish", smooth_cases), .reference = mish_reference},
};

OP_TEST_MAIN(suites)
