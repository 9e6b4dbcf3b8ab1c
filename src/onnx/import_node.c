/* One node of the file after the other: its values, its constants, and what it becomes in the graph. */

#include <stdio.h>
#include <string.h>

#include "onnx/canonical.h"
#include "onnx/weights.h"

/* ---- values ---- */

Status import_shape(const Import *import, int value, Shape *shape)
{
    const Binding *binding = &import->bindings[value];
    if (binding->value) {
        *shape = binding->value->shape;
        return status_ok();
    }
    const ConstTensor *t = binding->constant;
    if (!t) return import_error(import, STATUS_BAD_MODEL, "one of its inputs is not there");
    shape->rank = t->rank;
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] > (int64_t)TENSOR_MAX_ELEMENTS)
            return import_error(import, STATUS_BAD_MODEL, "one of its constants is too large");
        shape->dim[i] = (int)t->dim[i];
    }
    return status_ok();
}

/* A constant of the graph, such as a folded Identity of a weight, seen as numbers again. */
static Status constant_of_value(Import *import, Binding *binding)
{
    ConstTensor *t = arena_alloc(import->arena, sizeof *t);
    if (!t) return status_no_memory("a constant", sizeof *t);
    const Value *value = binding->value;
    t->type = ONNX_FLOAT;
    t->rank = value->shape.rank;
    t->count = shape_elements(&value->shape);
    t->data = value->data;
    for (int i = 0; i < t->rank; i++) t->dim[i] = value->shape.dim[i];
    binding->constant = t;
    return status_ok();
}

/* The constant of a value, without its numbers. */
static Status unloaded_constant(Import *import, int value, ConstTensor **constant)
{
    Binding *binding = &import->bindings[value];
    OnnxTensor *tensor = import->model->values[value].tensor;
    if (!binding->constant && !binding->value && tensor) {
        binding->constant = arena_alloc(import->arena, sizeof *binding->constant);
        if (!binding->constant) return status_no_memory("a constant", sizeof(ConstTensor));
        *binding->constant = const_of_tensor(tensor);
    }
    if (!binding->constant && binding->value && binding->value->constant)
        TRY(constant_of_value(import, binding));
    *constant = binding->constant;
    return status_ok();
}

Status import_constant(Import *import, int value, ConstTensor **constant)
{
    TRY(unloaded_constant(import, value, constant));
    return *constant ? const_load(import->model, *constant) : status_ok();
}

Status import_value(Import *import, int value, Value **result)
{
    Binding *binding = &import->bindings[value];
    const char *name = import->model->values[value].name;
    if (!binding->value) {
        ConstTensor *t = NULL;
        TRY(import_constant(import, value, &t));
        if (!t) {
            return status_error(STATUS_BAD_MODEL, "'%s' is used before it is calculated", name);
        }
        if (!const_is_float(t)) {
            return status_error(STATUS_UNSUPPORTED,
                                "%s '%s': '%s' holds %s numbers; calculating with the picture "
                                "takes floats",
                                import->node->op, import->node->name, name,
                                onnx_type_name((int)t->type));
        }
        Shape shape = {0};
        TRY(import_shape(import, value, &shape));
        TRY(shape_validate(&shape, name));
        const float *data = const_floats(t);
        if (!t->lasting) {
            float *copy = arena_alloc(graph_arena(import->graph), (size_t)t->count * sizeof *copy);
            if (!copy) return status_no_memory(name, t->count * sizeof *copy);
            memcpy(copy, data, (size_t)t->count * sizeof *copy);
            data = copy;
        }
        TRY(graph_add_constant(import->graph, name, shape, data, &binding->value));
    }
    *result = binding->value;
    return status_ok();
}

/* ---- nodes ---- */

/* Dimensions only: what Shape and Size need of a tensor that depends on the picture. */
static Status dimensions(Import *import, int value, ConstTensor **t)
{
    Shape shape = {0};
    TRY(import_shape(import, value, &shape));
    *t = arena_alloc(import->arena, sizeof **t);
    if (!*t) return status_no_memory("a shape", sizeof **t);
    (*t)->type = ONNX_FLOAT;
    (*t)->rank = shape.rank;
    (*t)->count = shape_elements(&shape);
    for (int i = 0; i < shape.rank; i++) (*t)->dim[i] = shape.dim[i];
    return status_ok();
}

