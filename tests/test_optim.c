/* Optimisers on functions whose minimum is known, and on functions that fail. */
#include <math.h>
#include <string.h>

#include "optim.h"
#include "support/test.h"

typedef double Function(const float *x, float *g, size_t count);

/* Sum of i (x_i - i)^2: curvatures from 1 to count. */
static double quadratic(const float *x, float *g, size_t count)
{
    double f = 0;
    for (size_t i = 0; i < count; i++) {
        const double d = x[i] - (double)(i + 1);
        f += (double)(i + 1) * d * d;
        g[i] = (float)(2 * (double)(i + 1) * d);
    }
    return f;
}

static double rosenbrock(const float *x, float *g, size_t count)
{
    (void)count;
    const double a = 1 - (double)x[0], b = x[1] - (double)x[0] * x[0];
    g[0] = (float)(-2 * a - 400 * x[0] * b);
    g[1] = (float)(200 * b);
    return a * a + 100 * b * b;
}

/* A wall: not a number beyond 1.5, the minimum at 1. */
static double walled(const float *x, float *g, size_t count)
{
    (void)count;
    const double d = x[0] - 1.0;
    g[0] = (float)(2 * d);
    return x[0] > 1.5F ? NAN : d * d;
}

/* A gradient that is infinite beyond the wall, while the value is not. */
static double steep(const float *x, float *g, size_t count)
{
    const double f = walled(x, g, count);
    if (x[0] > 1.5F) g[0] = INFINITY;
    return isfinite(f) ? f : 2;
}

/* Evaluations until f is below `goal`, or `most`. */
static int evaluations(Optim *optim, Function *function, float *x, size_t count, double goal,
                       int most)
{
    float g[64];
    for (int i = 1; i <= most; i++) {
        const double f = function(x, g, count);
        if (f <= goal) return i;
        optim_tell(optim, x, f, g);
    }
    return most + 1;
}

static int solve(OptimKind kind, float step, Function *function, float *x, size_t count,
                 double goal, int most)
{
    Optim *optim = NULL;
    OptimOptions options = optim_defaults(kind);
    options.step = step;
    CHECK_OK(optim_create(&optim, kind, count, &options));
    const int needed = evaluations(optim, function, x, count, goal, most);
    double best;
    const float *at = optim_best(optim, &best);
    CHECK(at != NULL && isfinite(best));
    optim_destroy(optim);
    return needed;
}

static void lbfgs_quadratic(void)
{
    float x[50] = {0};
    CHECK(solve(OPTIM_LBFGS, 0.1F, quadratic, x, 50, 1e-6, 60) <= 60);
    for (int i = 0; i < 50; i++) CHECK_NEAR(x[i], i + 1, 1e-3);
}

static void lbfgs_rosenbrock(void)
{
    float x[] = {-1.2F, 1};
    CHECK(solve(OPTIM_LBFGS, 0.1F, rosenbrock, x, 2, 1e-6, 80) <= 80);
    CHECK_NEAR(x[0], 1, 2e-3);
    CHECK_NEAR(x[1], 1, 4e-3);
}

/* The first step may be wildly wrong, either way. */
static void lbfgs_first_step(void)
{
    const float steps[] = {1e-6F, 1e-3F, 10, 1e4F};
    for (int i = 0; i < 4; i++) {
        float x[10] = {0};
        CHECK(solve(OPTIM_LBFGS, steps[i], quadratic, x, 10, 1e-6, 100) <= 100);
    }
}

static void adam_quadratic(void)
{
    float x[10] = {0};
    CHECK(solve(OPTIM_ADAM, 0.1F, quadratic, x, 10, 1e-4, 1000) <= 1000);
}

/* The first step is as long as the learning rate, whatever the gradient's size (Kingma & Ba, section 2.1). */
static void adam_first_step(void)
{
    for (int exponent = -6; exponent <= 6; exponent += 6) {
        Optim *optim = NULL;
        OptimOptions options = optim_defaults(OPTIM_ADAM);
        options.step = 0.5F;
        CHECK_OK(optim_create(&optim, OPTIM_ADAM, 2, &options));
        float x[] = {1, 1};
        const float g[] = {powf(10, (float)exponent), -powf(10, (float)exponent)};
        CHECK(optim_tell(optim, x, 3, g));
        CHECK_NEAR(x[0], 0.5, 1e-4);
        CHECK_NEAR(x[1], 1.5, 1e-4);
        optim_destroy(optim);
    }
}

