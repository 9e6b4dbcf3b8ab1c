/*
 * Text that grows, and JSON written into it.
 *
 *     Text text = {0};
 *     json_object_begin(&text);
 *     json_key(&text, "name"), json_string(&text, name);
 *     json_object_end(&text);
 *     if (text.failed) ...;           // out of memory: checked once, at the end
 *     text_release(&text);
 */
#ifndef CONVOSCOPE_BASE_TEXT_H
#define CONVOSCOPE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Text {
    char *bytes; /* terminated with a zero; NULL while empty */
    size_t length, capacity;
    bool failed; /* an allocation failed: what was appended since is lost */
} Text;

void text_append(Text *text, const char *bytes, size_t length);
void text_format(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_release(Text *text);

/* Commas are put where they belong by looking at what was written last. */
void json_object_begin(Text *text);
void json_object_end(Text *text);
void json_array_begin(Text *text);
void json_array_end(Text *text);
void json_key(Text *text, const char *key);
/* NULL is written as null; bytes that are not UTF-8 become U+FFFD. */
void json_string(Text *text, const char *value);
/* Shortest form that reads back as the same float; not-a-number and infinity become null. */
void json_number(Text *text, double value);
void json_integer(Text *text, long long value);
void json_bool(Text *text, bool value);

#endif
