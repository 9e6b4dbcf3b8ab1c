#include "embed/tsne.h"

#include <math.h>

#include "base/arena.h"
#include "base/random.h"
#include "embed/nearest.h"
#include "embed/quadtree.h"
#include "parallel.h"
#include "simd.h"

enum { SEARCH_ROUNDS = 64, REPORT_EVERY = 50 };

static const float spread_at_start = 1e-4F, least_gain = 0.01F;
/* Share of the whole that the search for neighbours takes, about. */
static const double search_share = 0.08;

struct Tsne {
    Arena *arena;
    TsneOptions options;
    int n, d, k;
    Nearest nearest;
    void *scratch;
    int *neighbour;    /* [n,k] */
    float *closeness;  /* [n,k] squared distances, then conditional affinities */
    int searched;      /* rows */
    int *row, *column; /* as tsne_affinities tells */
    float *value;
    double entropy; /* sum of p log p */
    int *finder_first, *finder,
        *place; /* for symmetrising: entries of neighbour by whom they name */

    Quadtree *tree;
    float *points, *velocity, *gain, *attraction, *repulsion; /* [n,2] */
    float *x, *y;                                             /* [n] the points once more */
    double *logs;                                             /* [n] sum of p log(1 + distance^2) */
    double z, divergence;
    int iteration;
};

static Status allocate(Tsne *t)
{
    const size_t n = (size_t)t->n, k = (size_t)t->k;
    float *norms = arena_alloc(t->arena, n * sizeof *norms);
    t->neighbour = arena_alloc(t->arena, n * k * sizeof *t->neighbour);
    t->closeness = arena_alloc(t->arena, n * k * sizeof *t->closeness);
    t->row = arena_alloc(t->arena, (n + 1) * sizeof *t->row);
    t->finder_first = arena_alloc(t->arena, (n + 2) * sizeof *t->finder_first);
    t->finder = arena_alloc(t->arena, n * k * sizeof *t->finder);
    t->place = arena_alloc(t->arena, n * sizeof *t->place);
    t->points = arena_alloc(t->arena, 2 * n * sizeof *t->points);
    t->x = arena_alloc(t->arena, n * sizeof *t->x);
    t->y = arena_alloc(t->arena, n * sizeof *t->y);
    t->velocity = arena_alloc(t->arena, 2 * n * sizeof *t->velocity);
    t->gain = arena_alloc(t->arena, 2 * n * sizeof *t->gain);
    t->attraction = arena_alloc(t->arena, 2 * n * sizeof *t->attraction);
    t->repulsion = arena_alloc(t->arena, 2 * n * sizeof *t->repulsion);
    t->logs = arena_alloc(t->arena, n * sizeof *t->logs);
    /* Each pair at most twice, rows filled up to whole vectors. */
    const size_t most = n * (2 * k + VF_LANES);
    t->column = arena_alloc(t->arena, most * sizeof *t->column);
    t->value = arena_alloc(t->arena, most * sizeof *t->value);
    if (!norms || !t->neighbour || !t->closeness || !t->row || !t->finder_first || !t->finder ||
        !t->place || !t->points || !t->x || !t->y || !t->velocity || !t->gain || !t->attraction ||
        !t->repulsion || !t->logs || !t->column || !t->value)
        return status_no_memory("t-SNE", most * (sizeof *t->column + sizeof *t->value));
    nearest_norms(t->nearest.points, t->n, t->d, norms);
    t->nearest.norms = norms;
    const size_t scratch = nearest_scratch_bytes(&t->nearest, t->k);
    t->scratch = aligned_alloc_zeroed(scratch);
    return t->scratch ? quadtree_create(&t->tree, t->n) : status_no_memory("t-SNE", scratch);
}

/* The given start, or noise, with a deviation of 1e-4. */
static void place(Tsne *t)
{
    const size_t count = 2 * (size_t)t->n;
    Random random = random_seeded(t->options.seed);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        t->points[i] = t->options.start ? t->options.start[i] : random_normal(&random);
        t->gain[i] = 1;
        if (i % 2 == 0) sum += (double)t->points[i] * t->points[i];
    }
    const double deviation = sqrt(sum / t->n);
    const float scale = deviation > 0 ? spread_at_start / (float)deviation : 0;
    for (size_t i = 0; i < count; i++) {
        t->points[i] *= scale;
        /* Points that are the same must not stay together for ever. */
        if (t->options.start) t->points[i] += 0.01F * spread_at_start * random_normal(&random);
    }
}

