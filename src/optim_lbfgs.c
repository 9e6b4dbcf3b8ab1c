#include "optim_lbfgs.h"

#include <math.h>
#include <string.h>

/* Nocedal & Wright 2006, section 3.1: sufficient decrease and curvature. */
static const double ARMIJO = 1e-4, CURVATURE = 0.9;
enum { MAX_TRIALS = 25 };

static float *take(Arena *arena, size_t count)
{
    return arena_alloc(arena, count * sizeof(float));
}

Status lbfgs_create(Lbfgs *lbfgs, Arena *arena, size_t count, const OptimOptions *options)
{
    lbfgs->count = count;
    lbfgs->first_step = options->step;
    lbfgs->pairs = options->pairs < 1 ? 1 : options->pairs;
    if (lbfgs->pairs > LBFGS_MAX_PAIRS) lbfgs->pairs = LBFGS_MAX_PAIRS;
    const size_t pairs = (size_t)lbfgs->pairs;
    const Status no_memory =
        status_no_memory("the memory of L-BFGS", (2 * pairs + 3) * count * sizeof(float));
    lbfgs->s = arena_alloc(arena, pairs * sizeof *lbfgs->s);
    lbfgs->y = arena_alloc(arena, pairs * sizeof *lbfgs->y);
    if (!lbfgs->s || !lbfgs->y) return no_memory;
    for (size_t i = 0; i < pairs; i++) {
        lbfgs->s[i] = take(arena, count);
        lbfgs->y[i] = take(arena, count);
        if (!lbfgs->s[i] || !lbfgs->y[i]) return no_memory;
    }
    lbfgs->x = take(arena, count);
    lbfgs->g = take(arena, count);
    lbfgs->direction = take(arena, count);
    if (!lbfgs->x || !lbfgs->g || !lbfgs->direction) return no_memory;
    return status_ok();
}

static void add_scaled(float *to, double scale, const float *from, size_t count)
{
    const float factor = (float)scale;
    for (size_t i = 0; i < count; i++) to[i] += factor * from[i];
}

/* Index of the pair that is `age` steps old. */
static int pair_at(const Lbfgs *l, int age)
{
    return (l->newest - age + l->pairs) % l->pairs;
}

/* Coordinates without a gradient rest, such as those at the border of a box: the slope is the same. */
static void rest(const Lbfgs *l)
{
    for (size_t i = 0; i < l->count; i++) {
        if (l->g[i] == 0) l->direction[i] = 0;
    }
}

/* direction = -H g, the two loops of algorithm 7.4; H0 = (s . y) / (y . y) of the newest pair. */
static void find_direction(Lbfgs *l)
{
    double alpha[LBFGS_MAX_PAIRS];
    float *d = l->direction;
    for (size_t i = 0; i < l->count; i++) d[i] = -l->g[i];
    if (!l->stored) return;
    for (int age = 0; age < l->stored; age++) {
        const int i = pair_at(l, age);
        alpha[age] = optim_dot(l->s[i], d, l->count) / l->curvature[i];
        add_scaled(d, -alpha[age], l->y[i], l->count);
    }
    const float *y = l->y[l->newest];
    const float h0 = (float)(l->curvature[l->newest] / optim_dot(y, y, l->count));
    for (size_t i = 0; i < l->count; i++) d[i] *= h0;
    for (int age = l->stored - 1; age >= 0; age--) {
        const int i = pair_at(l, age);
        const double beta = optim_dot(l->y[i], d, l->count) / l->curvature[i];
        add_scaled(d, alpha[age] - beta, l->s[i], l->count);
    }
    rest(l);
}

