#include "kernels/loose_gemm.h"

#include "kernels/sizes.h"

/* So much of k at a time that a panel of B stays in the first-level cache while all rows of A pass. */
enum { DEPTH = 96 };

static inline __attribute__((always_inline)) void row_write(int vectors, const vf *sum,
                                                            bool accumulate, float *to)
{
    LOOSE_UNROLL for (int v = 0; v < vectors; v++)
    {
        float *at = to + v * VF_LANES;
        vf_store(at, accumulate ? sum[v] + vf_load(at) : sum[v]);
    }
}

/* Rows [row, row + rows) of one panel, `vectors` wide; inlined with a constant `vectors`. Rows that are missing
 * repeat the last one and are not written. */
static inline __attribute__((always_inline)) void tile(int vectors, const LooseGemm *g, int row,
                                                       const float *b, float *c)
{
    const int rows = at_most(LOOSE_ROWS, g->m - row);
    ptrdiff_t at[LOOSE_ROWS];
    LOOSE_UNROLL for (int i = 0; i < LOOSE_ROWS; i++)
    {
        const int index = row + at_most(i, rows - 1);
        at[i] = g->rows ? g->rows[index] : index * g->a_row;
    }
    vf sum[LOOSE_ROWS][LOOSE_VECTORS];
    LOOSE_UNROLL for (int i = 0; i < LOOSE_ROWS; i++)
    {
        LOOSE_UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vf_zero();
    }
    const float *a0 = g->a;
    const ptrdiff_t b_row = g->b_row, step = g->a_step[2];
    for (int k0 = 0; k0 < g->count[0]; k0++, a0 += g->a_step[0]) {
        const float *a1 = a0;
        for (int k1 = 0; k1 < g->count[1]; k1++, a1 += g->a_step[1]) {
            const float *a = a1;
            for (int k2 = g->count[2]; k2 > 0; k2--, a += step, b += b_row) {
                vf right[LOOSE_VECTORS];
                LOOSE_UNROLL for (int v = 0; v < vectors; v++) right[v] = vf_load(b + v * VF_LANES);
                LOOSE_UNROLL for (int i = 0; i < LOOSE_ROWS; i++)
                {
                    const vf left = vf_splat(a[at[i]]);
                    LOOSE_UNROLL for (int v = 0; v < vectors; v++) sum[i][v] =
                        vf_fma(left, right[v], sum[i][v]);
                }
            }
        }
    }
    LOOSE_UNROLL for (int i = 0; i < LOOSE_ROWS; i++)
    {
        if (i >= rows) continue;
        const ptrdiff_t to = g->c_rows ? g->c_rows[row + i] : (row + i) * g->c_row;
        row_write(vectors, sum[i], g->accumulate, c + to);
    }
}

static void panels_multiply(const LooseGemm *g)
{
    for (int j = 0; j < g->n; j += LOOSE_PANEL) {
        const int vectors = at_most(LOOSE_PANEL, g->n - j) / VF_LANES;
        const float *b = g->b + j / LOOSE_PANEL * g->b_panel;
        for (int row = 0; row < g->m; row += LOOSE_ROWS) {
            switch (vectors) {
            case 1: tile(1, g, row, b, g->c + j); break;
            case 2: tile(2, g, row, b, g->c + j); break;
#if defined(__AVX__) || defined(__aarch64__)
            case 3: tile(3, g, row, b, g->c + j); break;
#endif
#if defined(__AVX512F__) || defined(__aarch64__)
            case 4: tile(4, g, row, b, g->c + j); break;
#endif
            }
        }
    }
}

void loose_gemm(const LooseGemm *g)
{
    int cut = 0; /* the dimension of k that is cut: the first that has a length */
    while (cut < 2 && g->count[cut] == 1) cut++;
    int inner = 1;
    for (int d = cut + 1; d < 3; d++) inner *= g->count[d];
    const int most = at_least((DEPTH + inner / 2) / inner, 1);
    LooseGemm part = *g;
    for (int k = 0; k < g->count[cut]; k += most) {
        part.count[cut] = at_most(most, g->count[cut] - k);
        part.a = g->a + k * g->a_step[cut];
        part.b = g->b + (ptrdiff_t)k * inner * g->b_row;
        part.accumulate = g->accumulate || k > 0;
        if (inner > DEPTH) {
            loose_gemm(&part);
        } else {
            panels_multiply(&part);
        }
    }
}
