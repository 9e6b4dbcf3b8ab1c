#include <math.h>

#include "support/op_check.h"

/* The value of x that NumPy's rules put at index `at` of the output. */
static double repeated(const OpArray *x, const Shape *shape, const int *at)
{
    int own[SHAPE_MAX_RANK];
    const int missing = shape->rank - x->shape.rank;
    for (int d = 0; d < x->shape.rank; d++) own[d] = x->shape.dim[d] == 1 ? 0 : at[d + missing];
    return x->data[op_offset(&x->shape, own)];
}

static void operate(const OpArray *x, OpArray *y, char operation)
{
    for (size_t i = 0; i < op_array_count(y); i++) {
        int at[SHAPE_MAX_RANK];
        op_index(&y->shape, i, at);
        const double a = repeated(&x[0], &y->shape, at), b = repeated(&x[1], &y->shape, at);
        if (operation == '+') y->data[i] = a + b;
        if (operation == '-') y->data[i] = a - b;
        if (operation == '*') y->data[i] = a * b;
        if (operation == '/') y->data[i] = a / b;
        if (operation == '^') y->data[i] = pow(a, b);
        if (operation == '<') y->data[i] = fmin(a, b);
        if (operation == '>') y->data[i] = fmax(a, b);
        if (operation == 'p') y->data[i] = a < 0 ? a * b : a;
    }
}

static void add_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    operate(x, y, '+');
}

static void sub_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    operate(x, y, '-');
}

static void mul_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    operate(x, y, '*');
}

static void div_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    operate(x, y, '/');
}

static void pow_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    operate(x, y, '^');
}

static void min_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    operate(x, y, '<');
}

static void max_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    operate(x, y, '>');
}

static void prelu_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    operate(x, y, 'p');
}

/* Away from 0, so that the second can divide. */
#define POSITIVE .low = 0.5, .high = 2

static const OpCase broadcast_cases[] = {
    {.name = "equal", .in = {{SHAPE(2, 3, 4)}, {SHAPE(2, 3, 4), POSITIVE}}},
    {.name = "longer than a chunk", .in = {{SHAPE(1, 2, 300)}, {SHAPE(1, 2, 300), POSITIVE}}},
    {.name = "scalars", .in = {{.scalar = true}, {.scalar = true, POSITIVE}}},
    {.name = "scalar second", .in = {{SHAPE(3, 5)}, {.scalar = true, POSITIVE}}},
    {.name = "scalar first",
     .in = {{.scalar = true}, {SHAPE(3, 5), POSITIVE}},
     .out = {{DIMS(3, 5)}}},
    {.name = "one value", .in = {{SHAPE(2, 3, 4)}, {SHAPE(1), POSITIVE, .constant = true}}},
    {.name = "per channel",
     .in = {{SHAPE(2, 3, 4, 5)}, {SHAPE(3, 1, 1), POSITIVE, .constant = true}}},
    {.name = "per channel, long rows",
     .in = {{SHAPE(2, 2, 17, 19)}, {SHAPE(1, 2, 1, 1), POSITIVE}}},
    {.name = "per channel first",
     .in = {{SHAPE(3, 1, 1)}, {SHAPE(2, 3, 4, 5), POSITIVE}},
     .out = {{DIMS(2, 3, 4, 5)}}},
    {.name = "last dimension", .in = {{SHAPE(4, 5, 3)}, {SHAPE(3), POSITIVE, .constant = true}}},
    {.name = "per picture", .in = {{SHAPE(2, 3, 4)}, {SHAPE(2, 1, 1), POSITIVE}}},
    {.name = "gate per place", .in = {{SHAPE(2, 3, 4, 5)}, {SHAPE(2, 1, 4, 5), POSITIVE}}},
    {.name = "both repeat",
     .in = {{SHAPE(2, 1, 4)}, {SHAPE(1, 3, 1), POSITIVE}},
     .out = {{DIMS(2, 3, 4)}}},
    {.name = "column and row", .in = {{SHAPE(5, 1)}, {SHAPE(7), POSITIVE}}, .out = {{DIMS(5, 7)}}},
    {.name = "every other dimension",
     .in = {{SHAPE(2, 1, 3, 1, 2)}, {SHAPE(1, 2, 1, 3, 1), POSITIVE}},
     .out = {{DIMS(2, 2, 3, 3, 2)}}},
    {.name = "rank 8",
     .in = {{SHAPE(1, 2, 1, 2, 1, 2, 1, 2)}, {SHAPE(2, 2, 1, 1, 2), POSITIVE}},
     .out = {{DIMS(1, 2, 1, 2, 2, 2, 1, 2)}}},
    {.name = "activations",
     .in = {{SHAPE(1, 32, 28, 28)}, {SHAPE(1, 32, 28, 28), POSITIVE}},
     .sampled = 10},
    {.name = "bias of activations",
     .in = {{SHAPE(1, 32, 28, 28)}, {SHAPE(32, 1, 1), POSITIVE, .constant = true}},
     .sampled = 10},
    {.name = "shapes that do not fit", .in = {{SHAPE(2, 3)}, {SHAPE(2, 4)}}, .refused = "2x4"},
    {.name = "shapes that only start alike", .in = {{SHAPE(2, 3)}, {SHAPE(2)}}, .refused = "fit"},
    {.name = "one input", .in = {{SHAPE(2, 3)}}, .refused = "inputs"},
    {.name = "three inputs", .in = {{SHAPE(3)}, {SHAPE(3)}, {SHAPE(3)}}, .refused = "inputs"},
    {.name = "no second input", .in = {{SHAPE(3)}, {.absent = true}}, .refused = "input 1"},
};

