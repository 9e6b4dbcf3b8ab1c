#include "embed/pca.h"

#include <stdio.h>

#include "embed/nearest.h"
#include "techniques/common.h"
#include "techniques/features.h"

enum { MOST_COMPONENTS = 50 };

static const Param params[] = {
    {.name = "dimensions",
     .title = "Dimensions",
     .type = PARAM_CHOICE,
     .initial = "2",
     .choices = "2|3",
     .unit = "",
     .help = "A plane, or a space that can be turned."},
    FEATURE_PARAMS,
    SEED_PARAM(
        "Of the directions that the iteration starts from; the result hardly depends on it."),
};

typedef struct Components {
    Features features;
    Groups groups;
    Pca *pca;
    int dimensions;
    float *points;                /* [count,dimensions] */
    float share[MOST_COMPONENTS]; /* of the variance */
    float summed[MOST_COMPONENTS];
    bool there;
} Components;

static Status begin(Run *run)
{
    Components *s = run_state(run);
    s->dimensions = run_choice(run, "dimensions", "3") ? 3 : 2;
    TRY(features_begin(run, &s->features));
    return run_floats(run, (size_t)s->features.count * (size_t)s->dimensions, &s->points);
}

static Status start(Run *run, Components *s)
{
    const Features *f = &s->features;
    float *mean;
    TRY(run_floats(run, (size_t)f->width, &mean));
    nearest_center(f->rows, f->count, f->width, mean);
    TRY(groups_make(run, f, &s->groups));
    TRY(pca_create(&s->pca, f->rows, f->count, f->width, MOST_COMPONENTS,
                   (uint64_t)run_int(run, "seed")));
    if (pca_total_variance(s->pca) > 0 && pca_components(s->pca) >= s->dimensions)
        return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "the layer '%s' has fewer than %d directions in which the pictures differ: "
                        "give more pictures, or choose another layer",
                        f->layer->name, s->dimensions);
}

static Status step(Run *run)
{
    Components *s = run_state(run);
    bool there = s->features.done == s->features.count;
    if (!there) TRY(features_step(run, &s->features, 0.9, &there));
    if (!there) return status_ok();
    if (!s->pca) return start(run, s);
    const bool done = pca_advance(s->pca);
    run_tell_progress(run, 0.9, 0.9 + 0.1 * pca_rounds(s->pca) / (pca_rounds(s->pca) + 3));
    if (!done) return status_ok();
    pca_project(s->pca, s->dimensions, s->points);
    double sum = 0;
    for (int i = 0; i < pca_components(s->pca); i++) {
        s->share[i] = (float)(pca_variances(s->pca)[i] / pca_total_variance(s->pca));
        s->summed[i] = (float)(sum += s->share[i]);
    }
    s->there = true;
    run_tell_version(run);
    run_finish(run);
    return status_ok();
}

static Status result(Run *run, Result *out)
{
    const Components *s = run_state(run);
    if (!s->there) return nothing_yet("pca");
    const int components = pca_components(s->pca);
    result_add(out, (ResultItem){.name = "points",
                                 .title = "The pictures along the strongest directions",
                                 .kind = RESULT_POINTS,
                                 .shape = shape_make(2, (int[]){s->features.count, s->dimensions}),
                                 .data = s->points,
                                 .points = &s->groups.points});
    result_curve(out, "variance", "Share of the variance, by component", components, s->share);
    result_curve(out, "summed", "Share of the variance, of so many components together", components,
                 s->summed);
    result_fact(out, "pictures", "Pictures", s->features.count, "");
    features_facts(&s->features, out);
    static const char *const names[] = {"first", "second", "third"};
    static const char *const labels[] = {"Along the first", "Along the second", "Along the third"};
    for (int i = 0; i < s->dimensions; i++) fact_percent(out, names[i], labels[i], s->share[i]);
    fact_percent(out, "shown", "Shown together", s->summed[s->dimensions - 1]);
    return status_ok();
}

static void end(Run *run)
{
    Components *s = run_state(run);
    pca_destroy(s->pca);
}

const Technique technique_pca = {
    .id = "pca",
    .title = "Principal components",
    .question = "alike",
    .sentence = "Lays the pictures out along the directions in which a layer's features vary most.",
    .read =
        "Pictures that lie together are alike for the layer in what varies most. The share of the "
        "variance says how much of all differences the plane shows.",
    .limits = "It is a shadow: pictures that lie together may be far apart in the directions that "
              "are not "
              "shown.",
    .ask = "If the first two components show 15 % of the variance only, is the picture wrong?",
    .answer =
        "No, but it is incomplete. Distances in the plane are never larger than the true ones, so "
        "what is apart is apart, while what lies together may not be. t-SNE instead keeps "
        "neighbourhoods and gives up on large distances.",
    .paper = "Pearson 1901; Halko, Martinsson & Tropp 2011, Finding structure with randomness, "
             "algorithm 4.4",
    .pictures = 3,
    .most_pictures = RUN_MAX_PICTURES,
    .returns = "points",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Components),
    .begin = begin,
    .step = step,
    .result = result,
    .end = end,
};
