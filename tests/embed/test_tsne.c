/* t-SNE: forces against plain sums, affinities against their definition, clusters, and the same bits for the same
 * seed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/random.h"
#include "embed/nearest.h"
#include "embed/quadtree.h"
#include "embed/tsne.h"
#include "parallel.h"
#include "support/test.h"

/* ---- repulsion ---- */

/* Relative error of the forces and of Z to sums over all pairs. */
static void check_repulsion(const float *y, int n, float theta, double most)
{
    Quadtree *tree = NULL;
    float *force = malloc(2 * (size_t)n * sizeof *force);
    CHECK_OK(quadtree_create(&tree, n));
    quadtree_build(tree, y);
    const double z = quadtree_repulsion(tree, theta, force);
    double exact_z = 0, error = 0, norm = 0;
    for (int i = 0; i < n; i++) {
        double fx = 0, fy = 0;
        for (int j = 0; j < n; j++) {
            const double dx = (double)y[2 * i] - y[2 * j], dy = (double)y[2 * i + 1] - y[2 * j + 1];
            const double q = 1 / (1 + dx * dx + dy * dy);
            fx += q * q * dx, fy += q * q * dy;
            if (i != j) exact_z += q;
        }
        error += (force[2 * i] - fx) * (force[2 * i] - fx) +
                 (force[2 * i + 1] - fy) * (force[2 * i + 1] - fy);
        norm += fx * fx + fy * fy;
    }
    error = norm > 0 ? sqrt(error / norm) : sqrt(error);
    /* Each point meets itself in the sum, which is taken off again. */
    const double z_error = fmax(0, fabs(z - exact_z) - 1e-6 * n) / fmax(exact_z, 1e-30);
    if (error > most || z_error > most)
        test_fail(__FILE__, __LINE__, "n %d theta %g: force %.2e, Z %.2e", n, (double)theta, error,
                  z_error);
    quadtree_destroy(tree);
    free(force);
}

static void repulsion_is_that_of_all_pairs(void)
{
    static const int counts[] = {1, 2, 3, 7, 8, 9, 31, 33, 64, 500, 1501};
    static float y[2 * 1501];
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        const int n = counts[c];
        for (int scale = 0; scale < 3; scale++) {
            Random random = random_seeded((uint64_t)n);
            static const float spreads[] = {1e-4F, 1, 30};
            for (int i = 0; i < n; i++) {
                /* Clusters, as t-SNE makes them. */
                y[2 * i] = spreads[scale] * (random_normal(&random) + (float)(i % 5) * 4);
                y[2 * i + 1] = spreads[scale] * (random_normal(&random) - (float)(i % 3) * 6);
            }
            check_repulsion(y, n, 0, 1e-4);
            check_repulsion(y, n, 0.5F, 0.03);
        }
    }
}

static void points_in_one_place_do_not_matter(void)
{
    static float y[2 * 200];
    for (int i = 0; i < 200; i++) y[2 * i] = 1, y[2 * i + 1] = -2;
    check_repulsion(y, 200, 0.5F, 1e-5);
    y[2 * 77] = 9;
    check_repulsion(y, 200, 0.5F, 1e-4);
}

/* ---- the whole ---- */

enum { N = 300, D = 12, CLASSES = 3 };

static void clusters(float *points, int *group)
{
    Random random = random_seeded(11);
    for (int i = 0; i < N; i++) {
        group[i] = i % CLASSES;
        for (int c = 0; c < D; c++)
            points[i * D + c] = random_normal(&random) + (c % CLASSES == group[i] ? 5 : 0);
    }
}

static TsneOptions options(int iterations)
{
    return (TsneOptions){.perplexity = 20,
                         .theta = 0.5F,
                         .exaggeration = 12,
                         .exaggerated = 100,
                         .iterations = iterations,
                         .seed = 4};
}

static Tsne *placed(const float *points, const TsneOptions *how)
{
    Tsne *tsne = NULL;
    CHECK_OK(tsne_create(&tsne, points, N, D, how));
    double progress = 0;
    while (tsne && !tsne_advance(tsne)) {
        CHECK(tsne_progress(tsne) >= progress);
        progress = tsne_progress(tsne);
    }
    CHECK(tsne && tsne_progress(tsne) == 1);
    return tsne;
}

