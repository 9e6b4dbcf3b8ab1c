#include <stdio.h>

#include "ops/window_reference.h"

static void conv_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const Shape *ws = &x[1].shape;
    const WindowReference w = window_reference(c, &x->shape, &y->shape, &ws->dim[2]);
    const int groups = (int)op_case_int(c, "group", 1), filters = ws->dim[0];
    const int in_group = w.channels / groups, out_group = filters / groups;
    double *out = y->data;
    for (int n = 0; n < w.batch; n++) {
        for (int m = 0; m < filters; m++) {
            for (int i = 0; i < w.out[0]; i++) {
                for (int j = 0; j < w.out[1]; j++) {
                    double sum = x[2].data ? x[2].data[m] : 0;
                    for (int k = 0; k < in_group; k++) {
                        const int channel = m / out_group * in_group + k;
                        const double *plane =
                            x->data +
                            (size_t)((n * w.channels + channel) * w.in[0]) * (size_t)w.in[1];
                        const double *filter =
                            x[1].data + (size_t)((m * in_group + k) * w.kernel[0] * w.kernel[1]);
                        for (int p = 0; p < w.kernel[0]; p++) {
                            for (int q = 0; q < w.kernel[1]; q++) {
                                const int iy = window_position(&w, 0, i, p);
                                const int ix = window_position(&w, 1, j, q);
                                if (iy < 0 || iy >= w.in[0] || ix < 0 || ix >= w.in[1]) continue;
                                sum += plane[iy * w.in[1] + ix] * filter[p * w.kernel[1] + q];
                            }
                        }
                    }
                    *out++ = sum;
                }
            }
        }
    }
}

#define WEIGHT(...)                                                                                \
    {                                                                                              \
        SHAPE(__VA_ARGS__), .constant = true                                                       \
    }