static void momentum_follows_its_formula(void)
{
    Optim *optim = NULL;
    const OptimOptions options = {.step = 0.1F, .beta1 = 0.5F};
    CHECK_OK(optim_create(&optim, OPTIM_MOMENTUM, 1, &options));
    float x = 1, g = 2;
    CHECK(optim_tell(optim, &x, 2, &g));
    CHECK_NEAR(x, 0.8, 1e-6);
    CHECK(optim_tell(optim, &x, 1, &g));
    CHECK_NEAR(x, 0.5, 1e-6); /* v = 0.5 * -0.2 - 0.2 */
    optim_destroy(optim);
}

static void failed_trials_are_survived(void)
{
    static const OptimKind kinds[] = {OPTIM_LBFGS, OPTIM_MOMENTUM, OPTIM_ADAM};
    static const float steps[] = {100, 5, 3};
    static Function *const functions[] = {walled, steep};
    for (int k = 0; k < 3; k++) {
        for (int f = 0; f < 2; f++) {
            float x = -4;
            CHECK(solve(kinds[k], steps[k], functions[f], &x, 1, 1e-3, 500) <= 500);
            CHECK_NEAR(x, 1, 0.1);
        }
    }
}

/* The caller clips x to a box and masks the gradient on its border. */
static void a_box_is_respected(void)
{
    float x[10] = {0}, g[10];
    Optim *optim = NULL;
    CHECK_OK(optim_create(&optim, OPTIM_LBFGS, 10, NULL));
    for (int i = 0; i < 60; i++) {
        const double f = quadratic(x, g, 10);
        for (int j = 0; j < 10; j++) {
            if (x[j] >= 5 && g[j] < 0) g[j] = 0;
        }
        optim_tell(optim, x, f, g);
        for (int j = 0; j < 10; j++) x[j] = fminf(x[j], 5);
    }
    const float *best = optim_best(optim, NULL);
    for (int j = 0; j < 10; j++) CHECK_NEAR(best[j], j + 1 < 5 ? j + 1 : 5, 1e-2);
    optim_destroy(optim);
}

static void lbfgs_says_when_it_is_done(void)
{
    float x[] = {3, 4}, g[2];
    Optim *optim = NULL;
    CHECK_OK(optim_create(&optim, OPTIM_LBFGS, 2, NULL));
    for (int i = 0; i < 300 && !optim_converged(optim); i++)
        optim_tell(optim, x, quadratic(x, g, 2), g);
    CHECK(optim_converged(optim));
    CHECK_NEAR(x[0], 1, 1e-5);
    CHECK_NEAR(x[1], 2, 1e-5);
    optim_destroy(optim);
}

/* What was told is remembered, not what comes next. */
static void best_is_the_lowest_told(void)
{
    Optim *optim = NULL;
    CHECK_OK(optim_create(&optim, OPTIM_ADAM, 1, NULL));
    float x = 7, g = 1;
    CHECK(optim_best(optim, NULL) == NULL);
    optim_tell(optim, &x, 1, &g);
    optim_tell(optim, &x, 2, &g);
    double f;
    CHECK_NEAR(optim_best(optim, &f)[0], 7, 0);
    CHECK_NEAR(f, 1, 0);
    optim_destroy(optim);
}

static const Test tests[] = {
    TEST(lbfgs_quadratic),
    TEST(lbfgs_rosenbrock),
    TEST(lbfgs_first_step),
    TEST(adam_quadratic),
    TEST(adam_first_step),
    TEST(momentum_follows_its_formula),
    TEST(failed_trials_are_survived),
    TEST(a_box_is_respected),
    TEST(lbfgs_says_when_it_is_done),
    TEST(best_is_the_lowest_told),
};
TEST_MAIN(tests)
