/*
 * Labelled pictures of one size, held in memory as 8-bit planes.
 *
 *     Dataset data;
 *     TRY(dataset_read(&data, "tiny-imagenet/train", &(DatasetRequest){.size = 64, .channels = 3}));
 *     dataset_pixels(&data, i)      // [channels,size,size]
 *     dataset_release(&data);
 *
 * A folder is one of
 *   class/NAME.jpg   a folder per class, JPEG or PNG; any size: the short side is scaled, the middle kept
 *   NAME.jpg         with classes.tsv beside the folder (index, id, name, pictures for training, for
 *                    validation): contact sheets, a class each, tiles of 64 x 64 in reading order
 *   NAME.jpg         without it: one picture of each class
 */
#ifndef CONVOSCOPE_TRAIN_DATASET_H
#define CONVOSCOPE_TRAIN_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

typedef struct Dataset {
    int size, channels, classes;
    size_t count;
    uint8_t *pixels; /* [count,channels,size,size] */
    uint16_t *label; /* [count] */
    char **name;     /* [classes] */
} Dataset;

typedef struct DatasetRequest {
    int size, channels; /* 3: RGB, 1: grey */
    const char
        *classes; /* names or identifiers with commas between, in this order; NULL: all, sorted */
} DatasetRequest;

Status dataset_read(Dataset *data, const char *folder, const DatasetRequest *request);
void dataset_release(Dataset *data);

static inline uint8_t *dataset_pixels(const Dataset *data, size_t index)
{
    return data->pixels + index * (size_t)data->channels * (size_t)data->size * (size_t)data->size;
}

/* Tells one set of pictures and labels from another. */
uint64_t dataset_checksum(const Dataset *data);

/* Labels, one per line. */
void dataset_labels(const Dataset *data, Text *text);

/* ---- for readers ---- */

/* Room for so many pictures and classes, zeroed. */
Status dataset_create(Dataset *data, const DatasetRequest *request, size_t count, int classes);

#endif
