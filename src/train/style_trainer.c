#include "train/style_trainer.h"

#include <math.h>
#include <stdlib.h>

#include "base/checksum.h"
#include "base/clock.h"
#include "base/file.h"
#include "onnx/export.h"
#include "train/draw.h"
#include "train/state.h"
#include "train/update.h"

#define WARM_UP 0.05

/* What a state holds besides the weights and the log. */
typedef struct StylePlace {
    int64_t step;  /* done */
    StyleLine sum; /* over the steps since the last line of the log */
} StylePlace;

struct StyleTrainer {
    StyleOptions options;
    const Dataset *pictures;
    uint64_t data_sum, loss_sum, style_sum;
    Parameters parameters;
    StyleGraph net;
    Perceptual *perceptual;
    Order order;
    StylePlace place;
    StyleLine log[STYLE_LOG_LINES];
    int64_t log_count;
};

StyleOptions style_defaults(void)
{
    return (StyleOptions){.network = {.filters = 16, .blocks = 5},
                          .batch = 4,
                          .steps = 1500,
                          .seed = 1,
                          .crop = 128,
                          .rate = 3e-3F,
                          .content_weight = 1,
                          .style_weight = 10,
                          .variation_weight = 1,
                          .style_side = 256,
                          .style_layers = "auto",
                          .content_layer = "auto"};
}

/* ---- life ---- */

static Status check_options(const StyleOptions *o, const Dataset *pictures)
{
    if (pictures->channels != 3 || o->crop > pictures->size || o->crop % STYLE_MULTIPLE != 0) {
        return status_error(STATUS_BAD_INPUT,
                            "a crop of %d pixels cannot be taken: give a multiple of %d, up to the "
                            "%d of the pictures",
                            o->crop, STYLE_MULTIPLE, pictures->size);
    }
    if (pictures->count >= (size_t)o->batch) return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "a batch of %d cannot be taken from %zu pictures: give a smaller --batch",
                        o->batch, pictures->count);
}

static Status set_up(StyleTrainer *t, Network *loss, const Picture *style)
{
    const StyleOptions *o = &t->options;
    Random random = random_seeded((uint64_t)o->seed);
    const StyleBuildRequest request = {
        .batch = o->batch, .size = o->crop, .training = true, .random = &random};
    const PerceptualOptions perceptual = {.batch = o->batch,
                                          .size = o->crop,
                                          .style_side = o->style_side,
                                          .style = o->style_layers,
                                          .content = o->content_layer,
                                          .style_weight = o->style_weight,
                                          .content_weight = o->content_weight};
    TRY(order_create(&t->order, t->pictures->count));
    TRY(perceptual_create(&t->perceptual, loss, style, &perceptual));
    TRY(parameters_create(&t->parameters));
    TRY(style_network_build(&o->network, &t->parameters, &request, &t->net));
    return graph_allocate(t->net.graph, GRAPH_PARAMETER_GRADIENTS);
}

Status style_trainer_create(StyleTrainer **trainer, const StyleOptions *options,
                            const Dataset *pictures, Network *loss, const Picture *style)
{
    TRY(check_options(options, pictures));
    StyleTrainer *t = calloc(1, sizeof *t);
    if (!t) return status_no_memory("the trainer", sizeof *t);
    t->options = *options;
    t->pictures = pictures;
    t->data_sum = dataset_checksum(pictures);
    t->loss_sum = network_checksum(loss);
    t->style_sum =
        checksum(CHECKSUM_START, style->rgba, 4 * (size_t)style->width * (size_t)style->height);
    const Status status = set_up(t, loss, style);
    if (status.code == STATUS_OK) {
        *trainer = t;
    } else {
        style_trainer_destroy(t);
    }
    return status;
}

void style_trainer_destroy(StyleTrainer *trainer)
{
    if (!trainer) return;
    graph_destroy(trainer->net.graph);
    perceptual_destroy(trainer->perceptual);
    parameters_release(&trainer->parameters);
    order_release(&trainer->order);
    free(trainer);
}

