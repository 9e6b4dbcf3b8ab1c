#include <stdio.h>
#include <string.h>

#include "techniques/common.h"

/* Small maps are drawn one by one: more is neither readable nor quick. */
enum { MAX_TILES = 4096 };

typedef struct Filters {
    Graph *graph; /* planned only: the weights are there without a pass */
    const Node *node;
    const float *weights; /* [units,channels,kh,kw] */
    int units, channels, height, width;
    bool colour;
    int first, shown; /* units */
    float *tiles, *raw;
    bool done;
} Filters;

static const Param params[] = {
    {.name = "layer",
     .title = "Layer",
     .type = PARAM_LAYER,
     .initial = "auto",
     .unit = "",
     .help =
         "The convolution whose kernels are drawn; auto takes the first, whose kernels are small "
         "colour pictures."},
    {.name = "scale",
     .title = "Scale",
     .type = PARAM_CHOICE,
     .initial = "each",
     .choices = "each|common",
     .unit = "",
     .help = "Each kernel by its own largest weight (shapes), or all by one (strengths can be "
             "compared); "
             "zero is mid-grey either way."},
    {.name = "unit",
     .title = "First unit",
     .type = PARAM_INT,
     .min = 0,
     .max = 65535,
     .step = 1,
     .initial = "0",
     .unit = "",
     .help = "Deeper layers: the first unit whose kernels are drawn.",
     .advanced = true},
    {.name = "units",
     .title = "Units",
     .type = PARAM_INT,
     .min = 1,
     .max = 64,
     .step = 1,
     .initial = "4",
     .unit = "",
     .help = "Deeper layers: how many units; each is drawn as one small map per input channel.",
     .advanced = true},
};

static bool is_convolution(const Node *node)
{
    return node && strcmp(node->op->name, "Conv") == 0;
}

/* The convolution that computes the value, seen through activations and normalisations. */
static const Node *convolution_behind(const Value *value)
{
    static const char *const transparent[] = {
        "Relu",    "LeakyRelu",          "Clip",    "Sigmoid", "Tanh", "PRelu",
        "Dropout", "BatchNormalization", "Identity"};
    const Node *node = value->producer;
    while (node && !is_convolution(node)) {
        bool seen_through = false;
        for (size_t i = 0; i < sizeof transparent / sizeof *transparent; i++)
            seen_through |= strcmp(node->op->name, transparent[i]) == 0;
        if (!seen_through) return NULL;
        node = node->in[0]->producer;
    }
    return node;
}

static const Node *first_convolution(const Graph *graph)
{
    for (int i = 0; i < graph_node_count(graph); i++) {
        if (is_convolution(graph_node(graph, i))) return graph_node(graph, i);
    }
    return NULL;
}

static Status find_convolution(Run *run)
{
    Filters *s = run_state(run);
    if (!run_choice(run, "layer", "auto")) {
        Value *value;
        TRY(network_layer(run_network(run), s->graph, run_text(run, "layer"), &value));
        s->node = convolution_behind(value);
        if (s->node) return status_ok();
        return status_error(STATUS_BAD_INPUT,
                            "'%s' is %s%s, which has no kernels; choose a convolution",
                            run_text(run, "layer"), value->producer ? "a " : "an input",
                            value->producer ? value->producer->op->name : "");
    }
    s->node = first_convolution(s->graph);
    if (s->node) return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "'%s' has no convolution, so there are no kernels to draw",
                        network_name(run_network(run)));
}

static Status read_weights(Run *run)
{
    Filters *s = run_state(run);
    const Value *weights = s->node->in[1];
    if (!weights->constant || weights->shape.rank != 4) {
        char text[SHAPE_TEXT_BYTES];
        return status_error(
            STATUS_UNSUPPORTED,
            "the kernels of '%s' are %s and cannot be drawn: only constant kernels over "
            "two dimensions can",
            s->node->name, shape_text(&weights->shape, text));
    }
    s->weights = weights->data;
    s->units = weights->shape.dim[0];
    s->channels = weights->shape.dim[1];
    s->height = weights->shape.dim[2];
    s->width = weights->shape.dim[3];
    /* Three channels are colours only where they come from the picture. */
    s->colour = s->channels == 3 && s->node == first_convolution(s->graph);
    return status_ok();
}

static Status choose_units(Run *run)
{
    Filters *s = run_state(run);
    if (s->colour) {
        s->shown = s->units;
        return status_ok();
    }
    s->first = run_int(run, "unit");
    if (s->first >= s->units) {
        return status_error(STATUS_BAD_INPUT, "filters: '%s' has %d units, so there is no unit %d",
                            s->node->name, s->units, s->first);
    }
    s->shown = run_int(run, "units");
    if (s->channels == 1) s->shown = s->units; /* grey pictures, or depthwise: one map a unit */
    const int fit = s->channels < MAX_TILES ? MAX_TILES / s->channels : 1;
    if (s->shown > fit) s->shown = fit;
    if (s->shown > s->units - s->first) s->shown = s->units - s->first;
    return status_ok();
}

