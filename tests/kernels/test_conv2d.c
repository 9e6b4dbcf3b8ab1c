#include "kernels/conv2d.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/random.h"
#include "parallel.h"
#include "support/test.h"

/* The ops' tests compare with the definition; here: what holds between the kernels, on larger shapes. */

enum { SEED = 20120926 };

typedef struct Arrays {
    size_t x_count, w_count, y_count;
    float *x, *w, *dy, *y, *dx, *dw;
    void *scratch;
} Arrays;

static float *floats(size_t count)
{
    float *data = aligned_alloc_zeroed(count * sizeof *data);
    if (!data) abort();
    return data;
}

static float *random_floats(Random *random, size_t count)
{
    float *data = floats(count);
    for (size_t i = 0; i < count; i++) data[i] = random_normal(random);
    return data;
}

static Arrays arrays_make(const Conv2d *c, uint64_t seed)
{
    Random random = random_seeded(seed);
    Arrays a = {
        .x_count = (size_t)(c->batch * c->in_channels * c->in_height * c->in_width),
        .w_count = (size_t)(c->out_channels * (c->in_channels / c->groups) * c->kernel_height *
                            c->kernel_width),
        .y_count = (size_t)(c->batch * c->out_channels * c->out_height * c->out_width),
    };
    a.x = random_floats(&random, a.x_count);
    a.w = random_floats(&random, a.w_count);
    a.dy = random_floats(&random, a.y_count);
    a.y = floats(a.y_count);
    a.dx = floats(a.x_count);
    a.dw = floats(a.w_count);
    a.scratch = aligned_alloc_zeroed(conv2d_scratch_bytes(c) + 1);
    if (!a.scratch) abort();
    return a;
}

static void arrays_release(Arrays *a)
{
    float *all[] = {a->x, a->w, a->dy, a->y, a->dx, a->dw};
    for (int i = 0; i < 6; i++) aligned_free(all[i]);
    aligned_free(a->scratch);
}

