/* ModelProto and GraphProto. */
#include "onnx/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx/recognise.h"
#include "onnx/weights.h"

enum { MODEL_MAX_NODES = 100000 };

enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER = 2,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_METADATA = 14,
    MODEL_FUNCTIONS = 25,
};

enum {
    GRAPH_NODE = 1,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    GRAPH_SPARSE_INITIALIZER = 15,
};

Status onnx_wire_error(const Wire *wire, const char *what)
{
    return status_error(STATUS_BAD_MODEL, "%s is damaged (%s, at byte %llu): get the file again",
                        what, wire_error_text(wire->error), (unsigned long long)wire->at);
}

Status onnx_named_wire_error(const Wire *wire, const char *kind, const char *name)
{
    char what[160];
    snprintf(what, sizeof what, "%s '%.100s'", kind, name);
    return onnx_wire_error(wire, what);
}

/* Text as it is: of metadata, whose values may have several lines. */
static Status copy_text(OnnxModel *model, Wire *wire, const WireField *field, char **text)
{
    *text = NULL;
    if (!wire_expect(wire, field, WIRE_BYTES)) return status_ok();
    char *copy = arena_text(model->arena, (const char *)wire->bytes + field->offset, field->length);
    if (!copy) return status_no_memory("a name in the network", field->length);
    *text = copy;
    return status_ok();
}

Status onnx_text(OnnxModel *model, Wire *wire, const WireField *field, const char **text)
{
    char *copy;
    TRY(copy_text(model, wire, field, &copy));
    if (!copy) return status_ok();
    text_disarm(copy);
    *text = copy;
    return status_ok();
}

/* ---- inputs ---- */

static Status parse_dim(OnnxModel *model, Wire *wire, OnnxInput *input)
{
    if (input->rank == SHAPE_MAX_RANK) {
        return status_error(STATUS_UNSUPPORTED, "input '%s' has more than %d dimensions",
                            input->name, SHAPE_MAX_RANK);
    }
    int64_t *dim = &input->dim[input->rank];
    const char **name = &input->dim_name[input->rank++];
    *dim = -1;
    WireField f;
    while (wire_next(wire, &f)) {
        if (f.number == 1 && wire_expect(wire, &f, WIRE_VARINT)) {
            /* 0 and less are how old exporters write "unknown". */
            int64_t value = (int64_t)f.value;
            *dim = value > 0 && value <= INT32_MAX ? value : -1;
        }
        if (f.number == 2) TRY(onnx_text(model, wire, &f, name));
    }
    return status_ok();
}

static Status parse_shape(OnnxModel *model, Wire *wire, OnnxInput *input)
{
    input->rank = 0;
    WireField f;
    while (wire_next(wire, &f)) {
        if (f.number != 1) continue;
        Wire dim = wire_enter(wire, &f);
        TRY(parse_dim(model, &dim, input));
        if (dim.error) wire->error = dim.error;
    }
    return status_ok();
}

/* TypeProto { Tensor tensor_type = 1 { int32 elem_type = 1; TensorShapeProto shape = 2 } } */
static Status parse_type(OnnxModel *model, Wire *wire, OnnxInput *input)
{
    WireField outer, f;
    while (wire_next(wire, &outer)) {
        if (outer.number != 1) continue;
        Wire tensor = wire_enter(wire, &outer);
        while (wire_next(&tensor, &f)) {
            if (f.number == 1 && wire_expect(&tensor, &f, WIRE_VARINT))
                input->type = (int)(f.value & 0xFFFF);
            if (f.number != 2) continue;
            Wire shape = wire_enter(&tensor, &f);
            TRY(parse_shape(model, &shape, input));
            if (shape.error) tensor.error = shape.error;
        }
        if (tensor.error) wire->error = tensor.error;
    }
    return status_ok();
}

static Status parse_value_info(OnnxModel *model, Wire *wire, OnnxInput *input)
{
    input->name = "";
    input->rank = -1;
    WireField f;
    while (wire_next(wire, &f)) {
        if (f.number == 1) TRY(onnx_text(model, wire, &f, &input->name));
        if (f.number != 2) continue;
        Wire type = wire_enter(wire, &f);
        TRY(parse_type(model, &type, input));
        if (type.error) wire->error = type.error;
    }
    return wire->error ? onnx_named_wire_error(wire, "the description of", input->name)
                       : status_ok();
}

/* ---- the graph ---- */

