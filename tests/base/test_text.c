#include "base/text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

static void json_is_separated_by_commas(void)
{
    Text text = {0};
    json_object_begin(&text);
    json_key(&text, "name"), json_string(&text, "conv1");
    json_key(&text, "shape"), json_array_begin(&text);
    json_integer(&text, 1), json_integer(&text, -9007199254740993LL), json_number(&text, 0.5);
    json_array_end(&text);
    json_key(&text, "folded"), json_bool(&text, false);
    json_key(&text, "empty"), json_object_begin(&text), json_object_end(&text);
    json_key(&text, "none"), json_string(&text, NULL);
    json_object_end(&text);
    CHECK(!text.failed);
    CHECK_TEXT(text.bytes,
               "{\"name\":\"conv1\",\"shape\":[1,-9007199254740993,0.5],\"folded\":false,"
               "\"empty\":{},\"none\":null}");
    CHECK(text.length == strlen(text.bytes));
    text_release(&text);
    CHECK(!text.bytes && text.length == 0);
}

static void check_string(const char *value, const char *expected)
{
    Text text = {0};
    json_string(&text, value);
    CHECK_TEXT(text.bytes, expected);
    text_release(&text);
}

static void hostile_names_stay_text(void)
{
    check_string("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    check_string("\n\x01\x7F", "\"\\u000a\\u0001\\u007f\"");
    check_string("z\xC3\xA9\xF0\x9F\x90\xB4", "\"z\xC3\xA9\xF0\x9F\x90\xB4\"");
    /* Not UTF-8: a lone continuation, an overlong slash, a surrogate, past U+10FFFF, cut off. */
    check_string("\x80", "\"\xEF\xBF\xBD\"");
    check_string("\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    check_string("\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    check_string("\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    check_string("a\xE2\x82", "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

/* Characters are looked at eight at a time: every one of ASCII at every place of a longer text. */
static void each_character_wherever_it_stands(void)
{
    for (int c = 1; c < 0x80; c++) {
        char escaped[8];
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", c);
        else
            snprintf(escaped, sizeof escaped, c < 0x20 || c == 0x7F ? "\\u%04x" : "%c", c);
        for (int at = 0; at < 20; at++) {
            char value[] = "abcdefgh ~!#[]^{}19z", expected[64];
            value[at] = (char)c;
            snprintf(expected, sizeof expected, "\"%.*s%s%s\"", at, value, escaped, value + at + 1);
            check_string(value, expected);
        }
    }
}

static void numbers_read_back(void)
{
    const float values[] = {0.1F,          1.0F / 3.0F, 16777217.0F, 1e-45F,
                            3.4028235e38F, -0.0F,       123456.789F};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        Text text = {0};
        json_number(&text, (double)values[i]);
        CHECK(strtof(text.bytes, NULL) == values[i]);
        text_release(&text);
    }
    const double none[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    for (int i = 0; i < 3; i++) {
        Text text = {0};
        json_number(&text, none[i]);
        CHECK_TEXT(text.bytes, "null");
        text_release(&text);
    }
}

/* The fewest digits, from 6 on, that read back: what json_number writes, by printf alone. */
static void shortest(double value, char *digits, size_t size)
{
    for (int precision = 6; precision <= 9; precision++) {
        snprintf(digits, size, "%.*g", precision, value);
        if ((float)strtod(digits, NULL) == (float)value) return;
    }
}

static void check_shortest(double value)
{
    char expected[40];
    shortest(value, expected, sizeof expected);
    Text text = {0};
    json_number(&text, value);
    CHECK_TEXT(text.bytes, expected);
    text_release(&text);
}

static void numbers_are_as_printf_writes_them(void)
{
    static const double scales[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e7};
    Random random = random_seeded(11);
    for (int i = 0; i < 20000; i++) {
        const double number = (double)random_below(&random, 2000000) - 1e6;
        check_shortest(number / scales[i % 7]);
        check_shortest((double)(float)(number / scales[i % 7]));
    }
    for (int i = 0; i < 200000; i++) { /* any float */
        const uint32_t bits = (uint32_t)random_below(&random, 0x10000) << 16 |
                              (uint32_t)random_below(&random, 0x10000);
        float value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) check_shortest((double)value);
    }
    const double edges[] = {0,    -0.0,    999999,  1e6, 999999.5, 99999.95, 0.0001,
                            1e-5, 0.00005, 0.00015, 0.1, -0.5,     123456.7, 0.30000001192092896};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) check_shortest(edges[i]);
}

static void whole_numbers_have_all_their_digits(void)
{
    const long long values[] = {0, 7, -7, 10, 1000000, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char expected[40];
        snprintf(expected, sizeof expected, "%lld", values[i]);
        Text text = {0};
        json_integer(&text, values[i]);
        CHECK_TEXT(text.bytes, expected);
        text_release(&text);
    }
}

static void text_grows(void)
{
    Text text = {0};
    for (int i = 0; i < 5000; i++) text_format(&text, "%d,", i % 10);
    CHECK(text.length == 10000 && strlen(text.bytes) == 10000);
    CHECK(memcmp(text.bytes + 9980, "0,1,2,3,4,5,6,7,8,9,", 20) == 0);
    text_append(&text, "", 0);
    CHECK(text.length == 10000);
    text_release(&text);
}

static const Test tests[] = {
    TEST(json_is_separated_by_commas),
    TEST(hostile_names_stay_text),
    TEST(each_character_wherever_it_stands),
    TEST(numbers_read_back),
    TEST(numbers_are_as_printf_writes_them),
    TEST(whole_numbers_have_all_their_digits),
    TEST(text_grows),
};
TEST_MAIN(tests)
