/* The loop of every training: steps, a progress bar with the time left, states, and Ctrl-C. */
#ifndef CONVOSCOPE_CLI_LEARN_H
#define CONVOSCOPE_CLI_LEARN_H

#include "cli/cli.h"
#include "cli/train_options.h"

/* A training as the loop sees it. */
typedef struct Learner {
    const char *title;
    void *training; /* what the functions are given */
    Status (*step)(void *training);
    bool (*done)(void *training);
    double (*progress)(void *training); /* 0 to 1 */
    long (*steps)(void *training);      /* done so far */
    int (*lines)(void *training);       /* of the log */
    Status (*report)(void *training);   /* after each new line: prints it, writes log and plot */
    Status (*save)(void *training, const char *path);
    Status (*load)(void *training, const char *path);
    Status (*write)(void *training, const char *name, const char *path); /* the network */
    int batch;
} Learner;

/* --state, --save, --measure and --threads, which every training has. */
typedef struct LearnOptions {
    TrainPaths paths;
    int save_seconds, measured_steps;
} LearnOptions;

/* initial: of --out. Starts the threads. */
Status learn_read_options(const Args *args, const char *initial, LearnOptions *options);

/* Goes on where a state was left, learns to the end or Ctrl-C, and writes the network; or only measures. */
Status learn(const Learner *learner, const LearnOptions *options);

/* What the command returns after learn. */
int learn_exit(const Learner *learner, const LearnOptions *options, Status status);

#endif
