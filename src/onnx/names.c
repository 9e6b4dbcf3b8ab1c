#include "onnx/names.h"

#include <assert.h>
#include <string.h>

/* FNV-1a (Fowler, Noll, Vo). */
static uint32_t hash(const char *name)
{
    uint32_t h = 2166136261U;
    for (const unsigned char *s = (const unsigned char *)name; *s; s++) h = (h ^ *s) * 16777619U;
    return h ^ (h >> 15);
}

Status names_create(Names *names, Arena *arena, int most)
{
    uint32_t slots = 16;
    while (slots < 2 * (uint32_t)most) slots *= 2;
    names->keys = arena_alloc(arena, slots * sizeof *names->keys);
    names->values = arena_alloc(arena, slots * sizeof *names->values);
    names->mask = slots - 1;
    names->count = 0;
    names->most = most;
    if (names->keys && names->values) return status_ok();
    return status_no_memory("the names of the network", slots * sizeof *names->keys);
}

static uint32_t slot_of(const Names *names, const char *name)
{
    uint32_t slot = hash(name) & names->mask;
    while (names->keys[slot] && strcmp(names->keys[slot], name) != 0)
        slot = (slot + 1) & names->mask;
    return slot;
}

int names_find(const Names *names, const char *name)
{
    uint32_t slot = slot_of(names, name);
    return names->keys[slot] ? names->values[slot] : -1;
}

bool names_add(Names *names, const char *name, int value)
{
    assert(names->count < names->most);
    uint32_t slot = slot_of(names, name);
    if (names->keys[slot]) return false;
    names->keys[slot] = name;
    names->values[slot] = value;
    names->count++;
    return true;
}
