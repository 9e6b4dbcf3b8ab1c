/* `convoscope train`: reads pictures, learns, and leaves a network, its log and a plot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/learn.h"
#include "cli/render.h"
#include "train/digits.h"

typedef struct Training {
    Architecture architecture;
    TrainOptions options;
    LearnOptions learn;
    Dataset train, validation;
    Trainer *trainer;
} Training;

static void training_release(Training *t)
{
    trainer_destroy(t->trainer);
    dataset_release(&t->train);
    dataset_release(&t->validation);
}

/* ---- opening ---- */

/* "digits:FOLDER": drawn from the fonts in it. */
static Status draw_digits(const Args *args, Training *t, const char *folder)
{
    int count;
    TRY(args_int(args, "count", 100, 10000000, 20000, &count));
    if (t->architecture.channels != 1) {
        return status_error(STATUS_BAD_INPUT,
                            "digits are grey, but the network takes RGB: give --network digits");
    }
    DigitsRequest request = {
        .size = t->architecture.size, .count = (size_t)count, .seed = t->options.seed};
    TRY(digits_draw(&t->train, folder, &request));
    request.count = (size_t)(count / 5 < 5000 ? count / 5 : 5000);
    request.held_out = true;
    return digits_draw(&t->validation, folder, &request);
}

static Status read_pictures(const Args *args, Training *t)
{
    if (strncmp(t->learn.paths.train, "digits:", 7) == 0)
        return draw_digits(args, t, t->learn.paths.train + 7);
    const DatasetRequest request = {.size = t->architecture.size,
                                    .channels = t->architecture.channels,
                                    .classes = args_option(args, "classes")};
    TRY(dataset_read(&t->train, t->learn.paths.train, &request));
    return dataset_read(&t->validation, t->learn.paths.validation, &request);
}

static Status training_open(const Args *args, Training *t)
{
    TRY(train_read_architecture(args, &t->architecture));
    TRY(train_read_options(args, &t->architecture, &t->options));
    TRY(learn_read_options(args, "network.onnx", &t->learn));
    TRY(read_pictures(args, t));
    return trainer_create(&t->trainer, &t->architecture, &t->options, &t->train, &t->validation);
}

/* ---- what is written ---- */

static Status write_log(const Training *t)
{
    Text text = {0};
    trainer_log_csv(t->trainer, &text);
    return file_write_text(t->learn.paths.log, &text);
}

/* Loss above, accuracy below, over the epochs: those of validation blue, of training orange. */
static Status write_plot(const Training *t)
{
    int count;
    const TrainEpoch *log = trainer_log(t->trainer, &count);
    float *values = malloc(4 * (size_t)count * sizeof *values);
    if (!values) return status_no_memory("the plot", 4 * (size_t)count * sizeof *values);
    for (int i = 0; i < count; i++) {
        values[i] = (float)log[i].validation_loss;
        values[count + i] = (float)log[i].loss;
        values[2 * count + i] = (float)log[i].top1;
        values[3 * count + i] = (float)log[i].accuracy;
    }
    Drawing drawing = {0};
    Status status = chart_draw_pairs(values, count, &drawing);
    if (status.code == STATUS_OK)
        status =
            picture_write_png(t->learn.paths.plot, drawing.rgb, 3, drawing.height, drawing.width);
    drawing_release(&drawing);
    free(values);
    return status;
}

static void print_epoch(const Training *t)
{
    int count;
    const TrainEpoch *e = trainer_log(t->trainer, &count) + count - 1;
    printf("epoch %3d  %d px  loss %.4f  top-1 %5.2f %%  validation: loss %.4f  top-1 %5.2f %%  "
           "top-5 %5.2f %%  %.0f pictures/s\n",
           e->epoch, e->size, e->loss, e->accuracy * 100, e->validation_loss, e->top1 * 100,
           e->top5 * 100, e->pictures_per_second);
    fflush(stdout);
}

static Status report(void *training)
{
    const Training *t = training;
    print_epoch(t);
    TRY(write_log(t));
    return write_plot(t);
}

/* ---- learning ---- */

static Trainer *trainer_of(void *training)
{
    return ((Training *)training)->trainer;
}

static Status step(void *training)
{
    return trainer_step(trainer_of(training));
}

static bool done(void *training)
{
    return trainer_done(trainer_of(training));
}

static double progress(void *training)
{
    return trainer_progress(trainer_of(training));
}

static long steps(void *training)
{
    return trainer_steps(trainer_of(training));
}

static int lines(void *training)
{
    int count;
    trainer_log(trainer_of(training), &count);
    return count;
}

static Status save(void *training, const char *path)
{
    return trainer_save(trainer_of(training), path);
}

static Status load(void *training, const char *path)
{
    return trainer_load(trainer_of(training), path);
}

static Status write(void *training, const char *name, const char *path)
{
    return trainer_export(trainer_of(training), name, path);
}

int command_train(const Args *args)
{
    Training *training = calloc(1, sizeof *training);
    if (!training) return cli_fail(status_no_memory("the training", sizeof *training));
    Status status = training_open(args, training);
    const Learner learner = {.title = "train",
                             .training = training,
                             .step = step,
                             .done = done,
                             .progress = progress,
                             .steps = steps,
                             .lines = lines,
                             .report = report,
                             .save = save,
                             .load = load,
                             .write = write,
                             .batch = training->options.batch};
    if (status.code == STATUS_OK) status = learn(&learner, &training->learn);
    const int exit = learn_exit(&learner, &training->learn, status);
    training_release(training);
    free(training);
    return exit;
}
