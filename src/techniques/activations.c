#include <string.h>

#include "techniques/common.h"

typedef struct Activations {
    Graph *graph;
    Value *layer;
    float *shown; /* as the layer: values over the range */
    int channels;
    size_t positions;
    float range; /* of the layer or of the network */
    int dead;    /* channels that are zero everywhere */
    bool done;
} Activations;

static const Param params[] = {
    {.name = "layer",
     .title = "Layer",
     .type = PARAM_LAYER,
     .initial = "auto",
     .unit = "",
     .help = "The layer to look at; auto takes the last convolutional one."},
    {.name = "scale",
     .title = "Scale",
     .type = PARAM_CHOICE,
     .initial = "unit",
     .choices = "unit|layer|network",
     .unit = "",
     .help =
         "What counts as fully bright: the largest value of each unit, of the layer (units can be "
         "compared), or of the whole network (layers can be)."},
};

static Status begin(Run *run)
{
    Activations *s = run_state(run);
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_FORWARD, &s->graph));
    TRY(run_load_picture(run, s->graph, 0, 0));
    TRY(network_layer(run_network(run), s->graph, run_text(run, "layer"), &s->layer));
    const Shape *shape = &s->layer->shape;
    if (shape->rank < 2 || s->layer->constant) {
        return status_error(STATUS_BAD_INPUT, "'%s' has no channels to show; choose another layer",
                            s->layer->name);
    }
    s->channels = shape->dim[1];
    s->positions = shape_span(shape, 2, shape->rank);
    TRY(run_floats(run, (size_t)s->channels * s->positions, &s->shown));
    const bool everything = run_choice(run, "scale", "network");
    run_ask_forward(run, s->graph, &s->layer, everything ? 0 : 1);
    run_tell_progress(run, 0, 1);
    return status_ok();
}

static float network_range(const Graph *graph)
{
    float range = 0;
    for (int i = 0; i < graph_node_count(graph); i++) {
        const Value *value = graph_node(graph, i)->out[0];
        const float highest = max_abs(value->data, shape_elements(&value->shape));
        if (highest > range) range = highest;
    }
    return range;
}

static void scale_units(Activations *s, bool each)
{
    for (size_t c = 0; c < (size_t)s->channels; c++) {
        const float *from = s->layer->data + c * s->positions;
        const float highest = max_abs(from, s->positions);
        const float range = each ? highest : s->range;
        const float factor = range > 0 ? 1 / range : 0;
        s->dead += highest == 0;
        for (size_t i = 0; i < s->positions; i++) s->shown[c * s->positions + i] = factor * from[i];
    }
}

static Status step(Run *run)
{
    Activations *s = run_state(run);
    s->range = run_choice(run, "scale", "network")
                   ? network_range(s->graph)
                   : max_abs(s->layer->data, (size_t)s->channels * s->positions);
    scale_units(s, run_choice(run, "scale", "unit"));
    if (s->dead == s->channels) {
        return status_error(
            STATUS_BAD_INPUT,
            "every unit of '%s' is zero for this picture, so there is nothing to see",
            s->layer->name);
    }
    s->done = true;
    run_tell_version(run);
    run_finish(run);
    return status_ok();
}

/* [C,H,W]; a vector becomes tiles of one pixel, other ranks one row each. */
static Shape tiles_shape(const Activations *s)
{
    const Shape *shape = &s->layer->shape;
    if (shape->rank == 4) return shape_make(3, shape->dim + 1);
    return shape_make(3, (int[]){s->channels, 1, (int)s->positions});
}

static Status result(Run *run, Result *out)
{
    const Activations *s = run_state(run);
    if (!s->done) return nothing_yet("activations");
    const TensorStats stats = tensor_stats(s->layer->data, (size_t)s->channels * s->positions);
    const bool is_signed = stats.min < 0;
    const ResultItem shown = {.name = "activations",
                              .title = "Each unit, from zero to its scale",
                              .kind = RESULT_TILES,
                              .shape = tiles_shape(s),
                              .data = s->shown,
                              .is_signed = is_signed,
                              .colormap = is_signed ? "rdbu" : "viridis"};
    ResultItem raw = shown;
    raw.name = "raw";
    raw.title = "The values themselves";
    raw.data = s->layer->data;
    result_add(out, shown);
    result_add(out, raw);
    result_fact_text(out, "layer", "Layer", s->layer->name);
    result_fact_text(out, "scale", "Scale", run_text(run, "scale"));
    if (!run_choice(run, "scale", "unit"))
        result_fact(out, "range", "Value shown as fully bright", s->range, "");
    result_fact(out, "units", "Units", s->channels, "");
    result_fact(out, "dead", "Units that are zero everywhere", s->dead, "");
    result_fact(out, "low", "Smallest value", stats.min, "");
    result_fact(out, "high", "Largest value", stats.max, "");
    result_fact(out, "mean", "Mean", stats.mean, "");
    return status_ok();
}

const Technique technique_activations = {
    .id = "activations",
    .title = "Activations",
    .question = "see",
    .sentence = "What every unit of a layer answers to this picture, place by place.",
    .read = "Bright means that the unit found its pattern there; in layers that can be negative, "
            "red is "
            "positive and blue negative.",
    .limits = "It shows where a unit fires, not for what; scaled unit by unit, a faint answer "
              "looks like a "
              "strong one.",
    .ask = "Is there one unit that means zebra?",
    .answer = "Rarely. Most units answer to several things, and most things are spread "
              "over many units. Sort by strength, look at several pictures, and do not "
              "name a unit after a single one.",
    .paper =
        "Yosinski et al. 2015, Understanding Neural Networks Through Deep Visualization, section 2",
    .pictures = 1,
    .returns = "tiles",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Activations),
    .begin = begin,
    .step = step,
    .result = result,
};
