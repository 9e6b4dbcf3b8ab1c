#include "onnx/export.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IR_VERSION = 7, OPSET = 13 };
enum { FLOAT32 = 1, INT64 = 7, FLOAT16 = 10 }; /* TensorProto.DataType */

/* ---- protobuf ---- */

enum { VARINT = 0, BYTES = 2, FIXED32 = 5 };

static void varint(Text *out, uint64_t value)
{
    char bytes[10];
    size_t count = 0;
    for (; value >= 128; value >>= 7) bytes[count++] = (char)(value | 128);
    bytes[count++] = (char)value;
    text_append(out, bytes, count);
}

static void put_number(Text *out, int field, int64_t value)
{
    varint(out, (uint64_t)field << 3 | VARINT);
    varint(out, (uint64_t)value);
}

static void put_float(Text *out, int field, float value)
{
    varint(out, (uint64_t)field << 3 | FIXED32);
    text_append(out, (const char *)&value, sizeof value);
}

static void put_bytes(Text *out, int field, const void *bytes, size_t length)
{
    varint(out, (uint64_t)field << 3 | BYTES);
    varint(out, length);
    text_append(out, bytes, length);
}

static void put_text(Text *out, int field, const char *text)
{
    put_bytes(out, field, text, strlen(text));
}

/* Takes the inner message and releases it. */
static void put_message(Text *out, int field, Text *inner)
{
    put_bytes(out, field, inner->length ? inner->bytes : "", inner->length);
    out->failed |= inner->failed;
    text_release(inner);
}

/* ---- weights ---- */

uint16_t half_from_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) return (uint16_t)(sign | 0x7E00); /* not a number */
    if (magnitude >= 0x477FF000) return (uint16_t)(sign | 0x7C00);
    const int exponent = (int)(magnitude >> 23) - 127;
    if (exponent < -25) return (uint16_t)sign;
    /* The significand, with its leading one, loses 13 bits; more where the result is subnormal. */
    const uint32_t significand = (magnitude & 0x7FFFFF) | 0x800000;
    const int lost = exponent < -14 ? 13 + (-14 - exponent) : 13;
    const uint32_t kept = significand >> lost, rest = significand & ((1U << lost) - 1);
    const uint32_t middle = 1U << (lost - 1);
    const uint32_t rounded = kept + (rest > middle || (rest == middle && (kept & 1)));
    /* A leading one that rounding moved up is one more in the exponent, which is what adding does. */
    const uint32_t biased = exponent < -14 ? 0 : (uint32_t)(exponent + 14) << 10;
    return (uint16_t)(sign | (biased + rounded));
}

static Status put_half(Text *tensor, const Value *value, size_t count)
{
    uint16_t *half = malloc(count * sizeof *half);
    if (!half) return status_no_memory(value->name, count * sizeof *half);
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        half[i] = half_from_float(value->data[i]);
        fits &= (half[i] & 0x7C00) != 0x7C00;
    }
    put_bytes(tensor, 9, half, count * sizeof *half);
    free(half);
    if (fits) return status_ok();
    return status_error(STATUS_BAD_INPUT, "a weight of '%s' is too large for float16", value->name);
}

static bool is_halved(const Value *value, const OnnxExportOptions *options)
{
    return options->half && value->shape.rank >= 2;
}

static Status put_initializer(Text *graph, const Value *value, const OnnxExportOptions *options)
{
    const bool half = is_halved(value, options);
    const size_t count = shape_elements(&value->shape);
    Text tensor = {0}, name = {0};
    for (int i = 0; i < value->shape.rank; i++) put_number(&tensor, 1, value->shape.dim[i]);
    put_number(&tensor, 2, half ? FLOAT16 : FLOAT32);
    text_format(&name, "%s%s", value->name, half ? ".half" : "");
    put_bytes(&tensor, 8, name.bytes, name.length);
    tensor.failed |= name.failed;
    text_release(&name);
    Status status = status_ok();
    if (half) {
        status = put_half(&tensor, value, count);
    } else {
        put_bytes(&tensor, 9, value->data, count * sizeof *value->data);
    }
    put_message(graph, 5, &tensor);
    return status;
}

static void put_cast(Text *graph, const Value *value)
{
    Text node = {0}, name = {0}, attr = {0};
    text_format(&name, "%s.half", value->name);
    put_bytes(&node, 1, name.bytes, name.length);
    put_text(&node, 2, value->name);
    text_format(&name, "_cast");
    put_bytes(&node, 3, name.bytes, name.length);
    put_text(&node, 4, "Cast");
    put_text(&attr, 1, "to");
    put_number(&attr, 3, FLOAT32);
    put_number(&attr, 20, 2);
    put_message(&node, 5, &attr);
    node.failed |= name.failed;
    text_release(&name);
    put_message(graph, 1, &node);
}

