#include <stdlib.h>
#include <string.h>

#include "techniques/cam.h"
#include "techniques/scorer.h"

typedef struct Ranked {
    int channel;
    float high; /* its highest activation */
} Ranked;

typedef struct Scorecam {
    Scorer scorer;
    Value *layer;
    size_t size, plane,
        coarse_plane;     /* values of the input, of one channel, of a map of the layer */
    float *clean;         /* [C,H,W] */
    float *maps;          /* [K,h,w]: the layer for the picture as it is */
    Ranked *ranked;       /* [K]: those that mask anything, strongest first */
    float *mask;          /* [H,W] */
    float *coarse, *full; /* [h,w], [H,W] */
    int count;            /* maps tried */
    int next, done;       /* maps asked for, maps known */
    bool started;
    double score; /* of the picture as it is */
    double best;  /* the highest weight */
} Scorecam;

static const Param params[] = {
    TARGET_PARAM("What is explained: a class (class:340, class:top), whose probability is the "
                 "weight, or the value of a unit above the layer."),
    CAM_LAYER_PARAM,
    {.name = "maps",
     .title = "Maps",
     .type = PARAM_INT,
     .min = 1,
     .max = 4096,
     .step = 1,
     .initial = "4096",
     .unit = "",
     .help =
         "The most maps tried, strongest first: each takes a forward pass. The paper tries all; "
         "64 show about the same region.",
     .advanced = true},
};

static Status begin(Run *run)
{
    Scorecam *s = run_state(run);
    TRY(scorer_create(run, &s->scorer));
    TRY(run_load_picture(run, s->scorer.graph, 0, 0));
    TRY(cam_layer(run, s->scorer.graph, &s->layer));
    const Shape *shape = &s->layer->shape, *input = &s->scorer.input->shape;
    s->size = shape_span(input, 1, 4), s->plane = shape_span(input, 2, 4);
    s->coarse_plane = shape_span(shape, 2, 4);
    TRY(run_floats(run, s->size, &s->clean));
    TRY(run_floats(run, shape_span(shape, 1, 4), &s->maps));
    TRY(run_floats(run, s->plane, &s->mask));
    TRY(run_floats(run, s->plane, &s->full));
    TRY(run_floats(run, s->coarse_plane, &s->coarse));
    const size_t bytes = (size_t)shape->dim[1] * sizeof *s->ranked;
    s->ranked = arena_alloc(run_arena(run), bytes);
    if (!s->ranked) return status_no_memory("scorecam", bytes);
    memcpy(s->clean, s->scorer.input->data, s->size * sizeof *s->clean);
    run_ask_forward(run, s->scorer.graph, NULL, 0);
    run_tell_progress(run, 0, (double)s->scorer.batch / shape->dim[1]);
    return status_ok();
}

static int stronger(const void *left, const void *right)
{
    const Ranked *a = left, *b = right;
    if (a->high != b->high) return a->high < b->high ? 1 : -1;
    return a->channel - b->channel;
}

/* The maps of the picture, without those that are the same everywhere: they mask nothing. */
static void rank(Scorecam *s, int most)
{
    memcpy(s->maps, s->layer->data, shape_span(&s->layer->shape, 1, 4) * sizeof *s->maps);
    for (int k = 0; k < s->layer->shape.dim[1]; k++) {
        const TensorStats stats =
            tensor_stats(s->maps + (size_t)k * s->coarse_plane, s->coarse_plane);
        if (stats.max > stats.min) s->ranked[s->count++] = (Ranked){k, stats.max};
    }
    qsort(s->ranked, (size_t)s->count, sizeof *s->ranked, stronger);
    if (s->count > most) s->count = most;
}

/* The picture times a map that is enlarged and scaled to 0..1; equations 4 to 6. */
static Status place(Scorecam *s, int item, const Ranked *ranked)
{
    const Shape *shape = &s->layer->shape, *input = &s->scorer.input->shape;
    TRY(resample(s->maps + (size_t)ranked->channel * s->coarse_plane, 1, shape->dim[2],
                 shape->dim[3], s->mask, input->dim[2], input->dim[3]));
    const TensorStats stats = tensor_stats(s->mask, s->plane);
    const float range = stats.max > stats.min ? stats.max - stats.min : 1;
    for (size_t i = 0; i < s->plane; i++) s->mask[i] = (s->mask[i] - stats.min) / range;
    float *x = s->scorer.input->data + (size_t)item * s->size;
    for (size_t i = 0; i < s->size; i++) x[i] = s->clean[i] * s->mask[i % s->plane];
    return status_ok();
}

