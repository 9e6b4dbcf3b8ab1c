#include "base/random.h"

#include <math.h>

#include "base/checked.h"
#include "base/clock.h"
#include "support/test.h"

/* O'Neill 2014, pcg32: seeding and output recomputed here step by step from the paper. */
static void sequence_is_the_paper_s(void)
{
    const uint64_t factor = 6364136223846793005ULL, increment = 1442695040888963407ULL;
    Random random = random_seeded(42);
    uint64_t state = (0 * factor + increment + 42) * factor + increment;
    for (int i = 0; i < 100; i++) {
        const uint64_t mixed = (state >> 18 ^ state) >> 27;
        const uint32_t low = (uint32_t)mixed, turn = (uint32_t)(state >> 59);
        const uint32_t expected = turn ? low >> turn | low << (32 - turn) : low;
        CHECK(random_bits(&random) == expected);
        state = state * factor + increment;
    }
}

static void seeds_differ(void)
{
    Random a = random_seeded(1), b = random_seeded(2), again = random_seeded(1);
    int same = 0;
    for (int i = 0; i < 100; i++) {
        const uint32_t bits = random_bits(&a);
        CHECK(bits == random_bits(&again));
        same += bits == random_bits(&b);
    }
    CHECK(same < 2);
}

static void ranges_and_moments(void)
{
    Random random = random_seeded(3);
    enum { COUNT = 20000 };
    double sum = 0, squares = 0, uniform = 0;
    int buckets[7] = {0};
    for (int i = 0; i < COUNT; i++) {
        const float u = random_uniform(&random), n = random_normal(&random);
        CHECK(u >= 0 && u < 1 && isfinite(n));
        uniform += (double)u;
        sum += (double)n;
        squares += (double)n * (double)n;
        const uint32_t below = random_below(&random, 7);
        CHECK(below < 7);
        if (below < 7) buckets[below]++;
    }
    /* About four standard errors. */
    CHECK_NEAR(uniform / COUNT, 0.5, 0.008);
    CHECK_NEAR(sum / COUNT, 0, 0.028);
    CHECK_NEAR(squares / COUNT, 1, 0.04);
    for (int i = 0; i < 7; i++) CHECK_NEAR(buckets[i], COUNT / 7.0, 200);
    CHECK(random_below(&random, 1) == 0);
}

static void between_and_shuffled(void)
{
    enum { COUNT = 5, ROUNDS = 20000 };
    Random random = random_seeded(4);
    int first[COUNT] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        int items[COUNT] = {0, 1, 2, 3, 4}, seen = 0;
        const float value = random_between(&random, -2, 3);
        CHECK(value >= -2 && value <= 3);
        random_shuffle(&random, items, COUNT);
        for (int i = 0; i < COUNT; i++) seen |= 1 << items[i];
        CHECK(seen == (1 << COUNT) - 1);
        first[items[0]]++;
    }
    for (int i = 0; i < COUNT; i++) CHECK_NEAR((double)first[i] / ROUNDS, 1.0 / COUNT, 0.012);
    int none[1] = {7};
    random_shuffle(&random, none, 0);
    CHECK(none[0] == 7);
}

static void arithmetic_is_checked(void)
{
    uint64_t result = 5;
    CHECK(checked_mul(1ULL << 32, 1ULL << 31, &result) && result == 1ULL << 63);
    result = 5;
    CHECK(!checked_mul(1ULL << 32, 1ULL << 32, &result));
    CHECK(checked_add(UINT64_MAX - 1, 1, &result) && result == UINT64_MAX);
    CHECK(!checked_add(UINT64_MAX, 1, &result));
    CHECK(range_within(0, 0, 0) && range_within(3, 7, 10) && range_within(10, 0, 10));
    CHECK(!range_within(3, 8, 10) && !range_within(11, 0, 10));
    CHECK(!range_within(UINT64_MAX, 2, 10) && !range_within(2, UINT64_MAX, 10));
}

static void clock_goes_on(void)
{
    double last = clock_seconds();
    for (int i = 0; i < 1000; i++) {
        const double now = clock_seconds();
        CHECK(now >= last);
        last = now;
    }
}

static const Test tests[] = {
    TEST(sequence_is_the_paper_s), TEST(seeds_differ),          TEST(ranges_and_moments),
    TEST(between_and_shuffled),    TEST(arithmetic_is_checked), TEST(clock_goes_on),
};
TEST_MAIN(tests)
