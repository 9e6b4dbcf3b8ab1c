#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

enum { ALIGNMENT = 64, CHUNK_BYTES = 64 * 1024, HUGE_PAGE = 2 << 20 };

typedef struct Chunk {
    struct Chunk *next;
    size_t used, capacity; /* bytes after the header */
} Chunk;

struct Arena {
    Chunk *chunks; /* the newest first; only it has room */
    size_t bytes;
};

static size_t round_up(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

/* Kernels walk through many rows at once, each in a page of its own: of small pages there are more than the processor
 * remembers. Only advice: what happens without is slower, not wrong. */
void huge_pages(void *pointer, size_t bytes)
{
#if defined(__linux__)
    if (bytes < 2 * HUGE_PAGE) return;
    const uintptr_t mask = HUGE_PAGE - 1, begin = ((uintptr_t)pointer + mask) & ~mask,
                    end = ((uintptr_t)pointer + bytes) & ~mask;
    madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#else
    (void)pointer, (void)bytes;
#endif
}

void *aligned_alloc_uninitialized(size_t bytes)
{
    if (bytes > SIZE_MAX - ALIGNMENT) return NULL;
    void *pointer = aligned_alloc(ALIGNMENT, round_up(bytes ? bytes : 1));
    if (pointer) huge_pages(pointer, bytes);
    return pointer;
}

void *aligned_alloc_zeroed(size_t bytes)
{
    void *pointer = aligned_alloc_uninitialized(bytes);
    if (pointer) memset(pointer, 0, bytes);
    return pointer;
}

void aligned_free(void *pointer)
{
    free(pointer);
}

Arena *arena_create(void)
{
    return calloc(1, sizeof(Arena));
}

void arena_destroy(Arena *arena)
{
    if (!arena) return;
    for (Chunk *chunk = arena->chunks; chunk;) {
        Chunk *next = chunk->next;
        aligned_free(chunk);
        chunk = next;
    }
    free(arena);
}

void *arena_alloc(Arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2) return NULL;
    const size_t header = round_up(sizeof(Chunk));
    const size_t need = round_up(bytes ? bytes : 1);
    Chunk *chunk = arena->chunks;
    if (!chunk || chunk->capacity - chunk->used < need) {
        size_t capacity = need > CHUNK_BYTES ? need : CHUNK_BYTES;
        chunk = aligned_alloc_zeroed(header + capacity);
        if (!chunk) return NULL;
        chunk->capacity = capacity;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
        arena->bytes += header + capacity;
    }
    void *pointer = (char *)chunk + header + chunk->used;
    chunk->used += need;
    return pointer;
}

char *arena_text(Arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    if (copy) memcpy(copy, text, length);
    return copy;
}

size_t arena_bytes(const Arena *arena)
{
    return arena->bytes;
}
