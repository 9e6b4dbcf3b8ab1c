/* Gram matrices: how often features occur together, whatever the place. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernels/gemm.h"
#include "objective_terms.h"
#include "parallel.h"

/* Scratch is sized once, while the pool may grow later. */
enum { GRAM_MAX_THREADS = 8 };

/* The matrix at the start of the scratch, in whole cache lines. */
static size_t gram_floats(int channels)
{
    return ((size_t)channels * (size_t)channels + 15) & ~(size_t)15;
}

/* Features as a region sees them, in whole cache lines. */
static size_t region_floats(int channels, int positions)
{
    return ((size_t)channels * (size_t)positions + 15) & ~(size_t)15;
}

static int gram_threads(void)
{
    const int threads = parallel_threads();
    return threads < GRAM_MAX_THREADS ? threads : GRAM_MAX_THREADS;
}

size_t objective_scratch(ObjectiveKind kind, const Shape *shape)
{
    if (kind == OBJECTIVE_GUIDE) return guide_scratch(shape);
    if (kind != OBJECTIVE_GRAM_ENERGY && kind != OBJECTIVE_GRAM_MATCH &&
        kind != OBJECTIVE_GRAM_REGION && kind != OBJECTIVE_GRAM_SIMILARITY)
        return 0;
    const Extent e = extent_of(shape);
    const int c = e.channels, p = (int)e.positions;
    const size_t grams = kind == OBJECTIVE_GRAM_SIMILARITY ? (size_t)e.items + 1 : 1;
    const size_t product = gemm_scratch_bytes(c, c, p, GRAM_MAX_THREADS);
    const size_t gradient = gemm_scratch_bytes(c, p, c, GRAM_MAX_THREADS);
    const size_t copies = kind == OBJECTIVE_GRAM_REGION ? 2 * region_floats(c, p) : 0;
    return copies + grams * (gram_floats(c) + 16) +
           (product > gradient ? product : gradient) / sizeof(float) + 16;
}

/* gram = share F F' of an item's values; room is for the product. */
static void item_gram(const float *values, int c, int p, float share, float *gram, float *room)
{
    const Gemm product = {.m = c,
                          .n = c,
                          .k = p,
                          .a = gemm_matrix(values, p),
                          .b = gemm_transposed(values, p),
                          .c = gram,
                          .threads = gram_threads()};
    gemm(&product, room);
    for (size_t i = 0; i < (size_t)c * (size_t)c; i++) gram[i] *= share;
}

/* dv += matrix F, with a symmetric matrix [C,C]. */
static void add_item_gradient(const float *matrix, const float *values, int c, int p, float *dv,
                              float *room)
{
    const Gemm gradient = {.m = c,
                           .n = p,
                           .k = c,
                           .a = gemm_matrix(matrix, c),
                           .b = gemm_matrix(values, p),
                           .c = dv,
                           .accumulate = true,
                           .threads = gram_threads()};
    gemm(&gradient, room);
}

void gram_matrix(const Value *value, float *gram, float *scratch)
{
    const Extent e = extent_of(&value->shape);
    assert(e.items == 1);
    const int c = e.channels, p = (int)e.positions;
    item_gram(value->data, c, p, 1.0F / ((float)c * (float)p), gram, scratch + gram_floats(c));
}

/* seen = mask (F - shift) */
static void see_region(const float *values, const float *shift, const float *mask, int c, int p,
                       float *seen)
{
    for (int k = 0; k < c; k++, values += p, seen += p) {
        const float off = shift ? shift[k] : 0;
        for (int i = 0; i < p; i++) seen[i] = (mask ? mask[i] : 1) * (values[i] - off);
    }
}

void gram_region(const Value *value, const float *shift, const float *mask, float *gram,
                 float *scratch)
{
    const Extent e = extent_of(&value->shape);
    assert(e.items == 1);
    const int c = e.channels, p = (int)e.positions;
    float *seen = scratch + gram_floats(c), *room = seen + 2 * region_floats(c, p);
    see_region(value->data, shift, mask, c, p, seen);
    item_gram(seen, c, p, 1.0F / ((float)c * (float)p), gram, room);
}

/* difference = G - A, then its slope; returns the sum of squares. */
static double compare_grams(float *difference, const float *reference, int c, float slope)
{
    double sum = 0;
    for (size_t i = 0; i < (size_t)c * (size_t)c; i++) {
        if (reference) difference[i] -= reference[i];
        sum += (double)difference[i] * difference[i];
        difference[i] *= slope;
    }
    return sum;
}

