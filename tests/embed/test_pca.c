/* Principal components of points whose components are known, and of noise against the full covariance. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "embed/nearest.h"
#include "embed/pca.h"
#include "support/test.h"

static Pca *components_of(const float *points, int n, int d, int count)
{
    Pca *pca = NULL;
    CHECK_OK(pca_create(&pca, points, n, d, count, 7));
    while (pca && !pca_advance(pca)) continue;
    return pca;
}

static double dot(const float *a, const float *b, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) sum += (double)a[i] * b[i];
    return sum;
}

/* Points spread by known amounts along known orthogonal directions. */
static void known_directions_are_found(void)
{
    enum { N = 500, D = 64, R = 4 };
    static const float spread[R] = {9, 5, 4.5F, 1};
    static float points[N * D], directions[R * D], mean[D];
    Random random = random_seeded(1);
    /* Rows of a Hadamard matrix. */
    for (int r = 0; r < R; r++) {
        for (int c = 0; c < D; c++)
            directions[r * D + c] =
                __builtin_parity((unsigned)(r + 1) & (unsigned)c) ? -0.125F : 0.125F;
    }
    for (int i = 0; i < N; i++) {
        for (int r = 0; r < R; r++) {
            const float along = spread[r] * random_normal(&random);
            for (int c = 0; c < D; c++) points[i * D + c] += along * directions[r * D + c];
        }
        for (int c = 0; c < D; c++) points[i * D + c] += 3 + 0.01F * random_normal(&random);
    }
    nearest_center(points, N, D, mean);
    Pca *pca = components_of(points, N, D, R);
    for (int r = 0; r < R; r++) {
        const double same = fabs(dot(pca_directions(pca) + r * D, directions + r * D, D));
        /* Sampling turns the two that are nearly equal. */
        if (same < (r == 1 || r == 2 ? 0.7 : 0.98))
            test_fail(__FILE__, __LINE__, "direction %d: %g", r, same);
        const double deviation = sqrt((double)pca_variances(pca)[r]);
        if (fabs(deviation / spread[r] - 1) > 0.15)
            test_fail(__FILE__, __LINE__, "deviation %d: %g", r, deviation);
    }
    pca_destroy(pca);
}

/* Against power iteration with deflation on the covariance in double precision. */
static void noise_has_the_components_of_its_covariance(void)
{
    enum { N = 120, D = 40, R = 6 };
    static float points[N * D], mean[D];
    static double covariance[D * D], v[D], w[D];
    Random random = random_seeded(2);
    for (int i = 0; i < N * D; i++) points[i] = random_normal(&random) * (1 + (float)(i % D) / 8);
    nearest_center(points, N, D, mean);
    double trace = 0;
    for (int a = 0; a < D; a++) {
        for (int b = 0; b < D; b++) {
            for (int i = 0; i < N; i++)
                covariance[a * D + b] += (double)points[i * D + a] * points[i * D + b] / (N - 1);
        }
        trace += covariance[a * D + a];
    }
    Pca *pca = components_of(points, N, D, R);
    CHECK(fabs(pca_total_variance(pca) / trace - 1) < 1e-5);
    for (int r = 0; r < R; r++) {
        for (int a = 0; a < D; a++) v[a] = 1 + a % 3;
        double value = 0;
        for (int round = 0; round < 5000; round++) {
            value = 0;
            for (int a = 0; a < D; a++) {
                w[a] = 0;
                for (int b = 0; b < D; b++) w[a] += covariance[a * D + b] * v[b];
                value += w[a] * w[a];
            }
            value = sqrt(value);
            for (int a = 0; a < D; a++) v[a] = w[a] / value;
        }
        double same = 0;
        for (int a = 0; a < D; a++) same += v[a] * (double)pca_directions(pca)[r * D + a];
        if (fabs((double)pca_variances(pca)[r] / value - 1) > 1e-3 || fabs(same) < 0.99)
            test_fail(__FILE__, __LINE__, "component %d: %g and %g, cosine %g", r,
                      (double)pca_variances(pca)[r], value, same);
        for (int a = 0; a < D; a++) {
            for (int b = 0; b < D; b++) covariance[a * D + b] -= value * v[a] * v[b];
        }
    }
    pca_destroy(pca);
}

/* Coordinates have the variances that are told, none together; directions have length 1. */
static void coordinates_are_uncorrelated(void)
{
    enum { N = 300, D = 30, R = 3 };
    static float points[N * D], mean[D], out[N * R];
    Random random = random_seeded(3);
    for (int i = 0; i < N * D; i++) points[i] = random_normal(&random) * (i % D < 3 ? 4 : 1);
    nearest_center(points, N, D, mean);
    Pca *pca = components_of(points, N, D, R);
    pca_project(pca, R, out);
    for (int a = 0; a < R; a++) {
        CHECK(fabs(dot(pca_directions(pca) + a * D, pca_directions(pca) + a * D, D) - 1) < 1e-5);
        for (int b = 0; b < R; b++) {
            double sum = 0;
            for (int i = 0; i < N; i++) sum += (double)out[i * R + a] * out[i * R + b] / (N - 1);
            const double told = a == b ? (double)pca_variances(pca)[a] : 0;
            CHECK(fabs(sum - told) < 1e-3 * (double)pca_variances(pca)[0]);
        }
    }
    pca_destroy(pca);
}

static void few_points_have_few_components(void)
{
    float points[3 * 5] = {1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, same[4 * 2] = {0};
    Pca *pca = components_of(points, 3, 5, 50);
    CHECK(pca_components(pca) == 2);
    CHECK(fabsf(pca_variances(pca)[0] - 1) < 1e-5F && pca_variances(pca)[1] < 1e-5F);
    pca_destroy(pca);
    pca = components_of(same, 4, 2, 2);
    CHECK(pca_total_variance(pca) == 0 && pca_variances(pca)[0] == 0);
    pca_destroy(pca);
}

static const Test tests[] = {
    TEST(known_directions_are_found),
    TEST(noise_has_the_components_of_its_covariance),
    TEST(coordinates_are_uncorrelated),
    TEST(few_points_have_few_components),
};
TEST_MAIN(tests)
