#include "kernels/scatter.h"

#include <stdint.h>

#include "kernels/gather.h"
#include "parallel.h"
#include "simd.h"

/* Floats of the product that are made at once: they stay in the second-level cache. */
enum { STRIP_FLOATS = 1 << 17 };

static int strip_rows(int product_rows, int source_rows, int source_columns)
{
    const int64_t rows = STRIP_FLOATS / ((int64_t)product_rows * source_columns);
    if (rows < 1) return 1;
    return rows < source_rows ? (int)rows : source_rows;
}

static uint64_t product_floats(int product_rows, int source_rows, int source_columns)
{
    const uint64_t floats = (uint64_t)product_rows * (uint64_t)source_columns *
                            (uint64_t)strip_rows(product_rows, source_rows, source_columns);
    return (floats + 15) & ~(uint64_t)15;
}

size_t scatter_scratch_bytes(int product_rows, int depth, int source_rows, int source_columns,
                             int threads)
{
    const uint64_t bytes =
        product_floats(product_rows, source_rows, source_columns) * sizeof(float) +
        panel_gemm_scratch_bytes(product_rows, depth, threads);
    return bytes < SIZE_MAX / 2 ? (size_t)bytes : SIZE_MAX / 2;
}

/* The product of one strip, and where it goes. */
typedef struct Strip {
    const Scatter *s;
    const float *product; /* [channels * taps][rows * columns] */
    float *to;            /* the image */
    int row, rows;        /* of the source */
    int first_y;          /* of the rows that it can reach */
} Strip;

/* to[i * stride] += from[i] */
static void add_strided(float *restrict to, const float *restrict from, int count, int stride)
{
    int i = 0;
    if (stride == 1) {
        for (; i + VF_LANES <= count; i += VF_LANES)
            vf_store(to + i, vf_load(to + i) + vf_load(from + i));
        for (; i < count; i++) to[i] += from[i];
    } else if (stride == 2) {
        for (; i < count; i++) to[2 * i] += from[i];
    } else {
        for (; i < count; i++) to[(ptrdiff_t)i * stride] += from[i];
    }
}

/* Adds what source row t brings to one row through all taps of one ty. */
static void add_row(const Strip *strip, int channel, int ty, int t, float *to)
{
    const Scatter *s = strip->s;
    const size_t pixels = (size_t)strip->rows * (size_t)s->columns;
    const size_t first = (size_t)(channel * s->taps_y + ty) * (size_t)s->taps_x;
    for (int tx = 0; tx < s->taps_x; tx++) {
        const float *from = strip->product + (first + (size_t)tx) * pixels +
                            (size_t)(t - strip->row) * (size_t)s->columns;
        const int x = s->x_first + tx * s->x_step;
        const int begin = x < 0 ? (-x + s->stride_x - 1) / s->stride_x : 0;
        int end = x < s->width ? (s->width - 1 - x) / s->stride_x + 1 : 0;
        if (end > s->columns) end = s->columns;
        if (begin < end) {
            add_strided(to + x + (ptrdiff_t)begin * s->stride_x, from + begin, end - begin,
                        s->stride_x);
        }
    }
}

/* An item is one row of one channel of the target: it belongs to one thread. */
static void add_rows(void *context, size_t item, size_t items_end, int thread)
{
    (void)thread;
    const Strip *strip = context;
    const Scatter *s = strip->s;
    for (; item < items_end; item++) {
        const int channel = (int)(item % (size_t)s->channels);
        const int y = strip->first_y + (int)(item / (size_t)s->channels);
        float *to =
            strip->to + ((size_t)channel * (size_t)s->height + (size_t)y) * (size_t)s->width;
        for (int ty = 0; ty < s->taps_y; ty++) {
            const int reach = y - s->y_first - ty * s->y_step;
            if (reach < 0 || reach % s->stride_y != 0) continue;
            const int t = reach / s->stride_y;
            if (t >= strip->row && t < strip->row + strip->rows) add_row(strip, channel, ty, t, to);
        }
    }
}

static void strip_add(const Scatter *s, Strip *strip)
{
    const int tap_a = s->y_first, tap_b = s->y_first + (s->taps_y - 1) * s->y_step;
    int first = strip->row * s->stride_y + (tap_a < tap_b ? tap_a : tap_b);
    int last = (strip->row + strip->rows - 1) * s->stride_y + (tap_a < tap_b ? tap_b : tap_a);
    if (first < 0) first = 0;
    if (last > s->height - 1) last = s->height - 1;
    if (first > last) return;
    strip->first_y = first;
    parallel_for_within(s->threads, (size_t)(last - first + 1) * (size_t)s->channels, 4, add_rows,
                        strip);
}

void scatter_add(const Scatter *s, void *scratch)
{
    const int product_rows = s->channels * s->taps_y * s->taps_x;
    const int most = strip_rows(product_rows, s->rows, s->columns);
    const size_t plane = (size_t)s->rows * (size_t)s->columns;
    float *product = scratch;
    void *rest = product + product_floats(product_rows, s->rows, s->columns);
    for (int image = 0; image < s->images; image++) {
        for (int row = 0; row < s->rows; row += most) {
            const int rows = s->rows - row < most ? s->rows - row : most,
                      pixels = rows * s->columns;
            const GatherPlain right = {
                .source = s->source + (size_t)image * s->source_image_step +
                          (size_t)row * (size_t)s->columns,
                .row_step = plane,
            };
            const PanelGemm g = {
                .m = product_rows,
                .n = pixels,
                .k = s->depth,
                .left = s->left,
                .right = &right,
                .pack = gather_pack_plain,
                .plain = right.source,
                .plain_row = (ptrdiff_t)plane,
                .c = product,
                .c_row = pixels,
                .threads = s->threads,
            };
            panel_gemm(&g, rest);
            Strip strip = {.s = s, .product = product, .row = row, .rows = rows};
            strip.to = s->to + (size_t)image * s->to_image_step;
            strip_add(s, &strip);
        }
    }
}
