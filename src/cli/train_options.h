/* What the words of `convoscope train` mean. */
#ifndef CONVOSCOPE_CLI_TRAIN_OPTIONS_H
#define CONVOSCOPE_CLI_TRAIN_OPTIONS_H

#include "cli/cli.h"
#include "cli/files.h"
#include "train/trainer.h"

typedef struct TrainPaths {
    const char *train;
    char validation[PATH_BYTES], out[PATH_BYTES], state[PATH_BYTES], log[PATH_BYTES],
        plot[PATH_BYTES];
} TrainPaths;

Status train_read_architecture(const Args *args, Architecture *architecture);
Status train_read_options(const Args *args, const Architecture *architecture,
                          TrainOptions *options);
/* initial: of --out; the other paths lie beside it. */
Status train_read_paths(const Args *args, const char *initial, TrainPaths *paths);

#endif
