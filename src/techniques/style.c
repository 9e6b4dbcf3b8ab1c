#include <math.h>
#include <stdio.h>
#include <string.h>

#include "techniques/common.h"
#include "techniques/style.h"

enum { STYLE_PICTURE = 1, CONTENT_PICTURE = 0, LEAST_SIDE = 32 };

static const Param params[] = {
    {.name = "size",
     .title = "Size",
     .type = PARAM_INT,
     .min = 64,
     .max = 1024,
     .step = 16,
     .initial = "320",
     .unit = "px",
     .help =
         "Longer side of the result; twice the size is four times the work and smaller strokes."},
    {.name = "steps",
     .title = "Steps",
     .type = PARAM_INT,
     .min = 1,
     .max = 2000,
     .step = 10,
     .initial = "200",
     .unit = "",
     .help = "How often the picture is improved; most of the change comes in the first 100."},
    {.name = "style-weight",
     .title = "Style weight",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 100000,
     .step = 10,
     .initial = "40",
     .unit = "",
     .help = "How much the texture counts. Each layer's loss is divided by the squared norm of the "
             "style's "
             "own Gram matrix, so that the same number suits every network."},
    {.name = "content-weight",
     .title = "Content weight",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 1000,
     .step = 0.1,
     .initial = "1",
     .unit = "",
     .help = "How much the forms count; the loss is relative to the content's own activations."},
    {.name = "tv-weight",
     .title = "Smoothness",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 1000,
     .step = 0.1,
     .initial = "2",
     .unit = "",
     .help = "Weight of the total variation: higher takes away noise, too high blurs."},
    {.name = "keep-colours",
     .title = "Keep colours",
     .type = PARAM_FLAG,
     .initial = "false",
     .unit = "",
     .help = "Takes only the brightness from the result and the colours from the content "
             "(Gatys et al. 2016, Preserving Color in Neural Artistic Style Transfer)."},
    {.name = "start",
     .title = "Start",
     .type = PARAM_CHOICE,
     .initial = "content",
     .choices = "content|noise",
     .unit = "",
     .help = "Begins with the content picture (keeps its forms) or with noise (as the paper does; "
             "slower).",
     .advanced = true},
    {.name = "optimiser",
     .title = "Optimiser",
     .type = PARAM_CHOICE,
     .initial = "lbfgs",
     .choices = "lbfgs|adam",
     .unit = "",
     .help = "L-BFGS gets further in the same number of steps; Adam needs less memory.",
     .advanced = true},
    {.name = "style-scale",
     .title = "Style scale",
     .type = PARAM_FLOAT,
     .min = 0.25,
     .max = 4,
     .step = 0.05,
     .initial = "1",
     .unit = "x",
     .help = "Size of the style picture relative to the result: larger gives larger strokes.",
     .advanced = true},
    {.name = "content-layer",
     .title = "Content layer",
     .type = PARAM_LAYER,
     .initial = "auto",
     .unit = "",
     .help = "Where forms are compared: deeper layers leave more freedom.",
     .advanced = true},
    {.name = "style-layers",
     .title = "Style layers",
     .type = PARAM_TEXT,
     .initial = "auto",
     .unit = "",
     .help = "Where textures are compared: names separated by commas, or auto for one or two "
             "layers of each size of map.",
     .advanced = true},
    SEED_PARAM("Of the noise: the same number gives the same picture."),
};

/* ---- sizes and graphs ---- */

/* Height and width of a picture whose longer side becomes `side`. */
static void fit(const Picture *picture, double side, int *height, int *width)
{
    const int longer = picture->height > picture->width ? picture->height : picture->width;
    *height = (int)lround(side * picture->height / longer);
    *width = (int)lround(side * picture->width / longer);
    if (*height < LEAST_SIDE) *height = LEAST_SIDE;
    if (*width < LEAST_SIDE) *width = LEAST_SIDE;
}

/* A graph of that size; networks that end in a dense layer have only one, then that. */
static Status plan(Run *run, int height, int width, Graph **graph)
{
    const char *keep[STYLE_MAX_LAYERS];
    GraphRequest request = {.height = height, .width = width, .keep = keep};
    request.keep_count = split_names(run, run_text(run, "style-layers"), keep, STYLE_MAX_LAYERS);
    const Status status = run_plan(run, &request, graph);
    if (status.code == STATUS_OK || status.code == STATUS_NO_MEMORY) return status;
    request.height = request.width = 0;
    return run_plan(run, &request, graph).code == STATUS_OK ? status_ok() : status;
}

