#include <math.h>
#include <stdio.h>
#include <string.h>

#include "techniques/common.h"
#include "techniques/marks.h"
#include "techniques/painter.h"

enum { REDIRECTED_STEPS = 16, MAX_PICTURES = 8, LEAST_SIDE = 32 };

/* Olah et al. 2017, appendix: what Lucid does by default. */
static const TransformationStep moves[] = {
    {TRANSFORMATION_PAD, 12},    {TRANSFORMATION_JITTER, 8}, {TRANSFORMATION_SCALE, 0.1F},
    {TRANSFORMATION_ROTATE, 10}, {TRANSFORMATION_JITTER, 4},
};

typedef struct FeatureVisualization {
    Graph *graph;
    Painter *painter;
    Objective terms[2]; /* the target; likeness of the pictures */
    char target[TARGET_TEXT_BYTES];
    int count, steps, done;
    int dead;    /* steps on end for which no gradient came back */
    Marks marks; /* steps at which the pictures are kept */
    int kept;
    float *series; /* [marks,N,3,H,W] */
    float *rgb;    /* [N,3,H,W] */
    float *sheet;  /* [3,rows H,columns W] */
    float *curve;  /* [steps]: value of the target, per picture */
    float *probabilities;
    bool resolved, judging, judged;
    double value; /* of the target, at the picture as it is */
    int top;
} FeatureVisualization;

static const Param params[] = {
    TARGET_PARAM(
        "What the picture shall excite: channel:NODE:C, neuron:NODE:C:Y:X, layer:NODE, a class, "
        "or a mix of them such as \"channel:NODE:3 + 0.5*class:340\"."),
    {.name = "size",
     .title = "Size",
     .type = PARAM_INT,
     .min = 0,
     .max = 1024,
     .step = 16,
     .initial = "0",
     .unit = "px",
     .help = "Side of the picture; 0 takes the network's own, and so does a network that allows no "
             "other."},
    {.name = "steps",
     .title = "Steps",
     .type = PARAM_INT,
     .min = 1,
     .max = 5000,
     .step = 32,
     .initial = "512",
     .unit = "",
     .help = "Steps of Adam; the forms stand after 100, what follows is contrast and detail."},
    {.name = "pictures",
     .title = "Pictures",
     .type = PARAM_INT,
     .min = 1,
     .max = MAX_PICTURES,
     .step = 1,
     .initial = "1",
     .unit = "",
     .help = "Several at once, which diversity keeps apart: they show the different things that "
             "excite one unit."},
    {.name = "diversity",
     .title = "Diversity",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 100,
     .step = 0.1,
     .initial = "0.5",
     .unit = "",
     .help =
         "With several pictures: what it costs that their textures (Gram matrices) are alike, in "
         "shares of the target's value."},
    {.name = "series",
     .title = "Series",
     .type = PARAM_TEXT,
     .initial = "1, 16, 64, 128, 256",
     .unit = "",
     .help = "The steps after which the picture is kept, separated by commas.",
     .advanced = true},
    {.name = "step",
     .title = "Step",
     .type = PARAM_FLOAT,
     .min = 0.001,
     .max = 1,
     .step = 0.01,
     .initial = "0.05",
     .unit = "",
     .help = "Adam's learning rate, in the space of waves.",
     .advanced = true},
    {.name = "decay",
     .title = "Decay",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 0.5,
     .step = 0.005,
     .initial = "0.01",
     .unit = "",
     .help =
         "Share by which each step pulls the picture back to grey: grain and garish colours fade, "
         "forms that are asked for again and again stay. 0 as in the paper.",
     .advanced = true},
    {.name = "falloff",
     .title = "Falloff",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 3,
     .step = 0.25,
     .initial = "1.25",
     .unit = "",
     .help =
         "The power of 1/f by which short waves move less: 1 as in photographs and in the paper, "
         "more makes larger forms and less grain.",
     .advanced = true},
    {.name = "border",
     .title = "Border",
     .type = PARAM_CHOICE,
     .initial = "grey",
     .choices = "grey|wrap",
     .unit = "",
     .help = "What lies outside of the picture as it is moved: grey, or the picture again, which "
             "gives a texture without edges that can be tiled.",
     .advanced = true},
    SEED_PARAM(
        "Of the noise at the start and of the transformations: the same number gives the same "
        "picture."),
};

/* ---- begin ---- */

static Status build(Run *run)
{
    FeatureVisualization *s = run_state(run);
    const int side = run_int(run, "size");
    const int wanted = side && side < LEAST_SIDE ? LEAST_SIDE : side;
    const GraphRequest request = {.batch = s->count, .height = wanted, .width = wanted};
    TRY(plan_sized(run, &request, &s->graph));
    if (graph_input(s->graph, 0)->shape.dim[0] != s->count) {
        return status_error(STATUS_UNSUPPORTED,
                            "this network takes one picture at a time: set pictures to 1");
    }
    return graph_allocate(s->graph, GRAPH_INPUT_GRADIENT);
}

