/* What the files of the trainer share. */
#ifndef CONVOSCOPE_TRAIN_TRAINER_INTERNAL_H
#define CONVOSCOPE_TRAIN_TRAINER_INTERNAL_H

#include "train/builder.h"
#include "train/draw.h"
#include "train/loss.h"
#include "train/trainer.h"

/* What a state begins with after its magic; all that a step depends on besides the weights. */
typedef struct TrainPlace {
    int64_t epoch, batch, step; /* of those done: in this epoch and in all */
    double loss_sum;            /* of this epoch's batches */
    int64_t right;
    double seconds; /* of this epoch; for the log alone */
} TrainPlace;

struct Trainer {
    Architecture architecture;
    TrainOptions options;
    const Dataset *train, *validation;
    uint64_t data_sum; /* of train */
    Scaling scaling;
    Parameters parameters;
    Built built; /* of the phase under way; graph NULL before its first step */
    int built_size;
    TrainPlace place;
    Order order;
    Target *target; /* [batch] */
    float *mixed;   /* [batch,input]: room for pictures before they are mixed */
    TrainEpoch *log;
    int64_t log_count;
    double last_loss;
};

/* batch.c: fills the input, the targets and the dropout factors of the graph for the place. */
Status trainer_fill(Trainer *trainer);

int trainer_epochs(const TrainOptions *options);
int64_t trainer_batches(const Trainer *trainer); /* in an epoch */
int trainer_size(const Trainer *trainer, int64_t epoch);

/* Mean and deviation that the network's input is scaled with. */
Scaling train_scaling(int channels);

#endif
