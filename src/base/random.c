#include "base/random.h"

#include <math.h>

uint32_t random_bits(Random *random)
{
    uint64_t old = random->state;
    random->state = old * 6364136223846793005ULL + 1442695040888963407ULL;
    uint32_t xorshifted = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t rotation = (uint32_t)(old >> 59);
    return (xorshifted >> rotation) | (xorshifted << (-rotation & 31));
}

Random random_seeded(uint64_t seed)
{
    Random random = {seed + 1442695040888963407ULL};
    random_bits(&random);
    return random;
}

float random_uniform(Random *random)
{
    return (float)(random_bits(random) >> 8) * 0x1p-24F;
}

float random_between(Random *random, float low, float high)
{
    return low + (high - low) * random_uniform(random);
}

float random_normal(Random *random)
{
    float radius = sqrtf(-2.0F * logf(1.0F - random_uniform(random)));
    return radius * cosf(6.2831853F * random_uniform(random));
}

uint32_t random_below(Random *random, uint32_t bound)
{
    return (uint32_t)(((uint64_t)random_bits(random) * bound) >> 32);
}

void random_shuffle(Random *random, int *items, int count)
{
    for (int i = count - 1; i > 0; i--) {
        const int k = (int)random_below(random, (uint32_t)i + 1), kept = items[i];
        items[i] = items[k];
        items[k] = kept;
    }
}
