/* The trainer: it learns, it stops and goes on with the same numbers, and writes what it learned. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "network.h"
#include "parallel.h"
#include "support/shared.h"
#include "support/test.h"
#include "support/toy.h"
#include "train/trainer.h"

static const char network[] = "input 16 RGB\n"
                              "conv 6 3\n"
                              "inception 2 2 4 2 2 2\n"
                              "max 2 2\n"
                              "residual 12 2\n"
                              "dropout 0.1\n";

typedef struct Toy {
    Architecture architecture;
    TrainOptions options;
    Dataset train, validation;
} Toy;

static void toy_open(Toy *toy)
{
    CHECK_OK(architecture_parse(&toy->architecture, "toy", network));
    CHECK_OK(toy_dataset(&toy->train, 320, 1));
    CHECK_OK(toy_dataset(&toy->validation, 120, 2));
    toy->options = train_defaults(&toy->architecture, 3);
    toy->options.batch = 16;
    toy->options.rate = 0.05F;
    toy->options.phases = 2;
    toy->options.phase[0] = (TrainPhase){12, 1};
    toy->options.phase[1] = (TrainPhase){16, 3};
    toy->options.average = 0.9F;
    toy->options.smoothing = 0.05F;
    toy->options.mix = MIX_UP;
    /* Mirrored, one diagonal is the other. */
    toy->options.augmentation = (Augmentation){.crop = 0.8F, .colour = 0.1F, .cutout = 0.1F};
}

static void toy_close(Toy *toy)
{
    dataset_release(&toy->train);
    dataset_release(&toy->validation);
}

static Trainer *trainer_of(const Toy *toy)
{
    Trainer *trainer = NULL;
    CHECK_OK(
        trainer_create(&trainer, &toy->architecture, &toy->options, &toy->train, &toy->validation));
    return trainer;
}

static void finish(Trainer *trainer)
{
    while (!trainer_done(trainer)) {
        const Status status = trainer_step(trainer);
        CHECK_OK(status);
        if (status.code != STATUS_OK) return;
    }
}

static TrainEpoch last_line(const Trainer *trainer)
{
    int count;
    const TrainEpoch *log = trainer_log(trainer, &count);
    TrainEpoch line = log[count - 1];
    line.seconds = line.pictures_per_second = 0;
    return line;
}

static void temporary(char path[64], const char *ending)
{
    snprintf(path, 64, "/tmp/convoscope-trainer-%ld%s", (long)getpid(), ending);
}

static void learns(void)
{
    Toy toy;
    toy_open(&toy);
    static const UpdateKind kinds[] = {UPDATE_SGD, UPDATE_ADAM, UPDATE_ADAMW};
    for (int i = 0; i < 3; i++) {
        toy.options.optimiser = kinds[i];
        toy.options.rate = kinds[i] == UPDATE_SGD ? 0.05F : 0.005F;
        toy.options.mix = i == 1 ? MIX_CUT : i == 0 ? MIX_UP : MIX_NONE;
        Trainer *trainer = trainer_of(&toy);
        finish(trainer);
        const TrainEpoch line = last_line(trainer);
        CHECK(line.epoch == 4 && line.size == 16);
        CHECK(line.top1 > 0.9 && line.top5 == 1);
        CHECK(trainer_progress(trainer) == 1);
        trainer_destroy(trainer);
    }
    toy_close(&toy);
}

/* Saved after any step, loaded into a new trainer, on another number of threads. */
static void goes_on_with_the_same_numbers(void)
{
    Toy toy;
    char path[64];
    toy_open(&toy);
    temporary(path, ".state");
    Trainer *whole = trainer_of(&toy);
    finish(whole);
    const double loss = trainer_loss(whole);
    const TrainEpoch line = last_line(whole);
    static const int stops[] = {1, 19, 20, 21, 47, 80};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        Trainer *first = trainer_of(&toy);
        for (int step = 0; step < stops[i]; step++) CHECK_OK(trainer_step(first));
        CHECK_OK(trainer_save(first, path));
        trainer_destroy(first);
        parallel_start(1 + (int)i % 3);
        Trainer *second = trainer_of(&toy);
        CHECK_OK(trainer_load(second, path));
        CHECK(trainer_steps(second) == stops[i]);
        finish(second);
        CHECK(trainer_loss(second) == loss);
        const TrainEpoch other = last_line(second);
        CHECK(memcmp(&line, &other, sizeof line) == 0);
        trainer_destroy(second);
        parallel_stop();
    }
    trainer_destroy(whole);
    remove(path);
    toy_close(&toy);
}

static void write_bytes(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(bytes, 1, size, file) == size);
    if (file) fclose(file);
}

