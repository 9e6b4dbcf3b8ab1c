/* The network as JSON, and what each unit sees. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network_internal.h"

/* ---- receptive fields: Araujo, Norris & Sim 2019, "Computing Receptive Fields of CNNs" ---- */

/* Attribute values along one axis; the attribute holds `count` of them, or both ends of pads. */
static int attr_along(const Node *node, const char *name, int index, int otherwise)
{
    const Attr *attr = attr_find(node, name);
    if (!attr || attr->kind != ATTR_INTS || index >= attr->count) return otherwise;
    return (int)attr->ints[index];
}

typedef struct Window {
    int kernel, stride, dilation, pad;
} Window;

static Window window_of(const Node *node, int axis)
{
    const Shape *in = &node->in[0]->shape, *out = &node->out[0]->shape;
    const bool weighted = node->in_count > 1 && node->in[1] && node->in[1]->shape.rank == 4;
    Window w = {.kernel = attr_along(node, "kernel_shape", axis,
                                     weighted ? node->in[1]->shape.dim[2 + axis] : 1),
                .stride = attr_along(node, "strides", axis, 1),
                .dilation = attr_along(node, "dilations", axis, 1),
                .pad = attr_along(node, "pads", axis, 0)};
    const Attr *automatic = attr_find(node, "auto_pad");
    if (automatic && automatic->kind == ATTR_STRING && strncmp(automatic->s, "SAME", 4) == 0) {
        int total = (out->dim[2 + axis] - 1) * w.stride + (w.kernel - 1) * w.dilation + 1 -
                    in->dim[2 + axis];
        if (total < 0) total = 0;
        w.pad = strcmp(automatic->s, "SAME_LOWER") == 0 ? (total + 1) / 2 : total / 2;
    }
    return w;
}

typedef enum Reach { LOCAL, WINDOW, TRANSPOSED, RESIZED, PADDED, GLOBAL } Reach;

static Reach reach_of(const Node *node)
{
    static const struct {
        const char *op;
        Reach reach;
    } table[] = {
        {"Conv", WINDOW},        {"MaxPool", WINDOW},
        {"AveragePool", WINDOW}, {"ConvTranspose", TRANSPOSED},
        {"Resize", RESIZED},     {"Pad", PADDED},
        {"Relu", LOCAL},         {"LeakyRelu", LOCAL},
        {"Clip", LOCAL},         {"Sigmoid", LOCAL},
        {"Tanh", LOCAL},         {"Softmax", LOCAL},
        {"Add", LOCAL},          {"Sub", LOCAL},
        {"Mul", LOCAL},          {"Div", LOCAL},
        {"Concat", LOCAL},       {"BatchNormalization", LOCAL},
        {"LRN", LOCAL},          {"Identity", LOCAL},
        {"Dropout", LOCAL},      {"Split", LOCAL},
        {"Slice", LOCAL},        {"Gather", LOCAL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].op, node->op->name) == 0) return table[i].reach;
    }
    return GLOBAL;
}

static ReceptiveField through(const Node *node, Reach reach, int axis, ReceptiveField f)
{
    const Shape *in = &node->in[0]->shape, *out = &node->out[0]->shape;
    const Window w = window_of(node, axis);
    const double scale = (double)out->dim[2 + axis] / in->dim[2 + axis];
    switch (reach) {
    case WINDOW:
        f.size += (double)(w.kernel - 1) * w.dilation * f.stride;
        f.start -= w.pad * f.stride;
        f.stride *= w.stride;
        break;
    case TRANSPOSED:
        /* Output o reads the inputs i with 0 <= o + pad - i stride <= kernel - 1. */
        f.start += ceil((double)(w.pad - (w.kernel - 1) * w.dilation) / w.stride) * f.stride;
        f.size += (ceil((double)w.kernel * w.dilation / w.stride) - 1) * f.stride;
        f.stride /= w.stride;
        break;
    case RESIZED: {
        const Attr *mode = attr_find(node, "mode");
        if (mode && mode->kind == ATTR_STRING && strcmp(mode->s, "linear") == 0) f.size += f.stride;
        f.stride /= scale;
        break;
    }
    case PADDED: f.start -= attr_along(node, "pads", 2 + axis, 0) * f.stride; break;
    case LOCAL:
    case GLOBAL: break;
    }
    return f;
}

static ReceptiveField field_of_input(const Graph *graph, const Value *value, int below,
                                     const ReceptiveField *fields)
{
    if (!value->producer) return (ReceptiveField){.size = 1, .stride = 1};
    for (int i = below - 1; i >= 0; i--) {
        if (graph_node(graph, i) == value->producer) return fields[i];
    }
    return (ReceptiveField){0};
}