/* Whether a node of constants is better run by the graph's own operator: large floats. */
static bool prefer_graph(const Import *import, ConstTensor *const *in)
{
    const OnnxNode *node = import->node;
    if (!fold_knows(node->op)) return true;
    if (fold_is_view(node->op)) return false;
    uint64_t largest = 0;
    bool floats = true;
    for (int i = 0; i < node->in_count; i++) {
        if (in[i] && in[i]->count > largest) largest = in[i]->count;
    }
    if (node->in_count && in[0]) floats = const_is_float(in[0]);
    return floats && largest > FOLD_MAX_ELEMENTS / 16 && op_find(canonical_op(node->op));
}

/* Evaluates the node under way when all it reads is constant. */
static Status try_fold(Import *import, bool *folded)
{
    const OnnxNode *node = import->node;
    *folded = false;
    if (node->dynamic) return status_ok();
    Fold fold = {
        .model = import->model, .arena = import->arena, .node = node, .index = import->index};
    const size_t in = (size_t)node->in_count, out = (size_t)node->out_count;
    fold.in = arena_alloc(import->arena, in * sizeof *fold.in);
    fold.out = arena_alloc(import->arena, out * sizeof *fold.out);
    if (!fold.in || !fold.out) return status_no_memory(node->name, in + out);
    const bool shape_only = strcmp(node->op, "Shape") == 0 || strcmp(node->op, "Size") == 0;
    for (int i = 0; i < node->in_count; i++) {
        if (node->in[i] < 0) continue;
        TRY(unloaded_constant(import, node->in[i], &fold.in[i]));
        if (!fold.in[i] && shape_only) TRY(dimensions(import, node->in[i], &fold.in[i]));
        if (!fold.in[i]) return status_ok();
    }
    if (prefer_graph(import, fold.in)) return status_ok();
    TRY(fold_node(&fold));
    for (int i = 0; i < node->out_count; i++) {
        if (node->out[i] >= 0) import->bindings[node->out[i]].constant = fold.out[i];
    }
    *folded = true;
    return status_ok();
}

/* The axis of the first operand along which the second is laid; -1: NumPy's rules. */
static int64_t legacy_axis(const Import *import, const Value *second, int rank)
{
    static const char *const binary[] = {"Add", "Sub", "Mul", "Div", "Pow"};
    const OnnxAttr *axis = onnx_attr(import->node, "axis");
    if (strcmp(import->op, "PRelu") == 0) return second->shape.rank == 1 && rank > 1 ? 1 : -1;
    for (size_t i = 0; i < sizeof binary / sizeof *binary; i++) {
        if (axis && strcmp(import->op, binary[i]) == 0) return axis->i + (axis->i < 0 ? rank : 0);
    }
    return -1;
}

/* Before opset 7 the second operand of Add, Sub, Mul, Div and Pow was laid along the axis given, and the
 * slopes of PRelu along the channels. */
static Status legacy_broadcast(Import *import, Value **in)
{
    if (import->model->opset >= 7 || import->in_count != 2 || !in[0] || !in[1]) return status_ok();
    Shape shape = in[1]->shape;
    const int rank = in[0]->shape.rank;
    const int64_t start = legacy_axis(import, in[1], rank);
    if (start < 0) return status_ok();
    if (start > rank || start + shape.rank > rank)
        return import_error(import, STATUS_BAD_MODEL, "its axis does not exist");
    int64_t dim[SHAPE_MAX_RANK];
    const int count = rank - (int)start;
    for (int i = 0; i < count; i++) dim[i] = i < shape.rank ? shape.dim[i] : 1;
    char name[160];
    snprintf(name, sizeof name, "%.100s/broadcast", import->node->name);
    const char *out = name;
    const Attr attr = {.name = "shape", .kind = ATTR_INTS, .count = count, .ints = dim};
    const NodeSpec spec = {.op = "Reshape",
                           .name = name,
                           .in = &in[1],
                           .in_count = 1,
                           .out = &out,
                           .out_count = 1,
                           .attr = &attr,
                           .attr_count = 1,
                           .opset = import->model->opset};
    TRY(graph_add_node(import->graph, &spec, NULL));
    in[1] = graph_find(import->graph, name);
    return status_ok();
}

