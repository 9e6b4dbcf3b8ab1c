#include "tensor.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/checked.h"

Shape shape_make(int rank, const int *dim)
{
    assert(rank >= 0 && rank <= SHAPE_MAX_RANK);
    Shape shape = {.rank = rank};
    if (rank) memcpy(shape.dim, dim, (size_t)rank * sizeof *dim);
    return shape;
}

Shape shape_4d(int n, int c, int h, int w)
{
    return (Shape){.rank = 4, .dim = {n, c, h, w}};
}

bool shape_equal(const Shape *a, const Shape *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) == 0;
}

size_t shape_elements(const Shape *shape)
{
    return shape_span(shape, 0, shape->rank);
}

size_t shape_span(const Shape *shape, int first, int last)
{
    size_t product = 1;
    for (int i = first; i < last; i++) product *= (size_t)shape->dim[i];
    return product;
}

Status shape_validate(const Shape *shape, const char *what)
{
    char buffer[SHAPE_TEXT_BYTES];
    if (shape->rank < 0 || shape->rank > SHAPE_MAX_RANK) {
        return status_error(STATUS_BAD_MODEL, "%s has %d dimensions: at most %d are possible", what,
                            shape->rank, SHAPE_MAX_RANK);
    }
    uint64_t product = 1;
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] < 1) {
            return status_error(STATUS_BAD_INPUT,
                                "%s would have the shape %s, which is empty: use a larger picture",
                                what, shape_text(shape, buffer));
        }
        if (!checked_mul(product, (uint64_t)shape->dim[i], &product) ||
            product > TENSOR_MAX_ELEMENTS) {
            return status_error(
                STATUS_BAD_INPUT,
                "%s would have the shape %s, more than the %llu values possible: use a "
                "smaller picture",
                what, shape_text(shape, buffer), (unsigned long long)TENSOR_MAX_ELEMENTS);
        }
    }
    return status_ok();
}

const char *shape_text(const Shape *shape, char buffer[SHAPE_TEXT_BYTES])
{
    int used = 0;
    buffer[0] = '\0';
    int rank = shape->rank < SHAPE_MAX_RANK ? shape->rank : SHAPE_MAX_RANK;
    for (int i = 0; i < rank; i++) {
        used += snprintf(buffer + used, (size_t)(SHAPE_TEXT_BYTES - used), i ? "x%d" : "%d",
                         shape->dim[i]);
    }
    if (rank <= 0) snprintf(buffer, SHAPE_TEXT_BYTES, "scalar");
    return buffer;
}

void shape_json(Text *text, const Shape *shape)
{
    json_array_begin(text);
    for (int i = 0; i < shape->rank; i++) json_integer(text, shape->dim[i]);
    json_array_end(text);
}

Status tensor_alloc(Tensor *tensor, Shape shape, const char *what)
{
    TRY(shape_validate(&shape, what));
    size_t bytes = shape_elements(&shape) * sizeof(float);
    tensor->shape = shape;
    tensor->data = aligned_alloc_zeroed(bytes);
    return tensor->data ? status_ok() : status_no_memory(what, bytes);
}

void tensor_release(Tensor *tensor)
{
    aligned_free(tensor->data);
    *tensor = (Tensor){0};
}

TensorStats tensor_stats(const float *data, size_t count)
{
    TensorStats stats = {.min = INFINITY, .max = -INFINITY};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(data[i])) {
            stats.nonfinite++;
            continue;
        }
        if (data[i] < stats.min) stats.min = data[i];
        if (data[i] > stats.max) stats.max = data[i];
        sum += data[i];
        squares += (double)data[i] * data[i];
    }
    size_t finite = count - stats.nonfinite;
    if (finite == 0) return (TensorStats){.nonfinite = stats.nonfinite};
    double mean = sum / (double)finite, variance = squares / (double)finite - mean * mean;
    stats.mean = (float)mean;
    stats.deviation = (float)sqrt(variance > 0 ? variance : 0);
    return stats;
}

bool tensor_is_finite(const float *data, size_t count)
{
    /* 0 times what is not finite is NaN, and stays it. Sums side by side become vectors. */
    enum { SUMS = 16 };
    float sum[SUMS] = {0};
    size_t i = 0;
    for (; i + SUMS <= count; i += SUMS) {
        for (size_t k = 0; k < SUMS; k++) sum[k] += 0 * data[i + k];
    }
    for (; i < count; i++) sum[0] += 0 * data[i];
    for (int k = 1; k < SUMS; k++) sum[0] += sum[k];
    return sum[0] == 0;
}
