#include "kernels/gemm.h"

#include <string.h>

#include "kernels/gather.h"
#include "kernels/panel_gemm.h"
#include "parallel.h"
#include "simd.h"

/* Below this many rows of C, packing B costs more than it brings: a fully connected layer, batch of one. */
enum { FEW_ROWS = 4, SLAB = 512 };

size_t gemm_scratch_bytes(int m, int n, int k, int threads)
{
    (void)n;
    return m < FEW_ROWS ? 0 : panel_gemm_scratch_bytes(m, k, threads);
}

/* ---- few rows: B is read once, where it lies ---- */

static float dot(const float *a, ptrdiff_t a_step, const float *b, ptrdiff_t b_step, int count)
{
    int i = 0;
    float total = 0.0F;
    if (a_step == 1 && b_step == 1) {
        vf sum[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
        for (; i + 4 * VF_LANES <= count; i += 4 * VF_LANES) {
            for (int v = 0; v < 4; v++) {
                sum[v] =
                    vf_fma(vf_load(a + i + v * VF_LANES), vf_load(b + i + v * VF_LANES), sum[v]);
            }
        }
        for (; i + VF_LANES <= count; i += VF_LANES) {
            sum[0] = vf_fma(vf_load(a + i), vf_load(b + i), sum[0]);
        }
        total = vf_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
    }
    for (; i < count; i++) total += a[i * a_step] * b[i * b_step];
    return total;
}

/* Columns of B are contiguous: each element of C is a dot product. */
static void few_rows_by_columns(const Gemm *g, int begin, int end)
{
    for (int j = begin; j < end; j++) {
        for (int i = 0; i < g->m; i++) {
            float *c = g->c + (size_t)i * (size_t)g->n + j;
            float value = dot(g->a.data + i * g->a.row, g->a.column, g->b.data + j * g->b.column,
                              g->b.row, g->k);
            *c = value + (g->bias ? g->bias[i] : 0.0F) + (g->accumulate ? *c : 0.0F);
        }
    }
}

/* Rows of B are contiguous: a row of C is a weighted sum of them, four at a time. */
static void few_rows_by_rows(const Gemm *g, int begin, int end)
{
    const int width = end - begin;
    for (int i = 0; i < g->m; i++) {
        float sum[SLAB] = {0};
        const float *a = g->a.data + i * g->a.row;
        int k = 0;
        for (; k + 4 <= g->k; k += 4) {
            const float *b = g->b.data + k * g->b.row + begin;
            const float a0 = a[k * g->a.column], a1 = a[(k + 1) * g->a.column];
            const float a2 = a[(k + 2) * g->a.column], a3 = a[(k + 3) * g->a.column];
            const float *b1 = b + g->b.row, *b2 = b1 + g->b.row, *b3 = b2 + g->b.row;
            int j = 0;
            for (; j + VF_LANES <= width; j += VF_LANES) {
                vf s = vf_fma(vf_splat(a0), vf_load(b + j), vf_load(sum + j));
                s = vf_fma(vf_splat(a1), vf_load(b1 + j), s);
                s = vf_fma(vf_splat(a2), vf_load(b2 + j), s);
                vf_store(sum + j, vf_fma(vf_splat(a3), vf_load(b3 + j), s));
            }
            for (; j < width; j++) sum[j] += a0 * b[j] + a1 * b1[j] + a2 * b2[j] + a3 * b3[j];
        }
        for (; k < g->k; k++) {
            const float *b = g->b.data + k * g->b.row + begin;
            for (int j = 0; j < width; j++) sum[j] += a[k * g->a.column] * b[j];
        }
        float *c = g->c + (size_t)i * (size_t)g->n + begin;
        const float bias = g->bias ? g->bias[i] : 0.0F;
        for (int j = 0; j < width; j++) c[j] = sum[j] + bias + (g->accumulate ? c[j] : 0.0F);
    }
}

/* A slab has fixed borders, so that no element's arithmetic depends on the number of threads. */
static void few_rows_slabs(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Gemm *g = context;
    for (size_t slab = begin; slab < end; slab++) {
        const int first = (int)slab * SLAB, last = g->n - first < SLAB ? g->n : first + SLAB;
        if (g->b.column == 1) {
            few_rows_by_rows(g, first, last);
        } else {
            few_rows_by_columns(g, first, last);
        }
    }
}

/* ---- the general case ---- */

static void pack_transposed(const GemmMatrix *b, int k, int depth, int j, int columns, int width,
                            float *panel)
{
    for (int c = 0; c < columns; c++) {
        const float *from = b->data + k * b->row + (j + c) * b->column;
        for (int r = 0; r < depth; r++)
            panel[(size_t)r * (size_t)width + (size_t)c] = from[r * b->row];
    }
    for (int c = columns; c < width; c++) {
        for (int r = 0; r < depth; r++) panel[(size_t)r * (size_t)width + (size_t)c] = 0.0F;
    }
}

static void pack_matrix(const void *right, int k, int depth, int j, int columns, int width,
                        float *panel)
{
    const GemmMatrix *b = right;
    if (b->column != 1) {
        pack_transposed(b, k, depth, j, columns, width, panel);
        return;
    }
    const GatherPlain plain = {b->data, (size_t)b->row};
    gather_pack_plain(&plain, k, depth, j, columns, width, panel);
}

void gemm(const Gemm *g, void *scratch)
{
    Gemm flat;
    if (g->n == 1 && g->m > 1 && !g->bias) {
        /* A column is a row of the transposed product: A is not packed either. */
        flat = *g;
        flat.m = 1;
        flat.n = g->m;
        flat.a = (GemmMatrix){g->b.data, g->b.column, g->b.row};
        flat.b = (GemmMatrix){g->a.data, g->a.column, g->a.row};
        g = &flat;
    }
    if (g->m < FEW_ROWS) {
        const size_t slabs = ((size_t)g->n + SLAB - 1) / SLAB;
        parallel_for_within(g->threads, slabs, 1, few_rows_slabs, (void *)(uintptr_t)g);
        return;
    }
    const PanelGemm panels = {
        .m = g->m,
        .n = g->n,
        .k = g->k,
        .left = {.data = g->a.data, .row = g->a.row, .count = {1, 1}, .step = {g->a.column, 0, 0}},
        .right = &g->b,
        .pack = pack_matrix,
        .plain = g->b.column == 1 ? g->b.data : NULL,
        .plain_row = g->b.row,
        .c = g->c,
        .c_row = g->n,
        .bias = g->bias,
        .accumulate = g->accumulate,
        .threads = g->threads,
    };
    panel_gemm(&panels, scratch);
}
