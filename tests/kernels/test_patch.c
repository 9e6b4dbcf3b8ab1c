#include "kernels/patch.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "parallel.h"
#include "support/test.h"

enum { SEED = 19990920 };

typedef struct Case {
    PatchSearch search;
    float *picture, *distances;
    PatchTap *taps;
} Case;

/* A square patch with holes, cut out of the picture with some noise, on one channel or three. */
static Case make_case(Random *random)
{
    const int window = 1 + 2 * (int)random_below(random, 6);
    const int rows = 1 + (int)random_below(random, 20), columns = 1 + (int)random_below(random, 90);
    const int channels = random_below(random, 2) ? 3 : 1;
    const int height = rows + window - 1, width = columns + window - 1;
    const size_t plane = (size_t)(height * width), count = (size_t)channels * plane;
    Case c = {
        .search = {.rows = rows, .columns = columns, .stride = (size_t)width, .tolerance = 1.1F}};
    c.picture = malloc((count + patch_slack()) * sizeof *c.picture);
    c.distances = malloc((size_t)rows * patch_stride(columns) * sizeof *c.distances);
    c.taps = malloc((size_t)(channels * window * window) * sizeof *c.taps);
    if (!c.picture || !c.distances || !c.taps) abort();
    for (size_t i = 0; i < count + patch_slack(); i++)
        c.picture[i] = i < count ? random_uniform(random) : NAN;
    const int y = (int)random_below(random, (uint32_t)rows);
    const int x = (int)random_below(random, (uint32_t)columns);
    for (int i = 0; i < channels * window * window; i++) {
        if (random_below(random, 3) == 0 && i) continue;
        const int channel = i / (window * window), row = i / window % window, column = i % window;
        const ptrdiff_t offset = channel * (ptrdiff_t)plane + row * width + column;
        const float value = c.picture[offset + y * width + x] + 0.1F * random_normal(random);
        c.taps[c.search.tap_count++] = (PatchTap){offset, value, random_uniform(random)};
    }
    c.search.picture = c.picture;
    c.search.taps = c.taps;
    return c;
}

static void free_case(Case *c)
{
    free(c->picture);
    free(c->distances);
    free(c->taps);
}

static double naive(const PatchSearch *s, int y, int x)
{
    double sum = 0;
    for (int i = 0; i < s->tap_count; i++) {
        const double value = s->picture[(ptrdiff_t)((size_t)y * s->stride) + x + s->taps[i].offset];
        const double difference = value - s->taps[i].value;
        sum += s->taps[i].weight * difference * difference;
    }
    return sum;
}

static void check_distances(const Case *c, float smallest, int round)
{
    const PatchSearch *s = &c->search;
    const size_t stride = patch_stride(s->columns);
    double least = INFINITY;
    for (int y = 0; y < s->rows; y++) {
        for (int x = 0; x < s->columns; x++) least = fmin(least, naive(s, y, x));
    }
    CHECK_NEAR(smallest, least, 1e-5 * least);
    for (int y = 0; y < s->rows; y++) {
        for (int x = 0; x < (int)stride; x++) {
            const float found = c->distances[(size_t)y * stride + (size_t)x];
            const double expected = x < s->columns ? naive(s, y, x) : INFINITY;
            if (isinf(found) && expected > 1.0999 * least) continue;
            if (fabs(found - expected) <= 1e-5 * expected) continue;
            test_fail(__FILE__, __LINE__,
                      "seed %d round %d: %d x %d places, (%d, %d) is %g, not %g", SEED, round,
                      s->rows, s->columns, y, x, (double)found, expected);
        }
    }
}

/* All within the tolerance are exact, all others exact or infinite; what lies behind a row is infinite. */
static void all_near_places_are_found(void)
{
    Random random = random_seeded(SEED);
    for (int round = 0; round < 200; round++) {
        Case c = make_case(&random);
        parallel_start(1 + round % 3);
        const int y = (int)random_below(&random, (uint32_t)c.search.rows);
        const int x = (int)random_below(&random, (uint32_t)c.search.columns);
        const float hint = patch_distance(&c.search, y, x);
        CHECK_NEAR(hint, naive(&c.search, y, x), 1e-5 * (1 + (double)hint));
        const float bound = round % 2 ? hint : INFINITY;
        check_distances(&c, patch_distances(&c.search, bound, c.distances), round);
        free_case(&c);
    }
    parallel_stop();
}

/* A bound that is the smallest distance itself must not hide the place that has it. */
static void the_bound_may_be_the_smallest(void)
{
    Random random = random_seeded(SEED + 1);
    for (int round = 0; round < 50; round++) {
        Case c = make_case(&random);
        float least = INFINITY;
        for (int y = 0; y < c.search.rows; y++) {
            for (int x = 0; x < c.search.columns; x++)
                least = fminf(least, patch_distance(&c.search, y, x));
        }
        c.search.tolerance = 1;
        CHECK_NEAR(patch_distances(&c.search, least, c.distances), least, 1e-5 * (double)least);
        free_case(&c);
    }
}

/* More rows than one thread takes at a time. */
static void threads_find_the_same(void)
{
    enum { SIDE = 300, TAPS = 60 };
    Random random = random_seeded(SEED + 2);
    const size_t places = (size_t)(SIDE - 8) * patch_stride(SIDE - 8);
    float *picture = malloc((SIDE * SIDE + patch_slack()) * sizeof *picture);
    float *distances[2] = {malloc(places * sizeof(float)), malloc(places * sizeof(float))};
    if (!picture || !distances[0] || !distances[1]) abort();
    for (size_t i = 0; i < SIDE * SIDE + patch_slack(); i++) picture[i] = random_uniform(&random);
    PatchTap taps[TAPS];
    for (int i = 0; i < TAPS; i++) {
        const int offset = i / 8 * SIDE + i % 8;
        taps[i] = (PatchTap){offset, picture[200 * SIDE + 100 + offset] + 0.01F, 1};
    }
    const PatchSearch search = {picture, SIDE - 8, SIDE - 8, SIDE, taps, TAPS, 1.1F};
    float least[2];
    for (int i = 0; i < 2; i++) {
        parallel_start(1 + i);
        least[i] = patch_distances(&search, INFINITY, distances[i]);
    }
    parallel_stop();
    CHECK_NEAR(least[1], least[0], 0);
    for (size_t i = 0; i < places; i++) {
        if (distances[0][i] <= 1.1F * least[0]) CHECK_NEAR(distances[1][i], distances[0][i], 0);
    }
    free(picture);
    free(distances[0]);
    free(distances[1]);
}

static const Test tests[] = {
    TEST(all_near_places_are_found),
    TEST(the_bound_may_be_the_smallest),
    TEST(threads_find_the_same),
};
TEST_MAIN(tests)
