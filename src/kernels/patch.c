#include "kernels/patch.h"

#include <math.h>
#include <string.h>

#include "parallel.h"
#include "simd.h"

/* Places that are looked at together, and taps between two looks whether that is still worth while. */
enum { VECTORS = 4, BLOCK = VECTORS * VF_LANES, TAPS = 8 };

/* Products below which waking the other threads costs more than they save, with the taps that places without
 * hope take. */
enum { LEAST_WORK = 1 << 17, USUAL_TAPS = 3 * TAPS };

typedef struct Work {
    const PatchSearch *search;
    float *distances;
    float bound;
    float best[PARALLEL_MAX_THREADS];
} Work;

size_t patch_slack(void)
{
    return BLOCK;
}

size_t patch_stride(int columns)
{
    return ((size_t)columns + BLOCK - 1) / BLOCK * BLOCK;
}

float patch_distance(const PatchSearch *s, int y, int x)
{
    const float *place = s->picture + (size_t)y * s->stride + x;
    float sum = 0;
    for (const PatchTap *tap = s->taps; tap < s->taps + s->tap_count; tap++) {
        const float difference = place[tap->offset] - tap->value;
        sum += tap->weight * difference * difference;
    }
    return sum;
}

static void add_taps(const float *picture, const PatchTap *tap, const PatchTap *end,
                     vf sum[VECTORS])
{
    vf total[VECTORS];
    for (int i = 0; i < VECTORS; i++) total[i] = sum[i];
    for (; tap < end; tap++) {
        const vf value = vf_splat(tap->value), weight = vf_splat(tap->weight);
        const float *from = picture + tap->offset;
        for (int i = 0; i < VECTORS; i++) {
            const vf difference = vf_load(from + i * VF_LANES) - value;
            total[i] = vf_fma(weight * difference, difference, total[i]);
        }
    }
    for (int i = 0; i < VECTORS; i++) sum[i] = total[i];
}

static float smallest(const float *values, int count)
{
    float least = values[0];
    for (int i = 1; i < count; i++) least = values[i] < least ? values[i] : least;
    return least;
}

/* Of places that exist: what is not a number lies behind the picture. */
static float smallest_lane(const vf sum[VECTORS])
{
    vf least = sum[0];
    for (int i = 1; i < VECTORS; i++) least = vf_min(sum[i], least);
    float lane[VF_LANES];
    vf_store(lane, least);
    return smallest(lane, VF_LANES);
}

/* BLOCK places, of which the first `count` lie in the row; returns the smallest of their distances, infinity where
 * all turned out to lie beyond the limit. */
static float block_distances(const PatchSearch *s, const float *places, int count, float limit,
                             float *distances)
{
    vf sum[VECTORS] = {0};
    const PatchTap *tap = s->taps, *end = tap + s->tap_count;
    while (tap < end) {
        const PatchTap *next = end - tap > TAPS ? tap + TAPS : end;
        add_taps(places, tap, next, sum);
        tap = next;
        if (tap == end || smallest_lane(sum) <= limit) continue;
        count = 0;
        break;
    }
    for (int i = 0; i < VECTORS; i++) vf_store(distances + i * VF_LANES, sum[i]);
    for (int i = count; i < BLOCK; i++) distances[i] = INFINITY;
    return smallest(distances, BLOCK);
}

static void rows_distances(void *context, size_t begin, size_t end, int thread)
{
    Work *work = context;
    const PatchSearch *s = work->search;
    float best = fminf(work->bound, work->best[thread]);
    for (size_t y = begin; y < end; y++) {
        const float *places = s->picture + y * s->stride;
        float *row = work->distances + y * patch_stride(s->columns);
        for (int x = 0; x < s->columns; x += BLOCK) {
            const float found =
                block_distances(s, places + x, s->columns - x < BLOCK ? s->columns - x : BLOCK,
                                s->tolerance * best, row + x);
            work->best[thread] = fminf(found, work->best[thread]);
            best = fminf(found, best);
        }
    }
}

float patch_distances(const PatchSearch *search, float bound, float *distances)
{
    /* Fused products may round the same place a little apart from patch_distance. */
    Work work = {.search = search, .distances = distances, .bound = bound * 1.0001F};
    const int threads = parallel_threads();
    for (int i = 0; i < threads; i++) work.best[i] = INFINITY;
    const int taps = search->tap_count < USUAL_TAPS ? search->tap_count : USUAL_TAPS;
    const size_t row = (size_t)taps * (size_t)search->columns;
    parallel_for_within(threads, (size_t)search->rows, LEAST_WORK / row + 1, rows_distances, &work);
    return smallest(work.best, threads);
}
