/* Products of dense float matrices given by strides; rows, columns or both may be transposed. */
#ifndef CONVOSCOPE_KERNELS_GEMM_H
#define CONVOSCOPE_KERNELS_GEMM_H

#include <stdbool.h>
#include <stddef.h>

/* Element (i, j) lies at data[i * row + j * column]; 4-byte aligned. */
typedef struct GemmMatrix {
    const float *data;
    ptrdiff_t row, column;
} GemmMatrix;

/* Row-major with `columns` columns, and the same memory seen transposed. */
static inline GemmMatrix gemm_matrix(const float *data, int columns)
{
    return (GemmMatrix){data, columns, 1};
}

static inline GemmMatrix gemm_transposed(const float *data, int columns)
{
    return (GemmMatrix){data, 1, columns};
}

typedef struct Gemm {
    int m, n, k;
    GemmMatrix a, b;   /* [m,k], [k,n] */
    float *c;          /* [m,n], row-major */
    const float *bias; /* [m], added to each row of A B; or NULL */
    bool accumulate;   /* C += A B */
    int threads;       /* the most to use; scratch was sized for them */
} Gemm;

/* Bytes of scratch for a product of that size. */
size_t gemm_scratch_bytes(int m, int n, int k, int threads);

/* C must not overlap A or B; scratch is aligned to 64. The same bits for every number of threads. */
void gemm(const Gemm *g, void *scratch);

#endif
