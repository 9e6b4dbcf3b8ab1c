#include "onnx/canonical.h"

#include <string.h>

#include "onnx/weights.h"

Status import_error(const Import *import, StatusCode code, const char *what)
{
    return status_error(code, "%s '%s': %s", import->node->op, import->node->name, what);
}

/* ---- attributes ---- */

/* The attribute of that name, new and empty when there was none; there is room for a few new ones. */
static Attr *set_attr(Import *import, const char *name)
{
    Attr *attr = NULL;
    for (int i = 0; i < import->attr_count; i++) {
        if (strcmp(import->attr[i].name, name) == 0) attr = &import->attr[i];
    }
    if (!attr) attr = &import->attr[import->attr_count++];
    *attr = (Attr){.name = name};
    return attr;
}

static const Attr *get_attr(const Import *import, const char *name)
{
    for (int i = 0; i < import->attr_count; i++) {
        if (strcmp(import->attr[i].name, name) == 0) return &import->attr[i];
    }
    return NULL;
}

static void drop_attr(Import *import, const char *name)
{
    for (int i = 0; i < import->attr_count; i++) {
        if (strcmp(import->attr[i].name, name) == 0)
            import->attr[i--] = import->attr[--import->attr_count];
    }
}

static void set_int(Import *import, const char *name, int64_t value)
{
    Attr *attr = set_attr(import, name);
    attr->kind = ATTR_INT;
    attr->i = value;
}

static void set_string(Import *import, const char *name, const char *value)
{
    Attr *attr = set_attr(import, name);
    attr->kind = ATTR_STRING;
    attr->s = value;
}

static void set_ints(Import *import, const char *name, const int64_t *values, int count)
{
    static const int64_t none = 0;
    Attr *attr = set_attr(import, name);
    attr->kind = ATTR_INTS;
    attr->count = count;
    attr->ints = values ? values : &none;
}

static void set_floats(Import *import, const char *name, const float *values, int count)
{
    static const float none = 0;
    Attr *attr = set_attr(import, name);
    attr->kind = ATTR_FLOATS;
    attr->count = count;
    attr->floats = values ? values : &none;
}

static bool has_input(const Import *import, int i)
{
    return i < import->in_count && import->in[i] >= 0;
}

/* The constant of input i; NULL when the input is absent; an error when it depends on the picture. */
static Status constant_input(Import *import, int i, const char *what, ConstTensor **t)
{
    *t = NULL;
    if (!has_input(import, i)) return status_ok();
    TRY(import_constant(import, import->in[i], t));
    if (*t) return status_ok();
    return status_error(STATUS_UNSUPPORTED,
                        "%s '%s': its %s is calculated from the content of the picture, which is "
                        "not supported: export with fixed values",
                        import->node->op, import->node->name, what);
}

/* Input i, when it is there, becomes the attribute `name`. */
static Status input_to_ints(Import *import, int i, const char *name)
{
    ConstTensor *t;
    TRY(constant_input(import, i, name, &t));
    if (!t) return status_ok();
    if (const_is_float(t) || t->rank > 1)
        return import_error(import, STATUS_BAD_MODEL, "one of its inputs is no list of integers");
    set_ints(import, name, const_ints(t), (int)t->count);
    return status_ok();
}

static Status input_to_floats(Import *import, int i, const char *name)
{
    ConstTensor *t;
    TRY(constant_input(import, i, name, &t));
    if (!t || t->count == 0) return status_ok();
    if (!const_is_float(t) || t->rank > 1 || t->count > SHAPE_MAX_RANK)
        return import_error(import, STATUS_BAD_MODEL, "one of its inputs is no list of numbers");
    set_floats(import, name, const_floats(t), (int)t->count);
    return status_ok();
}

static Status input_to_float(Import *import, int i, const char *name)
{
    ConstTensor *t;
    TRY(constant_input(import, i, name, &t));
    if (!t) return status_ok();
    if (t->count != 1)
        return import_error(import, STATUS_BAD_MODEL, "one of its inputs is not a single number");
    Attr *attr = set_attr(import, name);
    attr->kind = ATTR_FLOAT;
    attr->f = const_is_float(t) ? const_floats(t)[0] : (float)const_ints(t)[0];
    return status_ok();
}