static ReceptiveField field_of_node(const Graph *graph, int index, int axis,
                                    const ReceptiveField *fields)
{
    const ReceptiveField none = {0};
    const Node *node = graph_node(graph, index);
    const Reach reach = reach_of(node);
    ReceptiveField all = {0};
    if (reach == GLOBAL || node->out[0]->shape.rank != 4) return none;
    for (int i = 0; i < node->in_count; i++) {
        const Value *value = node->in[i];
        if (!value || value->constant) continue;
        if (value->shape.rank != 4) return none;
        ReceptiveField f = field_of_input(graph, value, index, fields);
        if (f.size <= 0) return none;
        /* Local operators that change the size (a Slice of the picture) are not followed. */
        if (reach == LOCAL && value->shape.dim[2 + axis] != node->out[0]->shape.dim[2 + axis])
            return none;
        f = i == 0 || reach == LOCAL ? through(node, reach, axis, f) : f;
        if (all.size <= 0) {
            all = f;
            continue;
        }
        if (fabs(all.stride - f.stride) > 1e-9) return none;
        const double end = fmax(all.start + all.size, f.start + f.size);
        all.start = fmin(all.start, f.start);
        all.size = end - all.start;
    }
    return all;
}

void network_receptive_fields(const Graph *graph, int axis, ReceptiveField *fields)
{
    for (int i = 0; i < graph_node_count(graph); i++)
        fields[i] = field_of_node(graph, i, axis, fields);
}

bool network_receptive_field(const Graph *graph, const Value *value, int axis,
                             ReceptiveField *field)
{
    if (value->shape.rank != 4 || value->constant) return false;
    *field = (ReceptiveField){.size = 1, .stride = 1};
    if (!value->producer) return true;
    const int index = network_node_index(graph, value->producer);
    ReceptiveField *fields = calloc((size_t)index + 1, sizeof *fields);
    if (!fields) return false;
    for (int i = 0; i <= index; i++) fields[i] = field_of_node(graph, i, axis, fields);
    *field = fields[index];
    free(fields);
    return field->size > 0;
}

/* ---- JSON ---- */

static uint64_t parameters_of(const Node *node)
{
    uint64_t count = 0;
    for (int i = 0; i < node->in_count; i++) {
        if (node->in[i] && node->in[i]->constant) count += shape_elements(&node->in[i]->shape);
    }
    return count;
}

static void pair_json(Text *text, const char *key, double y, double x)
{
    json_key(text, key), json_array_begin(text);
    json_number(text, y), json_number(text, x);
    json_array_end(text);
}

static void field_json(Text *text, const ReceptiveField *y, const ReceptiveField *x)
{
    json_key(text, "field");
    if (!y || !x || y->size <= 0 || x->size <= 0) {
        json_string(text, NULL);
        return;
    }
    json_object_begin(text);
    pair_json(text, "size", y->size, x->size);
    pair_json(text, "stride", y->stride, x->stride);
    pair_json(text, "start", y->start, x->start);
    json_object_end(text);
}

static void layer_json(Text *text, const Node *node, const ReceptiveField *y,
                       const ReceptiveField *x)
{
    json_object_begin(text);
    json_key(text, "name"), json_string(text, node->name);
    json_key(text, "op"), json_string(text, node->op->name);
    json_key(text, "output"), json_string(text, node->out[0]->name);
    json_key(text, "inputs"), json_array_begin(text);
    for (int i = 0; i < node->in_count; i++) {
        if (node->in[i] && !node->in[i]->constant) json_string(text, node->in[i]->name);
    }
    json_array_end(text);
    json_key(text, "shape"), shape_json(text, &node->out[0]->shape);
    json_key(text, "parameters"), json_integer(text, (long long)parameters_of(node));
    json_key(text, "macs"), json_integer(text, (long long)node->macs);
    json_key(text, "detail"), json_string(text, node->detail);
    json_key(text, "folded"), json_bool(text, false);
    uint64_t bytes = 0;
    for (int i = 0; i < node->out_count; i++)
        bytes += shape_elements(&node->out[i]->shape) * sizeof(float);
    json_key(text, "bytes"), json_integer(text, (long long)bytes);
    field_json(text, y, x);
    json_object_end(text);
}

/* A normalisation that lives in the weights of the convolution before it. */
static void folded_json(Text *text, const OnnxFoldRecord *record, const Node *into,
                        const ReceptiveField *y, const ReceptiveField *x)
{
    json_object_begin(text);
    json_key(text, "name"), json_string(text, record->name);
    json_key(text, "op"), json_string(text, "BatchNormalization");
    json_key(text, "output"), json_string(text, record->output);
    json_key(text, "inputs"), json_array_begin(text);
    json_string(text, record->into_output);
    json_array_end(text);
    json_key(text, "shape"), shape_json(text, &into->out[0]->shape);
    json_key(text, "parameters"), json_integer(text, 0);
    json_key(text, "macs"), json_integer(text, 0);
    json_key(text, "detail"), json_string(text, "in the weights before it");
    json_key(text, "folded"), json_bool(text, true);
    json_key(text, "bytes"), json_integer(text, 0);
    field_json(text, y, x);
    json_object_end(text);
}

