#include "transformation.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* The map so far, from a virtual picture of this size to the real one. */
typedef struct Draft {
    double height, width;
    double y[3], x[3];
} Draft;

/* Before the map comes another one: (y, x) -> (a y + b x + c, d y + e x + f). */
static void precede(Draft *draft, const double first[3], const double second[3])
{
    double *const rows[] = {draft->y, draft->x};
    for (int i = 0; i < 2; i++) {
        const double p = rows[i][0], q = rows[i][1];
        rows[i][0] = p * first[0] + q * second[0];
        rows[i][1] = p * first[1] + q * second[1];
        rows[i][2] += p * first[2] + q * second[2];
    }
}

static void shift(Draft *draft, double down, double right)
{
    precede(draft, (double[]){1, 0, down}, (double[]){0, 1, right});
}

static void scale(Draft *draft, double factor)
{
    /* Edges, not centres, keep their place: (v + 1/2) / s - 1/2. */
    const double share = 1 / factor, offset = 0.5 * share - 0.5;
    precede(draft, (double[]){share, 0, offset}, (double[]){0, share, offset});
    draft->height = round(draft->height * factor);
    draft->width = round(draft->width * factor);
}

static void rotate(Draft *draft, double degrees)
{
    const double angle = degrees * acos(-1.0) / 180, c = cos(angle), s = sin(angle);
    const double y = 0.5 * (draft->height - 1), x = 0.5 * (draft->width - 1);
    precede(draft, (double[]){c, s, y - c * y - s * x}, (double[]){-s, c, x + s * y - c * x});
}

/* Uniform in -1..1. */
static double either_way(Random *random)
{
    return 2 * (double)random_uniform(random) - 1;
}

static void take_step(Draft *draft, const TransformationStep *step, Random *random)
{
    const double amount = (double)step->amount;
    switch (step->kind) {
    case TRANSFORMATION_PAD:
        shift(draft, -amount, -amount);
        draft->height += 2 * amount, draft->width += 2 * amount;
        break;
    case TRANSFORMATION_JITTER: {
        const uint32_t places = (uint32_t)amount + 1;
        const double down = random_below(random, places);
        shift(draft, down, random_below(random, places));
        draft->height -= amount, draft->width -= amount;
        break;
    }
    case TRANSFORMATION_SCALE: scale(draft, 1 + amount * either_way(random)); break;
    case TRANSFORMATION_ROTATE: rotate(draft, amount * either_way(random)); break;
    }
}

Transformation transformation_draw(const TransformationStep *steps, int count,
                                   TransformationBorder border, int height, int width,
                                   int to_height, int to_width, Random *random)
{
    Draft draft = {.height = height, .width = width, .y = {1, 0, 0}, .x = {0, 1, 0}};
    for (int i = 0; i < count; i++) take_step(&draft, &steps[i], random);
    shift(&draft, floor(0.5 * (draft.height - to_height)), floor(0.5 * (draft.width - to_width)));
    Transformation t = {height, width, to_height, to_width, border, {0}, {0}};
    memcpy(t.y, draft.y, sizeof t.y);
    memcpy(t.x, draft.x, sizeof t.x);
    return t;
}

/* The four pixels between which a point lies, with their shares; -1 outside. */
typedef struct Sample {
    ptrdiff_t at[4];
    float share[4];
} Sample;

/* Pixel i of n, or -1. */
static ptrdiff_t inside(ptrdiff_t i, int n, TransformationBorder border)
{
    if (border == BORDER_WRAP) return (i % n + n) % n;
    return i >= 0 && i < n ? i : -1;
}

static Sample sample(const Transformation *t, int row, int column)
{
    const double y = t->y[0] * row + t->y[1] * column + t->y[2];
    const double x = t->x[0] * row + t->x[1] * column + t->x[2];
    const double top = floor(y), left = floor(x);
    const float fy = (float)(y - top), fx = (float)(x - left);
    Sample s = {.share = {(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx}};
    for (int k = 0; k < 4; k++) {
        const ptrdiff_t r = inside((ptrdiff_t)top + k / 2, t->height, t->border);
        const ptrdiff_t c = inside((ptrdiff_t)left + k % 2, t->width, t->border);
        s.at[k] = r < 0 || c < 0 ? -1 : r * t->width + c;
    }
    return s;
}

void transformation_apply(const Transformation *t, const float *picture, int channels, float *seen)
{
    const size_t plane = (size_t)t->height * (size_t)t->width;
    const size_t to_plane = (size_t)t->to_height * (size_t)t->to_width;
    for (int row = 0; row < t->to_height; row++) {
        for (int column = 0; column < t->to_width; column++, seen++) {
            const Sample s = sample(t, row, column);
            for (size_t c = 0; c < (size_t)channels; c++) {
                float sum = 0;
                for (int k = 0; k < 4; k++)
                    sum += s.share[k] * (s.at[k] < 0 ? 0.5F : picture[c * plane + (size_t)s.at[k]]);
                seen[c * to_plane] = sum;
            }
        }
    }
}

void transformation_adjoint(const Transformation *t, const float *dseen, int channels,
                            float *dpicture)
{
    const size_t plane = (size_t)t->height * (size_t)t->width;
    const size_t to_plane = (size_t)t->to_height * (size_t)t->to_width;
    memset(dpicture, 0, (size_t)channels * plane * sizeof *dpicture);
    for (int row = 0; row < t->to_height; row++) {
        for (int column = 0; column < t->to_width; column++, dseen++) {
            const Sample s = sample(t, row, column);
            for (size_t c = 0; c < (size_t)channels; c++) {
                for (int k = 0; k < 4; k++) {
                    if (s.at[k] >= 0)
                        dpicture[c * plane + (size_t)s.at[k]] += s.share[k] * dseen[c * to_plane];
                }
            }
        }
    }
}
