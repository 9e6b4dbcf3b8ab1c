#include "onnx/canonical.h"

#include <string.h>

#include "onnx/import_attrs.h"
#include "onnx/weights.h"

Status import_error(const Import *import, StatusCode code, const char *what)
{
    return status_error(code, "%s '%s': %s", import->node->op, import->node->name, what);
}

/* Exporters write the batch of the traced picture into Reshape; another batch goes there too. */
static Status rebatch(Import *import)
{
    const Attr *attr = import_get_attr(import, "shape");
    Shape from;
    if (!attr || attr->kind != ATTR_INTS || attr->count < 1 || !import_has_input(import, 0))
        return status_ok();
    TRY(import_shape(import, import->in[0], &from));
    if (import->file_batch < 1 || import->batch == import->file_batch) return status_ok();
    if (attr->ints[0] != import->file_batch || from.rank < 1 || from.dim[0] != import->batch)
        return status_ok();
    int64_t *shape = arena_alloc(import->arena, (size_t)attr->count * sizeof *shape);
    if (!shape) return status_no_memory(import->node->name, sizeof *shape);
    memcpy(shape, attr->ints, (size_t)attr->count * sizeof *shape);
    shape[0] = import->batch;
    import_set_ints(import, "shape", shape, attr->count);
    return status_ok();
}

static Status rule_reshape(Import *import)
{
    TRY(import_input_to_ints(import, 1, "shape"));
    import->in_count = 1;
    return rebatch(import);
}

static Status rule_axes(Import *import)
{
    TRY(import_input_to_ints(import, 1, "axes"));
    import->in_count = 1;
    return status_ok();
}

/* pads, and from opset 18 axes: the pads of the other axes are 0. */
static Status expand_pads(Import *import)
{
    ConstTensor *axes;
    TRY(import_constant_input(import, 3, "axes", &axes));
    const Attr *pads = import_get_attr(import, "pads");
    if (!axes || !pads) return status_ok();
    int rank = 0;
    TRY(import_input_rank(import, &rank));
    if (const_is_float(axes) || pads->kind != ATTR_INTS || (uint64_t)pads->count != 2 * axes->count)
        return import_error(import, STATUS_BAD_MODEL, "pads and axes differ in length");
    int64_t *all = arena_alloc(import->arena, 2 * SHAPE_MAX_RANK * sizeof *all);
    if (!all) return status_no_memory(import->node->name, sizeof *all);
    for (uint64_t i = 0; i < axes->count; i++) {
        int64_t axis = const_ints(axes)[i];
        axis += axis < 0 ? rank : 0;
        if (axis < 0 || axis >= rank)
            return import_error(import, STATUS_BAD_MODEL, "one of its axes does not exist");
        all[axis] = pads->ints[i];
        all[rank + axis] = pads->ints[axes->count + i];
    }
    import_set_ints(import, "pads", all, 2 * rank);
    return status_ok();
}

static Status rule_pad(Import *import)
{
    const Attr *old = import_get_attr(import, "paddings");
    if (old) {
        Attr copy = *old;
        copy.name = "pads";
        import_drop_attr(import, "paddings");
        *import_set_attr(import, "pads") = copy;
    }
    TRY(import_input_to_ints(import, 1, "pads"));
    TRY(import_input_to_float(import, 2, "value"));
    TRY(expand_pads(import));
    import->in_count = 1;
    return status_ok();
}

static Status rule_clip(Import *import)
{
    TRY(import_input_to_float(import, 1, "min"));
    TRY(import_input_to_float(import, 2, "max"));
    import->in_count = 1;
    return status_ok();
}

static Status rule_slice(Import *import)
{
    TRY(import_input_to_ints(import, 1, "starts"));
    TRY(import_input_to_ints(import, 2, "ends"));
    TRY(import_input_to_ints(import, 3, "axes"));
    TRY(import_input_to_ints(import, 4, "steps"));
    import->in_count = 1;
    return status_ok();
}

static Status rule_split(Import *import)
{
    TRY(import_input_to_ints(import, 1, "split"));
    import->in_count = 1;
    return status_ok();
}