/* The memory holds only pairs along which the function curves upwards. */
static void remember(Lbfgs *l, const float *x, const float *g)
{
    const int slot = l->stored ? (l->newest + 1) % l->pairs : 0;
    for (size_t i = 0; i < l->count; i++) {
        /* A coordinate that has just been stopped at the border of a box says nothing about curvature. */
        const bool free = g[i] != 0;
        l->s[slot][i] = free ? x[i] - l->x[i] : 0;
        l->y[slot][i] = free ? g[i] - l->g[i] : 0;
    }
    const double sy = optim_dot(l->s[slot], l->y[slot], l->count);
    const double yy = optim_dot(l->y[slot], l->y[slot], l->count);
    const double ss = optim_dot(l->s[slot], l->s[slot], l->count);
    if (!(sy > 1e-10 * sqrt(ss * yy)) || yy == 0) {
        /* The slot was the oldest pair's when the ring is full. */
        if (l->stored == l->pairs) l->stored--;
        return;
    }
    l->curvature[slot] = sy;
    l->newest = slot;
    if (l->stored < l->pairs) l->stored++;
}

static void propose(const Lbfgs *l, float *x)
{
    memcpy(x, l->x, l->count * sizeof *x);
    add_scaled(x, l->length, l->direction, l->count);
}

/* Starts a line search from the accepted point. */
static void search(Lbfgs *l, float *x)
{
    find_direction(l);
    double slope = optim_dot(l->direction, l->g, l->count);
    if (l->stored && !(slope < 0)) {
        l->stored = 0;
        find_direction(l);
        slope = optim_dot(l->direction, l->g, l->count);
    }
    if (!(slope < 0)) l->converged = true;
    const double norm = sqrt(-slope); /* without pairs the direction is -g */
    l->length = l->stored ? 1 : l->first_step * sqrt((double)l->count) / norm;
    if (l->converged) l->length = 0;
    l->low = 0;
    l->high = INFINITY;
    l->low_f = l->f;
    l->low_slope = slope;
    l->trials = 0;
    propose(l, x);
}

static void accept(Lbfgs *l, float *x, double f, const float *g)
{
    if (l->started) remember(l, x, g);
    memcpy(l->x, x, l->count * sizeof *x);
    memcpy(l->g, g, l->count * sizeof *g);
    l->f = f;
    l->started = true;
    search(l, x);
}

/* Minimum of the parabola through the lower end (value and slope) and the upper (value), kept away from
 * both ends; the middle where there is none. */
static double between(const Lbfgs *l, double f_high)
{
    const double width = l->high - l->low;
    const double curve = f_high - l->low_f - l->low_slope * width;
    double share = 0.5;
    if (isfinite(f_high) && curve > 0) share = -0.5 * l->low_slope * width / curve;
    if (!isfinite(f_high)) share = 0.1;
    share = fmin(fmax(share, 0.1), 0.9);
    return l->low + share * width;
}

/* No step helps: once more without memory, straight down; then this is a minimum to within rounding. */
static void give_up(Lbfgs *l, float *x)
{
    if (!l->stored) l->converged = true;
    l->stored = 0;
    search(l, x);
}

bool lbfgs_tell(Lbfgs *l, float *x, double f, const float *g)
{
    if (!l->started) {
        if (isfinite(f)) accept(l, x, f, g);
        return isfinite(f);
    }
    if (l->converged) {
        memcpy(x, l->x, l->count * sizeof *x);
        return true;
    }
    /* The slope along the way that was really taken: x may have been clipped since it was proposed. */
    double expected = 0;
    for (size_t i = 0; i < l->count; i++) expected += (double)l->g[i] * ((double)x[i] - l->x[i]);
    const bool decreased = isfinite(f) && f <= l->f + ARMIJO * expected && f < l->f;
    if (!decreased) {
        l->high = l->length;
        l->length = between(l, f);
    } else {
        const double slope = optim_dot(g, l->direction, l->count);
        const double start = optim_dot(l->g, l->direction, l->count);
        if (slope >= CURVATURE * start || l->trials >= MAX_TRIALS) {
            accept(l, x, f, g);
            return true;
        }
        l->low = l->length;
        l->low_f = f;
        l->low_slope = slope;
        l->length = isfinite(l->high) ? 0.5 * (l->low + l->high) : 2 * l->length;
    }
    if (++l->trials > MAX_TRIALS && !decreased) {
        give_up(l, x);
    } else {
        propose(l, x);
    }
    return false;
}