static void refuses_a_state_that_is_not_its_own(void)
{
    Toy toy;
    char path[64];
    toy_open(&toy);
    temporary(path, ".state");
    Trainer *trainer = trainer_of(&toy);
    CHECK_OK(trainer_step(trainer));
    CHECK_OK(trainer_save(trainer, path));
    size_t size;
    uint8_t *bytes = read_whole(path, &size);

    toy.options.rate *= 2;
    Trainer *other = trainer_of(&toy);
    CHECK_FAILS(trainer_load(other, path), "other options");
    trainer_destroy(other);
    toy.options.rate /= 2;
    toy.train.pixels[5]++;
    other = trainer_of(&toy);
    CHECK_FAILS(trainer_load(other, path), "other pictures");
    trainer_destroy(other);
    toy.train.pixels[5]--;

    write_bytes(path, bytes, size - 100);
    CHECK_FAILS(trainer_load(trainer, path), "damaged");
    bytes[size / 2] ^= 1;
    write_bytes(path, bytes, size);
    CHECK_FAILS(trainer_load(trainer, path), "damaged");
    write_bytes(path, (const uint8_t *)"nothing", 7);
    CHECK_FAILS(trainer_load(trainer, path), "not the state");
    remove(path);
    CHECK_FAILS(trainer_load(trainer, path), "cannot read");
    trainer_destroy(trainer);
    free(bytes);
    toy_close(&toy);
}

static void says_where_it_diverged(void)
{
    Toy toy;
    toy_open(&toy);
    toy.options.rate = 1e30F;
    toy.options.schedule = SCHEDULE_CONSTANT;
    toy.options.warm_up = 0;
    Trainer *trainer = trainer_of(&toy);
    Status status = status_ok();
    for (int i = 0; i < 40 && status.code == STATUS_OK; i++) status = trainer_step(trainer);
    CHECK_FAILS(status, "smaller --rate");
    trainer_destroy(trainer);
    toy_close(&toy);
}

/* The file, opened like any other, answers as the trainer does; weights as float16. */
static void writes_what_it_learned(void)
{
    Toy toy;
    char path[64];
    toy_open(&toy);
    temporary(path, ".onnx");
    Trainer *trainer = trainer_of(&toy);
    finish(trainer);
    Score score;
    CHECK_OK(trainer_evaluate(trainer, &toy.validation, &score));
    CHECK_OK(trainer_export(trainer, "toy", path));
    size_t size;
    uint8_t *bytes = read_whole(path, &size);
    Network *opened = NULL;
    Graph *graph = NULL;
    CHECK_OK(network_open(&opened, "toy.onnx", bytes, size));
    CHECK(network_label_count(opened) == 4);
    CHECK_TEXT(network_label(opened, 2), "falling");
    const Preprocess *preprocess = network_preprocess(opened);
    CHECK(preprocess->height == 16 && preprocess->width == 16 && preprocess->range == 1);
    CHECK_TEXT(preprocess->source, "metadata");
    CHECK_OK(network_build(opened, &(GraphRequest){0}, &graph));
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    double right = 0, loss = 0;
    for (size_t i = 0; i < toy.validation.count; i++) {
        const uint8_t *pixels = dataset_pixels(&toy.validation, i);
        float *input = graph_input(graph, 0)->data, logits[4], probabilities[4];
        for (int k = 0; k < 3 * 256; k++) {
            const int c = k / 256;
            input[k] = (pixels[k] / 255.0F - preprocess->mean[c]) / preprocess->std[c];
        }
        graph_forward(graph);
        network_scores(graph, 0, logits, probabilities);
        const int label = toy.validation.label[i];
        int top;
        network_top(logits, 4, 1, &top);
        right += top == label;
        loss -= log((double)probabilities[label]);
    }
    const double count = (double)toy.validation.count;
    CHECK_NEAR(right / count, score.top1, 1.5 / count);
    CHECK_NEAR(loss / count, score.loss, 2e-3);
    graph_destroy(graph);
    network_close(opened);
    trainer_destroy(trainer);
    remove(path);
    toy_close(&toy);
}

static void refuses_what_does_not_fit(void)
{
    Toy toy;
    toy_open(&toy);
    Trainer *trainer;
    toy.options.batch = 1000;
    CHECK_FAILS(
        trainer_create(&trainer, &toy.architecture, &toy.options, &toy.train, &toy.validation),
        "--batch");
    toy.options.batch = 16;
    toy.validation.classes = 3;
    CHECK_FAILS(
        trainer_create(&trainer, &toy.architecture, &toy.options, &toy.train, &toy.validation),
        "4 classes");
    toy.validation.classes = 4;
    toy_close(&toy);
}

static const Test tests[] = {
    TEST(learns),
    TEST(goes_on_with_the_same_numbers),
    TEST(refuses_a_state_that_is_not_its_own),
    TEST(says_where_it_diverged),
    TEST(writes_what_it_learned),
    TEST(refuses_what_does_not_fit),
};
TEST_MAIN(tests)
