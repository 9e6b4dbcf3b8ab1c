#include "kernels/gemm.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/random.h"
#include "parallel.h"
#include "support/test.h"

/* Below, at, above and at multiples of every register tile (rows 4 and 8; columns 8, 12, 24, 32 and 48). */
static const int sizes[] = {1,  2,  3,  4,  5,  7,  8,  9,  12, 16, 17,
                            23, 24, 25, 31, 33, 47, 48, 49, 96, 145};
enum { SIZES = sizeof sizes / sizeof *sizes, SEED = 20150527 };

typedef struct Layout {
    const char *name;
    bool a_transposed, b_transposed;
} Layout;

static const Layout layouts[] = {
    {"NN", false, false}, {"NT", false, true}, {"TN", true, false}, {"TT", true, true}};

static float *random_floats(Random *random, size_t count)
{
    float *data = aligned_alloc_zeroed(count * sizeof *data);
    if (!data) abort();
    for (size_t i = 0; i < count; i++) data[i] = random_normal(random);
    return data;
}

static void naive(const Gemm *g, const float *before, double *c)
{
    for (int i = 0; i < g->m; i++) {
        for (int j = 0; j < g->n; j++) {
            double sum = g->bias ? (double)g->bias[i] : 0;
            if (g->accumulate) sum += (double)before[i * g->n + j];
            for (int k = 0; k < g->k; k++) {
                sum += (double)g->a.data[i * g->a.row + k * g->a.column] *
                       (double)g->b.data[k * g->b.row + j * g->b.column];
            }
            c[i * g->n + j] = sum;
        }
    }
}

static double relative_error(const float *got, const double *want, size_t count)
{
    double error = 0, norm = 1e-30;
    for (size_t i = 0; i < count; i++) {
        error += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        norm += want[i] * want[i];
    }
    return sqrt(error / norm);
}

/* Runs on 1, 2 and 5 threads; all must give the same bits, near those of the definition. */
static void check_product(int m, int n, int k, const Layout *layout, bool accumulate,
                          bool with_bias, uint64_t seed)
{
    static const int threads[] = {1, 2, 5};
    Random random = random_seeded(seed);
    const size_t count = (size_t)m * (size_t)n;
    float *a = random_floats(&random, (size_t)m * (size_t)k + 1);
    float *b = random_floats(&random, (size_t)k * (size_t)n + 1),
          *bias = random_floats(&random, (size_t)m);
    float *before = random_floats(&random, count), *first = random_floats(&random, count);
    float *c = random_floats(&random, count);
    double *want = calloc(count, sizeof *want);
    if (!want) abort();
    for (int t = 0; t < 3; t++) {
        parallel_start(threads[t]);
        /* Constants are only 4-byte aligned. */
        Gemm g = {.m = m, .n = n, .k = k, .c = c, .accumulate = accumulate, .threads = threads[t]};
        g.a = layout->a_transposed ? gemm_transposed(a + 1, m) : gemm_matrix(a + 1, k);
        g.b = layout->b_transposed ? gemm_transposed(b + 1, k) : gemm_matrix(b + 1, n);
        g.bias = with_bias ? bias : NULL;
        void *scratch = aligned_alloc_zeroed(gemm_scratch_bytes(m, n, k, threads[t]) + 1);
        if (!scratch) abort();
        memset(scratch, 0xFF, gemm_scratch_bytes(m, n, k, threads[t]));
        memcpy(c, before, count * sizeof *c);
        gemm(&g, scratch);
        aligned_free(scratch);
        if (t == 0) {
            naive(&g, before, want);
            memcpy(first, c, count * sizeof *c);
        }
        const double error = relative_error(c, want, count);
        if (!(error < 1e-6) || memcmp(first, c, count * sizeof *c) != 0) {
            test_fail(__FILE__, __LINE__,
                      "%s %dx%dx%d accumulate %d bias %d threads %d seed %llu: error %g%s",
                      layout->name, m, n, k, accumulate, with_bias, threads[t],
                      (unsigned long long)seed, error,
                      memcmp(first, c, count * sizeof *c) ? ", other bits than one thread" : "");
        }
    }
    parallel_stop();
    aligned_free(a), aligned_free(b), aligned_free(bias), aligned_free(before), aligned_free(first);
    aligned_free(c);
    free(want);
}

