/* Arithmetic on sizes that come from files: 64 bits wide, and an overflow is reported, never wrapped. */
#ifndef CONVOSCOPE_BASE_CHECKED_H
#define CONVOSCOPE_BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

/* False, and *result untouched, when a * b does not fit. */
static inline bool checked_mul(uint64_t a, uint64_t b, uint64_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

/* False when a + b does not fit. */
static inline bool checked_add(uint64_t a, uint64_t b, uint64_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

/* True when [offset, offset + length) lies within size bytes; does not wrap. */
static inline bool range_within(uint64_t offset, uint64_t length, uint64_t size)
{
    return offset <= size && length <= size - offset;
}

#endif
