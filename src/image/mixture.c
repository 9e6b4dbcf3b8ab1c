#include "image/mixture.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

/* ---- k-means ---- */

enum { ROUNDS = 10, SAMPLES = 4096 };

static double distance2(const float a[3], const double b[3])
{
    double sum = 0;
    for (int c = 0; c < 3; c++) sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

static int nearest(const float colour[3], double (*centre)[3], int count, double *distance)
{
    int best = 0;
    *distance = distance2(colour, centre[0]);
    for (int k = 1; k < count; k++) {
        const double d = distance2(colour, centre[k]);
        if (d < *distance) best = k, *distance = d;
    }
    return best;
}

/* Up to SAMPLES pixels of the side, evenly spread; returns their number. */
static int take_samples(const float *rgb, const uint8_t *sides, uint8_t side, size_t count,
                        float (*sample)[3])
{
    size_t members = 0, seen = 0;
    for (size_t i = 0; i < count; i++) members += sides[i] == side;
    int taken = 0;
    for (size_t i = 0; i < count && taken < SAMPLES; i++) {
        if (sides[i] != side) continue;
        /* The seen-th of members is taken when its share of SAMPLES reaches the next whole number. */
        const size_t before = seen * SAMPLES / members, after = ++seen * SAMPLES / members;
        if (members <= SAMPLES || after > before)
            memcpy(sample[taken++], rgb + 3 * i, sizeof *sample);
    }
    return taken;
}

/* Each centre a sample, drawn with a chance that grows with the squared distance to those before. */
static void draw_centres(float (*sample)[3], int count, double (*centre)[3])
{
    Random random = random_seeded(1);
    int chosen = (int)random_below(&random, (uint32_t)count);
    for (int k = 0; k < MIXTURE_PARTS; k++) {
        for (int c = 0; c < 3; c++) centre[k][c] = sample[chosen][c];
        double total = 0, d;
        for (int i = 0; i < count; i++) nearest(sample[i], centre, k + 1, &d), total += d;
        double left = total * random_uniform(&random);
        for (chosen = 0; chosen < count - 1; chosen++) {
            nearest(sample[chosen], centre, k + 1, &d);
            left -= d;
            if (left < 0) break;
        }
    }
}

void mixture_cluster(const float *rgb, const uint8_t *sides, uint8_t side, size_t count,
                     uint8_t *parts)
{
    float sample[SAMPLES][3];
    double centre[MIXTURE_PARTS][3], d;
    const int samples = take_samples(rgb, sides, side, count, sample);
    if (samples == 0) return;
    draw_centres(sample, samples, centre);
    for (int round = 0; round < ROUNDS; round++) {
        double sum[MIXTURE_PARTS][3] = {0};
        int members[MIXTURE_PARTS] = {0};
        for (int i = 0; i < samples; i++) {
            const int k = nearest(sample[i], centre, MIXTURE_PARTS, &d);
            members[k]++;
            for (int c = 0; c < 3; c++) sum[k][c] += sample[i][c];
        }
        for (int k = 0; k < MIXTURE_PARTS; k++) {
            for (int c = 0; c < 3 && members[k]; c++) centre[k][c] = sum[k][c] / members[k];
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (sides[i] == side) parts[i] = (uint8_t)nearest(rgb + 3 * i, centre, MIXTURE_PARTS, &d);
    }
}

/* ---- Gaussians ---- */

/* The inverse of a symmetric matrix 00 01 02 11 12 22; returns its determinant. */
static double invert(const double m[6], double inverse[6])
{
    const double a = m[3] * m[5] - m[4] * m[4], b = m[2] * m[4] - m[1] * m[5];
    const double c = m[1] * m[4] - m[2] * m[3];
    const double determinant = m[0] * a + m[1] * b + m[2] * c;
    inverse[0] = a / determinant;
    inverse[1] = b / determinant;
    inverse[2] = c / determinant;
    inverse[3] = (m[0] * m[5] - m[2] * m[2]) / determinant;
    inverse[4] = (m[1] * m[2] - m[0] * m[4]) / determinant;
    inverse[5] = (m[0] * m[3] - m[1] * m[1]) / determinant;
    return determinant;
}

typedef struct Moments {
    double count, sum[3], product[6];
} Moments;

static void set_gaussian(Gaussian *g, const Moments *m, double all)
{
    /* A region of one colour has no spread: half a level of rounding is always there. */
    const double least = 1.0;
    const double pi = 3.14159265358979323846;
    double covariance[6];
    *g = (Gaussian){.weight = all > 0 ? m->count / all : 0};
    if (g->weight == 0) return;
    for (int c = 0; c < 3; c++) g->mean[c] = m->sum[c] / m->count;
    for (int i = 0, at = 0; i < 3; i++) {
        for (int j = i; j < 3; j++, at++) {
            covariance[at] = m->product[at] / m->count - g->mean[i] * g->mean[j];
            if (i == j) covariance[at] += least;
        }
    }
    const double determinant = invert(covariance, g->inverse);
    g->log_norm = log(g->weight) - 0.5 * (3 * log(2 * pi) + log(determinant));
}

void mixture_fit(Mixture *mixture, const float *rgb, const uint8_t *sides, uint8_t side,
                 size_t count, const uint8_t *parts)
{
    Moments moments[MIXTURE_PARTS] = {0};
    double all = 0;
    for (size_t i = 0; i < count; i++) {
        if (sides[i] != side) continue;
        Moments *m = &moments[parts[i]];
        const float *x = rgb + 3 * i;
        all++;
        m->count++;
        for (int a = 0, at = 0; a < 3; a++) {
            m->sum[a] += x[a];
            for (int b = a; b < 3; b++, at++) m->product[at] += (double)x[a] * x[b];
        }
    }
    for (int k = 0; k < MIXTURE_PARTS; k++) set_gaussian(&mixture->part[k], &moments[k], all);
}

static double log_density(const Gaussian *g, const float colour[3])
{
    const double x = colour[0] - g->mean[0], y = colour[1] - g->mean[1], z = colour[2] - g->mean[2];
    const double *m = g->inverse;
    const double square =
        x * (m[0] * x + 2 * (m[1] * y + m[2] * z)) + y * (m[3] * y + 2 * m[4] * z) + m[5] * z * z;
    return g->log_norm - 0.5 * square;
}

double mixture_cost(const Mixture *mixture, const float colour[3])
{
    double logs[MIXTURE_PARTS], most = -INFINITY, sum = 0;
    for (int k = 0; k < MIXTURE_PARTS; k++) {
        const Gaussian *g = &mixture->part[k];
        logs[k] = g->weight > 0 ? log_density(g, colour) : -INFINITY;
        most = fmax(most, logs[k]);
    }
    if (most == -INFINITY) return 1e3; /* no colour at all belongs to it */
    for (int k = 0; k < MIXTURE_PARTS; k++) sum += exp(logs[k] - most);
    return -most - log(sum);
}

uint8_t mixture_part(const Mixture *mixture, const float colour[3])
{
    int best = 0;
    double most = -INFINITY;
    for (int k = 0; k < MIXTURE_PARTS; k++) {
        if (mixture->part[k].weight == 0) continue;
        const double log = log_density(&mixture->part[k], colour);
        if (log > most) best = k, most = log;
    }
    return (uint8_t)best;
}
