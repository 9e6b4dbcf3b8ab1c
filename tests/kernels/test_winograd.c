#include "kernels/winograd.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/random.h"
#include "parallel.h"
#include "support/test.h"

/* Against the definition in double precision; the ops' tests and those of conv2d do the gradients. */

enum { SEED = 20160630 };

typedef struct Case {
    Winograd w;
    float *x, *weights, *bias, *y;
    size_t x_count, y_count;
} Case;

static float *random_floats(Random *random, size_t count)
{
    float *data = aligned_alloc_zeroed((count + 1) * sizeof *data);
    if (!data) abort();
    for (size_t i = 0; i < count; i++) data[i] = random_normal(random);
    return data;
}

static Case case_make(int images, int in, int out, int height, int width, int pad_y, int pad_x,
                      uint64_t seed)
{
    Case c = {.w = {.images = images,
                    .in_channels = in,
                    .in_height = height,
                    .in_width = width,
                    .out_channels = out,
                    .out_height = height + 2 * pad_y - 2,
                    .out_width = width + 2 * pad_x - 2,
                    .pad_top = pad_y,
                    .pad_left = pad_x,
                    .threads = 1}};
    Random random = random_seeded(seed);
    const size_t in_plane = (size_t)(height * width),
                 out_plane = (size_t)(c.w.out_height * c.w.out_width);
    c.x_count = (size_t)(images * in) * in_plane;
    c.y_count = (size_t)(images * out) * out_plane;
    c.w.x = c.x = random_floats(&random, c.x_count);
    c.w.w = c.weights = random_floats(&random, (size_t)(in * out * 9));
    c.w.bias = c.bias = random_floats(&random, (size_t)out);
    c.w.y = c.y = random_floats(&random, c.y_count);
    c.w.x_image_step = (size_t)in * in_plane;
    c.w.y_image_step = (size_t)out * out_plane;
    c.w.w_out_step = (size_t)in * 9;
    c.w.w_in_step = 9;
    return c;
}

static void case_release(Case *c)
{
    aligned_free(c->x), aligned_free(c->weights), aligned_free(c->bias), aligned_free(c->y);
}

static double pixel(const Winograd *w, int image, int out, int i, int j)
{
    double sum = w->bias ? (double)w->bias[out] : 0;
    for (int in = 0; in < w->in_channels; in++) {
        const float *plane = w->x + (size_t)image * w->x_image_step +
                             (size_t)in * (size_t)(w->in_height * w->in_width);
        const float *filter = w->w + (size_t)out * w->w_out_step + (size_t)in * w->w_in_step;
        for (int q = 0; q < 9; q++) {
            const int row = i + q / 3 - w->pad_top, column = j + q % 3 - w->pad_left;
            if (row < 0 || row >= w->in_height || column < 0 || column >= w->in_width) continue;
            sum +=
                (double)plane[row * w->in_width + column] * (double)filter[w->turned ? 8 - q : q];
        }
    }
    return sum;
}

typedef struct Error {
    double relative, largest; /* L2; and the largest one beside the root mean square */
} Error;

/* Of every stride-th pixel. before: what y was, where it was added to; or NULL. */
static Error error_of(const Winograd *w, const float *before, size_t stride)
{
    double error = 0, norm = 1e-30, largest = 0;
    const size_t plane = (size_t)(w->out_height * w->out_width),
                 count = (size_t)(w->images * w->out_channels) * plane;
    size_t looked = 0;
    for (size_t i = 0; i < count; i += stride, looked++) {
        const int channel = (int)(i / plane), at = (int)(i % plane);
        const double want = pixel(w, channel / w->out_channels, channel % w->out_channels,
                                  at / w->out_width, at % w->out_width) +
                            (before ? (double)before[i] : 0);
        const double off = fabs((double)w->y[i] - want);
        if (!(off <= largest)) largest = off;
        error += off * off;
        norm += want * want;
    }
    return (Error){sqrt(error / norm), largest / sqrt(norm / (double)looked)};
}

static void run(const Winograd *w)
{
    const size_t bytes = winograd_scratch_bytes(w);
    void *scratch = aligned_alloc_zeroed(bytes);
    if (!scratch) abort();
    memset(scratch, 0xFF, bytes);
    winograd(w, scratch);
    aligned_free(scratch);
}

