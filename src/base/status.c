#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

Status status_ok(void)
{
    Status status;
    status.code = STATUS_OK;
    status.message[0] = '\0';
    return status;
}

void text_disarm(char *text)
{
    for (unsigned char *s = (unsigned char *)text; *s; s++) {
        if (*s < 0x20 || *s == 0x7F) *s = '?';
        /* U+0080 to U+009F: two bytes. */
        if (s[0] == 0xC2 && s[1] >= 0x80 && s[1] <= 0x9F) s[0] = s[1] = '?';
    }
}

Status status_error(StatusCode code, const char *format, ...)
{
    Status status;
    status.code = code;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(status.message, sizeof status.message, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof status.message) {
        /* Cut before a UTF-8 continuation byte, so that the sentence stays valid text. */
        size_t end = sizeof status.message - 4;
        while (end > 0 && ((unsigned char)status.message[end] & 0xC0) == 0x80) end--;
        memcpy(status.message + end, "\xE2\x80\xA6", 4);
    }
    text_disarm(status.message);
    return status;
}

Status status_no_memory(const char *what, unsigned long long bytes)
{
    return status_error(STATUS_NO_MEMORY,
                        "not enough memory for %s (%llu bytes): use a smaller picture or model",
                        what, bytes);
}

const char *status_code_name(StatusCode code)
{
    switch (code) {
    case STATUS_OK: return "ok";
    case STATUS_BAD_MODEL: return "bad-model";
    case STATUS_UNSUPPORTED: return "unsupported";
    case STATUS_BAD_INPUT: return "bad-input";
    case STATUS_NO_MEMORY: return "no-memory";
    case STATUS_IO: return "io";
    case STATUS_CANCELLED: return "cancelled";
    }
    return "unknown";
}