static double inner(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static void run(const Conv2d *c, Arrays *a)
{
    memset(a->dx, 0, a->x_count * sizeof(float));
    memset(a->dw, 0, a->w_count * sizeof(float));
    memset(a->scratch, 0xFF, conv2d_scratch_bytes(c));
    conv2d_forward(c, a->x, a->w, NULL, a->y, false, NULL, a->scratch);
    memset(a->scratch, 0xFF, conv2d_scratch_bytes(c));
    conv2d_input_gradient(c, a->w, a->dy, a->dx, a->scratch);
    memset(a->scratch, 0xFF, conv2d_scratch_bytes(c));
    conv2d_weight_gradient(c, a->x, a->dy, a->dw, a->scratch);
}

static void fail(const Conv2d *c, uint64_t seed, const char *what, double a, double b)
{
    test_fail(__FILE__, __LINE__,
              "[%d,%d,%d,%d] -> [%d,%d,%d], kernel %dx%d, stride %dx%d, dilation %dx%d, pad %d,%d, "
              "%d groups, seed %llu: %s, %.9g and %.9g",
              c->batch, c->in_channels, c->in_height, c->in_width, c->out_channels, c->out_height,
              c->out_width, c->kernel_height, c->kernel_width, c->stride_y, c->stride_x,
              c->dilation_y, c->dilation_x, c->pad_top, c->pad_left, c->groups,
              (unsigned long long)seed, what, a, b);
}

/* A bias is what each channel begins with; alone: the result without one. Overwrites y. */
static void check_bias(const Conv2d *c, uint64_t seed, Arrays *a, const float *alone)
{
    const size_t plane = (size_t)c->out_height * (size_t)c->out_width;
    float *bias = floats((size_t)c->out_channels);
    for (int m = 0; m < c->out_channels; m++) bias[m] = (float)(m % 7) - 3.0F;
    conv2d_forward(c, a->x, a->w, bias, a->y, false, NULL, a->scratch);
    for (size_t i = 0; i < a->y_count; i++) {
        const float want = alone[i] + bias[i / plane % (size_t)c->out_channels];
        if (!(fabsf(a->y[i] - want) <= 1e-4F))
            fail(c, seed, "with a bias", (double)a->y[i], (double)want);
    }
    aligned_free(bias);
}

/* Adding and clamping afterwards gives what adding and clamping at once does. Overwrites y. */
static void check_finish(const Conv2d *c, uint64_t seed, Arrays *a)
{
    static const Clamp range = {-0.5F, 1.5F};
    float *alone = malloc(a->y_count * sizeof *alone);
    if (!alone) abort();
    memcpy(alone, a->y, a->y_count * sizeof *alone);
    conv2d_forward(c, a->x, a->w, NULL, a->y, false, &range, a->scratch);
    for (size_t i = 0; i < a->y_count; i++) {
        const float want = clamp_one(range, alone[i]);
        if (a->y[i] != want) fail(c, seed, "clamped", (double)a->y[i], (double)want);
    }
    memcpy(a->y, a->dy, a->y_count * sizeof *alone);
    conv2d_forward(c, a->x, a->w, NULL, a->y, true, &range, a->scratch);
    for (size_t i = 0; i < a->y_count; i++) {
        const float want = clamp_one(range, alone[i] + a->dy[i]);
        if (!(fabsf(a->y[i] - want) <= 1e-4F))
            fail(c, seed, "added and clamped", (double)a->y[i], (double)want);
    }
    check_bias(c, seed, a, alone);
    free(alone);
}

/* <A x, dy> = <x, A' dy> = <w, dw>, and the same bits on one thread and on several. */
static void check_shape(Conv2d c, uint64_t seed)
{
    c.threads = parallel_start(3);
    Arrays many = arrays_make(&c, seed), one = arrays_make(&c, seed);
    run(&c, &many);
    parallel_stop();
    run(&c, &one);
    const double forward = inner(one.y, one.dy, one.y_count);
    const double scale =
        sqrt(inner(one.y, one.y, one.y_count) * inner(one.dy, one.dy, one.y_count));
    const double input = inner(one.x, one.dx, one.x_count),
                 weight = inner(one.w, one.dw, one.w_count);
    if (!(fabs(forward - input) <= 1e-6 * scale))
        fail(&c, seed, "x is not adjoint", forward, input);
    if (!(fabs(forward - weight) <= 1e-6 * scale))
        fail(&c, seed, "w is not adjoint", forward, weight);
    if (memcmp(one.y, many.y, one.y_count * sizeof(float)) ||
        memcmp(one.dx, many.dx, one.x_count * sizeof(float)) ||
        memcmp(one.dw, many.dw, one.w_count * sizeof(float))) {
        fail(&c, seed, "other bits on three threads", 1, 3);
    }
    check_finish(&c, seed, &one);
    arrays_release(&many);
    arrays_release(&one);
}

static Conv2d shape(int batch, int channels, int height, int width, int filters, int kernel,
                    int stride, int dilation, int pad, int groups)
{
    Conv2d c = {.batch = batch,
                .in_channels = channels,
                .in_height = height,
                .in_width = width,
                .out_channels = filters,
                .groups = groups,
                .kernel_height = kernel,
                .kernel_width = kernel,
                .stride_y = stride,
                .stride_x = stride,
                .dilation_y = dilation,
                .dilation_x = dilation,
                .pad_top = pad,
                .pad_left = pad};
    c.out_height = (height + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1;
    c.out_width = (width + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1;
    return c;
}

static void shapes_of_networks(void)
{
    const Conv2d shapes[] = {
        shape(1, 3, 57, 57, 24, 7, 2, 1, 0, 1),  /* SqueezeNet's first */
        shape(1, 3, 56, 56, 16, 11, 4, 1, 2, 1), /* AlexNet's first */
        shape(1, 3, 30, 31, 16, 3, 1, 1, 1, 1),  /* VGG's first */
        shape(1, 64, 13, 13, 48, 3, 1, 1, 1, 1), /* fire modules */
        shape(1, 128, 13, 13, 16, 1, 1, 1, 0, 1),
        shape(2, 64, 14, 14, 128, 1, 2, 1, 0, 1), /* ResNet's shortcut */
        shape(1, 48, 27, 27, 32, 5, 1, 1, 2, 2),  /* AlexNet's groups */
        shape(1, 32, 28, 28, 32, 3, 2, 1, 1, 32), /* MobileNet */
        shape(3, 40, 7, 7, 80, 3, 1, 1, 1, 1),
        shape(1, 32, 20, 20, 16, 3, 1, 2, 2, 1), /* dilated */
        shape(1, 16, 34, 34, 3, 9, 1, 1, 4, 1),  /* a style network's last */
        shape(1, 256, 3, 3, 100, 3, 1, 1, 1, 1), /* deeper than a cache block */
        shape(1, 20, 1, 300, 30, 1, 1, 1, 0, 1),
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) check_shape(shapes[i], SEED + i);
}

static void random_shapes(void)
{
    Random random = random_seeded(SEED);
    for (uint64_t i = 0; i < 150; i++) {
        const int groups = 1 + (int)random_below(&random, 3);
        const int kernel = 1 + (int)random_below(&random, 5),
                  dilation = 1 + (int)random_below(&random, 3);
        const int pad = (int)random_below(&random, 4), least = (kernel - 1) * dilation + 1;
        const int height = least + (int)random_below(&random, 14),
                  width = least + (int)random_below(&random, 40);
        check_shape(shape(1 + (int)random_below(&random, 3),
                          groups * (1 + (int)random_below(&random, 9)), height, width,
                          groups * (1 + (int)random_below(&random, 20)), kernel,
                          1 + (int)random_below(&random, 4), dilation, pad, groups),
                    SEED + i);
    }
}

/* Planes below, at and above a vector and a strip, whose rows are written over each other's ends. */
static void depthwise_of_every_width(void)
{
    Random random = random_seeded(SEED);
    for (int width = 1; width <= 70; width++) {
        const int stride = 1 + width % 2, pad = (int)random_below(&random, 4);
        const int height = 3 + (int)random_below(&random, 90), wide = width < 3 ? 3 : width;
        const int channels = 1 + (int)random_below(&random, 20);
        const int filters = channels * (1 + (int)random_below(&random, 2));
        check_shape(shape(1 + (int)random_below(&random, 2), channels, height, wide, filters, 3,
                          stride, 1, pad, channels),
                    SEED + (uint64_t)width);
        check_shape(shape(1, 3, height, wide, 3, 3, 3 - stride, 1, 1, 3), SEED + (uint64_t)width);
    }
    check_shape(shape(1, 2, 9, 5000, 2, 3, 2, 1, 1, 2), SEED);
}

/* Rows below, at and above tiles, in every phase of a stride; and too wide, tall or deep for what is taken apart. */
static void few_channels_of_every_width(void)
{
    Random random = random_seeded(SEED);
    for (int width = 7; width <= 80; width++) {
        const int groups = width % 10 ? 1 : 3, kernel = 2 + (int)random_below(&random, 5);
        const int stride = 1 + width % 3, pad = (int)random_below(&random, 4);
        const int height = kernel + (int)random_below(&random, 30);
        const int filters = 4 + (int)random_below(&random, 40);
        check_shape(shape(1 + width % 2, groups * (1 + width % 4), height, width, groups * filters,
                          kernel, stride, 1, pad, groups),
                    SEED + (uint64_t)width);
    }
    check_shape(shape(1, 3, 40, 50, 20, 3, 2, 5, 6, 1), SEED);
    check_shape(shape(1, 2, 9, 40000, 9, 3, 1, 1, 1, 1), SEED);
    check_shape(shape(1, 2, 3000, 40, 9, 3, 400, 1, 1, 1), SEED);
    check_shape(shape(1, 4, 40, 60, 9, 9, 2, 1, 4, 1), SEED);
}

/* A gradient of which most planes are zero, as that of a class, and in one group all: nothing comes to that group. */
static void gradients_of_few_planes(void)
{
    Conv2d c = shape(2, 12, 9, 11, 3 * 40, 1, 1, 1, 0, 3);
    c.threads = 1;
    Arrays a = arrays_make(&c, SEED);
    const size_t plane = (size_t)c.out_height * (size_t)c.out_width;
    for (size_t i = 0; i < a.y_count; i++) {
        const size_t channel = i / plane % (size_t)c.out_channels;
        if (channel % 40 != 7 && channel % 40 != 19) a.dy[i] = 0.0F;
        if (channel >= 80) a.dy[i] = 0.0F; /* a whole group */
    }
    run(&c, &a);
    conv2d_forward(&c, a.x, a.w, NULL, a.y, false, NULL, a.scratch);
    const double forward = inner(a.y, a.dy, a.y_count), input = inner(a.x, a.dx, a.x_count);
    if (!(fabs(forward - input) <= 1e-5 * fabs(forward)))
        fail(&c, SEED, "x is not adjoint", forward, input);
    for (size_t i = 0; i < a.x_count; i++) {
        const size_t channel = i / plane % (size_t)c.in_channels;
        CHECK(channel < 8 || a.dx[i] == 0.0F);
    }
    arrays_release(&a);
}

static void fewer_threads_than_planned_and_more(void)
{
    Conv2d c = shape(1, 8, 20, 20, 24, 3, 1, 1, 1, 1);
    c.threads = 1;
    Arrays planned_for_one = arrays_make(&c, SEED);
    parallel_start(4);
    run(&c, &planned_for_one); /* must not touch the buffers of threads that were not planned */
    parallel_stop();
    c.threads = 4;
    Arrays planned_for_four = arrays_make(&c, SEED);
    run(&c, &planned_for_four);
    CHECK(memcmp(planned_for_one.y, planned_for_four.y, planned_for_one.y_count * sizeof(float)) ==
          0);
    arrays_release(&planned_for_one);
    arrays_release(&planned_for_four);
}

static const Test tests[] = {
    TEST(shapes_of_networks),       TEST(random_shapes),
    TEST(depthwise_of_every_width), TEST(few_channels_of_every_width),
    TEST(gradients_of_few_planes),  TEST(fewer_threads_than_planned_and_more),
};
TEST_MAIN(tests)
