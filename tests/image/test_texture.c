#include "image/texture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

enum { SIDE = 20, GROWN = 18, WINDOW = 7, REACH = WINDOW / 2 };

static float sample[3 * SIDE * SIDE];

static TextureOptions options_of(uint64_t seed)
{
    return (TextureOptions){.sample = sample,
                            .sample_height = SIDE,
                            .sample_width = SIDE,
                            .height = GROWN,
                            .width = GROWN,
                            .window = WINDOW,
                            .tolerance = 0.1F,
                            .threshold = 0.3F,
                            .seed = seed};
}

static void fill_noise(void)
{
    Random random = random_seeded(5);
    for (int i = 0; i < 3 * SIDE * SIDE; i++) sample[i] = random_uniform(&random);
}

static Texture *started(uint64_t seed)
{
    const TextureOptions options = options_of(seed);
    Texture *texture = NULL;
    CHECK_OK(texture_create(&texture, &options));
    return texture;
}

/* Mean squared difference of what is known around the pixel to the same around the place of the sample. */
static double naive_error(const int *source, int pixel, int y, int x)
{
    const double sigma = WINDOW / 6.4;
    double sum = 0, total = 0;
    for (int dy = -REACH; dy <= REACH; dy++) {
        for (int dx = -REACH; dx <= REACH; dx++) {
            const int py = pixel / GROWN + dy, px = pixel % GROWN + dx;
            if (py < 0 || py >= GROWN || px < 0 || px >= GROWN || source[py * GROWN + px] < 0)
                continue;
            const double weight = exp(-(dy * dy + dx * dx) / (2 * sigma * sigma));
            for (int c = 0; c < 3; c++) {
                const float *plane = sample + c * SIDE * SIDE;
                const double difference =
                    plane[(y + dy) * SIDE + x + dx] - plane[source[py * GROWN + px]];
                sum += weight * difference * difference;
                total += weight;
            }
        }
    }
    return sum / total;
}

static double naive_best(const int *source, int pixel)
{
    double best = INFINITY;
    for (int y = REACH; y < SIDE - REACH; y++) {
        for (int x = REACH; x < SIDE - REACH; x++)
            best = fmin(best, naive_error(source, pixel, y, x));
    }
    return best;
}

/* Every pixel comes from a place that is within 1.1 of the best, found here without any haste. */
static void every_choice_is_among_the_best(void)
{
    fill_noise();
    Texture *texture = started(7);
    int before[GROWN * GROWN], chosen = 0;
    bool done = false;
    while (!done) {
        memcpy(before, texture_sources(texture), sizeof before);
        done = texture_grow(texture);
        for (int i = 0; i < GROWN * GROWN; i++) {
            const int source = texture_sources(texture)[i];
            if (source == before[i]) continue;
            const double error = naive_error(before, i, source / SIDE, source % SIDE);
            CHECK(error <= 1.1 * naive_best(before, i) * (1 + 1e-4));
            chosen++;
        }
    }
    CHECK(chosen == GROWN * GROWN - 9 && texture_filled(texture) == GROWN * GROWN);
    texture_destroy(texture);
}

/* Layer by layer: after the 16 pixels around it the seed has become a square of 5. */
static void it_grows_in_rings(void)
{
    fill_noise();
    Texture *texture = started(1);
    CHECK(texture_filled(texture) == 9);
    for (int i = 0; i < 16; i++) CHECK(!texture_grow(texture));
    CHECK(texture_filled(texture) == 25);
    const int first = (GROWN - 3) / 2 - 1;
    for (int y = 0; y < 5; y++) {
        for (int x = 0; x < 5; x++)
            CHECK(texture_sources(texture)[(first + y) * GROWN + first + x] >= 0);
    }
    texture_destroy(texture);
}

/* A pattern with a period of 4 x 3 goes on without any fault. */
static void a_pattern_is_continued(void)
{
    static float rgb[3 * GROWN * GROWN];
    for (int i = 0; i < 3 * SIDE * SIDE; i++) {
        const int y = i / SIDE % SIDE, x = i % SIDE;
        sample[i] = (float)(y % 4 * 3 + x % 3) / 12;
    }
    Texture *texture = started(3);
    while (!texture_grow(texture)) continue;
    texture_rgb(texture, rgb);
    CHECK_NEAR(texture_error(texture), 0, 0);
    for (int i = 0; i < 3 * GROWN * GROWN; i++) {
        const int y = i / GROWN % GROWN, x = i % GROWN;
        if (y + 4 < GROWN) CHECK_NEAR(rgb[i + 4 * GROWN], rgb[i], 0);
        if (x + 3 < GROWN) CHECK_NEAR(rgb[i + 3], rgb[i], 0);
    }
    CHECK(rgb[0] != rgb[1] && rgb[0] != rgb[GROWN]);
    texture_destroy(texture);
}

static void the_seed_decides(void)
{
    static float rgb[3][3 * GROWN * GROWN];
    fill_noise();
    for (int i = 0; i < 3; i++) {
        Texture *texture = started(i < 2 ? 11 : 12);
        while (!texture_grow(texture)) continue;
        texture_rgb(texture, rgb[i]);
        texture_destroy(texture);
    }
    CHECK(memcmp(rgb[0], rgb[1], sizeof *rgb) == 0);
    CHECK(memcmp(rgb[0], rgb[2], sizeof *rgb) != 0);
}

/* Where nothing fits, the threshold rises by 1.1 until something does. */
static void it_does_not_get_stuck(void)
{
    fill_noise();
    TextureOptions options = options_of(2);
    options.threshold = 1e-3F;
    Texture *texture = NULL;
    CHECK_OK(texture_create(&texture, &options));
    while (!texture_grow(texture)) continue;
    const double rounds = log((double)texture_threshold(texture) / 1e-3) / log(1.1);
    CHECK(rounds > 1);
    CHECK_NEAR(rounds, round(rounds), 1e-3);
    CHECK(texture_error(texture) < (double)texture_threshold(texture));
    texture_destroy(texture);
}

/* A grey sample is searched on one channel: the same texture, in grey. */
static void grey_stays_grey(void)
{
    static float rgb[3 * GROWN * GROWN];
    fill_noise();
    for (int c = 1; c < 3; c++)
        memcpy(sample + c * SIDE * SIDE, sample, SIDE * SIDE * sizeof *sample);
    Texture *texture = started(4);
    texture_rgb(texture, rgb);
    CHECK_NEAR(rgb[0], 0, 0); /* nothing there yet */
    while (!texture_grow(texture)) continue;
    texture_rgb(texture, rgb);
    for (int i = 0; i < GROWN * GROWN; i++) {
        CHECK_NEAR(rgb[i], sample[texture_sources(texture)[i]], 0);
        CHECK_NEAR(rgb[2 * GROWN * GROWN + i], rgb[i], 0);
    }
    texture_destroy(texture);
}

static const Test tests[] = {
    TEST(every_choice_is_among_the_best), TEST(it_grows_in_rings),
    TEST(a_pattern_is_continued),         TEST(the_seed_decides),
    TEST(it_does_not_get_stuck),          TEST(grey_stays_grey),
};
TEST_MAIN(tests)
