#include <math.h>
#include <stdio.h>
#include <string.h>

#include "techniques/canvas.h"
#include "techniques/common.h"
#include "techniques/inversion_prior.h"
#include "techniques/style_reference.h"

/* The published weights hold in these units: the alpha-norm where the values from black to white lie within some 5
 * of the mean, total variation where a photograph has the norm 1. */
static const double ALPHA_LEVELS = 24, PHOTOGRAPH_LEVELS = 60, MID_GREY = 127.5;
static const float MOMENTUM = 0.9F, LAST_STEP = 0.05F;

typedef enum Stage { STAGE_ALLOCATE, STAGE_REFERENCE, STAGE_START, STAGE_DESCEND } Stage;

typedef struct Inversion {
    Stage stage;
    Graph *graph;
    Value *input;
    LayerList list;
    int layer, step, steps; /* at work */
    int height, width;
    size_t count;
    float *features[STYLE_MAX_LAYERS];
    float tv_weight[STYLE_MAX_LAYERS];
    Objective term;
    Canvas *canvas;
    float *z, *velocity; /* [C,H,W]: what is moved; see canvas.h */
    float *scaled;       /* [C,H,W]: levels from mid-grey in the units of a prior */
    float *prior;        /* [C,H,W]: its gradient, in these units */
    float *gradient;     /* [C,H,W]: of everything, in the input's units */
    float *dz;
    float *tiles;    /* [layers,3,H,W] in 0..1 */
    float *original; /* [3,H,W] */
    float *curves;   /* [layers,steps]: the relative error */
    double alpha_loss, tv_loss, error[STYLE_MAX_LAYERS];
    Random random;
} Inversion;

static const Param params[] = {
    {.name = "layers",
     .title = "Layers",
     .type = PARAM_TEXT,
     .initial = "auto",
     .unit = "",
     .help =
         "Whose activations are inverted, each by itself: names separated by commas, or auto for "
         "one or two of each size of map."},
    {.name = "steps",
     .title = "Steps",
     .type = PARAM_INT,
     .min = 1,
     .max = 2000,
     .step = 10,
     .initial = "100",
     .unit = "",
     .help = "Of gradient descent for each layer; deep layers want more."},
    {.name = "tv-weight",
     .title = "Smoothness",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 1000,
     .step = 0.1,
     .initial = "1",
     .unit = "x",
     .help =
         "Times the published weight of the total variation, which is 1, 10 or 100 for the first, "
         "middle and last third of the network: more takes away noise, too much blurs."},
    {.name = "beta",
     .title = "Exponent of the variation",
     .type = PARAM_FLOAT,
     .min = 1,
     .max = 3,
     .step = 0.1,
     .initial = "2",
     .unit = "",
     .help = "1 leaves flat areas with sharp edges, 2 smooth ones.",
     .advanced = true},
    {.name = "alpha-weight",
     .title = "Weight of the range",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 1,
     .step = 1e-10,
     .initial = "8e-10",
     .unit = "",
     .help =
         "Of the sum of the sixth powers of the values, in units of 24 levels from mid-grey: keeps "
         "the picture between black and white.",
     .advanced = true},
    {.name = "step",
     .title = "Step",
     .type = PARAM_FLOAT,
     .min = 0.01,
     .max = 20,
     .step = 0.05,
     .initial = "1",
     .unit = "levels",
     .help = "How far the first step moves an average pixel; the last one goes a twentieth as far.",
     .advanced = true},
    SEED_PARAM("Of the noise at the start: the same number gives the same picture."),
};

/* ---- begin ---- */

static Status plan(Run *run)
{
    Inversion *s = run_state(run);
    TRY(plan_layers(run, run_text(run, "layers"), 0, 0, &s->graph));
    s->input = graph_input(s->graph, 0);
    TRY(check_colour_input(run, "inversion", s->input));
    return style_layers(run_network(run), s->graph, run_text(run, "layers"), run_arena(run),
                        &s->list);
}

/* 1, 10 and 100 by thirds of the network's depth. */
static float depth_weight(const Graph *graph, const Value *layer)
{
    const int count = graph_node_count(graph);
    int at = 0;
    while (at < count && graph_node(graph, at) != layer->producer) at++;
    return 3 * at < count ? 1 : 3 * at < 2 * count ? 10 : 100;
}

