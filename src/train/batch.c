/* A batch: which pictures, how they are changed, and what they are. */
#include <string.h>

#include "train/draw.h"
#include "train/trainer_internal.h"

static Random draw_of(const Trainer *t, DrawKind kind)
{
    return draw_random(t->options.seed, kind, t->place.epoch, t->place.batch);
}

static void set_targets(Trainer *t, int64_t first)
{
    for (int i = 0; i < t->options.batch; i++) {
        const int class = t->train->label[t->order.picture[first + i]];
        t->target[i] = (Target){class, class, 1};
    }
}

/* Every picture takes a part of the one that lies behind it, as far as a drawn distance. */
static void mix_pictures(Trainer *t)
{
    Random random = draw_of(t, DRAW_MIX);
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
    Random random = draw_of(t, DRAW_DROPOUT);
    const float share = t->architecture.dropout;
    for (size_t i = 0; i < shape_elements(&dropout->shape); i++) {
        dropout->data[i] = random_uniform(&random) < share ? 0 : 1 / (1 - share);
    }
}

Status trainer_fill(Trainer *trainer)
{
    const TrainOptions *options = &trainer->options;
    const bool mixes = options->mix != MIX_NONE;
    order_draw(&trainer->order, options->seed, trainer->place.epoch);
    const PictureDraw draw = {.data = trainer->train,
                              .order = &trainer->order,
                              .augmentation = &options->augmentation,
                              .scaling = &trainer->scaling,
                              .seed = options->seed,
                              .size = trainer->built_size,
                              .first = trainer->place.batch * options->batch,
                              .count = options->batch};
    TRY(draw_pictures(&draw, mixes ? trainer->mixed : trainer->built.input->data));
    set_targets(trainer, draw.first);
    if (mixes) mix_pictures(trainer);
    fill_dropout(trainer);
    return status_ok();
}
