/* Batch normalisation while training: against sums in double precision, gradients by central differences. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "graph.h"
#include "support/test.h"
#include "train/batch_norm.h"

enum { N = 3, C = 4, H = 5, W = 7, PIXELS = H * W, ALL = N * C * PIXELS };

typedef struct Case {
    Graph *graph;
    Value *x, *scale, *bias;
    Node *node;
    float *numbers; /* of scale and bias */
} Case;

static void case_open(Case *c, int rectify)
{
    static const int channels = C;
    c->numbers = malloc(2 * C * sizeof *c->numbers);
    CHECK_OK(graph_create(&c->graph));
    CHECK_OK(graph_add_input(c->graph, "x", shape_4d(N, C, H, W), &c->x));
    CHECK_OK(
        graph_add_constant(c->graph, "scale", shape_make(1, &channels), c->numbers, &c->scale));
    CHECK_OK(
        graph_add_constant(c->graph, "bias", shape_make(1, &channels), c->numbers + C, &c->bias));
    const Attr attr = {.name = "rectify", .kind = ATTR_INT, .i = rectify};
    const NodeSpec spec = {.op = "BatchNormalization",
                           .own = &op_batch_norm_training,
                           .name = "norm",
                           .in = (Value *[]){c->x, c->scale, c->bias},
                           .in_count = 3,
                           .out = (const char *[]){"y", "mean", "variance"},
                           .out_count = 3,
                           .attr = &attr,
                           .attr_count = 1,
                           .opset = 13};
    CHECK_OK(graph_add_node(c->graph, &spec, &c->node));
    CHECK_OK(graph_allocate(c->graph, GRAPH_INPUT_GRADIENT | GRAPH_PARAMETER_GRADIENTS));
    Random random = random_seeded(7);
    for (int i = 0; i < ALL; i++) c->x->data[i] = 0.5F + 2 * random_normal(&random);
    for (int i = 0; i < 2 * C; i++) c->numbers[i] = random_normal(&random);
}

static void case_close(Case *c)
{
    graph_destroy(c->graph);
    free(c->numbers);
}

/* The sum of weight * output over all three outputs, in double precision. */
static double functional(const Case *c, const double *weight)
{
    double sum = 0;
    for (int k = 0; k < C; k++) {
        double mean = 0, squares = 0;
        for (int n = 0; n < N; n++)
            for (int i = 0; i < PIXELS; i++)
                mean += (double)c->x->data[(n * C + k) * PIXELS + i] / (N * PIXELS);
        for (int n = 0; n < N; n++)
            for (int i = 0; i < PIXELS; i++)
                squares += pow((double)c->x->data[(n * C + k) * PIXELS + i] - mean, 2);
        const double inverse = 1 / sqrt(squares / (N * PIXELS) + (double)BATCH_NORM_EPSILON);
        for (int n = 0; n < N; n++) {
            for (int i = 0; i < PIXELS; i++) {
                const int at = (n * C + k) * PIXELS + i;
                const double y = ((double)c->x->data[at] - mean) * inverse;
                sum += weight[at] * (y * (double)c->numbers[k] + (double)c->numbers[C + k]);
            }
        }
        sum += weight[ALL + k] * mean + weight[ALL + C + k] * squares / (N * PIXELS - 1);
    }
    return sum;
}

static void check_gradient(Case *c, const double *weight, float *at, float gradient)
{
    const float start = *at, step = 2e-3F;
    *at = start + step;
    const double above = functional(c, weight), up = *at;
    *at = start - step;
    const double below = functional(c, weight), down = *at;
    *at = start;
    const double expected = (above - below) / (up - down);
    CHECK_NEAR(gradient, expected, 2e-3 * (1 + fabs(expected)));
}

static void equals_sums_in_double_precision(void)
{
    Case c;
    case_open(&c, 0);
    static double weight[ALL + 2 * C];
    Random random = random_seeded(11);
    for (int i = 0; i < ALL + 2 * C; i++) weight[i] = (double)random_normal(&random);
    graph_forward(c.graph);
    double value = 0;
    for (int i = 0; i < ALL; i++) value += weight[i] * (double)c.node->out[0]->data[i];
    for (int k = 0; k < C; k++) {
        value += weight[ALL + k] * (double)c.node->out[1]->data[k];
        value += weight[ALL + C + k] * (double)c.node->out[2]->data[k];
    }
    CHECK_NEAR(value, functional(&c, weight), 1e-3);

    graph_zero_gradients(c.graph);
    float *dy = graph_seed(c.graph, c.node->out[0]);
    for (int i = 0; i < ALL; i++) dy[i] = (float)weight[i];
    for (int k = 0; k < C; k++) {
        graph_seed(c.graph, c.node->out[1])[k] = (float)weight[ALL + k];
        graph_seed(c.graph, c.node->out[2])[k] = (float)weight[ALL + C + k];
    }
    c.x->grad[3] = 5; /* accumulated, not overwritten */
    graph_backward(c.graph, &backward_exact);
    c.x->grad[3] -= 5;
    for (int i = 0; i < ALL; i++) check_gradient(&c, weight, &c.x->data[i], c.x->grad[i]);
    for (int k = 0; k < C; k++) {
        check_gradient(&c, weight, &c.numbers[k], c.scale->grad[k]);
        check_gradient(&c, weight, &c.numbers[C + k], c.bias->grad[k]);
    }
    case_close(&c);
}