/* From opset 18 on scales and sizes may be given for some axes only. */
static Status expand_resize(Import *import)
{
    const Attr *axes = import_get_attr(import, "axes");
    const Attr *sizes = import_get_attr(import, "sizes"),
               *scales = import_get_attr(import, "scales");
    if (!axes) return status_ok();
    Shape shape;
    TRY(import_input_rank(import, &shape.rank));
    TRY(import_shape(import, import->in[0], &shape));
    const Attr *given = sizes ? sizes : scales;
    if (!given || axes->kind != ATTR_INTS || axes->count != given->count ||
        given->kind != (sizes ? ATTR_INTS : ATTR_FLOATS))
        return import_error(import, STATUS_BAD_MODEL, "axes and sizes differ in length");
    int64_t *all_sizes = arena_alloc(import->arena, SHAPE_MAX_RANK * sizeof *all_sizes);
    float *all_scales = arena_alloc(import->arena, SHAPE_MAX_RANK * sizeof *all_scales);
    if (!all_sizes || !all_scales) return status_no_memory(import->node->name, 64);
    for (int i = 0; i < shape.rank; i++) {
        all_sizes[i] = shape.dim[i];
        all_scales[i] = 1;
    }
    for (int i = 0; i < axes->count; i++) {
        int64_t axis = axes->ints[i] + (axes->ints[i] < 0 ? shape.rank : 0);
        if (axis < 0 || axis >= shape.rank)
            return import_error(import, STATUS_BAD_MODEL, "one of its axes does not exist");
        if (sizes) all_sizes[axis] = sizes->ints[i];
        if (!sizes) all_scales[axis] = scales->floats[i];
    }
    if (sizes) import_set_ints(import, "sizes", all_sizes, shape.rank);
    if (!sizes) import_set_floats(import, "scales", all_scales, shape.rank);
    import_drop_attr(import, "axes");
    return status_ok();
}

static Status rule_resize(Import *import)
{
    const bool first = import->model->opset < 11; /* X, scales; then X, roi, scales, sizes */
    TRY(import_input_to_floats(import, first ? 1 : 2, "scales"));
    if (!first) TRY(import_input_to_ints(import, 3, "sizes"));
    const Attr *sizes = import_get_attr(import, "sizes");
    if (sizes && sizes->count == 0) import_drop_attr(import, "sizes");
    if (first) {
        import_set_string(import, "coordinate_transformation_mode", "asymmetric");
        import_set_string(import, "nearest_mode", "floor");
    }
    import->in_count = 1;
    return expand_resize(import);
}

static Status rule_upsample(Import *import)
{
    const Attr *mode = import_get_attr(import, "mode");
    const bool linear = mode && mode->kind == ATTR_STRING &&
                        (strcmp(mode->s, "linear") == 0 || strcmp(mode->s, "bilinear") == 0);
    TRY(import_input_to_floats(import, 1, "scales"));
    import_set_string(import, "mode", linear ? "linear" : "nearest");
    import_set_string(import, "coordinate_transformation_mode", "asymmetric");
    import_set_string(import, "nearest_mode", "floor");
    import->in_count = 1;
    return status_ok();
}

static Status rule_softmax(Import *import)
{
    if (import->model->opset < 13) import_set_int(import, "flatten", 1);
    return status_ok();
}

static Status rule_gather(Import *import)
{
    ConstTensor *t;
    TRY(import_constant_input(import, 1, "indices", &t));
    if (!t || const_is_float(t)) return import_error(import, STATUS_BAD_MODEL, "it has no indices");
    import_set_ints(import, "indices", const_ints(t), (int)t->count);
    import_set_ints(import, "indices_shape", t->dim, t->rank);
    import->in_count = 1;
    return status_ok();
}

/* Nobody may read outputs after the first: a mask, indices or running statistics. */
static Status one_output(Import *import, const char *what)
{
    for (int i = 1; i < import->out_count; i++) {
        int value = import->node->out[i];
        if (value < 0) continue;
        const OnnxValue *v = &import->model->values[value];
        if (v->readers || v->output) return import_error(import, STATUS_UNSUPPORTED, what);
    }
    import->out_count = 1;
    return status_ok();
}

static Status rule_dropout(Import *import)
{
    import_drop_attr(import, "ratio");
    import_drop_attr(import, "seed");
    import_drop_attr(import, "is_test");
    import->in_count = import->in_count < 1 ? 0 : 1;
    return one_output(import, "its mask is used, which is not supported: export for inference");
}

static Status rule_max_pool(Import *import)
{
    return one_output(import,
                      "its indices are used (by MaxUnpool, perhaps), which is not supported");
}

static Status rule_batch_normalization(Import *import)
{
    static const char training[] =
        "it is in training mode: export for inference (model.eval() in PyTorch)";
    const Attr *spatial = import_get_attr(import, "spatial"),
               *mode = import_get_attr(import, "training_mode");
    if (spatial && spatial->kind == ATTR_INT && spatial->i == 0)
        return import_error(import, STATUS_UNSUPPORTED, "spatial=0 of old files is not supported");
    if (mode && mode->kind == ATTR_INT && mode->i != 0)
        return import_error(import, STATUS_UNSUPPORTED, training);
    return one_output(import, training);
}

