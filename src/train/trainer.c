#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "train/trainer_internal.h"

/* Weight of the running statistics' past. */
#define STATISTICS_MOMENTUM 0.9F

enum { TOP = 5, EVALUATION_BATCH = 100 };

TrainOptions train_defaults(const Architecture *architecture, int epochs)
{
    return (TrainOptions){
        .batch = 128,
        .seed = 1,
        .phase = {{architecture->size, epochs}},
        .phases = 1,
        .optimiser = UPDATE_SGD,
        .rate = 0.1F,
        .momentum = 0.9F,
        .second = 0.999F,
        .decay = 5e-4F,
        .schedule = SCHEDULE_ONECYCLE,
        .warm_up = 0.25F * (float)epochs,
        .smoothing = 0,
        .mix = MIX_NONE,
        .mix_alpha = 0.2F,
        .average = 0,
        .augmentation = {.crop = 1, .flip = true},
    };
}

int trainer_epochs(const TrainOptions *options)
{
    int epochs = 0;
    for (int i = 0; i < options->phases; i++) epochs += options->phase[i].epochs;
    return epochs;
}

int64_t trainer_batches(const Trainer *trainer)
{
    return (int64_t)trainer->train->count / trainer->options.batch;
}

int trainer_size(const Trainer *trainer, int64_t epoch)
{
    const TrainOptions *options = &trainer->options;
    for (int i = 0; i < options->phases; i++) {
        if (epoch < options->phase[i].epochs) return options->phase[i].size;
        epoch -= options->phase[i].epochs;
    }
    return options->phase[options->phases - 1].size;
}

/* ---- life ---- */

static Status check_data(const Architecture *architecture, const TrainOptions *options,
                         const Dataset *train, const Dataset *validation)
{
    if (train->channels != architecture->channels || validation->channels != train->channels ||
        train->classes != validation->classes) {
        return status_error(STATUS_BAD_INPUT,
                            "the pictures for training have %d classes and those for validation "
                            "%d: both need the same folders",
                            train->classes, validation->classes);
    }
    if (train->count < (size_t)options->batch || options->batch < 2) {
        return status_error(STATUS_BAD_INPUT,
                            "a batch of %d cannot be taken from %zu pictures: give --batch between "
                            "2 and their number",
                            options->batch, train->count);
    }
    return status_ok();
}

/* Mean and deviation of all pixels are close to these on photographs; round numbers are easier to type. */
Scaling train_scaling(int channels)
{
    return channels == 1 ? (Scaling){{0.5F}, {0.5F}}
                         : (Scaling){{0.48F, 0.45F, 0.4F}, {0.25F, 0.25F, 0.25F}};
}

/* Draws the weights: any graph of the network makes them. */
static Status draw_weights(Trainer *t)
{
    Random random = random_seeded((uint64_t)t->options.seed);
    const BuildRequest request = {.batch = 2,
                                  .size = t->architecture.size,
                                  .classes = t->train->classes,
                                  .training = true,
                                  .random = &random};
    Built built;
    TRY(architecture_build(&t->architecture, &t->parameters, &request, &built));
    graph_destroy(built.graph);
    return status_ok();
}

static Status allocate(Trainer *t)
{
    int most = 0;
    for (int i = 0; i < t->options.phases; i++) {
        if (t->options.phase[i].size > most) most = t->options.phase[i].size;
    }
    const size_t batch = (size_t)t->options.batch;
    const size_t input =
        (size_t)t->architecture.channels * (size_t)most * (size_t)most * sizeof(float);
    TRY(order_create(&t->order, t->train->count));
    t->target = malloc(batch * sizeof *t->target);
    t->mixed = malloc(t->options.mix == MIX_NONE ? 1 : batch * input);
    t->log = calloc((size_t)trainer_epochs(&t->options) + 1, sizeof *t->log);
    if (!t->target || !t->mixed || !t->log) return status_no_memory("the batch", batch * input);
    TRY(parameters_create(&t->parameters));
    return draw_weights(t);
}

