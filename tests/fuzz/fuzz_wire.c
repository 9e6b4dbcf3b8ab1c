/* The wire reader on any bytes: every way of reading every field, to any depth. */
#include <stdlib.h>
#include <string.h>

#include "onnx/recognise.h"
#include "onnx/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A range that was handed out has to lie within what was given. */
static void check_range(const WireField *f, size_t size)
{
    if (f->offset > size || f->length > size - f->offset || f->start > f->offset) abort();
}

static void read_list(Wire *wire, const WireField *field, WireType element)
{
    Wire list = wire_list(wire, field, element);
    uint64_t value, most = 10 * field->length + 10;
    while (wire_item(&list, element, &value)) {
        if (most-- == 0) abort(); /* an item takes at least a byte */
    }
}

/* Messages in messages, with a stack of its own: wire_enter has to end it at its own depth. */
static void read_all(Wire wire, size_t size)
{
    Wire stack[WIRE_MAX_DEPTH + 2];
    int depth = 0;
    stack[depth] = wire;
    while (depth >= 0) {
        WireField f;
        if (!wire_next(&stack[depth], &f)) {
            if (!wire_error_text(stack[depth--].error)) abort();
            continue;
        }
        if (f.type != WIRE_BYTES) continue;
        check_range(&f, size);
        Wire lists = stack[depth];
        read_list(&lists, &f, WIRE_VARINT);
        read_list(&lists, &f, WIRE_FIXED32);
        read_list(&lists, &f, WIRE_FIXED64);
        Wire around = stack[depth], inner = wire_enter(&around, &f);
        if (around.error) continue;
        if (depth == WIRE_MAX_DEPTH + 1) abort();
        /* Every field is tried as a message: going into all of them again and again would take long. */
        if (f.length > 1 && f.length < stack[depth].end) stack[++depth] = inner;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    read_all(wire_open(bytes, size), size);
    if (onnx_recognise(bytes, size).code > STATUS_CANCELLED) abort();
    return 0;
}
