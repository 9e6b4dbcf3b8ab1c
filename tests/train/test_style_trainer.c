/* Training of style networks: gradients, learning, going on after a stop, and the file that is written. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "parallel.h"
#include "support/test.h"
#include "support/toy.h"
#include "train/style_trainer.h"

enum { SIDE = TOY_SIDE, BATCH = 2, LEVELS = BATCH * 3 * SIDE * SIDE };

/* Checks in red and blue. */
static Picture checks(void)
{
    Picture picture = {0};
    uint8_t rgba[4 * 40 * 32];
    for (int i = 0; i < 40 * 32; i++) {
        const int red = (i % 40 / 4 + i / 40 / 4) % 2;
        const uint8_t pixel[] = {red ? 220 : 30, 60, red ? 40 : 200, 255};
        memcpy(rgba + 4 * i, pixel, 4);
    }
    CHECK_OK(picture_copy(&picture, 40, 32, rgba));
    return picture;
}

/* One that the project bundles. */
static Network *loss_network(void)
{
    size_t size;
    uint8_t *bytes;
    Network *network = NULL;
    CHECK_OK(file_read("models/tiny.onnx", "the loss network", &bytes, &size));
    CHECK_OK(network_open(&network, "tiny.onnx", bytes, size));
    return network;
}

/* ---- the loss ---- */

static Perceptual *perceptual_of(Network *network, const Picture *style)
{
    const PerceptualOptions options = {.batch = BATCH,
                                       .size = SIDE,
                                       .style_side = 40,
                                       .style = "auto",
                                       .content = "conv2/relu",
                                       .style_weight = 3,
                                       .content_weight = 2};
    Perceptual *perceptual = NULL;
    CHECK_OK(perceptual_create(&perceptual, network, style, &options));
    return perceptual;
}

static double loss_at(Perceptual *perceptual, const float *content, const float *styled)
{
    float ignored[LEVELS] = {0};
    const PerceptualLoss loss = perceptual_compare(perceptual, content, styled, ignored);
    return loss.content + loss.style;
}

/* Along random directions as central differences have it; the order of channels is the network's own. */
static void loss_has_its_gradient(void)
{
    static float content[LEVELS], styled[LEVELS], moved[LEVELS], gradient[LEVELS];
    static const char *const orders[] = {"BGR", "RGB"};
    Random random = random_seeded(5);
    Picture style = checks();
    Network *network = loss_network();
    for (int order = 0; order < 2; order++) {
        CHECK_OK(network_set(network, "channels", orders[order]));
        Perceptual *perceptual = perceptual_of(network, &style);
        for (int i = 0; i < LEVELS; i++) {
            content[i] = random_between(&random, 0, 255);
            styled[i] = random_between(&random, 0, 255);
            gradient[i] = 0;
        }
        /* Twice, for it adds. */
        for (int i = 0; i < 2; i++) perceptual_compare(perceptual, content, styled, gradient);
        for (int channel = 0; channel < 3; channel++) {
            const float step = 0.2F;
            double expected = 0, value[2];
            for (int side = 0; side < 2; side++) {
                Random direction = random_seeded(17);
                for (int i = 0; i < LEVELS; i++) {
                    const bool moves = i / (SIDE * SIDE) % 3 == channel;
                    const float d = moves ? random_normal(&direction) : 0;
                    moved[i] = styled[i] + (side ? step : -step) * d;
                    if (side) expected += (double)d * (double)gradient[i] / 2;
                }
                value[side] = loss_at(perceptual, content, moved);
            }
            const double slope = (value[1] - value[0]) / (2 * (double)step);
            CHECK_NEAR(slope / expected, 1, 0.02);
        }
        perceptual_destroy(perceptual);
    }
    network_close(network);
    picture_release(&style);
}

