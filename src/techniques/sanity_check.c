#include <math.h>
#include <stdio.h>
#include <string.h>

#include "techniques/explanation.h"
#include "techniques/similarity.h"

enum { MAX_STAGES = 64 };

typedef struct Sanity {
    Graph *graph;
    Objective term;
    char target[TARGET_TEXT_BYTES];
    int height, width;
    size_t plane;
    int layers;                  /* with weights */
    int stages, done;            /* without the map of the trained network; done counts it */
    int redrawn[MAX_STAGES + 1]; /* layers drawn anew at each stage; 0, 1, ... layers */
    float *maps;                 /* [stages + 1,H,W], magnitudes scaled to 0..1 */
    float similarity[2][MAX_STAGES + 1]; /* SSIM and rank correlation with the first map */
    float *lines;                        /* [2, done] */
    int empty;                           /* stages whose map is zero */
    bool resolved;
} Sanity;

static const Param params[] = {
    TARGET_PARAM("What the map is for: a class (class:340, class:top: the trained network's own "
                 "answer, kept throughout), or any unit."),
    METHOD_PARAM("guided-backprop", "The method that is tested."),
    {.name = "stages",
     .title = "Stages",
     .type = PARAM_INT,
     .min = 1,
     .max = MAX_STAGES,
     .step = 1,
     .initial = "12",
     .unit = "",
     .help = "How many maps are made on the way from the trained network to a random one; one "
             "for each layer where the network has no more."},
    SEED_PARAM("Of the new weights: the same number gives the same network."),
};

static Status begin(Run *run)
{
    Sanity *s = run_state(run);
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_FORWARD, &s->graph));
    TRY(run_load_picture(run, s->graph, 0, 0));
    const Shape *input = &graph_input(s->graph, 0)->shape;
    s->height = input->dim[2], s->width = input->dim[3];
    s->plane = shape_span(input, 2, 4);
    while (network_weighted(s->graph, s->layers)) s->layers++;
    if (s->layers == 0) {
        return status_error(STATUS_BAD_INPUT,
                            "'%s' has no layer with weights of its own, so nothing can be drawn "
                            "anew",
                            network_name(run_network(run)));
    }
    s->stages = run_int(run, "stages");
    if (s->stages > s->layers) s->stages = s->layers;
    for (int i = 0; i <= s->stages; i++)
        s->redrawn[i] = (int)lround((double)i * s->layers / s->stages);
    /* The last layer alone is the first stage, as in the paper. */
    s->redrawn[1] = s->stages > 1 ? 1 : s->layers;
    TRY(run_floats(run, ((size_t)s->stages + 1) * s->plane, &s->maps));
    TRY(run_floats(run, 2 * ((size_t)s->stages + 1), &s->lines));
    run_ask_forward(run, s->graph, NULL, 0);
    run_tell_progress(run, 0, 0.02);
    return status_ok();
}

static Status ask_map(Run *run)
{
    Sanity *s = run_state(run);
    const double all = s->stages + 1;
    TRY(explanation_ask(run, &s->term, s->redrawn[s->done]));
    run_tell_progress(run, 0.02 + 0.98 * s->done / all, 0.02 + 0.98 * (s->done + 1) / all);
    return status_ok();
}

/* Magnitudes, the strongest half per cent clipped, so that one pixel does not set the scale. */
static void scale_map(float *map, size_t count)
{
    const float high = quantile_abs(map, count, 0.995);
    for (size_t i = 0; i < count; i++) map[i] = high > 0 ? fminf(fabsf(map[i]) / high, 1) : 0;
}

static Status take_map(Run *run)
{
    Sanity *s = run_state(run);
    float *map = s->maps + (size_t)s->done * s->plane;
    const Status status = explanation_take(run, s->height, s->width, map);
    /* A random network may let no signal through: that map is zero, which is an answer too. */
    if (status.code != STATUS_OK) {
        if (s->done == 0 || status.code != STATUS_BAD_INPUT) return status;
        memset(map, 0, s->plane * sizeof *map);
        s->empty++;
    }
    scale_map(map, s->plane);
    double ssim, correlation;
    TRY(structural_similarity(s->maps, map, s->height, s->width, &ssim));
    TRY(rank_correlation(s->maps, map, s->plane, &correlation));
    s->similarity[0][s->done] = (float)ssim;
    s->similarity[1][s->done] = (float)correlation;
    s->done++;
    return status_ok();
}