static const OpCase conv_cases[] = {
    {.name = "1x1",
     .in = {{SHAPE(1, 5, 3, 4)}, WEIGHT(7, 5, 1, 1), WEIGHT(7)},
     .out = {{DIMS(1, 7, 3, 4)}}},
    {.name = "one pixel",
     .in = {{SHAPE(1, 1, 1, 1)}, WEIGHT(1, 1, 1, 1)},
     .out = {{DIMS(1, 1, 1, 1)}}},
    {.name = "smaller than the kernel",
     .in = {{SHAPE(1, 2, 2, 2)}, WEIGHT(3, 2, 5, 5), WEIGHT(3)},
     .out = {{DIMS(1, 3, 2, 2)}},
     .attr = {INTS("pads", 2, 2, 2, 2)}},
    {.name = "as large as the kernel",
     .in = {{SHAPE(1, 3, 3, 3)}, WEIGHT(4, 3, 3, 3), WEIGHT(4)},
     .out = {{DIMS(1, 4, 1, 1)}}},
    {.name = "uneven pads",
     .in = {{SHAPE(1, 2, 5, 6)}, WEIGHT(3, 2, 3, 2), WEIGHT(3)},
     .out = {{DIMS(1, 3, 6, 8)}},
     .attr = {INTS("pads", 1, 0, 2, 3)}},
    {.name = "pads wider than the kernel",
     .in = {{SHAPE(1, 2, 2, 2)}, WEIGHT(2, 2, 2, 2)},
     .out = {{DIMS(1, 2, 8, 9)}},
     .attr = {INTS("pads", 3, 4, 4, 4)}},
    {.name = "stride 2 and 3",
     .in = {{SHAPE(2, 3, 9, 11)}, WEIGHT(5, 3, 3, 3), WEIGHT(5)},
     .out = {{DIMS(2, 5, 5, 4)}},
     .attr = {INTS("strides", 2, 3), INTS("pads", 1, 1, 1, 1)}},
    {.name = "stride beyond the kernel",
     .in = {{SHAPE(1, 3, 9, 9)}, WEIGHT(2, 3, 2, 1), WEIGHT(2)},
     .out = {{DIMS(1, 2, 3, 3)}},
     .attr = {INTS("strides", 3, 4)}},
    {.name = "1x1 with stride 2",
     .in = {{SHAPE(1, 4, 7, 7)}, WEIGHT(6, 4, 1, 1)},
     .out = {{DIMS(1, 6, 4, 4)}},
     .attr = {INTS("strides", 2, 2)}},
    {.name = "1x1 with padding",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2, 2, 1, 1), WEIGHT(2)},
     .out = {{DIMS(1, 2, 5, 5)}},
     .attr = {INTS("pads", 1, 1, 1, 1)}},
    {.name = "dilation 2",
     .in = {{SHAPE(1, 2, 9, 9)}, WEIGHT(3, 2, 3, 3), WEIGHT(3)},
     .out = {{DIMS(1, 3, 9, 9)}},
     .attr = {INTS("dilations", 2, 2), INTS("pads", 2, 2, 2, 2)}},
    {.name = "dilation 2 and 3, stride 2 and 3",
     .in = {{SHAPE(1, 2, 11, 13)}, WEIGHT(3, 2, 3, 3), WEIGHT(3)},
     .out = {{DIMS(1, 3, 5, 4)}},
     .attr = {INTS("dilations", 2, 3), INTS("strides", 2, 3), INTS("pads", 1, 1, 1, 2)}},
    {.name = "dilation 3, stride 2",
     .in = {{SHAPE(1, 2, 10, 10)}, WEIGHT(3, 2, 3, 3)},
     .out = {{DIMS(1, 3, 3, 3)}},
     .attr = {INTS("dilations", 3, 3), INTS("strides", 2, 2), INTS("pads", 1, 1, 1, 1)}},
    {.name = "groups",
     .in = {{SHAPE(2, 6, 5, 5)}, WEIGHT(9, 2, 3, 3), WEIGHT(9)},
     .out = {{DIMS(2, 9, 5, 5)}},
     .attr = {INT("group", 3), INTS("pads", 1, 1, 1, 1)}},
    {.name = "depthwise",
     .in = {{SHAPE(2, 4, 6, 7)}, WEIGHT(4, 1, 3, 3), WEIGHT(4)},
     .out = {{DIMS(2, 4, 6, 7)}},
     .attr = {INT("group", 4), INTS("pads", 1, 1, 1, 1)}},
    {.name = "depthwise, wide",
     .in = {{SHAPE(1, 2, 5, 37)}, WEIGHT(2, 1, 3, 5)},
     .out = {{DIMS(1, 2, 5, 37)}},
     .attr = {INT("group", 2), INTS("pads", 1, 2, 1, 2)}},
    {.name = "depthwise, stride 2, two filters each",
     .in = {{SHAPE(1, 3, 7, 9)}, WEIGHT(6, 1, 3, 3), WEIGHT(6)},
     .out = {{DIMS(1, 6, 4, 5)}},
     .attr = {INT("group", 3), INTS("strides", 2, 2), INTS("pads", 1, 1, 1, 1)}},
    {.name = "depthwise, dilation 2, stride 3",
     .in = {{SHAPE(1, 2, 9, 9)}, WEIGHT(2, 1, 3, 3)},
     .out = {{DIMS(1, 2, 4, 4)}},
     .attr = {INT("group", 2), INTS("strides", 3, 3), INTS("dilations", 2, 2),
              INTS("pads", 3, 3, 3, 3)}},
    {.name = "one channel is not depthwise by name",
     .in = {{SHAPE(1, 1, 6, 6)}, WEIGHT(5, 1, 3, 3), WEIGHT(5)},
     .out = {{DIMS(1, 5, 4, 4)}}},
    {.name = "batch of 3, many panels",
     .in = {{SHAPE(3, 9, 7, 7)}, WEIGHT(17, 9, 3, 3), WEIGHT(17)},
     .out = {{DIMS(3, 17, 7, 7)}},
     .attr = {INTS("pads", 1, 1, 1, 1)},
     .sampled = 60},
    {.name = "deep",
     .in = {{SHAPE(1, 70, 5, 5)}, WEIGHT(10, 70, 3, 3), WEIGHT(10)},
     .out = {{DIMS(1, 10, 5, 5)}},
     .attr = {INTS("pads", 1, 1, 1, 1)},
     .sampled = 60},
    {.name = "wide",
     .in = {{SHAPE(1, 3, 33, 150)}, WEIGHT(8, 3, 3, 3), WEIGHT(8)},
     .out = {{DIMS(1, 8, 33, 150)}},
     .attr = {INTS("pads", 1, 1, 1, 1)},
     .sampled = 20},
    {.name = "SAME_UPPER",
     .in = {{SHAPE(1, 2, 6, 7)}, WEIGHT(3, 2, 3, 4), WEIGHT(3)},
     .out = {{DIMS(1, 3, 3, 4)}},
     .attr = {TEXT("auto_pad", "SAME_UPPER"), INTS("strides", 2, 2)}},
    {.name = "SAME_LOWER",
     .in = {{SHAPE(1, 2, 6, 7)}, WEIGHT(3, 2, 3, 4), WEIGHT(3)},
     .out = {{DIMS(1, 3, 3, 4)}},
     .attr = {TEXT("auto_pad", "SAME_LOWER"), INTS("strides", 2, 2)}},
    {.name = "VALID",
     .in = {{SHAPE(1, 2, 6, 7)}, WEIGHT(3, 2, 3, 4)},
     .out = {{DIMS(1, 3, 4, 4)}},
     .attr = {TEXT("auto_pad", "VALID"), INTS("kernel_shape", 3, 4)}},
    {.name = "one dimension",
     .in = {{SHAPE(2, 3, 11)}, WEIGHT(4, 3, 3), WEIGHT(4)},
     .out = {{DIMS(2, 4, 6)}},
     .attr = {INTS("strides", 2), INTS("pads", 1, 1)}},
    {.name = "weight that is computed",
     .in = {{SHAPE(1, 2, 5, 5)}, {SHAPE(3, 2, 3, 3)}, {SHAPE(3)}},
     .out = {{DIMS(1, 3, 3, 3)}}},

    {.name = "channels differ",
     .in = {{SHAPE(1, 64, 5, 5)}, WEIGHT(16, 48, 1, 1)},
     .refused = "weight has 48 input channels, the tensor has 64"},
    {.name = "groups do not divide",
     .in = {{SHAPE(1, 6, 5, 5)}, WEIGHT(4, 2, 1, 1)},
     .attr = {INT("group", 3)},
     .refused = "4 filters cannot be split into 3 groups"},
    {.name = "no groups",
     .in = {{SHAPE(1, 6, 5, 5)}, WEIGHT(4, 2, 1, 1)},
     .attr = {INT("group", 0)},
     .refused = "0 groups"},
    {.name = "negative groups",
     .in = {{SHAPE(1, 6, 5, 5)}, WEIGHT(4, 2, 1, 1)},
     .attr = {INT("group", -2)},
     .refused = "-2 groups"},
    {.name = "bias of another length",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 1, 1), WEIGHT(3)},
     .refused = "bias"},
    {.name = "rank of the weight",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 1)},
     .refused = "dimensions"},
    {.name = "two dimensions", .in = {{SHAPE(2, 5)}, WEIGHT(4, 5)}, .refused = "[N,C,H,W]"},
    {.name = "five dimensions",
     .in = {{SHAPE(1, 2, 3, 3, 3)}, WEIGHT(4, 2, 1, 1, 1)},
     .refused = "[N,C,H,W]"},
    {.name = "stride 0",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 3, 3)},
     .attr = {INTS("strides", 0, 1)},
     .refused = "strides"},
    {.name = "absurd stride",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 3, 3)},
     .attr = {INTS("strides", 2000000000, 1)},
     .refused = "strides"},
    {.name = "64-bit stride",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 3, 3)},
     .attr = {INTS("strides", 4294967297, 1)},
     .refused = "strides"},
    {.name = "dilation 0",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 3, 3)},
     .attr = {INTS("dilations", 1, 0)},
     .refused = "dilations"},
    {.name = "negative pad",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 3, 3)},
     .attr = {INTS("pads", 0, 0, -1, 0)},
     .refused = "pads"},
    {.name = "absurd pad",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 3, 3)},
     .attr = {INTS("pads", 0, 0, 0, 2147483647)},
     .refused = "pads"},
    {.name = "pads that make too large an output",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 3, 3)},
     .attr = {INTS("pads", 65535, 65535, 0, 0)},
     .refused = "smaller picture"},
    {.name = "too few pads",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 3, 3)},
     .attr = {INTS("pads", 1, 1)},
     .refused = "pads"},
    {.name = "too many strides",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 3, 3)},
     .attr = {INTS("strides", 1, 1, 1)},
     .refused = "strides"},
    {.name = "another kernel_shape",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 3, 3)},
     .attr = {INTS("kernel_shape", 3, 5)},
     .refused = "kernel_shape"},
    {.name = "unknown auto_pad",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 3, 3)},
     .attr = {TEXT("auto_pad", "SAME")},
     .refused = "auto_pad"},
    {.name = "kernel too large",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(4, 2, 7, 3)},
     .refused = "larger picture"},
    {.name = "no weight", .in = {{SHAPE(1, 2, 5, 5)}}, .refused = "inputs"},
};

