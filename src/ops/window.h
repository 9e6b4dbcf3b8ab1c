/* Window: kernel, strides, dilations and pads of convolutions and pools, read from attributes and checked. */
#ifndef CONVOSCOPE_OPS_WINDOW_H
#define CONVOSCOPE_OPS_WINDOW_H

#include "ops/op.h"

/* The most a kernel, stride, dilation or pad may be: more than any network has, and it keeps every position
 * of a window within an int. */
enum { WINDOW_LARGEST = 65535 };

/* Index 0 is y, 1 is x. A window on [N,C,W] has height 1 in everything. */
typedef struct Window {
    int dimensions; /* 1 or 2, as the file has it */
    int in[2], out[2];
    int kernel[2], stride[2], dilation[2];
    int pad[2], pad_end[2];
} Window;

/* How the output's size is rounded. */
typedef enum WindowRounding { WINDOW_FLOOR, WINDOW_CEIL } WindowRounding;

/* Reads kernel_shape, strides, dilations, pads and auto_pad for an input of rank 3 or 4, leaving `out` and
 * the pads of SAME alone. kernel: what the weight's shape says, [dimensions] ints, with which a kernel_shape
 * has to agree; or NULL, and then kernel_shape has to be there. */
Status window_read(const Node *n, const Shape *x, const int *kernel, Window *w);

/* Sets `out`, and the pads where auto_pad gives them. Fails where the window does not fit. */
Status window_slide(const Node *n, WindowRounding rounding, Window *w);

/* auto_pad, "NOTSET" where it is absent; fails unless it is one of ONNX's four. */
Status window_auto_pad(const Node *n, const char **auto_pad);

/* The output's shape with that many channels: [N,channels,out...]. */
Shape window_shape(const Window *w, const Shape *x, int channels);

/* "3x3, stride 2, pad 1, dilation 2", for n->detail; zeros and ones are left out. */
void window_detail(const Window *w, char *detail, size_t bytes);

#endif
