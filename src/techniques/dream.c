#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "techniques/common.h"
#include "techniques/style_layers.h"

enum { LEAST_SIDE = 64, MAX_OCTAVES = 10 };

typedef struct Octave {
    int height, width;
} Octave;

typedef struct Dream {
    Graph *graph; /* of the octave at work */
    Value *input;
    Objective term;
    Octave octaves[MAX_OCTAVES]; /* smallest first */
    int octave_count, octave;    /* octave: at work */
    int iterations, done;        /* of this octave */
    int channels, height, width; /* of the result */
    float *original;             /* [C,H,W] in levels, at full size */
    float *base;                 /* [C,h,w]: the same at the octave's size */
    float *dreamt;               /* [C,h,w]: with what was dreamt */
    float *detail;               /* [C,H,W]: dreamt - base, at the size of that octave */
    float *gradient;             /* [C,h,w], per level */
    float *shown, *rgb;          /* [C,H,W], [3,H,W] */
    int from_height, from_width; /* size of detail */
    int shift_y, shift_x;        /* of the picture in the network's input */
    float black[PREPROCESS_MAX_CHANNELS], level[PREPROCESS_MAX_CHANNELS];
    float *curve; /* the objective at each iteration, relative to that at the start of its octave */
    int curve_count;
    double first, last; /* the objective at the start and the end of this octave */
    char layer[TARGET_TEXT_BYTES];
    bool allocated, started; /* this octave */
    Random random;
} Dream;

static const Param params[] = {
    {.name = "layer",
     .title = "Layer",
     .type = PARAM_LAYER,
     .initial = "auto",
     .unit = "",
     .help = "Whose activations are driven up: early ones give strokes and textures, late ones "
             "eyes, faces and things; auto takes one in the later middle."},
    {.name = "channel",
     .title = "Channel",
     .type = PARAM_INT,
     .min = -1,
     .max = 65535,
     .step = 1,
     .initial = "-1",
     .unit = "",
     .help = "One channel of the layer, to dream of one thing only; -1 takes all."},
    {.name = "size",
     .title = "Size",
     .type = PARAM_INT,
     .min = 64,
     .max = 2048,
     .step = 16,
     .initial = "448",
     .unit = "px",
     .help = "Longer side of the result; twice the size is four times the work and shows more, "
             "smaller things."},
    {.name = "octaves",
     .title = "Octaves",
     .type = PARAM_INT,
     .min = 1,
     .max = MAX_OCTAVES,
     .step = 1,
     .initial = "4",
     .unit = "",
     .help = "Sizes at which it dreams, smallest first: more make larger things."},
    {.name = "iterations",
     .title = "Iterations",
     .type = PARAM_INT,
     .min = 1,
     .max = 500,
     .step = 1,
     .initial = "10",
     .unit = "",
     .help = "Steps at each size; more make the dream stronger."},
    {.name = "ratio",
     .title = "Ratio",
     .type = PARAM_FLOAT,
     .min = 1.05,
     .max = 3,
     .step = 0.05,
     .initial = "1.4",
     .unit = "x",
     .help = "From one size to the next.",
     .advanced = true},
    {.name = "step",
     .title = "Step",
     .type = PARAM_FLOAT,
     .min = 0.01,
     .max = 50,
     .step = 0.1,
     .initial = "1.5",
     .unit = "levels",
     .help = "How far the average pixel value moves in one iteration.",
     .advanced = true},
    {.name = "jitter",
     .title = "Jitter",
     .type = PARAM_INT,
     .min = 0,
     .max = 256,
     .step = 1,
     .initial = "32",
     .unit = "px",
     .help = "Each iteration shifts the picture by up to as much, so that no grid of the network's "
             "strides appears.",
     .advanced = true},
    SEED_PARAM("Of the shifts: the same number gives the same picture."),
};

/* ---- sizes ---- */

static size_t values(const Dream *s, int height, int width)
{
    return (size_t)s->channels * (size_t)height * (size_t)width;
}

