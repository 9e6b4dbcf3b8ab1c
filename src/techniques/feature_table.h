/*
 * Rows of numbers by picture, kept with a network beyond the run that made them. What a table holds can be handed out
 * and given back on another day: its records are a picture's hash (two words), its class, and its row.
 */
#ifndef CONVOSCOPE_TECHNIQUES_FEATURE_TABLE_H
#define CONVOSCOPE_TECHNIQUES_FEATURE_TABLE_H

#include <stdint.h>

#include "image/picture.h"
#include "network.h"

typedef struct FeatureTable FeatureTable;

/* The network's table of that name (of what the rows depend on but the picture), rows of `width`; made when it is
 * not there, the oldest forgotten for it. NULL where there is no memory: then nothing is kept. Valid until the next
 * call for the same network. */
FeatureTable *feature_table(Network *network, const char *name, int width);

uint64_t picture_hash(const Picture *picture);

/* The row and class of a picture, by its hash; NULL when it is not there. Valid until the next feature_add. */
const float *feature_find(const FeatureTable *table, uint64_t hash, int *class_index);

/* Forgets everything rather than grow beyond its share of memory; without memory it does nothing. */
void feature_add(FeatureTable *table, uint64_t hash, const float *row, int class_index);

/* Words of a record before its row. */
enum { FEATURE_HEAD = 3 };

typedef struct FeatureRecords {
    const char *name;
    int count, width;     /* records, numbers of a row */
    const uint32_t *data; /* [count,FEATURE_HEAD+width]: hash (low, high), class, bits of the row */
} FeatureRecords;

/* What the network's tables hold, newest first; false past the last. Valid until the next call of the others. */
bool feature_records(const Network *network, int index, FeatureRecords *records);

/* Adds records that feature_records gave once. */
void feature_restore(Network *network, const FeatureRecords *records);

#endif
