/* A toy dataset for the tests of the trainer: four classes, by the direction of waves. */
#ifndef CONVOSCOPE_TESTS_SUPPORT_TOY_H
#define CONVOSCOPE_TESTS_SUPPORT_TOY_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "train/dataset.h"

enum { TOY_SIDE = 16, TOY_CLASSES = 4 };

/* Waves along x, y and both diagonals, with random phases, colours and some noise. */
static inline Status toy_dataset(Dataset *data, size_t count, int seed)
{
    static const float direction[TOY_CLASSES][2] = {{1, 0}, {0, 1}, {0.7F, 0.7F}, {0.7F, -0.7F}};
    static const char *const name[TOY_CLASSES] = {"across", "down", "falling", "rising"};
    TRY(dataset_create(data, &(DatasetRequest){.size = TOY_SIDE, .channels = 3}, count,
                       TOY_CLASSES));
    for (int i = 0; i < TOY_CLASSES; i++) data->name[i] = strdup(name[i]);
    for (size_t i = 0; i < count; i++) {
        Random random = random_seeded((uint64_t)seed * 1000003 + i);
        const int class = (int)(i % TOY_CLASSES);
        const float phase = 6.28F * random_uniform(&random);
        uint8_t *to = dataset_pixels(data, i);
        data->label[i] = (uint16_t) class;
        for (int at = 0; at < 3 * TOY_SIDE * TOY_SIDE; at++) {
            const float x = (float)(at % TOY_SIDE), y = (float)(at / TOY_SIDE % TOY_SIDE);
            const float wave = sinf(direction[class][0] * x + direction[class][1] * y + phase);
            to[at] = (uint8_t)(128 + 60 * wave + 40 * (random_uniform(&random) - 0.5F));
        }
    }
    return status_ok();
}

#endif