static Status load(Run *run, Graph *graph, int picture)
{
    Value *input = graph_input(graph, 0);
    const Preprocess *preprocess = network_preprocess(run_network(run));
    TRY(check_colour_input(run, "style", input));
    return preprocess_apply_whole(preprocess, run_picture(run, picture), input->shape.dim[2],
                                  input->shape.dim[3], input->data);
}

static Status begin(Run *run)
{
    Style *s = run_state(run);
    int height, width;
    const int side = run_int(run, "size");
    fit(run_picture(run, STYLE_PICTURE), side * (double)run_float(run, "style-scale"), &height,
        &width);
    TRY(plan(run, height, width, &s->style_graph));
    TRY(graph_allocate(s->style_graph, GRAPH_FORWARD));
    TRY(load(run, s->style_graph, STYLE_PICTURE));
    TRY(style_layers(run, s->style_graph, run_text(run, "style-layers"), &s->style_list));
    fit(run_picture(run, CONTENT_PICTURE), side, &height, &width);
    TRY(plan(run, height, width, &s->graph));
    s->steps = run_int(run, "steps");
    TRY(run_floats(run, (size_t)s->steps, &s->losses));
    run_ask_forward(run, s->style_graph, s->style_list.layer, s->style_list.count);
    run_tell_progress(run, 0, 0.3 / (s->steps + 1));
    return status_ok();
}

/* ---- references ---- */

/* One Gram matrix of the style picture a step, then its graph is given back. */
static Status step_grams(Run *run)
{
    Style *s = run_state(run);
    s->stage = STAGE_GRAMS;
    const Value *layer = s->style_list.layer[s->grams_done];
    const size_t channels = (size_t)layer->shape.dim[1];
    float *scratch;
    TRY(run_floats(run, channels * channels, &s->gram[s->grams_done]));
    TRY(run_floats(run, objective_scratch(OBJECTIVE_GRAM_MATCH, &layer->shape), &scratch));
    gram_matrix(layer, s->gram[s->grams_done], scratch);
    if (++s->grams_done == s->style_list.count) {
        s->stage = STAGE_CONTENT;
        run_drop(run, s->style_graph);
        s->style_graph = NULL;
    }
    return status_ok();
}

static Status allocate(Run *run)
{
    Style *s = run_state(run);
    TRY(load(run, s->graph, CONTENT_PICTURE));
    s->height = s->input->shape.dim[2], s->width = s->input->shape.dim[3];
    s->count = 3 * (size_t)s->height * (size_t)s->width;
    TRY(run_floats(run, s->count, &s->z));
    TRY(run_floats(run, s->count, &s->gradient));
    TRY(run_floats(run, s->count, &s->original));
    TRY(run_floats(run, s->count, &s->rgb));
    TRY(run_floats(run, s->count, &s->shown));
    TRY(style_layers(run, s->graph, run_text(run, "style-layers"), &s->list));
    TRY(content_layer(run, s->graph, run_text(run, "content-layer"), &s->content));
    return run_floats(run, shape_elements(&s->content->shape), &s->features);
}

/* The content graph is allocated here rather than in begin: by now the style's memory is free again. A step of
 * its own, for zeroing the memory takes as long as a layer. */
static Status ask_content(Run *run)
{
    Style *s = run_state(run);
    if (!s->input) {
        s->input = graph_input(s->graph, 0);
        return graph_allocate(s->graph, GRAPH_INPUT_GRADIENT);
    }
    TRY(allocate(run));
    preprocess_invert(network_preprocess(run_network(run)), s->input->data, s->height, s->width,
                      s->original);
    s->stage = STAGE_PAINT;
    run_ask_forward(run, s->graph, &s->content, 1);
    run_tell_progress(run, 0.3 / (s->steps + 1), 0.7 / (s->steps + 1));
    return status_ok();
}

static Status step(Run *run)
{
    const Style *s = run_state(run);
    switch (s->stage) {
    case STAGE_STYLE:
    case STAGE_GRAMS: return step_grams(run);
    case STAGE_CONTENT: return ask_content(run);
    case STAGE_PAINT: break;
    }
    return s->optim ? style_paint(run) : style_start(run);
}

