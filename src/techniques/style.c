#include <stdlib.h>
#include <string.h>

#include "image/colours.h"
#include "techniques/common.h"
#include "techniques/style.h"

enum { CONTENT_PICTURE = 0, FIRST_STYLE = 1 };

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
    {.name = "style-weights",
     .title = "Weights of the styles",
     .type = PARAM_TEXT,
     .initial = "equal",
     .unit = "",
     .help = "With several styles: how much of each, as numbers separated by commas; their Gram "
             "matrices are mixed in these proportions."},
    {.name = "mask",
     .title = "Mask",
     .type = PARAM_FLAG,
     .initial = "false",
     .unit = "",
     .help = "The last picture is a mask of the content: with one style white is painted and black "
             "stays; with several the first goes where it is black, the last where it is white, "
             "those between by their grey."},
    {.name = "keep-colours",
     .title = "Keep colours",
     .type = PARAM_FLAG,
     .initial = "false",
     .unit = "",
     .help = "The result has the colours of the content "
             "(Gatys et al. 2016, Preserving Color in Neural Artistic Style Transfer)."},
    {.name = "colour-method",
     .title = "How colours are kept",
     .type = PARAM_CHOICE,
     .initial = "luminance",
     .choices = "luminance|match",
     .unit = "",
     .help = "luminance takes only the brightness from the result; match gives the styles the "
             "content's mean and covariance of colours beforehand, which suits pictures of few "
             "colours.",
     .advanced = true},
    {.name = "start",
     .title = "Start",
     .type = PARAM_CHOICE,
     .initial = "content",
     .choices = "content|noise",
     .unit = "",
     .help = "Begins with the content picture (keeps its forms) or with noise (as the paper does; "
             "slower).",
     .advanced = true},
    OPTIMISER_PARAM,
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
    TEXTURE_LAYERS_PARAM("style-layers", "Style layers"),
    SEED_PARAM("Of the noise: the same number gives the same picture."),
};

/* ---- begin ---- */

/* Weights separated by commas, one for each style, to shares. */
static Status read_shares(Run *run)
{
    Style *s = run_state(run);
    const char *at = run_text(run, "style-weights");
    const bool equal = strcmp(at, "equal") == 0;
    double sum = 0;
    int count = 0;
    for (; count < s->style_count; count++) {
        char *end = (char *)at;
        s->share[count] = equal ? 1 : strtod(at, &end);
        if (!equal && (end == at || !(s->share[count] >= 0 && s->share[count] <= 1e9))) break;
        sum += s->share[count];
        at = end + strspn(end, ", ");
    }
    if (count < s->style_count || (!equal && *at) || !(sum > 0)) {
        return status_error(STATUS_BAD_INPUT,
                            "style: style-weights is '%.40s', but has to be %d number%s from 0 on, "
                            "separated by commas, and not all 0",
                            run_text(run, "style-weights"), s->style_count,
                            s->style_count == 1 ? "" : "s");
    }
    for (int i = 0; i < s->style_count; i++) s->share[i] /= sum;
    return status_ok();
}

static Status count_styles(Run *run)
{
    Style *s = run_state(run);
    const bool mask = run_flag(run, "mask");
    s->style_count = run_picture_count(run) - FIRST_STYLE - mask;
    if (s->style_count >= 1 && s->style_count <= STYLE_MAX_STYLES) return read_shares(run);
    return status_error(STATUS_BAD_INPUT,
                        "style: there are %d pictures; it takes the content, one to %d styles%s",
                        run_picture_count(run), STYLE_MAX_STYLES, mask ? ", and the mask" : "");
}

static const Picture *style_picture(Run *run, int style)
{
    const Style *s = run_state(run);
    const Picture *recoloured = &s->recoloured[style];
    return recoloured->rgba ? recoloured : run_picture(run, FIRST_STYLE + style);
}

static Status recolour_styles(Run *run)
{
    Style *s = run_state(run);
    Colours content;
    TRY(colours_of_picture(run_picture(run, CONTENT_PICTURE), &content));
    for (int i = 0; i < s->style_count; i++) {
        const Picture *style = run_picture(run, FIRST_STYLE + i);
        Colours colours;
        TRY(colours_of_picture(style, &colours));
        TRY(picture_copy(&s->recoloured[i], style->width, style->height, style->rgba));
        const ColourMap map = colours_map(&colours, &content);
        colours_apply_to_picture(&map, &s->recoloured[i]);
    }
    return status_ok();
}

static Status begin(Run *run)
{
    Style *s = run_state(run);
    int height, width;
    TRY(count_styles(run));
    if (run_flag(run, "keep-colours") && run_choice(run, "colour-method", "match"))
        TRY(recolour_styles(run));
    fit_picture(run_picture(run, CONTENT_PICTURE), run_int(run, "size"), STYLE_LEAST_SIDE, &height,
                &width);
    TRY(plan_layers(run, run_text(run, "style-layers"), height, width, &s->graph));
    const Value *input = graph_input(s->graph, 0);
    TRY(check_colour_input(run, "style", input));
    const Network *network = run_network(run);
    TRY(style_layers(network, s->graph, run_text(run, "style-layers"), run_arena(run), &s->list));
    TRY(content_layer(network, s->graph, run_text(run, "content-layer"), run_arena(run),
                      &s->content));
    s->height = input->shape.dim[2], s->width = input->shape.dim[3];
    return run_flag(run, "mask") ? style_regions(run) : status_ok();
}

/* ---- references ---- */

