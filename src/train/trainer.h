/*
 * Trainer: learns the weights of an architecture from labelled pictures, a batch at a time.
 *
 *     Trainer *trainer;
 *     TRY(trainer_create(&trainer, &architecture, &options, &train, &validation));
 *     TRY(trainer_load(trainer, "net.state"));             // goes on where a state was saved
 *     while (!trainer_done(trainer)) {
 *         TRY(trainer_step(trainer));                      // one batch; an epoch's end is evaluated
 *         if (...) TRY(trainer_save(trainer, "net.state"));
 *     }
 *     TRY(trainer_export(trainer, "name", "net.onnx"));
 *     trainer_destroy(trainer);
 *
 * What a step draws depends on the seed, the epoch and the place in it alone: a training that was stopped
 * and loaded ends with the same numbers, to the bit, as one that ran through, on any number of threads.
 */
#ifndef CONVOSCOPE_TRAIN_TRAINER_H
#define CONVOSCOPE_TRAIN_TRAINER_H

#include "train/architecture.h"
#include "train/augment.h"
#include "train/dataset.h"
#include "train/update.h"

enum { TRAIN_MAX_PHASES = 8 };

/* So many epochs with pictures of that side. */
typedef struct TrainPhase {
    int size, epochs;
} TrainPhase;

typedef struct TrainOptions {
    int batch;
    int seed;
    TrainPhase phase[TRAIN_MAX_PHASES];
    int phases;
    UpdateKind optimiser;
    float rate, momentum, second, decay; /* see Update */
    ScheduleKind schedule;
    float warm_up;   /* epochs in which the learning rate rises */
    float smoothing; /* share of a target that goes to all classes */
    MixKind mix;
    float mix_alpha;
    float average; /* decay of the moving average of the weights; 0: none */
    Augmentation augmentation;
} TrainOptions;

/* One line of the log. Losses in nats, rates in 0 to 1. */
typedef struct TrainEpoch {
    int epoch, size;
    double rate;
    double loss, accuracy; /* over the augmented pictures as they came */
    double validation_loss, top1, top5;
    double seconds, pictures_per_second;
} TrainEpoch;

typedef struct Score {
    double loss, top1, top5;
} Score;

typedef struct Trainer Trainer;

/* Sensible values for `epochs` epochs at the architecture's own size. */
TrainOptions train_defaults(const Architecture *architecture, int epochs);

/* The data are borrowed and have the architecture's size and channels, or a larger size. */
Status trainer_create(Trainer **trainer, const Architecture *architecture,
                      const TrainOptions *options, const Dataset *train, const Dataset *validation);
void trainer_destroy(Trainer *trainer); /* NULL is fine */

/* One batch. After the last one of an epoch the validation pictures are evaluated and a line is logged. Fails
 * when the loss is not finite. */
Status trainer_step(Trainer *trainer);
bool trainer_done(const Trainer *trainer);

/* Pictures learned so far, weighted by their area, as a share of all: 0 to 1. */
double trainer_progress(const Trainer *trainer);

/* Loss of the last batch; not-a-number before the first. */
double trainer_loss(const Trainer *trainer);
long trainer_steps(const Trainer *trainer); /* done so far */
int trainer_epoch(const Trainer *trainer);  /* that is under way, from 1 on */

/* Lines of the log so far; owned by the trainer. */
const TrainEpoch *trainer_log(const Trainer *trainer, int *count);
void trainer_log_csv(const Trainer *trainer, Text *text);

/* Of the network that would be written now. */
Status trainer_evaluate(Trainer *trainer, const Dataset *data, Score *score);

/* Everything that the rest of the training depends on, replacing the file in one step. */
Status trainer_save(Trainer *trainer, const char *path);

/* Fails when the file is damaged or belongs to a training with other options, data or network. */
Status trainer_load(Trainer *trainer, const char *path);

/* The network as float16 ONNX, with labels and preprocessing; replaces the file in one step. */
Status trainer_export(Trainer *trainer, const char *name, const char *path);

#endif
