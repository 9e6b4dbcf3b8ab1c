#include <stdio.h>

#include "ops/window_reference.h"

/* Scatters each input value over the output, as the definition has it. The cases' pads at the start. */
static void conv_transpose_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    const Shape *ws = &x[1].shape;
    WindowReference w = window_reference(c, &x->shape, &y->shape, &ws->dim[2]);
    /* For SAME and output_shape the padding at the start is told by the case itself. */
    const Attr *start = op_case_attr(c, "expected_pads");
    for (int i = 0; start && i < start->count; i++)
        w.pad[2 - start->count + i] = (int)start->ints[i];
    const int groups = (int)op_case_int(c, "group", 1), per_group = ws->dim[1];
    const int filters = per_group * groups, in_group = w.channels / groups;
    const int plane = w.out[0] * w.out[1];
    for (int i = 0; i < (int)op_array_count(y); i++)
        y->data[i] = x[2].data ? x[2].data[i / plane % filters] : 0;
    for (int n = 0; n < w.batch; n++) {
        for (int k = 0; k < w.channels; k++) {
            for (int m = 0; m < per_group; m++) {
                double *to = y->data + (n * filters + k / in_group * per_group + m) * plane;
                const double *from = x->data + (n * w.channels + k) * w.in[0] * w.in[1];
                const double *filter = x[1].data + (k * per_group + m) * w.kernel[0] * w.kernel[1];
                for (int i = 0; i < w.in[0] * w.in[1]; i++) {
                    for (int q = 0; q < w.kernel[0] * w.kernel[1]; q++) {
                        const int oy = window_position(&w, 0, i / w.in[1], q / w.kernel[1]);
                        const int ox = window_position(&w, 1, i % w.in[1], q % w.kernel[1]);
                        if (oy < 0 || oy >= w.out[0] || ox < 0 || ox >= w.out[1]) continue;
                        to[oy * w.out[1] + ox] += from[i] * filter[q];
                    }
                }
            }
        }
    }
}

#define WEIGHT(...)                                                                                \
    {                                                                                              \
        SHAPE(__VA_ARGS__), .constant = true                                                       \
    }

static const OpCase conv_transpose_cases[] = {
    {.name = "1x1",
     .in = {{SHAPE(1, 5, 3, 4)}, WEIGHT(5, 7, 1, 1), WEIGHT(7)},
     .out = {{DIMS(1, 7, 3, 4)}}},
    {.name = "3x3", .in = {{SHAPE(2, 3, 4, 5)}, WEIGHT(3, 2, 3, 3)}, .out = {{DIMS(2, 2, 6, 7)}}},
    {.name = "stride 2",
     .in = {{SHAPE(1, 3, 4, 5)}, WEIGHT(3, 4, 3, 3), WEIGHT(4)},
     .out = {{DIMS(1, 4, 9, 11)}},
     .attr = {INTS("strides", 2, 2)}},
    {.name = "stride 2, pad 1, output padding 1",
     .in = {{SHAPE(1, 3, 4, 5)}, WEIGHT(3, 4, 3, 3), WEIGHT(4)},
     .out = {{DIMS(1, 4, 8, 10)}},
     .attr = {INTS("strides", 2, 2), INTS("pads", 1, 1, 1, 1), INTS("output_padding", 1, 1)}},
    {.name = "stride 3 beyond the kernel, uneven pads",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2, 3, 2, 2)},
     .out = {{DIMS(1, 3, 7, 6)}},
     .attr = {INTS("strides", 3, 3), INTS("pads", 0, 1, 1, 1)}},
    {.name = "dilation 2, stride 2",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2, 3, 3, 3), WEIGHT(3)},
     .out = {{DIMS(1, 3, 7, 7)}},
     .attr = {INTS("strides", 2, 2), INTS("dilations", 2, 2), INTS("pads", 1, 1, 1, 1)}},
    {.name = "groups",
     .in = {{SHAPE(1, 4, 3, 3)}, WEIGHT(4, 3, 3, 3), WEIGHT(6)},
     .out = {{DIMS(1, 6, 5, 5)}},
     .attr = {INT("group", 2)}},
    {.name = "depthwise, stride 2",
     .in = {{SHAPE(2, 3, 4, 4)}, WEIGHT(3, 1, 4, 4), WEIGHT(3)},
     .out = {{DIMS(2, 3, 8, 8)}},
     .attr = {INT("group", 3), INTS("strides", 2, 2), INTS("pads", 1, 1, 1, 1)}},
    {.name = "SAME_UPPER, odd total",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2, 2, 3, 3)},
     .out = {{DIMS(1, 2, 6, 6)}},
     .attr = {INTS("strides", 2, 2), TEXT("auto_pad", "SAME_UPPER"), INTS("expected_pads", 0, 0)}},
    {.name = "SAME_LOWER, odd total",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2, 2, 3, 3)},
     .out = {{DIMS(1, 2, 6, 6)}},
     .attr = {INTS("strides", 2, 2), TEXT("auto_pad", "SAME_LOWER"), INTS("expected_pads", 1, 1)}},
    {.name = "output_shape",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2, 2, 3, 3)},
     .out = {{DIMS(1, 2, 10, 8)}},
     .attr = {INTS("strides", 3, 2), INTS("output_shape", 10, 8), INTS("output_padding", 1, 1),
              INTS("expected_pads", 0, 0)}},
    {.name = "one dimension",
     .in = {{SHAPE(1, 3, 5)}, WEIGHT(3, 2, 3), WEIGHT(2)},
     .out = {{DIMS(1, 2, 9)}},
     .attr = {INTS("strides", 2), INTS("pads", 1, 1)}},
    {.name = "channels differ",
     .in = {{SHAPE(1, 5, 3, 4)}, WEIGHT(6, 7, 1, 1)},
     .refused = "weight has 6 input channels, the tensor has 5"},
    {.name = "groups do not divide",
     .in = {{SHAPE(1, 5, 3, 4)}, WEIGHT(5, 7, 1, 1)},
     .attr = {INT("group", 2)},
     .refused = "groups"},
    {.name = "groups overflow",
     .in = {{SHAPE(1, 2, 3, 4)}, WEIGHT(2, 7, 1, 1)},
     .attr = {INT("group", 2147483647)},
     .refused = "groups"},
    {.name = "padding eats everything",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2, 7, 1, 1)},
     .attr = {INTS("pads", 2, 2, 2, 2)},
     .refused = "size"},
    {.name = "negative output_padding",
     .in = {{SHAPE(1, 2, 3, 3)}, WEIGHT(2, 7, 1, 1)},
     .attr = {INTS("output_padding", -1, 0)},
     .refused = "output_padding"},
    {.name = "bias of another length",
     .in = {{SHAPE(1, 2, 5, 5)}, WEIGHT(2, 4, 1, 1), WEIGHT(3)},
     .refused = "bias"},
};

static const OpSuite suites[] = {
    {OP_CASES("ConvTranspose", conv_transpose_cases), .reference = conv_transpose_reference},
};
OP_TEST_MAIN(suites)
