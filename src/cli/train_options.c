#include "cli/train_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"

const Option train_options[] = {
    {"network", "NAME",
     "digits, tiny, things, vgg, inception or residual; or a text file that describes one (vgg)"},
    {"out", "NET.onnx", "the network to write, float16 with labels and preprocessing"},
    {"validation", "FOLDER", "pictures to judge by (the folder `val` beside the one for training)"},
    {"classes", "LIST", "only these classes, with commas between, in this order"},
    {"count", "N", "how many digits to draw (20000)"},
    {"epochs", "N", "how often every picture is shown (30)"},
    {"sizes", "LIST", "epochs at growing sizes instead, as in 32x20,64x10"},
    {"batch", "N", "pictures in a step (128)"},
    {"optimiser", "NAME", "sgd (with Nesterov's momentum), adam or adamw (sgd)"},
    {"rate", "X", "highest learning rate (0.1; adam and adamw 0.002)"},
    {"momentum", "X", "of sgd, or the first beta of adam (0.9)"},
    {"decay", "X", "weight decay (0.0005; adamw 0.05)"},
    {"schedule", "NAME", "constant, cosine or onecycle (onecycle)"},
    {"warm-up", "EPOCHS",
     "in which the learning rate rises (a quarter of them; cosine 1; constant 0)"},
    {"smoothing", "X", "share of each target that goes to all classes (0)"},
    {"mixup", "A", "blend pictures in pairs, shares from Beta(A, A)"},
    {"cutmix", "A", "replace a rectangle by another picture's, areas from Beta(A, A)"},
    {"average", "X",
     "decay of the moving average of the weights that is written, as 0.999 (0: none)"},
    {"crop", "X", "least share of a picture's area that is shown (1)"},
    {"no-flip", NULL, "do not mirror pictures"},
    {"colour", "X", "change of brightness, contrast and saturation (0)"},
    {"cutout", "X", "side of a grey square, as a share of the picture's (0)"},
    {"seed", "N", "of everything that is drawn (1)"},
    {"state", "FILE",
     "where the training goes on after a stop (NET.state); the same command resumes it"},
    {"save", "SECONDS", "between two states (60); 0: after every step"},
    {"measure", "STEPS", "only time so many steps: prints pictures per second and writes nothing"},
    {"threads", "N", "threads to compute with; as many as there are processors unless given"},
    {0},
};

/* ---- words ---- */

/* The index of a word in a list that NULL ends. */
static Status read_word(const Args *args, const char *name, const char *const *words, int *index)
{
    const char *text = args_option(args, name);
    if (!text) return status_ok();
    Text list = {0};
    for (int i = 0; words[i]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *index = i;
            text_release(&list);
            return status_ok();
        }
        text_format(&list, "%s%s", i ? ", " : "", words[i]);
    }
    const Status status = status_error(STATUS_BAD_INPUT, "--%s is '%.40s', but has to be one of %s",
                                       name, text, list.bytes ? list.bytes : "a few words");
    text_release(&list);
    return status;
}

/* ---- the network ---- */

Status train_read_architecture(const Args *args, Architecture *architecture)
{
    const char *name = args_option(args, "network");
    if (!name) name = "vgg";
    const char *text = architecture_builtin(name);
    if (text) return architecture_parse(architecture, name, text);
    if (!file_exists(name)) {
        return status_error(STATUS_BAD_INPUT,
                            "there is no network '%s': give a text file, or digits, tiny, "
                            "things, vgg, inception or residual",
                            name);
    }
    uint8_t *bytes;
    size_t size;
    TRY(file_read(name, "the network's description", &bytes, &size));
    const Status status = architecture_parse(architecture, name, (const char *)bytes);
    free(bytes);
    return status;
}

/* ---- the options ---- */

/* "32x20,64x10": size x epochs. */
static Status read_sizes(const char *text, TrainOptions *options)
{
    const char *at = text;
    options->phases = 0;
    while (*at && options->phases < TRAIN_MAX_PHASES) {
        TrainPhase *phase = &options->phase[options->phases++];
        int end = 0;
        const int found = sscanf(at, "%4dx%5d%n", &phase->size, &phase->epochs, &end);
        if (found != 2 || phase->size < 8 || phase->epochs < 1) break;
        at += end;
        if (*at == '\0') return status_ok();
        if (*at++ != ',') break;
    }
    return status_error(STATUS_BAD_INPUT,
                        "--sizes is '%.60s', but has to be sizes and epochs as in 32x20,64x10, %d "
                        "of them at most",
                        text, TRAIN_MAX_PHASES);
}

