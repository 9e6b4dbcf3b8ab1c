/* Shapes and tensors: row-major float32, ONNX's order [N,C,H,W] where there are four dimensions. */
#ifndef CONVOSCOPE_TENSOR_H
#define CONVOSCOPE_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum { SHAPE_MAX_RANK = 8, SHAPE_TEXT_BYTES = 112 };

/* The most elements a tensor may have: 2^30, so that 32-bit code can index its bytes. */
#define TENSOR_MAX_ELEMENTS ((uint64_t)1 << 30)

typedef struct Shape {
    int rank; /* 0 for a scalar */
    int dim[SHAPE_MAX_RANK];
} Shape;

typedef struct Tensor {
    Shape shape;
    float *data; /* owned by whoever says so; see each function */
} Tensor;

typedef struct TensorStats {
    float min, max, mean, deviation; /* over the finite values */
    size_t nonfinite;
} TensorStats;

Shape shape_make(int rank, const int *dim);
Shape shape_4d(int n, int c, int h, int w);
bool shape_equal(const Shape *a, const Shape *b);

/* Elements of a shape that was validated; 1 for a scalar. */
size_t shape_elements(const Shape *shape);

/* Fails where a dimension is below 1 or the product is above TENSOR_MAX_ELEMENTS; what names it. */
Status shape_validate(const Shape *shape, const char *what);

/* Product of the dimensions first to last - 1. */
size_t shape_span(const Shape *shape, int first, int last);

/* "1x64x113x113", in buffer, which is also returned. */
const char *shape_text(const Shape *shape, char buffer[SHAPE_TEXT_BYTES]);

void shape_json(Text *text, const Shape *shape);

/* Zeroed data of that shape, to be freed with tensor_release. */
Status tensor_alloc(Tensor *tensor, Shape shape, const char *what);
void tensor_release(Tensor *tensor);

TensorStats tensor_stats(const float *data, size_t count);

/* As fast as the values can be read. */
bool tensor_is_finite(const float *data, size_t count);

#endif