static Status count_graph(OnnxModel *model, Wire wire)
{
    WireField f;
    uint64_t nodes = 0, tensors = 0, inputs = 0, outputs = 0;
    while (wire_next(&wire, &f)) {
        nodes += f.number == GRAPH_NODE;
        tensors += f.number == GRAPH_INITIALIZER;
        inputs += f.number == GRAPH_INPUT;
        outputs += f.number == GRAPH_OUTPUT;
        if (f.number == GRAPH_SPARSE_INITIALIZER) {
            return status_error(STATUS_UNSUPPORTED,
                                "the network has sparse weights, which are not supported: export "
                                "it with dense weights");
        }
    }
    if (wire.error) return onnx_wire_error(&wire, "the network's graph");
    const uint64_t most = MODEL_MAX_NODES;
    if (nodes > most || tensors > most || inputs > most || outputs > most) {
        return status_error(STATUS_BAD_MODEL,
                            "the network has %llu nodes, %llu weights, %llu inputs and %llu "
                            "outputs: more than %d of one are not possible",
                            (unsigned long long)nodes, (unsigned long long)tensors,
                            (unsigned long long)inputs, (unsigned long long)outputs,
                            MODEL_MAX_NODES);
    }
    if (nodes == 0 || outputs == 0) {
        return status_error(STATUS_BAD_MODEL,
                            "the file is ONNX, but its graph has no %s: there is nothing to run",
                            nodes ? "outputs" : "nodes");
    }
    model->nodes = arena_alloc(model->arena, (size_t)nodes * sizeof *model->nodes);
    model->tensors = arena_alloc(model->arena, (size_t)tensors * sizeof *model->tensors);
    model->inputs = arena_alloc(model->arena, (size_t)inputs * sizeof *model->inputs);
    model->outputs = arena_alloc(model->arena, (size_t)outputs * sizeof *model->outputs);
    if (model->nodes && model->tensors && model->inputs && model->outputs) return status_ok();
    return status_no_memory("the network's graph", (nodes + tensors) * sizeof(OnnxNode));
}

static Status parse_graph_field(OnnxModel *model, Wire *wire, const WireField *f)
{
    Wire inner;
    switch (f->number) {
    case GRAPH_NODE:
        inner = wire_enter(wire, f);
        return onnx_parse_node(model, &inner, &model->nodes[model->node_count++]);
    case GRAPH_INITIALIZER:
        inner = wire_enter(wire, f);
        return onnx_parse_tensor(model, &inner, &model->tensors[model->tensor_count++]);
    case GRAPH_INPUT:
        inner = wire_enter(wire, f);
        return parse_value_info(model, &inner, &model->inputs[model->input_count++]);
    case GRAPH_OUTPUT: {
        OnnxInput output;
        inner = wire_enter(wire, f);
        TRY(parse_value_info(model, &inner, &output));
        model->outputs[model->output_count++] = output.name;
        return status_ok();
    }
    default: return status_ok();
    }
}

static Status parse_graph(OnnxModel *model, Wire *wire)
{
    if (model->nodes) {
        return status_error(STATUS_BAD_MODEL, "the file holds two networks: it is damaged");
    }
    TRY(count_graph(model, *wire));
    WireField f;
    while (wire_next(wire, &f)) TRY(parse_graph_field(model, wire, &f));
    if (wire->error) return onnx_wire_error(wire, "the network's graph");
    return status_ok();
}

/* ---- the model ---- */

static Status parse_entry(OnnxModel *model, Wire *wire, OnnxEntry *entry)
{
    entry->key = entry->value = "";
    WireField f;
    while (wire_next(wire, &f)) {
        if (f.number == 1) TRY(onnx_text(model, wire, &f, &entry->key));
        char *value = NULL;
        if (f.number == 2) TRY(copy_text(model, wire, &f, &value));
        if (value) entry->value = value;
    }
    return wire->error ? onnx_wire_error(wire, "the file's metadata") : status_ok();
}

static Status parse_opset(OnnxModel *model, Wire *wire)
{
    const char *domain = "";
    uint64_t version = 0;
    WireField f;
    while (wire_next(wire, &f)) {
        if (f.number == 1) TRY(onnx_text(model, wire, &f, &domain));
        if (f.number == 2 && wire_expect(wire, &f, WIRE_VARINT)) version = f.value;
    }
    if (wire->error) return onnx_wire_error(wire, "the file's list of operator sets");
    if (domain[0] != '\0' && strcmp(domain, "ai.onnx") != 0) return status_ok();
    if (version == 0 || version > 1000) {
        return status_error(STATUS_BAD_MODEL,
                            "the file asks for version %llu of the ONNX operators, which does not "
                            "exist: it is damaged",
                            (unsigned long long)version);
    }
    model->opset = (int)version;
    return status_ok();
}