/* With every value above zero the rectifier changes nothing, with every value below it stops everything. */
static void rectifies(void)
{
    for (int sign = -1; sign <= 1; sign += 2) {
        Case plain, rectified;
        case_open(&plain, 0);
        case_open(&rectified, 1);
        for (int i = 0; i < C; i++)
            plain.numbers[C + i] = rectified.numbers[C + i] = 40.0F * (float)sign;
        Case *const both[] = {&plain, &rectified};
        for (int k = 0; k < 2; k++) {
            graph_forward(both[k]->graph);
            graph_zero_gradients(both[k]->graph);
            Random random = random_seeded(3);
            float *dy = graph_seed(both[k]->graph, both[k]->node->out[0]);
            for (int i = 0; i < ALL; i++) dy[i] = random_normal(&random);
            graph_backward(both[k]->graph, &backward_exact);
        }
        for (int i = 0; i < ALL; i++) {
            CHECK(rectified.node->out[0]->data[i] == (sign > 0 ? plain.node->out[0]->data[i] : 0));
            CHECK_NEAR(rectified.x->grad[i], sign > 0 ? plain.x->grad[i] : 0, 1e-6);
        }
        CHECK_NEAR(rectified.bias->grad[0], sign > 0 ? plain.bias->grad[0] : 0, 1e-4);
        case_close(&plain);
        case_close(&rectified);
    }
}

/* Rectified, half of the values are shut: those give no gradient, and the others that of their own sum. */
static void shuts_what_is_below_zero(void)
{
    Case c;
    case_open(&c, 1);
    graph_forward(c.graph);
    graph_zero_gradients(c.graph);
    float *dy = graph_seed(c.graph, c.node->out[0]);
    double expected[C] = {0};
    int shut = 0;
    for (int i = 0; i < ALL; i++) {
        const bool open = c.node->out[0]->data[i] > 0;
        dy[i] = 1 + (float)(i % 3);
        if (open) expected[i / PIXELS % C] += (double)dy[i];
        shut += !open;
    }
    CHECK(shut > ALL / 5 && shut < ALL - ALL / 5);
    graph_backward(c.graph, &backward_exact);
    for (int k = 0; k < C; k++) CHECK_NEAR(c.bias->grad[k], expected[k], 1e-3);
    /* What reaches x sums to zero over a channel: adding the same to all of it changes nothing. */
    for (int k = 0; k < C; k++) {
        double sum = 0;
        for (int n = 0; n < N; n++)
            for (int i = 0; i < PIXELS; i++) sum += (double)c.x->grad[(n * C + k) * PIXELS + i];
        CHECK_NEAR(sum, 0, 1e-3);
    }
    case_close(&c);
}

static void refuses_what_has_no_variance(void)
{
    static const int channels = 2;
    static const float numbers[2] = {1, 1};
    Graph *graph;
    Value *in[3];
    CHECK_OK(graph_create(&graph));
    CHECK_OK(graph_add_input(graph, "x", shape_4d(1, 2, 1, 1), &in[0]));
    CHECK_OK(graph_add_constant(graph, "scale", shape_make(1, &channels), numbers, &in[1]));
    CHECK_OK(graph_add_constant(graph, "bias", shape_make(1, &channels), numbers, &in[2]));
    const NodeSpec spec = {.op = "BatchNormalization",
                           .own = &op_batch_norm_training,
                           .name = "norm",
                           .in = in,
                           .in_count = 3,
                           .out = (const char *[]){"y", "mean", "variance"},
                           .out_count = 3};
    CHECK_FAILS(graph_add_node(graph, &spec, NULL), "larger batch");
    graph_destroy(graph);
}

static const Test tests[] = {
    TEST(equals_sums_in_double_precision),
    TEST(rectifies),
    TEST(shuts_what_is_below_zero),
    TEST(refuses_what_has_no_variance),
};
TEST_MAIN(tests)