Status trainer_create(Trainer **trainer, const Architecture *architecture,
                      const TrainOptions *options, const Dataset *train, const Dataset *validation)
{
    TRY(check_data(architecture, options, train, validation));
    Trainer *t = calloc(1, sizeof *t);
    if (!t) return status_no_memory("the trainer", sizeof *t);
    t->architecture = *architecture;
    t->options = *options;
    t->train = train;
    t->validation = validation;
    t->data_sum = dataset_checksum(train);
    t->scaling = train_scaling(architecture->channels);
    t->last_loss = NAN;
    const Status status = allocate(t);
    if (status.code == STATUS_OK) {
        *trainer = t;
    } else {
        trainer_destroy(t);
    }
    return status;
}

void trainer_destroy(Trainer *trainer)
{
    if (!trainer) return;
    graph_destroy(trainer->built.graph);
    parameters_release(&trainer->parameters);
    order_release(&trainer->order);
    free(trainer->target);
    free(trainer->mixed);
    free(trainer->log);
    free(trainer);
}

/* ---- a step ---- */

/* The graph for the size of this epoch. */
static Status prepare(Trainer *t)
{
    const int size = trainer_size(t, t->place.epoch);
    if (t->built.graph && t->built_size == size) return status_ok();
    graph_destroy(t->built.graph);
    t->built.graph = NULL;
    const BuildRequest request = {
        .batch = t->options.batch, .size = size, .classes = t->train->classes, .training = true};
    TRY(architecture_build(&t->architecture, &t->parameters, &request, &t->built));
    t->built_size = size;
    return graph_allocate(t->built.graph, GRAPH_PARAMETER_GRADIENTS);
}

/* Mean loss of the batch; leaves its gradient at the logits and counts what is right. */
static double seed(Trainer *t)
{
    const int classes = t->train->classes, batch = t->options.batch;
    const float *logits = t->built.logits->data;
    float *gradient = graph_seed(t->built.graph, t->built.logits);
    double sum = 0;
    for (int i = 0; i < batch; i++) {
        const size_t row = (size_t)i * (size_t)classes;
        sum += cross_entropy(logits + row, classes, &t->target[i], t->options.smoothing,
                             1.0F / (float)batch, gradient + row);
        const Target *target = &t->target[i];
        const int most = target->share < 0.5F ? target->b : target->a;
        t->place.right += class_place(logits + row, classes, most) == 0;
    }
    return sum / batch;
}

static double rate_of(const Trainer *t)
{
    const double epochs = trainer_epochs(&t->options);
    const double steps = epochs * (double)trainer_batches(t);
    return (double)t->options.rate * schedule_factor(t->options.schedule,
                                                     (double)t->options.warm_up / epochs,
                                                     ((double)t->place.step + 0.5) / steps);
}

static Status learn(Trainer *t)
{
    const TrainOptions *o = &t->options;
    TRY(trainer_fill(t));
    graph_forward(t->built.graph);
    graph_zero_gradients(t->built.graph);
    t->last_loss = seed(t);
    if (!isfinite(t->last_loss)) {
        return status_error(STATUS_BAD_INPUT,
                            "the loss is not finite in step %lld: take a smaller --rate",
                            (long long)t->place.step + 1);
    }
    graph_backward(t->built.graph, &backward_exact);
    const Update update = {.kind = o->optimiser,
                           .rate = (float)rate_of(t),
                           .momentum = o->momentum,
                           .second = o->second,
                           .decay = o->decay,
                           .step = t->place.step + 1};
    update_parameters(&update, &t->parameters);
    update_statistics(STATISTICS_MOMENTUM, &t->parameters);
    if (o->average > 0) update_average(o->average, t->place.step, &t->parameters);
    t->place.loss_sum += t->last_loss;
    return status_ok();
}

static Status end_epoch(Trainer *t)
{
    const double batches = (double)trainer_batches(t), pictures = batches * t->options.batch;
    TrainEpoch *line = &t->log[t->log_count];
    *line = (TrainEpoch){.epoch = (int)t->place.epoch + 1,
                         .size = t->built_size,
                         .rate = rate_of(t),
                         .loss = t->place.loss_sum / batches,
                         .accuracy = (double)t->place.right / pictures,
                         .seconds = t->place.seconds,
                         .pictures_per_second = pictures / t->place.seconds};
    Score score;
    TRY(trainer_evaluate(t, t->validation, &score));
    line->validation_loss = score.loss;
    line->top1 = score.top1;
    line->top5 = score.top5;
    t->log_count++;
    t->place = (TrainPlace){.epoch = t->place.epoch + 1, .step = t->place.step};
    return status_ok();
}

