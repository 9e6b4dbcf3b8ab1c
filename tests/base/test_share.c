#include "base/share.h"

#include "base/random.h"
#include "support/test.h"

enum { UNITS = 4096, MOST = 200, UNIT = 64 };

typedef struct Piece {
    uint64_t begin, bytes;
} Piece;

/* Marks the units of a piece; one that is given twice fails. */
static void own(char *owned, const Piece *piece, char before, char after)
{
    for (uint64_t at = piece->begin / UNIT; at < (piece->begin + piece->bytes) / UNIT; at++) {
        CHECK(at < UNITS && owned[at] == before);
        if (at < UNITS) owned[at] = after;
    }
}

static void pieces_never_overlap(void)
{
    static char owned[UNITS];
    Share share = {0};
    Piece piece[MOST];
    int count = 0;
    Random random = random_seeded(3);
    for (int i = 0; i < 4000; i++) {
        if (count < MOST && random_uniform(&random) < 0.5F) {
            Piece *p = &piece[count++];
            p->bytes = UNIT * (1 + (uint64_t)(random_uniform(&random) * 9));
            p->begin = share_take(&share, p->bytes);
            CHECK(p->begin + p->bytes <= share.end && p->begin % UNIT == 0);
            own(owned, p, 0, 1);
        } else if (count) {
            const int which = (int)(random_uniform(&random) * (float)count) % count;
            own(owned, &piece[which], 1, 0);
            share_give(&share, piece[which].begin, piece[which].bytes);
            piece[which] = piece[--count];
        }
    }
}

static void what_was_given_back_is_taken_again(void)
{
    Share share = {0};
    const uint64_t a = share_take(&share, 128), b = share_take(&share, 64),
                   c = share_take(&share, 256);
    CHECK(a == 0 && b == 128 && c == 192 && share.end == 448);
    share_give(&share, a, 128);
    share_give(&share, c, 256);
    CHECK(share_take(&share, 64) == 0);                        /* the smallest hole */
    CHECK(share_take(&share, 320) == 192 && share.end == 512); /* the last one grows */
    share_give(&share, b, 64);
    CHECK(share_take(&share, 128) == 64); /* neighbours are one hole */
}

static const Test tests[] = {
    TEST(pieces_never_overlap),
    TEST(what_was_given_back_is_taken_again),
};
TEST_MAIN(tests)
