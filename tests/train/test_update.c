/* Optimisers against what their papers' recurrences give in double precision; schedules; averages. */
#include <math.h>

#include "support/test.h"
#include "train/update.h"

enum { COUNT = 37, STEPS = 25 };

/* Gradient of sum of (i + 1) / 10 * (x - 1)^2. */
static double slope(int i, double x)
{
    return 0.2 * (i + 1) * (x - 1);
}

typedef struct State {
    double x, first, second;
} State;

static void sgd(const Update *u, double g, State *s)
{
    g += (double)u->decay * s->x;
    s->first = (double)u->momentum * s->first + g;
    s->x -= (double)u->rate * (g + (double)u->momentum * s->first);
}

static void adam(const Update *u, double g, State *s)
{
    const double b1 = (double)u->momentum, b2 = (double)u->second, rate = (double)u->rate;
    if (u->kind == UPDATE_ADAM) g += (double)u->decay * s->x;
    s->first = b1 * s->first + (1 - b1) * g;
    s->second = b2 * s->second + (1 - b2) * g * g;
    const double mean = s->first / (1 - pow(b1, (double)u->step));
    const double deviation = sqrt(s->second / (1 - pow(b2, (double)u->step)));
    if (u->kind == UPDATE_ADAMW) s->x -= rate * (double)u->decay * s->x;
    s->x -= rate * mean / (deviation + 1e-8);
}

static void check_against(Update update, void (*reference)(const Update *, double, State *))
{
    float x[COUNT], g[COUNT], first[COUNT] = {0}, second[COUNT] = {0};
    State state[COUNT];
    for (int i = 0; i < COUNT; i++) {
        x[i] = 3 - 0.1F * (float)i;
        state[i] = (State){.x = (double)x[i]};
    }
    for (update.step = 1; update.step <= STEPS; update.step++) {
        for (int i = 0; i < COUNT; i++) {
            g[i] = (float)slope(i, (double)x[i]);
            reference(&update, slope(i, state[i].x), &state[i]);
        }
        update_step(&update, COUNT, g, x, first, second);
    }
    for (int i = 0; i < COUNT; i++) CHECK_NEAR(x[i], state[i].x, 2e-4);
}

static void follows_nesterov(void)
{
    check_against((Update){.kind = UPDATE_SGD, .rate = 0.05F, .momentum = 0.9F, .decay = 0.01F},
                  sgd);
}

static void follows_adam(void)
{
    const Update update = {
        .kind = UPDATE_ADAM, .rate = 0.1F, .momentum = 0.9F, .second = 0.999F, .decay = 0.02F};
    check_against(update, adam);
}

static void follows_adamw(void)
{
    const Update update = {
        .kind = UPDATE_ADAMW, .rate = 0.1F, .momentum = 0.9F, .second = 0.99F, .decay = 0.1F};
    check_against(update, adam);
}

/* Without momentum and decay a step on a parabola shrinks the distance by 1 - rate * curvature. */
static void descends_a_parabola(void)
{
    float x = 5, first = 0, second = 0;
    for (int i = 1; i <= 10; i++) {
        const float g = 0.5F * (x - 1);
        update_step(&(Update){.kind = UPDATE_SGD, .rate = 0.4F, .step = i}, 1, &g, &x, &first,
                    &second);
    }
    CHECK_NEAR(x, 1 + 4 * pow(0.8, 10), 1e-5);
}

/* The first step of Adam is the rate, whatever the size of the gradient. */
static void adam_begins_with_its_rate(void)
{
    for (float size = 1e-4F; size < 1e5F; size *= 100) {
        float x = 0, first = 0, second = 0;
        const Update update = {
            .kind = UPDATE_ADAM, .rate = 0.01F, .momentum = 0.9F, .second = 0.999F, .step = 1};
        update_step(&update, 1, &size, &x, &first, &second);
        CHECK_NEAR(x, -0.01, 2e-6);
    }
}

