#include "kernels/conv2d_batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/random.h"
#include "kernels/winograd_batch.h"
#include "parallel.h"
#include "support/test.h"

/* Both ways against the definition, in double precision. */

enum { SEED = 20160627 };

typedef struct Way {
    const char *name;
    bool (*fits)(const Conv2d *);
    size_t (*scratch_bytes)(const Conv2d *);
    void (*forward)(const Conv2d *, const float *x, const float *w, float *y, void *scratch);
    void (*gradients)(const Conv2d *, const float *x, const float *w, const float *dy, float *dx,
                      bool add, float *dw, void *scratch);
} Way;

static const Way ways[] = {
    {"winograd", winograd_batch_fits, winograd_batch_scratch_bytes, winograd_batch_forward,
     winograd_batch_gradients},
    {"direct", conv2d_batch_fits, conv2d_batch_scratch_bytes, conv2d_batch_forward,
     conv2d_batch_gradients},
};

typedef struct Arrays {
    size_t x_count, w_count, y_count;
    float *x, *w, *dy, *y, *dx, *dw;
    void *scratch;
} Arrays;

static float *floats(size_t count, Random *random)
{
    float *data = aligned_alloc_zeroed(count * sizeof *data);
    if (!data) abort();
    for (size_t i = 0; i < count && random; i++) data[i] = random_normal(random);
    return data;
}

static Arrays arrays_make(const Way *way, const Conv2d *c, uint64_t seed)
{
    Random random = random_seeded(seed);
    Arrays a = {.x_count = (size_t)(c->batch * c->in_channels * c->in_height * c->in_width),
                .w_count =
                    (size_t)(c->out_channels * c->in_channels * c->kernel_height * c->kernel_width),
                .y_count = (size_t)(c->batch * c->out_channels * c->out_height * c->out_width)};
    a.x = floats(a.x_count, &random);
    a.w = floats(a.w_count, &random);
    a.dy = floats(a.y_count, &random);
    a.y = floats(a.y_count, NULL);
    a.dx = floats(a.x_count, NULL);
    a.dw = floats(a.w_count, NULL);
    a.scratch = aligned_alloc_zeroed(way->scratch_bytes(c));
    if (!a.scratch) abort();
    return a;
}

static void arrays_release(Arrays *a)
{
    float *all[] = {a->x, a->w, a->dy, a->y, a->dx, a->dw};
    for (int i = 0; i < 6; i++) aligned_free(all[i]);
    aligned_free(a->scratch);
}

/* The gradients begin with 1, since they are added to. */
static void run(const Way *way, const Conv2d *c, Arrays *a)
{
    for (size_t i = 0; i < a->x_count; i++) a->dx[i] = 1;
    for (size_t i = 0; i < a->w_count; i++) a->dw[i] = 1;
    memset(a->scratch, 0xFF, way->scratch_bytes(c));
    way->forward(c, a->x, a->w, a->y, a->scratch);
    memset(a->scratch, 0xFF, way->scratch_bytes(c));
    way->gradients(c, a->x, a->w, a->dy, a->dx, true, a->dw, a->scratch);
}

typedef struct Reference {
    double *y, *dx, *dw;
} Reference;

/* All three by one walk over the products of the definition. */
static Reference reference_make(const Conv2d *c, const Arrays *a)
{
    Reference r = {calloc(a->y_count, sizeof(double)), calloc(a->x_count, sizeof(double)),
                   calloc(a->w_count, sizeof(double))};
    if (!r.y || !r.dx || !r.dw) abort();
    const int plane = c->out_height * c->out_width, taps = c->kernel_height * c->kernel_width;
    for (size_t at = 0; at < a->y_count; at++) {
        const int column = (int)at % c->out_width, row = (int)at % plane / c->out_width;
        const int filter = (int)at / plane % c->out_channels,
                  image = (int)at / plane / c->out_channels;
        for (int k = 0; k < c->in_channels * taps; k++) {
            const int y = row * c->stride_y - c->pad_top + k % taps / c->kernel_width,
                      x = column * c->stride_x - c->pad_left + k % c->kernel_width;
            if (y < 0 || y >= c->in_height || x < 0 || x >= c->in_width) continue;
            const int from =
                ((image * c->in_channels + k / taps) * c->in_height + y) * c->in_width + x;
            const int weight = filter * c->in_channels * taps + k;
            r.y[at] += (double)a->x[from] * (double)a->w[weight];
            r.dx[from] += (double)a->dy[at] * (double)a->w[weight];
            r.dw[weight] += (double)a->dy[at] * (double)a->x[from];
        }
    }
    return r;
}

static double error(const float *a, double start, const double *b, size_t count)
{
    double off = 0, all = 0;
    for (size_t i = 0; i < count; i++) {
        off += ((double)a[i] - start - b[i]) * ((double)a[i] - start - b[i]);
        all += b[i] * b[i];
    }
    return sqrt(off / all);
}

static Conv2d shape(int batch, int channels, int height, int width, int filters, int kernel,
                    int stride, int pad)
{
    return (Conv2d){.batch = batch,
                    .in_channels = channels,
                    .in_height = height,
                    .in_width = width,
                    .out_channels = filters,
                    .out_height = (height + 2 * pad - kernel) / stride + 1,
                    .out_width = (width + 2 * pad - kernel) / stride + 1,
                    .groups = 1,
                    .kernel_height = kernel,
                    .kernel_width = kernel,
                    .stride_y = stride,
                    .stride_x = stride,
                    .dilation_y = 1,
                    .dilation_x = 1,
                    .pad_top = pad,
                    .pad_left = pad};
}

