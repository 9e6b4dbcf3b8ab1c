#include "onnx/import.h"

#include <string.h>

#include "onnx/canonical.h"
#include "onnx/weights.h"

/* ---- inputs ---- */

static bool is_bound(const OnnxBuildOptions *options, const char *name)
{
    for (int i = 0; options && i < options->bound_count; i++) {
        if (strcmp(options->bound[i].name, name) == 0) return true;
    }
    return false;
}

/* The only input that is read and not bound; an error sentence otherwise. */
static Status find_input(const OnnxModel *model, const OnnxBuildOptions *options,
                         const OnnxInput **input)
{
    *input = NULL;
    const OnnxInput *second = NULL;
    int count = 0;
    for (int i = 0; i < model->input_count; i++) {
        const OnnxValue *value = &model->values[names_find(&model->names, model->inputs[i].name)];
        if ((value->readers == 0 && !value->output) || is_bound(options, value->name)) continue;
        if (count == 1) second = &model->inputs[i];
        if (count++ == 0) *input = &model->inputs[i];
    }
    if (count == 1) return status_ok();
    if (count == 0) {
        return status_error(STATUS_UNSUPPORTED,
                            "the network has no input that its nodes read: there is nothing to "
                            "show a picture to");
    }
    return status_error(STATUS_UNSUPPORTED,
                        "the network has %d inputs ('%s', '%s'%s): only networks with one input, "
                        "the picture, are supported",
                        count, (*input)->name, second->name, count > 2 ? ", ..." : "");
}

const OnnxInput *onnx_picture_input(const OnnxModel *model)
{
    const OnnxInput *input;
    return find_input(model, NULL, &input).code == STATUS_OK ? input : NULL;
}

/* The shape asked for, completed by the file's and by defaults. */
static Status input_shape(const OnnxInput *input, const Shape *asked, Shape *shape)
{
    static const int defaults[] = {1, 3, 224, 224};
    if (input->type && (onnx_type_size((OnnxType)input->type) == 0)) {
        return status_error(STATUS_UNSUPPORTED,
                            "the network's input '%s' takes %s: only numbers are supported",
                            input->name, onnx_type_name(input->type));
    }
    shape->rank = input->rank >= 0 ? input->rank : asked ? asked->rank : 4;
    if (asked && asked->rank != shape->rank) {
        return status_error(STATUS_BAD_INPUT,
                            "the network's input '%s' has %d dimensions and is given %d",
                            input->name, shape->rank, asked->rank);
    }
    for (int i = 0; i < shape->rank; i++) {
        const int64_t file = input->rank >= 0 ? input->dim[i] : -1;
        shape->dim[i] = file > 0 ? (int)file : i < 4 ? defaults[i] : 1;
        if (asked && asked->dim[i] != 0) shape->dim[i] = asked->dim[i];
        if (i == 1 && shape->rank == 4 && file > 0 && shape->dim[1] != file) {
            return status_error(STATUS_BAD_INPUT,
                                "the network's input '%s' has %d channels and is given %d",
                                input->name, (int)file, shape->dim[1]);
        }
    }
    return status_ok();
}

static Status add_inputs(Import *import, const Shape *asked)
{
    const OnnxModel *model = import->model;
    const OnnxBuildOptions *options = &import->options;
    const OnnxInput *input;
    TRY(find_input(model, options, &input));
    Shape shape = {0};
    TRY(input_shape(input, asked, &shape));
    Binding *binding = &import->bindings[names_find(&model->names, input->name)];
    TRY(graph_add_input(import->graph, input->name, shape, &binding->value));
    import->file_batch = input->rank > 0 && input->dim[0] > 0 ? (int)input->dim[0] : 0;
    import->batch = shape.rank > 0 ? shape.dim[0] : 1;
    for (int i = 0; i < options->bound_count; i++) {
        const OnnxBound *bound = &options->bound[i];
        int value = names_find(&model->names, bound->name);
        if (value < 0 || model->values[value].input < 0) {
            return status_error(STATUS_BAD_INPUT, "the network has no input '%s'", bound->name);
        }
        TRY(graph_add_constant(import->graph, bound->name, bound->shape, bound->data,
                               &import->bindings[value].value));
    }
    return status_ok();
}

/* ---- the whole ---- */

static bool is_there(const Import *import, int value)
{
    return import->bindings[value].value || import->bindings[value].constant ||
           import->model->values[value].tensor;
}

