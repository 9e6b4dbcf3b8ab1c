#include "train/perceptual.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network_layers.h"

enum { LEAST_STYLE_SIDE = 32, MAX_NAMES = STYLE_MAX_LAYERS + 1 };

struct Perceptual {
    Arena *arena; /* names, Gram matrices, copies */
    Network *network;
    PerceptualOptions options;
    const char *name[MAX_NAMES]; /* of the content layer, then of the style layers */
    const char *until;           /* the deepest of them */
    int names;
    float *gram[STYLE_MAX_LAYERS];
    Graph *graph;
    Value *input, *content;
    Objective terms[MAX_NAMES]; /* content, then style */
    float *features;            /* of the content layer for the content */
};

static Status take_floats(Perceptual *p, size_t count, float **floats)
{
    *floats = arena_alloc(p->arena, count * sizeof **floats);
    return *floats ? status_ok() : status_no_memory("the loss", count * sizeof **floats);
}

/* ---- layers ---- */

static Status check_input(const Network *network, const Graph *graph)
{
    const Shape *shape = &graph_input(graph, 0)->shape;
    const Preprocess *preprocess = network_preprocess((Network *)(uintptr_t)network);
    if (shape->rank == 4 && shape->dim[1] == 3 && preprocess_channels(preprocess) == 3)
        return status_ok();
    return status_error(STATUS_UNSUPPORTED,
                        "'%s' takes no colour pictures: the loss needs a network that does",
                        network_name(network));
}

static Status note_layer(Perceptual *p, const Value *layer)
{
    const char *name = arena_text(p->arena, layer->name, strlen(layer->name));
    if (!name) return status_no_memory("the loss", strlen(layer->name));
    p->name[p->names++] = name;
    return status_ok();
}

static int depth_of(const Graph *graph, const char *name)
{
    const Value *value = graph_find(graph, name);
    int i = graph_node_count(graph) - 1;
    while (i >= 0 && graph_node(graph, i) != value->producer) i--;
    return i;
}

/* At the network's own size, which one that ends in dense layers needs. */
static Status choose_layers(Perceptual *p, GraphRequest *request)
{
    Graph *graph;
    LayerList list;
    Value *content;
    TRY(network_build(p->network, request, &graph));
    Status status = check_input(p->network, graph);
    if (status.code == STATUS_OK)
        status = style_layers(p->network, graph, p->options.style, p->arena, &list);
    if (status.code == STATUS_OK)
        status = content_layer(p->network, graph, p->options.content, p->arena, &content);
    if (status.code == STATUS_OK) status = note_layer(p, content);
    for (int i = 0; status.code == STATUS_OK && i < list.count; i++)
        status = note_layer(p, list.layer[i]);
    for (int i = 0; status.code == STATUS_OK && i < p->names; i++) {
        if (!p->until || depth_of(graph, p->name[i]) > depth_of(graph, p->until))
            p->until = p->name[i];
    }
    graph_destroy(graph);
    return status;
}

static Status build(const Perceptual *p, GraphRequest request, int batch, int height, int width,
                    unsigned flags, Graph **graph)
{
    request.batch = batch;
    request.height = height;
    request.width = width;
    request.until = p->until;
    TRY(network_build(p->network, &request, graph));
    const Status status = graph_allocate(*graph, flags);
    if (status.code != STATUS_OK) graph_destroy(*graph);
    return status;
}

/* ---- style ---- */

static void style_size(const Picture *style, int side, int *height, int *width)
{
    const int longer = style->width > style->height ? style->width : style->height;
    const double scale = (double)side / longer;
    *height = (int)fmax(LEAST_STYLE_SIDE, lround(style->height * scale));
    *width = (int)fmax(LEAST_STYLE_SIDE, lround(style->width * scale));
}

static Status take_grams(Perceptual *p, const Graph *graph)
{
    for (int i = 0; i + 1 < p->names; i++) {
        const Value *layer = graph_find(graph, p->name[i + 1]);
        const size_t channels = (size_t)layer->shape.dim[1];
        float *scratch;
        TRY(take_floats(p, channels * channels, &p->gram[i]));
        TRY(take_floats(p, objective_scratch(OBJECTIVE_GRAM_MATCH, &layer->shape), &scratch));
        gram_matrix(layer, p->gram[i], scratch);
    }
    return status_ok();
}

static Status look_at_style(Perceptual *p, const Picture *style, const GraphRequest *request)
{
    int height, width;
    Graph *graph;
    style_size(style, p->options.style_side, &height, &width);
    TRY(build(p, *request, 1, height, width, GRAPH_FORWARD, &graph));
    Status status = preprocess_apply_whole(network_preprocess(p->network), style, height, width,
                                           graph_input(graph, 0)->data);
    if (status.code == STATUS_OK) {
        graph_forward(graph);
        status = take_grams(p, graph);
    }
    graph_destroy(graph);
    return status;
}

/* ---- the loss ---- */

static double square_sum(const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i] * values[i];
    return sum;
}