static bool equal(const float *a, const float *b, size_t count)
{
    return memcmp(a, b, count * sizeof *a) == 0;
}

static void check_way(const Way *way, Conv2d c, uint64_t seed)
{
    c.threads = parallel_start(3);
    Arrays many = arrays_make(way, &c, seed), one = arrays_make(way, &c, seed);
    run(way, &c, &many);
    parallel_stop();
    run(way, &c, &one);
    Reference r = reference_make(&c, &one);
    const double y = error(one.y, 0, r.y, one.y_count), dx = error(one.dx, 1, r.dx, one.x_count),
                 dw = error(one.dw, 1, r.dw, one.w_count);
    const bool same = equal(one.y, many.y, one.y_count) && equal(one.dx, many.dx, one.x_count) &&
                      equal(one.dw, many.dw, one.w_count);
    if (!(y < 2e-6 && dx < 2e-6 && dw < 3e-6 && same)) {
        test_fail(__FILE__, __LINE__,
                  "%s: [%d,%d,%d,%d], %d filters of %d, stride %d, pad %d, seed %llu: errors %.2g, "
                  "%.2g and %.2g, %s",
                  way->name, c.batch, c.in_channels, c.in_height, c.in_width, c.out_channels,
                  c.kernel_height, c.stride_y, c.pad_top, (unsigned long long)seed, y, dx, dw,
                  same ? "same bits" : "other bits on threads");
    }
    /* What is written is what was added. */
    way->gradients(&c, one.x, one.w, one.dy, many.dx, false, NULL, one.scratch);
    CHECK(error(many.dx, 0, r.dx, one.x_count) < 2e-6);
    free(r.y), free(r.dx), free(r.dw);
    arrays_release(&many);
    arrays_release(&one);
}

static void check_shape(Conv2d c, uint64_t seed)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (ways[i].fits(&c)) check_way(&ways[i], c, seed);
    }
}

static void shapes(void)
{
    const Conv2d all[] = {
        shape(1, 8, 4, 4, 8, 3, 1, 1),     /* one tile */
        shape(5, 16, 1, 1, 16, 3, 1, 1),   /* less than one */
        shape(3, 17, 6, 5, 33, 3, 1, 1),   /* more than whole vectors, tiles that hang over */
        shape(2, 70, 9, 13, 24, 3, 1, 1),  /* more channels than a panel */
        shape(4, 24, 8, 8, 70, 3, 1, 0),   /* no padding */
        shape(2, 9, 7, 7, 10, 3, 1, 2),    /* more padding than usual */
        shape(20, 40, 32, 32, 8, 3, 1, 1), /* several chunks */
        shape(3, 3, 31, 32, 20, 7, 2, 3),  /* a first layer */
        shape(19, 16, 8, 8, 130, 3, 2, 1), /* several panels, several images at a time */
        shape(3, 20, 8, 16, 40, 1, 1, 0),  /* 1 x 1, planes of whole panels */
        shape(3, 20, 5, 7, 40, 1, 1, 0),   /* and others */
        shape(11, 19, 4, 4, 40, 1, 1,
              0), /* planes that share a panel, which the last ones do not fill */
        shape(20, 40, 16, 16, 30, 1, 1, 0), /* few filters, more images than one sum runs over */
        shape(2, 3, 8, 8, 5, 1, 1, 0),      /* fewer channels than a tile */
        shape(2, 12, 9, 9, 10, 1, 2, 0),    /* a shortcut: pixels that no tap reaches */
        shape(2, 5, 9, 11, 6, 2, 3, 0),     /* a stride wider than the kernel, pixels left over */
        shape(40, 6, 48, 48, 9, 5, 1, 2),   /* several chunks */
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) check_shape(all[i], SEED + i);
}

static void random_shapes(void)
{
    Random random = random_seeded(SEED);
    for (uint64_t i = 0; i < 60; i++) {
        const int kernel = i % 2 ? 3 : 1 + (int)random_below(&random, 7);
        const int stride = i % 2 ? 1 : 1 + (int)random_below(&random, 4);
        check_shape(shape(1 + (int)random_below(&random, 4), 1 + (int)random_below(&random, 30),
                          kernel + (int)random_below(&random, 10),
                          kernel + (int)random_below(&random, 10),
                          1 + (int)random_below(&random, 50), kernel, stride,
                          (int)random_below(&random, (uint32_t)kernel)),
                    SEED + 100 + i);
    }
}

static void fits_only_what_it_computes(void)
{
    const Conv2d good = shape(2, 16, 8, 8, 16, 3, 1, 1);
    CHECK(winograd_batch_fits(&good) && conv2d_batch_fits(&good));
    Conv2d c = good;
    c.stride_x = 2;
    CHECK(!winograd_batch_fits(&c) && conv2d_batch_fits(&c));
    c = good, c.kernel_height = 1;
    CHECK(!winograd_batch_fits(&c) && conv2d_batch_fits(&c));
    c = good, c.in_channels = 3;
    CHECK(!winograd_batch_fits(&c) && conv2d_batch_fits(&c));
    c = good, c.dilation_y = 2;
    CHECK(!winograd_batch_fits(&c) && !conv2d_batch_fits(&c));
    c = good, c.groups = 2;
    CHECK(!winograd_batch_fits(&c) && !conv2d_batch_fits(&c));
}

static const Test tests[] = {
    TEST(shapes),
    TEST(random_shapes),
    TEST(fits_only_what_it_computes),
};

TEST_MAIN(tests)