Status tsne_create(Tsne **tsne, const float *points, int n, int d, const TsneOptions *options)
{
    *tsne = NULL;
    if (n < 4) {
        return status_error(STATUS_BAD_INPUT, "t-SNE needs at least 4 points, but there are %d", n);
    }
    Arena *arena = arena_create();
    Tsne *t = arena ? arena_alloc(arena, sizeof *t) : NULL;
    if (!t) {
        arena_destroy(arena);
        return status_no_memory("t-SNE", sizeof *t);
    }
    *t = (Tsne){
        .arena = arena, .options = *options, .n = n, .d = d, .nearest = {points, NULL, n, d}};
    const float most = (float)(n - 1) / 3;
    if (t->options.perplexity > most) t->options.perplexity = most;
    t->k = (int)(3 * t->options.perplexity);
    if (t->k < 2) t->k = 2;
    /* Few points fly apart at 200. */
    if (t->options.rate <= 0)
        t->options.rate = fmaxf(fminf(200, (float)n), (float)n / t->options.exaggeration);
    const Status status = allocate(t);
    if (status.code != STATUS_OK) {
        tsne_destroy(t);
        return status;
    }
    place(t);
    *tsne = t;
    return status;
}

void tsne_destroy(Tsne *tsne)
{
    if (!tsne) return;
    quadtree_destroy(tsne->tree);
    aligned_free(tsne->scratch);
    arena_destroy(tsne->arena);
}

/* ---- affinities ---- */

/* Squared distances of one row become affinities exp(-beta d) / sum whose entropy is log(perplexity): beta is
 * found by halving. */
static void row_affinities(float *row, int count, float perplexity)
{
    const float wanted = logf(perplexity), nearest = row[0];
    float mean = 0, low = 0, high = INFINITY, sum = 0;
    for (int i = 0; i < count; i++) mean += (row[i] - nearest) / (float)count;
    float beta = mean > 0 ? 1 / mean : 1, next = beta;
    for (int round = 0; round < SEARCH_ROUNDS; round++) {
        float weighted = 0;
        beta = next;
        sum = 0;
        for (int i = 0; i < count; i++) {
            const float distance = row[i] - nearest, p = expf(-beta * distance);
            sum += p;
            weighted += p * distance;
        }
        const float entropy = beta * weighted / sum + logf(sum);
        if (fabsf(entropy - wanted) < 1e-5F || mean <= 0) break;
        if (entropy > wanted) {
            low = beta;
            next = isinf(high) ? 2 * beta : (beta + high) / 2;
        } else {
            high = beta;
            next = (beta + low) / 2;
        }
    }
    for (int i = 0; i < count; i++) row[i] = expf(-beta * (row[i] - nearest)) / sum;
}

static void fill_rows(void *context, size_t begin, size_t end, int thread)
{
    const Tsne *t = context;
    (void)thread;
    for (size_t i = begin; i < end; i++)
        row_affinities(t->closeness + i * (size_t)t->k, t->k, t->options.perplexity);
}

/* Neighbours of the next rows. */
static void search(Tsne *t)
{
    const int left = t->n - t->searched;
    const int rows = left < NEAREST_MOST_ROWS ? left : NEAREST_MOST_ROWS;
    const size_t at = (size_t)t->searched * (size_t)t->k;
    nearest_rows(&t->nearest, t->searched, rows, t->k, t->scratch, t->neighbour + at,
                 t->closeness + at);
    Tsne part = *t;
    part.closeness += at;
    parallel_for((size_t)rows, 8, fill_rows, &part);
    t->searched += rows;
}

/* p(i,j) = (p(j|i) + p(i|j)) / 2n, by rows: those of i as found, then those of others that found i, which are
 * added where i found them as well. */
static void symmetrise(Tsne *t)
{
    const size_t n = (size_t)t->n, k = (size_t)t->k;
    const float scale = 1 / (2 * (float)n);
    int *first = t->finder_first, at = 0;
    for (size_t e = 0; e < n * k; e++) first[t->neighbour[e] + 2]++;
    for (size_t i = 0; i < n; i++) first[i + 2] += first[i + 1];
    for (size_t e = 0; e < n * k; e++) t->finder[first[t->neighbour[e] + 1]++] = (int)e;
    for (size_t i = 0; i < n; i++) t->place[i] = -1;
    for (size_t i = 0; i < n; i++) {
        t->row[i] = at;
        for (size_t e = i * k; e < (i + 1) * k; e++) {
            t->place[t->neighbour[e]] = at;
            t->column[at] = t->neighbour[e];
            t->value[at++] = scale * t->closeness[e];
        }
        for (int f = first[i]; f < first[i + 1]; f++) {
            const int e = t->finder[f], j = e / t->k;
            if (t->place[j] >= t->row[i]) {
                t->value[t->place[j]] += scale * t->closeness[e];
            } else {
                t->column[at] = j;
                t->value[at++] = scale * t->closeness[e];
            }
        }
        for (; at % VF_LANES; at++) t->column[at] = (int)i, t->value[at] = 0;
    }
    t->row[n] = at;
    for (int e = 0; e < at; e++) {
        if (t->value[e] > 0) t->entropy += (double)t->value[e] * log((double)t->value[e]);
    }
}

