/* How a step changes the weights, and how large the steps are. */
#ifndef CONVOSCOPE_TRAIN_UPDATE_H
#define CONVOSCOPE_TRAIN_UPDATE_H

#include <stddef.h>

#include "train/parameters.h"

typedef enum UpdateKind {
    UPDATE_SGD,   /* Nesterov's momentum, as PyTorch writes it (Sutskever et al. 2013) */
    UPDATE_ADAM,  /* Kingma & Ba 2015, algorithm 1; decay is added to the gradient */
    UPDATE_ADAMW, /* Loshchilov & Hutter 2019: decay shrinks the weight itself */
} UpdateKind;

typedef struct Update {
    UpdateKind kind;
    float rate;             /* learning rate of this step */
    float momentum, second; /* Adam: beta 1 and beta 2 */
    float decay;            /* weight decay */
    long step;              /* 1 for the first; for Adam's bias correction */
} Update;

/* One step of `count` weights x with their gradient g; first and second are kept between steps. */
void update_step(const Update *update, size_t count, const float *g, float *x, float *first,
                 float *second);

/* One step of all learned parameters, each with the gradient of its value; decay for weights only. */
void update_parameters(const Update *update, Parameters *parameters);

/* Running statistics += (1 - momentum) (statistics of the batch - running statistics). */
void update_statistics(float momentum, Parameters *parameters);

/* average += (1 - decay) (data - average); in the first steps decay is at most (1 + step) / (10 + step). */
void update_average(float decay, long step, Parameters *parameters);

/* ---- schedules ---- */

typedef enum ScheduleKind {
    SCHEDULE_CONSTANT,
    SCHEDULE_COSINE,   /* after a linear warm-up, to 0 (Loshchilov & Hutter 2017) */
    SCHEDULE_ONECYCLE, /* cosine from rate / 25 up to rate, then down to rate / 10^4 (Smith 2018) */
} ScheduleKind;

/* Factor of the learning rate at `done` (0 to 1) of the training; warm_up is the share that rises. */
double schedule_factor(ScheduleKind kind, double warm_up, double done);

#endif
