/*
 * Arena: many small allocations, one release.
 *
 *     Arena *arena = arena_create();
 *     Node *node = arena_alloc(arena, sizeof *node);
 *     arena_destroy(arena);
 */
#ifndef CONVOSCOPE_BASE_ARENA_H
#define CONVOSCOPE_BASE_ARENA_H

#include <stddef.h>

typedef struct Arena Arena;

/* Returns NULL when there is no memory. */
Arena *arena_create(void);

/* Releases everything that was allocated from it; NULL is fine. */
void arena_destroy(Arena *arena);

/* Zeroed bytes, aligned to 64; valid until arena_destroy. NULL when there is no memory. */
void *arena_alloc(Arena *arena, size_t bytes);

/* A copy of length bytes of text with a terminating zero. NULL when there is no memory. */
char *arena_text(Arena *arena, const char *text, size_t length);

/* Bytes taken from the system so far. */
size_t arena_bytes(const Arena *arena);

/* Zeroed bytes aligned to 64, apart from any arena; free with aligned_free. NULL when there is no memory. */
void *aligned_alloc_zeroed(size_t bytes);
void *aligned_alloc_uninitialized(size_t bytes); /* the same, with whatever is in them */
void aligned_free(void *pointer);

/* Advises the system to give memory that was not touched yet large pages, where it is long enough for some. */
void huge_pages(void *pointer, size_t bytes);

#endif
