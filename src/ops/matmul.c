#include "kernels/gemm.h"

#include "ops/op.h"
#include "parallel.h"

enum { A, B }; /* inputs */

/* One product [m,k] [k,n] for each index of the leading dimensions, along which A or B may be repeated. */
typedef struct Matmul {
    int m, n, k;
    int rank;                       /* of the leading dimensions */
    int dim[SHAPE_MAX_RANK];        /* of the output */
    size_t step[2][SHAPE_MAX_RANK]; /* of A and B, in floats; 0 where repeated */
    int threads;
} Matmul;

static Status leading_dimensions(const Node *n, const Shape *a, const Shape *b, Matmul *p)
{
    const int a_rank = a->rank > 2 ? a->rank - 2 : 0, b_rank = b->rank > 2 ? b->rank - 2 : 0;
    p->rank = a_rank > b_rank ? a_rank : b_rank;
    size_t a_step = (size_t)p->m * (size_t)p->k, b_step = (size_t)p->k * (size_t)p->n;
    for (int i = p->rank - 1; i >= 0; i--) {
        const int in_a = i - (p->rank - a_rank), in_b = i - (p->rank - b_rank);
        const int da = in_a >= 0 ? a->dim[in_a] : 1, db = in_b >= 0 ? b->dim[in_b] : 1;
        if (da != db && da != 1 && db != 1) {
            char text_a[SHAPE_TEXT_BYTES], text_b[SHAPE_TEXT_BYTES];
            return status_error(STATUS_BAD_MODEL,
                                "%s '%s': the shapes %s and %s do not go together", n->op->name,
                                n->name, shape_text(a, text_a), shape_text(b, text_b));
        }
        p->dim[i] = da > db ? da : db;
        p->step[A][i] = da > 1 ? a_step : 0;
        p->step[B][i] = db > 1 ? b_step : 0;
        a_step *= (size_t)da;
        b_step *= (size_t)db;
    }
    return status_ok();
}

/* One B for all rows of A: the leading dimensions of A are rows too. */
static void merge_rows(Matmul *p)
{
    size_t rows = (size_t)p->m;
    for (int i = 0; i < p->rank; i++) {
        if (p->step[B][i] || (p->dim[i] > 1 && !p->step[A][i])) return;
        rows *= (size_t)p->dim[i];
    }
    p->m = (int)rows;
    p->rank = 0;
}

static Status matmul_plan(Node *n)
{
    TRY(node_inputs(n, 2, 2));
    TRY(node_outputs(n, 1));
    const Shape *a = &n->in[A]->shape, *b = &n->in[B]->shape;
    if (a->rank < 1 || b->rank < 1) {
        return status_error(STATUS_BAD_MODEL, "%s '%s': a scalar cannot be multiplied as a matrix",
                            n->op->name, n->name);
    }
    TRY(node_params(n, sizeof(Matmul)));
    Matmul *p = n->params;
    p->m = a->rank > 1 ? a->dim[a->rank - 2] : 1;
    p->k = a->dim[a->rank - 1];
    p->n = b->rank > 1 ? b->dim[b->rank - 1] : 1;
    const int inner = b->rank > 1 ? b->dim[b->rank - 2] : b->dim[0];
    if (inner != p->k) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': weight has %d input channels, the tensor has %d", n->op->name,
                            n->name, inner, p->k);
    }
    TRY(leading_dimensions(n, a, b, p));
    /* A vector is a matrix of one row or column, which the result does not have. */
    Shape *y = &n->out[0]->shape;
    *y = shape_make(p->rank, p->dim);
    if (a->rank > 1) y->dim[y->rank++] = p->m;
    if (b->rank > 1) y->dim[y->rank++] = p->n;
    TRY(shape_validate(y, n->name));
    n->macs = (uint64_t)shape_elements(y) * (uint64_t)p->k;
    merge_rows(p);
    p->threads = parallel_threads();
    const size_t forward = gemm_scratch_bytes(p->m, p->n, p->k, p->threads);
    const size_t for_a = gemm_scratch_bytes(p->m, p->k, p->n, p->threads);
    const size_t for_b = gemm_scratch_bytes(p->k, p->n, p->m, p->threads);
    n->scratch_bytes = forward > for_a ? forward : for_a;
    if (for_b > n->scratch_bytes) n->scratch_bytes = for_b;
    return status_ok();
}

/* Offsets of A and B in the product of that number; the number of products is returned. */
static size_t product_offsets(const Matmul *p, size_t number, size_t offset[2])
{
    size_t products = 1;
    offset[A] = offset[B] = 0;
    for (int i = p->rank - 1; i >= 0; i--) {
        const size_t index = number % (size_t)p->dim[i];
        number /= (size_t)p->dim[i];
        products *= (size_t)p->dim[i];
        offset[A] += index * p->step[A][i];
        offset[B] += index * p->step[B][i];
    }
    return products;
}

static void matmul_forward(const Node *n)
{
    const Matmul *p = n->params;
    size_t offset[2];
    const size_t products = product_offsets(p, 0, offset);
    for (size_t i = 0; i < products; i++) {
        product_offsets(p, i, offset);
        const Gemm g = {.m = p->m,
                        .n = p->n,
                        .k = p->k,
                        .a = gemm_matrix(n->in[A]->data + offset[A], p->k),
                        .b = gemm_matrix(n->in[B]->data + offset[B], p->n),
                        .c = n->out[0]->data + i * (size_t)p->m * (size_t)p->n,
                        .threads = p->threads};
        gemm(&g, n->scratch);
    }
}

/* y = A B: dA += dy B^T, dB += A^T dy; a repeated matrix gets the sum. */
static void matmul_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const Matmul *p = n->params;
    size_t offset[2];
    const size_t products = product_offsets(p, 0, offset);
    for (size_t i = 0; i < products; i++) {
        product_offsets(p, i, offset);
        const float *dy = n->out[0]->grad + i * (size_t)p->m * (size_t)p->n;
        if (n->in[A]->grad) {
            const Gemm g = {.m = p->m,
                            .n = p->k,
                            .k = p->n,
                            .a = gemm_matrix(dy, p->n),
                            .b = gemm_transposed(n->in[B]->data + offset[B], p->n),
                            .c = n->in[A]->grad + offset[A],
                            .accumulate = true,
                            .threads = p->threads};
            gemm(&g, n->scratch);
        }
        if (n->in[B]->grad) {
            const Gemm g = {.m = p->k,
                            .n = p->n,
                            .k = p->m,
                            .a = gemm_transposed(n->in[A]->data + offset[A], p->k),
                            .b = gemm_matrix(dy, p->n),
                            .c = n->in[B]->grad + offset[B],
                            .accumulate = true,
                            .threads = p->threads};
            gemm(&g, n->scratch);
        }
    }
}

const Op op_matmul = {"MatMul", matmul_plan, matmul_forward, matmul_backward};