/* Affinities sum to 1, are symmetric, and each row's conditional ones have the perplexity. */
static void affinities_are_what_they_should_be(void)
{
    static float points[N * D], dense[N * N];
    static int group[N];
    clusters(points, group);
    const TsneOptions how = options(1);
    Tsne *tsne = placed(points, &how);
    const int *row, *column;
    const float *value;
    tsne_affinities(tsne, &row, &column, &value);
    double sum = 0;
    for (int i = 0; i < N; i++) {
        for (int e = row[i]; e < row[i + 1]; e++) {
            dense[i * N + column[e]] += value[e];
            sum += value[e];
        }
    }
    CHECK(fabs(sum - 1) < 1e-5);
    for (int i = 0; i < N; i++) {
        CHECK(dense[i * N + i] == 0);
        for (int j = 0; j < i; j++) CHECK(fabsf(dense[i * N + j] - dense[j * N + i]) < 1e-9F);
    }
    /* Independently, by the definition: beta of one row found by halving over all neighbours within 3 perplexities. */
    for (int i = 0; i < N; i += 37) {
        double distance[N], low = 0, high = 1e3, p[N];
        int nearer[N];
        for (int j = 0; j < N; j++) {
            distance[j] = 0;
            for (int c = 0; c < D; c++) {
                const double difference = (double)points[i * D + c] - points[j * D + c];
                distance[j] += difference * difference;
            }
        }
        for (int j = 0; j < N; j++) {
            nearer[j] = 0;
            for (int k = 0; k < N; k++) nearer[j] += k != i && distance[k] < distance[j];
        }
        for (int round = 0; round < 200; round++) {
            const double beta = (low + high) / 2;
            double total = 0, entropy = 0;
            for (int j = 0; j < N; j++) {
                p[j] = j != i && nearer[j] < 60 ? exp(-beta * distance[j]) : 0;
                total += p[j];
            }
            for (int j = 0; j < N; j++) {
                p[j] /= total;
                if (p[j] > 0) entropy -= p[j] * log(p[j]);
            }
            *(entropy > log(20) ? &low : &high) = beta;
        }
        for (int j = 0; j < N; j++) {
            /* The other half of the entry is what j thinks of i: not below. */
            CHECK(dense[i * N + j] > p[j] / (2 * N) - 1e-7);
        }
    }
    tsne_destroy(tsne);
}

static double agreement(const float *points, int d, const int *group)
{
    enum { K = 10 };
    static float norms[N], distance[N * K];
    static int index[N * K];
    const Nearest nearest = {points, norms, N, d};
    nearest_norms(points, N, d, norms);
    void *scratch = aligned_alloc_zeroed(nearest_scratch_bytes(&nearest, K));
    for (int i = 0; i < N; i += 100)
        nearest_rows(&nearest, i, 100, K, scratch, index + i * K, distance + i * K);
    aligned_free(scratch);
    return nearest_agreement(index, N, K, group);
}

static void clusters_stay_together(void)
{
    static float points[N * D];
    static int group[N];
    clusters(points, group);
    TsneOptions how = options(400);
    Tsne *tsne = placed(points, &how);
    const double kept = agreement(tsne_points(tsne), 2, group);
    if (kept < 0.98) test_fail(__FILE__, __LINE__, "agreement %g", kept);
    const double lumped = tsne_divergence(tsne);
    tsne_destroy(tsne);
    how.theta = 0; /* exact sums reach about the same cost */
    tsne = placed(points, &how);
    if (fabs(lumped / tsne_divergence(tsne) - 1) > 0.1)
        test_fail(__FILE__, __LINE__, "divergence %g, exactly %g", lumped, tsne_divergence(tsne));
    tsne_destroy(tsne);
}

static void the_same_seed_gives_the_same_plane(void)
{
    static float points[N * D], first[2 * N];
    static int group[N];
    clusters(points, group);
    const TsneOptions how = options(120);
    Tsne *tsne = placed(points, &how);
    memcpy(first, tsne_points(tsne), sizeof first);
    tsne_destroy(tsne);
    parallel_start(3);
    tsne = placed(points, &how);
    CHECK(memcmp(first, tsne_points(tsne), sizeof first) == 0);
    tsne_destroy(tsne);
    parallel_stop();
}

static void odd_inputs_are_survived(void)
{
    static float same[N * D], few[4 * 2] = {0, 0, 1, 0, 0, 1, 5, 5};
    TsneOptions how = options(30);
    Tsne *tsne = placed(same, &how); /* all points in one place */
    for (int i = 0; i < 2 * N; i++) CHECK(isfinite(tsne_points(tsne)[i]));
    tsne_destroy(tsne);
    CHECK_OK(tsne_create(&tsne, few, 4, 2, &how));
    while (!tsne_advance(tsne)) continue;
    for (int i = 0; i < 8; i++) CHECK(isfinite(tsne_points(tsne)[i]));
    tsne_destroy(tsne);
    CHECK_FAILS(tsne_create(&tsne, few, 3, 2, &how), "at least 4 points");
    tsne_destroy(NULL);
}

static const Test tests[] = {
    TEST(repulsion_is_that_of_all_pairs),     TEST(points_in_one_place_do_not_matter),
    TEST(affinities_are_what_they_should_be), TEST(clusters_stay_together),
    TEST(the_same_seed_gives_the_same_plane), TEST(odd_inputs_are_survived),
};
TEST_MAIN(tests)