/* A network that ends in a dense layer has one size: then there is one octave of it. */
static Status plan(Run *run, int height, int width)
{
    Dream *s = run_state(run);
    const Status status =
        run_plan(run, &(GraphRequest){.height = height, .width = width}, &s->graph);
    if (status.code == STATUS_OK || status.code == STATUS_NO_MEMORY || s->octave) return status;
    if (run_plan(run, &(GraphRequest){0}, &s->graph).code != STATUS_OK) return status;
    const Shape *shape = &graph_input(s->graph, 0)->shape;
    if (shape->rank == 4) s->height = shape->dim[2], s->width = shape->dim[3];
    s->octave_count = 1;
    s->octaves[0] = (Octave){s->height, s->width};
    return status_ok();
}

static void plan_octaves(Run *run)
{
    Dream *s = run_state(run);
    const Picture *picture = run_picture(run, 0);
    const int longer = picture->height > picture->width ? picture->height : picture->width;
    const double scale = run_int(run, "size") / (double)longer;
    s->height = (int)fmax(lround(scale * picture->height), LEAST_SIDE);
    s->width = (int)fmax(lround(scale * picture->width), LEAST_SIDE);
    const int wanted = run_int(run, "octaves");
    double shrink = 1;
    Octave sizes[MAX_OCTAVES];
    while (s->octave_count < wanted) {
        const Octave o = {(int)lround(s->height * shrink), (int)lround(s->width * shrink)};
        if (s->octave_count && (o.height < LEAST_SIDE || o.width < LEAST_SIDE)) break;
        sizes[s->octave_count++] = o;
        shrink /= (double)run_float(run, "ratio");
    }
    for (int i = 0; i < s->octave_count; i++) s->octaves[i] = sizes[s->octave_count - 1 - i];
}

/* In the later middle: the last style layer whose map is larger than the deepest one's. There whole eyes and heads
 * are known; the deepest size has only a few, faint things to add. */
static Status choose_layer(Run *run, Value **layer)
{
    const Dream *s = run_state(run);
    const char *name = run_text(run, "layer");
    if (strcmp(name, "auto") != 0) return network_layer(run_network(run), s->graph, name, layer);
    LayerList list;
    TRY(style_layers(run, s->graph, "auto", &list));
    int at = list.count - 1;
    while (at > 0 && list.layer[at]->shape.dim[2] <= list.layer[list.count - 1]->shape.dim[2]) at--;
    *layer = list.layer[at];
    return status_ok();
}

static Status set_objective(Run *run)
{
    Dream *s = run_state(run);
    Value *layer;
    TRY(choose_layer(run, &layer));
    const int channel = run_int(run, "channel");
    const int channels = layer->shape.rank > 1 ? layer->shape.dim[1] : 1;
    if (channel >= channels) {
        return status_error(STATUS_BAD_INPUT,
                            "dream: layer '%s' has the channels 0 to %d, but no channel %d",
                            layer->name, channels - 1, channel);
    }
    snprintf(s->layer, sizeof s->layer, "%s", layer->name);
    s->term = (Objective){.kind = channel < 0 ? OBJECTIVE_LAYER : OBJECTIVE_CHANNEL,
                          .value = layer,
                          .channel = channel < 0 ? 0 : channel,
                          .weight = 1};
    return status_ok();
}

/* ---- begin ---- */

static Status allocate(Run *run)
{
    Dream *s = run_state(run);
    const size_t count = values(s, s->height, s->width);
    float **const buffers[] = {&s->original, &s->base,  &s->dreamt, &s->detail,
                               &s->gradient, &s->shown, &s->rgb};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        TRY(run_floats(run, count, buffers[i]));
    return run_floats(run, (size_t)(s->octave_count * s->iterations), &s->curve);
}

