#include "techniques/canvas.h"

#include <math.h>
#include <string.h>

/* What S adds: boxes of 2 radius + 1, twice each way. The frequencies of natural pictures fall as 1/f, and so
 * does the gain, in three stairs. */
static const struct {
    int radius;
    float weight;
} SCALES[] = {{2, 2.0F}, {8, 4.0F}};

Status canvas_create(Run *run, const Value *input, Canvas **canvas)
{
    Canvas *c = arena_alloc(run_arena(run), sizeof *c);
    if (!c) return status_no_memory("the canvas", sizeof *c);
    c->channels = input->shape.dim[1];
    c->height = input->shape.dim[2];
    c->width = input->shape.dim[3];
    c->plane = (size_t)c->height * (size_t)c->width;
    c->count = (size_t)c->channels * c->plane;
    TRY(run_floats(run, c->count, &c->start));
    TRY(run_floats(run, c->count, &c->levels));
    TRY(run_floats(run, c->plane, &c->blurred));
    TRY(run_floats(run, c->plane, &c->row));
    for (int k = 0; k < c->channels; k++) {
        float white;
        preprocess_bounds(network_preprocess(run_network(run)), k, &c->black[k], &white,
                          &c->level[k]);
        for (size_t i = (size_t)k * c->plane; i < (size_t)(k + 1) * c->plane; i++)
            c->start[i] = (input->data[i] - c->black[k]) / c->level[k];
    }
    memcpy(c->levels, c->start, c->count * sizeof *c->levels);
    *canvas = c;
    return status_ok();
}

/* Means of boxes along rows; zero outside, so that S is its own transpose. from and to must not overlap. */
static void blur_rows(const float *from, float *to, int height, int width, int radius)
{
    const float share = 1.0F / (float)(2 * radius + 1);
    for (int y = 0; y < height; y++, from += width, to += width) {
        float sum = 0;
        for (int x = 0; x < radius && x < width; x++) sum += from[x];
        for (int x = 0; x < width; x++) {
            if (x + radius < width) sum += from[x + radius];
            if (x - radius - 1 >= 0) sum -= from[x - radius - 1];
            to[x] = share * sum;
        }
    }
}

/* The same along columns, a row of sums at a time. */
static void blur_columns(const float *from, float *to, int height, int width, int radius)
{
    const float share = 1.0F / (float)(2 * radius + 1);
    const size_t w = (size_t)width;
    for (int y = 0; y < height; y++) {
        float *now = to + (size_t)y * w;
        memset(now, 0, w * sizeof *now);
        if (y > 0) memcpy(now, now - w, w * sizeof *now);
        for (int k = y == 0 ? 0 : radius; k <= radius && y + k < height; k++) {
            const float *enters = from + (size_t)(y + k) * w;
            for (size_t x = 0; x < w; x++) now[x] += share * enters[x];
        }
        if (y - radius - 1 < 0) continue;
        const float *leaves = from + (size_t)(y - radius - 1) * w;
        for (size_t x = 0; x < w; x++) now[x] -= share * leaves[x];
    }
}

/* to += S from for one channel; S is symmetric. */
static void add_smoothed(const Canvas *c, const float *from, float *to)
{
    for (size_t i = 0; i < c->plane; i++) to[i] += from[i];
    for (size_t k = 0; k < sizeof SCALES / sizeof *SCALES; k++) {
        const int radius = SCALES[k].radius;
        blur_rows(from, c->row, c->height, c->width, radius);
        blur_columns(c->row, c->blurred, c->height, c->width, radius);
        blur_rows(c->blurred, c->row, c->height, c->width, radius);
        blur_columns(c->row, c->blurred, c->height, c->width, radius);
        for (size_t i = 0; i < c->plane; i++) to[i] += SCALES[k].weight * c->blurred[i];
    }
}

void canvas_levels(Canvas *c, const float *z, float *levels)
{
    memcpy(levels, c->start, c->count * sizeof *levels);
    for (size_t from = 0; from < c->count; from += c->plane)
        add_smoothed(c, z + from, levels + from);
    for (size_t i = 0; i < c->count; i++) levels[i] = fminf(fmaxf(levels[i], 0), 255);
}

void canvas_paint(Canvas *c, const float *z, float *input)
{
    canvas_levels(c, z, c->levels);
    for (int k = 0; k < c->channels; k++) {
        for (size_t i = (size_t)k * c->plane; i < (size_t)(k + 1) * c->plane; i++)
            input[i] = c->black[k] + c->level[k] * c->levels[i];
    }
}

void canvas_gradient(Canvas *c, const float *gradient, float *dz)
{
    memset(dz, 0, c->count * sizeof *dz);
    for (int k = 0; k < c->channels; k++) {
        const size_t from = (size_t)k * c->plane;
        /* The levels are not needed again before the next paint: room for the gradient per level. A pixel at
         * the border moves only inwards. */
        for (size_t i = from; i < from + c->plane; i++) {
            const float g = c->level[k] * gradient[i];
            const bool leaves = (c->levels[i] <= 0 && g > 0) || (c->levels[i] >= 255 && g < 0);
            c->levels[i] = leaves ? 0 : g;
        }
        add_smoothed(c, c->levels + from, dz + from);
    }
}