Status trainer_step(Trainer *trainer)
{
    const double started = clock_seconds();
    TRY(prepare(trainer));
    TRY(learn(trainer));
    trainer->place.batch++;
    trainer->place.step++;
    trainer->place.seconds += clock_seconds() - started;
    return trainer->place.batch == trainer_batches(trainer) ? end_epoch(trainer) : status_ok();
}

/* ---- evaluating ---- */

typedef struct Evaluation {
    const Dataset *data;
    double loss;
    size_t first, top;
} Evaluation;

static Status evaluate_batch(Trainer *t, const Built *built, size_t from, int count, Evaluation *e)
{
    const Dataset *data = e->data;
    const size_t one = shape_span(&built->input->shape, 1, 4);
    for (int i = 0; i < count; i++) {
        TRY(augment(NULL, &t->scaling, dataset_pixels(data, from + (size_t)i), data->channels,
                    data->size, built->input->shape.dim[2], NULL,
                    built->input->data + (size_t)i * one));
    }
    graph_forward(built->graph);
    for (int i = 0; i < count; i++) {
        const float *logits = built->logits->data + (size_t)i * (size_t)data->classes;
        const int label = data->label[from + (size_t)i];
        const int place = class_place(logits, data->classes, label);
        e->loss += cross_entropy(logits, data->classes, &(Target){label, label, 1}, 0, 0, NULL);
        e->first += place == 0;
        e->top += place < TOP;
    }
    return status_ok();
}

Status trainer_evaluate(Trainer *trainer, const Dataset *data, Score *score)
{
    const BuildRequest request = {.batch = EVALUATION_BATCH,
                                  .size = trainer_size(trainer, trainer->place.epoch),
                                  .classes = data->classes,
                                  .average = trainer->options.average > 0};
    Built built;
    TRY(architecture_build(&trainer->architecture, &trainer->parameters, &request, &built));
    Evaluation evaluation = {.data = data};
    Status status = graph_allocate(built.graph, GRAPH_FORWARD);
    for (size_t at = 0; at < data->count && status.code == STATUS_OK; at += EVALUATION_BATCH) {
        const size_t left = data->count - at;
        const int count = left < EVALUATION_BATCH ? (int)left : EVALUATION_BATCH;
        status = evaluate_batch(trainer, &built, at, count, &evaluation);
    }
    graph_destroy(built.graph);
    const double count = (double)data->count;
    *score = (Score){evaluation.loss / count, (double)evaluation.first / count,
                     (double)evaluation.top / count};
    return status;
}

/* ---- what is asked ---- */

bool trainer_done(const Trainer *trainer)
{
    return trainer->place.epoch >= trainer_epochs(&trainer->options);
}

double trainer_progress(const Trainer *trainer)
{
    double done = 0, all = 0;
    const double batches = (double)trainer_batches(trainer);
    for (int64_t epoch = 0; epoch < trainer_epochs(&trainer->options); epoch++) {
        const double size = trainer_size(trainer, epoch), area = size * size * batches;
        all += area;
        if (epoch < trainer->place.epoch) done += area;
        if (epoch == trainer->place.epoch) done += area * (double)trainer->place.batch / batches;
    }
    return done / all;
}

double trainer_loss(const Trainer *trainer)
{
    return trainer->last_loss;
}

long trainer_steps(const Trainer *trainer)
{
    return (long)trainer->place.step;
}

int trainer_epoch(const Trainer *trainer)
{
    return (int)trainer->place.epoch + 1;
}

const TrainEpoch *trainer_log(const Trainer *trainer, int *count)
{
    *count = (int)trainer->log_count;
    return trainer->log;
}

void trainer_log_csv(const Trainer *trainer, Text *text)
{
    text_format(text, "epoch,size,learning_rate,train_loss,train_top1,validation_loss,"
                      "validation_top1,validation_top5,seconds,pictures_per_second\n");
    for (int i = 0; i < trainer->log_count; i++) {
        const TrainEpoch *e = &trainer->log[i];
        text_format(text, "%d,%d,%.6g,%.5f,%.5f,%.5f,%.5f,%.5f,%.1f,%.1f\n", e->epoch, e->size,
                    e->rate, e->loss, e->accuracy, e->validation_loss, e->top1, e->top5, e->seconds,
                    e->pictures_per_second);
    }
}
