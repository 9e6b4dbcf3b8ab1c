/* TensorProto: what it says about itself is checked against what is there, before anything is allocated. */
#include <string.h>

#include "base/checked.h"
#include "onnx/model.h"
#include "onnx/weights.h"

enum {
    DIMS = 1,
    DATA_TYPE = 2,
    SEGMENT = 3,
    STRING_DATA = 6,
    NAME = 8,
    RAW_DATA = 9,
    EXTERNAL_DATA = 13,
    DATA_LOCATION = 14,
};

/* What the first walk over a message found. */
typedef struct Found {
    int64_t type;
    bool external, segment, strings;
    const char *location, *offset, *length;
    WireField raw;
    bool has_raw;
} Found;

static Status parse_external(OnnxModel *model, Wire *wire, const WireField *field, Found *found)
{
    found->external = true;
    Wire entry = wire_enter(wire, field);
    const char *key = "", *value = "";
    WireField f;
    while (wire_next(&entry, &f)) {
        if (f.number == 1) TRY(onnx_text(model, &entry, &f, &key));
        if (f.number == 2) TRY(onnx_text(model, &entry, &f, &value));
    }
    if (entry.error) return onnx_wire_error(&entry, "the place of an external weight");
    if (strcmp(key, "location") == 0) found->location = value;
    if (strcmp(key, "offset") == 0) found->offset = value;
    if (strcmp(key, "length") == 0) found->length = value;
    return status_ok();
}

static Status parse_dims(OnnxTensor *tensor, Wire *wire, const WireField *field)
{
    Wire list = wire_list(wire, field, WIRE_VARINT);
    uint64_t value;
    while (wire_item(&list, WIRE_VARINT, &value)) {
        if (tensor->rank == SHAPE_MAX_RANK) {
            return status_error(STATUS_BAD_MODEL, "weight '%s' has more than %d dimensions",
                                tensor->name, SHAPE_MAX_RANK);
        }
        if (value > TENSOR_MAX_ELEMENTS) {
            return status_error(STATUS_BAD_MODEL, "weight '%s' has the impossible dimension %lld",
                                tensor->name, (long long)value);
        }
        tensor->dim[tensor->rank++] = (int64_t)value;
    }
    wire->error = wire->error ? wire->error : list.error;
    return status_ok();
}

static Status first_walk(OnnxModel *model, Wire *wire, OnnxTensor *tensor, Found *found)
{
    WireField f;
    while (wire_next(wire, &f)) {
        switch (f.number) {
        case DIMS: TRY(parse_dims(tensor, wire, &f)); break;
        case DATA_TYPE:
            if (wire_expect(wire, &f, WIRE_VARINT)) found->type = (int64_t)f.value;
            break;
        case SEGMENT: found->segment = true; break;
        case STRING_DATA: found->strings = true; break;
        case NAME: TRY(onnx_text(model, wire, &f, &tensor->name)); break;
        case RAW_DATA:
            if (wire_expect(wire, &f, WIRE_BYTES)) {
                found->raw = f;
                found->has_raw = true;
            }
            break;
        case EXTERNAL_DATA: TRY(parse_external(model, wire, &f, found)); break;
        case DATA_LOCATION:
            if (wire_expect(wire, &f, WIRE_VARINT)) found->external |= f.value == 1;
            break;
        default: break;
        }
    }
    return status_ok();
}

/* Counts the elements of the list field that goes with the type. One packed block of float32 or float64 is
 * the same as raw data, and *block is where it lies. */
static uint64_t count_list(Wire body, uint32_t number, WireType element, WireField *block,
                           int *blocks, WireError *error)
{
    uint64_t count = 0, bits;
    WireField f;
    while (wire_next(&body, &f)) {
        if (f.number != number) continue;
        Wire list = wire_list(&body, &f, element);
        if (element == WIRE_VARINT) {
            while (wire_item(&list, element, &bits)) count++;
            if (list.error) body.error = list.error;
        } else {
            size_t size = element == WIRE_FIXED32 ? 4 : 8;
            if (f.length % size != 0) body.error = WIRE_TRUNCATED;
            count += f.length / size;
        }
        *block = f;
        (*blocks)++;
    }
    *error = body.error;
    return count;
}

static Status wrong_size(const OnnxTensor *tensor, uint64_t has, uint64_t needs, const char *unit)
{
    return status_error(STATUS_BAD_MODEL,
                        "weight '%s' holds %llu %s where its shape needs %llu: the file is damaged",
                        tensor->name, (unsigned long long)has, unit, (unsigned long long)needs);
}

