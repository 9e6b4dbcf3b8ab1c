#include <float.h>
#include <stdio.h>
#include <string.h>

#include "ops/window_reference.h"

static void max_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const WindowReference w = window_reference(c, &x->shape, &y->shape, NULL);
    const int out = w.out[0] * w.out[1];
    for (int o = 0; o < (int)op_array_count(y); o++) {
        const double *plane = x->data + o / out * w.in[0] * w.in[1];
        double best = -FLT_MAX;
        for (int q = 0; q < w.kernel[0] * w.kernel[1]; q++) {
            const int iy = window_position(&w, 0, o % out / w.out[1], q / w.kernel[1]);
            const int ix = window_position(&w, 1, o % w.out[1], q % w.kernel[1]);
            if (iy < 0 || iy >= w.in[0] || ix < 0 || ix >= w.in[1]) continue;
            if (plane[iy * w.in[1] + ix] > best) best = plane[iy * w.in[1] + ix];
        }
        y->data[o] = best;
    }
}

/* Positions beyond the padding never count; those in it count where count_include_pad says so. */
static void average_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const WindowReference w = window_reference(c, &x->shape, &y->shape, NULL);
    const int out = w.out[0] * w.out[1], include = (int)op_case_int(c, "count_include_pad", 0);
    for (int o = 0; o < (int)op_array_count(y); o++) {
        const double *plane = x->data + o / out * w.in[0] * w.in[1];
        double sum = 0;
        int count = 0;
        for (int q = 0; q < w.kernel[0] * w.kernel[1]; q++) {
            const int iy = window_position(&w, 0, o % out / w.out[1], q / w.kernel[1]);
            const int ix = window_position(&w, 1, o % w.out[1], q % w.kernel[1]);
            if (iy >= w.in[0] + w.pad_end[0] || ix >= w.in[1] + w.pad_end[1]) continue;
            const bool inside = iy >= 0 && iy < w.in[0] && ix >= 0 && ix < w.in[1];
            if (inside) sum += plane[iy * w.in[1] + ix];
            count += inside || include;
        }
        y->data[o] = count ? sum / count : 0;
    }
}

#define DISTINCT(...)                                                                              \
    {                                                                                              \
        SHAPE(__VA_ARGS__), .distinct = true                                                       \
    }

