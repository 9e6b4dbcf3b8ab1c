/* Operators that make constants or move their elements; they do not care what the elements are. */
#include <string.h>

#include "base/checked.h"
#include "onnx/fold.h"
#include "onnx/weights.h"

static size_t element_size(const ConstTensor *t)
{
    return const_is_float(t) ? sizeof(float) : sizeof(int64_t);
}

/* Sets an output to the same data in another shape. */
static Status reshaped(Fold *fold, const ConstTensor *from, int rank, const int64_t *dim)
{
    uint64_t count = 1;
    if (rank > SHAPE_MAX_RANK) return fold_error(fold, "the result has more than 8 dimensions");
    ConstTensor *t = arena_alloc(fold->arena, sizeof *t);
    if (!t) return status_no_memory(fold->node->name, sizeof *t);
    *t = *from;
    t->rank = rank;
    for (int i = 0; i < rank; i++) {
        t->dim[i] = dim[i];
        if (dim[i] < 0 || !checked_mul(count, (uint64_t)dim[i], &count))
            return fold_error(fold, "the result has an impossible shape");
    }
    if (count != from->count)
        return fold_error(fold, "the new shape has another number of elements");
    fold->out[0] = t;
    return status_ok();
}

static Status fold_identity(Fold *fold)
{
    if (fold->node->in_count < 1 || !fold->in[0]) return fold_error(fold, "its input is missing");
    return reshaped(fold, fold->in[0], fold->in[0]->rank, fold->in[0]->dim);
}

static Status constant_of_list(Fold *fold, const OnnxAttr *a)
{
    void *data;
    int64_t count = a->count;
    switch (a->type) {
    case ONNX_ATTR_INT:
        TRY(fold_result(fold, 0, ONNX_INT64, 0, NULL, &data));
        *(int64_t *)data = a->i;
        return status_ok();
    case ONNX_ATTR_FLOAT:
        TRY(fold_result(fold, 0, ONNX_FLOAT, 0, NULL, &data));
        *(float *)data = a->f;
        return status_ok();
    case ONNX_ATTR_INTS:
        TRY(fold_result(fold, 0, ONNX_INT64, 1, &count, &data));
        if (count) memcpy(data, a->ints, (size_t)count * sizeof *a->ints);
        return status_ok();
    case ONNX_ATTR_FLOATS:
        TRY(fold_result(fold, 0, ONNX_FLOAT, 1, &count, &data));
        if (count) memcpy(data, a->floats, (size_t)count * sizeof *a->floats);
        return status_ok();
    default: return fold_error(fold, "its value is of a kind that is not supported");
    }
}

static Status fold_constant(Fold *fold)
{
    if (fold->node->attr_count < 1) return fold_error(fold, "it has no value");
    const OnnxAttr *a = &fold->node->attr[0];
    if (a->type != ONNX_ATTR_TENSOR) return constant_of_list(fold, a);
    ConstTensor *t = arena_alloc(fold->arena, sizeof *t);
    if (!t) return status_no_memory(fold->node->name, sizeof *t);
    *t = const_of_tensor(a->tensor);
    fold->out[0] = t;
    return status_ok();
}

/* Large fills, such as weights, are shared and belong to the model. */
static Status fill_floats(Fold *fold, float value, int rank, const int64_t *dim, uint64_t count)
{
    const float *data;
    TRY(onnx_fill(fold->model, value, (size_t)count, &data));
    ConstTensor *t = arena_alloc(fold->arena, sizeof *t);
    if (!t) return status_no_memory(fold->node->name, sizeof *t);
    *t = (ConstTensor){
        .type = ONNX_FLOAT, .rank = rank, .count = count, .data = data, .lasting = true};
    for (int i = 0; i < rank; i++) t->dim[i] = dim[i];
    fold->out[0] = t;
    return status_ok();
}