static Status input_rank(Import *import, int *rank)
{
    Shape shape;
    if (!has_input(import, 0))
        return import_error(import, STATUS_BAD_MODEL, "its input is missing");
    TRY(import_shape(import, import->in[0], &shape));
    *rank = shape.rank;
    return status_ok();
}

/* ---- rules ---- */

/* Exporters write the batch of the traced picture into Reshape; another batch goes there too. */
static Status rebatch(Import *import)
{
    const Attr *attr = get_attr(import, "shape");
    Shape from;
    if (!attr || attr->kind != ATTR_INTS || attr->count < 1 || !has_input(import, 0))
        return status_ok();
    TRY(import_shape(import, import->in[0], &from));
    if (import->file_batch < 1 || import->batch == import->file_batch) return status_ok();
    if (attr->ints[0] != import->file_batch || from.rank < 1 || from.dim[0] != import->batch)
        return status_ok();
    int64_t *shape = arena_alloc(import->arena, (size_t)attr->count * sizeof *shape);
    if (!shape) return status_no_memory(import->node->name, sizeof *shape);
    memcpy(shape, attr->ints, (size_t)attr->count * sizeof *shape);
    shape[0] = import->batch;
    set_ints(import, "shape", shape, attr->count);
    return status_ok();
}

static Status rule_reshape(Import *import)
{
    TRY(input_to_ints(import, 1, "shape"));
    import->in_count = 1;
    return rebatch(import);
}

static Status rule_axes(Import *import)
{
    TRY(input_to_ints(import, 1, "axes"));
    import->in_count = 1;
    return status_ok();
}

/* pads, and from opset 18 axes: the pads of the other axes are 0. */
static Status expand_pads(Import *import)
{
    ConstTensor *axes;
    TRY(constant_input(import, 3, "axes", &axes));
    const Attr *pads = get_attr(import, "pads");
    if (!axes || !pads) return status_ok();
    int rank = 0;
    TRY(input_rank(import, &rank));
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
    set_ints(import, "pads", all, 2 * rank);
    return status_ok();
}

static Status rule_pad(Import *import)
{
    const Attr *old = get_attr(import, "paddings");
    if (old) {
        Attr copy = *old;
        copy.name = "pads";
        drop_attr(import, "paddings");
        *set_attr(import, "pads") = copy;
    }
    TRY(input_to_ints(import, 1, "pads"));
    TRY(input_to_float(import, 2, "value"));
    TRY(expand_pads(import));
    import->in_count = 1;
    return status_ok();
}

static Status rule_clip(Import *import)
{
    TRY(input_to_float(import, 1, "min"));
    TRY(input_to_float(import, 2, "max"));
    import->in_count = 1;
    return status_ok();
}

static Status rule_slice(Import *import)
{
    TRY(input_to_ints(import, 1, "starts"));
    TRY(input_to_ints(import, 2, "ends"));
    TRY(input_to_ints(import, 3, "axes"));
    TRY(input_to_ints(import, 4, "steps"));
    import->in_count = 1;
    return status_ok();
}

static Status rule_split(Import *import)
{
    TRY(input_to_ints(import, 1, "split"));
    import->in_count = 1;
    return status_ok();
}

/* From opset 18 on scales and sizes may be given for some axes only. */
static Status expand_resize(Import *import)
{
    const Attr *axes = get_attr(import, "axes");
    const Attr *sizes = get_attr(import, "sizes"), *scales = get_attr(import, "scales");
    if (!axes) return status_ok();
    Shape shape;
    TRY(input_rank(import, &shape.rank));
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
    if (sizes) set_ints(import, "sizes", all_sizes, shape.rank);
    if (!sizes) set_floats(import, "scales", all_scales, shape.rank);
    drop_attr(import, "axes");
    return status_ok();
}

static Status rule_resize(Import *import)
{
    const bool first = import->model->opset < 11; /* X, scales; then X, roi, scales, sizes */
    TRY(input_to_floats(import, first ? 1 : 2, "scales"));
    if (!first) TRY(input_to_ints(import, 3, "sizes"));
    const Attr *sizes = get_attr(import, "sizes");
    if (sizes && sizes->count == 0) drop_attr(import, "sizes");
    if (first) {
        set_string(import, "coordinate_transformation_mode", "asymmetric");
        set_string(import, "nearest_mode", "floor");
    }
    import->in_count = 1;
    return expand_resize(import);
}