static Status spec_outputs(Import *import, const char ***names)
{
    const OnnxNode *node = import->node;
    const size_t count = (size_t)import->out_count;
    *names = arena_alloc(import->arena, count * sizeof **names);
    if (!*names) return status_no_memory(node->name, count);
    for (int i = 0; i < import->out_count; i++) {
        (*names)[i] = node->out_name[i];
        if ((*names)[i][0]) continue;
        /* An output that nobody wants still needs a name. */
        const size_t length = strlen(node->name) + 16;
        char *name = arena_alloc(import->arena, length);
        if (!name) return status_no_memory(node->name, length);
        snprintf(name, length, "%s/output%d", node->name, i);
        (*names)[i] = name;
    }
    return status_ok();
}

static Status bind_outputs(Import *import, const char *const *names)
{
    for (int i = 0; i < import->out_count; i++) {
        int value = import->node->out[i];
        if (value >= 0) import->bindings[value].value = graph_find(import->graph, names[i]);
    }
    return status_ok();
}

/* Adds the node under way, with `in` in place of its inputs. */
static Status add_to_graph(Import *import, const char *name, Value **in)
{
    const char **out;
    Node *node;
    TRY(spec_outputs(import, &out));
    TRY(legacy_broadcast(import, in));
    NodeSpec spec = {.op = import->op,
                     .name = name,
                     .in = in,
                     .in_count = import->in_count,
                     .out = out,
                     .out_count = import->out_count,
                     .attr = import->attr,
                     .attr_count = import->attr_count,
                     .opset = import->model->opset};
    if (import_is_chain(import)) {
        TRY(import_chain(import, &spec));
        return bind_outputs(import, out);
    }
    TRY(graph_add_node(import->graph, &spec, &node));
    if (!node) return bind_outputs(import, out);
    for (int i = 0; i < import->out_count; i++) {
        if (import->node->out[i] >= 0) import->bindings[import->node->out[i]].value = node->out[i];
    }
    return status_ok();
}

static Status import_inputs(Import *import, Value ***in)
{
    *in = arena_alloc(import->arena, ((size_t)import->in_count + 1) * sizeof **in);
    if (!*in) return status_no_memory(import->node->name, sizeof **in);
    for (int i = 0; i < import->in_count; i++) {
        if (import->in[i] >= 0) TRY(import_value(import, import->in[i], &(*in)[i]));
    }
    return status_ok();
}

static bool is_kept(const Import *import, const OnnxNode *conv)
{
    for (int i = 0; i < import->options.keep_count; i++) {
        const char *keep = import->options.keep[i];
        if (strcmp(keep, conv->name) == 0 || strcmp(keep, conv->out_name[0]) == 0) return true;
    }
    return false;
}

bool import_folds(const Import *import, const OnnxNode *node)
{
    if (node->fold < 0 || import->options.no_fold) return false;
    const OnnxNode *other = &import->model->nodes[node->fold];
    const bool is_conv = strcmp(node->op, "Conv") == 0;
    return !is_kept(import, is_conv ? node : other);
}

/* The node under way is a BatchNormalization: adds its Conv, with both in its weights, in its place. */
static Status add_folded(Import *import)
{
    const OnnxNode *normalization = import->node;
    TRY(canonicalise(import));
    Import conv = *import;
    conv.index = normalization->fold;
    conv.node = &import->model->nodes[conv.index];
    TRY(canonicalise(&conv));
    Value *in[3];
    TRY(import_value(&conv, conv.node->in[0], &in[0]));
    TRY(import_folded_conv(import, conv.node, &in[1], &in[2]));
    const char *name = conv.node->name;
    conv.in_count = 3;
    conv.node = normalization; /* for the names of the outputs */
    return add_to_graph(&conv, name, in);
}

Status import_node(Import *import)
{
    const OnnxNode *node = import->node;
    bool folded;
    TRY(try_fold(import, &folded));
    if (folded) return status_ok();
    if (import_folds(import, node))
        return strcmp(node->op, "Conv") == 0 ? status_ok() : add_folded(import);
    Value **in;
    TRY(canonicalise(import));
    TRY(import_inputs(import, &in));
    return add_to_graph(import, node->name, in);
}