/* ---- a step ---- */

/* Levels 0 to 255 of parts of the pictures, from the crop's own size to all of a picture, scaled down. */
static Status fill(StyleTrainer *t)
{
    static const Scaling levels = {{0}, {1 / 255.0F, 1 / 255.0F, 1 / 255.0F}};
    const StyleOptions *o = &t->options;
    const int64_t batches = t->order.count / o->batch;
    const float share = (float)o->crop / (float)t->pictures->size;
    const Augmentation augmentation = {.crop = share * share, .flip = true};
    order_draw(&t->order, o->seed, t->place.step / batches);
    const PictureDraw draw = {.data = t->pictures,
                              .order = &t->order,
                              .augmentation = &augmentation,
                              .scaling = &levels,
                              .seed = o->seed,
                              .size = o->crop,
                              .first = t->place.step % batches * o->batch,
                              .count = o->batch};
    return draw_pictures(&draw, t->net.content->data);
}

/* Leaves the gradient at the styled pictures. */
static StyleLine seed(StyleTrainer *t)
{
    const Objective variation = {.kind = OBJECTIVE_TOTAL_VARIATION,
                                 .value = t->net.styled,
                                 .weight = t->options.variation_weight * 100 / (255.0F * 255.0F)};
    StyleLine line = {.variation = objectives_seed(&variation, 1, t->net.graph)};
    const PerceptualLoss loss =
        perceptual_compare(t->perceptual, t->net.content->data, t->net.styled->data,
                           graph_seed(t->net.graph, t->net.styled));
    line.content = loss.content;
    line.style = loss.style;
    line.loss = loss.content + loss.style + line.variation;
    return line;
}

static void add_line(StyleLine *sum, const StyleLine *line, double share)
{
    sum->rate += share * line->rate;
    sum->loss += share * line->loss;
    sum->content += share * line->content;
    sum->style += share * line->style;
    sum->variation += share * line->variation;
}

static Status learn(StyleTrainer *t, StyleLine *line)
{
    const StyleOptions *o = &t->options;
    TRY(fill(t));
    graph_forward(t->net.graph);
    graph_zero_gradients(t->net.graph);
    *line = seed(t);
    if (!isfinite(line->loss)) {
        return status_error(STATUS_BAD_INPUT,
                            "the loss is not finite in step %lld: take a smaller --rate",
                            (long long)t->place.step + 1);
    }
    graph_backward(t->net.graph, &backward_exact);
    const double done = ((double)t->place.step + 0.5) / o->steps;
    line->rate = (double)o->rate * schedule_factor(SCHEDULE_COSINE, WARM_UP, done);
    const Update update = {.kind = UPDATE_ADAM,
                           .rate = (float)line->rate,
                           .momentum = 0.9F,
                           .second = 0.999F,
                           .step = t->place.step + 1};
    update_parameters(&update, &t->parameters);
    return status_ok();
}

/* Steps after which a line of the log is full: STYLE_LOG_LINES of nearly equal length. */
static bool ends_line(const StyleTrainer *t)
{
    const int64_t lines = STYLE_LOG_LINES, steps = t->options.steps, step = t->place.step;
    return step * lines / steps > (step - 1) * lines / steps;
}

static void end_line(StyleTrainer *t)
{
    const int64_t before = t->log_count ? t->log[t->log_count - 1].step : 0;
    const double steps = (double)(t->place.step - before);
    StyleLine *sum = &t->place.sum, *line = &t->log[t->log_count++];
    *line = (StyleLine){.step = t->place.step, .seconds = sum->seconds};
    add_line(line, sum, 1 / steps);
    line->pictures_per_second = steps * t->options.batch / sum->seconds;
    *sum = (StyleLine){0};
}

Status style_trainer_step(StyleTrainer *trainer)
{
    const double started = clock_seconds();
    StyleLine line;
    TRY(learn(trainer, &line));
    trainer->place.step++;
    add_line(&trainer->place.sum, &line, 1);
    trainer->place.sum.seconds += clock_seconds() - started;
    if (ends_line(trainer)) end_line(trainer);
    return status_ok();
}