static Status fold_constant_of_shape(Fold *fold)
{
    const int64_t *dim;
    int rank;
    TRY(fold_ints(fold, 0, "", &dim, &rank));
    ConstTensor value = {.type = ONNX_FLOAT, .count = 1};
    static const float zero = 0;
    value.data = &zero;
    const OnnxAttr *a = onnx_attr(fold->node, "value");
    if (a && a->type == ONNX_ATTR_TENSOR) {
        value = const_of_tensor(a->tensor);
        if (value.count != 1) return fold_error(fold, "its value is not a single number");
        TRY(const_load(fold->model, &value));
    }
    uint64_t count = 1;
    if (rank > SHAPE_MAX_RANK) return fold_error(fold, "the result has more than 8 dimensions");
    for (int i = 0; i < rank; i++) {
        if (dim[i] < 0 || !checked_mul(count, (uint64_t)dim[i], &count) ||
            count > TENSOR_MAX_ELEMENTS)
            return fold_error(fold, "it makes a tensor of an impossible size");
    }
    if (const_is_float(&value) && count)
        return fill_floats(fold, const_floats(&value)[0], rank, dim, count);
    void *data;
    TRY(fold_result(fold, 0, value.type, rank, dim, &data));
    for (uint64_t i = 0; i < count; i++) ((int64_t *)data)[i] = const_ints(&value)[0];
    return status_ok();
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static Status fold_shape(Fold *fold)
{
    const ConstTensor *t = fold->in[0];
    if (fold->node->in_count < 1 || !t) return fold_error(fold, "its input is missing");
    int64_t start = fold_int_attr(fold, "start", 0), end = fold_int_attr(fold, "end", t->rank);
    start = clamp(start < 0 ? start + t->rank : start, 0, t->rank);
    end = clamp(end < 0 ? end + t->rank : end, 0, t->rank);
    int64_t count = end > start ? end - start : 0;
    void *data;
    TRY(fold_result(fold, 0, ONNX_INT64, 1, &count, &data));
    for (int64_t i = 0; i < count; i++) ((int64_t *)data)[i] = t->dim[start + i];
    return status_ok();
}

static Status fold_size(Fold *fold)
{
    if (fold->node->in_count < 1 || !fold->in[0]) return fold_error(fold, "its input is missing");
    void *data;
    TRY(fold_result(fold, 0, ONNX_INT64, 0, NULL, &data));
    *(int64_t *)data = (int64_t)fold->in[0]->count;
    return status_ok();
}

static Status fold_reshape(Fold *fold)
{
    const int64_t *given;
    int rank, unknown = -1;
    int64_t dim[SHAPE_MAX_RANK];
    TRY(fold_ints(fold, 1, "shape", &given, &rank));
    const ConstTensor *t = fold->in[0];
    if (!t) return fold_error(fold, "its input is missing");
    if (rank > SHAPE_MAX_RANK) return fold_error(fold, "the result has more than 8 dimensions");
    uint64_t known = 1;
    const bool keep_zero = fold_int_attr(fold, "allowzero", 0) != 0;
    for (int i = 0; i < rank; i++) {
        dim[i] = given[i];
        if (dim[i] == 0 && !keep_zero) dim[i] = i < t->rank ? t->dim[i] : 0;
        if (dim[i] == -1 && unknown >= 0) return fold_error(fold, "two dimensions are unknown");
        if (dim[i] == -1) {
            unknown = i;
        } else if (dim[i] < 0 || !checked_mul(known, (uint64_t)dim[i], &known)) {
            return fold_error(fold, "the new shape is impossible");
        }
    }
    if (unknown >= 0) {
        if (known == 0 || t->count % known != 0)
            return fold_error(fold, "the new shape does not fit the number of elements");
        dim[unknown] = (int64_t)(t->count / known);
    }
    return reshaped(fold, t, rank, dim);
}

static Status fold_squeeze(Fold *fold)
{
    const int64_t *axes;
    int count, rank = 0;
    TRY(fold_ints(fold, 1, "axes", &axes, &count));
    const ConstTensor *t = fold->in[0];
    if (!t) return fold_error(fold, "its input is missing");
    bool drop[SHAPE_MAX_RANK] = {false};
    for (int i = 0; i < t->rank && count == 0; i++) drop[i] = t->dim[i] == 1;
    for (int i = 0; i < count; i++) {
        int axis;
        TRY(fold_axis(fold, axes[i], t->rank, &axis));
        drop[axis] = true;
    }
    int64_t dim[SHAPE_MAX_RANK];
    for (int i = 0; i < t->rank; i++) {
        if (!drop[i]) dim[rank++] = t->dim[i];
    }
    return reshaped(fold, t, rank, dim);
}

static Status fold_unsqueeze(Fold *fold)
{
    const int64_t *axes;
    int count;
    TRY(fold_ints(fold, 1, "axes", &axes, &count));
    const ConstTensor *t = fold->in[0];
    if (!t) return fold_error(fold, "its input is missing");
    if (count > SHAPE_MAX_RANK - t->rank)
        return fold_error(fold, "the result has more than 8 dimensions");
    bool added[SHAPE_MAX_RANK] = {false};
    for (int i = 0; i < count; i++) {
        int axis;
        TRY(fold_axis(fold, axes[i], t->rank + count, &axis));
        if (added[axis]) return fold_error(fold, "an axis is given twice");
        added[axis] = true;
    }
    int64_t dim[SHAPE_MAX_RANK];
    for (int i = 0, from = 0; i < t->rank + count; i++) dim[i] = added[i] ? 1 : t->dim[from++];
    return reshaped(fold, t, t->rank + count, dim);
}

static Status fold_flatten(Fold *fold)
{
    const ConstTensor *t = fold->in[0];
    if (fold->node->in_count < 1 || !t) return fold_error(fold, "its input is missing");
    int64_t axis = fold_int_attr(fold, "axis", 1), dim[2] = {1, 1};
    if (axis < 0) axis += t->rank;
    if (axis < 0 || axis > t->rank) return fold_error(fold, "its axis does not exist");
    for (int i = 0; i < t->rank; i++) {
        /* The count of the whole has been checked; an empty tensor may hold anything. */
        if (__builtin_mul_overflow(dim[i >= axis], t->dim[i], &dim[i >= axis]))
            return fold_error(fold, "the result has an impossible shape");
    }
    return reshaped(fold, t, 2, dim);
}

/* ---- moving elements ---- */

/* Products of the dimensions before and after an axis. */
static void around(const ConstTensor *t, int axis, size_t *before, size_t *after)
{
    *before = *after = 1;
    for (int i = 0; i < axis; i++) *before *= (size_t)t->dim[i];
    for (int i = axis + 1; i < t->rank; i++) *after *= (size_t)t->dim[i];
}

static Status fold_gather(Fold *fold)
{
    ConstTensor *t, *indices;
    int axis;
    TRY(fold_input(fold, 0, &t));
    TRY(fold_input(fold, 1, &indices));
    TRY(fold_axis(fold, fold_int_attr(fold, "axis", 0), t->rank, &axis));
    if (const_is_float(indices)) return fold_error(fold, "its indices are not integers");
    int64_t dim[2 * SHAPE_MAX_RANK];
    int rank = 0;
    for (int i = 0; i < axis; i++) dim[rank++] = t->dim[i];
    for (int i = 0; i < indices->rank; i++) dim[rank++] = indices->dim[i];
    for (int i = axis + 1; i < t->rank; i++) dim[rank++] = t->dim[i];
    void *data;
    TRY(fold_result(fold, 0, t->type, rank, dim, &data));
    if (fold->out[0]->count == 0) return status_ok();
    size_t before, after;
    around(t, axis, &before, &after);
    const size_t bytes = after * element_size(t);
    char *to = data;
    for (size_t b = 0; b < before; b++) {
        for (uint64_t i = 0; i < indices->count; i++, to += bytes) {
            int64_t index = const_ints(indices)[i];
            if (index < 0) index += t->dim[axis];
            if (index < 0 || index >= t->dim[axis])
                return fold_error(fold, "an index lies outside of the tensor");
            memcpy(to, (const char *)t->data + (b * (size_t)t->dim[axis] + (size_t)index) * bytes,
                   bytes);
        }
    }
    return status_ok();
}

static Status fold_concat(Fold *fold)
{
    ConstTensor *first, *t;
    int axis;
    TRY(fold_input(fold, 0, &first));
    TRY(fold_axis(fold, fold_int_attr(fold, "axis", 1), first->rank, &axis));
    int64_t dim[SHAPE_MAX_RANK];
    memcpy(dim, first->dim, sizeof dim);
    for (int i = 1; i < fold->node->in_count; i++) {
        TRY(fold_input(fold, i, &t));
        if (t->rank != first->rank || const_is_float(t) != const_is_float(first))
            return fold_error(fold, "its inputs differ in rank or type");
        for (int d = 0; d < t->rank; d++) {
            if (d != axis && t->dim[d] != first->dim[d])
                return fold_error(fold, "its inputs differ in shape");
        }
        if (__builtin_add_overflow(dim[axis], t->dim[axis], &dim[axis]))
            return fold_error(fold, "the result is too large");
    }
    void *data;
    TRY(fold_result(fold, 0, first->type, first->rank, dim, &data));
    if (fold->out[0]->count == 0) return status_ok();
    size_t before, after, offset = 0;
    around(first, axis, &before, &after);
    const size_t unit = after * element_size(first), row = (size_t)dim[axis] * unit;
    for (int i = 0; i < fold->node->in_count; i++) {
        const size_t bytes = (size_t)fold->in[i]->dim[axis] * unit;
        for (size_t b = 0; b < before && bytes; b++)
            memcpy((char *)data + b * row + offset, (const char *)fold->in[i]->data + b * bytes,
                   bytes);
        offset += bytes;
    }
    return status_ok();
}

/* Copies the elements of t at from + sum of index x stride, for all indices of dim. */
static void copy_strided(const ConstTensor *t, int64_t from, int rank, const int64_t *dim,
                         const int64_t *stride, void *data)
{
    const size_t size = element_size(t);
    int64_t index[SHAPE_MAX_RANK] = {0};
    int64_t at = from;
    for (char *to = data;; to += size) {
        memcpy(to, (const char *)t->data + (size_t)at * size, size);
        int d = rank - 1;
        for (; d >= 0; d--) {
            at += stride[d];
            if (++index[d] < dim[d]) break;
            at -= stride[d] * dim[d];
            index[d] = 0;
        }
        if (d < 0) return;
    }
}

static void strides_of(const ConstTensor *t, int64_t *stride)
{
    int64_t product = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        stride[i] = product;
        product *= t->dim[i];
    }
}

