/* What a training of classes needs to go on, and what tells it from another. */
#include "train/state.h"
#include "train/trainer_internal.h"

/* Everything that the numbers of a training depend on. */
static void settings(const void *owner, Text *text)
{
    const Trainer *t = owner;
    const TrainOptions *o = &t->options;
    const Augmentation *a = &o->augmentation;
    text_format(text, STATE_MAGIC " 1\nbatch %d\nseed %d\nsizes", o->batch, o->seed);
    for (int i = 0; i < o->phases; i++)
        text_format(text, " %dx%d", o->phase[i].size, o->phase[i].epochs);
    text_format(text, "\noptimiser %d %a %a %a %a\nschedule %d %a\n", (int)o->optimiser,
                (double)o->rate, (double)o->momentum, (double)o->second, (double)o->decay,
                (int)o->schedule, (double)o->warm_up);
    text_format(text, "smoothing %a\nmix %d %a\naverage %a\naugmentation %a %d %a %a\n",
                (double)o->smoothing, (int)o->mix, (double)o->mix_alpha, (double)o->average,
                (double)a->crop, a->flip, (double)a->colour, (double)a->cutout);
    text_format(text, "pictures %zu of %d classes, %016llx\n%s", t->train->count, t->train->classes,
                (unsigned long long)t->data_sum, t->architecture.text);
}

/* Place, last loss, lines of the log, parameters. */
static void pieces(void *owner, State *state)
{
    Trainer *t = owner;
    state_piece(state, &t->place, sizeof t->place);
    state_piece(state, &t->last_loss, sizeof t->last_loss);
    state_piece(state, &t->log_count, sizeof t->log_count);
    if (t->log_count < 0 || t->log_count > trainer_epochs(&t->options)) {
        t->log_count = 0;
        state_refuse(state);
    }
    state_piece(state, t->log, (size_t)t->log_count * sizeof *t->log);
    state_parameters(state, &t->parameters);
}

static const StateForm form = {settings, pieces};

Status trainer_save(Trainer *trainer, const char *path)
{
    return state_save(path, &form, trainer);
}

Status trainer_load(Trainer *trainer, const char *path)
{
    return state_load(path, &form, trainer);
}
