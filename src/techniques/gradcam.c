#include <string.h>

#include "techniques/common.h"

typedef struct Gradcam {
    Graph *graph;
    Objective term;
    char target[TARGET_TEXT_BYTES];
    float *probabilities;
    int top;
    double value;
    Value *layer;
    float *coarse, *full;
    bool forward_done, done;
} Gradcam;

static const Param params[] = {
    TARGET_PARAM(
        "What is explained: the score of a class (class:340, class:top), or a unit above the "
        "layer."),
    {.name = "layer",
     .title = "Layer",
     .type = PARAM_LAYER,
     .initial = "auto",
     .unit = "",
     .help = "The layer whose maps are weighed; auto takes the last convolutional one, the deepest "
             "that "
             "still knows where things are."},
};

static Status begin(Run *run)
{
    Gradcam *s = run_state(run);
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    TRY(run_load_picture(run, s->graph, 0, 0));
    TRY(network_layer(run_network(run), s->graph, run_text(run, "layer"), &s->layer));
    const Shape *shape = &s->layer->shape, *input = &graph_input(s->graph, 0)->shape;
    if (shape->rank != 4 || s->layer->constant) {
        char text[SHAPE_TEXT_BYTES];
        return status_error(STATUS_BAD_INPUT,
                            "Grad-CAM needs a layer of maps, but '%s' is %s; choose a convolution",
                            s->layer->name, shape_text(shape, text));
    }
    TRY(run_floats(run, shape_span(shape, 2, 4), &s->coarse));
    TRY(run_floats(run, shape_span(input, 2, 4), &s->full));
    TRY(run_floats(run, (size_t)network_class_count(s->graph), &s->probabilities));
    run_ask_forward(run, s->graph, NULL, 0);
    run_tell_progress(run, 0, 0.8);
    return status_ok();
}

/* ReLU(sum_k a_k A_k) with a_k = mean over space of dS/dA_k; equations 1 and 2. */
static void weigh_maps(const Value *layer, float *map)
{
    const size_t plane = shape_span(&layer->shape, 2, 4);
    memset(map, 0, plane * sizeof *map);
    for (size_t k = 0; k < (size_t)layer->shape.dim[1]; k++) {
        const float *a = layer->data + k * plane, *da = layer->grad + k * plane;
        double mean = 0;
        for (size_t i = 0; i < plane; i++) mean += da[i];
        mean /= (double)plane;
        for (size_t i = 0; i < plane; i++) map[i] += (float)mean * a[i];
    }
    for (size_t i = 0; i < plane; i++) {
        if (map[i] < 0) map[i] = 0;
    }
}

static Status step(Run *run)
{
    Gradcam *s = run_state(run);
    if (!s->forward_done) {
        s->forward_done = true;
        s->top = top_class(s->graph, 0, s->probabilities);
        TRY(target_resolve(run, s->graph, &s->term, s->target));
        graph_stop_backward_at(s->graph, s->layer);
        run_ask_backward(run, s->graph, &s->term, 1, &backward_exact);
        run_tell_progress(run, 0.8, 1);
        return status_ok();
    }
    s->value = run_objective(run);
    TRY(check_gradient(s->graph, s->layer, s->target, &backward_exact));
    weigh_maps(s->layer, s->coarse);
    const Shape *shape = &s->layer->shape, *input = &graph_input(s->graph, 0)->shape;
    if (max_abs(s->coarse, shape_span(shape, 2, 4)) == 0) {
        TRY(check_activations(s->graph));
        return status_error(
            STATUS_BAD_INPUT,
            "Grad-CAM of %s at '%s' is zero everywhere: no place in the picture speaks "
            "for the target",
            s->target, s->layer->name);
    }
    TRY(resample(s->coarse, 1, shape->dim[2], shape->dim[3], s->full, input->dim[2],
                 input->dim[3]));
    s->done = true;
    run_tell_version(run);
    run_finish(run);
    return status_ok();
}

static Status result(Run *run, Result *out)
{
    const Gradcam *s = run_state(run);
    if (!s->done) return nothing_yet("gradcam");
    result_add(out, (ResultItem){.name = "map",
                                 .title = "Where the layer speaks for the target",
                                 .kind = RESULT_MAP,
                                 .shape = shape_make(2, graph_input(s->graph, 0)->shape.dim + 2),
                                 .data = s->full,
                                 .colormap = "inferno"});
    result_add(out, (ResultItem){.name = "raw",
                                 .title = "The same as the layer has it, not enlarged",
                                 .kind = RESULT_MAP,
                                 .shape = shape_make(2, s->layer->shape.dim + 2),
                                 .data = s->coarse,
                                 .colormap = "inferno"});
    result_fact_text(out, "target", "Target", s->target);
    result_fact(out, "value", "Value of the target", s->value, "");
    result_fact_text(out, "layer", "Layer", s->layer->name);
    result_fact(out, "channels", "Maps weighed", s->layer->shape.dim[1], "");
    if (s->top < 0) return status_ok();
    fact_class(run, out, "class", "Likeliest class", s->top);
    fact_percent(out, "probability", "Its probability", s->probabilities[s->top]);
    return status_ok();
}

const Technique technique_gradcam = {
    .id = "gradcam",
    .title = "Grad-CAM",
    .question = "why",
    .sentence =
        "Weighs each map of a late layer by how much the target wants it, and adds them up.",
    .read = "Bright regions are where the layer found what speaks for the target.",
    .limits = "It is as coarse as the layer, and what speaks against the target is cut off: a "
              "region, not "
              "an outline.",
    .paper = "Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks, section 3",
    .pictures = 1,
    .returns = "map",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Gradcam),
    .begin = begin,
    .step = step,
    .result = result,
};
