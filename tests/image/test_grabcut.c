/* GrabCut on a picture whose answer is known, and mixtures against their definition. */
#include "image/grabcut.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "image/mixture.h"
#include "support/test.h"

enum { SIDE = 64, COUNT = SIDE * SIDE };

static bool in_disc(int i, double radius)
{
    const double y = i / SIDE - 31.5, x = i % SIDE - 31.5;
    return y * y + x * x < radius * radius;
}

/* A disc of two reds on a ground of two greens, all noisy. */
static void paint(float *rgb)
{
    Random random = random_seeded(7);
    for (int i = 0; i < COUNT; i++) {
        const bool disc = in_disc(i, 20), other = i / 8 % 2;
        const float colour[3] = {disc ? (other ? 0.8F : 0.5F) : 0.2F,
                                 disc ? 0.2F : (other ? 0.7F : 0.4F), 0.3F};
        for (int c = 0; c < 3; c++) rgb[c * COUNT + i] = colour[c] + 0.06F * random_normal(&random);
    }
}

static void run_rounds(GrabCut *cut, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        bool done = false;
        while (!done) {
            const Status status = grabcut_advance(cut, 0, &done);
            CHECK_OK(status);
            if (status.code != STATUS_OK) return;
        }
    }
}

static int wrong_pixels(const GrabCut *cut)
{
    int wrong = 0;
    for (int i = 0; i < COUNT; i++) wrong += grabcut_sides(cut)[i] != in_disc(i, 20);
    return wrong;
}

static void finds_the_disc(void)
{
    static float rgb[3 * COUNT];
    static uint8_t hints[COUNT];
    paint(rgb);
    for (int certain = 0; certain < 2; certain++) {
        for (int i = 0; i < COUNT; i++) {
            hints[i] = CUT_UNKNOWN;
            if (in_disc(i, 6)) hints[i] = certain ? CUT_OBJECT : CUT_LIKE_OBJECT;
            if (!in_disc(i, 30)) hints[i] = certain ? CUT_BACKGROUND : CUT_LIKE_BACKGROUND;
        }
        GrabCut *cut = NULL;
        CHECK_OK(grabcut_create(&cut, rgb, SIDE, SIDE, 50));
        CHECK_OK(grabcut_begin(cut, hints));
        run_rounds(cut, 5);
        CHECK(wrong_pixels(cut) < COUNT / 200);
        CHECK(grabcut_changed(cut) == 0);
        grabcut_destroy(cut);
    }
}

/* A stroke wins over the colours. */
static void certain_pixels_stay(void)
{
    static float rgb[3 * COUNT];
    static uint8_t hints[COUNT];
    paint(rgb);
    for (int i = 0; i < COUNT; i++)
        hints[i] = in_disc(i, 6) ? CUT_LIKE_OBJECT : CUT_LIKE_BACKGROUND;
    for (int i = 0; i < 5; i++) hints[i] = CUT_OBJECT, hints[32 * SIDE + 30 + i] = CUT_BACKGROUND;
    GrabCut *cut = NULL;
    CHECK_OK(grabcut_create(&cut, rgb, SIDE, SIDE, 50));
    CHECK_OK(grabcut_begin(cut, hints));
    run_rounds(cut, 3);
    for (int i = 0; i < 5; i++) {
        CHECK(grabcut_sides(cut)[i] == 1);
        CHECK(grabcut_sides(cut)[32 * SIDE + 30 + i] == 0);
    }
    grabcut_destroy(cut);
}

static void both_sides_are_needed(void)
{
    static float rgb[3 * COUNT];
    static uint8_t hints[COUNT];
    GrabCut *cut = NULL;
    CHECK_OK(grabcut_create(&cut, rgb, SIDE, SIDE, 50));
    CHECK_FAILS(grabcut_begin(cut, hints), "nothing is marked");
    hints[3] = CUT_OBJECT;
    CHECK_FAILS(grabcut_begin(cut, hints), "background");
    /* One colour everywhere: no contrast, no spread. */
    hints[9] = CUT_BACKGROUND;
    CHECK_OK(grabcut_begin(cut, hints));
    run_rounds(cut, 2);
    CHECK(grabcut_sides(cut)[3] == 1 && grabcut_sides(cut)[9] == 0);
    grabcut_destroy(cut);
    grabcut_destroy(NULL);
}

static void a_mixture_is_its_density(void)
{
    static float rgb[3 * COUNT];
    static uint8_t sides[COUNT], parts[COUNT];
    Random random = random_seeded(3);
    for (int i = 0; i < COUNT; i++) {
        sides[i] = i % 3 == 0;
        const int group = i / 3 % 3;
        for (int c = 0; c < 3; c++)
            rgb[3 * i + c] =
                40 + 80 * (float)(group == c) + (3 + (float)c) * random_normal(&random);
    }
    mixture_cluster(rgb, sides, 1, COUNT, parts);
    Mixture mixture;
    mixture_fit(&mixture, rgb, sides, 1, COUNT, parts);
    double weights = 0;
    for (int k = 0; k < MIXTURE_PARTS; k++) weights += mixture.part[k].weight;
    CHECK_NEAR(weights, 1, 1e-12);
    /* No part mixes two groups. */
    for (int i = 0; i < COUNT; i += 3) {
        for (int j = i % 27; j < i; j += 27)
            CHECK((parts[i] == parts[j]) <= (i / 3 % 3 == j / 3 % 3));
    }
    /* The density integrates to one: a sum over a grid around the groups. */
    double sum = 0;
    for (float r = 0; r < 160; r += 2) {
        for (float g = 0; g < 160; g += 2) {
            for (float b = 0; b < 160; b += 2)
                sum += 8 * exp(-mixture_cost(&mixture, (float[]){r, g, b}));
        }
    }
    CHECK_NEAR(sum, 1, 1e-3);
}

static const Test tests[] = {TEST(finds_the_disc), TEST(certain_pixels_stay),
                             TEST(both_sides_are_needed), TEST(a_mixture_is_its_density)};
TEST_MAIN(tests)
