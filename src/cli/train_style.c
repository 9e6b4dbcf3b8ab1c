/* `convoscope train-style`: reads pictures, a style and a loss network, and leaves a network that paints. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/learn.h"
#include "cli/model.h"
#include "cli/render.h"
#include "train/style_trainer.h"

const Option train_style_options[] = {
    {"style", "PICTURE", "the picture whose colours and textures are learned"},
    {"loss", "NET.onnx", "the network that judges: a file, or the name of a bundled one"},
    {"out", "STYLE.onnx", "the network to write, float16 with preprocessing (style.onnx)"},
    {"filters", "N", "of the first convolution; twice and four times as many behind it (16)"},
    {"blocks", "N", "residual blocks (5)"},
    {"size", "N", "side that the pictures of the folder are scaled to (256)"},
    {"crop", "N", "side of the parts that are shown, a multiple of 4 (128)"},
    {"batch", "N", "parts in a step (4)"},
    {"steps", "N", "of learning (1500)"},
    {"rate", "X", "highest learning rate of Adam (0.003)"},
    {"style-weight", "X", "how much the style counts (10)"},
    {"content-weight", "X", "how much the content counts (1)"},
    {"tv-weight", "X", "how much smoothness counts (1)"},
    {"style-side", "N",
     "longer side at which the style is looked at: larger, larger strokes (256)"},
    {"style-layers", "NAMES", "layers of the loss network that judge the style (auto)"},
    {"content-layer", "NAME", "the one that judges the content (auto)"},
    {"seed", "N", "of everything that is drawn (1)"},
    {"state", "FILE",
     "where the training goes on after a stop (STYLE.state); the same command resumes it"},
    {"save", "SECONDS", "between two states (60); 0: after every step"},
    {"measure", "STEPS", "only time so many steps: prints pictures per second and writes nothing"},
    {"threads", "N", "threads to compute with; as many as there are processors unless given"},
    {0},
};

typedef struct Training {
    StyleOptions options;
    LearnOptions learn;
    Dataset pictures;
    Network *loss;
    StyleTrainer *trainer;
} Training;

static void training_release(Training *t)
{
    style_trainer_destroy(t->trainer);
    dataset_release(&t->pictures);
    network_close(t->loss);
}

/* ---- opening ---- */

static Status read_options(const Args *args, StyleOptions *o)
{
    *o = style_defaults();
    TRY(args_int(args, "filters", 1, 128, o->network.filters, &o->network.filters));
    TRY(args_int(args, "blocks", 0, 16, o->network.blocks, &o->network.blocks));
    TRY(args_int(args, "crop", 32, 1024, o->crop, &o->crop));
    TRY(args_int(args, "batch", 1, 256, o->batch, &o->batch));
    TRY(args_int(args, "steps", 1, 10000000, o->steps, &o->steps));
    TRY(args_int(args, "style-side", 32, 2048, o->style_side, &o->style_side));
    TRY(args_int(args, "seed", 0, 1 << 30, o->seed, &o->seed));
    TRY(args_float(args, "rate", 1e-8, 1, &o->rate));
    TRY(args_float(args, "style-weight", 0, 1e6, &o->style_weight));
    TRY(args_float(args, "content-weight", 0, 1e6, &o->content_weight));
    TRY(args_float(args, "tv-weight", 0, 1e6, &o->variation_weight));
    if (args_option(args, "style-layers")) o->style_layers = args_option(args, "style-layers");
    if (args_option(args, "content-layer")) o->content_layer = args_option(args, "content-layer");
    return status_ok();
}

static Status training_open(const Args *args, Training *t)
{
    const char *style = args_option(args, "style"), *loss = args_option(args, "loss");
    char path[PATH_BYTES];
    int size;
    if (!style || !loss) {
        return status_error(STATUS_BAD_INPUT,
                            "train-style needs a style and a network that judges: give --style "
                            "PICTURE and --loss NET.onnx");
    }
    TRY(read_options(args, &t->options));
    TRY(args_int(args, "size", t->options.crop, 4096, t->options.crop > 256 ? t->options.crop : 256,
                 &size));
    TRY(learn_read_options(args, "style.onnx", &t->learn));
    TRY(model_open_named(loss, path, &t->loss));
    TRY(dataset_read(&t->pictures, args->words[0], &(DatasetRequest){.size = size, .channels = 3}));
    Picture picture;
    TRY(file_read_picture(style, &picture));
    const Status status =
        style_trainer_create(&t->trainer, &t->options, &t->pictures, t->loss, &picture);
    picture_release(&picture);
    return status;
}

/* ---- what is written ---- */

static Status write_log(const Training *t)
{
    Text text = {0};
    style_trainer_log_csv(t->trainer, &text);
    return file_write_text(t->learn.paths.log, &text);
}

static float power_of_ten(double value)
{
    return (float)log10(fmax(value, 1e-9));
}

static Status write_plot(const Training *t)
{
    int count;
    const StyleLine *log = style_trainer_log(t->trainer, &count);
    float values[2 * STYLE_LOG_LINES];
    for (int i = 0; i < count; i++) {
        values[i] = power_of_ten(log[i].loss);
        values[count + i] = power_of_ten(log[i].content);
    }
    Drawing drawing = {0};
    Status status = chart_draw(values, 2, count, &drawing);
    if (status.code == STATUS_OK)
        status =
            picture_write_png(t->learn.paths.plot, drawing.rgb, 3, drawing.height, drawing.width);
    drawing_release(&drawing);
    return status;
}

static Status report(void *training)
{
    const Training *t = training;
    int count;
    const StyleLine *line = style_trainer_log(t->trainer, &count) + count - 1;
    printf("step %5lld  loss %.4f  content %.4f  style %.4f  variation %.4f  %.1f pictures/s\n",
           (long long)line->step, line->loss, line->content, line->style, line->variation,
           line->pictures_per_second);
    fflush(stdout);
    TRY(write_log(t));
    return write_plot(t);
}

/* ---- learning ---- */

static StyleTrainer *trainer_of(void *training)
{
    return ((Training *)training)->trainer;
}

static Status step(void *training)
{
    return style_trainer_step(trainer_of(training));
}

static bool done(void *training)
{
    return style_trainer_done(trainer_of(training));
}

static double progress(void *training)
{
    const Training *t = training;
    return (double)style_trainer_steps(t->trainer) / t->options.steps;
}

static long steps(void *training)
{
    return style_trainer_steps(trainer_of(training));
}

static int lines(void *training)
{
    int count;
    style_trainer_log(trainer_of(training), &count);
    return count;
}

static Status save(void *training, const char *path)
{
    return style_trainer_save(trainer_of(training), path);
}

static Status load(void *training, const char *path)
{
    return style_trainer_load(trainer_of(training), path);
}

static Status write(void *training, const char *name, const char *path)
{
    return style_trainer_export(trainer_of(training), name, path);
}

int command_train_style(const Args *args)
{
    Training *training = calloc(1, sizeof *training);
    if (!training) return cli_fail(status_no_memory("the training", sizeof *training));
    Status status = training_open(args, training);
    const Learner learner = {.title = "train-style",
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
