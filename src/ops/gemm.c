#include "kernels/gemm.h"

#include <string.h>

#include "kernels/sizes.h"
#include "ops/op.h"
#include "parallel.h"

enum { A, B, C }; /* inputs */

/* y = alpha A' B' + beta C, where ' transposes or not. */
typedef struct GemmParams {
    int m, n, k;
    bool a_transposed, b_transposed;
    float alpha, beta;
    ptrdiff_t c_row, c_column; /* steps of C; 0 along a dimension that is repeated */
    size_t scaled_bytes;       /* of scratch, for alpha dy where alpha is not 1 */
    int threads;
} GemmParams;

static bool has_c(const Node *n)
{
    return n->in_count > C && n->in[C];
}

/* C is repeated to [m,n]. */
static Status plan_c(const Node *n, GemmParams *p)
{
    if (!has_c(n)) return status_ok();
    const Shape *c = &n->in[C]->shape;
    const int columns = c->rank >= 1 ? c->dim[c->rank - 1] : 1;
    const int rows = c->rank >= 2 ? c->dim[c->rank - 2] : 1;
    if (c->rank > 2 || (columns != 1 && columns != p->n) || (rows != 1 && rows != p->m)) {
        char text[SHAPE_TEXT_BYTES];
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': C has the shape %s, which does not repeat to %dx%d",
                            n->op->name, n->name, shape_text(c, text), p->m, p->n);
    }
    p->c_column = columns > 1;
    p->c_row = rows > 1 ? columns : 0;
    return status_ok();
}

static Status gemm_plan(Node *n)
{
    TRY(node_inputs(n, 2, 3));
    TRY(node_outputs(n, 1));
    const Shape *a = &n->in[A]->shape, *b = &n->in[B]->shape;
    if (a->rank != 2 || b->rank != 2) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': A and B have %d and %d dimensions, both need 2", n->op->name,
                            n->name, a->rank, b->rank);
    }
    TRY(node_params(n, sizeof(GemmParams)));
    GemmParams *p = n->params;
    int a_transposed = 0, b_transposed = 0;
    p->alpha = p->beta = 1.0F;
    TRY(attr_int(n, "transA", &a_transposed));
    TRY(attr_int(n, "transB", &b_transposed));
    TRY(attr_float(n, "alpha", &p->alpha));
    TRY(attr_float(n, "beta", &p->beta));
    p->a_transposed = a_transposed != 0;
    p->b_transposed = b_transposed != 0;
    p->m = a->dim[p->a_transposed];
    p->k = a->dim[!p->a_transposed];
    p->n = b->dim[!p->b_transposed];
    if (b->dim[p->b_transposed] != p->k) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': weight has %d input channels, the tensor has %d", n->op->name,
                            n->name, b->dim[p->b_transposed], p->k);
    }
    TRY(plan_c(n, p));
    n->out[0]->shape = shape_make(2, (const int[]){p->m, p->n});
    TRY(shape_validate(&n->out[0]->shape, n->name));
    p->threads = parallel_threads();
    if (p->alpha != 1.0F)
        p->scaled_bytes = whole_lines((size_t)p->m * (size_t)p->n) * sizeof(float);
    /* Of the products that are really formed: the others would pack the whole weight. */
    const size_t y = gemm_scratch_bytes(p->m, p->n, p->k, p->threads);
    const size_t da = p->a_transposed ? gemm_scratch_bytes(p->k, p->m, p->n, p->threads)
                                      : gemm_scratch_bytes(p->m, p->k, p->n, p->threads);
    const size_t db = p->b_transposed ? gemm_scratch_bytes(p->n, p->k, p->m, p->threads)
                                      : gemm_scratch_bytes(p->k, p->n, p->m, p->threads);
    const size_t scratch = larger(y, larger(da, db));
    n->scratch_bytes = scratch + p->scaled_bytes;
    n->macs = (uint64_t)p->m * (uint64_t)p->n * (uint64_t)p->k;
    return status_ok();
}

static GemmMatrix transposed(GemmMatrix matrix)
{
    return (GemmMatrix){matrix.data, matrix.column, matrix.row};
}

/* A' [m,k] and B' [k,n] as strides. */
static GemmMatrix matrix_a(const Node *n)
{
    const GemmParams *p = n->params;
    return p->a_transposed ? gemm_transposed(n->in[A]->data, p->m)
                           : gemm_matrix(n->in[A]->data, p->k);
}

static GemmMatrix matrix_b(const Node *n)
{
    const GemmParams *p = n->params;
    return p->b_transposed ? gemm_transposed(n->in[B]->data, p->k)
                           : gemm_matrix(n->in[B]->data, p->n);
}

static void gemm_forward(const Node *n)
{
    const GemmParams *p = n->params;
    float *y = n->out[0]->data;
    /* With alpha 1, as always in practice, C is laid down first and the product added. */
    const bool start = has_c(n) && p->alpha == 1.0F;
    for (int i = 0; start && i < p->m; i++) {
        const float *c = n->in[C]->data + i * p->c_row;
        float *row = y + (size_t)i * (size_t)p->n;
        for (int j = 0; j < p->n; j++) row[j] = p->beta * c[j * p->c_column];
    }
    const Gemm g = {p->m, p->n, p->k, matrix_a(n), matrix_b(n), y, NULL, start, p->threads};
    gemm(&g, n->scratch);
    for (int i = 0; p->alpha != 1.0F && i < p->m; i++) {
        float *row = y + (size_t)i * (size_t)p->n;
        for (int j = 0; j < p->n; j++) {
            const float c = has_c(n) ? n->in[C]->data[i * p->c_row + j * p->c_column] : 0.0F;
            row[j] = p->alpha * row[j] + p->beta * c;
        }
    }
}

static void backward_c(const GemmParams *p, const float *dy, float *dc)
{
    for (int i = 0; i < p->m; i++) {
        for (int j = 0; j < p->n; j++) dc[i * p->c_row + j * p->c_column] += p->beta * *dy++;
    }
}

/* y = alpha A' B' + beta C: dA' += alpha dy B'^T, dB' += alpha A'^T dy, dC += beta dy. */
static void gemm_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const GemmParams *p = n->params;
    const float *dy = n->out[0]->grad;
    char *scratch = n->scratch;
    if (has_c(n) && n->in[C]->grad) backward_c(p, dy, n->in[C]->grad);
    if (p->alpha != 1.0F) {
        float *scaled = (float *)scratch;
        for (size_t i = 0; i < (size_t)p->m * (size_t)p->n; i++) scaled[i] = p->alpha * dy[i];
        dy = scaled;
        scratch += p->scaled_bytes;
    }
    const GemmMatrix a = matrix_a(n), b = matrix_b(n), d = gemm_matrix(dy, p->n);
    if (n->in[A]->grad) {
        const Gemm g =
            p->a_transposed
                ? (Gemm){p->k, p->m, p->n, b, transposed(d), n->in[A]->grad, NULL, true, p->threads}
                : (Gemm){p->m,           p->k, p->n, d,         transposed(b),
                         n->in[A]->grad, NULL, true, p->threads};
        gemm(&g, scratch);
    }
    if (n->in[B]->grad) {
        const Gemm g = p->b_transposed ? (Gemm){p->n,           p->k, p->m, transposed(d), a,
                                                n->in[B]->grad, NULL, true, p->threads}
                                       : (Gemm){p->k,           p->n, p->m, transposed(a), d,
                                                n->in[B]->grad, NULL, true, p->threads};
        gemm(&g, scratch);
    }
}

const Op op_gemm = {"Gemm", gemm_plan, gemm_forward, gemm_backward};