static Status begin(Run *run)
{
    FeatureVisualization *s = run_state(run);
    s->count = run_int(run, "pictures");
    s->steps = run_int(run, "steps");
    TRY(marks_read(run, s->steps, &s->marks));
    TRY(build(run));
    const PainterOptions options = {
        .kind = PARAMETERISATION_FOURIER,
        .range = RANGE_SIGMOID,
        .falloff = run_float(run, "falloff"),
        .decay = run_float(run, "decay"),
        .noise = 0.01F,
        .step = run_float(run, "step"),
        .seed = (uint64_t)run_int(run, "seed"),
        .border = run_choice(run, "border", "wrap") ? BORDER_WRAP : BORDER_GREY,
        .steps = moves,
        .step_count = sizeof moves / sizeof *moves,
    };
    TRY(painter_create(run, s->graph, &options, &s->painter));
    const size_t rgb = (size_t)s->count * 3 * s->painter->plane;
    TRY(run_floats(run, rgb, &s->rgb));
    TRY(run_floats(run, 2 * rgb, &s->sheet));
    TRY(run_floats(run, (size_t)s->marks.count * rgb, &s->series));
    TRY(run_floats(run, (size_t)s->steps, &s->curve));
    TRY(run_floats(run, (size_t)network_class_count(s->graph), &s->probabilities));
    painter_show(s->painter, true);
    run_ask_forward(run, s->graph, NULL, 0);
    return status_ok();
}

/* ---- climbing ---- */

/* Gram matrices of the target's own layer; of a class: of the last layer of maps. */
static Status set_diversity(Run *run)
{
    FeatureVisualization *s = run_state(run);
    Objective *likeness = &s->terms[1];
    *likeness = (Objective){.kind = OBJECTIVE_GRAM_SIMILARITY, .value = s->terms[0].value};
    const Shape *shape = &likeness->value->shape;
    if (likeness->value == network_logits(s->graph) || shape->rank != 4 ||
        shape->dim[2] * shape->dim[3] == 1)
        TRY(network_layer(run_network(run), s->graph, "auto", &likeness->value));
    return run_floats(run, objectives_scratch(likeness), &likeness->scratch);
}

static Status resolve(Run *run)
{
    FeatureVisualization *s = run_state(run);
    s->resolved = true;
    TRY(target_resolve(run, s->graph, &s->terms[0], s->target));
    return s->count > 1 ? set_diversity(run) : status_ok();
}

static void ask_gradient(Run *run)
{
    FeatureVisualization *s = run_state(run);
    const bool diverse = s->count > 1 && s->done > 0 && run_float(run, "diversity") > 0;
    /* Relative to what was reached: one number suits every layer. */
    if (diverse) s->terms[1].weight = -run_float(run, "diversity") * fabsf(s->curve[s->done - 1]);
    painter_show(s->painter, true);
    const bool redirect = s->done < REDIRECTED_STEPS || s->dead > 0;
    const BackwardRule *rule = redirect ? &backward_redirected : &backward_exact;
    run_ask_gradient(run, s->graph, s->terms, diverse ? 2 : 1, rule);
    run_tell_progress(run, (s->done + 0.0) / (s->steps + 1), (s->done + 1.0) / (s->steps + 1));
}

static void keep_rgb(Run *run)
{
    FeatureVisualization *s = run_state(run);
    const size_t one = 3 * s->painter->plane, all = one * (size_t)s->count;
    for (int n = 0; n < s->count; n++)
        painter_rgb(s->painter, network_preprocess(run_network(run)), n, s->rgb + (size_t)n * one);
    if (marks_find(&s->marks, s->done) < 0) return;
    memcpy(s->series + (size_t)s->kept++ * all, s->rgb, all * sizeof *s->rgb);
}

static Status take_step(Run *run)
{
    FeatureVisualization *s = run_state(run);
    const float most = max_abs(s->painter->input->grad, s->painter->size);
    s->dead = most == 0 ? s->dead + 1 : 0;
    if (!isfinite(most) || s->dead == REDIRECTED_STEPS)
        TRY(check_gradient(s->graph, s->painter->input, s->target, &backward_redirected));
    s->curve[s->done++] = (float)(run_term(run, 0) / s->count);
    painter_climb(s->painter, run_objective(run));
    return status_ok();
}