static Status check_size(OnnxTensor *tensor, const Found *found)
{
    const size_t size = onnx_type_size(tensor->type);
    WireType element;
    WireField block = {0};
    WireError error;
    int blocks = 0;
    tensor->list = onnx_list_field(tensor->type, &element);
    uint64_t listed = count_list(tensor->body, tensor->list, element, &block, &blocks, &error);
    if (error) {
        return status_error(STATUS_BAD_MODEL, "weight '%s' is damaged: %s", tensor->name,
                            wire_error_text(error));
    }
    if (found->has_raw && (found->raw.length || !listed)) {
        uint64_t bytes = tensor->count * size; /* at most 2^30 x 8 */
        if (found->raw.length != bytes)
            return wrong_size(tensor, found->raw.length, bytes, "bytes");
        if (listed) return wrong_size(tensor, tensor->count + listed, tensor->count, "numbers");
        tensor->is_raw = true;
        tensor->raw = found->raw.offset;
        tensor->raw_start = found->raw.start;
        return status_ok();
    }
    if (listed != tensor->count) return wrong_size(tensor, listed, tensor->count, "numbers");
    if (blocks == 1 && element != WIRE_VARINT && block.type == WIRE_BYTES) {
        tensor->is_raw = true;
        tensor->raw = block.offset;
        tensor->raw_start = block.start;
    }
    return status_ok();
}

static Status check_kind(const OnnxTensor *tensor, const Found *found)
{
    bool readable = found->type > 0 && found->type <= ONNX_BFLOAT16 &&
                    onnx_type_size((OnnxType)found->type) > 0;
    if (!readable || found->segment || found->strings) {
        const char *type = found->segment                         ? "segmented"
                           : found->type >= 0 && found->type < 64 ? onnx_type_name((int)found->type)
                                                                  : "unknown";
        return status_error(STATUS_UNSUPPORTED,
                            "tensor '%s' is of the type %s, which is not supported: export with "
                            "float32 weights",
                            tensor->name, type);
    }
    return status_ok();
}

/* A decimal number of bytes, and nothing else. */
static bool read_bytes(const char *text, uint64_t *number)
{
    *number = 0;
    if (*text == '\0') return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || !checked_mul(*number, 10, number) ||
            !checked_add(*number, (uint64_t)(*text - '0'), number))
            return false;
    }
    return true;
}

/* Offset and length of the values in another file. */
static Status find_external(OnnxModel *model, OnnxTensor *tensor, const Found *found)
{
    uint64_t offset = 0, length;
    if (found->has_raw && found->raw.length) {
        return status_error(
            STATUS_BAD_MODEL,
            "weight '%s' lies both in this file and in another: the file is damaged", tensor->name);
    }
    if (!found->location) {
        return status_error(STATUS_BAD_MODEL,
                            "weight '%s' lies in another file, which is not named: the file is "
                            "damaged",
                            tensor->name);
    }
    const bool offset_read = !found->offset || read_bytes(found->offset, &offset);
    if (!offset_read || (found->length && !read_bytes(found->length, &length))) {
        return status_error(STATUS_BAD_MODEL,
                            "weight '%s' has an impossible offset or length in '%.80s': the file "
                            "is damaged",
                            tensor->name, found->location);
    }
    return onnx_external(model, tensor, found->location, offset, found->length ? &length : NULL);
}

Status onnx_parse_tensor(OnnxModel *model, Wire *wire, OnnxTensor *tensor)
{
    Found found = {0};
    tensor->name = "";
    tensor->body = *wire;
    Status status = first_walk(model, wire, tensor, &found);
    if (status.code != STATUS_OK) return status;
    if (wire->error) return onnx_named_wire_error(wire, "weight", tensor->name);
    TRY(check_kind(tensor, &found));
    tensor->type = (OnnxType)found.type;
    tensor->count = 1;
    for (int i = 0; i < tensor->rank; i++) {
        if (tensor->dim[i] == 0) tensor->count = 0;
    }
    for (int i = 0; i < tensor->rank && tensor->count; i++) {
        if (!checked_mul(tensor->count, (uint64_t)tensor->dim[i], &tensor->count) ||
            tensor->count > TENSOR_MAX_ELEMENTS) {
            return status_error(STATUS_BAD_MODEL,
                                "weight '%s' claims more than %llu values: the file is damaged",
                                tensor->name, (unsigned long long)TENSOR_MAX_ELEMENTS);
        }
    }
    return found.external ? find_external(model, tensor, &found) : check_size(tensor, &found);
}
