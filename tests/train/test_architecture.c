/* Descriptions of networks: what is read, what is refused, and that a whole graph has the right gradient. */
#include <math.h>
#include <string.h>

#include "support/test.h"
#include "train/builder.h"
#include "train/loss.h"

static void reads_every_line(void)
{
    Architecture a;
    CHECK_OK(
        architecture_parse(&a, "text",
                           "# a comment\n\n  input 32 GRAY  # another\nconv 8 5 2\r\nconv 4 3\n"
                           "max 3 2\naverage 2 2\nresidual 16\ninception 1 2 3 4 5 6\n"
                           "dropout 0.25"));
    CHECK(a.size == 32 && a.channels == 1 && a.count == 6 && a.dropout == 0.25F);
    CHECK(a.layer[0].number[2] == 2 && a.layer[1].number[2] == 1 && a.layer[4].number[1] == 1);
    CHECK(a.layer[3].kind == LAYER_AVERAGE && a.layer[5].number[5] == 6);
}

static void refuses_what_it_does_not_know(void)
{
    static const char *const texts[][2] = {
        {"input 32 RGB\nconv 8\n", "line 2, 'conv 8'"},
        {"input 32 RGB\nconv 8 4\n", "line 2"},
        {"input 32 RGB\nconv 8 3 1 1\n", "line 2"},
        {"input 32 RGB\nconv 8 0\n", "line 2"},
        {"input 32 RGB\nconv eight 3\n", "line 2"},
        {"input 32 RGB\n\nmax 2\n", "line 3"},
        {"input 32 RGB\ninception 1 2 3\n", "line 2"},
        {"input 32 CMYK\nconv 8 3\n", "line 1"},
        {"input 4 RGB\nconv 8 3\n", "line 1"},
        {"dropout 1\n", "line 1"},
        {"dense 10\n", "line 1"},
        {"conv 8 3\n", "lacks its input"},
        {"input 32 RGB\n", "lacks its input"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Architecture a;
        CHECK_FAILS(architecture_parse(&a, "text", texts[i][0]), texts[i][1]);
    }
}

static void builds_every_builtin(void)
{
    const char *purpose;
    for (int i = 0; architecture_name(i, &purpose); i++) {
        const char *name = architecture_name(i, &purpose);
        Architecture a;
        Parameters parameters;
        Random random = random_seeded(1);
        CHECK_OK(architecture_parse(&a, name, architecture_builtin(name)));
        CHECK_OK(parameters_create(&parameters));
        Built training, evaluating;
        const BuildRequest request = {
            .batch = 2, .size = a.size, .classes = 10, .training = true, .random = &random};
        CHECK_OK(architecture_build(&a, &parameters, &request, &training));
        const int count = parameters.count;
        CHECK_OK(architecture_build(&a, &parameters,
                                    &(BuildRequest){.batch = 1, .size = 2 * a.size, .classes = 10},
                                    &evaluating));
        CHECK(parameters.count == count && training.logits->shape.dim[1] == 10);
        /* As float16 the largest has to stay below 8 MB, with 200 classes. */
        CHECK(parameters_total(&parameters) < 4000000);
        for (int k = 0; k < count; k++) {
            const Parameter *p = &parameters.items[k];
            CHECK(p->value != NULL && p->count == shape_elements(&p->value->shape));
        }
        graph_destroy(training.graph);
        graph_destroy(evaluating.graph);
        parameters_release(&parameters);
    }
    CHECK(architecture_builtin("none") == NULL);
}

/* ---- the gradient of a whole network ---- */

enum { BATCH = 4, CLASSES = 3, SIZE = 12 };

static double loss_of(const Built *built, bool seed)
{
    double sum = 0;
    graph_forward(built->graph);
    if (seed) graph_zero_gradients(built->graph);
    float *gradient = seed ? graph_seed(built->graph, built->logits) : NULL;
    for (int i = 0; i < BATCH; i++) {
        const int at = i * CLASSES, label = i % CLASSES;
        sum += cross_entropy(built->logits->data + at, CLASSES, &(Target){label, label, 1}, 0.1F,
                             1.0F, gradient ? gradient + at : NULL);
    }
    return sum;
}

/* Along a random direction of all weights: central difference against gradient times direction. */
static void has_the_gradient_of_its_loss(void)
{
    Architecture a;
    Parameters parameters;
    Random random = random_seeded(4);
    CHECK_OK(architecture_parse(&a, "text",
                                "input 12 RGB\nconv 5 3\ninception 2 2 3 2 2 2\naverage 2 2\n"
                                "residual 6 2\nresidual 6\ndropout 0.5\n"));
    CHECK_OK(parameters_create(&parameters));
    Built built;
    const BuildRequest request = {
        .batch = BATCH, .size = SIZE, .classes = CLASSES, .training = true, .random = &random};
    CHECK_OK(architecture_build(&a, &parameters, &request, &built));
    CHECK_OK(graph_allocate(built.graph, GRAPH_PARAMETER_GRADIENTS));
    CHECK(built.input->grad == NULL);
    for (size_t i = 0; i < shape_elements(&built.input->shape); i++)
        built.input->data[i] = random_normal(&random);
    for (size_t i = 0; i < shape_elements(&built.dropout->shape); i++)
        built.dropout->data[i] = i % 2 ? 2 : 0;
    /* Blocks begin with a scale of 0, which would hide what lies before it. */
    for (int i = 0; i < parameters.count; i++) {
        Parameter *p = &parameters.items[i];
        for (size_t k = 0; k < p->count && p->kind == PARAMETER_SCALE; k++)
            p->data[k] = 0.5F + random_uniform(&random);
        for (size_t k = 0; k < p->count && p->kind == PARAMETER_BIAS; k++)
            p->data[k] = 0.3F * random_normal(&random);
    }
    loss_of(&built, true);
    graph_backward(built.graph, &backward_exact);
    for (int i = 0; i < parameters.count; i++) {
        Parameter *p = &parameters.items[i];
        if (p->kind >= PARAMETER_MEAN) continue;
        double expected = 0, size = 0, value[2];
        const float step = 2e-4F;
        for (size_t k = 0; k < p->count; k++) {
            p->first[k] = random_normal(&random);
            p->second[k] = p->data[k];
            expected += (double)p->first[k] * (double)p->value->grad[k];
            size += (double)p->value->grad[k] * (double)p->value->grad[k];
        }
        for (int side = 0; side < 2; side++) {
            for (size_t k = 0; k < p->count; k++)
                p->data[k] = p->second[k] + (side ? step : -step) * p->first[k];
            value[side] = loss_of(&built, false);
        }
        memcpy(p->data, p->second, p->count * sizeof(float));
        const double slope = (value[1] - value[0]) / (2 * (double)step);
        CHECK_NEAR(slope, expected, 0.05 * sqrt(size) + 1e-3);
    }
    graph_destroy(built.graph);
    parameters_release(&parameters);
}

/* With the statistics of a batch as the running ones, the folded network answers as the one in training. */
static void folds_to_the_same_answers(void)
{
    Architecture a;
    Parameters parameters;
    Random random = random_seeded(8);
    CHECK_OK(architecture_parse(&a, "text",
                                "input 12 RGB\nconv 5 3 2\ninception 2 2 3 2 2 2\nresidual 8 2\n"));
    CHECK_OK(parameters_create(&parameters));
    Built training, folded;
    const BuildRequest request = {
        .batch = BATCH, .size = SIZE, .classes = CLASSES, .training = true, .random = &random};
    CHECK_OK(architecture_build(&a, &parameters, &request, &training));
    CHECK_OK(graph_allocate(training.graph, GRAPH_PARAMETER_GRADIENTS));
    const size_t count = shape_elements(&training.input->shape);
    for (size_t i = 0; i < count; i++) training.input->data[i] = random_normal(&random);
    for (int i = 0; i < parameters.count; i++) {
        Parameter *p = &parameters.items[i];
        for (size_t k = 0; k < p->count && p->kind == PARAMETER_SCALE; k++)
            p->data[k] = 0.5F + random_uniform(&random);
    }
    graph_forward(training.graph);
    for (int i = 0; i < parameters.count; i++) {
        Parameter *p = &parameters.items[i];
        if (p->kind < PARAMETER_MEAN) continue;
        memcpy(p->data, p->value->data, p->count * sizeof(float));
    }
    /* The running variance is that of the sample; the batch is normalised with that of its values. */
    CHECK_OK(architecture_build(&a, &parameters,
                                &(BuildRequest){.batch = BATCH, .size = SIZE, .classes = CLASSES},
                                &folded));
    CHECK_OK(graph_allocate(folded.graph, GRAPH_FORWARD));
    memcpy(folded.input->data, training.input->data, count * sizeof(float));
    graph_forward(folded.graph);
    for (int i = 0; i < BATCH * CLASSES; i++)
        CHECK_NEAR(folded.logits->data[i], training.logits->data[i], 0.15);
    graph_destroy(training.graph);
    graph_destroy(folded.graph);
    parameters_release(&parameters);
}

static const Test tests[] = {
    TEST(reads_every_line),          TEST(refuses_what_it_does_not_know),
    TEST(builds_every_builtin),      TEST(has_the_gradient_of_its_loss),
    TEST(folds_to_the_same_answers),
};
TEST_MAIN(tests)