static Status parse_model_field(OnnxModel *model, Wire *wire, const WireField *f)
{
    Wire inner;
    switch (f->number) {
    case MODEL_IR_VERSION:
        if (wire_expect(wire, f, WIRE_VARINT)) model->ir_version = (int)(f->value & 0xFFFF);
        return status_ok();
    case MODEL_PRODUCER: return onnx_text(model, wire, f, &model->producer);
    case MODEL_GRAPH: inner = wire_enter(wire, f); return parse_graph(model, &inner);
    case MODEL_OPSET: inner = wire_enter(wire, f); return parse_opset(model, &inner);
    case MODEL_METADATA:
        inner = wire_enter(wire, f);
        return parse_entry(model, &inner, &model->metadata[model->metadata_count++]);
    case MODEL_FUNCTIONS:
        return status_error(STATUS_UNSUPPORTED,
                            "the network defines functions of its own, which are not supported: "
                            "inline them (onnx.inliner.inline_local_functions)");
    default: return status_ok();
    }
}

static Status parse_model(OnnxModel *model)
{
    Wire wire = wire_open(model->bytes, model->size), counting = wire;
    WireField f;
    size_t entries = 0;
    while (wire_next(&counting, &f)) entries += f.number == MODEL_METADATA;
    model->metadata = arena_alloc(model->arena, entries * sizeof *model->metadata);
    if (!model->metadata) return status_no_memory("the file's metadata", entries);
    model->producer = "";
    while (wire_next(&wire, &f)) TRY(parse_model_field(model, &wire, &f));
    if (wire.error) return onnx_wire_error(&wire, "the file");
    if (!model->nodes) {
        return status_error(STATUS_BAD_MODEL, "the file holds no network: it is damaged, or is not "
                                              "an ONNX network");
    }
    if (model->opset == 0 && model->ir_version < 3) model->opset = 1;
    if (model->opset > 0) return status_ok();
    return status_error(STATUS_BAD_MODEL,
                        "the file does not say which ONNX operator set it uses: it is damaged, or "
                        "was not downloaded completely");
}

/* Inputs that are initializers are weights (IR version 3 listed them as both). */
static Status drop_initialized_inputs(OnnxModel *model)
{
    Names tensors;
    TRY(names_create(&tensors, model->arena, model->tensor_count));
    for (int i = 0; i < model->tensor_count; i++) names_add(&tensors, model->tensors[i].name, i);
    int kept = 0;
    for (int i = 0; i < model->input_count; i++) {
        if (names_find(&tensors, model->inputs[i].name) < 0)
            model->inputs[kept++] = model->inputs[i];
    }
    model->input_count = kept;
    return status_ok();
}

static void align_weights(OnnxModel *model)
{
    for (int i = 0; i < model->tensor_count; i++) onnx_align(model, &model->tensors[i]);
    for (int i = 0; i < model->node_count; i++) {
        const OnnxNode *node = &model->nodes[i];
        for (int j = 0; j < node->attr_count; j++) {
            if (node->attr[j].tensor) onnx_align(model, node->attr[j].tensor);
        }
    }
}

Status onnx_open_empty(OnnxModel **model, uint8_t *bytes, size_t size)
{
    OnnxModel *opened = calloc(1, sizeof *opened);
    if (opened) opened->arena = arena_create();
    if (!opened || !opened->arena) {
        free(opened);
        return status_no_memory("the network", sizeof *opened);
    }
    opened->bytes = bytes;
    opened->size = size;
    *model = opened;
    return status_ok();
}

static Status open_parts(OnnxModel *model)
{
    TRY(onnx_recognise(model->bytes, model->size));
    TRY(parse_model(model));
    TRY(drop_initialized_inputs(model));
    TRY(onnx_order(model));
    TRY(onnx_find_unsupported(model));
    model->folded = arena_alloc(model->arena, (size_t)model->node_count * sizeof *model->folded);
    if (!model->folded) return status_no_memory("the network", sizeof *model->folded);
    /* Last, because it overwrites length prefixes: from here on the file is not parsed again. */
    align_weights(model);
    return status_ok();
}

Status onnx_open(OnnxModel **model, uint8_t *bytes, size_t size)
{
    OnnxModel *opened = NULL;
    TRY(onnx_open_empty(&opened, bytes, size));
    Status status = open_parts(opened);
    if (status.code != STATUS_OK) {
        onnx_free(opened);
        return status;
    }
    *model = opened;
    return status_ok();
}

void onnx_free(OnnxModel *model)
{
    if (!model) return;
    arena_destroy(model->arena);
    free(model);
}

const char *onnx_metadata(const OnnxModel *model, const char *key)
{
    for (int i = 0; i < model->metadata_count; i++) {
        if (strcmp(model->metadata[i].key, key) == 0) return model->metadata[i].value;
    }
    return NULL;
}

size_t onnx_memory(const OnnxModel *model)
{
    return arena_bytes(model->arena);
}

const OnnxAttr *onnx_attr(const OnnxNode *node, const char *name)
{
    for (int i = 0; i < node->attr_count; i++) {
        if (strcmp(node->attr[i].name, name) == 0) return &node->attr[i];
    }
    return NULL;
}