static Status fold_transpose(Fold *fold)
{
    ConstTensor *t;
    TRY(fold_input(fold, 0, &t));
    const OnnxAttr *perm = onnx_attr(fold->node, "perm");
    if (perm && (perm->type != ONNX_ATTR_INTS || perm->count != t->rank))
        return fold_error(fold, "perm does not fit the tensor");
    int64_t dim[SHAPE_MAX_RANK], stride[SHAPE_MAX_RANK], moved[SHAPE_MAX_RANK];
    bool used[SHAPE_MAX_RANK] = {false};
    for (int i = 0; i < t->rank; i++) {
        int64_t from = perm ? perm->ints[i] : t->rank - 1 - i;
        if (from < 0 || from >= t->rank || used[from])
            return fold_error(fold, "perm is no permutation");
        used[from] = true;
        dim[i] = t->dim[from];
    }
    void *data;
    TRY(fold_result(fold, 0, t->type, t->rank, dim, &data));
    if (t->count == 0) return status_ok();
    strides_of(t, stride);
    for (int i = 0; i < t->rank; i++) moved[i] = stride[perm ? perm->ints[i] : t->rank - 1 - i];
    copy_strided(t, 0, t->rank, dim, moved, data);
    return status_ok();
}

/* One axis of a Slice: ONNX clamps start and end to the tensor. */
static int64_t slice_axis(int64_t extent, int64_t start, int64_t end, int64_t step, int64_t *first)
{
    const int64_t low = step < 0 ? -1 : 0, high = step < 0 ? extent - 1 : extent;
    start = clamp(start < 0 ? start + extent : start, 0, high < 0 ? 0 : high);
    end = clamp(end < 0 ? end + extent : end, low, extent);
    *first = start;
    if (extent == 0 || (step > 0 ? end <= start : end >= start)) return 0;
    const uint64_t distance = (uint64_t)(step > 0 ? end - start : start - end);
    const uint64_t stride = step > 0 ? (uint64_t)step : (uint64_t)0 - (uint64_t)step;
    return (int64_t)((distance - 1) / stride + 1);
}