static Status allocate(Run *run)
{
    Inversion *s = run_state(run);
    const size_t layers = (size_t)s->list.count;
    float **const buffers[] = {&s->z,        &s->velocity, &s->scaled,  &s->prior,
                               &s->gradient, &s->dz,       &s->original};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        TRY(run_floats(run, s->count, buffers[i]));
    TRY(run_floats(run, layers * s->count, &s->tiles));
    TRY(run_floats(run, layers * (size_t)s->steps, &s->curves));
    for (size_t i = 0; i < layers * s->count; i++) s->tiles[i] = 0.5F;
    for (int i = 0; i < s->list.count; i++) {
        TRY(run_floats(run, shape_elements(&s->list.layer[i]->shape), &s->features[i]));
        s->tv_weight[i] = run_float(run, "tv-weight") * depth_weight(s->graph, s->list.layer[i]);
    }
    return status_ok();
}

static Status begin(Run *run)
{
    Inversion *s = run_state(run);
    TRY(plan(run));
    s->height = s->input->shape.dim[2], s->width = s->input->shape.dim[3];
    s->count = shape_elements(&s->input->shape);
    s->steps = run_int(run, "steps");
    s->random = random_seeded((uint64_t)run_int(run, "seed"));
    return allocate(run);
}

/* ---- descending ---- */

static void ask_gradient(Run *run)
{
    const Inversion *s = run_state(run);
    canvas_paint(s->canvas, s->z, s->input->data);
    run_ask_gradient(run, s->graph, &s->term, 1, &backward_exact);
    const double all = (double)s->list.count * s->steps,
                 done = (double)s->layer * s->steps + s->step;
    run_tell_progress(run, done / all, (done + 1) / all);
}

/* Feature match is a mean of squares; with this weight it is |F - F0|^2 / |F0|^2. */
static Status start_layer(Run *run)
{
    Inversion *s = run_state(run);
    Value *layer = s->list.layer[s->layer];
    const size_t count = shape_elements(&layer->shape);
    const double size = mean_square(s->features[s->layer], count);
    if (!(size > 0)) {
        return status_error(
            STATUS_BAD_INPUT,
            "inversion: every activation of layer '%s' is zero for this picture, so "
            "that there is nothing to invert",
            layer->name);
    }
    s->term = (Objective){.kind = OBJECTIVE_FEATURE_MATCH,
                          .value = layer,
                          .weight = (float)(1 / size),
                          .reference = s->features[s->layer]};
    for (size_t i = 0; i < s->count; i++)
        s->canvas->start[i] = (float)MID_GREY + 10 * random_normal(&s->random);
    memset(s->z, 0, s->count * sizeof *s->z);
    memset(s->velocity, 0, s->count * sizeof *s->velocity);
    s->step = 0;
    ask_gradient(run);
    return status_ok();
}

static void scale_levels(const Inversion *s, double unit)
{
    for (size_t i = 0; i < s->count; i++)
        s->scaled[i] = (s->canvas->levels[i] - (float)MID_GREY) / (float)unit;
    memset(s->prior, 0, s->count * sizeof *s->prior);
}

/* Adds the gradient of a prior of scaled levels. */
static void add_prior(const Inversion *s, double unit)
{
    for (size_t i = 0; i < s->count; i++)
        s->gradient[i] += s->prior[i] / (s->canvas->level[i / s->canvas->plane] * (float)unit);
}

static void find_gradient(Run *run)
{
    Inversion *s = run_state(run);
    const double photograph = PHOTOGRAPH_LEVELS * sqrt((double)s->count);
    memcpy(s->gradient, s->input->grad, s->count * sizeof *s->gradient);
    scale_levels(s, ALPHA_LEVELS);
    s->alpha_loss =
        alpha_norm(s->scaled, s->count, 6, (double)run_float(run, "alpha-weight"), s->prior);
    add_prior(s, ALPHA_LEVELS);
    scale_levels(s, photograph);
    s->tv_loss = tv_beta(s->scaled, 3, s->height, s->width, run_float(run, "beta"),
                         0.5 * (double)s->tv_weight[s->layer], s->prior);
    add_prior(s, photograph);
    canvas_gradient(s->canvas, s->gradient, s->dz);
}

/* The gradient only says where to; how far, the step does, which shrinks evenly on a logarithmic scale. */
static Status descend(Run *run)
{
    Inversion *s = run_state(run);
    find_gradient(run);
    const double mean = sqrt(mean_square(s->dz, s->count));
    if (!isfinite(mean) || mean == 0)
        TRY(check_gradient(s->graph, s->input, s->term.value->name, &backward_exact));
    const float share = (float)s->step / (float)s->steps;
    const float rate = run_float(run, "step") * powf(LAST_STEP, share) / (float)fmax(mean, 1e-30);
    for (size_t i = 0; i < s->count; i++) {
        s->velocity[i] = MOMENTUM * s->velocity[i] - rate * s->dz[i];
        s->z[i] += s->velocity[i];
    }
    s->error[s->layer] = run_objective(run);
    s->curves[s->layer * s->steps + s->step++] = (float)s->error[s->layer];
    return status_ok();
}

