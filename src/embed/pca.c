#include "embed/pca.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/random.h"
#include "kernels/gemm.h"
#include "parallel.h"

/* Directions beyond those asked for speed the iteration up; it ends when the variances move by less than
 * `still` of themselves. */
enum { SPARE = 10, LEAST_ROUNDS = 4, MOST_ROUNDS = 40 };
static const double still = 1e-5;

struct Pca {
    Arena *arena;
    const float *points; /* [n,d] */
    int n, d, components, width, rounds;
    float *directions; /* [width,d], orthonormal */
    float *image;      /* [n,width] = points directions' */
    float *next;       /* [width,d] = image' points */
    float *variances;  /* [width] */
    double *gram;      /* [width,width] */
    double *turn;      /* [width,width] eigenvectors of gram, one a row */
    void *scratch;
    double total;
    bool done;
};

static Status allocate(Pca *p)
{
    const size_t n = (size_t)p->n, d = (size_t)p->d, w = (size_t)p->width;
    const int threads = parallel_threads();
    size_t scratch = gemm_scratch_bytes(p->n, p->width, p->d, threads);
    const size_t back = gemm_scratch_bytes(p->width, p->d, p->n, threads);
    if (back > scratch) scratch = back;
    p->directions = arena_alloc(p->arena, w * d * sizeof(float));
    p->image = arena_alloc(p->arena, n * w * sizeof(float));
    p->next = arena_alloc(p->arena, w * d * sizeof(float));
    p->variances = arena_alloc(p->arena, w * sizeof(float));
    p->gram = arena_alloc(p->arena, w * w * sizeof(double));
    p->turn = arena_alloc(p->arena, w * w * sizeof(double));
    p->scratch = arena_alloc(p->arena, scratch + 64);
    if (p->directions && p->image && p->next && p->variances && p->gram && p->turn && p->scratch)
        return status_ok();
    return status_no_memory("the principal components", (n * w + 2 * w * d) * sizeof(float));
}

/* ---- small matrices ---- */

static double dot(const float *a, const float *b, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) sum += (double)a[i] * b[i];
    return sum;
}

/* Orthonormal rows, by Gram and Schmidt twice ("twice is enough", Kahan); what is left of a row that depends on
 * the others is zero. */
static void orthonormalise(float *rows, int count, int d)
{
    for (int i = 0; i < count; i++) {
        float *row = rows + (size_t)i * (size_t)d;
        const double before = sqrt(dot(row, row, d));
        for (int round = 0; round < 2; round++) {
            for (int j = 0; j < i; j++) {
                const float *other = rows + (size_t)j * (size_t)d;
                const float along = (float)dot(row, other, d);
                for (int c = 0; c < d; c++) row[c] -= along * other[c];
            }
        }
        const double length = sqrt(dot(row, row, d));
        const float scale = length > 1e-6 * before && length > 0 ? (float)(1 / length) : 0;
        for (int c = 0; c < d; c++) row[c] *= scale;
    }
}

/* Turns rows p and q of the symmetric matrix and of the vectors so that a[p,q] becomes zero. */
static void rotate(double *a, double *vectors, int n, int p, int q)
{
    const double apq = a[p * n + q];
    if (fabs(apq) <= 1e-300) return;
    const double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
    const double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < n; k++) {
        const double kp = a[k * n + p], kq = a[k * n + q];
        a[k * n + p] = c * kp - s * kq, a[k * n + q] = s * kp + c * kq;
    }
    for (int k = 0; k < n; k++) {
        const double pk = a[p * n + k], qk = a[q * n + k];
        a[p * n + k] = c * pk - s * qk, a[q * n + k] = s * pk + c * qk;
        const double vp = vectors[p * n + k], vq = vectors[q * n + k];
        vectors[p * n + k] = c * vp - s * vq, vectors[q * n + k] = s * vp + c * vq;
    }
}

/* Eigenvalues on the diagonal of a, eigenvectors as rows, by cyclic Jacobi rotations. */
static void eigen(double *a, double *vectors, int n)
{
    memset(vectors, 0, (size_t)n * (size_t)n * sizeof *vectors);
    for (int i = 0; i < n; i++) vectors[i * n + i] = 1;
    for (int sweep = 0; sweep < 30; sweep++) {
        double off = 0, on = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) *(i == j ? &on : &off) += a[i * n + j] * a[i * n + j];
        }
        if (off <= 1e-22 * on) return;
        for (int p = 0; p < n; p++) {
            for (int q = p + 1; q < n; q++) rotate(a, vectors, n, p, q);
        }
    }
}

/* ---- the iteration ---- */