static Status step(Run *run)
{
    FeatureVisualization *s = run_state(run);
    if (s->judging) {
        s->top = top_class(s->graph, 0, s->probabilities);
        s->value = objective_value(&s->terms[0]) / s->count;
        s->judged = true;
        run_finish(run);
        run_tell_version(run);
        return status_ok();
    }
    if (!s->resolved) {
        TRY(resolve(run));
        ask_gradient(run);
        return status_ok();
    }
    TRY(take_step(run));
    s->judging = s->done == s->steps;
    if (s->judging) {
        painter_show(s->painter, false);
        run_ask_forward(run, s->graph, NULL, 0);
    } else {
        ask_gradient(run);
    }
    keep_rgb(run);
    run_tell_version(run);
    return status_ok();
}

/* ---- result ---- */

/* All pictures on one sheet: in two rows from four on. */
static Shape lay_out(const FeatureVisualization *s)
{
    const size_t h = (size_t)s->painter->height, w = (size_t)s->painter->width;
    const size_t columns = (size_t)(s->count > 3 ? (s->count + 1) / 2 : s->count);
    const size_t rows = ((size_t)s->count + columns - 1) / columns;
    const size_t plane = rows * h * columns * w;
    for (size_t i = 0; i < 3 * plane; i++) s->sheet[i] = 0.12F;
    for (size_t n = 0; n < (size_t)s->count; n++) {
        for (size_t line = 0; line < 3 * h; line++) {
            const size_t y = n / columns * h + line % h;
            float *to = s->sheet + line / h * plane + (y * columns + n % columns) * w;
            memcpy(to, s->rgb + (n * 3 * h + line) * w, w * sizeof *to);
        }
    }
    return shape_make(3, (int[]){3, (int)(rows * h), (int)(columns * w)});
}

static void add_facts(Run *run, Result *out)
{
    const FeatureVisualization *s = run_state(run);
    result_fact_text(out, "target", "Target", s->target);
    result_fact(out, "steps", "Steps", s->done, "");
    result_fact(out, "start", "Value of the target at the start", s->curve[0], "");
    result_fact(out, "moved", "Value at the last step, moved and turned", s->curve[s->done - 1],
                "");
    if (!s->judged) return;
    result_fact(out, "value", "Value of the target", s->value, "");
    if (s->count > 1)
        result_fact(out, "likeness", "Likeness of the pictures, mean cosine of Gram matrices",
                    objective_value(&(Objective){.kind = OBJECTIVE_GRAM_SIMILARITY,
                                                 .value = s->terms[1].value,
                                                 .scratch = s->terms[1].scratch,
                                                 .weight = 1}) /
                        (s->count - 1),
                    "");
    if (s->top < 0) return;
    fact_class(run, out, "class", "What the network takes it for", s->top);
    fact_percent(out, "probability", "Its probability", s->probabilities[s->top]);
}

static Status result(Run *run, Result *out)
{
    FeatureVisualization *s = run_state(run);
    if (!s->done) return nothing_yet("feature-visualization");
    const Painter *p = s->painter;
    result_add(out, (ResultItem){.name = "image",
                                 .title = "What the target wants to see",
                                 .kind = RESULT_IMAGE,
                                 .shape = lay_out(s),
                                 .data = s->sheet});
    if (s->kept) {
        result_add(out, (ResultItem){.name = "series",
                                     .title = "How it came about, step by step",
                                     .kind = RESULT_TILES,
                                     .shape = shape_4d(s->kept * s->count, 3, p->height, p->width),
                                     .data = s->series});
    }
    result_curve(out, "objective", "Value of the target, step by step", s->done, s->curve);
    add_facts(run, out);
    return status_ok();
}

static void end(Run *run)
{
    FeatureVisualization *s = run_state(run);
    painter_destroy(s->painter);
}

const Technique technique_feature_visualization = {
    .id = "feature-visualization",
    .title = "Feature visualization",
    .question = "want",
    .sentence =
        "Paints, from nothing, a picture that excites a neuron, a channel, a layer, a class or a "
        "mix of them as strongly as possible.",
    .read =
        "What comes again in the picture is what the unit looks for: edges and textures in early "
        "layers, parts of things in late ones. Several diverse pictures show whether it is one "
        "thing or many.",
    .limits =
        "It shows what excites a unit most, not what it usually answers to: compare with patches "
        "of photographs.",
    .ask = "Is the picture what the unit saw most often in training?",
    .answer =
        "No, it is the far end of what the unit answers to, stronger than any photograph. Colours "
        "and how often a form is repeated come from the way it is painted; the forms themselves "
        "come from the unit. If several seeds agree on a form, trust it.",
    .paper = "Olah, Mordvintsev & Schubert 2017, Feature Visualization, Distill",
    .pictures = 0,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(FeatureVisualization),
    .begin = begin,
    .step = step,
    .result = result,
    .end = end,
};