static Status fold_slice(Fold *fold)
{
    ConstTensor *t;
    const int64_t *starts, *ends, *axes, *steps;
    int start_count, end_count, axis_count, step_count;
    TRY(fold_input(fold, 0, &t));
    TRY(fold_ints(fold, 1, "starts", &starts, &start_count));
    TRY(fold_ints(fold, 2, "ends", &ends, &end_count));
    TRY(fold_ints(fold, 3, "axes", &axes, &axis_count));
    TRY(fold_ints(fold, 4, "steps", &steps, &step_count));
    if (start_count != end_count || (axis_count && axis_count != start_count) ||
        (step_count && step_count != start_count) || (!axis_count && start_count > t->rank))
        return fold_error(fold, "starts, ends, axes and steps differ in length");
    int64_t dim[SHAPE_MAX_RANK], stride[SHAPE_MAX_RANK], from = 0;
    memcpy(dim, t->dim, sizeof dim);
    strides_of(t, stride);
    bool used[SHAPE_MAX_RANK] = {false};
    for (int i = 0; i < start_count; i++) {
        int axis;
        int64_t step = step_count ? steps[i] : 1, first;
        TRY(fold_axis(fold, axis_count ? axes[i] : i, t->rank, &axis));
        if (step == 0 || used[axis]) return fold_error(fold, "a step is 0 or an axis given twice");
        used[axis] = true;
        dim[axis] = slice_axis(t->dim[axis], starts[i], ends[i], step, &first);
        from += first * stride[axis];
        /* A step beyond the tensor is never taken twice. */
        stride[axis] *= clamp(step, -t->dim[axis], t->dim[axis]);
    }
    void *data;
    TRY(fold_result(fold, 0, t->type, t->rank, dim, &data));
    if (fold->out[0]->count) copy_strided(t, from, t->rank, dim, stride, data);
    return status_ok();
}