/* Every combination of these, in shapes that are small and odd. */
static bool conv_sweep(int index, OpCase *c)
{
    static const int kernels[] = {1, 2, 3, 5}, strides[] = {1, 2, 3}, dilations[] = {1, 2};
    static const int pads[] = {0, 1, 2}, groups[] = {1, 2, 4}, sizes[] = {5, 8};
    const int kernel = kernels[index % 4], stride = strides[index / 4 % 3];
    const int dilation = dilations[index / 12 % 2], pad = pads[index / 24 % 3];
    const int group = groups[index / 72 % 3], size = sizes[index / 216 % 2];
    if (index >= 432) return false;
    const int height = size, width = size + 1, extent = (kernel - 1) * dilation + 1;
    const int out_h = height + 2 * pad - extent, out_w = width + 2 * pad - extent;
    snprintf(c->text, sizeof c->text,
             "sweep %d: kernel %d stride %d dilation %d pad %d groups %d size %d", index, kernel,
             stride, dilation, pad, group, size);
    c->name = c->text;
    c->in[0] = (OpInput){.shape = shape_4d(1 + index % 2, 4, height, width)};
    c->in[1] = (OpInput){.shape = shape_4d(4, 4 / group, kernel, kernel), .constant = true};
    for (int i = 0; i < 4; i++) {
        c->ints[i] = pad;
        c->ints[4 + i] = stride;
        c->ints[8 + i] = dilation;
    }
    c->attr[0] = (Attr){.name = "pads", .kind = ATTR_INTS, .count = 4, .ints = c->ints};
    c->attr[1] = (Attr){.name = "strides", .kind = ATTR_INTS, .count = 2, .ints = c->ints + 4};
    c->attr[2] = (Attr){.name = "dilations", .kind = ATTR_INTS, .count = 2, .ints = c->ints + 8};
    c->attr[3] = (Attr){.name = "group", .kind = ATTR_INT, .i = group};
    c->sampled = 40;
    if (out_h < 0) {
        c->refused = "does not fit";
    } else {
        c->out[0].shape = shape_4d(1 + index % 2, 4, out_h / stride + 1, out_w / stride + 1);
    }
    return true;
}

static const OpSuite suites[] = {
    {OP_CASES("Conv", conv_cases), .sweep = conv_sweep, .reference = conv_reference},
};
OP_TEST_MAIN(suites)