/* ---- result ---- */

/* Brightness of the painting, hue and saturation of the content: Y of one, I and Q of the other. In RGB that
 * is the content plus the difference of Y. */
static void keep_colours(const Style *s)
{
    const size_t plane = s->count / 3;
    float *r = s->rgb, *g = r + plane, *b = g + plane;
    const float *r0 = s->original, *g0 = r0 + plane, *b0 = g0 + plane;
    for (size_t i = 0; i < plane; i++) {
        const float y = 0.299F * r[i] + 0.587F * g[i] + 0.114F * b[i];
        const float y0 = 0.299F * r0[i] + 0.587F * g0[i] + 0.114F * b0[i];
        r[i] = r0[i] + y - y0;
        g[i] = g0[i] + y - y0;
        b[i] = b0[i] + y - y0;
    }
}

static void add_facts(Run *run, Result *out)
{
    const Style *s = run_state(run);
    char names[1024] = "";
    size_t length = 0;
    for (int i = 0; i < s->list.count && length < sizeof names - 1; i++) {
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i ? ", " : "",
                                   s->list.layer[i]->name);
    }
    result_fact(out, "steps", "Steps", s->steps_done, "");
    result_fact(out, "evaluations", "Passes forward and back", s->evaluations, "");
    result_fact(out, "loss", "Loss", s->losses[s->steps_done - 1], "");
    result_fact(out, "content-loss", "of which content", s->content_loss, "");
    result_fact(out, "style-loss", "of which style", s->style_loss, "");
    result_fact(out, "tv-loss", "of which total variation", s->tv_loss, "");
    result_fact(out, "seconds", "Time", s->seconds, "s");
    result_fact(out, "width", "Width", s->width, "px");
    result_fact(out, "height", "Height", s->height, "px");
    result_fact_text(out, "content-layer", "Content layer", s->content->name);
    result_fact_text(out, "style-layers", "Style layers", names);
}

static Status result(Run *run, Result *out)
{
    const Style *s = run_state(run);
    if (!s->steps_done) return nothing_yet("style");
    const Preprocess *preprocess = network_preprocess(run_network(run));
    canvas_levels(s->canvas, optim_best(s->optim, NULL), s->shown);
    preprocess_reorder(preprocess, s->shown, s->height, s->width, s->rgb);
    for (size_t i = 0; i < s->count; i++) s->rgb[i] /= 255;
    if (run_flag(run, "keep-colours")) keep_colours(s);
    result_add(out, (ResultItem){.name = "image",
                                 .title = "The content in the style of the second picture",
                                 .kind = RESULT_IMAGE,
                                 .shape = shape_make(3, (int[]){3, s->height, s->width}),
                                 .data = s->rgb});
    result_add(out, (ResultItem){.name = "loss",
                                 .title = "Loss by step",
                                 .kind = RESULT_CURVE,
                                 .shape = shape_make(1, &s->steps_done),
                                 .data = s->losses});
    add_facts(run, out);
    return status_ok();
}

static void end(Run *run)
{
    Style *s = run_state(run);
    optim_destroy(s->optim);
}

const Technique technique_style = {
    .id = "style",
    .title = "Style transfer",
    .question = "paint",
    .sentence =
        "Repaints a picture until its forms are still the first picture's and its textures the "
        "second's.",
    .read = "Forms come from deep activations of the first picture, strokes and colours from "
            "correlations "
            "between the channels (Gram matrices) of the second.",
    .limits = "Texture is matched without regard to place: sky may get the strokes of grass.",
    .ask = "What is a style, that one can compute it?",
    .answer = "Here: how often the features of a layer occur together, whatever the "
              "place. The Gram matrix sums the products of every two channels over the "
              "picture, which forgets where things are and keeps textures, strokes and "
              "colours. What a painter leaves out or exaggerates is not in it.",
    .paper =
        "Gatys, Ecker & Bethge 2016, Image Style Transfer Using Convolutional Neural Networks, "
        "section 2",
    .pictures = 2,
    .images = "CONTENT_IMAGE STYLE_IMAGE",
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Style),
    .begin = begin,
    .step = step,
    .result = result,
    .end = end,
};
