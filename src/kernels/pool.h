/* Maximum and average over windows of planes, and their gradients. */
#ifndef CONVOSCOPE_KERNELS_POOL_H
#define CONVOSCOPE_KERNELS_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes that were validated, as those of a Conv2d. */
typedef struct Pool2d {
    int planes; /* images times channels */
    int in_height, in_width, out_height, out_width;
    int kernel_height, kernel_width;
    int stride_y, stride_x;
    int dilation_y, dilation_x;
    int pad_top, pad_left, pad_bottom, pad_right;
    bool count_pad; /* average: padding counts as zeros; what lies beyond it never counts */
    int threads;    /* the most to use; set before asking for scratch */
} Pool2d;

/* Bytes of scratch for any of the calls below. */
size_t pool2d_scratch_bytes(const Pool2d *p);

/* y [planes,out]. A window without any pixel gives the lowest float; not-a-numbers are passed over. */
void max_pool2d_forward(const Pool2d *p, const float *x, float *y, void *scratch);

/* dx += dy at the place of each maximum: of equal ones that which comes first in reading order. The places are
 * found again from x, so that a forward pass does not pay for them. */
void max_pool2d_backward(const Pool2d *p, const float *x, const float *dy, float *dx,
                         void *scratch);

/* A window without any pixel gives 0. */
void average_pool2d_forward(const Pool2d *p, const float *x, float *y, void *scratch);

/* dx += dy / count, over each window. */
void average_pool2d_backward(const Pool2d *p, const float *dy, float *dx, void *scratch);

#endif