/* As below with F' = mask (F - shift): dE/dF = mask 4 (G - A) F' / (C P). */
double gram_region_term(const Objective *term, float *dv, double scale)
{
    const Extent e = extent_of(&term->value->shape);
    const int c = e.channels, p = (int)e.positions;
    float *difference = term->scratch, *seen = difference + gram_floats(c);
    float *dseen = seen + region_floats(c, p), *room = dseen + region_floats(c, p);
    gram_region(term->value, term->shift, term->mask, difference, term->scratch);
    const double sum =
        compare_grams(difference, term->reference, c, (float)(4.0 * scale / ((double)c * p)));
    if (!dv) return sum;
    memset(dseen, 0, (size_t)c * (size_t)p * sizeof *dseen);
    add_item_gradient(difference, seen, c, p, dseen, room);
    for (int k = 0; k < c; k++, dv += p, dseen += p) {
        for (int i = 0; i < p; i++) dv[i] += (term->mask ? term->mask[i] : 1) * dseen[i];
    }
    return sum;
}

/* For each item E = sum (G - A)^2 with G = F F' / (C P), both symmetric: dE/dF = 4 (G - A) F / (C P). */
double gram_term(const Objective *term, float *dv, double scale)
{
    const Extent e = extent_of(&term->value->shape);
    const int c = e.channels, p = (int)e.positions;
    const float *reference = term->kind == OBJECTIVE_GRAM_MATCH ? term->reference : NULL;
    const float slope = (float)(4.0 * scale / ((double)c * p));
    float *difference = term->scratch, *room = difference + gram_floats(c);
    double sum = 0;
    for (size_t n = 0; n < (size_t)e.items; n++) {
        const size_t at = n * (size_t)c * e.positions;
        const float *values = term->value->data + at;
        item_gram(values, c, p, 1.0F / ((float)c * (float)p), difference, room);
        sum += compare_grams(difference, reference, c, slope);
        if (dv) add_item_gradient(difference, values, c, p, dv + at, room);
    }
    return sum;
}

static double dot(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * b[i];
    return sum;
}

/* S = 1/N sum_n <u_n, s_n> with u_n = G_n / |G_n|, G_n = F_n F_n' and s_n the sum of the other u. Each pair
 * counts twice: dS/du_n = 2/N s_n, dS/dG_n = 2/N (s_n - <s_n, u_n> u_n) / |G_n|, dS/dF_n = 2 dS/dG_n F_n. */
double gram_similarity_term(const Objective *term, float *dv, double scale)
{
    const Extent e = extent_of(&term->value->shape);
    const int c = e.channels, p = (int)e.positions;
    const size_t square = (size_t)c * (size_t)c, apart = gram_floats(c) + 16;
    const size_t item = (size_t)c * e.positions;
    const size_t items = (size_t)e.items;
    /* s_n at the start of the scratch, then each u_n and, behind it, |G_n|. */
    float *sum = term->scratch, *units = term->scratch + apart, *room = units + items * apart;
    double similarity = 0;
    for (size_t n = 0; n < items; n++) {
        float *unit = units + n * apart;
        item_gram(term->value->data + n * item, c, p, 1, unit, room);
        const double norm = sqrt(dot(unit, unit, square));
        for (size_t i = 0; i < square && norm > 0; i++) unit[i] = (float)(unit[i] / norm);
        unit[apart - 1] = (float)norm;
    }
    for (size_t n = 0; n < items; n++) {
        const float *unit = units + n * apart;
        memset(sum, 0, square * sizeof *sum);
        for (size_t m = 0; m < items; m++) {
            for (size_t i = 0; i < square && m != n; i++) sum[i] += units[m * apart + i];
        }
        const double shared = dot(sum, unit, square);
        similarity += shared / (double)items;
        const float norm = unit[apart - 1];
        if (!dv || norm <= 0) continue;
        const float slope = (float)(4 * scale / ((double)items * (double)norm));
        for (size_t i = 0; i < square; i++) sum[i] = slope * (sum[i] - (float)shared * unit[i]);
        add_item_gradient(sum, term->value->data + n * item, c, p, dv + n * item, room);
    }
    return similarity;
}
