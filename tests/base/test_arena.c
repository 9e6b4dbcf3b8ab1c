#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "support/test.h"

static bool is_zero(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i]) return false;
    }
    return true;
}

static void allocations_are_zeroed_aligned_and_apart(void)
{
    Arena *arena = arena_create();
    enum { COUNT = 300 };
    unsigned char *blocks[COUNT];
    for (int i = 0; i < COUNT; i++) {
        const size_t size = (size_t)(i * 37) % 1000;
        blocks[i] = arena_alloc(arena, size);
        CHECK(blocks[i] && (uintptr_t)blocks[i] % 64 == 0 && is_zero(blocks[i], size));
        memset(blocks[i], i % 255 + 1, size);
    }
    for (int i = 0; i < COUNT; i++) {
        const size_t size = (size_t)(i * 37) % 1000;
        for (size_t k = 0; k < size; k++) {
            if (blocks[i][k] == i % 255 + 1) continue;
            CHECK(!"an allocation was overwritten by another");
            break;
        }
    }
    unsigned char *large = arena_alloc(arena, 1 << 20);
    CHECK(large && is_zero(large, 1 << 20));
    CHECK(arena_bytes(arena) >= (1 << 20) + 100000);
    arena_destroy(arena);
    arena_destroy(NULL);
}

static void impossible_sizes_are_refused(void)
{
    Arena *arena = arena_create();
    CHECK(!arena_alloc(arena, SIZE_MAX));
    CHECK(!arena_alloc(arena, SIZE_MAX - 63));
    CHECK(!arena_alloc(arena, SIZE_MAX / 2 + 1));
    CHECK(!aligned_alloc_zeroed(SIZE_MAX));
    CHECK(arena_alloc(arena, 0) != NULL);
    arena_destroy(arena);
}

static void texts_are_copied(void)
{
    Arena *arena = arena_create();
    const char *copy = arena_text(arena, "conv1/relu", 5);
    CHECK_TEXT(copy, "conv1");
    CHECK_TEXT(arena_text(arena, "", 0), "");
    arena_destroy(arena);
}

static const Test tests[] = {
    TEST(allocations_are_zeroed_aligned_and_apart),
    TEST(impossible_sizes_are_refused),
    TEST(texts_are_copied),
};
TEST_MAIN(tests)
