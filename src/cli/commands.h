/* The commands, one file per group, and the options that are theirs alone. */
#ifndef CONVOSCOPE_CLI_COMMANDS_H
#define CONVOSCOPE_CLI_COMMANDS_H

#include "cli/cli.h"

extern const Option classify_options[], run_options[], gradient_options[], bench_options[],
    technique_options[], scenes_options[], train_options[], train_style_options[],
    evaluate_options[];

int command_info(const Args *args);
int command_classify(const Args *args);
int command_run(const Args *args);
int command_gradient(const Args *args);
int command_techniques(const Args *args);
int command_ops(const Args *args);
int command_bench(const Args *args);
int command_scenes(const Args *args);
int command_train(const Args *args);
int command_train_style(const Args *args);
int command_evaluate(const Args *args);
int command_technique(const Args *args);

#endif
