#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void json_quote(Text *text, const char *value)
{
    text_append(text, "\"", 1);
    for (const unsigned char *s = (const unsigned char *)value; *s;) {
        size_t length = utf8_sequence(s);
        if (length == 0) {
            text_append(text, "\xEF\xBF\xBD", 3);
            s++;
        } else if (*s == '"' || *s == '\\') {
            text_format(text, "\\%c", *s++);
        } else if (*s < 0x20 || *s == 0x7F) {
            text_format(text, "\\u%04x", *s++);
        } else {
            text_append(text, (const char *)s, length);
            s += length;
        }
    }
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
    json_separate(text);
    if (!isfinite(value)) {
        text_append(text, "null", 4);
        return;
    }
    char digits[40];
    for (int precision = 6; precision <= 9; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if ((float)strtod(digits, NULL) == (float)value) break;
    }
    text_append(text, digits, strlen(digits));
}

void json_integer(Text *text, long long value)
{
    json_separate(text);
    text_format(text, "%lld", value);
}

void json_bool(Text *text, bool value)
{
    json_separate(text);
    text_format(text, value ? "true" : "false");
}
