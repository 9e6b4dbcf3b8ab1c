/* Feature inversion: its priors against their definitions, and that it finds the picture again. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "support/shared.h"
#include "support/test.h"
#include "support/zebra.h"
#include "techniques/inversion_prior.h"

enum { CHANNELS = 2, HEIGHT = 5, WIDTH = 4, COUNT = CHANNELS * HEIGHT * WIDTH };

static double naive_alpha(const double *x, double alpha)
{
    double sum = 0;
    for (int i = 0; i < COUNT; i++) sum += pow(fabs(x[i]), alpha);
    return sum;
}

static double naive_tv(const double *x, double beta)
{
    double sum = 0;
    for (int i = 0; i < COUNT; i++) {
        const int column = i % WIDTH, row = i / WIDTH % HEIGHT;
        const double across = column + 1 < WIDTH ? x[i + 1] - x[i] : 0;
        const double down = row + 1 < HEIGHT ? x[i + WIDTH] - x[i] : 0;
        sum += pow(across * across + down * down, beta / 2);
    }
    return sum;
}

/* Values against the definitions, gradients against central differences of these. */
static void priors_are_what_they_say(void)
{
    static const float powers[] = {1, 2, 2.5F, 3, 6};
    Random random = random_seeded(4);
    for (int k = 0; k < 10; k++) {
        const float power = powers[k / 2], weight = 0.3F;
        double (*const naive)(const double *, double) = k % 2 ? naive_tv : naive_alpha;
        float x[COUNT], dx[COUNT];
        double v[COUNT];
        for (int i = 0; i < COUNT; i++) {
            v[i] = x[i] = random_normal(&random);
            dx[i] = 1; /* is added to */
        }
        const double value = k % 2 ? tv_beta(x, CHANNELS, HEIGHT, WIDTH, power, (double)weight, dx)
                                   : alpha_norm(x, COUNT, power, (double)weight, dx);
        const double expected = (double)weight * naive(v, power);
        CHECK_NEAR(value / expected, 1, 1e-6);
        for (int i = 0; i < COUNT; i++) {
            const double h = 1e-5, kept = v[i];
            v[i] = kept + h;
            const double above = naive(v, power);
            v[i] = kept - h;
            const double slope = (double)weight * (above - naive(v, power)) / (2 * h);
            v[i] = kept;
            CHECK_NEAR(dx[i], 1 + slope, 1e-4 * (1 + fabs(slope)));
        }
    }
}

/* What is flat has no slope, whatever the exponents. */
static void nothing_is_not_a_number(void)
{
    float x[COUNT] = {0}, dx[COUNT] = {0};
    CHECK_NEAR(alpha_norm(x, COUNT, 1, 1, dx), 0, 0);
    CHECK_NEAR(tv_beta(x, CHANNELS, HEIGHT, WIDTH, 1, 1, dx), 0, 0);
    for (int i = 0; i < COUNT; i++) CHECK_NEAR(dx[i], 0, 0);
}

static double distance(const float *a, const float *b, size_t count)
{
    return relative_error(a, b, count);
}

/* On the small network: the error falls to a part, and the first layer tells more of the picture than noise. */
static void the_picture_is_found_again(void)
{
    static const char *const params[] = {"layers",    "relu1, relu2", "steps", "150",
                                         "tv-weight", "0.1",          NULL};
    static const char *const begun[] = {"layers", "relu1, relu2", "steps", "1", NULL};
    Zebra tiny;
    Result first, result;
    if (!tiny_open(&tiny)) return;
    Run *start = zebra_result(&tiny, "inversion", begun, &first);
    Run *run = zebra_result(&tiny, "inversion", params, &result);
    if (run && start) {
        const ResultItem *tiles = item_named(&result, "tiles");
        const float *original = item_named(&result, "original")->data;
        CHECK(tiles->shape.dim[0] == 2 && tiles->shape.dim[1] == 3 && tiles->shape.dim[2] == 16);
        const size_t count = 3 * 16 * 16;
        const double before = distance(item_named(&first, "tiles")->data, original, count);
        const double early = distance(tiles->data, original, count);
        const double late = distance(tiles->data + count, original, count);
        CHECK(early < 0.5 * before);
        CHECK(early < late);
        const ResultItem *curve = item_named(&result, "error");
        CHECK(curve->shape.dim[0] == 150);
        CHECK(curve->data[149] < 0.2F * curve->data[0]);
    }
    run_destroy(run);
    run_destroy(start);
    zebra_close(&tiny);
}

static void the_seed_decides(void)
{
    const char *params[] = {"layers", "relu1", "steps", "4", "seed", "5", NULL};
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    Result results[3];
    Run *runs[3];
    for (int i = 0; i < 3; i++) {
        if (i == 2) params[5] = "6";
        runs[i] = zebra_result(&tiny, "inversion", params, &results[i]);
    }
    if (runs[0] && runs[1] && runs[2]) {
        const size_t bytes = 3 * 16 * 16 * sizeof(float);
        const float *first = item_named(&results[0], "tiles")->data;
        CHECK(memcmp(first, item_named(&results[1], "tiles")->data, bytes) == 0);
        CHECK(memcmp(first, item_named(&results[2], "tiles")->data, bytes) != 0);
    }
    for (int i = 0; i < 3; i++) run_destroy(runs[i]);
    zebra_close(&tiny);
}

static const Test tests[] = {
    TEST(priors_are_what_they_say),
    TEST(nothing_is_not_a_number),
    TEST(the_picture_is_found_again),
    TEST(the_seed_decides),
};
TEST_MAIN(tests)