/* The style graphs come and go one after the other. */
static Status step_styles(Run *run)
{
    Style *s = run_state(run);
    if (s->reference.graph) {
        bool done = false;
        TRY(reference_step(run, &s->reference, &done));
        if (!done) return status_ok();
        TRY(style_take_grams(run));
        if (s->style == s->style_count) s->stage = STAGE_ALLOCATE;
        return status_ok();
    }
    int height, width;
    const Picture *picture = style_picture(run, s->style);
    const double side = run_int(run, "size") * (double)run_float(run, "style-scale");
    fit_picture(picture, side, STYLE_LEAST_SIDE, &height, &width);
    return reference_begin(run, &s->reference, picture, height, width,
                           run_text(run, "style-layers"), &s->list);
}

static Status ask_content(Run *run)
{
    Style *s = run_state(run);
    const size_t count = 3 * (size_t)s->height * (size_t)s->width;
    TRY(run_floats(run, count, &s->original));
    TRY(run_floats(run, count, &s->rgb));
    TRY(run_floats(run, count, &s->shown));
    TRY(run_floats(run, shape_elements(&s->content->shape), &s->features));
    TRY(load_whole(run, s->graph, run_picture(run, CONTENT_PICTURE)));
    preprocess_invert(network_preprocess(run_network(run)), graph_input(s->graph, 0)->data,
                      s->height, s->width, s->original);
    run_ask_forward(run, s->graph, &s->content, 1);
    return status_ok();
}

/* ---- painting ---- */

static void tell_progress(Run *run)
{
    const Style *s = run_state(run);
    const double all = run_int(run, "steps") + 1, done = 1 + s->matcher.steps_done;
    run_tell_progress(run, done / all, (done + 1) / all);
}

static Status paint(Run *run)
{
    Style *s = run_state(run);
    const int before = s->matcher.steps_done;
    bool done;
    TRY(matcher_step(run, &s->matcher, &done));
    tell_progress(run);
    if (s->matcher.steps_done > before) {
        s->content_loss = run_term(run, 0);
        s->tv_loss = run_term(run, s->matcher.term_count - 1);
        s->style_loss = run_objective(run) - s->content_loss - s->tv_loss;
    }
    if (done) run_finish(run);
    return status_ok();
}

static Status step(Run *run)
{
    Style *s = run_state(run);
    switch (s->stage) {
    case STAGE_STYLES: return step_styles(run);
    case STAGE_ALLOCATE:
        /* Here rather than in begin: by now the style's memory is free again. */
        s->stage = STAGE_CONTENT;
        return graph_allocate(s->graph, GRAPH_INPUT_GRADIENT);
    case STAGE_CONTENT: s->stage = STAGE_START; return ask_content(run);
    case STAGE_START:
        s->stage = STAGE_PAINT;
        TRY(style_start(run));
        tell_progress(run);
        return status_ok();
    case STAGE_PAINT: break;
    }
    return paint(run);
}

/* ---- result ---- */

/* Brightness of the painting, hue and saturation of the content: Y of one, I and Q of the other. In RGB that
 * is the content plus the difference of Y. */
static void keep_colours(const Style *s)
{
    const size_t plane = (size_t)s->height * (size_t)s->width;
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

/* What no region covers stays the content. */
static void keep_uncovered(const Style *s)
{
    const size_t plane = (size_t)s->height * (size_t)s->width;
    for (size_t i = 0; i < 3 * plane; i++) {
        const float painted = s->region[0][i % plane];
        s->rgb[i] = painted * s->rgb[i] + (1 - painted) * s->original[i];
    }
}

static void add_facts(Run *run, Result *out)
{
    const Style *s = run_state(run);
    result_fact(out, "steps", "Steps", s->matcher.steps_done, "");
    result_fact(out, "evaluations", "Passes forward and back", s->matcher.evaluations, "");
    result_fact(out, "loss", "Loss", s->matcher.losses[s->matcher.steps_done - 1], "");
    result_fact(out, "content-loss", "of which content", s->content_loss, "");
    result_fact(out, "style-loss", "of which style", s->style_loss, "");
    result_fact(out, "tv-loss", "of which total variation", s->tv_loss, "");
    result_fact(out, "seconds", "Time", s->matcher.seconds, "s");
    result_fact(out, "width", "Width", s->width, "px");
    result_fact(out, "height", "Height", s->height, "px");
    result_fact_text(out, "content-layer", "Content layer", s->content->name);
    fact_layers(out, "style-layers", "Style layers", &s->list);
}

static Status result(Run *run, Result *out)
{
    const Style *s = run_state(run);
    if (!s->matcher.steps_done) return nothing_yet("style");
    matcher_rgb(run, &s->matcher, s->shown, s->rgb);
    if (run_flag(run, "keep-colours") && run_choice(run, "colour-method", "luminance"))
        keep_colours(s);
    if (s->region[0] && s->style_count == 1) keep_uncovered(s);
    result_image(out, "image", "The content in the style of the second picture", s->height,
                 s->width, s->rgb);
    result_curve(out, "loss", "Loss by step", s->matcher.steps_done, s->matcher.losses);
    add_facts(run, out);
    return status_ok();
}

static void end(Run *run)
{
    Style *s = run_state(run);
    matcher_destroy(&s->matcher);
    for (int i = 0; i < STYLE_MAX_STYLES; i++) picture_release(&s->recoloured[i]);
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
    .most_pictures = 2 + STYLE_MAX_STYLES,
    .images = "CONTENT_IMAGE STYLE_IMAGE [STYLE_IMAGE...] [MASK_IMAGE]",
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Style),
    .begin = begin,
    .step = step,
    .result = result,
    .end = end,
};