/* ---- nodes ---- */

/* What a graph and an ONNX file of opset 13 write alike. */
static const char *const alike[] = {
    "Add",           "AveragePool",
    "Concat",        "Conv",
    "ConvTranspose", "Div",
    "Flatten",       "Gemm",
    "Identity",      "InstanceNormalization",
    "LeakyRelu",     "GlobalAveragePool",
    "GlobalMaxPool", "MatMul",
    "MaxPool",       "Mul",
    "Relu",          "Sigmoid",
    "Softmax",       "Sub",
    "Tanh",          "Transpose",
};

/* What has inputs in the file that are attributes in the graph, behind its tensors and in this order; "": an input
 * that the graph does not know. */
typedef struct AttrInputs {
    const char *op, *attr[3];
} AttrInputs;

static const AttrInputs attr_inputs[] = {
    {"Pad", {"pads", "value"}},
    {"Resize", {"", "scales", "sizes"}},
};

static const AttrInputs *attr_inputs_of(const char *op)
{
    for (size_t i = 0; i < sizeof attr_inputs / sizeof *attr_inputs; i++) {
        if (strcmp(op, attr_inputs[i].op) == 0) return &attr_inputs[i];
    }
    return NULL;
}

static bool is_input(const AttrInputs *inputs, const Attr *attr)
{
    for (int i = 0; inputs && i < 3 && inputs->attr[i]; i++) {
        if (strcmp(attr->name, inputs->attr[i]) == 0) return true;
    }
    return false;
}

static bool is_known(const char *op)
{
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        if (strcmp(op, alike[i]) == 0) return true;
    }
    return attr_inputs_of(op) != NULL;
}

static void put_attr(Text *node, const Attr *attr)
{
    /* AttributeProto.AttributeType, by AttrKind */
    static const int types[] = {
        [ATTR_INT] = 2, [ATTR_FLOAT] = 1, [ATTR_STRING] = 3, [ATTR_INTS] = 7, [ATTR_FLOATS] = 6};
    Text text = {0};
    put_text(&text, 1, attr->name);
    switch (attr->kind) {
    case ATTR_INT: put_number(&text, 3, attr->i); break;
    case ATTR_FLOAT: put_float(&text, 2, attr->f); break;
    case ATTR_STRING: put_text(&text, 4, attr->s); break;
    case ATTR_INTS:
        for (int i = 0; i < attr->count; i++) put_number(&text, 8, attr->ints[i]);
        break;
    case ATTR_FLOATS:
        for (int i = 0; i < attr->count; i++) put_float(&text, 7, attr->floats[i]);
        break;
    }
    put_number(&text, 20, types[attr->kind]);
    put_message(node, 5, &text);
}

static void attr_input_name(const Node *n, const Attr *attr, Text *name)
{
    text_format(name, "%s.%s", n->out[0]->name, attr->name);
}

/* An attribute as an initializer: a list, or a number without dimensions. */
static void put_attr_initializer(Text *graph, const Node *n, const Attr *attr)
{
    const bool whole = attr->kind == ATTR_INT || attr->kind == ATTR_INTS;
    const void *bytes = attr->kind == ATTR_INT     ? (const void *)&attr->i
                        : attr->kind == ATTR_INTS  ? (const void *)attr->ints
                        : attr->kind == ATTR_FLOAT ? (const void *)&attr->f
                                                   : (const void *)attr->floats;
    const bool list = attr->kind == ATTR_INTS || attr->kind == ATTR_FLOATS;
    const size_t count = list ? (size_t)attr->count : 1;
    Text tensor = {0}, name = {0};
    if (list) put_number(&tensor, 1, attr->count);
    put_number(&tensor, 2, whole ? INT64 : FLOAT32);
    attr_input_name(n, attr, &name);
    put_bytes(&tensor, 8, name.bytes, name.length);
    put_bytes(&tensor, 9, bytes, count * (whole ? sizeof(int64_t) : sizeof(float)));
    tensor.failed |= name.failed;
    text_release(&name);
    put_message(graph, 5, &tensor);
}

static const Attr *attr_named(const Node *n, const char *name)
{
    for (int i = 0; i < n->attr_count; i++) {
        if (strcmp(n->attr[i].name, name) == 0) return &n->attr[i];
    }
    return NULL;
}