/* ---- what is asked ---- */

bool style_trainer_done(const StyleTrainer *trainer)
{
    return trainer->place.step >= trainer->options.steps;
}

long style_trainer_steps(const StyleTrainer *trainer)
{
    return (long)trainer->place.step;
}

const StyleLine *style_trainer_log(const StyleTrainer *trainer, int *count)
{
    *count = (int)trainer->log_count;
    return trainer->log;
}

void style_trainer_log_csv(const StyleTrainer *trainer, Text *text)
{
    text_format(text, "step,learning_rate,loss,content,style,variation,seconds,"
                      "pictures_per_second\n");
    for (int i = 0; i < trainer->log_count; i++) {
        const StyleLine *e = &trainer->log[i];
        text_format(text, "%lld,%.6g,%.5f,%.5f,%.5f,%.5f,%.1f,%.1f\n", (long long)e->step, e->rate,
                    e->loss, e->content, e->style, e->variation, e->seconds,
                    e->pictures_per_second);
    }
}

/* ---- state ---- */

static void settings(const void *owner, Text *text)
{
    const StyleTrainer *t = owner;
    const StyleOptions *o = &t->options;
    text_format(text, STATE_MAGIC "-style 1\nfilters %d\nblocks %d\nbatch %d\nsteps %d\nseed %d\n",
                o->network.filters, o->network.blocks, o->batch, o->steps, o->seed);
    text_format(text, "crop %d\nrate %a\nweights %a %a %a\nside %d\nlayers ", o->crop,
                (double)o->rate, (double)o->content_weight, (double)o->style_weight,
                (double)o->variation_weight, o->style_side);
    perceptual_layers(t->perceptual, text);
    text_format(text, "\nloss %016llx\nstyle %016llx\npictures %zu, %016llx\n",
                (unsigned long long)t->loss_sum, (unsigned long long)t->style_sum,
                t->pictures->count, (unsigned long long)t->data_sum);
}

static void pieces(void *owner, State *state)
{
    StyleTrainer *t = owner;
    state_piece(state, &t->place, sizeof t->place);
    state_piece(state, &t->log_count, sizeof t->log_count);
    if (t->log_count < 0 || t->log_count > STYLE_LOG_LINES) {
        t->log_count = 0;
        state_refuse(state);
    }
    state_piece(state, t->log, (size_t)t->log_count * sizeof t->log[0]);
    state_parameters(state, &t->parameters);
}

static const StateForm form = {settings, pieces};

Status style_trainer_save(StyleTrainer *trainer, const char *path)
{
    return state_save(path, &form, trainer);
}

Status style_trainer_load(StyleTrainer *trainer, const char *path)
{
    return state_load(path, &form, trainer);
}

/* ---- the file ---- */

static Status write_graph(const Graph *graph, const char *name, const char *path)
{
    static const OnnxExportEntry metadata[] = {
        {"convoscope.size", "512x512"}, {"convoscope.channels", "RGB"}, {"convoscope.range", "255"},
        {"convoscope.mean", "0,0,0"},   {"convoscope.std", "1,1,1"},
    };
    const OnnxExportOptions options = {.name = name,
                                       .half = true,
                                       .any_size = true,
                                       .metadata = metadata,
                                       .metadata_count = sizeof metadata / sizeof *metadata};
    Text bytes = {0};
    const Status status = onnx_export(graph, &options, &bytes);
    if (status.code == STATUS_OK) return file_write_text(path, &bytes);
    text_release(&bytes);
    return status;
}

Status style_trainer_export(StyleTrainer *trainer, const char *name, const char *path)
{
    const StyleBuildRequest request = {.batch = 1, .size = trainer->options.crop};
    StyleGraph built;
    TRY(style_network_build(&trainer->options.network, &trainer->parameters, &request, &built));
    const Status status = write_graph(built.graph, name, path);
    graph_destroy(built.graph);
    return status;
}
