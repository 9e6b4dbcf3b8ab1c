/*
 * Places in one piece of memory, taken and given back.
 *
 *     Share share = {0};
 *     uint64_t at = share_take(&share, bytes);   // the smallest hole that is large enough, else behind the end
 *     share_give(&share, at, bytes);
 *     allocate(share.end);
 */
#ifndef CONVOSCOPE_BASE_SHARE_H
#define CONVOSCOPE_BASE_SHARE_H

#include <stdint.h>

enum { SHARE_MOST_HOLES = 64 };

typedef struct Hole {
    uint64_t begin, end;
} Hole;

typedef struct Share {
    uint64_t end; /* of what was ever taken */
    int count;
    Hole hole[SHARE_MOST_HOLES]; /* apart from each other, in no order */
} Share;

uint64_t share_take(Share *share, uint64_t bytes);

/* What finds no room among the holes is not taken again. */
void share_give(Share *share, uint64_t begin, uint64_t bytes);

#endif