static void every_pair_of_tile_sizes(void)
{
    for (int i = 0; i < SIZES * SIZES; i++) {
        const int k = sizes[(i * 7 + 3) % SIZES];
        check_product(sizes[i / SIZES], sizes[i % SIZES], k, &layouts[i % 4], i % 3 == 1,
                      i % 5 == 2, SEED + (uint64_t)i);
    }
}

static void depths_around_the_cache_block(void)
{
    static const int depths[] = {191, 192, 193, 255, 256, 257, 384, 511, 513, 1000};
    for (int i = 0; i < 10; i++) {
        for (int layout = 0; layout < 4; layout++) {
            check_product(9, 50, depths[i], &layouts[layout], i % 2, i % 3 == 0,
                          SEED + (uint64_t)i);
        }
    }
}

/* B packed as a whole, A row by row; a last column or two that would leave most of a vector idle. */
static void few_columns_of_many_rows(void)
{
    static const int columns[] = {1, 4, 5, 17, 48, 49, 50, 52, 53, 98, 193};
    for (int i = 0; i < 11; i++) {
        const Layout *layout = &layouts[i % 4];
        check_product(301, columns[i], 401, layout, i % 2, i % 3 == 0, SEED + (uint64_t)i);
        check_product(304, columns[i], 401, &layouts[0], i % 2, i % 3 == 0, SEED + (uint64_t)i);
        check_product(9, columns[i], 401, layout, i % 2, i % 3 == 0, SEED + (uint64_t)i);
    }
}

/* Panels of B that are read where they lie, where no copy is faster; the last is not wide enough. */
static void wide_products_of_rows_as_they_lie(void)
{
    static const int columns[] = {401, 432, 784, 896, 1000, 1024};
    for (int i = 0; i < 6; i++) {
        check_product(24, columns[i], 31 + 85 * i, &layouts[0], i % 2, i % 3 == 0, SEED);
        check_product(13, columns[i], 24, &layouts[2], i % 3 == 1, i % 2, SEED);
    }
}

static void depths_around_the_strip(void)
{
    static const int depths[] = {8063, 8064, 8065, 8191, 8192, 8193, 17000};
    for (int i = 0; i < 7; i++) check_product(6, 11, depths[i], &layouts[i % 4], i % 2, true, SEED);
}

static void many_columns_and_rows(void)
{
    check_product(5, 3001, 20, &layouts[0], false, true, SEED);
    check_product(1, 3001, 77, &layouts[0], false, false, SEED);
    check_product(2, 1500, 77, &layouts[1], true, true, SEED);
    check_product(3001, 1, 77, &layouts[0], true, false, SEED);
    check_product(3001, 5, 20, &layouts[2], true, false, SEED);
}

static void values_that_are_not_finite_stay_where_they_are(void)
{
    float a[8 * 8] = {0}, b[8 * 50] = {0}, c[8 * 50];
    for (int i = 0; i < 8; i++) a[i * 9] = 1;
    b[3 * 50 + 7] = INFINITY;
    b[4 * 50 + 49] = NAN;
    const Gemm g = {.m = 8,
                    .n = 50,
                    .k = 8,
                    .a = gemm_matrix(a, 8),
                    .b = gemm_matrix(b, 50),
                    .c = c,
                    .threads = 1};
    void *scratch = aligned_alloc_zeroed(gemm_scratch_bytes(8, 50, 8, 1));
    if (!scratch) abort();
    gemm(&g, scratch);
    aligned_free(scratch);
    for (int i = 0; i < 8 * 50; i++) {
        const bool column = i % 50 == 7 || i % 50 == 49;
        if (!column) CHECK(c[i] == 0);
    }
    CHECK(isinf(c[3 * 50 + 7]));
    CHECK(isnan(c[4 * 50 + 49]));
}

static const Test tests[] = {
    TEST(every_pair_of_tile_sizes),
    TEST(depths_around_the_cache_block),
    TEST(few_columns_of_many_rows),
    TEST(wide_products_of_rows_as_they_lie),
    TEST(depths_around_the_strip),
    TEST(many_columns_and_rows),
    TEST(values_that_are_not_finite_stay_where_they_are),
};
TEST_MAIN(tests)