static Status begin(Run *run)
{
    Dream *s = run_state(run);
    s->iterations = run_int(run, "iterations");
    s->random = random_seeded((uint64_t)run_int(run, "seed"));
    plan_octaves(run);
    TRY(plan(run, s->octaves[0].height, s->octaves[0].width));
    s->input = graph_input(s->graph, 0);
    TRY(check_colour_input(run, "dream", s->input));
    s->channels = s->input->shape.dim[1];
    TRY(set_objective(run));
    const Preprocess *preprocess = network_preprocess(run_network(run));
    for (int c = 0; c < s->channels; c++) {
        float white;
        preprocess_bounds(preprocess, c, &s->black[c], &white, &s->level[c]);
    }
    TRY(allocate(run));
    TRY(preprocess_apply_whole(preprocess, run_picture(run, 0), s->height, s->width, s->original));
    const size_t plane = (size_t)s->height * (size_t)s->width;
    for (size_t i = 0; i < (size_t)s->channels * plane; i++)
        s->original[i] = (s->original[i] - s->black[i / plane]) / s->level[i / plane];
    return status_ok();
}

/* ---- dreaming ---- */

/* The picture at this octave's size, with the detail of the one before. */
static Status start_octave(Run *run)
{
    Dream *s = run_state(run);
    const Octave o = s->octaves[s->octave];
    if (!s->graph) {
        TRY(plan(run, o.height, o.width));
        s->input = graph_input(s->graph, 0);
        TRY(set_objective(run));
    }
    if (!s->allocated) {
        /* A step of its own, for zeroing the memory takes as long as a layer. */
        s->allocated = true;
        return graph_allocate(s->graph, GRAPH_INPUT_GRADIENT);
    }
    TRY(resample(s->original, s->channels, s->height, s->width, s->base, o.height, o.width));
    memset(s->dreamt, 0, values(s, o.height, o.width) * sizeof *s->dreamt);
    if (s->octave) {
        TRY(resample(s->detail, s->channels, s->from_height, s->from_width, s->dreamt, o.height,
                     o.width));
    }
    for (size_t i = 0; i < values(s, o.height, o.width); i++)
        s->dreamt[i] = fminf(fmaxf(s->dreamt[i] + s->base[i], 0), 255);
    s->done = 0;
    s->started = true;
    return status_ok();
}

static void ask_gradient(Run *run)
{
    Dream *s = run_state(run);
    const Octave o = s->octaves[s->octave];
    const int jitter = run_int(run, "jitter");
    const size_t plane = (size_t)o.height * (size_t)o.width;
    s->shift_y = random_shift(&s->random, jitter, o.height);
    s->shift_x = random_shift(&s->random, jitter, o.width);
    roll_planes(s->dreamt, s->input->data, s->channels, o.height, o.width, s->shift_y, s->shift_x);
    for (size_t i = 0; i < (size_t)s->channels * plane; i++)
        s->input->data[i] = s->black[i / plane] + s->level[i / plane] * s->input->data[i];
    run_ask_gradient(run, s->graph, &s->term, 1, &backward_exact);
    /* The cost of an iteration goes with the pixels. */
    double before = 0, all = 0;
    for (int i = 0; i < s->octave_count; i++) {
        const double pixels = (double)s->octaves[i].height * s->octaves[i].width;
        all += pixels;
        if (i < s->octave) before += pixels;
    }
    const double share = (double)plane / s->iterations;
    run_tell_progress(run, (before + share * s->done) / all,
                      (before + share * (s->done + 1)) / all);
}

