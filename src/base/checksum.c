#include "base/checksum.h"

#include <string.h>

uint64_t checksum(uint64_t sum, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (; size > 0;) {
        uint64_t word = 0;
        const size_t length = size < sizeof word ? size : sizeof word;
        memcpy(&word, at, length);
        sum = (sum ^ word) * 0x100000001B3ULL;
        at += length;
        size -= length;
    }
    return sum;
}
