/* What the files of a batch's convolution share. */
#ifndef CONVOSCOPE_KERNELS_CONV2D_BATCH_WORK_H
#define CONVOSCOPE_KERNELS_CONV2D_BATCH_WORK_H

#include "kernels/conv2d_shape.h"
#include "parallel.h"

/* Planes of one image with zeros around them: from row and column -top, -left of the tensor on. */
typedef struct Padding {
    int top, left, height, width;
} Padding;

typedef struct Layout {
    Padding in, out;     /* what taps forward, and taps of the gradient of the input, look at */
    int in_row, out_row; /* channels, in whole vectors */
    int group, chunk;    /* images of an item, and of a product for the filters */
    size_t filter_floats, sum_floats, chunk_input_floats, chunk_output_floats;
    size_t padded_floats, result_floats; /* of a thread */
    size_t table;                        /* numbers */
} Layout;

typedef struct Work {
    const Conv2d *c;
    Layout l;
    const float *x, *w, *dy;
    float *y, *dx, *dw;
    bool add; /* to dx */
    float *filters, *sums, *chunk_input, *chunk_output, *own;
    ptrdiff_t *table; /* offsets of rows of A; after them those of C */
    int first, count; /* images of the chunk */
    int rows;         /* of a product for the filters that are one item */
} Work;

static inline size_t padded_plane(const Padding *p)
{
    return (size_t)p->height * (size_t)p->width;
}

static inline float *padded_of(const Work *work, int thread)
{
    return work->own + (size_t)thread * (work->l.padded_floats + work->l.result_floats);
}

static inline float *result_of(const Work *work, int thread)
{
    return padded_of(work, thread) + work->l.padded_floats;
}

/* One after the other by whichever thread is free. */
static inline void each(Work *work, int count, ParallelFunction *function)
{
    parallel_for_within(work->c->threads, (size_t)count, 1, function, work);
}

/* The planes with what the padding puts around them, or leaves out: written to `to`, or `from` itself where that is
 * nothing. */
const float *padded_planes(const Padding *p, size_t planes, int height, int width,
                           const float *from, float *to);

/* 1 x 1, stride 1, planes of whole vectors: products with the tensors as they lie, which want so much room for each
 * thread's result. */
bool lies_well(const Conv2d *c);
size_t pointwise_floats(const Conv2d *c);
void pointwise_forward(Work *work);
void pointwise_input_gradient(Work *work);

/* Of these, with fewer filters than fill vectors: pixels side by side for the gradient of the filters, too. */
bool few_filters(const Conv2d *c);
void pointwise_filter_gradient(Work *work);

/* dx += or, unless work->add, = what dy brings. */
void conv2d_batch_input_gradient(Work *work);

#endif
