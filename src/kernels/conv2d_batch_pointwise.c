/* 1 x 1, stride 1: products with the tensors as they lie, pixels side by side in vectors. */
#include "kernels/conv2d_batch_work.h"
#include "kernels/loose_gemm.h"
#include "kernels/sizes.h"

/* A tile of the gradient of the filters: channels of dy by channels of x, so many sums as registers hold. */
enum { TILE_OUT = LOOSE_VECTORS, TILE_IN = LOOSE_ROWS, TILE_SUMS = TILE_OUT * TILE_IN };

enum {
    BLOCK_FLOATS = 1 << 18, /* of images that one sum in registers runs over, about */
    ITEMS_PER_THREAD = 3,   /* so that threads end together */
};

bool lies_well(const Conv2d *c)
{
    return is_pointwise(c) && in_plane(c) % VF_LANES == 0;
}

static bool has_whole_panels(const Conv2d *c)
{
    return in_plane(c) % LOOSE_PANEL == 0;
}

bool few_filters(const Conv2d *c)
{
    return lies_well(c) && has_whole_panels(c) && c->out_channels <= LOOSE_PANEL / 2;
}

size_t pointwise_floats(const Conv2d *c)
{
    return (size_t)(c->in_channels + c->out_channels) * LOOSE_PANEL;
}

/* ---- forward and the gradient of the input: columns are pixels ---- */

/* A product with the filters, or with their transpose. */
typedef struct Side {
    const float *from;
    float *to;
    int from_channels, to_channels;
    ptrdiff_t row, step; /* of the filters */
    bool add;
} Side;

static Side side_of(const Work *work, bool turned)
{
    const Conv2d *c = work->c;
    if (turned)
        return (Side){work->dy, work->dx,       c->out_channels, c->in_channels,
                      1,        c->in_channels, work->add};
    return (Side){work->x, work->y, c->in_channels, c->out_channels, c->in_channels, 1, false};
}

static LooseGemm product_of(const Work *work, const Side *s)
{
    return (LooseGemm){.m = s->to_channels,
                       .count = {1, 1, s->from_channels},
                       .a = work->w,
                       .a_row = s->row,
                       .a_step = {0, 0, s->step}};
}

/* Planes of whole panels are multiplied as they lie. */
static void multiply_image(const Work *work, const Side *s, size_t image)
{
    const ptrdiff_t plane = (ptrdiff_t)in_plane(work->c);
    LooseGemm g = product_of(work, s);
    g.n = (int)plane;
    g.b = s->from + (ptrdiff_t)image * s->from_channels * plane;
    g.b_row = g.c_row = plane;
    g.b_panel = LOOSE_PANEL;
    g.c = s->to + (ptrdiff_t)image * s->to_channels * plane;
    g.accumulate = s->add;
    loose_gemm(&g);
}

/* Small planes share a panel: vectors of pixels, numbered through the batch, are read to it and written from it. */
static void multiply_panel(const Work *work, const Side *s, size_t item, float *own)
{
    const ptrdiff_t plane = (ptrdiff_t)in_plane(work->c);
    const int of_image = (int)plane / VF_LANES, first = (int)item * LOOSE_VECTORS;
    const int vectors = at_most(LOOSE_VECTORS, work->c->batch * of_image - first);
    float *result = own + (ptrdiff_t)s->from_channels * LOOSE_PANEL;
    for (int v = 0; v < vectors; v++) {
        const int image = (first + v) / of_image, place = (first + v) % of_image * VF_LANES;
        const float *from = s->from + image * s->from_channels * plane + place;
        for (int k = 0; k < s->from_channels; k++)
            vf_store(own + k * LOOSE_PANEL + v * VF_LANES, vf_load(from + k * plane));
    }
    LooseGemm g = product_of(work, s);
    g.n = vectors * VF_LANES;
    g.b = own;
    g.b_row = g.c_row = LOOSE_PANEL;
    g.c = result;
    loose_gemm(&g);
    for (int v = 0; v < vectors; v++) {
        const int image = (first + v) / of_image, place = (first + v) % of_image * VF_LANES;
        float *to = s->to + image * s->to_channels * plane + place;
        for (int m = 0; m < s->to_channels; m++, to += plane) {
            const vf value = vf_load(result + m * LOOSE_PANEL + v * VF_LANES);
            vf_store(to, s->add ? value + vf_load(to) : value);
        }
    }
}

static void multiply_items(const Work *work, bool turned, size_t item, size_t end, int thread)
{
    const Side side = side_of(work, turned);
    for (; item < end; item++) {
        if (has_whole_panels(work->c)) {
            multiply_image(work, &side, item);
        } else {
            multiply_panel(work, &side, item, result_of(work, thread));
        }
    }
}