/* All folded normalisations of a graph; NULL when there is no memory. From malloc. */
static OnnxFoldRecord *fold_records(const Network *network, const Graph *graph, int *count)
{
    OnnxFoldRecord record,
        *records = malloc(((size_t)network->model->order_count + 1) * sizeof record);
    *count = 0;
    while (records && onnx_fold_record(network->model, graph, *count, &record))
        records[(*count)++] = record;
    return records;
}

static void layers_json(const Network *network, const Graph *graph, Text *text)
{
    const int count = graph_node_count(graph);
    int folded;
    OnnxFoldRecord *records = fold_records(network, graph, &folded);
    ReceptiveField *fields = calloc(2 * (size_t)count + 1, sizeof *fields);
    ReceptiveField *y = fields, *x = fields ? fields + count : NULL;
    if (fields) {
        network_receptive_fields(graph, 0, y);
        network_receptive_fields(graph, 1, x);
    }
    json_key(text, "layers"), json_array_begin(text);
    for (int i = 0; i < count; i++) {
        const Node *node = graph_node(graph, i);
        const ReceptiveField *fy = fields ? &y[i] : NULL, *fx = fields ? &x[i] : NULL;
        layer_json(text, node, fy, fx);
        for (int k = 0; k < folded; k++) {
            if (strcmp(records[k].output, node->out[0]->name) == 0)
                folded_json(text, &records[k], node, fy, fx);
        }
    }
    json_array_end(text);
    free(fields);
    free(records);
}

static void value_json(Text *text, const Value *value)
{
    json_object_begin(text);
    json_key(text, "name"), json_string(text, value->name);
    json_key(text, "shape"), shape_json(text, &value->shape);
    json_object_end(text);
}

static void graph_json(const Network *network, const Graph *graph, Text *text)
{
    uint64_t parameters = 0, macs = 0;
    for (int i = 0; i < graph_node_count(graph); i++) {
        parameters += parameters_of(graph_node(graph, i));
        macs += graph_node(graph, i)->macs;
    }
    json_key(text, "input"), value_json(text, graph_input(graph, 0));
    json_key(text, "outputs"), json_array_begin(text);
    for (int i = 0; i < graph_output_count(graph); i++) value_json(text, graph_output(graph, i));
    json_array_end(text);
    json_key(text, "parameters"), json_integer(text, (long long)parameters);
    json_key(text, "macs"), json_integer(text, (long long)macs);
    const GraphMemory forward = graph_memory(graph, GRAPH_FORWARD);
    const GraphMemory gradient = graph_memory(graph, GRAPH_INPUT_GRADIENT);
    json_key(text, "memory"), json_integer(text, (long long)forward.total);
    json_key(text, "gradientMemory"), json_integer(text, (long long)gradient.total);
    json_key(text, "classes"), json_integer(text, network_class_count(graph));
    layers_json(network, graph, text);
}

static void unsupported_json(const OnnxModel *model, Text *text)
{
    int count;
    const OnnxUnsupported *list = onnx_unsupported(model, &count);
    json_key(text, "unsupported"), json_array_begin(text);
    for (int i = 0; i < count; i++) {
        json_object_begin(text);
        json_key(text, "op"), json_string(text, list[i].op);
        json_key(text, "node"), json_string(text, list[i].node);
        json_key(text, "domain"), json_string(text, list[i].domain);
        json_key(text, "opset"), json_integer(text, list[i].opset);
        json_key(text, "remedy"), json_string(text, list[i].remedy);
        json_object_end(text);
    }
    json_array_end(text);
}

void network_json(const Network *network, const Graph *graph, const char *error, Text *text)
{
    const OnnxModel *model = network->model;
    json_object_begin(text);
    json_key(text, "name"), json_string(text, network->name);
    json_key(text, "bytes"), json_integer(text, (long long)network_file_bytes(network));
    json_key(text, "producer"), json_string(text, model->producer);
    json_key(text, "opset"), json_integer(text, model->opset);
    json_key(text, "modelMemory");
    json_integer(text, (long long)(network_file_bytes(network) + onnx_memory(model)));
    if (graph) graph_json(network, graph, text);
    json_key(text, "missing"), json_string(text, network_missing(network));
    if (error) json_key(text, "error"), json_string(text, error);
    unsupported_json(model, text);
    json_key(text, "preprocessing"), preprocess_json(text, &network->preprocess);
    json_key(text, "labels"), json_array_begin(text);
    for (int i = 0; i < network->label_count; i++) json_string(text, network->labels[i]);
    json_array_end(text);
    json_object_end(text);
}
