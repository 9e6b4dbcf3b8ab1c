/* Rows of numbers by picture, kept with a network beyond the run that made them. */
#ifndef CONVOSCOPE_TECHNIQUES_FEATURE_TABLE_H
#define CONVOSCOPE_TECHNIQUES_FEATURE_TABLE_H

#include <stdint.h>

#include "image/picture.h"
#include "network.h"

typedef struct FeatureTable FeatureTable;

/* The network's table of that name (of what the rows depend on but the picture), rows of `width`; made when it is
 * not there, the oldest forgotten for it. NULL where there is no memory: then nothing is kept. */
FeatureTable *feature_table(Network *network, const char *name, int width);

uint64_t picture_hash(const Picture *picture);

/* The row and class of a picture, by its hash; NULL when it is not there. Valid until the next feature_add. */
const float *feature_find(const FeatureTable *table, uint64_t hash, int *class_index);

/* Forgets everything rather than grow beyond its share of memory; without memory it does nothing. */
void feature_add(FeatureTable *table, uint64_t hash, const float *row, int class_index);

#endif
