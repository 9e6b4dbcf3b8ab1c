#include "support/op_check.h"

static void gemm_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const int ta = (int)op_case_int(c, "transA", 0), tb = (int)op_case_int(c, "transB", 0);
    const double alpha = op_case_float(c, "alpha", 1), beta = op_case_float(c, "beta", 1);
    const int m = y->shape.dim[0], n = y->shape.dim[1], k = x[0].shape.dim[!ta];
    const Shape *cs = &x[2].shape;
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int l = 0; l < k; l++) {
                sum += (ta ? x[0].data[l * m + i] : x[0].data[i * k + l]) *
                       (tb ? x[1].data[j * k + l] : x[1].data[l * n + j]);
            }
            sum *= alpha;
            if (x[2].data) {
                const int columns = cs->rank ? cs->dim[cs->rank - 1] : 1;
                const int rows = cs->rank > 1 ? cs->dim[0] : 1;
                sum += beta * x[2].data[(rows > 1 ? i * columns : 0) + (columns > 1 ? j : 0)];
            }
            y->data[i * n + j] = sum;
        }
    }
}

#define WEIGHT(...)                                                                                \
    {                                                                                              \
        SHAPE(__VA_ARGS__), .constant = true                                                       \
    }

static const OpCase gemm_cases[] = {
    {.name = "one by one", .in = {{SHAPE(1, 1)}, WEIGHT(1, 1)}, .out = {{DIMS(1, 1)}}},
    {.name = "fully connected",
     .in = {{SHAPE(1, 37)}, WEIGHT(19, 37), WEIGHT(19)},
     .out = {{DIMS(1, 19)}},
     .attr = {INT("transB", 1)}},
    {.name = "fully connected, not transposed",
     .in = {{SHAPE(2, 37)}, WEIGHT(37, 19), WEIGHT(19)},
     .out = {{DIMS(2, 19)}}},
    {.name = "batch of 9",
     .in = {{SHAPE(9, 21)}, WEIGHT(18, 21), WEIGHT(18)},
     .out = {{DIMS(9, 18)}},
     .attr = {INT("transB", 1)}},
    {.name = "A transposed",
     .in = {{SHAPE(21, 9)}, WEIGHT(21, 18), WEIGHT(18)},
     .out = {{DIMS(9, 18)}},
     .attr = {INT("transA", 1)}},
    {.name = "both transposed",
     .in = {{SHAPE(21, 9)}, WEIGHT(18, 21), WEIGHT(9, 18)},
     .out = {{DIMS(9, 18)}},
     .attr = {INT("transA", 1), INT("transB", 1)}},
    {.name = "one column", .in = {{SHAPE(9, 21)}, WEIGHT(21, 1)}, .out = {{DIMS(9, 1)}}},
    {.name = "alpha and beta",
     .in = {{SHAPE(6, 5)}, WEIGHT(5, 4), WEIGHT(6, 1)},
     .out = {{DIMS(6, 4)}},
     .attr = {FLOAT("alpha", 0.5F), FLOAT("beta", -2.0F)}},
    {.name = "alpha, one row",
     .in = {{SHAPE(1, 5)}, WEIGHT(4, 5), WEIGHT(4)},
     .out = {{DIMS(1, 4)}},
     .attr = {FLOAT("alpha", 3.0F), INT("transB", 1)}},
    {.name = "alpha without C",
     .in = {{SHAPE(7, 5)}, WEIGHT(5, 4)},
     .out = {{DIMS(7, 4)}},
     .attr = {FLOAT("alpha", 3.0F), FLOAT("beta", 5.0F)}},
    {.name = "C of one value",
     .in = {{SHAPE(6, 5)}, WEIGHT(5, 4), WEIGHT(1)},
     .out = {{DIMS(6, 4)}}},
    {.name = "C is a row",
     .in = {{SHAPE(6, 5)}, WEIGHT(5, 4), WEIGHT(1, 4)},
     .out = {{DIMS(6, 4)}}},
    {.name = "C is computed",
     .in = {{SHAPE(6, 5)}, {SHAPE(5, 4)}, {SHAPE(6, 4)}},
     .out = {{DIMS(6, 4)}}},
    {.name = "C is absent",
     .in = {{SHAPE(6, 5)}, WEIGHT(5, 4), {.absent = true}},
     .out = {{DIMS(6, 4)}}},
    {.name = "many panels",
     .in = {{SHAPE(50, 70)}, WEIGHT(70, 110)},
     .out = {{DIMS(50, 110)}},
     .sampled = 40},
    {.name = "deeper than a block",
     .in = {{SHAPE(5, 600)}, WEIGHT(9, 600)},
     .out = {{DIMS(5, 9)}},
     .attr = {INT("transB", 1)},
     .sampled = 40},

    {.name = "sizes differ", .in = {{SHAPE(6, 5)}, WEIGHT(6, 4)}, .refused = "input channels"},
    {.name = "three dimensions", .in = {{SHAPE(1, 6, 5)}, WEIGHT(5, 4)}, .refused = "dimensions"},
    {.name = "C does not repeat",
     .in = {{SHAPE(6, 5)}, WEIGHT(5, 4), WEIGHT(3)},
     .refused = "C has"},
    {.name = "C has three dimensions",
     .in = {{SHAPE(6, 5)}, WEIGHT(5, 4), WEIGHT(1, 1, 4)},
     .refused = "C has"},
};