static const OpCase pow_cases[] = {
    {.name = "equal", .in = {{SHAPE(2, 3, 4), POSITIVE}, {SHAPE(2, 3, 4), .low = -3, .high = 3}}},
    {.name = "per channel",
     .in = {{SHAPE(2, 3, 4, 5), POSITIVE}, {SHAPE(3, 1, 1), .low = -1, .high = 3}}},
    {.name = "one base", .in = {{.scalar = true, POSITIVE}, {SHAPE(3, 5)}}, .out = {{DIMS(3, 5)}}},
    {.name = "shapes that do not fit", .in = {{SHAPE(2, 3)}, {SHAPE(2, 4)}}, .refused = "2x4"},
};

/* The difference of the two is what must not be 0. */
static const OpCase extreme_cases[] = {
    {.name = "first above", .in = {{SHAPE(2, 3, 4), .low = 2, .high = 3}, {SHAPE(2, 3, 4)}}},
    {.name = "first below", .in = {{SHAPE(2, 3, 4), .low = -3, .high = -2}, {SHAPE(2, 3, 4)}}},
    {.name = "a bound",
     .in = {{SHAPE(2, 3, 17), .low = -3, .high = 3, .kinks = {0.3}, .kink_count = 1},
            {.scalar = true, .low = 0.3, .high = 0.3000001, .constant = true}},
     .sampled = 40},
    {.name = "per channel", .in = {{SHAPE(2, 3, 4, 5), .low = 2, .high = 3}, {SHAPE(3, 1, 1)}}},
    {.name = "both repeat",
     .in = {{SHAPE(2, 1, 4), .low = 2, .high = 3}, {SHAPE(1, 3, 1)}},
     .out = {{DIMS(2, 3, 4)}}},
    {.name = "shapes that do not fit", .in = {{SHAPE(2, 3)}, {SHAPE(2, 4)}}, .refused = "2x4"},
};

#define AROUND_ZERO .kinks = {0}, .kink_count = 1

static const OpCase prelu_cases[] = {
    {.name = "one slope", .in = {{SHAPE(2, 3, 5), AROUND_ZERO}, {SHAPE(1), .constant = true}}},
    {.name = "per channel",
     .in = {{SHAPE(2, 3, 4, 5), AROUND_ZERO}, {SHAPE(3, 1, 1), .constant = true}}},
    {.name = "per place", .in = {{SHAPE(2, 3, 4), AROUND_ZERO}, {SHAPE(2, 3, 4)}}},
    {.name = "larger than the picture", .in = {{SHAPE(3, 1)}, {SHAPE(3, 4)}}, .refused = "slope"},
    {.name = "does not fit", .in = {{SHAPE(2, 3)}, {SHAPE(2)}}, .refused = "fit"},
};

static const OpSuite suites[] = {
    {OP_CASES("Add", broadcast_cases), .reference = add_reference},
    {OP_CASES("Sub", broadcast_cases), .reference = sub_reference},
    {OP_CASES("Mul", broadcast_cases), .reference = mul_reference},
    {OP_CASES("Div", broadcast_cases), .reference = div_reference},
    {OP_CASES("Pow", pow_cases), .reference = pow_reference},
    {OP_CASES("Min", extreme_cases), .reference = min_reference},
    {OP_CASES("Max", extreme_cases), .reference = max_reference},
    {OP_CASES("PRelu", prelu_cases), .reference = prelu_reference, .rectifier = true},
};

OP_TEST_MAIN(suites)
