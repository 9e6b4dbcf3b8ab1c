#include "kernels/pool.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/random.h"
#include "kernels/max_pool_batch.h"
#include "parallel.h"
#include "support/test.h"

/* The ops' tests compare values and gradients; here: which of equal values is taken, and threads. */

enum { SEED = 20140410 };

static void naive(const Pool2d *p, const float *x, float *y, int32_t *at)
{
    for (int o = 0; o < p->planes * p->out_height * p->out_width; o++) {
        const int out = p->out_height * p->out_width;
        const float *plane = x + o / out * p->in_height * p->in_width;
        y[o] = -FLT_MAX;
        at[o] = -1;
        for (int q = 0; q < p->kernel_height * p->kernel_width; q++) {
            const int iy = o % out / p->out_width * p->stride_y - p->pad_top +
                           q / p->kernel_width * p->dilation_y;
            const int ix =
                o % p->out_width * p->stride_x - p->pad_left + q % p->kernel_width * p->dilation_x;
            if (iy < 0 || iy >= p->in_height || ix < 0 || ix >= p->in_width) continue;
            const int place = iy * p->in_width + ix;
            if (at[o] < 0 || plane[place] > y[o]) y[o] = plane[place], at[o] = place;
        }
    }
}

static Pool2d random_pool(Random *random)
{
    Pool2d p = {.planes = 1 + (int)random_below(random, 40)};
    p.kernel_height = 1 + (int)random_below(random, 4);
    p.kernel_width = 1 + (int)random_below(random, random_below(random, 4) ? 4 : 20);
    p.dilation_y = 1 + (int)random_below(random, 3);
    p.dilation_x = 1 + (int)random_below(random, 3);
    p.stride_y = 1 + (int)random_below(random, 3);
    p.stride_x = 1 + (int)random_below(random, 3);
    const int extent_y = (p.kernel_height - 1) * p.dilation_y + 1;
    const int extent_x = (p.kernel_width - 1) * p.dilation_x + 1;
    p.pad_top = (int)random_below(random, (uint32_t)extent_y);
    p.pad_left = (int)random_below(random, (uint32_t)extent_x);
    p.in_height = extent_y + (int)random_below(random, 9);
    p.in_width = extent_x + (int)random_below(random, 70);
    p.pad_bottom = p.pad_top;
    p.pad_right = p.pad_left;
    p.out_height = (p.in_height + 2 * p.pad_top - extent_y) / p.stride_y + 1;
    p.out_width = (p.in_width + 2 * p.pad_left - extent_x) / p.stride_x + 1;
    return p;
}

/* The same from the kernel with planes side by side; its gradients are written, then added. */
static void check_batch(const Pool2d *p, const float *x, const float *y, const float *dy,
                        const float *dx)
{
    const size_t in = (size_t)(p->planes * p->in_height * p->in_width);
    const size_t out = (size_t)(p->planes * p->out_height * p->out_width);
    float *own_y = malloc(out * sizeof *own_y), *own_dx = malloc(in * sizeof *own_dx);
    void *scratch = aligned_alloc_zeroed(max_pool_batch_scratch_bytes(p));
    if (!own_y || !own_dx || !scratch) abort();
    memset(scratch, 0xFF, max_pool_batch_scratch_bytes(p));
    max_pool_batch_forward(p, x, own_y, scratch);
    CHECK(memcmp(own_y, y, out * sizeof *y) == 0);
    memset(own_dx, 0xFF, in * sizeof *own_dx);
    for (int times = 1; times <= 2; times++) {
        max_pool_batch_backward(p, x, dy, own_dx, times > 1, scratch);
        size_t wrong = 0;
        for (size_t i = 0; i < in; i++) wrong += own_dx[i] != (float)times * dx[i];
        CHECK(wrong == 0);
    }
    free(own_y), free(own_dx);
    aligned_free(scratch);
}

