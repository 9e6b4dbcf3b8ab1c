/* NodeProto and AttributeProto. */
#include <string.h>

#include "onnx/model.h"

enum { NODE_MAX_ATTRIBUTES = 256, NODE_MAX_VALUES = 65536, MODEL_MAX_BYTES = 512 << 20 };

enum {
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP = 4,
    NODE_ATTRIBUTE = 5,
    NODE_DOMAIN = 7
};

enum {
    ATTR_NAME = 1,
    ATTR_F = 2,
    ATTR_I = 3,
    ATTR_S = 4,
    ATTR_T = 5,
    ATTR_G = 6,
    ATTR_FLOATS_FIELD = 7,
    ATTR_INTS_FIELD = 8,
    ATTR_STRINGS_FIELD = 9,
    ATTR_GRAPHS = 11,
    ATTR_TYPE = 20,
    ATTR_REFERENCE = 21,
    ATTR_SPARSE = 22,
};

static int count_items(Wire body, uint32_t number, WireType element)
{
    WireField f;
    uint64_t bits;
    int count = 0;
    while (wire_next(&body, &f)) {
        if (f.number != number) continue;
        Wire list = wire_list(&body, &f, element);
        while (count < INT32_MAX && wire_item(&list, element, &bits)) count++;
        if (list.error) body.error = list.error;
    }
    return body.error ? -1 : count;
}

/* Reads the field `number` of an attribute as a list of varints or floats into the arena. */
static Status parse_list(OnnxModel *model, Wire body, uint32_t number, OnnxAttr *attr)
{
    const bool ints = number == ATTR_INTS_FIELD;
    const WireType element = ints ? WIRE_VARINT : WIRE_FIXED32;
    int count = count_items(body, number, element);
    if (count < 0) {
        return status_error(STATUS_BAD_MODEL, "attribute '%s' is damaged: the file is not intact",
                            attr->name);
    }
    attr->count = count;
    const size_t bytes = (size_t)count * (ints ? sizeof(int64_t) : sizeof(float));
    void *items = arena_alloc(model->arena, bytes);
    if (!items) return status_no_memory("an attribute", bytes);
    attr->ints = ints ? items : NULL;
    attr->floats = ints ? NULL : items;
    WireField f;
    uint64_t bits;
    int at = 0;
    while (wire_next(&body, &f)) {
        if (f.number != number) continue;
        Wire list = wire_list(&body, &f, element);
        while (at < count && wire_item(&list, element, &bits)) {
            uint32_t word = (uint32_t)bits;
            if (ints) attr->ints[at++] = (int64_t)bits;
            if (!ints) memcpy(&attr->floats[at++], &word, sizeof word);
        }
    }
    return status_ok();
}

static Status parse_attr_tensor(OnnxModel *model, Wire *wire, const WireField *f, OnnxAttr *attr)
{
    attr->tensor = arena_alloc(model->arena, sizeof *attr->tensor);
    if (!attr->tensor) return status_no_memory("an attribute", sizeof *attr->tensor);
    Wire inner = wire_enter(wire, f);
    return onnx_parse_tensor(model, &inner, attr->tensor);
}

/* Old files do not say the type: the field that is there tells it. */
static int type_of_field(uint32_t number)
{
    switch (number) {
    case ATTR_F: return ONNX_ATTR_FLOAT;
    case ATTR_I: return ONNX_ATTR_INT;
    case ATTR_S: return ONNX_ATTR_STRING;
    case ATTR_T: return ONNX_ATTR_TENSOR;
    case ATTR_G:
    case ATTR_GRAPHS: return ONNX_ATTR_GRAPH;
    case ATTR_FLOATS_FIELD: return ONNX_ATTR_FLOATS;
    case ATTR_INTS_FIELD: return ONNX_ATTR_INTS;
    case ATTR_STRINGS_FIELD: return ONNX_ATTR_STRINGS;
    default: return 0;
    }
}

static Status parse_attr_field(OnnxModel *model, Wire *wire, const WireField *f, OnnxAttr *attr)
{
    uint32_t word = (uint32_t)f->value;
    switch (f->number) {
    case ATTR_NAME: return onnx_text(model, wire, f, &attr->name);
    case ATTR_F:
        if (wire_expect(wire, f, WIRE_FIXED32)) memcpy(&attr->f, &word, sizeof word);
        break;
    case ATTR_I:
        if (wire_expect(wire, f, WIRE_VARINT)) attr->i = (int64_t)f->value;
        break;
    case ATTR_S: return onnx_text(model, wire, f, &attr->s);
    case ATTR_T: return parse_attr_tensor(model, wire, f, attr);
    case ATTR_TYPE:
        if (wire_expect(wire, f, WIRE_VARINT)) attr->type = (int)(f->value & 0xFFFF);
        break;
    case ATTR_REFERENCE:
    case ATTR_SPARSE:
        return status_error(STATUS_UNSUPPORTED,
                            "attribute '%s' is sparse or refers to a function, which is not "
                            "supported: export again with inlined functions and dense weights",
                            attr->name);
    default: break;
    }
    return status_ok();
}

