/* Likeness of maps against its definition, written down again. */
#include "techniques/similarity.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "support/test.h"

enum { H = 19, W = 23, COUNT = H * W };

static void random_map(uint64_t seed, float *map)
{
    Random random = random_seeded(seed);
    for (int i = 0; i < COUNT; i++) map[i] = random_uniform(&random);
}

/* Equation 13 of Wang et al. 2004 in each window, the moments taken about their means. */
static double ssim_of_window(const float *a, const float *b, int y0, int x0)
{
    double weights = 0, mean_a = 0, mean_b = 0, var_a = 0, var_b = 0, both = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int y = y0 - 5; y <= y0 + 5; y++) {
            for (int x = x0 - 5; x <= x0 + 5; x++) {
                if (y < 0 || x < 0 || y >= H || x >= W) continue;
                const double r2 = (y - y0) * (y - y0) + (x - x0) * (x - x0);
                const double w = exp(-r2 / (2 * 1.5 * 1.5));
                const double u = a[y * W + x], v = b[y * W + x];
                if (pass == 0) weights += w, mean_a += w * u, mean_b += w * v;
                if (pass == 1) {
                    var_a += w * (u - mean_a) * (u - mean_a) / weights;
                    var_b += w * (v - mean_b) * (v - mean_b) / weights;
                    both += w * (u - mean_a) * (v - mean_b) / weights;
                }
            }
        }
        if (pass == 0) mean_a /= weights, mean_b /= weights;
    }
    return (2 * mean_a * mean_b + 1e-4) * (2 * both + 9e-4) /
           ((mean_a * mean_a + mean_b * mean_b + 1e-4) * (var_a + var_b + 9e-4));
}

static void structure(void)
{
    float a[COUNT], b[COUNT];
    for (uint64_t seed = 1; seed < 6; seed++) {
        random_map(seed, a);
        random_map(seed + 100, b);
        /* Partly alike. */
        for (int i = 0; i < COUNT; i++) b[i] = 0.25F * (float)seed * a[i] * 0.7F + 0.1F * b[i];
        double expected = 0, ssim;
        for (int i = 0; i < COUNT; i++) expected += ssim_of_window(a, b, i / W, i % W) / COUNT;
        CHECK_OK(structural_similarity(a, b, H, W, &ssim));
        CHECK_NEAR(ssim, expected, 1e-9);
        CHECK_OK(structural_similarity(a, a, H, W, &ssim));
        CHECK_NEAR(ssim, 1, 1e-12);
    }
}

/* Ranks by counting. */
static double rank_of(const float *values, int i)
{
    double below = 0, equal = 0;
    for (int j = 0; j < COUNT; j++) {
        below += values[j] < values[i];
        equal += values[j] == values[i];
    }
    return below + 0.5 * (equal - 1);
}

static void ranks(void)
{
    float a[COUNT], b[COUNT];
    for (uint64_t seed = 1; seed < 6; seed++) {
        random_map(seed, a);
        random_map(seed + 100, b);
        /* Few different values, so that many are equal. */
        for (int i = 0; i < COUNT; i++) a[i] = floorf(9 * a[i]), b[i] = floorf(a[i] + 20 * b[i]);
        const double mean = 0.5 * (COUNT - 1);
        double product = 0, aa = 0, bb = 0, correlation;
        for (int i = 0; i < COUNT; i++) {
            const double x = rank_of(a, i) - mean, y = rank_of(b, i) - mean;
            product += x * y, aa += x * x, bb += y * y;
        }
        CHECK_OK(rank_correlation(a, b, COUNT, &correlation));
        CHECK_NEAR(correlation, product / sqrt(aa * bb), 1e-12);
    }
    double correlation;
    for (int i = 0; i < COUNT; i++) b[i] = -powf(a[i], 3);
    CHECK_OK(rank_correlation(a, b, COUNT, &correlation));
    CHECK_NEAR(correlation, -1, 1e-12);
    for (int i = 0; i < COUNT; i++) b[i] = 2;
    CHECK_OK(rank_correlation(a, b, COUNT, &correlation));
    CHECK(correlation == 0);
}

static void order(void)
{
    const float values[] = {2, -1, 5, 2, 7};
    size_t *places = descending_order(values, 5);
    static const size_t expected[] = {4, 2, 0, 3, 1};
    for (int i = 0; places && i < 5; i++) CHECK(places[i] == expected[i]);
    free(places);
}

static const Test tests[] = {TEST(structure), TEST(ranks), TEST(order)};
TEST_MAIN(tests)