static Status rule_upsample(Import *import)
{
    const Attr *mode = get_attr(import, "mode");
    const bool linear = mode && mode->kind == ATTR_STRING &&
                        (strcmp(mode->s, "linear") == 0 || strcmp(mode->s, "bilinear") == 0);
    TRY(input_to_floats(import, 1, "scales"));
    set_string(import, "mode", linear ? "linear" : "nearest");
    set_string(import, "coordinate_transformation_mode", "asymmetric");
    set_string(import, "nearest_mode", "floor");
    import->in_count = 1;
    return status_ok();
}

static Status rule_softmax(Import *import)
{
    if (import->model->opset < 13) set_int(import, "flatten", 1);
    return status_ok();
}

static Status rule_gather(Import *import)
{
    ConstTensor *t;
    TRY(constant_input(import, 1, "indices", &t));
    if (!t || const_is_float(t)) return import_error(import, STATUS_BAD_MODEL, "it has no indices");
    set_ints(import, "indices", const_ints(t), (int)t->count);
    set_ints(import, "indices_shape", t->dim, t->rank);
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
    drop_attr(import, "ratio");
    drop_attr(import, "seed");
    drop_attr(import, "is_test");
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
    const Attr *spatial = get_attr(import, "spatial"), *mode = get_attr(import, "training_mode");
    if (spatial && spatial->kind == ATTR_INT && spatial->i == 0)
        return import_error(import, STATUS_UNSUPPORTED, "spatial=0 of old files is not supported");
    if (mode && mode->kind == ATTR_INT && mode->i != 0)
        return import_error(import, STATUS_UNSUPPORTED, training);
    return one_output(import, training);
}

static Status rule_cast(Import *import)
{
    const Attr *to = get_attr(import, "to");
    if (!to || to->kind != ATTR_INT || !onnx_type_is_float((OnnxType)to->i)) {
        return import_error(import, STATUS_UNSUPPORTED,
                            "it makes integers of the picture's values, which is not supported");
    }
    import->attr_count = 0;
    return status_ok();
}

static Status rule_reduce(Import *import)
{
    TRY(input_to_ints(import, 1, "axes"));
    import->in_count = 1;
    return status_ok();
}

/* The graph sees input i as floats, also where the file has a constant of integers or truth values. */
static Status input_as_floats(Import *import, int i)
{
    ConstTensor *t;
    if (!has_input(import, i)) return status_ok();
    Binding *binding = &import->bindings[import->in[i]];
    TRY(import_constant(import, import->in[i], &t));
    if (!t || const_is_float(t) || binding->value) return status_ok();
    const char *name = import->model->values[import->in[i]].name;
    Shape shape = {0};
    TRY(import_shape(import, import->in[i], &shape));
    TRY(shape_validate(&shape, name));
    float *data = arena_alloc(graph_arena(import->graph), (size_t)t->count * sizeof *data);
    if (!data) return status_no_memory(name, t->count * sizeof *data);
    for (uint64_t k = 0; k < t->count; k++) data[k] = (float)const_ints(t)[k];
    return graph_add_constant(import->graph, name, shape, data, &binding->value);
}

static Status rule_pow(Import *import)
{
    return input_as_floats(import, 1);
}

static Status rule_where(Import *import)
{
    ConstTensor *condition;
    TRY(constant_input(import, 0, "condition", &condition));
    return input_as_floats(import, 0);
}

static Status rule_tile(Import *import)
{
    TRY(input_to_ints(import, 1, "repeats"));
    import->in_count = 1;
    return status_ok();
}

static Status rule_layer_normalization(Import *import)
{
    return one_output(import, "its mean or deviation is used, which is not supported");
}

static Status rule_expand(Import *import)
{
    TRY(input_to_ints(import, 1, "shape"));
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
        case ONNX_ATTR_INT: set_int(import, from->name, from->i); break;
        case ONNX_ATTR_STRING: set_string(import, from->name, from->s); break;
        case ONNX_ATTR_INTS: set_ints(import, from->name, from->ints, from->count); break;
        case ONNX_ATTR_FLOATS: set_floats(import, from->name, from->floats, from->count); break;
        case ONNX_ATTR_FLOAT: {
            Attr *attr = set_attr(import, from->name);
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
