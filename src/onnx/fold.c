#include "onnx/fold.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "onnx/weights.h"

enum { FOLD_MAX_BYTES = 256 << 20 }; /* of one graph's intermediate results */

static const char *const views[] = {
    "Constant", "Identity", "Reshape", "Squeeze", "Unsqueeze",       "Flatten",
    "Dropout",  "Shape",    "Size",    "Cast",    "ConstantOfShape", "DequantizeLinear",
};

bool fold_is_view(const char *op)
{
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        if (strcmp(views[i], op) == 0) return true;
    }
    return false;
}

static FoldFunction find(const char *op)
{
    FoldFunction function = fold_find_data(op);
    return function ? function : fold_find_math(op);
}

bool fold_knows(const char *op)
{
    return find(op) != NULL;
}

Status fold_node(Fold *fold)
{
    if (arena_bytes(fold->arena) > FOLD_MAX_BYTES) {
        return status_error(STATUS_UNSUPPORTED,
                            "%s '%s': the network's constants take more than %d MB to calculate",
                            fold->node->op, fold->node->name, FOLD_MAX_BYTES >> 20);
    }
    return find(fold->node->op)(fold);
}

bool const_is_float(const ConstTensor *t)
{
    return onnx_type_is_float(t->type);
}

ConstTensor const_of_tensor(OnnxTensor *tensor)
{
    ConstTensor t = {.type = tensor->type,
                     .rank = tensor->rank,
                     .count = tensor->count,
                     .source = tensor,
                     .lasting = true};
    memcpy(t.dim, tensor->dim, sizeof t.dim);
    return t;
}

Status const_load(OnnxModel *model, ConstTensor *t)
{
    if (t->data || !t->source || t->count == 0) return status_ok();
    if (const_is_float(t)) {
        const float *floats;
        TRY(onnx_floats(model, t->source, &floats));
        t->data = floats;
        return status_ok();
    }
    const int64_t *ints;
    TRY(onnx_ints(model, t->source, FOLD_MAX_ELEMENTS, &ints));
    t->data = ints;
    return status_ok();
}

const int64_t *const_ints(const ConstTensor *t)
{
    return t->data;
}

const float *const_floats(const ConstTensor *t)
{
    return t->data;
}

Status fold_error(const Fold *fold, const char *what)
{
    return status_error(STATUS_BAD_MODEL, "%s '%s': %s", fold->node->op, fold->node->name, what);
}

Status fold_input(Fold *fold, int i, ConstTensor **t)
{
    if (i >= fold->node->in_count || !fold->in[i]) return fold_error(fold, "an input is missing");
    *t = fold->in[i];
    return const_load(fold->model, *t);
}

Status fold_ints(Fold *fold, int i, const char *attr, const int64_t **values, int *count)
{
    *values = NULL;
    *count = 0;
    if (i < fold->node->in_count && fold->in[i]) {
        ConstTensor *t;
        TRY(fold_input(fold, i, &t));
        if (const_is_float(t)) return fold_error(fold, "it takes integers, and is given floats");
        *values = const_ints(t);
        *count = (int)t->count;
        return status_ok();
    }
    const OnnxAttr *a = onnx_attr(fold->node, attr);
    if (!a) return status_ok();
    if (a->type != ONNX_ATTR_INTS)
        return fold_error(fold, "an attribute is not a list of integers");
    *values = a->ints;
    *count = a->count;
    return status_ok();
}

int64_t fold_int_attr(const Fold *fold, const char *name, int64_t otherwise)
{
    const OnnxAttr *a = onnx_attr(fold->node, name);
    return a && a->type == ONNX_ATTR_INT ? a->i : otherwise;
}

Status fold_result(Fold *fold, int i, OnnxType type, int rank, const int64_t *dim, void **data)
{
    uint64_t count = 1;
    if (rank > SHAPE_MAX_RANK) return fold_error(fold, "the result has more than 8 dimensions");
    for (int d = 0; d < rank; d++) {
        if (dim[d] < 0) return fold_error(fold, "the result has a negative dimension");
        if (!checked_mul(count, (uint64_t)dim[d], &count) || count > FOLD_MAX_ELEMENTS) {
            return status_error(STATUS_UNSUPPORTED,
                                "%s '%s' calculates a constant of more than %d values, which is "
                                "not supported",
                                fold->node->op, fold->node->name, FOLD_MAX_ELEMENTS);
        }
    }
    if (i >= fold->node->out_count) return fold_error(fold, "an output is missing");
    ConstTensor *t = arena_alloc(fold->arena, sizeof *t);
    size_t size = onnx_type_is_float(type) ? sizeof(float) : sizeof(int64_t);
    void *memory = t ? arena_alloc(fold->arena, (size_t)count * size) : NULL;
    if (!memory) return status_no_memory(fold->node->name, count * size);
    t->type = type;
    t->rank = rank;
    t->count = count;
    t->data = memory;
    if (rank) memcpy(t->dim, dim, (size_t)rank * sizeof *dim);
    fold->out[i] = t;
    if (data) *data = memory;
    return status_ok();
}

Status fold_axis(const Fold *fold, int64_t given, int rank, int *axis)
{
    int64_t counted = given < 0 ? given + rank : given;
    if (given < -rank || counted >= rank)
        return fold_error(fold, "its axis does not exist in the tensor");
    *axis = (int)counted;
    return status_ok();
}

int64_t const_narrow(int64_t value, OnnxType type)
{
    switch (type) {
    case ONNX_INT8: return (int8_t)value;
    case ONNX_INT16: return (int16_t)value;
    case ONNX_INT32: return (int32_t)value;
    case ONNX_UINT8: return (uint8_t)value;
    case ONNX_UINT16: return (uint16_t)value;
    case ONNX_UINT32: return (uint32_t)value;
    case ONNX_BOOL: return value != 0;
    default: return value;
    }
}
