#include <math.h>

#include "support/op_check.h"

#define WEIGHT(...)                                                                                \
    {                                                                                              \
        SHAPE(__VA_ARGS__), .constant = true                                                       \
    }
#define VARIANCE(...)                                                                              \
    {                                                                                              \
        SHAPE(__VA_ARGS__), .constant = true, .low = 0.3, .high = 2                                \
    }

static int pixels_of(const Shape *shape)
{
    return (int)shape_span(shape, 2, shape->rank);
}

/* ---- BatchNormalization ---- */

static void batch_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const double epsilon = op_case_float(c, "epsilon", 1e-5F);
    for (int i = 0; i < (int)op_array_count(y); i++) {
        const int k = i / pixels_of(&y->shape) % y->shape.dim[1];
        y->data[i] = (x->data[i] - x[3].data[k]) / sqrt(x[4].data[k] + epsilon) * x[1].data[k] +
                     x[2].data[k];
    }
}

static const OpCase batch_cases[] = {
    {.name = "picture", .in = {{SHAPE(1, 3, 4, 5)}, WEIGHT(3), WEIGHT(3), WEIGHT(3), VARIANCE(3)}},
    {.name = "batch", .in = {{SHAPE(3, 5, 3, 3)}, WEIGHT(5), WEIGHT(5), WEIGHT(5), VARIANCE(5)}},
    {.name = "epsilon",
     .in = {{SHAPE(1, 2, 9)}, WEIGHT(2), WEIGHT(2), WEIGHT(2), VARIANCE(2)},
     .attr = {FLOAT("epsilon", 0.5F)}},
    {.name = "no pixels", .in = {{SHAPE(4, 6)}, WEIGHT(6), WEIGHT(6), WEIGHT(6), VARIANCE(6)}},
    {.name = "old attributes",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2), WEIGHT(2), WEIGHT(2), VARIANCE(2)},
     .attr = {INT("spatial", 1), INT("is_test", 1), FLOAT("momentum", 0.9F)},
     .opset = 7},
    {.name = "training",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2), WEIGHT(2), WEIGHT(2), VARIANCE(2)},
     .attr = {INT("training_mode", 1)},
     .refused = "evaluation mode"},
    {.name = "not spatial",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2), WEIGHT(2), WEIGHT(2), VARIANCE(2)},
     .attr = {INT("spatial", 0)},
     .refused = "spatial"},
    {.name = "mean of another length",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2), WEIGHT(2), WEIGHT(3), VARIANCE(2)},
     .refused = "mean"},
    {.name = "scale is a matrix",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(1, 2), WEIGHT(2), WEIGHT(2), VARIANCE(2)},
     .refused = "scale"},
    {.name = "no variance",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2), WEIGHT(2), WEIGHT(2)},
     .refused = "inputs"},
};

/* ---- InstanceNormalization ---- */

static void instance_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const double epsilon = op_case_float(c, "epsilon", 1e-5F);
    const int pixels = pixels_of(&y->shape), planes = (int)op_array_count(y) / pixels;
    for (int plane = 0; plane < planes; plane++) {
        const double *from = x->data + plane * pixels;
        const int k = plane % y->shape.dim[1];
        double mean = 0, variance = 0;
        for (int i = 0; i < pixels; i++) mean += from[i] / pixels;
        for (int i = 0; i < pixels; i++) variance += (from[i] - mean) * (from[i] - mean) / pixels;
        for (int i = 0; i < pixels; i++) {
            y->data[plane * pixels + i] =
                (from[i] - mean) / sqrt(variance + epsilon) * x[1].data[k] + x[2].data[k];
        }
    }
}

static const OpCase instance_cases[] = {
    {.name = "picture", .in = {{SHAPE(1, 3, 4, 5)}, WEIGHT(3), WEIGHT(3)}},
    {.name = "batch", .in = {{SHAPE(2, 4, 5, 7)}, WEIGHT(4), WEIGHT(4)}},
    {.name = "far from zero",
     .in = {{SHAPE(1, 2, 6, 6), .low = 99, .high = 101}, WEIGHT(2), WEIGHT(2)},
     .tolerance = 1e-4},
    {.name = "one dimension",
     .in = {{SHAPE(2, 2, 9)}, WEIGHT(2), WEIGHT(2)},
     .attr = {FLOAT("epsilon", 0.1F)}},
    {.name = "no pixels", .in = {{SHAPE(2, 2)}, WEIGHT(2), WEIGHT(2)}, .refused = "[N,C"},
    {.name = "scale of another length",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(3), WEIGHT(2)},
     .refused = "scale"},
};

/* ---- LRN ---- */

static void lrn_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const int size = (int)op_case_int(c, "size", 0), channels = y->shape.dim[1];
    const int pixels = pixels_of(&y->shape);
    const double alpha = op_case_float(c, "alpha", 1e-4F), beta = op_case_float(c, "beta", 0.75);
    const double bias = op_case_float(c, "bias", 1);
    for (int i = 0; i < (int)op_array_count(y); i++) {
        const int k = i / pixels % channels;
        double sum = 0;
        for (int j = k - (size - 1) / 2; j <= k + size / 2; j++) {
            if (j < 0 || j >= channels) continue;
            const double v = x->data[i + (j - k) * pixels];
            sum += v * v;
        }
        y->data[i] = x->data[i] / pow(bias + alpha / size * sum, beta);
    }
}

static const OpCase lrn_cases[] = {
    {.name = "defaults", .in = {{SHAPE(1, 7, 3, 4)}}, .attr = {INT("size", 5)}},
    {.name = "strong",
     .in = {{SHAPE(2, 7, 3, 3), .low = -2, .high = 2}},
     .attr = {INT("size", 5), FLOAT("alpha", 2.0F), FLOAT("bias", 1.5F)}},
    {.name = "even size, another power",
     .in = {{SHAPE(1, 6, 3, 3), .low = -2, .high = 2}},
     .attr = {INT("size", 4), FLOAT("alpha", 1.0F), FLOAT("beta", 0.6F)}},
    {.name = "wider than the channels",
     .in = {{SHAPE(1, 3, 2, 2), .low = -2, .high = 2}},
     .attr = {INT("size", 9), FLOAT("alpha", 3.0F)}},
    {.name = "size 1", .in = {{SHAPE(1, 3, 4)}}, .attr = {INT("size", 1), FLOAT("alpha", 1.0F)}},
    {.name = "more than a strip",
     .in = {{SHAPE(1, 3, 40, 30)}},
     .attr = {INT("size", 3), FLOAT("alpha", 1.0F)},
     .sampled = 30},
    {.name = "no size", .in = {{SHAPE(1, 3, 4, 4)}}, .refused = "size"},
    {.name = "negative size",
     .in = {{SHAPE(1, 3, 4, 4)}},
     .attr = {INT("size", -3)},
     .refused = "size"},
    {.name = "a vector", .in = {{SHAPE(3)}}, .attr = {INT("size", 3)}, .refused = "channels"},
};

static const OpSuite suites[] = {
    {OP_CASES("BatchNormalization", batch_cases), .reference = batch_reference},
    {OP_CASES("InstanceNormalization", instance_cases), .reference = instance_reference},
    {OP_CASES("LRN", lrn_cases), .reference = lrn_reference},
};
OP_TEST_MAIN(suites)