static Status read_optimiser(const Args *args, TrainOptions *o)
{
    static const char *const names[] = {"sgd", "adam", "adamw", NULL};
    int kind = UPDATE_SGD;
    TRY(read_word(args, "optimiser", names, &kind));
    o->optimiser = (UpdateKind)kind;
    if (kind != UPDATE_SGD) o->rate = 0.002F;
    if (kind == UPDATE_ADAMW) o->decay = 0.05F;
    TRY(args_float(args, "rate", 1e-8, 100, &o->rate));
    TRY(args_float(args, "momentum", 0, 0.9999, &o->momentum));
    return args_float(args, "decay", 0, 1, &o->decay);
}

static Status read_schedule(const Args *args, int epochs, TrainOptions *o)
{
    static const char *const names[] = {"constant", "cosine", "onecycle", NULL};
    int kind = SCHEDULE_ONECYCLE;
    TRY(read_word(args, "schedule", names, &kind));
    o->schedule = (ScheduleKind)kind;
    o->warm_up = kind == SCHEDULE_ONECYCLE ? 0.25F * (float)epochs : kind == SCHEDULE_COSINE;
    if (o->warm_up > 0.5F * (float)epochs) o->warm_up = 0.5F * (float)epochs;
    return args_float(args, "warm-up", 0, epochs, &o->warm_up);
}

static Status read_mix(const Args *args, TrainOptions *o)
{
    const bool up = args_option(args, "mixup") != NULL, cut = args_option(args, "cutmix") != NULL;
    if (up && cut) {
        return status_error(STATUS_BAD_INPUT, "--mixup and --cutmix exclude each other: give one");
    }
    o->mix = up ? MIX_UP : cut ? MIX_CUT : MIX_NONE;
    return args_float(args, up ? "mixup" : "cutmix", 0.01, 10, &o->mix_alpha);
}

Status train_read_options(const Args *args, const Architecture *architecture, TrainOptions *options)
{
    int epochs;
    TRY(args_int(args, "epochs", 1, 100000, 30, &epochs));
    *options = train_defaults(architecture, epochs);
    const char *sizes = args_option(args, "sizes");
    if (sizes) {
        TRY(read_sizes(sizes, options));
        epochs = 0;
        for (int i = 0; i < options->phases; i++) epochs += options->phase[i].epochs;
    }
    TRY(args_int(args, "batch", 2, 65536, options->batch, &options->batch));
    TRY(args_int(args, "seed", 0, 1 << 30, options->seed, &options->seed));
    TRY(read_optimiser(args, options));
    TRY(read_schedule(args, epochs, options));
    TRY(read_mix(args, options));
    TRY(args_float(args, "smoothing", 0, 0.9, &options->smoothing));
    TRY(args_float(args, "average", 0, 0.999999, &options->average));
    Augmentation *a = &options->augmentation;
    TRY(args_float(args, "crop", 0.05, 1, &a->crop));
    TRY(args_float(args, "colour", 0, 0.9, &a->colour));
    TRY(args_float(args, "cutout", 0, 0.9, &a->cutout));
    a->flip = !args_flag(args, "no-flip");
    return status_ok();
}

/* ---- files ---- */

static Status put_path(char to[PATH_BYTES], const char *path)
{
    if (snprintf(to, PATH_BYTES, "%s", path) < PATH_BYTES) return status_ok();
    return status_error(STATUS_BAD_INPUT, "the path '%.60s...' is too long", path);
}

Status train_read_paths(const Args *args, const char *initial, TrainPaths *paths)
{
    const char *out = args_option(args, "out"), *state = args_option(args, "state");
    const char *validation = args_option(args, "validation");
    char beside[PATH_BYTES];
    paths->train = args->words[0];
    if (snprintf(beside, sizeof beside, "%s/../val", paths->train) >= PATH_BYTES)
        return put_path(beside, paths->train);
    TRY(put_path(paths->validation, validation ? validation : beside));
    TRY(put_path(paths->out, out ? out : initial));
    if (!has_ending(paths->out, ".onnx")) {
        return status_error(STATUS_BAD_INPUT, "--out is '%s', but has to end with .onnx",
                            paths->out);
    }
    TRY(path_with_ending(paths->out, ".csv", paths->log));
    TRY(path_with_ending(paths->out, ".png", paths->plot));
    return state ? put_path(paths->state, state)
                 : path_with_ending(paths->out, ".state", paths->state);
}
