/* Nearest points against a sort of all distances in double precision. */
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/random.h"
#include "embed/nearest.h"
#include "parallel.h"
#include "support/test.h"

typedef struct Pair {
    double distance;
    int index;
} Pair;

static int by_distance(const void *a, const void *b)
{
    const Pair *x = a, *y = b;
    if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
    return x->index - y->index;
}

/* All neighbours, in blocks of rows that do not divide n. */
static void search_all(const Nearest *nearest, int k, int *index, float *distance)
{
    void *scratch = aligned_alloc_zeroed(nearest_scratch_bytes(nearest, k));
    for (int i = 0; i < nearest->n; i += 100) {
        const int rows = nearest->n - i < 100 ? nearest->n - i : 100;
        nearest_rows(nearest, i, rows, k, scratch, index + i * k, distance + i * k);
    }
    aligned_free(scratch);
}

static void compare(int n, int d, int k, float offset)
{
    const size_t size = (size_t)n * (size_t)d, found = (size_t)n * (size_t)k;
    float *points = malloc(size * sizeof *points), *norms = malloc((size_t)n * sizeof *norms);
    float *mean = malloc((size_t)d * sizeof *mean), *distance = malloc(found * sizeof *distance);
    int *index = malloc(found * sizeof *index);
    Pair *pairs = malloc((size_t)n * sizeof *pairs);
    Random random = random_seeded((uint64_t)(n + d));
    for (size_t i = 0; i < size; i++) points[i] = offset + random_normal(&random);
    nearest_center(points, n, d, mean);
    nearest_norms(points, n, d, norms);
    search_all(&(Nearest){points, norms, n, d}, k, index, distance);
    int wrong = 0;
    double error = 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int c = 0; c < d; c++) {
                const double difference = (double)points[i * d + c] - points[j * d + c];
                sum += difference * difference;
            }
            pairs[j] = (Pair){i == j ? INFINITY : sum, j};
        }
        qsort(pairs, (size_t)n, sizeof *pairs, by_distance);
        for (int f = 0; f < k; f++) {
            error = fmax(error, fabs(distance[i * k + f] / pairs[f].distance - 1));
            /* Of two that are as near within rounding either may come first. */
            double sum = 0;
            for (int c = 0; c < d; c++) {
                const double difference =
                    (double)points[i * d + c] - points[index[i * k + f] * d + c];
                sum += difference * difference;
            }
            wrong += fabs(sum / pairs[f].distance - 1) > 1e-6 || index[i * k + f] == i;
        }
    }
    if (wrong || error > 1e-5)
        test_fail(__FILE__, __LINE__, "n %d d %d k %d: %d wrong, error %g", n, d, k, wrong, error);
    free(points), free(norms), free(mean), free(distance), free(index), free(pairs);
}

static void they_are_those_of_a_full_sort(void)
{
    static const int shapes[][3] = {{2, 1, 1},   {5, 3, 4},     {17, 2, 16},  {64, 8, 10},
                                    {130, 5, 7}, {257, 33, 90}, {300, 50, 30}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        compare(shapes[i][0], shapes[i][1], shapes[i][2], i % 2 ? 100 : 0);
}

static void equal_points_go_by_index(void)
{
    float points[6 * 2] = {0}, norms[6], distance[6 * 3];
    int index[6 * 3];
    nearest_norms(points, 6, 2, norms);
    search_all(&(Nearest){points, norms, 6, 2}, 3, index, distance);
    CHECK(index[0] == 1 && index[1] == 2 && index[2] == 3);
    CHECK(index[3 * 5] == 0 && index[3 * 5 + 1] == 1 && index[3 * 5 + 2] == 2);
}

static void threads_change_nothing(void)
{
    enum { N = 400, D = 20, K = 15 };
    static float points[N * D], norms[N], distance[2][N * K];
    static int index[2][N * K];
    Random random = random_seeded(5);
    for (int i = 0; i < N * D; i++) points[i] = random_normal(&random);
    nearest_norms(points, N, D, norms);
    const Nearest nearest = {points, norms, N, D};
    search_all(&nearest, K, index[0], distance[0]);
    parallel_start(3);
    search_all(&nearest, K, index[1], distance[1]);
    parallel_stop();
    for (int i = 0; i < N * K; i++)
        CHECK(index[0][i] == index[1][i] && distance[0][i] == distance[1][i]);
}

static void cosine_is_the_distance_of_directions(void)
{
    float points[3 * 2] = {3, 0, 0, 5, 0, 0}, norms[3], distance[3];
    int index[3];
    nearest_normalise(points, 3, 2);
    CHECK(points[0] == 1 && points[3] == 1 && points[4] == 0);
    nearest_norms(points, 3, 2, norms);
    search_all(&(Nearest){points, norms, 2, 2}, 1, index, distance);
    CHECK(index[0] == 1 && fabsf(distance[0] - 2) < 1e-6F);
}

static void agreement_counts_those_of_one_class(void)
{
    const int index[] = {1, 2, 0, 2, 0, 1, 0, 1}, group[] = {0, 0, 1, -1};
    /* Of point 0 one of two, of point 1 one of two, of point 2 none; point 3 has no class. */
    CHECK(fabs(nearest_agreement(index, 4, 2, group) - 1.0 / 3) < 1e-9);
}

static const Test tests[] = {
    TEST(they_are_those_of_a_full_sort),
    TEST(equal_points_go_by_index),
    TEST(threads_change_nothing),
    TEST(cosine_is_the_distance_of_directions),
    TEST(agreement_counts_those_of_one_class),
};
TEST_MAIN(tests)