Status pca_create(Pca **pca, const float *points, int n, int d, int components, uint64_t seed)
{
    Arena *arena = arena_create();
    Pca *p = arena ? arena_alloc(arena, sizeof *p) : NULL;
    if (!p) {
        arena_destroy(arena);
        return status_no_memory("the principal components", sizeof *p);
    }
    const int most = n - 1 < d ? n - 1 : d;
    *p = (Pca){.arena = arena, .points = points, .n = n, .d = d};
    p->components = components < most ? components : most;
    p->width = p->components + SPARE < most ? p->components + SPARE : most;
    const Status status = allocate(p);
    if (status.code != STATUS_OK) {
        arena_destroy(arena);
        return status;
    }
    Random random = random_seeded(seed);
    for (size_t i = 0; i < (size_t)p->width * (size_t)d; i++)
        p->directions[i] = random_normal(&random);
    orthonormalise(p->directions, p->width, d);
    for (size_t i = 0; i < (size_t)n; i++) {
        const float *row = points + i * (size_t)d;
        p->total += dot(row, row, d) / (n - 1);
    }
    *pca = p;
    return status_ok();
}

void pca_destroy(Pca *pca)
{
    if (pca) arena_destroy(pca->arena);
}

/* image = points directions' */
static void project(const Pca *p, int count, float *out)
{
    gemm(&(Gemm){.m = p->n,
                 .n = count,
                 .k = p->d,
                 .a = gemm_matrix(p->points, p->d),
                 .b = gemm_transposed(p->directions, p->d),
                 .c = out,
                 .threads = parallel_threads()},
         p->scratch);
}

/* image' image / (n - 1) */
static void covariance(Pca *p)
{
    const int w = p->width;
    memset(p->gram, 0, (size_t)w * (size_t)w * sizeof *p->gram);
    for (size_t r = 0; r < (size_t)p->n; r++) {
        const float *row = p->image + r * (size_t)w;
        for (int i = 0; i < w; i++) {
            for (int j = 0; j <= i; j++) p->gram[i * w + j] += (double)row[i] * row[j];
        }
    }
    for (int i = 0; i < w; i++) {
        for (int j = 0; j <= i; j++) {
            p->gram[i * w + j] /= p->n - 1;
            p->gram[j * w + i] = p->gram[i * w + j];
        }
    }
}

/* The covariance within the subspace is turned until it is diagonal (Rayleigh and Ritz): variances and the
 * directions that have them, strongest first. next becomes the turned directions. Returns by how much the
 * variances moved, relative to their sum. */
static double turn(Pca *p)
{
    const int w = p->width;
    covariance(p);
    eigen(p->gram, p->turn, w);
    double moved = 0, sum = 0;
    for (int place = 0; place < w; place++) {
        int best = -1;
        for (int i = 0; i < w; i++) {
            if (p->gram[i * w + i] >= 0 &&
                (best < 0 || p->gram[i * w + i] > p->gram[best * w + best]))
                best = i;
        }
        float *to = p->next + (size_t)place * (size_t)p->d;
        memset(to, 0, (size_t)p->d * sizeof *to);
        const float variance = best < 0 ? 0 : (float)p->gram[best * w + best];
        for (int i = 0; i < w && best >= 0; i++) {
            const float share = (float)p->turn[best * w + i];
            const float *from = p->directions + (size_t)i * (size_t)p->d;
            for (int c = 0; c < p->d; c++) to[c] += share * from[c];
        }
        if (best >= 0) p->gram[best * w + best] = -1; /* taken */
        if (place < p->components) {
            moved += fabs((double)variance - p->variances[place]);
            sum += variance;
        }
        p->variances[place] = variance;
    }
    return sum > 0 ? moved / sum : 0;
}

/* Each direction is known up to its sign only. */
static void fix_signs(Pca *p)
{
    for (int i = 0; i < p->components; i++) {
        float *row = p->directions + (size_t)i * (size_t)p->d, largest = 0;
        for (int c = 0; c < p->d; c++) {
            if (fabsf(row[c]) > fabsf(largest)) largest = row[c];
        }
        for (int c = 0; c < p->d && largest < 0; c++) row[c] = -row[c];
    }
}

bool pca_advance(Pca *p)
{
    if (p->done || p->width < 1) return true;
    project(p, p->width, p->image);
    const double moved = turn(p);
    p->rounds++;
    if ((p->rounds >= LEAST_ROUNDS && moved < still) || p->rounds == MOST_ROUNDS) {
        memcpy(p->directions, p->next, (size_t)p->width * (size_t)p->d * sizeof(float));
        fix_signs(p);
        p->done = true;
        return true;
    }
    gemm(&(Gemm){.m = p->width,
                 .n = p->d,
                 .k = p->n,
                 .a = gemm_transposed(p->image, p->width),
                 .b = gemm_matrix(p->points, p->d),
                 .c = p->directions,
                 .threads = parallel_threads()},
         p->scratch);
    orthonormalise(p->directions, p->width, p->d);
    return false;
}

int pca_rounds(const Pca *p)
{
    return p->rounds;
}

int pca_components(const Pca *p)
{
    return p->components;
}

const float *pca_directions(const Pca *p)
{
    return p->directions;
}

const float *pca_variances(const Pca *p)
{
    return p->variances;
}

double pca_total_variance(const Pca *p)
{
    return p->total;
}

void pca_project(const Pca *p, int count, float *out)
{
    project(p, count, out);
}