static Status parse_attr(OnnxModel *model, Wire *wire, OnnxAttr *attr)
{
    Wire body = *wire;
    WireField f;
    int guess = 0;
    attr->name = "";
    while (wire_next(wire, &f)) {
        TRY(parse_attr_field(model, wire, &f, attr));
        if (type_of_field(f.number)) guess = type_of_field(f.number);
    }
    if (wire->error) return onnx_named_wire_error(wire, "attribute", attr->name);
    if (attr->type == 0) attr->type = guess;
    if (attr->type == ONNX_ATTR_INTS) return parse_list(model, body, ATTR_INTS_FIELD, attr);
    if (attr->type == ONNX_ATTR_FLOATS) return parse_list(model, body, ATTR_FLOATS_FIELD, attr);
    if (attr->type == ONNX_ATTR_STRING && !attr->s) attr->s = "";
    if (attr->type == ONNX_ATTR_TENSOR && !attr->tensor)
        return status_error(STATUS_BAD_MODEL,
                            "attribute '%.100s' lacks its tensor: the file is damaged", attr->name);
    return status_ok();
}

static Status count_parts(Wire body, OnnxNode *node)
{
    WireField f;
    while (wire_next(&body, &f)) {
        node->in_count += f.number == NODE_INPUT && node->in_count < INT32_MAX;
        node->out_count += f.number == NODE_OUTPUT && node->out_count < INT32_MAX;
        node->attr_count += f.number == NODE_ATTRIBUTE && node->attr_count < INT32_MAX;
    }
    if (node->in_count <= NODE_MAX_VALUES && node->out_count <= NODE_MAX_VALUES &&
        node->attr_count <= NODE_MAX_ATTRIBUTES)
        return status_ok();
    return status_error(STATUS_BAD_MODEL,
                        "a node has %d inputs, %d outputs and %d attributes, which is impossible: "
                        "the file is damaged",
                        node->in_count, node->out_count, node->attr_count);
}

static Status allocate_parts(OnnxModel *model, OnnxNode *node)
{
    const size_t in = (size_t)node->in_count, out = (size_t)node->out_count;
    node->in_name = arena_alloc(model->arena, in * sizeof *node->in_name);
    node->out_name = arena_alloc(model->arena, out * sizeof *node->out_name);
    node->in = arena_alloc(model->arena, in * sizeof *node->in);
    node->out = arena_alloc(model->arena, out * sizeof *node->out);
    node->attr = arena_alloc(model->arena, (size_t)node->attr_count * sizeof *node->attr);
    if (!node->in_name || !node->out_name || !node->in || !node->out || !node->attr)
        return status_no_memory("a node", (in + out) * sizeof(char *));
    if (arena_bytes(model->arena) <= MODEL_MAX_BYTES) return status_ok();
    return status_error(STATUS_BAD_MODEL,
                        "the network's description takes more than %d MB without its weights: the "
                        "file is damaged, or was made to exhaust memory",
                        MODEL_MAX_BYTES >> 20);
}

Status onnx_parse_node(OnnxModel *model, Wire *wire, OnnxNode *node)
{
    TRY(count_parts(*wire, node));
    TRY(allocate_parts(model, node));
    node->name = node->op = node->domain = "";
    node->fold = -1;
    WireField f;
    int in = 0, out = 0, attr = 0;
    while (wire_next(wire, &f)) {
        switch (f.number) {
        case NODE_INPUT: TRY(onnx_text(model, wire, &f, &node->in_name[in++])); break;
        case NODE_OUTPUT: TRY(onnx_text(model, wire, &f, &node->out_name[out++])); break;
        case NODE_NAME: TRY(onnx_text(model, wire, &f, &node->name)); break;
        case NODE_OP: TRY(onnx_text(model, wire, &f, &node->op)); break;
        case NODE_DOMAIN: TRY(onnx_text(model, wire, &f, &node->domain)); break;
        case NODE_ATTRIBUTE: {
            Wire inner = wire_enter(wire, &f);
            TRY(parse_attr(model, &inner, &node->attr[attr++]));
            break;
        }
        default: break;
        }
    }
    if (wire->error) return onnx_named_wire_error(wire, "node", node->name);
    if (out == 0 || node->op[0] == '\0')
        return status_error(STATUS_BAD_MODEL, "node '%.100s' has no %s: the file is damaged",
                            node->name, out ? "operator" : "output");
    return status_ok();
}
