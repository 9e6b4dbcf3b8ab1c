/* A sum that tells whether bytes are the same, not who made them: FNV-1a over 64-bit words, the last one filled up
 * with zeros (Fowler, Noll & Vo 1991). Begin with CHECKSUM_START. */
#ifndef CONVOSCOPE_BASE_CHECKSUM_H
#define CONVOSCOPE_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum { CHECKSUM_START = 0x1234567 };

uint64_t checksum(uint64_t sum, const void *bytes, size_t size);

#endif
