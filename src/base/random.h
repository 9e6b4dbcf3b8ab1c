/* Random numbers that are the same on every machine for the same seed (PCG XSH RR 64/32, O'Neill 2014). */
#ifndef CONVOSCOPE_BASE_RANDOM_H
#define CONVOSCOPE_BASE_RANDOM_H

#include <stdint.h>

typedef struct Random {
    uint64_t state;
} Random;

Random random_seeded(uint64_t seed);
uint32_t random_bits(Random *random);
/* Uniform in [0, 1). */
float random_uniform(Random *random);
/* Uniform from low to high. */
float random_between(Random *random, float low, float high);
/* Standard normal (Box and Muller 1958). */
float random_normal(Random *random);
/* Uniform in 0 to bound - 1; bound > 0. */
uint32_t random_below(Random *random, uint32_t bound);
/* Every order with the same chance (Fisher and Yates). */
void random_shuffle(Random *random, int *items, int count);

#endif