static void the_first_of_equal_values_takes_the_gradient(void)
{
    Random random = random_seeded(SEED);
    for (int round = 0; round < 300; round++) {
        Pool2d p = random_pool(&random);
        p.threads = parallel_start(1 + round % 3);
        const size_t in = (size_t)(p.planes * p.in_height * p.in_width);
        const size_t out = (size_t)(p.planes * p.out_height * p.out_width);
        float *x = malloc(in * sizeof *x), *y = malloc(out * sizeof *y),
              *want = malloc(out * sizeof *want);
        float *dy = malloc(out * sizeof *dy), *dx = calloc(in, sizeof *dx),
              *want_dx = calloc(in, sizeof *want_dx);
        int32_t *at = malloc(out * sizeof *at);
        void *scratch = aligned_alloc_zeroed(pool2d_scratch_bytes(&p));
        if (!x || !y || !want || !dy || !dx || !want_dx || !at || !scratch) abort();
        memset(scratch, 0xFF, pool2d_scratch_bytes(&p));
        for (size_t i = 0; i < in; i++) x[i] = (float)random_below(&random, 3) - 1.0F;
        for (size_t i = 0; i < out; i++) dy[i] = (float)(1 + random_below(&random, 1000));
        max_pool2d_forward(&p, x, y, scratch);
        memset(scratch, 0xFF, pool2d_scratch_bytes(&p));
        max_pool2d_backward(&p, x, dy, dx, scratch);
        naive(&p, x, want, at);
        for (size_t i = 0; i < out; i++) {
            const size_t plane = i / (size_t)(p.out_height * p.out_width);
            if (at[i] >= 0)
                want_dx[plane * (size_t)(p.in_height * p.in_width) + (size_t)at[i]] += dy[i];
        }
        for (size_t i = 0; i < in || i < out; i++) {
            const bool value = i >= out || y[i] == want[i],
                       gradient = i >= in || dx[i] == want_dx[i];
            if (value && gradient) continue;
            test_fail(__FILE__, __LINE__, "seed %d round %d: %dx%d, kernel %dx%d: %s %zu is wrong",
                      SEED, round, p.in_height, p.in_width, p.kernel_height, p.kernel_width,
                      value ? "gradient" : "output", i);
            break;
        }
        check_batch(&p, x, y, dy, dx);
        free(x), free(y), free(want), free(dy), free(dx), free(want_dx), free(at);
        aligned_free(scratch);
    }
    parallel_stop();
}

static void values_that_are_not_finite_do_no_harm(void)
{
    const Pool2d p = {.planes = 1,
                      .in_height = 2,
                      .in_width = 40,
                      .out_height = 1,
                      .out_width = 20,
                      .kernel_height = 2,
                      .kernel_width = 2,
                      .stride_y = 2,
                      .stride_x = 2,
                      .dilation_y = 1,
                      .dilation_x = 1,
                      .threads = 1};
    float x[80], y[20], dx[80] = {0}, dy[20];
    void *scratch = aligned_alloc_zeroed(pool2d_scratch_bytes(&p));
    if (!scratch) abort();
    for (int i = 0; i < 80; i++) x[i] = -INFINITY;
    for (int i = 0; i < 20; i++) dy[i] = 1;
    x[4] = NAN;
    x[6] = INFINITY;
    max_pool2d_forward(&p, x, y, scratch);
    max_pool2d_backward(&p, x, dy, dx, scratch);
    aligned_free(scratch);
    check_batch(&p, x, y, dy, dx);
    CHECK(dx[6] == 1 && isinf(y[3]) && y[3] > 0);
    CHECK(dx[20] == 1 && isinf(y[10]) && y[10] < 0);
    CHECK(dx[4] == 0);
}

static const Test tests[] = {
    TEST(the_first_of_equal_values_takes_the_gradient),
    TEST(values_that_are_not_finite_do_no_harm),
};
TEST_MAIN(tests)
