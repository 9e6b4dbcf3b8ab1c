#include <float.h>
#include <math.h>
#include <string.h>

#include "base/apart.h"
#include "kernels/phases.h"
#include "kernels/pool_taps.h"
#include "kernels/sizes.h"
#include "parallel.h"

/*
 * Windows are taken apart: first down the columns of the input, which runs along whole rows, then along
 * the one row that this leaves. A window of k x k costs 2k and not k^2 steps, half of them vectors.
 */

/* ---- values ---- */

/* to[i] = the largest of from[i + tap * step]. The last vector overlaps the one before. */
static inline __attribute__((always_inline)) void largest_of(int taps, const float *from,
                                                             ptrdiff_t step, int count, float *to)
{
    for (int next = 0; next < count; next += VF_LANES) {
        const int i = next + VF_LANES <= count ? next : count - VF_LANES;
        vf best = vf_splat(-INFINITY);
        for (int tap = 0; tap < taps; tap++) best = vf_max(vf_load(from + i + tap * step), best);
        vf_store(to + i, best);
    }
}

static APART void largest_of_3(const float *from, ptrdiff_t step, int count, float *to)
{
    largest_of(3, from, step, count, to);
}

static APART void largest_of_2(const float *from, ptrdiff_t step, int count, float *to)
{
    largest_of(2, from, step, count, to);
}

static APART void largest_of_any(int taps, const float *from, ptrdiff_t step, int count, float *to)
{
    largest_of(taps, from, step, count, to);
}

/* Of fewer than a vector. */
static APART void largest_of_few(int taps, const float *from, ptrdiff_t step, int count, float *to)
{
    for (int i = 0; i < count; i++) {
        to[i] = -INFINITY;
        for (int tap = 0; tap < taps; tap++) {
            if (from[i + tap * step] > to[i]) to[i] = from[i + tap * step];
        }
    }
}

static void lines_largest(const float *from, ptrdiff_t step, int taps, int count, float *to)
{
    if (count < VF_LANES) {
        largest_of_few(taps, from, step, count, to);
    } else if (taps == 3) {
        largest_of_3(from, step, count, to);
    } else if (taps == 2) {
        largest_of_2(from, step, count, to);
    } else {
        largest_of_any(taps, from, step, count, to);
    }
}

enum { PHASE_TAPS = 8 }; /* at a time */

/* The same from the phases of a row, of which every stride-th position is in one, of taps [first, end). */
static APART void phases_largest_of(const Pool2d *p, const float *phases, size_t phase, int first,
                                    int end, float *y)
{
    /* A division for each vector would take longer than all else. */
    size_t offset[PHASE_TAPS];
    for (int tap = first; tap < end; tap++) {
        const int at = tap * p->dilation_x;
        offset[tap - first] = (size_t)(at % p->stride_x) * phase + (size_t)(at / p->stride_x);
    }
    for (int next = 0; next < p->out_width; next += VF_LANES) {
        /* The last vector overlaps the one before. */
        const int last = p->out_width - VF_LANES, j = next > last && last > 0 ? last : next;
        vf best = vf_splat(-INFINITY);
        for (int i = 0; i < end - first; i++) best = vf_max(vf_load(phases + offset[i] + j), best);
        if (j + VF_LANES <= p->out_width) {
            vf_store(y + j, first > 0 ? vf_max(vf_load(y + j), best) : best);
            continue;
        }
        float few[VF_LANES];
        vf_store(few, best);
        for (int i = 0; i < p->out_width; i++) y[i] = first > 0 && y[i] > few[i] ? y[i] : few[i];
    }
}

static void phases_largest(const Pool2d *p, const float *phases, size_t phase, float *y)
{
    for (int tap = 0; tap < p->kernel_width; tap += PHASE_TAPS)
        phases_largest_of(p, phases, phase, tap, at_most(p->kernel_width, tap + PHASE_TAPS), y);
}

