#include "onnx/wire.h"

#include "base/checked.h"

enum { VARINT_MAX_BYTES = 10, FIELD_NUMBER_MAX = (1 << 29) - 1 };

static bool fail(Wire *wire, WireError error)
{
    if (!wire->error) wire->error = error;
    return false;
}

static bool read_varint(Wire *wire, uint64_t *value)
{
    uint64_t result = 0;
    for (int i = 0; i < VARINT_MAX_BYTES; i++) {
        if (wire->at >= wire->end) return fail(wire, WIRE_TRUNCATED);
        uint64_t byte = wire->bytes[wire->at++];
        /* The tenth byte holds the 64th bit and nothing else. */
        if (i == VARINT_MAX_BYTES - 1 && byte > 1) return fail(wire, WIRE_OVERLONG);
        result |= (byte & 0x7F) << (7 * i);
        if (!(byte & 0x80)) {
            *value = result;
            return true;
        }
    }
    return fail(wire, WIRE_OVERLONG);
}

static bool read_fixed(Wire *wire, size_t length, uint64_t *value)
{
    if (!range_within(wire->at, length, wire->end)) return fail(wire, WIRE_TRUNCATED);
    uint64_t result = 0;
    for (size_t i = 0; i < length; i++) result |= (uint64_t)wire->bytes[wire->at + i] << (8 * i);
    wire->at += length;
    *value = result;
    return true;
}

static bool read_number(Wire *wire, WireType type, uint64_t *value)
{
    switch (type) {
    case WIRE_VARINT: return read_varint(wire, value);
    case WIRE_FIXED64: return read_fixed(wire, 8, value);
    case WIRE_FIXED32: return read_fixed(wire, 4, value);
    case WIRE_BYTES: break;
    }
    return fail(wire, WIRE_BAD_TYPE);
}

Wire wire_open(const uint8_t *bytes, size_t size)
{
    return (Wire){.bytes = bytes, .end = size};
}

bool wire_next(Wire *wire, WireField *field)
{
    if (wire->error || wire->at >= wire->end) return false;
    *field = (WireField){.start = wire->at};
    uint64_t tag;
    if (!read_varint(wire, &tag)) return false;
    uint64_t number = tag >> 3;
    if (number == 0 || number > FIELD_NUMBER_MAX) return fail(wire, WIRE_BAD_FIELD);
    field->number = (uint32_t)number;
    field->type = (WireType)(tag & 7);
    if (field->type != WIRE_BYTES) {
        field->offset = wire->at;
        if (!read_number(wire, field->type, &field->value)) return false;
        field->length = wire->at - field->offset;
        return true;
    }
    uint64_t length;
    if (!read_varint(wire, &length)) return false;
    field->offset = wire->at;
    /* Kept for a sentence about how much is missing. */
    field->value = length;
    if (!range_within(wire->at, length, wire->end)) return fail(wire, WIRE_TRUNCATED);
    field->length = (size_t)length;
    wire->at += field->length;
    return true;
}

bool wire_expect(Wire *wire, const WireField *field, WireType type)
{
    return field->type == type ? true : fail(wire, WIRE_BAD_TYPE);
}

static Wire wire_within(Wire *wire, const WireField *field)
{
    return (Wire){.bytes = wire->bytes,
                  .at = field->offset,
                  .end = field->offset + field->length,
                  .depth = wire->depth + 1};
}

Wire wire_enter(Wire *wire, const WireField *field)
{
    Wire inner = wire_within(wire, field);
    if (field->type != WIRE_BYTES) fail(wire, WIRE_BAD_TYPE);
    if (inner.depth > WIRE_MAX_DEPTH) fail(wire, WIRE_TOO_DEEP);
    inner.error = wire->error;
    return inner;
}

Wire wire_list(Wire *wire, const WireField *field, WireType element)
{
    if (field->type != WIRE_BYTES && field->type != element) fail(wire, WIRE_BAD_TYPE);
    Wire list = wire_within(wire, field);
    list.error = wire->error;
    return list;
}

bool wire_item(Wire *list, WireType element, uint64_t *value)
{
    if (list->error || list->at >= list->end) return false;
    return read_number(list, element, value);
}

const char *wire_error_text(WireError error)
{
    switch (error) {
    case WIRE_OK: return "no error";
    case WIRE_TRUNCATED: return "a field runs over the end of what holds it";
    case WIRE_OVERLONG: return "a number has more than 64 bits";
    case WIRE_BAD_FIELD: return "a field has an impossible number";
    case WIRE_BAD_TYPE: return "a field is not of the type that it should have";
    case WIRE_TOO_DEEP: return "messages are nested too deeply";
    }
    return "unknown error";
}
