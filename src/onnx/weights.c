#include "onnx/weights.h"

#include <string.h>

#include "base/checked.h"

/* All the constant fills of one model together: 2^28 floats, 1 GiB. */
#define FILL_MAX_ELEMENTS ((uint64_t)1 << 28)

size_t onnx_type_size(OnnxType type)
{
    switch (type) {
    case ONNX_UINT8:
    case ONNX_INT8:
    case ONNX_BOOL: return 1;
    case ONNX_UINT16:
    case ONNX_INT16:
    case ONNX_FLOAT16:
    case ONNX_BFLOAT16: return 2;
    case ONNX_FLOAT:
    case ONNX_INT32:
    case ONNX_UINT32: return 4;
    case ONNX_INT64:
    case ONNX_UINT64:
    case ONNX_DOUBLE: return 8;
    case ONNX_STRING: break;
    }
    return 0;
}

bool onnx_type_is_float(OnnxType type)
{
    return type == ONNX_FLOAT || type == ONNX_FLOAT16 || type == ONNX_DOUBLE ||
           type == ONNX_BFLOAT16;
}

const char *onnx_type_name(int type)
{
    static const char *const names[] = {
        "undefined", "float32",    "uint8",      "int8",       "uint16",   "int16",
        "int32",     "int64",      "string",     "bool",       "float16",  "float64",
        "uint32",    "uint64",     "complex64",  "complex128", "bfloat16", "float8e4m3fn",
        "float8",    "float8e5m2", "float8e5m2", "uint4",      "int4",     "float4",
    };
    bool known = type >= 0 && type < (int)(sizeof names / sizeof *names);
    return known ? names[type] : "unknown";
}

uint32_t onnx_list_field(OnnxType type, WireType *element)
{
    *element = WIRE_VARINT;
    switch (type) {
    case ONNX_FLOAT: *element = WIRE_FIXED32; return 4;
    case ONNX_DOUBLE: *element = WIRE_FIXED64; return 10;
    case ONNX_INT64: return 7;
    case ONNX_UINT32:
    case ONNX_UINT64: return 11;
    default: return 5;
    }
}

float float_from_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half >> 15) << 31, exponent = (half >> 10) & 31,
             mantissa = half & 0x3FF;
    float value;
    if (exponent == 0) {
        /* Subnormal: mantissa x 2^-24, exact in float32. */
        value = (float)mantissa * 0x1p-24F;
        return sign ? -value : value;
    }
    uint32_t bits = exponent == 31 ? 0xFFU << 23 : (exponent + 112) << 23;
    bits |= sign | mantissa << 13;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The little-endian bits of an element, sign-extended where the type has a sign. */
static int64_t bits_to_integer(uint64_t bits, OnnxType type)
{
    switch (type) {
    case ONNX_INT8: return (int8_t)bits;
    case ONNX_INT16: return (int16_t)bits;
    case ONNX_INT32: return (int32_t)bits;
    case ONNX_UINT8: return (uint8_t)bits;
    case ONNX_UINT16: return (uint16_t)bits;
    case ONNX_UINT32: return (uint32_t)bits;
    case ONNX_BOOL: return bits != 0;
    default: return (int64_t)bits;
    }
}

static float bits_to_float(uint64_t bits, OnnxType type)
{
    float f;
    uint32_t word = (uint32_t)bits;
    switch (type) {
    case ONNX_FLOAT: break;
    case ONNX_BFLOAT16: word = (uint32_t)(bits & 0xFFFF) << 16; break;
    case ONNX_FLOAT16: return float_from_half((uint16_t)bits);
    case ONNX_DOUBLE: {
        double d;
        memcpy(&d, &bits, sizeof d);
        return (float)d;
    }
    case ONNX_UINT64: return (float)bits;
    default: return (float)bits_to_integer(bits, type);
    }
    memcpy(&f, &word, sizeof f);
    return f;
}

/* Walks the elements of a tensor, whichever of the three ways of storing them the file chose. */
typedef struct Elements {
    const OnnxTensor *tensor;
    const uint8_t *raw;
    size_t size;
    Wire body, list;
    WireType element;
} Elements;

/* Where the values of a raw tensor lie. */
static uint8_t *raw_of(const OnnxModel *model, const OnnxTensor *tensor)
{
    return tensor->outside ? tensor->outside : model->bytes + tensor->raw;
}

static Elements elements_begin(const OnnxModel *model, const OnnxTensor *tensor)
{
    Elements e = {.tensor = tensor, .size = onnx_type_size(tensor->type), .body = tensor->body};
    if (tensor->is_raw) e.raw = raw_of(model, tensor);
    onnx_list_field(tensor->type, &e.element);
    return e;
}