static Status take_step(Run *run)
{
    Dream *s = run_state(run);
    const Octave o = s->octaves[s->octave];
    const size_t plane = (size_t)o.height * (size_t)o.width, count = (size_t)s->channels * plane;
    TRY(check_gradient(s->graph, s->input, s->term.value->name, &backward_exact));
    roll_planes(s->input->grad, s->gradient, s->channels, o.height, o.width,
                (o.height - s->shift_y) % o.height, (o.width - s->shift_x) % o.width);
    double mean = 0;
    for (size_t i = 0; i < count; i++) {
        s->gradient[i] *= s->level[i / plane];
        mean += fabsf(s->gradient[i]);
    }
    mean /= (double)count;
    const float step = (float)(run_float(run, "step") / mean);
    for (size_t i = 0; i < count; i++)
        s->dreamt[i] = fminf(fmaxf(s->dreamt[i] + step * s->gradient[i], 0), 255);
    for (size_t i = 0; i < count; i++) s->detail[i] = s->dreamt[i] - s->base[i];
    s->from_height = o.height, s->from_width = o.width;
    s->last = run_objective(run);
    if (s->done++ == 0) s->first = s->last;
    s->curve[s->curve_count++] = (float)(s->first != 0 ? s->last / s->first : 0);
    run_tell_version(run);
    return status_ok();
}

static Status step(Run *run)
{
    Dream *s = run_state(run);
    if (!s->started) {
        TRY(start_octave(run));
        if (s->started) ask_gradient(run);
        return status_ok();
    }
    TRY(take_step(run));
    if (s->done < s->iterations) {
        ask_gradient(run);
        return status_ok();
    }
    if (s->octave + 1 == s->octave_count) {
        run_finish(run);
        return status_ok();
    }
    run_drop(run, s->graph);
    s->graph = NULL;
    s->allocated = s->started = false;
    s->octave++;
    return status_ok();
}

/* ---- result ---- */

static Status result(Run *run, Result *out)
{
    Dream *s = run_state(run);
    if (!s->curve_count) return nothing_yet("dream");
    /* The detail over the picture at full size: sharp from the first octave on. */
    TRY(resample(s->detail, s->channels, s->from_height, s->from_width, s->shown, s->height,
                 s->width));
    const size_t plane = (size_t)s->height * (size_t)s->width;
    for (size_t i = 0; i < (size_t)s->channels * plane; i++) {
        const float levels = fminf(fmaxf(s->shown[i] + s->original[i], 0), 255);
        s->shown[i] = s->black[i / plane] + s->level[i / plane] * levels;
    }
    preprocess_invert(network_preprocess(run_network(run)), s->shown, s->height, s->width, s->rgb);
    result_add(out, (ResultItem){.name = "image",
                                 .title = "The picture, dreamt on",
                                 .kind = RESULT_IMAGE,
                                 .shape = shape_make(3, (int[]){3, s->height, s->width}),
                                 .data = s->rgb});
    result_add(out, (ResultItem){.name = "objective",
                                 .title = "Activation, times that at the start of its octave",
                                 .kind = RESULT_CURVE,
                                 .shape = shape_make(1, &s->curve_count),
                                 .data = s->curve});
    result_fact_text(out, "layer", "Layer", s->layer);
    result_fact(out, "octave", "Octave", s->octave + 1, "");
    result_fact(out, "octaves", "Octaves", s->octave_count, "");
    result_fact(out, "iterations", "Iterations so far", s->curve_count, "");
    result_fact(out, "gain", "Activation, times that at the start of this octave",
                s->curve[s->curve_count - 1], "x");
    return status_ok();
}

const Technique technique_dream = {
    .id = "dream",
    .title = "DeepDream",
    .question = "paint",
    .sentence = "Changes the picture so that a layer responds more and more to what it already "
                "believes to see.",
    .read = "What appears is what the layer knows, at places where the picture resembled it a "
            "little: textures from early layers, parts of animals and things from late ones.",
    .limits = "It exaggerates many units at once, so no single pattern says what one unit does.",
    .ask = "Why dogs and eyes everywhere?",
    .answer = "About one in eight ImageNet classes is a breed of dog, so that many units "
              "care for snouts, fur and eyes. Where a cloud resembles one a little, each "
              "step makes it resemble it more, and the next step finds more to amplify. "
              "Another network dreams of other things.",
    .paper = "Mordvintsev, Olah & Tyka 2015, Inceptionism: Going Deeper into Neural Networks",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Dream),
    .begin = begin,
    .step = step,
    .result = result,
};
