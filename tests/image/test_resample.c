/* Resampling against a brute-force evaluation of the triangle filter in doubles. */
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "image/picture.h"
#include "support/test.h"

static double triangle(double x)
{
    return fabs(x) < 1 ? 1 - fabs(x) : 0;
}

/* One output pixel as the normalised sum over all input pixels. */
static double brute_force(const float *from, int from_height, int from_width, int height, int width,
                          int y, int x)
{
    double ratio_y = (double)from_height / height, ratio_x = (double)from_width / width;
    double center_y = (y + 0.5) * ratio_y, center_x = (x + 0.5) * ratio_x;
    double sum = 0, weights = 0;
    for (int v = 0; v < from_height; v++) {
        double weight_y = triangle((v + 0.5 - center_y) / fmax(ratio_y, 1));
        for (int u = 0; u < from_width && weight_y > 0; u++) {
            double weight = weight_y * triangle((u + 0.5 - center_x) / fmax(ratio_x, 1));
            sum += weight * from[v * from_width + u];
            weights += weight;
        }
    }
    return sum / weights;
}

static void check_size(int channels, int from_height, int from_width, int height, int width)
{
    size_t from_count = (size_t)(channels * from_height * from_width);
    size_t count = (size_t)(channels * height * width);
    float *from = malloc(from_count * sizeof *from), *to = malloc(count * sizeof *to);
    Random random = random_seeded(7);
    for (size_t i = 0; i < from_count; i++) from[i] = random_uniform(&random) * 255;
    CHECK_OK(resample(from, channels, from_height, from_width, to, height, width));
    double worst = 0;
    for (int c = 0; c < channels; c++) {
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double expected = brute_force(from + c * from_height * from_width, from_height,
                                              from_width, height, width, y, x);
                worst = fmax(worst, fabs(to[(c * height + y) * width + x] - expected));
            }
        }
    }
    if (worst > 1e-4) {
        test_fail(__FILE__, __LINE__, "%d planes %dx%d to %dx%d: off by %g", channels, from_height,
                  from_width, height, width, worst);
    }
    free(from);
    free(to);
}

static void equals_brute_force(void)
{
    static const int sizes[][4] = {
        {1, 1, 1, 1},   {1, 1, 5, 7},   {5, 7, 1, 1},     {2, 2, 3, 3},     {3, 3, 2, 2},
        {8, 8, 16, 16}, {16, 16, 8, 8}, {37, 23, 11, 19}, {11, 19, 37, 23}, {64, 3, 7, 50},
        {1, 100, 1, 9}, {100, 1, 9, 1}, {30, 40, 29, 41}, {53, 47, 53, 20},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int channels = 1; channels <= 3; channels += 2) {
            check_size(channels, sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3]);
        }
    }
}

static void same_size_is_exact(void)
{
    enum { COUNT = 13 * 9 };
    float from[COUNT], to[COUNT];
    Random random = random_seeded(3);
    for (int i = 0; i < COUNT; i++) from[i] = random_normal(&random);
    CHECK_OK(resample(from, 1, 13, 9, to, 13, 9));
    for (int i = 0; i < COUNT; i++) CHECK(to[i] == from[i]);
}

/* The filter is symmetric, so mirroring before or after is the same. */
static void mirror_symmetric(void)
{
    enum { FROM = 31, TO = 12 };
    float from[FROM], mirrored[FROM], to[TO], back[TO];
    Random random = random_seeded(5);
    for (int i = 0; i < FROM; i++) from[i] = mirrored[FROM - 1 - i] = random_uniform(&random);
    CHECK_OK(resample(from, 1, 1, FROM, to, 1, TO));
    CHECK_OK(resample(mirrored, 1, 1, FROM, back, 1, TO));
    for (int i = 0; i < TO; i++) CHECK_NEAR(to[i], back[TO - 1 - i], 1e-6);
}

static void refuses_no_size(void)
{
    float pixel = 0;
    CHECK_FAILS(resample(&pixel, 1, 1, 1, &pixel, 0, 4), "0");
    CHECK_FAILS(resample(&pixel, 0, 1, 1, &pixel, 1, 1), "0 planes");
}

static const Test tests[] = {TEST(equals_brute_force), TEST(same_size_is_exact),
                             TEST(mirror_symmetric), TEST(refuses_no_size)};
TEST_MAIN(tests)
