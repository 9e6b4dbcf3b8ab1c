#include "techniques/feature_table.h"

#include <stdlib.h>
#include <string.h>

enum { TABLES = 4, TABLE_BYTES = 96 << 20 };

typedef struct Slot {
    uint64_t hash;
    int row; /* 1 for the first; 0: empty */
    int class_index;
} Slot;

struct FeatureTable {
    char *name;
    int width, count, room; /* rows */
    float *rows;
    Slot *slots; /* 2 room of them: open addressing */
};

/* Newest first. */
typedef struct Tables {
    FeatureTable table[TABLES];
} Tables;

static void table_release(FeatureTable *table)
{
    free(table->name);
    free(table->rows);
    free(table->slots);
    *table = (FeatureTable){0};
}

static void tables_release(void *kept)
{
    Tables *tables = kept;
    for (int i = 0; i < TABLES; i++) table_release(&tables->table[i]);
    free(tables);
}

FeatureTable *feature_table(Network *network, const char *name, int width)
{
    Tables *tables = network_kept(network);
    if (!tables) {
        tables = calloc(1, sizeof *tables);
        if (!tables) return NULL;
        network_keep(network, tables, tables_release);
    }
    FeatureTable found = {0};
    int at = 0;
    for (; at < TABLES; at++) {
        const FeatureTable *table = &tables->table[at];
        if (table->name && table->width == width && strcmp(table->name, name) == 0) break;
    }
    if (at < TABLES) {
        found = tables->table[at];
    } else {
        found = (FeatureTable){.name = strdup(name), .width = width};
        if (!found.name) return NULL;
        table_release(&tables->table[--at]);
    }
    memmove(&tables->table[1], &tables->table[0], (size_t)at * sizeof found);
    tables->table[0] = found;
    return &tables->table[0];
}

uint64_t picture_hash(const Picture *picture)
{
    const size_t bytes = (size_t)picture->width * (size_t)picture->height * 4;
    uint64_t hash = (uint64_t)picture->width << 32 | (uint64_t)picture->height;
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
        uint64_t word;
        memcpy(&word, picture->rgba + i, sizeof word);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 29;
    }
    if (bytes % 8) {
        uint32_t word;
        memcpy(&word, picture->rgba + bytes - 4, sizeof word);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 29;
    }
    return hash;
}

/* The slot of the hash, or the empty one where it belongs. */
static Slot *slot_of(const FeatureTable *table, uint64_t hash)
{
    const size_t count = 2 * (size_t)table->room;
    size_t at = (size_t)(hash >> 17) % count;
    while (table->slots[at].row && table->slots[at].hash != hash) at = (at + 1) % count;
    return &table->slots[at];
}

const float *feature_find(const FeatureTable *table, uint64_t hash, int *class_index)
{
    if (!table || !table->room) return NULL;
    const Slot *slot = slot_of(table, hash);
    if (!slot->row) return NULL;
    *class_index = slot->class_index;
    return table->rows + (size_t)(slot->row - 1) * (size_t)table->width;
}

/* Twice the room, or, where that is too much, the same room emptied. */
static bool grow(FeatureTable *table)
{
    const size_t row = (size_t)table->width * sizeof(float);
    const int room = table->room ? 2 * table->room : 256;
    if ((size_t)room * row > TABLE_BYTES) {
        table->count = 0;
        if (table->room) memset(table->slots, 0, 2 * (size_t)table->room * sizeof *table->slots);
        return table->room > 0;
    }
    float *rows = realloc(table->rows, (size_t)room * row);
    if (rows) table->rows = rows;
    Slot *slots = rows ? calloc(2 * (size_t)room, sizeof *slots) : NULL;
    if (!slots) return false;
    FeatureTable larger = *table;
    larger.room = room;
    larger.slots = slots;
    for (int i = 0; i < 2 * table->room; i++) {
        if (table->slots[i].row) *slot_of(&larger, table->slots[i].hash) = table->slots[i];
    }
    free(table->slots);
    *table = larger;
    return true;
}

void feature_add(FeatureTable *table, uint64_t hash, const float *row, int class_index)
{
    if (!table || (table->count == table->room && !grow(table))) return;
    Slot *slot = slot_of(table, hash);
    if (slot->row) return;
    *slot = (Slot){hash, ++table->count, class_index};
    memcpy(table->rows + (size_t)(slot->row - 1) * (size_t)table->width, row,
           (size_t)table->width * sizeof *row);
}
