#include "base/share.h"

static uint64_t hole_bytes(const Hole *hole)
{
    return hole->end - hole->begin;
}

static void hole_remove(Share *share, int index)
{
    share->hole[index] = share->hole[--share->count];
}

uint64_t share_take(Share *share, uint64_t bytes)
{
    int best = -1;
    for (int i = 0; i < share->count; i++) {
        const Hole *hole = &share->hole[i];
        if (hole_bytes(hole) < bytes) continue;
        if (best < 0 || hole_bytes(hole) < hole_bytes(&share->hole[best])) best = i;
    }
    uint64_t begin = share->end;
    if (best >= 0) {
        begin = share->hole[best].begin;
        share->hole[best].begin += bytes;
        if (hole_bytes(&share->hole[best]) == 0) hole_remove(share, best);
        return begin;
    }
    /* A hole at the end grows. */
    for (int i = 0; i < share->count; i++) {
        if (share->hole[i].end != share->end) continue;
        begin = share->hole[i].begin;
        hole_remove(share, i);
        break;
    }
    share->end = begin + bytes;
    return begin;
}

void share_give(Share *share, uint64_t begin, uint64_t bytes)
{
    Hole given = {begin, begin + bytes};
    for (int i = share->count - 1; i >= 0; i--) {
        const Hole *hole = &share->hole[i];
        if (hole->end != given.begin && hole->begin != given.end) continue;
        if (hole->end == given.begin) given.begin = hole->begin;
        if (hole->begin == given.end) given.end = hole->end;
        hole_remove(share, i);
    }
    if (share->count < SHARE_MOST_HOLES) share->hole[share->count++] = given;
}