static void rises_and_falls(void)
{
    CHECK_NEAR(schedule_factor(SCHEDULE_CONSTANT, 0, 0.7), 1, 0);
    CHECK_NEAR(schedule_factor(SCHEDULE_CONSTANT, 0.5, 0.25), 0.5, 1e-12);
    CHECK_NEAR(schedule_factor(SCHEDULE_COSINE, 0.2, 0.1), 0.5, 1e-12);
    CHECK_NEAR(schedule_factor(SCHEDULE_COSINE, 0.2, 0.2), 1, 1e-12);
    CHECK_NEAR(schedule_factor(SCHEDULE_COSINE, 0.2, 0.6), 0.5, 1e-12);
    CHECK_NEAR(schedule_factor(SCHEDULE_COSINE, 0.2, 1), 0, 1e-12);
    CHECK_NEAR(schedule_factor(SCHEDULE_ONECYCLE, 0.3, 0), 0.04, 1e-12);
    CHECK_NEAR(schedule_factor(SCHEDULE_ONECYCLE, 0.3, 0.15), 0.52, 1e-12);
    CHECK_NEAR(schedule_factor(SCHEDULE_ONECYCLE, 0.3, 0.3), 1, 1e-12);
    CHECK_NEAR(schedule_factor(SCHEDULE_ONECYCLE, 0.3, 1), 1e-4, 1e-12);
    double before = 1;
    for (double done = 0.3; done <= 1; done += 0.01) {
        const double factor = schedule_factor(SCHEDULE_ONECYCLE, 0.3, done);
        CHECK(factor <= before + 1e-12);
        before = factor;
    }
}

/* Running numbers move by their share towards where they are led; weights alone decay. */
static void averages(void)
{
    Parameters parameters;
    Random random = random_seeded(1);
    static const int two = 2;
    CHECK_OK(parameters_create(&parameters));
    CHECK_OK(parameters_add(&parameters, "w", PARAMETER_WEIGHT, shape_make(2, (int[]){2, 2}), 0,
                            &random));
    CHECK_OK(parameters_add(&parameters, "s", PARAMETER_SCALE, shape_make(1, &two), 1, &random));
    CHECK_OK(parameters_add(&parameters, "m", PARAMETER_MEAN, shape_make(1, &two), 0, &random));
    float batch[2] = {2, -4}, zero[4] = {0};
    Value values[3] = {{.grad = zero}, {.grad = zero}, {.data = batch}};
    for (int i = 0; i < 3; i++) parameters.items[i].value = &values[i];
    update_statistics(0.9F, &parameters);
    CHECK_NEAR(parameters.items[2].data[1], -0.4, 1e-6);
    update_statistics(0.9F, &parameters);
    CHECK_NEAR(parameters.items[2].data[0], 0.38, 1e-6);
    const float start = parameters.items[0].data[0];
    update_parameters(&(Update){.kind = UPDATE_SGD, .rate = 0.5F, .decay = 0.1F}, &parameters);
    CHECK_NEAR(parameters.items[0].data[0], 0.95 * (double)start, 1e-6);
    CHECK_NEAR(parameters.items[1].data[0], 1, 0);
    parameters.items[1].data[0] = 11; /* its average is still 1 */
    update_average(0.9F, 1000000, &parameters);
    CHECK_NEAR(parameters.items[1].average[0], 2, 1e-5);
    update_average(0.9F, 0, &parameters); /* early: the past counts 1 / 10 */
    CHECK_NEAR(parameters.items[1].average[0], 10.1, 1e-5);
    parameters_release(&parameters);
}

static const Test tests[] = {
    TEST(follows_nesterov),
    TEST(follows_adam),
    TEST(follows_adamw),
    TEST(descends_a_parabola),
    TEST(adam_begins_with_its_rate),
    TEST(rises_and_falls),
    TEST(averages),
};
TEST_MAIN(tests)
