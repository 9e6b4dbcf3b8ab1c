/*
 * Products of matrices that are multiplied where they lie: nothing is packed.
 *
 * A is read one element at a time and may be scattered: a convolution reads its padded picture, one row of A for
 * each pixel. B is read by vectors, so that its columns lie side by side. This pays where B was written for it
 * (transformed filters, pixels transposed) and A would be packed for few columns.
 */
#ifndef CONVOSCOPE_KERNELS_LOOSE_GEMM_H
#define CONVOSCOPE_KERNELS_LOOSE_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "simd.h"

/* A tile of the product: as many sums as registers hold beside a row of B. */
#if defined(__AVX512F__) || defined(__aarch64__)
enum { LOOSE_ROWS = 6, LOOSE_VECTORS = 4 };
#elif defined(__AVX__)
enum { LOOSE_ROWS = 4, LOOSE_VECTORS = 3 };
#else
enum { LOOSE_ROWS = 4, LOOSE_VECTORS = 2 };
#endif

/* The loop that follows runs a constant few times and must leave its sums in registers. */
#if defined(__clang__)
#define LOOSE_UNROLL _Pragma("clang loop unroll(full)")
#else
#define LOOSE_UNROLL _Pragma("GCC unroll 16")
#endif

/* Columns of a panel of B. */
enum { LOOSE_PANEL = LOOSE_VECTORS * VF_LANES };

/*
 * C[i][j] = sum over k of A[i][k] B[k][j], with k = (k0 * count[1] + k1) * count[2] + k2.
 *
 * A[i][k] lies at a[(rows ? rows[i] : i * a_row) + k0 * a_step[0] + k1 * a_step[1] + k2 * a_step[2]],
 * B[k][j] at b[j / LOOSE_PANEL * b_panel + k * b_row + j % LOOSE_PANEL],
 * C[i][j] at c[(c_rows ? c_rows[i] : i * c_row) + j].
 */
typedef struct LooseGemm {
    int m, n; /* n is a multiple of VF_LANES */
    int count[3];
    const float *a;
    const ptrdiff_t *rows; /* or NULL */
    ptrdiff_t a_row, a_step[3];
    const float *b;
    ptrdiff_t b_row, b_panel;
    float *c;
    const ptrdiff_t *c_rows; /* or NULL */
    ptrdiff_t c_row;
    bool accumulate; /* C += A B */
} LooseGemm;

/* On the calling thread. C must not overlap A or B. */
void loose_gemm(const LooseGemm *g);

#endif