/* ---- iterations ---- */

/* sum_j p(i,j) (y_i - y_j) / (1 + |y_i - y_j|^2) of some rows. */
static void attract_rows(void *context, size_t begin, size_t end, int thread)
{
    const Tsne *t = context;
    const vf one = vf_splat(1);
    (void)thread;
    for (size_t i = begin; i < end; i++) {
        const vf x = vf_splat(t->x[i]), y = vf_splat(t->y[i]);
        vf fx = vf_zero(), fy = vf_zero();
        for (int e = t->row[i]; e < t->row[i + 1]; e += VF_LANES) {
            const vf dx = x - vf_gather(t->x, t->column + e),
                     dy = y - vf_gather(t->y, t->column + e);
            const vf pull = vf_load(t->value + e) / vf_fma(dx, dx, vf_fma(dy, dy, one));
            fx = vf_fma(pull, dx, fx), fy = vf_fma(pull, dy, fy);
        }
        t->attraction[2 * i] = vf_sum(fx);
        t->attraction[2 * i + 1] = vf_sum(fy);
    }
}

static void log_rows(void *context, size_t begin, size_t end, int thread)
{
    const Tsne *t = context;
    (void)thread;
    for (size_t i = begin; i < end; i++) {
        double sum = 0;
        for (int e = t->row[i]; e < t->row[i + 1]; e++) {
            const float dx = t->x[i] - t->x[t->column[e]], dy = t->y[i] - t->y[t->column[e]];
            sum += (double)(t->value[e] * log1pf(dx * dx + dy * dy));
        }
        t->logs[i] = sum;
    }
}

/* Van der Maaten's gains: a coordinate that goes on in its direction gets faster. */
static void move(Tsne *t)
{
    const bool early = t->iteration < t->options.exaggerated;
    const float factor = early ? t->options.exaggeration : 1, momentum = early ? 0.5F : 0.8F;
    const float rate = t->options.rate, share = (float)(1 / t->z);
    double center[2] = {0, 0};
    for (int i = 0; i < 2 * t->n; i++) {
        const float slope = factor * t->attraction[i] - share * t->repulsion[i];
        const bool same = (slope > 0) == (t->velocity[i] > 0);
        t->gain[i] = fmaxf(same ? t->gain[i] * 0.8F : t->gain[i] + 0.2F, least_gain);
        t->velocity[i] = momentum * t->velocity[i] - rate * t->gain[i] * slope;
        t->points[i] += t->velocity[i];
        center[i % 2] += t->points[i];
    }
    const float middle[2] = {(float)(center[0] / t->n), (float)(center[1] / t->n)};
    for (int i = 0; i < 2 * t->n; i++) t->points[i] -= middle[i % 2];
}

static void iterate(Tsne *t)
{
    for (int i = 0; i < t->n; i++) t->x[i] = t->points[2 * i], t->y[i] = t->points[2 * i + 1];
    parallel_for((size_t)t->n, 64, attract_rows, t);
    quadtree_build(t->tree, t->points);
    t->z = quadtree_repulsion(t->tree, t->options.theta, t->repulsion);
    if (t->iteration % REPORT_EVERY == 0 || t->iteration + 1 == t->options.iterations) {
        parallel_for((size_t)t->n, 64, log_rows, t);
        t->divergence = t->entropy + log(t->z);
        for (int i = 0; i < t->n; i++) t->divergence += t->logs[i];
    }
    move(t);
    t->iteration++;
}

bool tsne_advance(Tsne *t)
{
    if (t->searched < t->n) {
        search(t);
        if (t->searched == t->n) symmetrise(t);
    } else if (t->iteration < t->options.iterations) {
        iterate(t);
    }
    return t->searched == t->n && t->iteration >= t->options.iterations;
}

double tsne_progress(const Tsne *t)
{
    if (t->iteration >= t->options.iterations) return 1;
    return search_share * t->searched / t->n +
           (1 - search_share) * t->iteration / t->options.iterations;
}

int tsne_iteration(const Tsne *t)
{
    return t->iteration;
}

const float *tsne_points(const Tsne *t)
{
    return t->points;
}

double tsne_divergence(const Tsne *t)
{
    return t->divergence;
}

void tsne_affinities(const Tsne *t, const int **row, const int **column, const float **value)
{
    *row = t->row;
    *column = t->column;
    *value = t->value;
}