static Status begin(Run *run)
{
    Filters *s = run_state(run);
    TRY(run_plan(run, &(GraphRequest){0}, &s->graph));
    TRY(find_convolution(run));
    TRY(read_weights(run));
    TRY(choose_units(run));
    const size_t unit = (size_t)s->channels * (size_t)s->height * (size_t)s->width;
    TRY(run_floats(run, (size_t)s->shown * unit, &s->raw));
    TRY(run_floats(run, (size_t)s->shown * unit, &s->tiles));
    memcpy(s->raw, s->weights + (size_t)s->first * unit, (size_t)s->shown * unit * sizeof(float));
    return status_ok();
}

static Status step(Run *run)
{
    Filters *s = run_state(run);
    const Preprocess *preprocess = network_preprocess(run_network(run));
    const size_t unit = (size_t)s->channels * (size_t)s->height * (size_t)s->width;
    const float common = max_abs(s->raw, (size_t)s->shown * unit);
    for (size_t u = 0; u < (size_t)s->shown; u++) {
        const float *from = s->raw + u * unit;
        float *to = s->tiles + u * unit;
        const float range = run_choice(run, "scale", "each") ? max_abs(from, unit) : common;
        if (s->colour) {
            preprocess_reorder(preprocess, from, s->height, s->width, to);
            around_grey(to, unit, range, to);
        } else {
            for (size_t i = 0; i < unit; i++) to[i] = range > 0 ? from[i] / range : 0;
        }
    }
    s->done = true;
    run_tell_version(run);
    run_finish(run);
    return status_ok();
}

static void add_facts(Run *run, Result *out)
{
    const Filters *s = run_state(run);
    char text[64];
    result_fact_text(out, "layer", "Layer", s->node->name);
    snprintf(text, sizeof text, "%d x %d, %d channels", s->height, s->width, s->channels);
    result_fact_text(out, "kernel", "Kernel", text);
    result_fact(out, "units", "Units of the layer", s->units, "");
    result_fact(out, "shown", "Units drawn", s->shown, "");
    if (!s->colour) {
        result_fact(out, "first", "First unit drawn", s->first, "");
        result_fact_text(
            out, "note", "Note",
            "one map per input channel: what it multiplies is itself learnt, hard to read");
    }
    const size_t unit = (size_t)s->channels * (size_t)s->height * (size_t)s->width;
    result_fact(out, "range", "Largest weight drawn", max_abs(s->raw, (size_t)s->shown * unit), "");
}

static Status result(Run *run, Result *out)
{
    const Filters *s = run_state(run);
    if (!s->done) return nothing_yet("filters");
    const int tiles = s->shown * s->channels;
    const Shape maps = shape_make(3, (int[]){tiles, s->height, s->width});
    const Shape colours = shape_make(4, (int[]){s->shown, 3, s->height, s->width});
    result_add(out, (ResultItem){.name = "filters",
                                 .title = s->colour ? "Kernels as colour pictures, zero is mid-grey"
                                                    : "Kernels, one map per unit and input channel",
                                 .kind = RESULT_TILES,
                                 .shape = s->colour ? colours : maps,
                                 .data = s->tiles,
                                 .is_signed = !s->colour,
                                 .colormap = "rdbu"});
    result_add(out,
               (ResultItem){.name = "raw",
                            .title = "The weights themselves, one map per unit and input channel",
                            .kind = RESULT_TILES,
                            .shape = maps,
                            .data = s->raw,
                            .is_signed = true,
                            .colormap = "rdbu"});
    add_facts(run, out);
    return status_ok();
}

const Technique technique_filters = {
    .id = "filters",
    .title = "Filters",
    .question = "see",
    .sentence = "The kernels that a convolution slides over its input, drawn as small pictures.",
    .read = "The first layer's kernels look like what they answer to: edges, gratings, blobs of "
            "colour; "
            "mid-grey is zero.",
    .limits = "Deeper kernels multiply learnt maps, not colours, so that their pictures say "
              "little; noisy "
              "ones hint at too little training.",
    .ask = "Nobody told the network to look for edges: why are they there in every "
           "first layer?",
    .answer = "Edges and patches of colour are what neighbouring pixels of photographs "
              "have in common, so that almost any task is best begun with them. The same "
              "forms come out of sparse coding and are found in the visual cortex: they "
              "belong to the pictures more than to the network.",
    .paper = "Krizhevsky, Sutskever & Hinton 2012, ImageNet Classification with Deep Convolutional "
             "Neural "
             "Networks, figure 3",
    .pictures = 0,
    .returns = "tiles",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Filters),
    .begin = begin,
    .step = step,
    .result = result,
};
