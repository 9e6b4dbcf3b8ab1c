/* Augmentation: what it keeps, what it changes, and that the same seed does the same. */
#include <math.h>
#include <string.h>

#include "support/test.h"
#include "train/augment.h"

enum { SIDE = 24, CHANNELS = 3, PIXELS = SIDE * SIDE, ALL = CHANNELS * PIXELS };

static const Scaling unscaled = {{0}, {1, 1, 1}};
static uint8_t picture[ALL];
static float out[ALL], other[ALL];

/* Each channel a slope of its own, so that every place tells where it came from. */
static void draw_picture(void)
{
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            picture[y * SIDE + x] = (uint8_t)(20 + 8 * x);
            picture[PIXELS + y * SIDE + x] = (uint8_t)(20 + 8 * y);
            picture[2 * PIXELS + y * SIDE + x] = (uint8_t)(4 * (x + y));
        }
    }
}

static void run(const Augmentation *augmentation, uint64_t seed, int size, float *to)
{
    Random random = random_seeded(seed);
    CHECK_OK(augment(augmentation, &unscaled, picture, CHANNELS, SIDE, size, &random, to));
}

static void leaves_a_picture_alone(void)
{
    draw_picture();
    const Scaling scaling = {{0.5F, 0.25F, 0}, {0.5F, 2, 1}};
    CHECK_OK(augment(NULL, &scaling, picture, CHANNELS, SIDE, SIDE, NULL, out));
    for (int i = 0; i < PIXELS; i++) {
        CHECK_NEAR(out[i], (picture[i] / 255.0 - 0.5) / 0.5, 1e-6);
        CHECK_NEAR(out[PIXELS + i], (picture[PIXELS + i] / 255.0 - 0.25) / 2, 1e-6);
    }
    run(&(Augmentation){.crop = 1}, 1, SIDE, out);
    for (int i = 0; i < ALL; i++) CHECK_NEAR(out[i], picture[i] / 255.0, 1e-6);
    /* Half the size: the mean of a slope stays. */
    run(&(Augmentation){.crop = 1}, 1, SIDE / 2, out);
    double sum = 0, whole = 0;
    for (int i = 0; i < PIXELS / 4; i++) sum += (double)out[i] / (PIXELS / 4);
    for (int i = 0; i < PIXELS; i++) whole += picture[i] / 255.0 / PIXELS;
    CHECK_NEAR(sum, whole, 1e-3);
}

static void is_the_same_for_the_same_seed(void)
{
    draw_picture();
    const Augmentation all = {.crop = 0.3F, .flip = true, .colour = 0.4F, .cutout = 0.3F};
    run(&all, 5, SIDE, out);
    run(&all, 5, SIDE, other);
    CHECK(memcmp(out, other, sizeof out) == 0);
    run(&all, 6, SIDE, other);
    CHECK(memcmp(out, other, sizeof out) != 0);
}

/* x rises along a row, or falls where it is mirrored; y never falls. About every second one is mirrored. */
static void flips_every_other_time(void)
{
    draw_picture();
    int mirrored = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        run(&(Augmentation){.crop = 1, .flip = true}, seed, SIDE, out);
        const bool falls = out[0] > out[SIDE - 1];
        mirrored += falls;
        for (int x = 0; x < SIDE; x++) {
            CHECK_NEAR(out[x], picture[falls ? SIDE - 1 - x : x] / 255.0, 1e-6);
            CHECK_NEAR(out[PIXELS + x], picture[PIXELS + x] / 255.0, 1e-6);
        }
    }
    CHECK(mirrored > 70 && mirrored < 130);
}

/* What is seen is part of the picture, and at least the share of its area that was asked for. */
static void crops_within_the_picture(void)
{
    draw_picture();
    double least = 1;
    for (uint64_t seed = 0; seed < 200; seed++) {
        run(&(Augmentation){.crop = 0.25F}, seed, SIDE, out);
        const double left = (double)out[0], right = (double)out[SIDE - 1];
        const double top = (double)out[PIXELS], bottom = (double)out[2 * PIXELS - SIDE];
        const double area = (right - left) * (bottom - top) / pow(8.0 * (SIDE - 1) / 255, 2);
        for (int i = 0; i < ALL; i++) CHECK(out[i] > -1e-5F && out[i] < 1);
        CHECK(area > 0.15 && area < 1.001);
        least = fmin(least, area);
    }
    CHECK(least < 0.4);
}

static void covers_a_square(void)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        memset(picture, 255, sizeof picture);
        run(&(Augmentation){.crop = 1, .cutout = 0.5F}, seed, SIDE, out);
        int covered = 0;
        for (int i = 0; i < PIXELS; i++) {
            CHECK(out[i] == out[PIXELS + i] && (out[i] == 0 || out[i] == 1));
            covered += out[i] == 0;
        }
        /* At least a quarter of it lies inside, whose corner may be the middle. */
        CHECK(covered >= SIDE * SIDE / 16 && covered <= SIDE * SIDE / 4);
    }
}

static void keeps_grey_grey(void)
{
    memset(picture, 128, sizeof picture);
    bool changed = false;
    for (uint64_t seed = 0; seed < 20; seed++) {
        run(&(Augmentation){.crop = 1, .colour = 0.5F}, seed, SIDE, out);
        for (int i = 0; i < PIXELS; i++) {
            CHECK_NEAR(out[i], out[PIXELS + i], 1e-6);
            CHECK(out[i] > 0.24F && out[i] < 0.76F);
        }
        changed |= fabsf(out[0] - 0.5F) > 0.1F;
    }
    CHECK(changed);
}

static void mixes_by_its_share(void)
{
    Random random = random_seeded(3);
    double sum = 0, squares = 0;
    enum { DRAWS = 4000 };
    for (int i = 0; i < DRAWS; i++) {
        const Mix mix = mix_draw(MIX_UP, 0.4F, SIDE, &random);
        CHECK(mix.share >= 0 && mix.share <= 1 && mix.bottom == 0);
        sum += (double)mix.share / DRAWS;
        squares += pow((double)mix.share - 0.5, 2) / DRAWS;
    }
    /* Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)). */
    CHECK_NEAR(sum, 0.5, 0.02);
    CHECK_NEAR(squares, 1 / (4 * 1.8), 0.01);
    for (int i = 0; i < ALL; i++) out[i] = 1, other[i] = 3;
    mix_apply(&(Mix){.share = 0.75F}, CHANNELS, SIDE, other, out);
    CHECK_NEAR(out[17], 1.5, 1e-6);
}

/* The share of a cut is what is left of the picture, counted. */
static void cuts_what_it_says(void)
{
    Random random = random_seeded(9);
    for (int draw = 0; draw < 100; draw++) {
        const Mix mix = mix_draw(MIX_CUT, 1, SIDE, &random);
        for (int i = 0; i < ALL; i++) out[i] = 1, other[i] = 0;
        if (mix.bottom == 0) continue;
        mix_apply(&mix, CHANNELS, SIDE, other, out);
        double left = 0;
        for (int i = 0; i < ALL; i++) left += (double)out[i] / ALL;
        CHECK_NEAR(left, mix.share, 1e-6);
    }
}

static const Test tests[] = {
    TEST(leaves_a_picture_alone), TEST(is_the_same_for_the_same_seed),
    TEST(flips_every_other_time), TEST(crops_within_the_picture),
    TEST(covers_a_square),        TEST(keeps_grey_grey),
    TEST(mixes_by_its_share),     TEST(cuts_what_it_says),
};
TEST_MAIN(tests)