/* The largest of each window along the row; columns: of each column within the window's rows. */
static void row_largest(const Pool2d *p, const float *columns, float *phases, float *y)
{
    if (p->stride_x == 1) {
        lines_largest(columns, p->dilation_x, p->kernel_width, p->out_width, y);
        return;
    }
    const size_t phase = (size_t)reach(p) / (size_t)p->stride_x + VF_LANES;
    phases_split(columns, reach(p), p->stride_x, phases, phase);
    phases_largest(p, phases, phase, y);
}

/* Windows without any pixel give the lowest float. There seldom are any. */
static APART void fill_empty(const Pool2d *p, bool row_is_empty, float *y)
{
    for (int j = 0; j < p->out_width; j++) {
        const Taps tx = taps_x(p, j);
        if (row_is_empty || tx.first >= tx.last) y[j] = -FLT_MAX;
    }
}

static APART bool any_column_is_empty(const Pool2d *p)
{
    for (int j = 0; j < p->out_width; j++) {
        const Taps tx = taps_x(p, j);
        if (tx.first >= tx.last) return true;
    }
    return false;
}

static void plane_largest(const Pool2d *p, const float *x, float *y, float *columns, float *phases,
                          bool empty_columns)
{
    const int positions = reach(p);
    for (int i = 0; i < positions; i++) columns[i] = -INFINITY;
    for (int i = 0; i < p->out_height; i++, y += p->out_width) {
        const Taps ty = taps_y(p, i);
        const int taps = ty.first < ty.last ? ty.last - ty.first : 0;
        const int start = taps ? (ty.start + ty.first * p->dilation_y) * p->in_width : 0;
        lines_largest(x + start, (ptrdiff_t)p->dilation_y * p->in_width, taps, p->in_width,
                      columns + p->pad_left);
        row_largest(p, columns, phases, y);
        if (taps == 0 || empty_columns) fill_empty(p, taps == 0, y);
    }
}

static void planes_largest(void *context, size_t begin, size_t end, int thread)
{
    const Pooling *pooling = context;
    const Pool2d *p = pooling->p;
    char *scratch = rows_of_thread(pooling, thread);
    const bool empty_columns = any_column_is_empty(p);
    for (size_t plane = begin; plane < end; plane++) {
        plane_largest(p, pooling->x + plane * in_plane(p), pooling->y + plane * out_plane(p),
                      (float *)scratch, (float *)(scratch + row_bytes(p)), empty_columns);
    }
}

/* ---- places ---- */

/* A value and its place in the plane; outside the plane -infinity and NOWHERE. */
typedef struct Maxima {
    float *value;
    int32_t *place;
} Maxima;

enum { NOWHERE = INT32_MAX };

/* The larger value; of equal ones that which comes first in reading order. */
static inline void keep_larger(float value, int32_t place, float *best, int32_t *best_place)
{
    if (value > *best || (value == *best && place < *best_place))
        *best = value, *best_place = place;
}

static inline void keep_larger_lanes(vf value, vi place, vf *best, vi *best_place)
{
    const vi better = (vi)(value > *best) | ((vi)(value == *best) & (vi)(place < *best_place));
    *best = vf_select(better, value, *best);
    *best_place = (place & better) | (*best_place & ~better);
}

/* The largest of `count` positions over `taps` lines that are `step` and `place_step` apart. Place i of the
 * first line is place[i], or place_first + i where place is NULL. */
typedef struct Lines {
    const float *value;
    const int32_t *place;
    int32_t place_first, place_step;
    ptrdiff_t step;
    int taps;
} Lines;

static void lines_maxima_at(const Lines *l, int i, Maxima to)
{
    float best = -INFINITY;
    int32_t best_place = NOWHERE;
    for (int tap = 0; tap < l->taps; tap++) {
        const int32_t place =
            l->place ? l->place[i + tap * l->step] : l->place_first + tap * l->place_step + i;
        keep_larger(l->value[i + tap * l->step], place, &best, &best_place);
    }
    to.value[i] = best;
    to.place[i] = best_place;
}