static Status ask_batch(Run *run)
{
    Scorecam *s = run_state(run);
    for (int n = 0; n < s->scorer.batch && s->next < s->count; n++)
        TRY(place(s, n, &s->ranked[s->next++]));
    run_ask_objective(run, s->scorer.graph, &s->scorer.term);
    run_tell_progress(run, (s->done + 1.0) / (s->count + 1), (s->next + 1.0) / (s->count + 1));
    return status_ok();
}

static Status finish(Run *run)
{
    Scorecam *s = run_state(run);
    cam_rectify(s->coarse, s->coarse_plane);
    TRY(cam_enlarge(s->scorer.graph, s->layer, s->scorer.target, s->coarse, s->full));
    run_finish(run);
    return status_ok();
}

static Status step(Run *run)
{
    Scorecam *s = run_state(run);
    if (!s->started) {
        s->started = true;
        TRY(check_activations(s->scorer.graph));
        TRY(scorer_resolve(run, &s->scorer));
        s->score = scorer_score(&s->scorer, 0);
        rank(s, run_int(run, "maps"));
        if (s->count) return ask_batch(run);
        return status_error(STATUS_BAD_INPUT,
                            "every map of '%s' is the same everywhere, so none can mask the "
                            "picture; choose another layer",
                            s->layer->name);
    }
    for (int n = 0; s->done < s->next; n++, s->done++) {
        const double weight = scorer_score(&s->scorer, n);
        const int channel = s->ranked[s->done].channel;
        cam_add(s->coarse, weight, s->maps + (size_t)channel * s->coarse_plane, s->coarse_plane);
        if (s->done == 0 || weight > s->best) s->best = weight;
    }
    run_tell_version(run);
    return s->done == s->count ? finish(run) : ask_batch(run);
}

static Status result(Run *run, Result *out)
{
    const Scorecam *s = run_state(run);
    if (!s->done) return nothing_yet("scorecam");
    const Shape *shape = &s->layer->shape, *input = &s->scorer.input->shape;
    TRY(resample(s->coarse, 1, shape->dim[2], shape->dim[3], s->full, input->dim[2],
                 input->dim[3]));
    cam_rectify(s->full, s->plane);
    cam_add_maps(s->scorer.graph, s->layer, s->coarse, s->full, out);
    const double unit = s->scorer.is_class ? 100 : 1;
    const char *percent = s->scorer.is_class ? "%" : "";
    result_fact_text(out, "target", "Target", s->scorer.target);
    result_fact(out, "score", s->scorer.is_class ? "Its probability" : "Its value", unit * s->score,
                percent);
    result_fact_text(out, "layer", "Layer", s->layer->name);
    result_fact(out, "maps", "Maps tried", s->done, "");
    result_fact(out, "best", "The highest score through one map", unit * s->best, percent);
    return status_ok();
}

const Technique technique_scorecam = {
    .id = "scorecam",
    .title = "Score-CAM",
    .question = "why",
    .sentence = "Weighs each map of a late layer by the target's probability when only what the "
                "map lights up is shown, and adds them up: no gradient is needed.",
    .read = "Bright regions are those that alone suffice for the answer.",
    .limits = "It is as coarse as the layer, a masked picture is like none the network was trained "
              "on, and every map costs a forward pass.",
    .ask = "Why do without gradients, when they are so cheap?",
    .answer = "A gradient says what an infinitely small change would do, which can be "
              "zero or noise for a score that is saturated. Here each map is tried out: "
              "it covers the picture, and the network itself says how much of the class "
              "is left. That is an experiment, at the price of hundreds of passes.",
    .paper = "Wang et al. 2020, Score-CAM: Score-Weighted Visual Explanations, section 3",
    .pictures = 1,
    .returns = "map",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Scorecam),
    .begin = begin,
    .step = step,
    .result = result,
};
