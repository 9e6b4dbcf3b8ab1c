/* A batch: which pictures, how they are changed, and what they are. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "parallel.h"
#include "train/trainer_internal.h"

/* Generators that have nothing to do with each other. */
enum { STREAM_ORDER = 1, STREAM_PICTURE, STREAM_MIX, STREAM_DROPOUT };

/* Mixes the bits of what a draw depends on (splitmix64, Steele et al. 2014). */
static Random stream(const Trainer *t, int kind, int64_t epoch, int64_t index)
{
    uint64_t z = (uint64_t)t->options.seed;
    const uint64_t words[] = {(uint64_t)kind, (uint64_t)epoch, (uint64_t)index};
    for (int i = 0; i < 3; i++) {
        z += words[i] + 0x9E3779B97F4A7C15ULL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        z ^= z >> 31;
    }
    return random_seeded(z);
}

static void draw_order(Trainer *t)
{
    if (t->ordered == t->place.epoch) return;
    Random random = stream(t, STREAM_ORDER, t->place.epoch, 0);
    const int count = (int)t->train->count;
    for (int i = 0; i < count; i++) t->order[i] = i;
    random_shuffle(&random, t->order, count);
    t->ordered = t->place.epoch;
}

typedef struct Filling {
    Trainer *trainer;
    float *to;
    atomic_flag failed;
    Status status;
} Filling;

static void fill_pictures(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    Filling *f = context;
    Trainer *t = f->trainer;
    const Dataset *data = t->train;
    const size_t one = shape_span(&t->built.input->shape, 1, 4);
    for (size_t i = begin; i < end; i++) {
        const int64_t at = t->place.batch * t->options.batch + (int64_t)i;
        const size_t picture = (size_t)t->order[at];
        Random random = stream(t, STREAM_PICTURE, t->place.epoch, at);
        const Status status =
            augment(&t->options.augmentation, &t->scaling, dataset_pixels(data, picture),
                    data->channels, data->size, t->built_size, &random, f->to + i * one);
        if (status.code != STATUS_OK && !atomic_flag_test_and_set(&f->failed)) f->status = status;
        t->target[i] = (Target){data->label[picture], data->label[picture], 1};
    }
}

/* Every picture takes a part of the one that lies behind it, as far as a drawn distance. */
static void mix_pictures(Trainer *t)
{
    Random random = stream(t, STREAM_MIX, t->place.epoch, t->place.batch);
    const size_t batch = (size_t)t->options.batch;
    const size_t one = shape_span(&t->built.input->shape, 1, 4);
    const Mix mix = mix_draw(t->options.mix, t->options.mix_alpha, t->built_size, &random);
    const size_t distance = batch > 1 ? 1 + random_below(&random, (uint32_t)batch - 1) : 0;
    float *input = t->built.input->data;
    memcpy(input, t->mixed, batch * one * sizeof *input);
    for (size_t i = 0; i < batch; i++) {
        const size_t partner = (i + distance) % batch;
        mix_apply(&mix, t->architecture.channels, t->built_size, t->mixed + partner * one,
                  input + i * one);
        t->target[i].share = mix.share;
        t->target[i].b = t->target[partner].a;
    }
}

static void fill_dropout(Trainer *t)
{
    Value *dropout = t->built.dropout;
    if (!dropout) return;
    Random random = stream(t, STREAM_DROPOUT, t->place.epoch, t->place.batch);
    const float share = t->architecture.dropout;
    for (size_t i = 0; i < shape_elements(&dropout->shape); i++) {
        dropout->data[i] = random_uniform(&random) < share ? 0 : 1 / (1 - share);
    }
}

Status trainer_fill(Trainer *trainer)
{
    draw_order(trainer);
    const bool mixes = trainer->options.mix != MIX_NONE;
    Filling filling = {.trainer = trainer,
                       .to = mixes ? trainer->mixed : trainer->built.input->data,
                       .failed = ATOMIC_FLAG_INIT,
                       .status = status_ok()};
    parallel_for((size_t)trainer->options.batch, 4, fill_pictures, &filling);
    if (mixes && filling.status.code == STATUS_OK) mix_pictures(trainer);
    fill_dropout(trainer);
    return filling.status;
}