/* The content itself has no loss of content, the style itself, at the size at which it is looked at, none of style. */
static void loss_is_zero_where_it_should_be(void)
{
    enum { LARGE = 32, PIXELS = LARGE * LARGE };
    static float levels[3 * PIXELS], ignored[3 * PIXELS];
    static uint8_t rgba[4 * PIXELS];
    Picture style = {0};
    for (int i = 0; i < 4 * PIXELS; i++) {
        rgba[i] = i % 4 == 3 ? 255 : (uint8_t)(i * 7 + i / 128 * 31);
        if (i % 4 < 3) levels[i % 4 * PIXELS + i / 4] = rgba[i];
    }
    CHECK_OK(picture_copy(&style, LARGE, LARGE, rgba));
    Network *network = loss_network();
    const PerceptualOptions options = {.batch = 1,
                                       .size = LARGE,
                                       .style_side = LARGE,
                                       .style = "conv1/relu,conv2/relu",
                                       .content = "auto",
                                       .style_weight = 1,
                                       .content_weight = 1};
    Perceptual *perceptual = NULL;
    CHECK_OK(perceptual_create(&perceptual, network, &style, &options));
    const PerceptualLoss same = perceptual_compare(perceptual, levels, levels, ignored);
    CHECK(same.content == 0);
    CHECK_NEAR(same.style, 0, 1e-9);
    for (int i = 0; i < 3 * PIXELS; i++) levels[i] = 255 - levels[i];
    CHECK(perceptual_compare(perceptual, levels, levels, ignored).style > 1e-3);
    perceptual_destroy(perceptual);
    network_close(network);
    picture_release(&style);
}

/* ---- the network ---- */

static double weighted_sum(const StyleGraph *net, bool seed)
{
    graph_forward(net->graph);
    if (seed) graph_zero_gradients(net->graph);
    float *gradient = seed ? graph_seed(net->graph, net->styled) : NULL;
    double sum = 0;
    for (int i = 0; i < LEVELS; i++) {
        const double weight = sin(0.37 * i) / 50;
        sum += weight * (double)net->styled->data[i];
        if (gradient) gradient[i] += (float)weight;
    }
    return sum;
}

/* Along a random direction of each parameter: through padding, doubling, sums and instance normalisation. */
static void network_has_its_gradient(void)
{
    Parameters parameters;
    Random random = random_seeded(6);
    StyleGraph net;
    CHECK_OK(parameters_create(&parameters));
    CHECK_OK(style_network_build(
        &(StyleNetwork){.filters = 3, .blocks = 2}, &parameters,
        &(StyleBuildRequest){.batch = BATCH, .size = SIDE, .training = true, .random = &random},
        &net));
    CHECK_OK(graph_allocate(net.graph, GRAPH_PARAMETER_GRADIENTS));
    for (int i = 0; i < LEVELS; i++) net.content->data[i] = random_between(&random, 0, 255);
    for (int i = 0; i < parameters.count; i++) {
        Parameter *p = &parameters.items[i];
        /* Blocks begin with a scale of 0, which would hide what lies before it. */
        for (size_t k = 0; k < p->count && p->kind != PARAMETER_WEIGHT; k++)
            p->data[k] = 0.5F + 0.5F * random_uniform(&random);
    }
    weighted_sum(&net, true);
    graph_backward(net.graph, &backward_exact);
    for (int i = 0; i < parameters.count; i++) {
        Parameter *p = &parameters.items[i];
        double expected = 0, size = 0, value[2];
        const float step = 1e-4F;
        const double rounding = 1; /* of the sum, by twice the step */
        for (size_t k = 0; k < p->count; k++) {
            p->first[k] = random_normal(&random);
            p->second[k] = p->data[k];
            expected += (double)p->first[k] * (double)p->value->grad[k];
            size += (double)p->value->grad[k] * (double)p->value->grad[k];
        }
        CHECK(size > 0);
        for (int side = 0; side < 2; side++) {
            for (size_t k = 0; k < p->count; k++)
                p->data[k] = p->second[k] + (side ? step : -step) * p->first[k];
            value[side] = weighted_sum(&net, false);
        }
        memcpy(p->data, p->second, p->count * sizeof(float));
        const double slope = (value[1] - value[0]) / (2 * (double)step);
        const int failures = test_failures();
        CHECK_NEAR(slope, expected, 0.05 * sqrt(size) + rounding);
        if (test_failures() > failures) test_fail(__FILE__, __LINE__, "of '%s'", p->name);
    }
    graph_destroy(net.graph);
    parameters_release(&parameters);
}