static Status rule_cast(Import *import)
{
    const Attr *to = import_get_attr(import, "to");
    if (!to || to->kind != ATTR_INT || !onnx_type_is_float((OnnxType)to->i)) {
        return import_error(import, STATUS_UNSUPPORTED,
                            "it makes integers of the picture's values, which is not supported");
    }
    import->attr_count = 0;
    return status_ok();
}

static Status rule_reduce(Import *import)
{
    TRY(import_input_to_ints(import, 1, "axes"));
    import->in_count = 1;
    return status_ok();
}

static Status rule_pow(Import *import)
{
    return import_input_as_floats(import, 1);
}

static Status rule_where(Import *import)
{
    ConstTensor *condition;
    TRY(import_constant_input(import, 0, "condition", &condition));
    return import_input_as_floats(import, 0);
}

static Status rule_tile(Import *import)
{
    TRY(import_input_to_ints(import, 1, "repeats"));
    import->in_count = 1;
    return status_ok();
}

static Status rule_layer_normalization(Import *import)
{
    return one_output(import, "its mean or deviation is used, which is not supported");
}

static Status rule_expand(Import *import)
{
    TRY(import_input_to_ints(import, 1, "shape"));
    import->in_count = 1;
    return status_ok();
}

typedef struct Rule {
    const char *op, *becomes;
    Status (*apply)(Import *import);
} Rule;

static const Rule rules[] = {
    {"Reshape", "Reshape", rule_reshape},
    {"Squeeze", "Squeeze", rule_axes},
    {"Unsqueeze", "Unsqueeze", rule_axes},
    {"Pad", "Pad", rule_pad},
    {"Clip", "Clip", rule_clip},
    {"Slice", "Slice", rule_slice},
    {"Split", "Split", rule_split},
    {"Resize", "Resize", rule_resize},
    {"Upsample", "Resize", rule_upsample},
    {"Softmax", "Softmax", rule_softmax},
    {"LogSoftmax", "LogSoftmax", rule_softmax},
    {"Gather", "Gather", rule_gather},
    {"Dropout", "Dropout", rule_dropout},
    {"MaxPool", "MaxPool", rule_max_pool},
    {"BatchNormalization", "BatchNormalization", rule_batch_normalization},
    {"Cast", "Identity", rule_cast},
    {"Expand", "Expand", rule_expand},
    {"ReduceMean", "ReduceMean", rule_reduce},
    {"ReduceSum", "ReduceSum", rule_reduce},
    {"ReduceMax", "ReduceMax", rule_reduce},
    {"ReduceMin", "ReduceMin", rule_reduce},
    {"ReduceL2", "ReduceL2", rule_reduce},
    {"Sum", "Add", NULL},
    {"Mean", "Add", NULL},
    {"Pow", "Pow", rule_pow},
    {"Where", "Where", rule_where},
    {"Tile", "Tile", rule_tile},
    {"LayerNormalization", "LayerNormalization", rule_layer_normalization},
};

static const Rule *find_rule(const char *op)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (strcmp(rules[i].op, op) == 0) return &rules[i];
    }
    return NULL;
}

const char *canonical_op(const char *op)
{
    const Rule *rule = find_rule(op);
    return rule ? rule->becomes : op;
}

/* Attributes of the file that an op can read; tensors and graphs are not among them. */
static Status copy_attrs(Import *import)
{
    const OnnxNode *node = import->node;
    const size_t room = (size_t)node->attr_count + IMPORT_MAX_NEW_ATTRIBUTES;
    import->attr = arena_alloc(import->arena, room * sizeof *import->attr);
    if (!import->attr) return status_no_memory(node->name, room * sizeof *import->attr);
    import->attr_count = 0;
    for (int i = 0; i < node->attr_count; i++) {
        const OnnxAttr *from = &node->attr[i];
        switch (from->type) {
        case ONNX_ATTR_INT: import_set_int(import, from->name, from->i); break;
        case ONNX_ATTR_STRING: import_set_string(import, from->name, from->s); break;
        case ONNX_ATTR_INTS: import_set_ints(import, from->name, from->ints, from->count); break;
        case ONNX_ATTR_FLOATS:
            import_set_floats(import, from->name, from->floats, from->count);
            break;
        case ONNX_ATTR_FLOAT: {
            Attr *attr = import_set_attr(import, from->name);
            attr->kind = ATTR_FLOAT;
            attr->f = from->f;
            break;
        }
        default: break;
        }
    }
    return status_ok();
}

Status canonicalise(Import *import)
{
    const OnnxNode *node = import->node;
    import->op = canonical_op(node->op);
    import->in = node->in;
    import->in_count = node->in_count;
    import->out_count = node->out_count;
    TRY(copy_attrs(import));
    const Rule *rule = find_rule(node->op);
    return rule && rule->apply ? rule->apply(import) : status_ok();
}
