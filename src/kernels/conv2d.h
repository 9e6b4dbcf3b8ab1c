/*
 * Convolution of [N,C,H,W] and its gradients.
 *
 *     y[n,m,i,j] = b[m] + sum over c, p, q of w[m,c,p,q] x[n,c, i*stride - pad + p*dilation, ...]
 *
 * A 1-D convolution has height 1. Everything accumulates where it says so, never allocates, never fails.
 */
#ifndef CONVOSCOPE_KERNELS_CONV2D_H
#define CONVOSCOPE_KERNELS_CONV2D_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/clamp.h"

/* Sizes that were validated: all at least 1 (pads 0), products of tensors within TENSOR_MAX_ELEMENTS,
 * and (out - 1) * stride + (kernel - 1) * dilation within 2^30. */
typedef struct Conv2d {
    int batch;
    int in_channels, in_height, in_width;
    int out_channels, out_height, out_width;
    int groups; /* divides both channel counts */
    int kernel_height, kernel_width;
    int stride_y, stride_x;
    int dilation_y, dilation_x;
    int pad_top, pad_left; /* the other two follow from the output's size */
    int threads;           /* the most to use; set before asking for scratch */
} Conv2d;

/* The ways to compute a convolution or the gradient of its input. */
typedef enum Conv2dAlgorithm {
    CONV2D_DEPTHWISE, /* plane by plane */
    CONV2D_WINOGRAD,  /* 3 x 3, stride 1, with enough channels */
    CONV2D_SCATTER,   /* few channels to write: one product, then a sum of its shifted rows */
    CONV2D_POINTWISE, /* 1 x 1: a product with the tensor as it lies */
    CONV2D_DIRECT, /* forward, few channels to read, and added to nothing: tiles read them where they lie */
    CONV2D_GATHER, /* anything else: a product with columns that are packed from the tensor */
} Conv2dAlgorithm;

/* The rule, by shapes alone. */
Conv2dAlgorithm conv2d_forward_algorithm(const Conv2d *c);
Conv2dAlgorithm conv2d_input_gradient_algorithm(const Conv2d *c);
const char *conv2d_algorithm_name(Conv2dAlgorithm algorithm);

/* Bytes of scratch that serve any of the calls below with this Conv2d. */
size_t conv2d_scratch_bytes(const Conv2d *c);

/* y = convolution of x, or y += with `accumulate`, then clamped unless clamp is NULL. w [M, C/groups, kernel], bias [M]
 * or NULL. */
void conv2d_forward(const Conv2d *c, const float *x, const float *w, const float *bias, float *y,
                    bool accumulate, const Clamp *clamp, void *scratch);

/* dx += what dy brings. Also the forward pass of a transposed convolution. */
void conv2d_input_gradient(const Conv2d *c, const float *w, const float *dy, float *dx,
                           void *scratch);

/* dw += what dy brings. */
void conv2d_weight_gradient(const Conv2d *c, const float *x, const float *dy, float *dw,
                            void *scratch);

/* db[m] += sum over images and pixels of dy. */
void conv2d_bias_gradient(int batch, int channels, size_t pixels, const float *dy, float *db,
                          int threads);

#endif
