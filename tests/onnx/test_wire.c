/* The wire reader: what it hands out, what it refuses, and that it stays inside. */
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "onnx/wire.h"
#include "support/onnx_writer.h"
#include "support/test.h"

static void fields(void)
{
    Text text = {0}, inner = {0};
    pb_number(&text, 1, 300);
    pb_float(&text, 2, 1.5F);
    pb_text(&text, 3, "abc");
    pb_number(&inner, 9, UINT64_MAX);
    pb_message(&text, 536870911, &inner);
    Wire wire = wire_open((const uint8_t *)text.bytes, text.length);
    WireField f;
    CHECK(wire_next(&wire, &f) && f.number == 1 && f.type == WIRE_VARINT && f.value == 300);
    CHECK(wire_next(&wire, &f) && f.number == 2 && f.value == 0x3FC00000);
    CHECK(wire_next(&wire, &f) && f.number == 3 && f.length == 3);
    CHECK(memcmp(text.bytes + f.offset, "abc", 3) == 0 && f.start == f.offset - 2);
    CHECK(wire_next(&wire, &f) && f.number == 536870911);
    Wire in = wire_enter(&wire, &f);
    CHECK(wire_next(&in, &f) && f.number == 9 && f.value == UINT64_MAX);
    CHECK(!wire_next(&in, &f) && !in.error);
    CHECK(!wire_next(&wire, &f) && !wire.error);
    text_release(&text);
}

static void refuses(void)
{
    static const struct {
        const char *bytes;
        size_t size;
        WireError error;
    } cases[] = {
        {"\x08", 1, WIRE_TRUNCATED},
        {"\x08\x80", 2, WIRE_TRUNCATED},
        {"\x0A\x05"
         "abc",
         5, WIRE_TRUNCATED},
        {"\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11, WIRE_TRUNCATED},
        {"\x0D\x01\x02\x03", 4, WIRE_TRUNCATED},
        {"\x09\x01\x02\x03\x04\x05\x06\x07", 8, WIRE_TRUNCATED},
        {"\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 11, WIRE_OVERLONG},
        {"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12, WIRE_OVERLONG},
        {"\x00\x01", 2, WIRE_BAD_FIELD},
        {"\x80\x80\x80\x80\x10\x01", 6, WIRE_BAD_FIELD},
        {"\x0B\x08\x01\x0C", 4, WIRE_BAD_TYPE},
        {"\x0E", 1, WIRE_BAD_TYPE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *exact = malloc(cases[i].size);
        memcpy(exact, cases[i].bytes, cases[i].size);
        Wire wire = wire_open(exact, cases[i].size);
        WireField f;
        while (wire_next(&wire, &f)) {
        }
        if (wire.error != cases[i].error)
            test_fail(__FILE__, __LINE__, "case %zu: %s", i, wire_error_text(wire.error));
        free(exact);
    }
}

static void lists(void)
{
    /* Packed 1, 300, then unpacked 5; then the same field as fixed32, which is wrong. */
    const uint8_t bytes[] = {0x0A, 3, 1, 0xAC, 2, 0x08, 5, 0x0D, 0, 0, 0, 0};
    Wire wire = wire_open(bytes, sizeof bytes);
    WireField f;
    uint64_t value, sum = 0;
    for (int i = 0; i < 2; i++) {
        CHECK(wire_next(&wire, &f));
        Wire list = wire_list(&wire, &f, WIRE_VARINT);
        while (wire_item(&list, WIRE_VARINT, &value)) sum += value;
        CHECK(!list.error);
    }
    CHECK(sum == 306);
    CHECK(wire_next(&wire, &f));
    Wire list = wire_list(&wire, &f, WIRE_VARINT);
    CHECK(list.error == WIRE_BAD_TYPE && !wire_item(&list, WIRE_VARINT, &value));
}

static void depth(void)
{
    Text text = {0};
    for (int i = 0; i < WIRE_MAX_DEPTH + 8; i++) {
        Text outer = {0};
        pb_message(&outer, 1, &text);
        text = outer;
    }
    Wire wire = wire_open((const uint8_t *)text.bytes, text.length);
    WireField f;
    int levels = 0;
    while (wire_next(&wire, &f)) {
        wire = wire_enter(&wire, &f);
        levels++;
    }
    CHECK(wire.error == WIRE_TOO_DEEP && levels == WIRE_MAX_DEPTH + 1);
    text_release(&text);
}

static void walk(Wire wire)
{
    WireField f;
    while (wire_next(&wire, &f)) {
        CHECK(f.offset <= wire.end && f.length <= wire.end - f.offset);
        if (f.type == WIRE_BYTES && wire.depth < 8) walk(wire_enter(&wire, &f));
    }
}

/* Exact allocations, so that the address sanitizer sees a byte too far. */
static void random_bytes_stay_inside(void)
{
    Random random = random_seeded(3);
    for (int i = 0; i < 20000; i++) {
        size_t size = random_below(&random, 40);
        uint8_t *bytes = malloc(size + !size);
        for (size_t k = 0; k < size; k++) bytes[k] = (uint8_t)random_below(&random, 256);
        walk(wire_open(bytes, size));
        free(bytes);
    }
}

static const Test tests[] = {TEST(fields), TEST(refuses), TEST(lists), TEST(depth),
                             TEST(random_bytes_stay_inside)};
TEST_MAIN(tests)