static Status make_terms(Perceptual *p)
{
    const PerceptualOptions *o = &p->options;
    p->input = graph_input(p->graph, 0);
    p->content = graph_find(p->graph, p->name[0]);
    TRY(take_floats(p, shape_elements(&p->content->shape), &p->features));
    p->terms[0] =
        (Objective){.kind = OBJECTIVE_FEATURE_MATCH, .value = p->content, .reference = p->features};
    for (int i = 0; i + 1 < p->names; i++) {
        Objective *term = &p->terms[i + 1];
        Value *layer = graph_find(p->graph, p->name[i + 1]);
        const size_t channels = (size_t)layer->shape.dim[1];
        const double norm = fmax(square_sum(p->gram[i], channels * channels), 1e-12);
        const double share = (double)o->style_weight / ((double)o->batch * (p->names - 1));
        *term = (Objective){.kind = OBJECTIVE_GRAM_MATCH,
                            .value = layer,
                            .reference = p->gram[i],
                            .weight = (float)(share / norm)};
        TRY(take_floats(p, objective_scratch(term->kind, &layer->shape), &term->scratch));
    }
    return status_ok();
}

static Status set_up(Perceptual *p, const Picture *style)
{
    const char *keep[STYLE_MAX_LAYERS + 1];
    GraphRequest request = {.keep = keep};
    request.keep_count = split_names(p->options.style, p->arena, keep, STYLE_MAX_LAYERS);
    keep[request.keep_count++] = p->options.content;
    TRY(choose_layers(p, &request));
    TRY(look_at_style(p, style, &request));
    TRY(build(p, request, p->options.batch, p->options.size, p->options.size, GRAPH_INPUT_GRADIENT,
              &p->graph));
    return make_terms(p);
}

Status perceptual_create(Perceptual **perceptual, Network *network, const Picture *style,
                         const PerceptualOptions *options)
{
    Perceptual *p = calloc(1, sizeof *p);
    if (p) p->arena = arena_create();
    if (!p || !p->arena) {
        free(p);
        return status_no_memory("the loss", sizeof *p);
    }
    p->network = network;
    p->options = *options;
    const Status status = set_up(p, style);
    if (status.code == STATUS_OK) {
        *perceptual = p;
    } else {
        perceptual_destroy(p);
    }
    return status;
}

void perceptual_destroy(Perceptual *perceptual)
{
    if (!perceptual) return;
    graph_destroy(perceptual->graph);
    arena_destroy(perceptual->arena);
    free(perceptual);
}

/* ---- comparing ---- */

/* input = black + level / 255 (white - black), channels in the network's order; plane: of the input, and of RGB. */
typedef struct Plane {
    size_t input, rgb;
    float black, slope;
} Plane;

static Plane plane_of(const Perceptual *p, int item, int channel)
{
    const Preprocess *preprocess = network_preprocess(p->network);
    const size_t pixels = (size_t)p->options.size * (size_t)p->options.size;
    float black, white, level;
    preprocess_bounds(preprocess, channel, &black, &white, &level);
    const int rgb = preprocess->channels[0] == 'B' ? 2 - channel : channel;
    return (Plane){pixels * (size_t)(3 * item + channel), pixels * (size_t)(3 * item + rgb), black,
                   (white - black) / 255};
}

static void run_forward(Perceptual *p, const float *levels, Value *const *targets, int count)
{
    const size_t pixels = (size_t)p->options.size * (size_t)p->options.size;
    for (int k = 0; k < 3 * p->options.batch; k++) {
        const Plane plane = plane_of(p, k / 3, k % 3);
        float *to = p->input->data + plane.input;
        for (size_t i = 0; i < pixels; i++)
            to[i] = plane.black + plane.slope * levels[plane.rgb + i];
    }
    graph_begin_forward(p->graph, targets, count);
    while (!graph_advance(p->graph, INFINITY)) continue;
}

static void add_gradient(const Perceptual *p, float *gradient)
{
    const size_t pixels = (size_t)p->options.size * (size_t)p->options.size;
    for (int k = 0; k < 3 * p->options.batch; k++) {
        const Plane plane = plane_of(p, k / 3, k % 3);
        const float *from = p->input->grad + plane.input;
        for (size_t i = 0; i < pixels; i++) gradient[plane.rgb + i] += plane.slope * from[i];
    }
}

PerceptualLoss perceptual_compare(Perceptual *p, const float *content, const float *styled,
                                  float *gradient)
{
    const size_t features = shape_elements(&p->content->shape);
    run_forward(p, content, &p->content, 1);
    memcpy(p->features, p->content->data, features * sizeof *p->features);
    const double size = fmax(square_sum(p->features, features) / (double)features, 1e-12);
    p->terms[0].weight = (float)((double)p->options.content_weight / size);

    run_forward(p, styled, NULL, 0);
    graph_zero_gradients(p->graph);
    PerceptualLoss loss = {.content = objectives_seed(p->terms, 1, p->graph)};
    loss.style = objectives_seed(p->terms + 1, p->names - 1, p->graph);
    graph_backward(p->graph, &backward_exact);
    add_gradient(p, gradient);
    return loss;
}

void perceptual_layers(const Perceptual *perceptual, Text *text)
{
    for (int i = 0; i < perceptual->names; i++)
        text_format(text, "%s%s", i ? "," : "", perceptual->name[i]);
}
