/*
 * Protobuf's wire format, read where it lies: fields are handed out as numbers or as ranges of the file.
 * Nothing is copied or allocated, and nothing outside the given bytes can be read.
 *
 *     Wire wire = wire_open(bytes, size);
 *     WireField field;
 *     while (wire_next(&wire, &field)) {
 *         if (field.number == 7) { Wire graph = wire_enter(&wire, &field); ... }
 *     }
 *     if (wire.error) ...;               // wire_error_text(wire.error), at wire.at
 *
 * An error is sticky: the reader it happened in stops. Source: protobuf.dev, "Encoding".
 */
#ifndef CONVOSCOPE_ONNX_WIRE_H
#define CONVOSCOPE_ONNX_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_MAX_DEPTH = 64 };

typedef enum WireType {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
} WireType;

typedef enum WireError {
    WIRE_OK = 0,
    WIRE_TRUNCATED, /* a field is longer than what holds it */
    WIRE_OVERLONG,  /* a varint of more than 64 bits */
    WIRE_BAD_FIELD, /* field number 0, or above 2^29 - 1 */
    WIRE_BAD_TYPE,  /* a group, an unknown wire type, or not the type that the field has */
    WIRE_TOO_DEEP,
} WireError;

typedef struct Wire {
    const uint8_t *bytes; /* of the whole file */
    size_t at, end;
    int depth;
    WireError error;
} Wire;

typedef struct WireField {
    uint32_t number;
    WireType type;
    uint64_t value;        /* of a varint or a fixed number */
    size_t start;          /* where its tag begins */
    size_t offset, length; /* of its value, for bytes after their length prefix */
} WireField;

Wire wire_open(const uint8_t *bytes, size_t size);

/* The next field; false at the end and on an error. */
bool wire_next(Wire *wire, WireField *field);

/* A reader for the message in a field; when the field holds no bytes or lies too deep, both readers have an
 * error. */
Wire wire_enter(Wire *wire, const WireField *field);

/* True when the field is of that type; else the reader has an error. */
bool wire_expect(Wire *wire, const WireField *field, WireType type);

/* A reader for the elements of a repeated number, packed or not; to be read with wire_item. */
Wire wire_list(Wire *wire, const WireField *field, WireType element);

/* The next element of such a list; false at the end and on an error. */
bool wire_item(Wire *list, WireType element, uint64_t *value);

/* "a field runs over the end of its message" */
const char *wire_error_text(WireError error);

#endif