/* Whether a node of a partial graph is left out: it is not supported, or reads what was left out, or is a
 * convolution that was to be folded into a normalization that is. */
static bool is_left_out(const Import *import, const OnnxNode *node)
{
    if (!import->options.partial) return false;
    if (!node->supported) return true;
    const OnnxModel *model = import->model;
    const bool folded = import_folds(import, node) && strcmp(node->op, "Conv") != 0;
    const OnnxNode *reader = folded ? &model->nodes[node->fold] : node;
    for (int i = 0; i < reader->in_count; i++) {
        if (reader->in[i] >= 0 && !is_there(import, reader->in[i])) return true;
    }
    for (int i = 1; folded && i < node->in_count; i++) {
        if (node->in[i] >= 0 && !is_there(import, node->in[i])) return true;
    }
    return false;
}

/* Marks the network's first output where it is there, then what no node reads, in topological order; fails
 * when there is nothing. */
static Status mark_ends(Import *import)
{
    Graph *graph = import->graph;
    const int count = graph_node_count(graph);
    const int answer = import->model->output_values[0];
    Value *first = NULL;
    if (answer >= 0 && is_there(import, answer)) TRY(import_value(import, answer, &first));
    if (first)
        TRY(graph_mark_output(graph, first));
    else
        graph_mark_partial(graph);
    for (int i = 0; i < count; i++) graph_node(graph, i)->wanted = false;
    for (int i = 0; i < count; i++) {
        const Node *node = graph_node(graph, i);
        for (int j = 0; j < node->in_count; j++) {
            if (node->in[j] && node->in[j]->producer) node->in[j]->producer->wanted = true;
        }
    }
    for (int i = 0; i < count; i++) {
        const Node *node = graph_node(graph, i);
        if (!node->wanted && node->out[0] != first) TRY(graph_mark_output(graph, node->out[0]));
    }
    return graph_node_count(graph) ? status_ok() : onnx_supported(import->model);
}

static Status build(Import *import, const Shape *asked)
{
    OnnxModel *model = import->model;
    const size_t bytes = (size_t)model->value_count * sizeof *import->bindings;
    import->bindings = arena_alloc(import->arena, bytes);
    if (!import->bindings) return status_no_memory("the graph", bytes);
    TRY(add_inputs(import, asked));
    Value *end = NULL;
    for (int i = 0; i < model->order_count && !end; i++) {
        import->index = model->order[i];
        import->node = &model->nodes[import->index];
        if (!is_left_out(import, import->node)) TRY(import_node(import));
        end = import->options.until ? graph_find(import->graph, import->options.until) : NULL;
    }
    if (end) {
        graph_mark_partial(import->graph);
        return graph_mark_output(import->graph, end);
    }
    if (import->options.partial && model->unsupported_count) return mark_ends(import);
    for (int i = 0; i < model->output_count; i++) {
        Value *value;
        TRY(import_value(import, model->output_values[i], &value));
        TRY(graph_mark_output(import->graph, value));
    }
    return status_ok();
}

Status onnx_build(OnnxModel *model, const Shape *input_shape, OnnxBuildOptions options,
                  Graph **graph)
{
    if (!options.partial || onnx_missing(model)) TRY(onnx_supported(model));
    Import import = {.model = model, .options = options, .arena = arena_create()};
    if (!import.arena) return status_no_memory("the graph", sizeof import);
    Status status = graph_create(&import.graph);
    if (status.code == STATUS_OK) status = build(&import, input_shape);
    arena_destroy(import.arena);
    if (status.code != STATUS_OK) {
        graph_destroy(import.graph);
        return status;
    }
    *graph = import.graph;
    return status_ok();
}

bool onnx_fold_record(const OnnxModel *model, const Graph *graph, int index, OnnxFoldRecord *record)
{
    for (int i = 0; i < model->order_count; i++) {
        const OnnxNode *node = &model->nodes[model->order[i]];
        if (node->fold < 0 || strcmp(node->op, "BatchNormalization") != 0) continue;
        const OnnxNode *conv = &model->nodes[node->fold];
        if (graph_find(graph, conv->out_name[0]) || index-- > 0) continue;
        *record = (OnnxFoldRecord){node->name, node->out_name[0], conv->name, conv->out_name[0]};
        return true;
    }
    return false;
}
