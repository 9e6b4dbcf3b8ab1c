/* What the files of a convolution share. */
#ifndef CONVOSCOPE_KERNELS_CONV2D_SHAPE_H
#define CONVOSCOPE_KERNELS_CONV2D_SHAPE_H

#include "kernels/conv2d.h"
#include "kernels/winograd.h"

static inline size_t in_plane(const Conv2d *c)
{
    return (size_t)c->in_height * (size_t)c->in_width;
}

static inline size_t out_plane(const Conv2d *c)
{
    return (size_t)c->out_height * (size_t)c->out_width;
}

static inline int kernel_size(const Conv2d *c)
{
    return c->kernel_height * c->kernel_width;
}

static inline int in_per_group(const Conv2d *c)
{
    return c->in_channels / c->groups;
}

static inline int out_per_group(const Conv2d *c)
{
    return c->out_channels / c->groups;
}

static inline bool is_depthwise(const Conv2d *c)
{
    return in_per_group(c) == 1;
}

/* 1x1, stride 1, no padding: the matrix is the tensor as it lies. */
static inline bool is_pointwise(const Conv2d *c)
{
    return kernel_size(c) == 1 && c->stride_y == 1 && c->stride_x == 1 && c->pad_top == 0 &&
           c->pad_left == 0 && c->in_height == c->out_height && c->in_width == c->out_width;
}

/* y = A x for every group of every image, where A is the filters or, `turned`, their transpose; clamp or NULL. */
void pointwise(const Conv2d *c, bool turned, const float *w, const float *x, const float *bias,
               float *y, bool accumulate, const Clamp *clamp, void *scratch);

/* Both directions of a convolution as Winograd's; where it reads and writes is the caller's. */
Winograd winograd_forward(const Conv2d *c);
Winograd winograd_input_gradient(const Conv2d *c);

#endif
