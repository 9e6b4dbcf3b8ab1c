#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/apart.h"
#include "base/number.h"

static bool text_reserve(Text *text, size_t more)
{
    if (text->failed) return false;
    if (text->capacity - text->length > more) return true;
    size_t capacity = text->capacity ? text->capacity : 256;
    while (capacity - text->length <= more) {
        if (capacity > (size_t)1 << 30) {
            text->failed = true;
            return false;
        }
        capacity *= 2;
    }
    char *bytes = realloc(text->bytes, capacity);
    if (!bytes) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void text_append(Text *text, const char *bytes, size_t length)
{
    if (!text_reserve(text, length)) return;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_format(Text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        text->failed = true;
    } else if (text_reserve(text, (size_t)length)) {
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

void text_release(Text *text)
{
    free(text->bytes);
    *text = (Text){0};
}

static void json_separate(Text *text)
{
    if (text->length == 0) return;
    char last = text->bytes[text->length - 1];
    if (last != '{' && last != '[' && last != ':') text_append(text, ",", 1);
}

void json_object_begin(Text *text)
{
    json_separate(text);
    text_append(text, "{", 1);
}

void json_object_end(Text *text)
{
    text_append(text, "}", 1);
}

void json_array_begin(Text *text)
{
    json_separate(text);
    text_append(text, "[", 1);
}

void json_array_end(Text *text)
{
    text_append(text, "]", 1);
}

/* Length of the valid UTF-8 sequence at s, or 0. RFC 3629, section 4. */
static size_t utf8_sequence(const unsigned char *s)
{
    if (s[0] < 0x80) return 1;
    size_t length = s[0] >= 0xC2 && s[0] <= 0xDF   ? 2
                    : s[0] >= 0xE0 && s[0] <= 0xEF ? 3
                    : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                                   : 0;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) return 0;
    }
    if (s[0] == 0xE0 && s[1] < 0xA0) return 0;
    if (s[0] == 0xED && s[1] > 0x9F) return 0;
    if (s[0] == 0xF0 && s[1] < 0x90) return 0;
    if (s[0] == 0xF4 && s[1] > 0x8F) return 0;
    return length;
}

/* Whether a character stands in a string as it is. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* A byte of all eight. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Whether one of eight bytes, none above 0x7F, is zero. */
static uint64_t any_zero(uint64_t bytes)
{
    return (bytes - EACH(1)) & EACH(0x80);
}

/* How many of `most` characters stand as they are, one after another. Texts are thousands of characters: eight at a time. */
static size_t plain_run(const unsigned char *s, size_t most)
{
    size_t length = 0;
    for (; length + 8 <= most; length += 8) {
        uint64_t eight;
        memcpy(&eight, s + length, 8);
        if (eight & EACH(0x80)) break;
        const uint64_t control = (eight - EACH(0x20)) & EACH(0x80);
        if (control | any_zero(eight ^ EACH('"')) | any_zero(eight ^ EACH('\\')) |
            any_zero(eight ^ EACH(0x7F)))
            break;
    }
    while (length < most && is_plain(s[length])) length++;
    return length;
}

/* What stands between quotes from its first character on that cannot stand as it is. */
static APART void json_escape(Text *text, const unsigned char *s, const unsigned char *end)
{
    while (s < end) {
        size_t length = plain_run(s, (size_t)(end - s));
        if (length == 0) length = *s < 0x80 ? 0 : utf8_sequence(s);
        if (length > 0) {
            text_append(text, (const char *)s, length);
            s += length;
        } else if (*s >= 0x80) {
            text_append(text, "\xEF\xBF\xBD", 3);
            s++;
        } else if (*s == '"' || *s == '\\') {
            text_format(text, "\\%c", *s++);
        } else {
            text_format(text, "\\u%04x", *s++);
        }
    }
}

static void json_quote(Text *text, const char *value)
{
    const unsigned char *s = (const unsigned char *)value;
    const size_t length = strlen(value), plain = plain_run(s, length);
    text_append(text, "\"", 1);
    text_append(text, value, plain);
    if (plain < length) json_escape(text, s + plain, s + length);
    text_append(text, "\"", 1);
}

void json_key(Text *text, const char *key)
{
    json_separate(text);
    json_quote(text, key);
    text_append(text, ":", 1);
}

void json_string(Text *text, const char *value)
{
    json_separate(text);
    if (value) {
        json_quote(text, value);
    } else {
        text_append(text, "null", 4);
    }
}

void json_number(Text *text, double value)
{
    char digits[NUMBER_TEXT_BYTES];
    json_separate(text);
    if (isfinite(value)) {
        text_append(text, digits, number_text(value, digits));
    } else {
        text_append(text, "null", 4);
    }
}

void json_integer(Text *text, long long value)
{
    char digits[NUMBER_TEXT_BYTES];
    json_separate(text);
    text_append(text, digits, integer_text(value, digits));
}

void json_bool(Text *text, bool value)
{
    json_separate(text);
    text_append(text, value ? "true" : "false", value ? 4 : 5);
}
