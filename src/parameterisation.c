#include "parameterisation.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernels/gemm.h"
#include "parallel.h"

/* Scratch is sized once, while the pool may grow later. */
enum { MAX_THREADS = 8 };

/* An orthonormal wave moves the picture by this much over its frequency: the step of 0.05 that is usual for
 * Adam in this space (Olah et al. 2017) then means the same here. */
static const float fourier_gain = 0.35355339F;

/* Waves of 16 pixels move as far whatever the power of 1/f. */
static const double middle_frequency = 1.0 / 16;

struct Parameterisation {
    ParameterisationOptions options;
    size_t plane, size;
    float *shown; /* [N,C,H,W] as painted last */
    float *work;  /* [N,C,H,W] */
    float colours[16], uncolours[16];

    /* Fourier */
    float *rows, *columns; /* [H,H] and [W,W]: element (position, wave) of the real Fourier basis */
    float *scale;          /* [H,W], of each wave */
    float *turn;           /* [N,C,H,W] */
    void *scratch;
};

const float colours_rgb[9] = {
    0.566F, 0.208F,  0.056F,  /* red */
    0.582F, -0.005F, -0.116F, /* green */
    0.584F, -0.196F, 0.062F,  /* blue */
};

/* ---- the real Fourier basis ---- */

/* Cycles per side of wave k: constant, cosine, sine, cosine, sine, ... */
static int cycles(int k)
{
    return (k + 1) / 2;
}

static double wave(int k, int n, int position)
{
    const double phase = 2 * acos(-1.0) * ((double)cycles(k) * position / n);
    const bool alone = k == 0 || 2 * cycles(k) == n; /* these have no sine */
    const double norm = sqrt((alone ? 1.0 : 2.0) / n);
    return norm * (k % 2 == 1 || k == 0 ? cos(phase) : sin(phase));
}

static void fill_basis(float *basis, int n)
{
    for (int position = 0; position < n; position++) {
        for (int k = 0; k < n; k++) *basis++ = (float)wave(k, n, position);
    }
}

static void fill_scale(float *scale, const ParameterisationOptions *o)
{
    const int longer = o->height > o->width ? o->height : o->width;
    const double longest = o->longest > 0 ? fmin((double)o->longest, longer) : longer;
    for (int y = 0; y < o->height; y++) {
        for (int x = 0; x < o->width; x++) {
            const double fy = (double)cycles(y) / o->height, fx = (double)cycles(x) / o->width;
            const double f = fmax(hypot(fy, fx), 1 / longest);
            *scale++ = fourier_gain *
                       (float)(pow(f / middle_frequency, -(double)o->decay) / middle_frequency);
        }
    }
}

static Status take(Arena *arena, size_t count, float **floats)
{
    *floats = arena_alloc(arena, count * sizeof(float));
    if (!*floats) return status_no_memory("the parameterisation", count * sizeof(float));
    return status_ok();
}

static Status create_fourier(Parameterisation *p, Arena *arena)
{
    const ParameterisationOptions *o = &p->options;
    const int h = o->height, w = o->width, lines = o->count * o->channels * h;
    TRY(take(arena, (size_t)h * (size_t)h, &p->rows));
    TRY(take(arena, (size_t)w * (size_t)w, &p->columns));
    TRY(take(arena, p->plane, &p->scale));
    TRY(take(arena, p->size, &p->turn));
    fill_basis(p->rows, h);
    fill_basis(p->columns, w);
    fill_scale(p->scale, o);
    const size_t along = gemm_scratch_bytes(lines, w, w, MAX_THREADS);
    const size_t down = gemm_scratch_bytes(h, w, h, MAX_THREADS);
    float *scratch;
    TRY(take(arena, (along > down ? along : down) / sizeof(float) + 1, &scratch));
    p->scratch = scratch;
    return status_ok();
}