static void lines_maxima(const Lines *l, int count, Maxima to)
{
    if (count < VF_LANES) {
        for (int i = 0; i < count; i++) lines_maxima_at(l, i, to);
        return;
    }
    int32_t lanes[VF_LANES];
    for (int k = 0; k < VF_LANES; k++) lanes[k] = k;
    const vi zero = {0}, lane = vi_load(lanes);
    for (int next = 0; next < count; next += VF_LANES) {
        /* The last vector overlaps the one before. */
        const int i = next + VF_LANES <= count ? next : count - VF_LANES;
        vf best = vf_splat(-INFINITY);
        vi best_place = zero + (int32_t)NOWHERE;
        for (int tap = 0; tap < l->taps; tap++) {
            const vi place = l->place ? vi_load(l->place + i + tap * l->step)
                                      : lane + (l->place_first + tap * l->place_step + i);
            keep_larger_lanes(vf_load(l->value + i + tap * l->step), place, &best, &best_place);
        }
        vf_store(to.value + i, best);
        vi_store(to.place + i, best_place);
    }
}

/* The largest of each column within the window's rows, written to [0, in_width). */
static void column_maxima(const Pool2d *p, const float *x, const Taps *ty, Maxima to)
{
    const bool any = ty->first < ty->last;
    const int32_t start = any ? (ty->start + ty->first * p->dilation_y) * p->in_width : 0;
    const Lines lines = {
        .value = x + start,
        .place_first = start,
        .place_step = p->dilation_y * p->in_width,
        .step = (ptrdiff_t)p->dilation_y * p->in_width,
        .taps = any ? ty->last - ty->first : 0,
    };
    lines_maxima(&lines, p->in_width, to);
}

/* The largest of each window along the row, for every position that a stride of 1 would have. */
static void row_maxima(const Pool2d *p, Maxima columns, Maxima to)
{
    const Lines lines = {
        .value = columns.value,
        .place = columns.place,
        .step = p->dilation_x,
        .taps = p->kernel_width,
    };
    lines_maxima(&lines, (p->out_width - 1) * p->stride_x + 1, to);
}

static void plane_maxima_back(const Pool2d *p, const float *x, const float *dy, float *dx,
                              Maxima columns, Maxima rows)
{
    const int positions = reach(p), step = p->stride_x;
    for (int i = 0; i < positions; i++) columns.value[i] = -INFINITY, columns.place[i] = NOWHERE;
    const Maxima input = {columns.value + p->pad_left, columns.place + p->pad_left};
    for (int i = 0; i < p->out_height; i++) {
        const Taps ty = taps_y(p, i);
        column_maxima(p, x, &ty, input);
        row_maxima(p, columns, rows);
        for (int j = 0; j < p->out_width; j++, dy++) {
            const int32_t place = rows.place[j * step];
            if (place != NOWHERE) dx[place] += *dy;
        }
    }
}

static void planes_maxima_back(void *context, size_t begin, size_t end, int thread)
{
    const Pooling *pooling = context;
    const Pool2d *p = pooling->p;
    const size_t row = row_bytes(p);
    char *scratch = rows_of_thread(pooling, thread);
    const Maxima columns = {(float *)scratch, (int32_t *)(scratch + row)};
    const Maxima rows = {(float *)(scratch + 2 * row), (int32_t *)(scratch + 3 * row)};
    for (size_t plane = begin; plane < end; plane++) {
        plane_maxima_back(p, pooling->x + plane * in_plane(p), pooling->dy + plane * out_plane(p),
                          pooling->dx + plane * in_plane(p), columns, rows);
    }
}

void max_pool2d_forward(const Pool2d *p, const float *x, float *y, void *scratch)
{
    Pooling pooling = {.p = p, .x = x, .y = y, .scratch = scratch};
    parallel_for_within(p->threads, (size_t)p->planes, 2, planes_largest, &pooling);
}

void max_pool2d_backward(const Pool2d *p, const float *x, const float *dy, float *dx, void *scratch)
{
    Pooling pooling = {.p = p, .x = x, .dy = dy, .dx = dx, .scratch = scratch};
    parallel_for_within(p->threads, (size_t)p->planes, 2, planes_maxima_back, &pooling);
}