static const OpCase max_cases[] = {
    {.name = "2x2",
     .in = {DISTINCT(1, 2, 4, 6)},
     .out = {{DIMS(1, 2, 2, 3)}},
     .attr = {INTS("kernel_shape", 2, 2), INTS("strides", 2, 2)}},
    {.name = "overlapping",
     .in = {DISTINCT(2, 3, 7, 9)},
     .out = {{DIMS(2, 3, 3, 4)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("strides", 2, 2)}},
    {.name = "pads",
     .in = {DISTINCT(1, 2, 6, 5)},
     .out = {{DIMS(1, 2, 3, 3)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("strides", 2, 2), INTS("pads", 1, 1, 1, 1)}},
    {.name = "all negative, padded",
     .in = {{SHAPE(1, 2, 3, 3), .distinct = true, .low = -3, .high = -2}},
     .out = {{DIMS(1, 2, 3, 3)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("pads", 1, 1, 1, 1)}},
    {.name = "ceil mode",
     .in = {DISTINCT(1, 2, 6, 8)},
     .out = {{DIMS(1, 2, 3, 4)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("strides", 2, 2), INT("ceil_mode", 1)}},
    {.name = "ceil mode, last window would start in the padding",
     .in = {DISTINCT(1, 1, 4, 4)},
     .out = {{DIMS(1, 1, 3, 3)}},
     .attr = {INTS("kernel_shape", 2, 2), INTS("strides", 2, 2), INTS("pads", 1, 1, 1, 1),
              INT("ceil_mode", 1)}},
    {.name = "ceil mode, the last window is dropped",
     .in = {DISTINCT(1, 1, 2, 2)},
     .out = {{DIMS(1, 1, 1, 1)}},
     .attr = {INTS("kernel_shape", 1, 1), INTS("strides", 3, 3), INT("ceil_mode", 1)}},
    {.name = "dilation 2",
     .in = {DISTINCT(1, 2, 7, 7)},
     .out = {{DIMS(1, 2, 3, 3)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("dilations", 2, 2)}},
    {.name = "dilation past a small input",
     .in = {DISTINCT(1, 1, 3, 3)},
     .out = {{DIMS(1, 1, 3, 3)}},
     .attr = {INTS("kernel_shape", 2, 2), INTS("dilations", 2, 2), INTS("pads", 1, 1, 1, 1)}},
    {.name = "whole picture",
     .in = {DISTINCT(1, 3, 5, 4)},
     .out = {{DIMS(1, 3, 1, 1)}},
     .attr = {INTS("kernel_shape", 5, 4)}},
    {.name = "SAME_UPPER",
     .in = {DISTINCT(1, 2, 5, 6)},
     .out = {{DIMS(1, 2, 3, 3)}},
     .attr = {INTS("kernel_shape", 2, 3), INTS("strides", 2, 2), TEXT("auto_pad", "SAME_UPPER")}},
    {.name = "SAME_LOWER",
     .in = {DISTINCT(1, 2, 5, 6)},
     .out = {{DIMS(1, 2, 3, 3)}},
     .attr = {INTS("kernel_shape", 2, 3), INTS("strides", 2, 2), TEXT("auto_pad", "SAME_LOWER")}},
    {.name = "one dimension",
     .in = {DISTINCT(2, 3, 9)},
     .out = {{DIMS(2, 3, 4)}},
     .attr = {INTS("kernel_shape", 3), INTS("strides", 2)}},
    {.name = "wide",
     .in = {DISTINCT(1, 1, 5, 70)},
     .out = {{DIMS(1, 1, 2, 34)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("strides", 2, 2)}},

    {.name = "Indices",
     .in = {DISTINCT(1, 2, 4, 4)},
     .out_count = 2,
     .attr = {INTS("kernel_shape", 2, 2)},
     .refused = "Indices"},
    {.name = "storage order",
     .in = {DISTINCT(1, 2, 4, 4)},
     .attr = {INTS("kernel_shape", 2, 2), INT("storage_order", 1)},
     .refused = "storage_order"},
    {.name = "no kernel", .in = {DISTINCT(1, 2, 4, 4)}, .refused = "kernel_shape"},
    {.name = "kernel 0",
     .in = {DISTINCT(1, 2, 4, 4)},
     .attr = {INTS("kernel_shape", 0, 2)},
     .refused = "kernel_shape"},
    {.name = "absurd kernel",
     .in = {DISTINCT(1, 2, 4, 4)},
     .attr = {INTS("kernel_shape", 2147483647, 2)},
     .refused = "kernel_shape"},
    {.name = "padding of a whole window",
     .in = {DISTINCT(1, 2, 4, 4)},
     .attr = {INTS("kernel_shape", 2, 2), INTS("pads", 2, 0, 0, 0)},
     .refused = "pads"},
    {.name = "kernel too large",
     .in = {DISTINCT(1, 2, 4, 4)},
     .attr = {INTS("kernel_shape", 5, 5)},
     .refused = "larger picture"},
    {.name = "a matrix",
     .in = {DISTINCT(4, 4)},
     .attr = {INTS("kernel_shape", 2, 2)},
     .refused = "[N,C,H,W]"},
};

static const OpCase average_cases[] = {
    {.name = "2x2",
     .in = {{SHAPE(1, 2, 4, 6)}},
     .out = {{DIMS(1, 2, 2, 3)}},
     .attr = {INTS("kernel_shape", 2, 2), INTS("strides", 2, 2)}},
    {.name = "pads do not count",
     .in = {{SHAPE(2, 2, 5, 5)}},
     .out = {{DIMS(2, 2, 5, 5)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("pads", 1, 1, 1, 1)}},
    {.name = "pads count",
     .in = {{SHAPE(1, 2, 5, 5)}},
     .out = {{DIMS(1, 2, 5, 5)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("pads", 1, 1, 1, 1), INT("count_include_pad", 1)}},
    {.name = "ceil mode",
     .in = {{SHAPE(1, 2, 6, 8)}},
     .out = {{DIMS(1, 2, 3, 4)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("strides", 2, 2), INT("ceil_mode", 1)}},
    {.name = "ceil mode, pads count",
     .in = {{SHAPE(1, 2, 6, 6)}},
     .out = {{DIMS(1, 2, 4, 4)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("strides", 2, 2), INTS("pads", 1, 1, 1, 1),
              INT("ceil_mode", 1), INT("count_include_pad", 1)}},
    {.name = "ceil mode, uneven pads count",
     .in = {{SHAPE(1, 1, 7, 8)}},
     .out = {{DIMS(1, 1, 3, 3)}},
     .attr = {INTS("kernel_shape", 4, 4), INTS("strides", 3, 3), INTS("pads", 1, 0, 0, 1),
              INT("ceil_mode", 1), INT("count_include_pad", 1)}},
    {.name = "dilation 2, pads count",
     .in = {{SHAPE(1, 1, 7, 7)}},
     .out = {{DIMS(1, 1, 5, 5)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("dilations", 2, 2), INTS("pads", 1, 1, 1, 1),
              INT("count_include_pad", 1)}},
    {.name = "SAME_UPPER",
     .in = {{SHAPE(1, 2, 5, 6)}},
     .out = {{DIMS(1, 2, 3, 3)}},
     .attr = {INTS("kernel_shape", 3, 3), INTS("strides", 2, 2), TEXT("auto_pad", "SAME_UPPER")}},
    {.name = "one dimension",
     .in = {{SHAPE(2, 3, 9)}},
     .out = {{DIMS(2, 3, 4)}},
     .attr = {INTS("kernel_shape", 3), INTS("strides", 2)}},
    {.name = "padding of a whole window",
     .in = {{SHAPE(1, 2, 4, 4)}},
     .attr = {INTS("kernel_shape", 2, 2), INTS("pads", 0, 0, 0, 2)},
     .refused = "pads"},
};

static void global_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    const int pixels = (int)shape_span(&x->shape, 2, x->shape.rank);
    for (int o = 0; o < (int)op_array_count(y); o++) {
        y->data[o] = 0;
        for (int i = 0; i < pixels; i++) y->data[o] += x->data[o * pixels + i] / pixels;
    }
}

static const OpCase global_cases[] = {
    {.name = "picture", .in = {{SHAPE(2, 3, 4, 5)}}, .out = {{DIMS(2, 3, 1, 1)}}},
    {.name = "one pixel", .in = {{SHAPE(1, 3, 1, 1)}}, .out = {{DIMS(1, 3, 1, 1)}}},
    {.name = "one dimension", .in = {{SHAPE(1, 3, 7)}}, .out = {{DIMS(1, 3, 1)}}},
    {.name = "three dimensions", .in = {{SHAPE(1, 2, 2, 3, 4)}}, .out = {{DIMS(1, 2, 1, 1, 1)}}},
    {.name = "no pixels", .in = {{SHAPE(1, 3)}}, .refused = "[N,C"},
};

/* [N,C,D,H,W] with a window along D; padding does not count. */
static void depth_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const int kernel = (int)op_case_ints(c, "kernel_shape", 0, 1);
    const int stride = (int)op_case_ints(c, "strides", 0, 1);
    const int pad = (int)op_case_ints(c, "pads", 0, 0);
    for (size_t o = 0; o < op_array_count(y); o++) {
        int at[SHAPE_MAX_RANK], count = 0;
        double sum = 0;
        op_index(&y->shape, o, at);
        const int first = at[2] * stride - pad;
        for (at[2] = first; at[2] < first + kernel; at[2]++) {
            if (at[2] < 0 || at[2] >= x->shape.dim[2]) continue;
            sum += x->data[op_offset(&x->shape, at)];
            count++;
        }
        y->data[o] = sum / count;
    }
}

static const OpCase depth_cases[] = {
    {.name = "across channels",
     .in = {{SHAPE(1, 1, 7, 3, 4)}},
     .attr = {INTS("kernel_shape", 5, 1, 1), INTS("strides", 1, 1, 1)},
     .out = {{DIMS(1, 1, 3, 3, 4)}}},
    {.name = "stride and pads",
     .in = {{SHAPE(2, 2, 6, 1, 3)}},
     .attr = {INTS("kernel_shape", 3, 1, 1), INTS("strides", 2, 1, 1),
              INTS("pads", 1, 0, 0, 1, 0, 0)},
     .out = {{DIMS(2, 2, 3, 1, 3)}}},
    {.name = "over a volume",
     .in = {{SHAPE(1, 1, 4, 4, 4)}},
     .attr = {INTS("kernel_shape", 2, 2, 2)},
     .refused = "kernel_shape"},
    {.name = "strides over a volume",
     .in = {{SHAPE(1, 1, 4, 4, 4)}},
     .attr = {INTS("kernel_shape", 2, 1, 1), INTS("strides", 1, 2, 1)},
     .refused = "strides"},
    {.name = "deep without a kernel", .in = {{SHAPE(1, 1, 4, 4, 4)}}, .refused = "kernel_shape"},
};

static const OpSuite suites[] = {
    {OP_CASES("MaxPool", max_cases), .reference = max_reference},
    {OP_CASES("AveragePool", average_cases), .reference = average_reference},
    {OP_CASES("AveragePool", depth_cases), .reference = depth_reference},
    {OP_CASES("GlobalAveragePool", global_cases), .reference = global_reference},
};
OP_TEST_MAIN(suites)