/* to[line,:] = matrix from[line,:] for each row of each plane, then to = matrix to for each column. */
static void transform(const Parameterisation *p, bool to_picture, const float *from, float *to)
{
    const ParameterisationOptions *o = &p->options;
    const int h = o->height, w = o->width;
    const int threads = parallel_threads() < MAX_THREADS ? parallel_threads() : MAX_THREADS;
    const Gemm along = {
        .m = o->count * o->channels * h,
        .n = w,
        .k = w,
        .a = gemm_matrix(from, w),
        .b = to_picture ? gemm_transposed(p->columns, w) : gemm_matrix(p->columns, w),
        .c = p->turn,
        .threads = threads,
    };
    gemm(&along, p->scratch);
    for (size_t at = 0; at < p->size; at += p->plane) {
        const Gemm down = {
            .m = h,
            .n = w,
            .k = h,
            .a = to_picture ? gemm_matrix(p->rows, h) : gemm_transposed(p->rows, h),
            .b = gemm_matrix(p->turn + at, w),
            .c = to + at,
            .threads = threads,
        };
        gemm(&down, p->scratch);
    }
}

/* (a, b) to (a + b, a - b) / sqrt 2: its own inverse and transpose. */
static void turn_pair(float *a, float *b)
{
    const float half = 0.70710678F, sum = half * (*a + *b), difference = half * (*a - *b);
    *a = sum, *b = difference;
}

/* Products of waves down and across become waves that run aslant, as cos cos + sin sin = cos(y - x), and back.
 * Adam moves all waves as far: along products that would give crosses. */
static void slant(const Parameterisation *p, float *waves)
{
    const size_t h = (size_t)p->options.height, w = (size_t)p->options.width;
    for (size_t at = 0; at < p->size; at += p->plane) {
        for (size_t y = 1; y + 1 < h; y += 2) {
            for (size_t x = 1; x + 1 < w; x += 2) {
                float *cosine = waves + at + y * w + x, *sine = cosine + w;
                turn_pair(&cosine[0], &sine[1]);
                turn_pair(&cosine[1], &sine[0]);
            }
        }
    }
}

/* ---- colours ---- */

/* Each pixel's vector of channels times the matrix, or its transpose; in place. */
static void mix(const Parameterisation *p, const float *matrix, bool transposed, float *planes)
{
    const size_t c = (size_t)p->options.channels;
    const size_t down = transposed ? 1 : c, across = transposed ? c : 1;
    for (size_t at = 0; at < p->size; at += c * p->plane) {
        for (size_t i = at; i < at + p->plane; i++) {
            float from[PARAMETERISATION_MAX_CHANNELS];
            for (size_t k = 0; k < c; k++) from[k] = planes[i + k * p->plane];
            for (size_t j = 0; j < c; j++) {
                float sum = 0;
                for (size_t k = 0; k < c; k++) sum += matrix[j * down + k * across] * from[k];
                planes[i + j * p->plane] = sum;
            }
        }
    }
}

/* Gauss and Jordan, with the largest pivot; false where there is no inverse. */
static bool invert(const float *matrix, int n, float *inverse)
{
    double a[PARAMETERISATION_MAX_CHANNELS][2 * PARAMETERISATION_MAX_CHANNELS] = {{0}};
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) a[i][j] = matrix[i * n + j];
        a[i][n + i] = 1;
    }
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++) pivot = fabs(a[i][k]) > fabs(a[pivot][k]) ? i : pivot;
        if (fabs(a[pivot][k]) < 1e-9) return false;
        for (int j = 0; j < 2 * n; j++) {
            const double kept = a[k][j];
            a[k][j] = a[pivot][j], a[pivot][j] = kept;
        }
        for (int i = 0; i < n; i++) {
            const double share = i == k ? 0 : a[i][k] / a[k][k];
            for (int j = 0; j < 2 * n; j++) a[i][j] -= share * a[k][j];
        }
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) inverse[i * n + j] = (float)(a[i][n + j] / a[i][i]);
    }
    return true;
}

/* ---- all ---- */

