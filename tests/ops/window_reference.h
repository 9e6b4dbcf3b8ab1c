/* What the attributes of a window mean, for references: ONNX's definition, in the plainest words. */
#ifndef CONVOSCOPE_TESTS_OPS_WINDOW_REFERENCE_H
#define CONVOSCOPE_TESTS_OPS_WINDOW_REFERENCE_H

#include <string.h>

#include "support/op_check.h"

/* Index 0 is y, 1 is x; 1-D tensors have height 1. */
typedef struct WindowReference {
    int batch, channels;
    int in[2], out[2], stride[2], dilation[2], pad[2], pad_end[2], kernel[2];
} WindowReference;

/* kernel: where that attribute is absent, the dimensions of the weight. */
static inline WindowReference window_reference(const OpCase *c, const Shape *x, const Shape *y,
                                               const int *kernel)
{
    WindowReference w = {.batch = x->dim[0],
                         .channels = x->dim[1],
                         .in = {1, 1},
                         .out = {1, 1},
                         .stride = {1, 1},
                         .dilation = {1, 1},
                         .kernel = {1, 1}};
    const int dimensions = x->rank - 2;
    const Attr *auto_pad = op_case_attr(c, "auto_pad");
    for (int i = 0; i < dimensions; i++) {
        const int at = 2 - dimensions + i;
        w.in[at] = x->dim[2 + i];
        w.out[at] = y->dim[2 + i];
        w.kernel[at] = kernel ? kernel[i] : (int)op_case_ints(c, "kernel_shape", i, 1);
        w.stride[at] = (int)op_case_ints(c, "strides", i, 1);
        w.dilation[at] = (int)op_case_ints(c, "dilations", i, 1);
        w.pad[at] = (int)op_case_ints(c, "pads", i, 0);
        w.pad_end[at] = (int)op_case_ints(c, "pads", dimensions + i, 0);
        if (!auto_pad || strcmp(auto_pad->s, "NOTSET") == 0) continue;
        int total =
            (w.out[at] - 1) * w.stride[at] + (w.kernel[at] - 1) * w.dilation[at] + 1 - w.in[at];
        if (total < 0 || strcmp(auto_pad->s, "VALID") == 0) total = 0;
        w.pad[at] = strcmp(auto_pad->s, "SAME_LOWER") == 0 ? total - total / 2 : total / 2;
        w.pad_end[at] = total - w.pad[at];
    }
    return w;
}

/* The input position under tap p of output o, along dimension d; it may lie outside. */
static inline int window_position(const WindowReference *w, int d, int o, int p)
{
    return o * w->stride[d] - w->pad[d] + p * w->dilation[d];
}

#endif
