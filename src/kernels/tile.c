#include "kernels/tile.h"

/* Products that are summed before they join the total. */
enum { RUN = 40 };

/* The loop that follows runs a constant few times and must leave its sums in registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/*
 * out[i][j] of TILE_ROWS rows by `vectors` vectors; inlined with a constant `vectors`. The products are summed
 * in runs, and the runs after each other: the error of a sum of n terms grows with n / RUN + RUN instead
 * of n. Pooling and rectifiers turn a difference in the last digit into a gradient that takes another way, so
 * that digits kept here are worth their few per cent of time.
 */
static inline __attribute__((always_inline)) void
tile(int vectors, int depth, const float *restrict a, const float *restrict b, float *out,
     ptrdiff_t out_row, const float *bias, bool accumulate)
{
    vf total[TILE_ROWS][TILE_VECTORS], sum[TILE_ROWS][TILE_VECTORS];
    UNROLL for (int i = 0; i < TILE_ROWS; i++)
    {
        UNROLL for (int v = 0; v < vectors; v++) total[i][v] = vf_splat(bias ? bias[i] : 0.0F);
    }
    for (int left = depth; left > 0; left -= RUN) {
        UNROLL for (int i = 0; i < TILE_ROWS; i++)
        {
            UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vf_zero();
        }
        for (int k = left < RUN ? left : RUN; k > 0; k--) {
            vf row[TILE_VECTORS];
            UNROLL for (int v = 0; v < vectors; v++) row[v] = vf_load(b + v * VF_LANES);
            UNROLL for (int i = 0; i < TILE_ROWS; i++)
            {
                const vf element = vf_splat(a[i]);
                UNROLL for (int v = 0; v < vectors; v++) sum[i][v] =
                    vf_fma(element, row[v], sum[i][v]);
            }
            a += TILE_ROWS;
            b += vectors * VF_LANES;
        }
        UNROLL for (int i = 0; i < TILE_ROWS; i++)
        {
            UNROLL for (int v = 0; v < vectors; v++) total[i][v] += sum[i][v];
        }
    }
    UNROLL for (int i = 0; i < TILE_ROWS; i++)
    {
        UNROLL for (int v = 0; v < vectors; v++)
        {
            float *to = out + i * out_row + v * VF_LANES;
            vf_store(to, accumulate ? total[i][v] + vf_load(to) : total[i][v]);
        }
    }
}

static void tile_1(int depth, const float *a, const float *b, float *out, ptrdiff_t out_row,
                   const float *bias, bool accumulate)
{
    tile(1, depth, a, b, out, out_row, bias, accumulate);
}

static void tile_2(int depth, const float *a, const float *b, float *out, ptrdiff_t out_row,
                   const float *bias, bool accumulate)
{
    tile(2, depth, a, b, out, out_row, bias, accumulate);
}

#if defined(__AVX__) || defined(__aarch64__)
static void tile_3(int depth, const float *a, const float *b, float *out, ptrdiff_t out_row,
                   const float *bias, bool accumulate)
{
    tile(3, depth, a, b, out, out_row, bias, accumulate);
}
#define TILE_FUNCTIONS tile_1, tile_2, tile_3
#else
#define TILE_FUNCTIONS tile_1, tile_2
#endif

TileFunction *const tile_functions[TILE_VECTORS] = {TILE_FUNCTIONS};

/* ---- few columns ---- */

typedef float rows __attribute__((vector_size(4 * TILE_ROWS)));
typedef float rows_unaligned __attribute__((vector_size(4 * TILE_ROWS), aligned(4), may_alias));

/* Sums of a column that do not wait for each other. */
enum { CHAINS = 4 };

static inline __attribute__((always_inline)) void narrow(int columns, int depth, const float *a,
                                                         const float *b, float *out)
{
    rows total[TILE_NARROW], sum[TILE_NARROW][CHAINS];
    UNROLL for (int j = 0; j < columns; j++) total[j] = (rows){0};
    while (depth > 0) {
        const int run = depth < RUN * CHAINS ? depth : RUN * CHAINS;
        UNROLL for (int j = 0; j < columns; j++)
        {
            UNROLL for (int n = 0; n < CHAINS; n++) sum[j][n] = (rows){0};
        }
        int k = 0;
        for (; k + CHAINS <= run; k += CHAINS, a += CHAINS * TILE_ROWS, b += CHAINS * columns) {
            UNROLL for (int n = 0; n < CHAINS; n++)
            {
                const rows left = *(const rows_unaligned *)(a + n * TILE_ROWS);
                UNROLL for (int j = 0; j < columns; j++) sum[j][n] += left * b[n * columns + j];
            }
        }
        for (; k < run; k++, a += TILE_ROWS, b += columns) {
            const rows left = *(const rows_unaligned *)a;
            UNROLL for (int j = 0; j < columns; j++) sum[j][0] += left * b[j];
        }
        UNROLL for (int j = 0; j < columns; j++) total[j] +=
            (sum[j][0] + sum[j][1]) + (sum[j][2] + sum[j][3]);
        depth -= run;
    }
    UNROLL for (int j = 0; j < columns; j++) * (rows_unaligned *)(out + j * TILE_ROWS) = total[j];
}

void tile_narrow(int columns, int depth, const float *a, const float *b, float *out)
{
    if (columns == 1) {
        narrow(1, depth, a, b, out);
    } else {
        narrow(TILE_NARROW, depth, a, b, out);
    }
}