/* ---- the trainer ---- */

typedef struct Toy {
    StyleOptions options;
    Dataset pictures;
    Network *loss;
    Picture style;
} Toy;

static void toy_open(Toy *toy)
{
    *toy = (Toy){.options = style_defaults(), .loss = loss_network(), .style = checks()};
    CHECK_OK(toy_dataset(&toy->pictures, 10, 1));
    StyleOptions *o = &toy->options;
    o->network = (StyleNetwork){.filters = 4, .blocks = 1};
    o->crop = SIDE;
    o->batch = 3;
    o->steps = 120;
    o->rate = 0.02F;
    o->style_side = 40;
}

static void toy_close(Toy *toy)
{
    dataset_release(&toy->pictures);
    network_close(toy->loss);
    picture_release(&toy->style);
}

static StyleTrainer *trainer_of(const Toy *toy)
{
    StyleTrainer *trainer = NULL;
    CHECK_OK(style_trainer_create(&trainer, &toy->options, &toy->pictures, toy->loss, &toy->style));
    return trainer;
}

static void finish(StyleTrainer *trainer)
{
    while (!style_trainer_done(trainer)) {
        const Status status = style_trainer_step(trainer);
        CHECK_OK(status);
        if (status.code != STATUS_OK) return;
    }
}

static void temporary(char path[64], const char *ending)
{
    snprintf(path, 64, "/tmp/convoscope-style-%ld%s", (long)getpid(), ending);
}

static uint8_t *written(StyleTrainer *trainer, size_t *size)
{
    char path[64];
    temporary(path, ".onnx");
    CHECK_OK(style_trainer_export(trainer, "toy", path));
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = calloc(1 << 20, 1);
    *size = file ? fread(bytes, 1, 1 << 20, file) : 0;
    if (file) fclose(file);
    remove(path);
    return bytes;
}

static void learns(void)
{
    Toy toy;
    toy_open(&toy);
    StyleTrainer *trainer = trainer_of(&toy);
    finish(trainer);
    int count;
    const StyleLine *log = style_trainer_log(trainer, &count);
    CHECK(count == STYLE_LOG_LINES && log[count - 1].step == toy.options.steps);
    CHECK(log[count - 1].loss < 0.5 * log[0].loss);
    CHECK(log[count - 1].style < 0.8 * log[0].style);
    for (int i = 0; i < count; i++)
        CHECK_NEAR(log[i].content + log[i].style + log[i].variation, log[i].loss,
                   1e-6 * log[i].loss);
    style_trainer_destroy(trainer);
    toy_close(&toy);
}

/* Saved after any step, loaded into a new trainer, on another number of threads: the same file, to the byte. */
static void goes_on_with_the_same_numbers(void)
{
    Toy toy;
    char path[64];
    size_t size, same;
    toy_open(&toy);
    toy.options.steps = 20;
    temporary(path, ".state");
    StyleTrainer *whole = trainer_of(&toy);
    finish(whole);
    uint8_t *bytes = written(whole, &size);
    static const int stops[] = {1, 7, 19, 20};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        StyleTrainer *first = trainer_of(&toy);
        for (int step = 0; step < stops[i]; step++) CHECK_OK(style_trainer_step(first));
        CHECK_OK(style_trainer_save(first, path));
        style_trainer_destroy(first);
        parallel_start(1 + (int)i % 3);
        StyleTrainer *second = trainer_of(&toy);
        CHECK_OK(style_trainer_load(second, path));
        CHECK(style_trainer_steps(second) == stops[i]);
        finish(second);
        uint8_t *other = written(second, &same);
        CHECK(size > 1000 && size == same && memcmp(bytes, other, size) == 0);
        free(other);
        style_trainer_destroy(second);
        parallel_stop();
    }
    free(bytes);
    style_trainer_destroy(whole);
    remove(path);
    toy_close(&toy);
}