/* The tensor was parsed before: the walk meets no error, and count elements. */
static uint64_t elements_next(Elements *e)
{
    uint64_t bits = 0;
    if (e->raw) {
        for (size_t i = 0; i < e->size; i++) bits |= (uint64_t)e->raw[i] << (8 * i);
        e->raw += e->size;
        return bits;
    }
    while (!wire_item(&e->list, e->element, &bits)) {
        WireField field;
        if (!wire_next(&e->body, &field)) return 0;
        if (field.number == e->tensor->list) e->list = wire_list(&e->body, &field, e->element);
    }
    return bits;
}

void onnx_align(OnnxModel *model, OnnxTensor *tensor)
{
    if (!tensor->is_raw || tensor->type != ONNX_FLOAT || tensor->location) return;
    size_t shift = (uintptr_t)(model->bytes + tensor->raw) & 3;
    /* The bytes from raw_start to raw are this field's own tag and length, which nobody reads again. A tag
     * of one byte and a length of one byte are fewer than 3: such a small weight is copied on use. */
    if (shift == 0 || shift > tensor->raw - tensor->raw_start) return;
    uint8_t *from = model->bytes + tensor->raw;
    memmove(from - shift, from, (size_t)tensor->count * sizeof(float));
    tensor->raw -= shift;
    tensor->raw_start = tensor->raw;
}

Status onnx_floats(OnnxModel *model, OnnxTensor *tensor, const float **data)
{
    *data = tensor->floats;
    if (tensor->floats || tensor->count == 0) return status_ok();
    if (tensor->location && !tensor->outside) return onnx_missing_error(tensor->location);
    if (tensor->is_raw && tensor->type == ONNX_FLOAT) {
        const uint8_t *raw = raw_of(model, tensor);
        if (((uintptr_t)raw & 3) == 0) {
            *data = tensor->floats = (float *)(uintptr_t)raw;
            return status_ok();
        }
    }
    uint64_t bytes = tensor->count * sizeof(float);
    float *floats = bytes <= SIZE_MAX ? arena_alloc(model->arena, (size_t)bytes) : NULL;
    if (!floats) return status_no_memory(tensor->name, bytes);
    Elements e = elements_begin(model, tensor);
    for (uint64_t i = 0; i < tensor->count; i++)
        floats[i] = bits_to_float(elements_next(&e), tensor->type);
    *data = tensor->floats = floats;
    return status_ok();
}

Status onnx_ints(OnnxModel *model, OnnxTensor *tensor, uint64_t most, const int64_t **data)
{
    *data = tensor->ints;
    if (tensor->ints || tensor->count == 0) return status_ok();
    if (tensor->location && !tensor->outside) return onnx_missing_error(tensor->location);
    if (onnx_type_is_float(tensor->type)) {
        return status_error(STATUS_BAD_MODEL, "'%s' holds %s numbers where integers are needed",
                            tensor->name, onnx_type_name(tensor->type));
    }
    if (tensor->count > most) {
        return status_error(
            STATUS_UNSUPPORTED, "'%s' has %llu integers: at most %llu can be calculated with",
            tensor->name, (unsigned long long)tensor->count, (unsigned long long)most);
    }
    int64_t *ints = arena_alloc(model->arena, (size_t)tensor->count * sizeof *ints);
    if (!ints) return status_no_memory(tensor->name, tensor->count * sizeof *ints);
    Elements e = elements_begin(model, tensor);
    for (uint64_t i = 0; i < tensor->count; i++)
        ints[i] = bits_to_integer(elements_next(&e), tensor->type);
    *data = tensor->ints = ints;
    return status_ok();
}

Status onnx_fill(OnnxModel *model, float value, size_t count, const float **data)
{
    uint64_t total = count;
    for (const OnnxFill *fill = model->fills; fill; fill = fill->next) {
        if (memcmp(&fill->value, &value, sizeof value) == 0 && fill->count >= count) {
            *data = fill->data;
            return status_ok();
        }
        total += fill->count;
    }
    if (total > FILL_MAX_ELEMENTS)
        return status_no_memory("constants that the network makes", total * sizeof(float));
    OnnxFill *fill = arena_alloc(model->arena, sizeof *fill);
    if (fill) fill->data = arena_alloc(model->arena, count * sizeof(float));
    if (!fill || !fill->data)
        return status_no_memory("constants that the network makes", count * sizeof(float));
    for (size_t i = 0; i < count; i++) fill->data[i] = value;
    fill->value = value;
    fill->count = count;
    fill->next = model->fills;
    model->fills = fill;
    *data = fill->data;
    return status_ok();
}