static void matmul_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    const Shape *a = &x[0].shape, *b = &x[1].shape;
    const int m = a->rank > 1 ? a->dim[a->rank - 2] : 1, k = a->dim[a->rank - 1];
    const int n = b->rank > 1 ? b->dim[b->rank - 1] : 1;
    const int lead = y->shape.rank - (a->rank > 1) - (b->rank > 1);
    for (int o = 0; o < (int)op_array_count(y); o++) {
        int rest = o / (m * n), from_a = 0, from_b = 0, step_a = m * k, step_b = k * n;
        for (int d = lead - 1; d >= 0; d--) {
            const int index = rest % y->shape.dim[d];
            const int da = d - lead + a->rank - 2, db = d - lead + b->rank - 2;
            rest /= y->shape.dim[d];
            if (da >= 0) from_a += a->dim[da] > 1 ? index * step_a : 0, step_a *= a->dim[da];
            if (db >= 0) from_b += b->dim[db] > 1 ? index * step_b : 0, step_b *= b->dim[db];
        }
        const int i = o / n % m, j = o % n;
        y->data[o] = 0;
        for (int l = 0; l < k; l++) {
            y->data[o] += x[0].data[from_a + i * k + l] * x[1].data[from_b + l * n + j];
        }
    }
}

static const OpCase matmul_cases[] = {
    {.name = "two matrices", .in = {{SHAPE(7, 5)}, {SHAPE(5, 6)}}, .out = {{DIMS(7, 6)}}},
    {.name = "constant", .in = {{SHAPE(1, 40)}, WEIGHT(40, 30)}, .out = {{DIMS(1, 30)}}},
    {.name = "constant on the left", .in = {WEIGHT(6, 7), {SHAPE(7, 5)}}, .out = {{DIMS(6, 5)}}},
    {.name = "row and column", .in = {{SHAPE(1, 7)}, {SHAPE(7, 1)}}, .out = {{DIMS(1, 1)}}},
    {.name = "one matrix for a batch",
     .in = {{SHAPE(3, 4, 5)}, WEIGHT(5, 6)},
     .out = {{DIMS(3, 4, 6)}}},
    {.name = "one to one", .in = {{SHAPE(3, 4, 5)}, {SHAPE(3, 5, 6)}}, .out = {{DIMS(3, 4, 6)}}},
    {.name = "batch on the right",
     .in = {{SHAPE(4, 5)}, {SHAPE(3, 5, 6)}},
     .out = {{DIMS(3, 4, 6)}}},
    {.name = "both repeat",
     .in = {{SHAPE(2, 1, 4, 5)}, {SHAPE(1, 3, 5, 2)}},
     .out = {{DIMS(2, 3, 4, 2)}}},
    {.name = "ranks differ",
     .in = {{SHAPE(2, 3, 4, 5)}, {SHAPE(3, 5, 2)}},
     .out = {{DIMS(2, 3, 4, 2)}}},
    {.name = "vector on the left", .in = {{SHAPE(5)}, WEIGHT(5, 6)}, .out = {{DIMS(6)}}},
    {.name = "vector on the right", .in = {{SHAPE(4, 5)}, {SHAPE(5)}}, .out = {{DIMS(4)}}},
    {.name = "batch and vector", .in = {{SHAPE(2, 4, 5)}, {SHAPE(5)}}, .out = {{DIMS(2, 4)}}},
    {.name = "sizes differ", .in = {{SHAPE(4, 5)}, {SHAPE(6, 5)}}, .refused = "input channels"},
    {.name = "batches differ",
     .in = {{SHAPE(2, 4, 5)}, {SHAPE(3, 5, 5)}},
     .refused = "do not go together"},
    {.name = "a scalar", .in = {{SHAPE(4, 5)}, {.scalar = true}}, .refused = "scalar"},
};

static const OpSuite suites[] = {
    {OP_CASES("Gemm", gemm_cases), .reference = gemm_reference},
    {OP_CASES("MatMul", matmul_cases), .reference = matmul_reference},
};
OP_TEST_MAIN(suites)