static void refuses_a_state_that_is_not_its_own(void)
{
    Toy toy;
    char path[64];
    toy_open(&toy);
    temporary(path, ".state");
    StyleTrainer *trainer = trainer_of(&toy);
    CHECK_OK(style_trainer_step(trainer));
    CHECK_OK(style_trainer_save(trainer, path));
    style_trainer_destroy(trainer);

    toy.style.rgba[0] ^= 1;
    trainer = trainer_of(&toy);
    CHECK_FAILS(style_trainer_load(trainer, path), "other options");
    style_trainer_destroy(trainer);
    toy.style.rgba[0] ^= 1;
    toy.options.style_weight *= 2;
    trainer = trainer_of(&toy);
    CHECK_FAILS(style_trainer_load(trainer, path), "other options");
    style_trainer_destroy(trainer);
    toy.options.style_weight /= 2;

    FILE *file = fopen(path, "r+b");
    fseek(file, -40, SEEK_END);
    fputc('x', file), fputc('y', file);
    fclose(file);
    trainer = trainer_of(&toy);
    CHECK_FAILS(style_trainer_load(trainer, path), "damaged");
    style_trainer_destroy(trainer);
    remove(path);
    toy_close(&toy);
}

/* Opened as any network, it paints what the trained one does, but for the rounding of its weights; at other sizes,
 * too. */
static void writes_what_it_learned(void)
{
    Toy toy;
    size_t size;
    toy_open(&toy);
    toy.options.steps = 60;
    StyleTrainer *trainer = trainer_of(&toy);
    finish(trainer);
    Network *network = NULL;
    uint8_t *bytes = written(trainer, &size);
    CHECK_OK(network_open(&network, "toy.onnx", bytes, size));
    const Preprocess *preprocess = network_preprocess(network);
    CHECK_TEXT(preprocess->source, "metadata");
    CHECK_TEXT(preprocess->channels, "RGB");
    CHECK(preprocess->range == 255 && preprocess->mean[1] == 0 && preprocess->std[2] == 1);
    Graph *graph = NULL;
    CHECK_OK(network_build(network, &(GraphRequest){.height = 20, .width = 36}, &graph));
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    const Value *out = graph_output(graph, 0);
    CHECK(out->shape.dim[1] == 3 && out->shape.dim[2] == 20 && out->shape.dim[3] == 36);
    for (int i = 0; i < 3 * 20 * 36; i++) graph_input(graph, 0)->data[i] = (float)(i * 37 % 256);
    graph_forward(graph);
    const TensorStats stats = tensor_stats(out->data, 3 * 20 * 36);
    CHECK(stats.nonfinite == 0 && stats.min >= 0 && stats.max <= 255 && stats.max > stats.min + 30);
    graph_destroy(graph);
    network_close(network);
    style_trainer_destroy(trainer);
    toy_close(&toy);
}

static void refuses_what_does_not_fit(void)
{
    Toy toy;
    StyleTrainer *trainer;
    toy_open(&toy);
    toy.options.crop = 18;
    CHECK_FAILS(style_trainer_create(&trainer, &toy.options, &toy.pictures, toy.loss, &toy.style),
                "multiple of 4");
    toy.options.crop = 20;
    CHECK_FAILS(style_trainer_create(&trainer, &toy.options, &toy.pictures, toy.loss, &toy.style),
                "crop of 20");
    toy.options.crop = SIDE;
    toy.options.batch = 11;
    CHECK_FAILS(style_trainer_create(&trainer, &toy.options, &toy.pictures, toy.loss, &toy.style),
                "--batch");
    toy.options.batch = 2;
    toy.options.style_layers = "conv1/relu,conv9/relu";
    CHECK_FAILS(style_trainer_create(&trainer, &toy.options, &toy.pictures, toy.loss, &toy.style),
                "conv9/relu");
    toy_close(&toy);
}

static const Test tests[] = {
    TEST(loss_has_its_gradient),         TEST(loss_is_zero_where_it_should_be),
    TEST(network_has_its_gradient),      TEST(learns),
    TEST(goes_on_with_the_same_numbers), TEST(refuses_a_state_that_is_not_its_own),
    TEST(writes_what_it_learned),        TEST(refuses_what_does_not_fit),
};
TEST_MAIN(tests)