static Status step(Run *run)
{
    Sanity *s = run_state(run);
    if (!s->resolved) {
        s->resolved = true;
        TRY(check_activations(s->graph));
        TRY(target_resolve(run, s->graph, &s->term, s->target));
        return ask_map(run);
    }
    TRY(take_map(run));
    run_tell_version(run);
    if (s->done <= s->stages) return ask_map(run);
    run_finish(run);
    return status_ok();
}

/* ---- result ---- */

/* Over the stages after the trained network. */
static double mean_of(const float *similarity, int done)
{
    double sum = 0;
    for (int i = 1; i < done; i++) sum += similarity[i];
    return done > 1 ? sum / (done - 1) : 0;
}

static void add_facts(Run *run, Result *out)
{
    const Sanity *s = run_state(run);
    result_fact_text(out, "target", "Target", s->target);
    result_fact_text(out, "method", "Method", run_text(run, "method"));
    result_fact(out, "ssim", "Mean structural similarity", mean_of(s->similarity[0], s->done), "");
    result_fact(out, "correlation", "Mean rank correlation", mean_of(s->similarity[1], s->done),
                "");
    result_fact(out, "last-ssim", "Structural similarity, all random",
                s->similarity[0][s->done - 1], "");
    result_fact(out, "last-correlation", "Rank correlation, all random",
                s->similarity[1][s->done - 1], "");
    result_fact(out, "layers", "Layers drawn anew", s->redrawn[s->done - 1], "");
    if (s->empty) result_fact(out, "empty", "Stages whose map is zero", s->empty, "");
}

static Status result(Run *run, Result *out)
{
    const Sanity *s = run_state(run);
    if (s->done < 2) return nothing_yet("sanity-check");
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < s->done; i++) s->lines[k * s->done + i] = s->similarity[k][i];
    }
    result_add(out, (ResultItem){.name = "similarity",
                                 .title = "Likeness to the trained network's map, as weights are "
                                          "drawn anew from the last layer down",
                                 .kind = RESULT_CURVE,
                                 .shape = shape_make(2, (int[]){2, s->done}),
                                 .data = s->lines,
                                 .lines = "structural similarity|rank correlation"});
    result_add(out, (ResultItem){.name = "maps",
                                 .title = "The map at each stage; the first is the trained "
                                          "network's",
                                 .kind = RESULT_TILES,
                                 .shape = shape_make(3, (int[]){s->done, s->height, s->width}),
                                 .data = s->maps,
                                 .colormap = "inferno"});
    add_facts(run, out);
    return status_ok();
}

const Technique technique_sanity_check = {
    .id = "sanity-check",
    .title = "Sanity check",
    .question = "why",
    .sentence = "Tests a method: draws the network's weights anew from the last layer down and "
                "watches whether its map changes.",
    .read = "A map that depends on what the network has learnt loses its likeness at the first "
            "stages; one that keeps it would look convincing for a random network too.",
    .limits = "Passing is necessary, not sufficient; a likeness of maps is no likeness to the eye, "
              "and smooth maps are always a little alike.",
    .ask = "How can a map of a random network still show the object?",
    .answer = "Because the object is in the picture. What lets the picture's edges through, as "
              "guided backprop does at every rectifier, draws them whatever the weights say. Only "
              "what changes when the weights change can tell what the network has learnt.",
    .paper = "Adebayo et al. 2018, Sanity Checks for Saliency Maps, section 3; weights as He et "
             "al. 2015",
    .pictures = 1,
    .returns = "curve",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Sanity),
    .begin = begin,
    .step = step,
    .result = result,
};