/* The inputs of the node that are attributes in the graph, and what they are. */
static void put_attr_inputs(Text *graph, Text *node, const Node *n, const AttrInputs *inputs)
{
    int last = -1;
    for (int i = 0; i < 3 && inputs->attr[i]; i++) {
        if (attr_named(n, inputs->attr[i])) last = i;
    }
    for (int i = 0; i <= last; i++) {
        const Attr *attr = attr_named(n, inputs->attr[i]);
        Text name = {0};
        if (attr) attr_input_name(n, attr, &name);
        put_bytes(node, 1, name.bytes ? name.bytes : "", name.length);
        node->failed |= name.failed;
        text_release(&name);
        if (attr) put_attr_initializer(graph, n, attr);
    }
}

static Status put_node(Text *graph, const Node *n)
{
    const AttrInputs *inputs = attr_inputs_of(n->op->name);
    if (!op_find(n->op->name) || !is_known(n->op->name)) {
        return status_error(STATUS_UNSUPPORTED, "%s '%s' cannot be written to an ONNX file",
                            n->op->name, n->name);
    }
    Text node = {0};
    for (int i = 0; i < n->in_count; i++) put_text(&node, 1, n->in[i] ? n->in[i]->name : "");
    if (inputs) put_attr_inputs(graph, &node, n, inputs);
    for (int i = 0; i < n->out_count; i++) put_text(&node, 2, n->out[i]->name);
    put_text(&node, 3, n->name);
    put_text(&node, 4, n->op->name);
    for (int i = 0; i < n->attr_count; i++) {
        if (!is_input(inputs, &n->attr[i])) put_attr(&node, &n->attr[i]);
    }
    put_message(graph, 1, &node);
    return status_ok();
}

/* ---- inputs and outputs ---- */

static void put_value(Text *graph, int field, const Value *value, bool any_size)
{
    static const char *const open[] = {"batch", NULL, "height", "width"};
    Text shape = {0}, tensor = {0}, type = {0}, info = {0};
    for (int i = 0; i < value->shape.rank; i++) {
        Text dim = {0};
        if (any_size && i < 4 && open[i]) {
            put_text(&dim, 2, open[i]);
        } else {
            put_number(&dim, 1, value->shape.dim[i]);
        }
        put_message(&shape, 1, &dim);
    }
    put_number(&tensor, 1, FLOAT32);
    put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    put_text(&info, 1, value->name);
    put_message(&info, 2, &type);
    put_message(graph, field, &info);
}

/* ---- the file ---- */

/* The first reader writes a weight that several share. */
static bool is_first_reader(const Graph *graph, int node, int input)
{
    const Value *value = graph_node(graph, node)->in[input];
    for (int i = 0; i <= node; i++) {
        const Node *n = graph_node(graph, i);
        for (int j = 0; j < n->in_count && (i < node || j < input); j++) {
            if (n->in[j] == value) return false;
        }
    }
    return true;
}

static Status put_graph(Text *out, const Graph *graph, const OnnxExportOptions *options)
{
    for (int i = 0; i < graph_node_count(graph); i++) {
        const Node *n = graph_node(graph, i);
        for (int j = 0; j < n->in_count; j++) {
            const Value *value = n->in[j];
            if (!value || !value->constant || !is_first_reader(graph, i, j)) continue;
            if (is_halved(value, options)) put_cast(out, value);
            TRY(put_initializer(out, value, options));
        }
        TRY(put_node(out, n));
    }
    put_text(out, 2, options->name);
    for (int i = 0; i < graph_input_count(graph); i++)
        put_value(out, 11, graph_input(graph, i), options->any_size);
    for (int i = 0; i < graph_output_count(graph); i++)
        put_value(out, 12, graph_output(graph, i), options->any_size);
    return status_ok();
}

Status onnx_export(const Graph *graph, const OnnxExportOptions *options, Text *bytes)
{
    Text body = {0}, opset = {0};
    put_number(bytes, 1, IR_VERSION);
    put_text(bytes, 2, "convoscope");
    const Status status = put_graph(&body, graph, options);
    put_message(bytes, 7, &body);
    put_text(&opset, 1, "");
    put_number(&opset, 2, OPSET);
    put_message(bytes, 8, &opset);
    for (int i = 0; i < options->metadata_count; i++) {
        Text entry = {0};
        put_text(&entry, 1, options->metadata[i].key);
        put_text(&entry, 2, options->metadata[i].value);
        put_message(bytes, 14, &entry);
    }
    if (status.code != STATUS_OK) return status;
    return bytes->failed ? status_no_memory("the network's file", bytes->length) : status_ok();
}