Status parameterisation_create(Parameterisation **parameterisation, Arena *arena,
                               const ParameterisationOptions *options)
{
    assert(options->channels <= PARAMETERISATION_MAX_CHANNELS);
    Parameterisation *p = arena_alloc(arena, sizeof *p);
    if (!p) return status_no_memory("the parameterisation", sizeof *p);
    p->options = *options;
    p->plane = (size_t)options->height * (size_t)options->width;
    p->size = (size_t)options->count * (size_t)options->channels * p->plane;
    if (options->colours) {
        const size_t n = (size_t)options->channels;
        memcpy(p->colours, options->colours, n * n * sizeof(float));
        p->options.colours = p->colours;
        const bool there = invert(p->colours, options->channels, p->uncolours);
        assert(there);
        (void)there;
    }
    TRY(take(arena, p->size, &p->shown));
    TRY(take(arena, p->size, &p->work));
    if (options->kind == PARAMETERISATION_FOURIER) TRY(create_fourier(p, arena));
    *parameterisation = p;
    return status_ok();
}

size_t parameterisation_size(const Parameterisation *p)
{
    return p->size;
}

void parameterisation_noise(const Parameterisation *p, float deviation, Random *random, float *z)
{
    for (size_t i = 0; i < p->size; i++) z[i] = deviation * random_normal(random);
}

void parameterisation_paint(Parameterisation *p, const float *z, float *pictures)
{
    if (p->options.kind == PARAMETERISATION_FOURIER) {
        for (size_t i = 0; i < p->size; i++) p->work[i] = p->scale[i % p->plane] * z[i];
        slant(p, p->work);
        transform(p, true, p->work, pictures);
    } else {
        memcpy(pictures, z, p->size * sizeof *z);
    }
    if (p->options.colours) mix(p, p->colours, false, pictures);
    const bool sigmoid = p->options.range == RANGE_SIGMOID;
    for (size_t i = 0; i < p->size; i++) {
        const float u = pictures[i];
        pictures[i] = sigmoid ? 1 / (1 + expf(-u)) : fminf(fmaxf(0.5F + u, 0), 1);
    }
    memcpy(p->shown, pictures, p->size * sizeof *pictures);
}

/* The slope of the range at a value that was painted; at an end of a clipped one, only for what leads back. */
static float slope(const Parameterisation *p, float shown, float gradient)
{
    if (p->options.range == RANGE_SIGMOID) return shown * (1 - shown);
    return (shown <= 0 && gradient > 0) || (shown >= 1 && gradient < 0) ? 0 : 1;
}

void parameterisation_gradient(Parameterisation *p, const float *gradient, float *dz)
{
    const bool fourier = p->options.kind == PARAMETERISATION_FOURIER;
    float *work = fourier ? p->work : dz;
    for (size_t i = 0; i < p->size; i++) work[i] = slope(p, p->shown[i], gradient[i]) * gradient[i];
    if (p->options.colours) mix(p, p->colours, true, work);
    if (!fourier) return;
    transform(p, false, work, dz);
    slant(p, dz);
    for (size_t i = 0; i < p->size; i++) dz[i] *= p->scale[i % p->plane];
}

void parameterisation_fit(Parameterisation *p, const float *pictures, float *z)
{
    const bool fourier = p->options.kind == PARAMETERISATION_FOURIER;
    const float margin = 1.0F / 512;
    float *work = fourier ? p->work : z;
    for (size_t i = 0; i < p->size; i++) {
        const float inside = fminf(fmaxf(pictures[i], margin), 1 - margin);
        const bool sigmoid = p->options.range == RANGE_SIGMOID;
        work[i] = sigmoid ? logf(inside / (1 - inside)) : pictures[i] - 0.5F;
    }
    if (p->options.colours) mix(p, p->uncolours, false, work);
    if (!fourier) return;
    transform(p, false, work, z);
    slant(p, z);
    for (size_t i = 0; i < p->size; i++) z[i] /= p->scale[i % p->plane];
}