static void show(Run *run)
{
    const Inversion *s = run_state(run);
    float *tile = s->tiles + (size_t)s->layer * s->count;
    canvas_levels(s->canvas, s->z, s->scaled);
    for (size_t i = 0; i < s->count; i++) s->scaled[i] /= 255;
    preprocess_reorder(network_preprocess(run_network(run)), s->scaled, s->height, s->width, tile);
    run_tell_version(run);
}

static Status ask_reference(Run *run)
{
    Inversion *s = run_state(run);
    TRY(run_load_picture(run, s->graph, 0, 0));
    preprocess_invert(network_preprocess(run_network(run)), s->input->data, s->height, s->width,
                      s->original);
    run_ask_forward(run, s->graph, s->list.layer, s->list.count);
    s->stage = STAGE_START;
    return status_ok();
}

static Status step(Run *run)
{
    Inversion *s = run_state(run);
    switch (s->stage) {
    case STAGE_ALLOCATE:
        /* A step of its own, for zeroing the memory takes as long as a layer. */
        s->stage = STAGE_REFERENCE;
        return graph_allocate(s->graph, GRAPH_INPUT_GRADIENT);
    case STAGE_REFERENCE: return ask_reference(run);
    case STAGE_START:
        TRY(check_activations(s->graph));
        for (int i = 0; i < s->list.count; i++) {
            const Value *layer = s->list.layer[i];
            memcpy(s->features[i], layer->data, shape_elements(&layer->shape) * sizeof(float));
        }
        TRY(canvas_create(run, s->input, &s->canvas));
        s->stage = STAGE_DESCEND;
        return start_layer(run);
    case STAGE_DESCEND: break;
    }
    TRY(descend(run));
    show(run);
    if (s->step < s->steps) {
        ask_gradient(run);
        return status_ok();
    }
    if (++s->layer < s->list.count) return start_layer(run);
    run_finish(run);
    return status_ok();
}

/* ---- result ---- */

static Status result(Run *run, Result *out)
{
    const Inversion *s = run_state(run);
    /* The last layer that has a picture. */
    const int last = s->layer < s->list.count && s->step ? s->layer : s->layer - 1;
    if (s->stage != STAGE_DESCEND || last < 0) return nothing_yet("inversion");
    result_add(out,
               (ResultItem){.name = "tiles",
                            .title = "What each layer's activations still tell of the picture, "
                                     "from the first layer to the last",
                            .kind = RESULT_TILES,
                            .shape = shape_4d(last + 1, 3, s->height, s->width),
                            .data = s->tiles});
    result_image(out, "original", "The picture as the network gets it", s->height, s->width,
                 s->original);
    result_curve(out, "error", "Relative error of the last layer's activations, by step",
                 last == s->layer ? s->step : s->steps, s->curves + last * s->steps);
    for (int i = 0; i <= last; i++) {
        static const char *const names[] = {"error-1", "error-2", "error-3", "error-4",
                                            "error-5", "error-6", "error-7", "error-8"};
        char text[TARGET_TEXT_BYTES + 32];
        snprintf(text, sizeof text, "%.3g %% at %.96s", 100 * s->error[i], s->list.layer[i]->name);
        result_fact_text(out, names[i], i ? "and" : "Squared error left", text);
    }
    result_fact(out, "alpha-loss", "Weighted alpha-norm", s->alpha_loss, "");
    result_fact(out, "tv-loss", "Weighted total variation", s->tv_loss, "");
    return status_ok();
}

const Technique technique_inversion = {
    .id = "inversion",
    .title = "Feature inversion",
    .question = "see",
    .sentence = "What a layer still knows of the picture: looks for a picture with the same "
                "activations, starting from noise.",
    .read =
        "Side by side from the first layer to the last: what all pictures with these activations "
        "share is what the layer has kept; what is smeared or displaced it has given up.",
    .limits = "Many pictures have the same activations, and the one that is shown also follows the "
              "preference for smooth pictures; a blurred result may mean a weak optimiser.",
    .ask = "Where does the network throw the picture away?",
    .answer =
        "Bit by bit. The first layers keep nearly everything, colours and edges in their places. "
        "Each pooling gives up exact positions, and the last layers keep parts of the object "
        "in the wrong places or several times, because only their presence matters for the "
        "class.",
    .paper = "Mahendran & Vedaldi 2015, Understanding Deep Image Representations by Inverting Them",
    .pictures = 1,
    .returns = "tiles",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Inversion),
    .begin = begin,
    .step = step,
    .result = result,
};
