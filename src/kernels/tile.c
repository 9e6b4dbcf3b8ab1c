#include "kernels/tile.h"

/* Products that are summed before they join the total. */
enum { RUN = 40 };

/* The loop that follows runs a constant few times and must leave its sums in registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Inlined with constants, so that nothing is asked for each vector. */
static inline __attribute__((always_inline)) void tile_write(int vectors,
                                                             vf total[TILE_ROWS][TILE_VECTORS],
                                                             float *out, ptrdiff_t out_row,
                                                             bool accumulate, const Clamp *clamp)
{
    UNROLL for (int i = 0; i < TILE_ROWS; i++)
    {
        UNROLL for (int v = 0; v < vectors; v++)
        {
            float *to = out + i * out_row + v * VF_LANES;
            const vf value = accumulate ? total[i][v] + vf_load(to) : total[i][v];
            vf_store(to, clamp ? clamp_vector(*clamp, value) : value);
        }
    }
}

/*
 * out[i][j] of TILE_ROWS rows by `vectors` vectors; inlined with a constant `vectors`. The products are summed
 * in runs, and the runs after each other: the error of a sum of n terms grows with n / RUN + RUN instead
 * of n. Pooling and rectifiers turn a difference in the last digit into a gradient that takes another way, so
 * that digits kept here are worth their few per cent of time.
 *
 * With the constant `apart`, row k of b is at b + offset[k]; else rows are one after another.
 */
static inline __attribute__((always_inline)) void
tile(int vectors, bool apart, int depth, const TileSides *sides, const float *restrict b,
     const int *restrict offset, float *out, ptrdiff_t out_row, const float *bias, bool accumulate,
     const Clamp *clamp)
{
    const float *restrict a = sides->a;
    const ptrdiff_t a_row = TILE_LOOSE ? sides->a_row : 1,
                    a_step = TILE_LOOSE ? sides->a_step : TILE_ROWS,
                    b_row = TILE_LOOSE ? sides->b_row : (ptrdiff_t)vectors * VF_LANES;
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
            const float *from = apart ? b + *offset : b;
            UNROLL for (int v = 0; v < vectors; v++) row[v] = vf_load(from + v * VF_LANES);
            UNROLL for (int i = 0; i < TILE_ROWS; i++)
            {
                const vf element = vf_splat(a[i * a_row]);
                UNROLL for (int v = 0; v < vectors; v++) sum[i][v] =
                    vf_fma(element, row[v], sum[i][v]);
            }
            a += a_step;
            if (apart) {
                offset++;
            } else {
                b += b_row;
            }
        }
        UNROLL for (int i = 0; i < TILE_ROWS; i++)
        {
            UNROLL for (int v = 0; v < vectors; v++) total[i][v] += sum[i][v];
        }
    }
    if (clamp && accumulate) {
        tile_write(vectors, total, out, out_row, true, clamp);
    } else if (clamp) {
        tile_write(vectors, total, out, out_row, false, clamp);
    } else if (accumulate) {
        tile_write(vectors, total, out, out_row, true, NULL);
    } else {
        tile_write(vectors, total, out, out_row, false, NULL);
    }
}

static inline __attribute__((always_inline)) void tiles(int vectors, int depth,
                                                        const TileSides *sides, float *out,
                                                        ptrdiff_t out_row, const float *bias,
                                                        bool accumulate, const Clamp *clamp)
{
    for (int n = 0; n < sides->panels; n++) {
        tile(vectors, false, depth, sides, sides->b + n * sides->b_panel, NULL,
             out + n * vectors * VF_LANES, out_row, bias, accumulate, clamp);
    }
}

static void tile_1(int depth, const TileSides *sides, float *out, ptrdiff_t out_row,
                   const float *bias, bool accumulate, const Clamp *clamp)
{
    tiles(1, depth, sides, out, out_row, bias, accumulate, clamp);
}

static void tile_2(int depth, const TileSides *sides, float *out, ptrdiff_t out_row,
                   const float *bias, bool accumulate, const Clamp *clamp)
{
    tiles(2, depth, sides, out, out_row, bias, accumulate, clamp);
}