static void check(const Winograd *w, const float *before, uint64_t seed, const char *what)
{
    const Error error = error_of(w, before, 1);
    if (error.relative < 3e-6 && error.largest < 3e-5) return;
    test_fail(
        __FILE__, __LINE__,
        "%d x [%d,%d,%d] -> %d, pad %d,%d, %d threads, seed %llu, %s: error %.2g, largest %.2g",
        w->images, w->in_channels, w->in_height, w->in_width, w->out_channels, w->pad_top,
        w->pad_left, w->threads, (unsigned long long)seed, what, error.relative, error.largest);
}

/* On one thread and on three: near the definition, and the same bits. */
static void check_case(int images, int in, int out, int height, int width, int pad_y, int pad_x,
                       uint64_t seed)
{
    Case c = case_make(images, in, out, height, width, pad_y, pad_x, seed);
    float *before = malloc(c.y_count * sizeof *before), *one = malloc(c.y_count * sizeof *one);
    if (!before || !one) abort();
    memcpy(before, c.y, c.y_count * sizeof *before);
    run(&c.w);
    check(&c.w, NULL, seed, "forward");
    memcpy(one, c.y, c.y_count * sizeof *one);
    c.w.threads = parallel_start(3);
    run(&c.w);
    CHECK(memcmp(one, c.y, c.y_count * sizeof *one) == 0);
    parallel_stop();
    /* As the gradient of the input has it: turned, channels exchanged, added to what is there. */
    c.w.turned = c.w.accumulate = true;
    c.w.bias = NULL;
    c.w.w_out_step = 9, c.w.w_in_step = (size_t)out * 9;
    memcpy(c.y, before, c.y_count * sizeof *before);
    run(&c.w);
    check(&c.w, before, seed, "turned and added");
    free(before), free(one);
    case_release(&c);
}

static void sizes_around_the_tile(void)
{
    uint64_t seed = SEED;
    for (int height = 1; height <= 11; height++) {
        for (int width = 1; width <= 11; width += 1 + (height & 1)) {
            const int pad = (height + width) % 3, pad_y = height < 3 ? 1 : pad,
                      pad_x = width < 3 ? 1 : pad;
            check_case(1, 5 + width, 4 + height, height, width, pad_y, pad_x, seed++);
        }
    }
}

static void widths_around_the_vectors(void)
{
    static const int widths[] = {15, 16, 17, 31, 33, 63, 64, 65, 66, 130, 193, 259};
    for (int i = 0; i < 12; i++) check_case(1, 9, 10, 5, widths[i], 1, 1, SEED + (uint64_t)i);
}

static void channels_around_the_blocks(void)
{
    static const int channels[] = {1, 3, 4, 8, 31, 32, 33, 65, 192, 193, 257};
    for (int i = 0; i < 11; i++) {
        check_case(1, channels[i], 7, 9, 9, 1, 1, SEED + (uint64_t)i);
        check_case(1, 7, channels[i], 9, 14, 1, 1, SEED + (uint64_t)i);
    }
}

static void several_images_and_odd_pads(void)
{
    check_case(3, 8, 20, 13, 14, 1, 1, SEED);
    check_case(2, 40, 9, 30, 30, 2, 0, SEED + 1);
    check_case(2, 8, 8, 10, 11, -1, -2, SEED + 2);
    check_case(1, 12, 12, 7, 7, 3, 4, SEED + 3);
}

/* docs/performance.md quotes the figures. */
static void error_of_the_layers_of_vgg(void)
{
    static const int layers[][3] = {{64, 64, 56}, {128, 128, 28}, {256, 256, 28}, {512, 512, 14}};
    for (int i = 0; i < 4; i++) {
        const int *l = layers[i];
        Case c = case_make(1, l[0], l[1], l[2], l[2], 1, 1, SEED);
        for (size_t k = 0; k < c.x_count; k++)
            c.x[k] = c.x[k] > 0 ? c.x[k] : 0; /* as behind a Relu */
        run(&c.w);
        const Error error = error_of(&c.w, NULL, 211);
        printf("  %d channels: relative error %.1e, largest %.1e of the root mean square\n", l[0],
               error.relative, error.largest);
        CHECK(error.relative < 2e-6 && error.largest < 1e-5);
        case_release(&c);
    }
}

static const Test tests[] = {
    TEST(sizes_around_the_tile),      TEST(widths_around_the_vectors),
    TEST(channels_around_the_blocks), TEST(several_images_and_odd_pads),
    TEST(error_of_the_layers_of_vgg),
};
TEST_MAIN(tests)
