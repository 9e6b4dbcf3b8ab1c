/* The guide: each position goes towards the position of another picture that it resembles most. */
#include <assert.h>

#include "kernels/gemm.h"
#include "objective_terms.h"
#include "parallel.h"

/* Positions whose products with the guide are there at a time. Scratch is sized once, while the pool may grow later. */
enum { GUIDE_ROWS = 64, GUIDE_MAX_THREADS = 8 };

size_t guide_scratch(const Shape *shape)
{
    const Extent e = extent_of(shape);
    const size_t product =
        gemm_scratch_bytes(GUIDE_ROWS, OBJECTIVE_MAX_GUIDE, e.channels, GUIDE_MAX_THREADS);
    return (size_t)GUIDE_ROWS * OBJECTIVE_MAX_GUIDE + product / sizeof(float) + 16;
}

static int largest(const float *values, int count)
{
    int at = 0;
    for (int i = 1; i < count; i++) {
        if (values[i] > values[at]) at = i;
    }
    return at;
}

/* E = sum_p max_q <v_p, r_q>: dE/dv_p is the r_q that won. */
double guide_term(const Objective *term, float *dv, double scale)
{
    const Extent e = extent_of(&term->value->shape);
    const int c = e.channels, p = (int)e.positions, q = term->reference_positions;
    assert(e.items == 1 && q > 0 && q <= OBJECTIVE_MAX_GUIDE);
    float *products = term->scratch, *room = products + (size_t)GUIDE_ROWS * OBJECTIVE_MAX_GUIDE;
    const int threads = parallel_threads();
    double sum = 0;
    for (int from = 0; from < p; from += GUIDE_ROWS) {
        const int rows = p - from < GUIDE_ROWS ? p - from : GUIDE_ROWS;
        const Gemm product = {.m = rows,
                              .n = q,
                              .k = c,
                              .a = gemm_transposed(term->value->data + from, p),
                              .b = gemm_matrix(term->reference, q),
                              .c = products,
                              .threads = threads < GUIDE_MAX_THREADS ? threads : GUIDE_MAX_THREADS};
        gemm(&product, room);
        for (int i = 0; i < rows; i++) {
            const int won = largest(products + (size_t)i * (size_t)q, q);
            sum += products[(size_t)i * (size_t)q + (size_t)won];
            for (int k = 0; k < c && dv; k++) {
                dv[(size_t)k * (size_t)p + (size_t)(from + i)] +=
                    (float)scale * term->reference[(size_t)k * (size_t)q + (size_t)won];
            }
        }
    }
    return sum;
}
