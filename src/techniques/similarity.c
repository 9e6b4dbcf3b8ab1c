#include "techniques/similarity.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* ---- structure ---- */

enum { RADIUS = 5, TAPS = 2 * RADIUS + 1, MOMENTS = 5 };

static void gaussian(double taps[TAPS])
{
    const double deviation = 1.5;
    for (int i = 0; i < TAPS; i++) {
        const double x = (i - RADIUS) / deviation;
        taps[i] = exp(-0.5 * x * x);
    }
}

/* One of a, b, a^2, b^2, ab. */
static double moment(double a, double b, int k)
{
    const double moments[MOMENTS] = {a, b, a * a, b * b, a * b};
    return moments[k];
}

/* Means of a row of moments along x, windows cut at the ends. */
static void blur_row(const float *a, const float *b, int width, const double *taps, double *row)
{
    for (int k = 0; k < MOMENTS; k++) {
        for (int x = 0; x < width; x++) {
            double sum = 0, weight = 0;
            for (int i = -RADIUS; i <= RADIUS; i++) {
                if (x + i < 0 || x + i >= width) continue;
                sum += taps[i + RADIUS] * moment(a[x + i], b[x + i], k);
                weight += taps[i + RADIUS];
            }
            row[k * width + x] = sum / weight;
        }
    }
}

/* Equation 13 from the five means of a window. */
static double similarity(const double mean[MOMENTS])
{
    const double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03;
    const double product = mean[0] * mean[1];
    const double squares = mean[0] * mean[0] + mean[1] * mean[1];
    const double covariance = mean[4] - product, variances = mean[2] + mean[3] - squares;
    return (2 * product + c1) * (2 * covariance + c2) / ((squares + c1) * (variances + c2));
}

Status structural_similarity(const float *a, const float *b, int height, int width, double *ssim)
{
    const size_t pitch = MOMENTS * (size_t)width, bytes = (size_t)height * pitch * sizeof(double);
    double *rows = malloc(bytes), taps[TAPS], total = 0;
    if (!rows) return status_no_memory("comparing the maps", bytes);
    gaussian(taps);
    for (int y = 0; y < height; y++) {
        const size_t from = (size_t)y * (size_t)width;
        blur_row(a + from, b + from, width, taps, rows + (size_t)y * pitch);
    }
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            double mean[MOMENTS] = {0}, weight = 0;
            for (int i = -RADIUS; i <= RADIUS; i++) {
                if (y + i < 0 || y + i >= height) continue;
                const double *row = rows + (size_t)(y + i) * pitch + x;
                for (int k = 0; k < MOMENTS; k++) mean[k] += taps[i + RADIUS] * row[k * width];
                weight += taps[i + RADIUS];
            }
            for (int k = 0; k < MOMENTS; k++) mean[k] /= weight;
            total += similarity(mean);
        }
    }
    free(rows);
    *ssim = total / ((double)height * width);
    return status_ok();
}

/* ---- ranks ---- */

typedef struct Ranked {
    float value;
    size_t at;
} Ranked;

static int higher_first(const void *left, const void *right)
{
    const Ranked *a = left, *b = right;
    if (a->value != b->value) return a->value < b->value ? 1 : -1;
    return (a->at > b->at) - (a->at < b->at);
}

static Ranked *sorted(const float *values, size_t count)
{
    Ranked *ranked = malloc(count * sizeof *ranked);
    if (!ranked) return NULL;
    for (size_t i = 0; i < count; i++) ranked[i] = (Ranked){values[i], i};
    qsort(ranked, count, sizeof *ranked, higher_first);
    return ranked;
}

size_t *descending_order(const float *values, size_t count)
{
    Ranked *ranked = sorted(values, count);
    size_t *order = malloc(count * sizeof *order);
    for (size_t i = 0; ranked && order && i < count; i++) order[i] = ranked[i].at;
    if (!ranked) {
        free(order);
        order = NULL;
    }
    free(ranked);
    return order;
}

/* Ranks less their mean; from malloc. */
static double *ranks_of(const float *values, size_t count)
{
    Ranked *ranked = sorted(values, count);
    double *ranks = malloc(count * sizeof *ranks);
    for (size_t i = 0; ranked && ranks && i < count;) {
        size_t end = i + 1;
        while (end < count && ranked[end].value == ranked[i].value) end++;
        const double rank = 0.5 * (double)(i + end) - 0.5 * (double)count;
        for (; i < end; i++) ranks[ranked[i].at] = rank;
    }
    if (!ranked) {
        free(ranks);
        ranks = NULL;
    }
    free(ranked);
    return ranks;
}

Status rank_correlation(const float *a, const float *b, size_t count, double *correlation)
{
    double *ra = ranks_of(a, count), *rb = ranks_of(b, count);
    double product = 0, squares_a = 0, squares_b = 0;
    const bool there = ra && rb;
    for (size_t i = 0; there && i < count; i++) {
        product += ra[i] * rb[i];
        squares_a += ra[i] * ra[i];
        squares_b += rb[i] * rb[i];
    }
    free(ra);
    free(rb);
    if (!there) return status_no_memory("comparing the maps", 2 * count * sizeof(double));
    const double norm = sqrt(squares_a * squares_b);
    *correlation = norm > 0 ? product / norm : 0;
    return status_ok();
}