static Status fold_expand(Fold *fold)
{
    ConstTensor *t;
    const int64_t *given;
    int rank;
    TRY(fold_input(fold, 0, &t));
    TRY(fold_ints(fold, 1, "shape", &given, &rank));
    if (rank > SHAPE_MAX_RANK) return fold_error(fold, "the result has more than 8 dimensions");
    const int wide = rank > t->rank ? rank : t->rank;
    int64_t dim[SHAPE_MAX_RANK], own[SHAPE_MAX_RANK], stride[SHAPE_MAX_RANK] = {0};
    strides_of(t, own);
    for (int i = 0; i < wide; i++) {
        int from = i - (wide - t->rank), to = i - (wide - rank);
        int64_t have = from < 0 ? 1 : t->dim[from], want = to < 0 ? 1 : given[to];
        if (have != 1 && want != 1 && have != want)
            return fold_error(fold, "the tensor cannot be expanded to that shape");
        dim[i] = have == 1 ? want : have;
        stride[i] = from < 0 || have == 1 ? 0 : own[from];
    }
    void *data;
    TRY(fold_result(fold, 0, t->type, wide, dim, &data));
    if (fold->out[0]->count) copy_strided(t, 0, wide, dim, stride, data);
    return status_ok();
}

static Status fold_split(Fold *fold)
{
    ConstTensor *t;
    const int64_t *split;
    int axis, count;
    const int parts = fold->node->out_count;
    TRY(fold_input(fold, 0, &t));
    TRY(fold_ints(fold, 1, "split", &split, &count));
    TRY(fold_axis(fold, fold_int_attr(fold, "axis", 0), t->rank, &axis));
    if (count && count != parts) return fold_error(fold, "it has not as many outputs as parts");
    int64_t dim[SHAPE_MAX_RANK], stride[SHAPE_MAX_RANK], at = 0;
    const int64_t extent = t->dim[axis], share = (extent + parts - 1) / parts;
    memcpy(dim, t->dim, sizeof dim);
    strides_of(t, stride);
    for (int i = 0; i < parts; i++) {
        int64_t rest = extent - at;
        dim[axis] = count ? split[i] : share < rest ? share : rest;
        if (dim[axis] < 0 || dim[axis] > rest)
            return fold_error(fold, "its parts do not add up to the tensor");
        void *data;
        TRY(fold_result(fold, i, t->type, t->rank, dim, &data));
        if (fold->out[i]->count) copy_strided(t, at * stride[axis], t->rank, dim, stride, data);
        at += dim[axis];
    }
    return at == extent ? status_ok() : fold_error(fold, "its parts do not add up to the tensor");
}

FoldFunction fold_find_data(const char *op)
{
    static const struct {
        const char *op;
        FoldFunction function;
    } table[] = {
        {"Constant", fold_constant},   {"ConstantOfShape", fold_constant_of_shape},
        {"Shape", fold_shape},         {"Size", fold_size},
        {"Identity", fold_identity},   {"Dropout", fold_identity},
        {"Reshape", fold_reshape},     {"Squeeze", fold_squeeze},
        {"Unsqueeze", fold_unsqueeze}, {"Flatten", fold_flatten},
        {"Gather", fold_gather},       {"Concat", fold_concat},
        {"Transpose", fold_transpose}, {"Slice", fold_slice},
        {"Expand", fold_expand},       {"Split", fold_split},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].op, op) == 0) return table[i].function;
    }
    return NULL;
}
