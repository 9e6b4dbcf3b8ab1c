#include "techniques/feature_table.h"

#include <stdlib.h>
#include <string.h>

enum { TABLES = 4, TABLE_BYTES = 96 << 20 };

typedef struct Slot {
    uint64_t hash;
    int row; /* 1 for the first; 0: empty */
} Slot;

struct FeatureTable {
    char *name;
    int width, count, room; /* rows */
    uint32_t *records;      /* [room,FEATURE_HEAD+width] */
    Slot *slots;            /* 2 room of them: open addressing */
};

/* Newest first. */
typedef struct Tables {
    FeatureTable table[TABLES];
} Tables;

static void table_release(FeatureTable *table)
{
    free(table->name);
    free(table->records);
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

static uint32_t *record_at(const FeatureTable *table, int row)
{
    return table->records + (size_t)row * (size_t)(FEATURE_HEAD + table->width);
}

const float *feature_find(const FeatureTable *table, uint64_t hash, int *class_index)
{
    if (!table || !table->room) return NULL;
    const Slot *slot = slot_of(table, hash);
    if (!slot->row) return NULL;
    const uint32_t *record = record_at(table, slot->row - 1);
    *class_index = (int)record[2];
    return (const float *)(record + FEATURE_HEAD);
}

/* Twice the room, or, where that is too much, the same room emptied. */
static bool grow(FeatureTable *table)
{
    const size_t row = (size_t)(FEATURE_HEAD + table->width) * sizeof *table->records;
    const int room = table->room ? 2 * table->room : 256;
    if ((size_t)room * row > TABLE_BYTES) {
        table->count = 0;
        if (table->room) memset(table->slots, 0, 2 * (size_t)table->room * sizeof *table->slots);
        return table->room > 0;
    }
    uint32_t *records = realloc(table->records, (size_t)room * row);
    if (records) table->records = records;
    Slot *slots = records ? calloc(2 * (size_t)room, sizeof *slots) : NULL;
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
    int known;
    if (!table || feature_find(table, hash, &known)) return;
    if (table->count == table->room && !grow(table)) return;
    Slot *slot = slot_of(table, hash);
    *slot = (Slot){hash, ++table->count};
    uint32_t *record = record_at(table, slot->row - 1);
    record[0] = (uint32_t)hash;
    record[1] = (uint32_t)(hash >> 32);
    record[2] = (uint32_t)class_index;
    memcpy(record + FEATURE_HEAD, row, (size_t)table->width * sizeof *row);
}

/* ---- handed out, and given back ---- */

bool feature_records(const Network *network, int index, FeatureRecords *records)
{
    const Tables *tables = network_kept(network);
    const FeatureTable *table = tables && index < TABLES ? &tables->table[index] : NULL;
    if (!table || !table->name) return false;
    *records = (FeatureRecords){table->name, table->count, table->width, table->records};
    return true;
}

void feature_restore(Network *network, const FeatureRecords *records)
{
    FeatureTable *table = feature_table(network, records->name, records->width);
    const uint32_t *record = records->data;
    for (int i = 0; i < records->count; i++, record += FEATURE_HEAD + records->width) {
        feature_add(table, (uint64_t)record[1] << 32 | record[0],
                    (const float *)(record + FEATURE_HEAD), (int)record[2]);
    }
}
