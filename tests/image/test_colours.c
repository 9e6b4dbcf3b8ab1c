#include "image/colours.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

enum { PIXELS = 400 };

/* Correlated colours around a mean. */
static void draw(float *rgb, uint64_t seed, float mean, float spread, float mix)
{
    Random random = random_seeded(seed);
    for (int i = 0; i < PIXELS; i++) {
        const float common = random_normal(&random);
        for (int c = 0; c < 3; c++) {
            rgb[c * PIXELS + i] = mean + 0.1F * (float)c +
                                  spread * (mix * common + (1 - mix) * random_normal(&random));
        }
    }
}

static void check_equal(const Colours *a, const Colours *b, double tolerance)
{
    for (int i = 0; i < 3; i++) CHECK_NEAR(a->mean[i], b->mean[i], tolerance);
    for (int i = 0; i < 9; i++) CHECK_NEAR(a->covariance[i], b->covariance[i], tolerance);
}

static void mean_and_covariance_are_taken_over(void)
{
    static float from[3 * PIXELS], to[3 * PIXELS];
    for (uint64_t seed = 1; seed < 9; seed++) {
        draw(from, seed, 0.3F, 0.1F, 0.1F * (float)seed);
        draw(to, seed + 100, 0.6F, 0.05F, 0.9F - 0.1F * (float)seed);
        const Colours a = colours_of(from, PIXELS), b = colours_of(to, PIXELS);
        const ColourMap map = colours_map(&a, &b);
        for (int i = 0; i < 9; i++) /* moves colours the least: no rotation */
            CHECK_NEAR(map.matrix[i], map.matrix[i % 3 * 3 + i / 3], 1e-6);
        colours_apply(&map, from, PIXELS);
        const Colours after = colours_of(from, PIXELS);
        check_equal(&after, &b, 1e-5);
    }
}

/* The colours of a grey picture lie on a line, and so does what is given them. */
static void grey_makes_grey(void)
{
    static float from[3 * PIXELS], to[3 * PIXELS];
    draw(from, 5, 0.4F, 0.1F, 0.3F);
    draw(to, 6, 0.5F, 0.1F, 0.5F);
    memcpy(to + PIXELS, to, PIXELS * sizeof *to);
    memcpy(to + 2 * (size_t)PIXELS, to, PIXELS * sizeof *to);
    const Colours a = colours_of(from, PIXELS), b = colours_of(to, PIXELS);
    const ColourMap map = colours_map(&a, &b);
    colours_apply(&map, from, PIXELS);
    for (int i = 0; i < PIXELS; i++) {
        CHECK_NEAR(from[PIXELS + i], from[i], 1e-3);
        CHECK_NEAR(from[2 * PIXELS + i], from[i], 1e-3);
    }
}

/* One colour everywhere has no covariance: it becomes the mean. */
static void a_flat_picture_gets_the_mean(void)
{
    static float from[3 * PIXELS], to[3 * PIXELS];
    for (int i = 0; i < 3 * PIXELS; i++) from[i] = 0.25F;
    draw(to, 9, 0.5F, 0.1F, 0.5F);
    const Colours a = colours_of(from, PIXELS), b = colours_of(to, PIXELS);
    const ColourMap map = colours_map(&a, &b);
    colours_apply(&map, from, PIXELS);
    for (int c = 0; c < 3; c++) CHECK_NEAR(from[c * PIXELS + 7], b.mean[c], 1e-5);
}

static void pictures_too(void)
{
    enum { SIDE = 20 };
    uint8_t rgba[2][SIDE * SIDE * 4];
    Random random = random_seeded(3);
    for (int i = 0; i < 2 * SIDE * SIDE * 4; i++) {
        const int k = i / (SIDE * SIDE * 4), c = i % 4;
        rgba[k][i % (SIDE * SIDE * 4)] =
            c == 3 ? 255 : (uint8_t)(80 + 40 * k + 20 * c + (int)random_below(&random, 40));
    }
    Picture from = {0}, to = {0};
    CHECK_OK(picture_copy(&from, SIDE, SIDE, rgba[0]));
    CHECK_OK(picture_copy(&to, SIDE, SIDE, rgba[1]));
    Colours a, b, after;
    CHECK_OK(colours_of_picture(&from, &a));
    CHECK_OK(colours_of_picture(&to, &b));
    const ColourMap map = colours_map(&a, &b);
    colours_apply_to_picture(&map, &from);
    CHECK_OK(colours_of_picture(&from, &after));
    check_equal(&after, &b, 1e-3);
    CHECK(from.rgba[3] == 255);
    picture_release(&from);
    picture_release(&to);
}

static const Test tests[] = {
    TEST(mean_and_covariance_are_taken_over),
    TEST(grey_makes_grey),
    TEST(a_flat_picture_gets_the_mean),
    TEST(pictures_too),
};
TEST_MAIN(tests)
