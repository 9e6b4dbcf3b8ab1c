/* `convoscope train`: reads pictures, learns, and leaves a network, its log and a plot. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/model.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/train_options.h"
#include "train/digits.h"

typedef struct Training {
    Architecture architecture;
    TrainOptions options;
    TrainPaths paths;
    Dataset train, validation;
    Trainer *trainer;
    int save_seconds, measured_steps;
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
    if (strncmp(t->paths.train, "digits:", 7) == 0) return draw_digits(args, t, t->paths.train + 7);
    const DatasetRequest request = {.size = t->architecture.size,
                                    .channels = t->architecture.channels,
                                    .classes = args_option(args, "classes")};
    TRY(dataset_read(&t->train, t->paths.train, &request));
    return dataset_read(&t->validation, t->paths.validation, &request);
}

static Status training_open(const Args *args, Training *t)
{
    TRY(train_read_architecture(args, &t->architecture));
    TRY(train_read_options(args, &t->architecture, &t->options));
    TRY(train_read_paths(args, &t->paths));
    TRY(args_int(args, "save", 0, 1 << 20, 60, &t->save_seconds));
    TRY(args_int(args, "measure", 1, 1 << 20, 0, &t->measured_steps));
    TRY(cli_start_threads(args));
    if (!t->measured_steps) TRY(file_check_writable(t->paths.out));
    TRY(read_pictures(args, t));
    TRY(trainer_create(&t->trainer, &t->architecture, &t->options, &t->train, &t->validation));
    if (t->measured_steps || !file_exists(t->paths.state)) return status_ok();
    TRY(trainer_load(t->trainer, t->paths.state));
    cli_note("goes on after step %ld, from %s", trainer_steps(t->trainer), t->paths.state);
    return status_ok();
}

/* ---- what is written ---- */

static Status write_log(const Training *t)
{
    Text text = {0};
    trainer_log_csv(t->trainer, &text);
    return file_write_text(t->paths.log, &text);
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
        status = picture_write_png(t->paths.plot, drawing.rgb, 3, drawing.height, drawing.width);
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

static Status epoch_ended(const Training *t)
{
    print_epoch(t);
    TRY(write_log(t));
    return write_plot(t);
}

/* ---- learning ---- */

static Status learn(Training *t)
{
    Progress progress = progress_begin("train");
    double saved = clock_seconds();
    Status status = status_ok();
    while (status.code == STATUS_OK && !trainer_done(t->trainer) && !progress_interrupted()) {
        const int epoch = trainer_epoch(t->trainer);
        status = trainer_step(t->trainer);
        if (status.code != STATUS_OK) break;
        const bool ended = trainer_epoch(t->trainer) != epoch;
        if (ended) status = epoch_ended(t);
        if (status.code == STATUS_OK && (ended || clock_seconds() - saved >= t->save_seconds)) {
            status = trainer_save(t->trainer, t->paths.state);
            saved = clock_seconds();
        }
        progress_show(&progress, trainer_progress(t->trainer));
    }
    progress_end(&progress);
    if (status.code == STATUS_OK && progress_interrupted())
        status = trainer_save(t->trainer, t->paths.state);
    return status;
}

/* Times steps after the first, which takes the memory. */
static Status measure(Training *t)
{
    TRY(trainer_step(t->trainer));
    double best = INFINITY, sum = 0;
    for (int i = 0; i < t->measured_steps; i++) {
        const double started = clock_seconds();
        TRY(trainer_step(t->trainer));
        const double seconds = clock_seconds() - started;
        best = fmin(best, seconds);
        sum += seconds;
    }
    printf("%.1f pictures per second, at best %.1f; a batch of %d\n",
           t->options.batch * t->measured_steps / sum, t->options.batch / best, t->options.batch);
    return status_ok();
}

static Status train(Training *t)
{
    if (t->measured_steps) return measure(t);
    TRY(learn(t));
    /* Stopped by Ctrl-C, what is there is written as well. */
    char name[PATH_BYTES];
    TRY(path_with_ending(path_name(t->paths.out), "", name));
    TRY(trainer_export(t->trainer, name, t->paths.out));
    printf("%s\n", t->paths.out);
    return status_ok();
}

int command_train(const Args *args)
{
    Training *training = calloc(1, sizeof *training);
    if (!training) return cli_fail(status_no_memory("the training", sizeof *training));
    Status status = training_open(args, training);
    if (status.code == STATUS_OK) status = train(training);
    const bool stopped =
        status.code == STATUS_OK && !training->measured_steps && !trainer_done(training->trainer);
    if (stopped) cli_note("stopped; the same command goes on from %s", training->paths.state);
    training_release(training);
    free(training);
    if (status.code != STATUS_OK) return cli_fail(status);
    return stopped ? EXIT_INTERRUPTED : EXIT_DONE;
}