/* Inlined with a constant `vectors`. */
static inline __attribute__((always_inline)) void
tile_offsets(int vectors, int depth, int panels, const float *a, const float *b, const int *offset,
             float *out, ptrdiff_t out_row, const float *bias, const Clamp *clamp)
{
    const TileSides sides = tile_packed(a, b, vectors);
    for (int n = 0; n < panels; n++, b += vectors * VF_LANES, out += vectors * VF_LANES)
        tile(vectors, true, depth, &sides, b, offset, out, out_row, bias, false, clamp);
}

static void tile_offsets_1(int depth, int panels, const float *a, const float *b, const int *offset,
                           float *out, ptrdiff_t out_row, const float *bias, const Clamp *clamp)
{
    tile_offsets(1, depth, panels, a, b, offset, out, out_row, bias, clamp);
}

static void tile_offsets_2(int depth, int panels, const float *a, const float *b, const int *offset,
                           float *out, ptrdiff_t out_row, const float *bias, const Clamp *clamp)
{
    tile_offsets(2, depth, panels, a, b, offset, out, out_row, bias, clamp);
}

#if defined(__AVX__) || defined(__aarch64__)
static void tile_3(int depth, const TileSides *sides, float *out, ptrdiff_t out_row,
                   const float *bias, bool accumulate, const Clamp *clamp)
{
    tiles(3, depth, sides, out, out_row, bias, accumulate, clamp);
}

static void tile_offsets_3(int depth, int panels, const float *a, const float *b, const int *offset,
                           float *out, ptrdiff_t out_row, const float *bias, const Clamp *clamp)
{
    tile_offsets(3, depth, panels, a, b, offset, out, out_row, bias, clamp);
}
#define TILE_FUNCTIONS        tile_1, tile_2, tile_3
#define TILE_OFFSET_FUNCTIONS tile_offsets_1, tile_offsets_2, tile_offsets_3
#else
#define TILE_FUNCTIONS        tile_1, tile_2
#define TILE_OFFSET_FUNCTIONS tile_offsets_1, tile_offsets_2
#endif

TileFunction *const tile_functions[TILE_VECTORS] = {TILE_FUNCTIONS};
TileOffsetFunction *const tile_offset_functions[TILE_VECTORS] = {TILE_OFFSET_FUNCTIONS};

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

#if VF_LANES > 4

_Static_assert(TILE_ROWS * 2 == VF_LANES, "the sums of all rows are half a vector");

/* Sum of the lanes of each row, in its first half: neighbours are added until each row has one lane. */
static vf sums_of_rows(vf *row)
{
    for (int count = TILE_ROWS; count > 1; count /= 2) {
        for (int i = 0; i < count / 2; i++) {
            const vf a = row[2 * i], b = row[2 * i + 1];
            row[i] = vf_even(a, b) + vf_odd(a, b);
        }
    }
    return vf_even(row[0], row[0]) + vf_odd(row[0], row[0]);
}

void tile_narrow_loose(int columns, int depth, const float *a, ptrdiff_t a_row, const float *b,
                       float *out)
{
    for (int j = 0; j < columns; j++, b += depth, out += TILE_ROWS) {
        vf sum[TILE_ROWS];
        UNROLL for (int i = 0; i < TILE_ROWS; i++) sum[i] = vf_zero();
        int k = 0;
        for (; k + VF_LANES <= depth; k += VF_LANES) {
            const vf column = vf_load(b + k);
            UNROLL for (int i = 0; i < TILE_ROWS; i++) sum[i] =
                vf_fma(vf_load(a + i * a_row + k), column, sum[i]);
        }
        float total[VF_LANES];
        vf_store(total, sums_of_rows(sum));
        for (int i = 0; i < TILE_ROWS; i++) {
            out[i] = total[i];
            for (int rest = k; rest < depth; rest++) out[i] += a[i * a_row + rest] * b[rest];
        }
    }
}

#endif