static void forward_items(void *context, size_t item, size_t end, int thread)
{
    multiply_items(context, false, item, end, thread);
}

static void input_gradient_items(void *context, size_t item, size_t end, int thread)
{
    multiply_items(context, true, item, end, thread);
}

static int items_of(const Conv2d *c)
{
    const int vectors = c->batch * (int)(in_plane(c) / VF_LANES);
    return has_whole_panels(c) ? c->batch : divide_up(vectors, LOOSE_VECTORS);
}

void pointwise_forward(Work *work)
{
    each(work, items_of(work->c), forward_items);
}

void pointwise_input_gradient(Work *work)
{
    each(work, items_of(work->c), input_gradient_items);
}

/* ---- gradient of the filters: dw [out][in] += dy x', sums over vectors of pixels ---- */

/* The sum of the lanes of four vectors. */
static quad four_sums(const vf *sum)
{
    quad part[4];
    for (int i = 0; i < 4; i++) {
        float lane[VF_LANES];
        vf_store(lane, sum[i]);
        part[i] = quad_load(lane);
        for (int k = 4; k < VF_LANES; k += 4) part[i] += quad_load(lane + k);
    }
    quad_transpose(part);
    return (part[0] + part[1]) + (part[2] + part[3]);
}

/* Channels from m and k on, over `count` images; those that are missing repeat the last and are not written. */
static void tile_of_gradient(const Work *work, int m, int k, int first, int count)
{
    const Conv2d *c = work->c;
    const int rows = at_most(TILE_OUT, c->out_channels - m),
              columns = at_most(TILE_IN, c->in_channels - k), pixels = (int)in_plane(c);
    ptrdiff_t row[TILE_OUT], column[TILE_IN];
    for (int i = 0; i < TILE_OUT; i++) row[i] = (ptrdiff_t)(m + at_most(i, rows - 1)) * pixels;
    for (int j = 0; j < TILE_IN; j++) column[j] = (ptrdiff_t)(k + at_most(j, columns - 1)) * pixels;
    vf sum[TILE_SUMS];
    LOOSE_UNROLL for (int i = 0; i < TILE_SUMS; i++) sum[i] = vf_zero();
    for (int image = first; image < first + count; image++) {
        const float *dy = work->dy + (ptrdiff_t)image * c->out_channels * pixels;
        const float *x = work->x + (ptrdiff_t)image * c->in_channels * pixels;
        for (int p = 0; p < pixels; p += VF_LANES) {
            vf left[TILE_OUT];
            LOOSE_UNROLL for (int i = 0; i < TILE_OUT; i++) left[i] = vf_load(dy + row[i] + p);
            LOOSE_UNROLL for (int j = 0; j < TILE_IN; j++)
            {
                const vf right = vf_load(x + column[j] + p);
                LOOSE_UNROLL for (int i = 0; i < TILE_OUT; i++) sum[i * TILE_IN + j] =
                    vf_fma(left[i], right, sum[i * TILE_IN + j]);
            }
        }
    }
    float total[TILE_SUMS];
    LOOSE_UNROLL for (int i = 0; i < TILE_SUMS; i += 4) quad_store(total + i, four_sums(sum + i));
    for (int i = 0; i < rows; i++) {
        float *to = work->dw + (ptrdiff_t)(m + i) * c->in_channels + k;
        for (int j = 0; j < columns; j++) to[j] += total[i * TILE_IN + j];
    }
}

/* An item is some channels of x: it alone reads them, and all of dy. */
static void filter_gradient_rows(void *context, size_t item, size_t end, int thread)
{
    (void)thread;
    const Work *work = context;
    const Conv2d *c = work->c;
    const int image_floats = (c->in_channels + c->out_channels) * (int)in_plane(c);
    const int block = at_least(BLOCK_FLOATS / image_floats, 1);
    const int start = (int)item * work->rows, stop = at_most((int)end * work->rows, c->in_channels);
    for (int image = 0; image < c->batch; image += block) {
        for (int m = 0; m < c->out_channels; m += TILE_OUT) {
            for (int k = start; k < stop; k += TILE_IN)
                tile_of_gradient(work, m, k, image, at_most(block, c->batch - image));
        }
    }
}

void pointwise_filter_gradient(Work *work)
{
    const int channels = work->c->in_channels;
    work->rows = round_up(divide_up(channels, work->c->threads * ITEMS_PER_THREAD), TILE_IN);
    each(work, divide_up(channels, work->rows), filter_gradient_rows);
}
