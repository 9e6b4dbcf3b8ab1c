#include "embed/tsne.h"

#include "embed/nearest.h"
#include "embed/pca.h"
#include "techniques/common.h"
#include "techniques/features.h"

enum { PCA_WIDTH = 50, LEAST_POINTS = 8, JUDGED = 10, CURVE_EVERY = 10, MOST_CURVE = 501 };

/* Shares of the progress. */
static const double features_share = 0.5, reduced_share = 0.55, placed_share = 0.98;

static const Param params[] = {
    {.name = "perplexity",
     .title = "Perplexity",
     .type = PARAM_FLOAT,
     .min = 2,
     .max = 100,
     .step = 1,
     .initial = "30",
     .unit = "",
     .help = "How many neighbours each picture has, about: low splits clusters, high merges them."},
    {.name = "iterations",
     .title = "Iterations",
     .type = PARAM_INT,
     .min = 1,
     .max = 5000,
     .step = 50,
     .initial = "1000",
     .unit = "",
     .help = "How often the pictures are moved; the first 250 sort them roughly."},
    FEATURE_PARAMS,
    {.name = "theta",
     .title = "Theta",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 1,
     .step = 0.05,
     .initial = "0.5",
     .unit = "",
     .help = "How coarsely far pictures are lumped together: 0 is exact and slow.",
     .advanced = true},
    {.name = "exaggeration",
     .title = "Exaggeration",
     .type = PARAM_FLOAT,
     .min = 1,
     .max = 50,
     .step = 1,
     .initial = "12",
     .unit = "",
     .help = "How much stronger neighbours attract each other in the first 250 iterations.",
     .advanced = true},
    {.name = "start",
     .title = "Start",
     .type = PARAM_CHOICE,
     .initial = "pca",
     .choices = "pca|random",
     .unit = "",
     .help = "From the principal components, which keeps the large order (Kobak & Berens 2019), or "
             "from noise, as the paper has it.",
     .advanced = true},
    SEED_PARAM("Of the noise: the same number gives the same picture."),
};

typedef struct Embedding {
    Features features;
    Groups groups;
    Pca *pca;
    Tsne *tsne;
    int count, width;
    float *reduced; /* [count,width] what t-SNE sees */
    float *start;   /* [count,2] */
    float divergence[MOST_CURVE];
    int curve, judged, shown;
    double before, after; /* agreement of neighbours: of the features, in the plane */
    /* Neighbours, to judge by. */
    Nearest high, flat;
    int *index[2];
    float *distance, *plane, *norms[2];
    void *scratch;
} Embedding;

static Status begin(Run *run)
{
    Embedding *s = run_state(run);
    s->count = run_picture_count(run);
    return features_begin(run, &s->features);
}

static Status reduce(Run *run, Embedding *s)
{
    const Features *f = &s->features;
    float *mean;
    TRY(run_floats(run, (size_t)f->width, &mean));
    nearest_center(f->rows, f->count, f->width, mean);
    TRY(groups_make(run, f, &s->groups));
    TRY(pca_create(&s->pca, f->rows, f->count, f->width, PCA_WIDTH,
                   (uint64_t)run_int(run, "seed")));
    if (pca_total_variance(s->pca) > 0 && pca_components(s->pca) >= 2) return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "the pictures are all the same for the layer '%s': choose another layer",
                        f->layer->name);
}

static Status start(Run *run, Embedding *s)
{
    const size_t count = (size_t)s->count;
    s->width = pca_components(s->pca);
    TRY(run_floats(run, count * (size_t)s->width, &s->reduced));
    pca_project(s->pca, s->width, s->reduced);
    TRY(run_floats(run, 2 * count, &s->start));
    pca_project(s->pca, 2, s->start);
    const TsneOptions options = {
        .perplexity = run_float(run, "perplexity"),
        .theta = run_float(run, "theta"),
        .exaggeration = run_float(run, "exaggeration"),
        .exaggerated = 250,
        .iterations = run_int(run, "iterations"),
        .start = run_choice(run, "start", "pca") ? s->start : NULL,
        .seed = (uint64_t)run_int(run, "seed"),
    };
    return tsne_create(&s->tsne, s->reduced, s->count, s->width, &options);
}

/* ---- how well the plane keeps neighbours of one class ---- */

static Status judge_begin(Run *run, Embedding *s)
{
    const size_t count = (size_t)s->count;
    float *mean;
    TRY(run_floats(run, 2, &mean));
    TRY(run_floats(run, 2 * count, &s->plane));
    TRY(run_floats(run, count, &s->norms[0]));
    TRY(run_floats(run, count, &s->norms[1]));
    TRY(run_floats(run, count * JUDGED, &s->distance));
    for (int i = 0; i < 2; i++) {
        s->index[i] = arena_alloc(run_arena(run), count * JUDGED * sizeof(int));
        if (!s->index[i]) return status_no_memory("the neighbours", count * JUDGED * sizeof(int));
    }
    for (size_t i = 0; i < 2 * count; i++) s->plane[i] = tsne_points(s->tsne)[i];
    s->high = (Nearest){s->features.rows, s->norms[0], s->count, s->features.width};
    s->flat = (Nearest){s->plane, s->norms[1], s->count, 2};
    nearest_norms(s->features.rows, s->count, s->features.width, s->norms[0]);
    nearest_norms(s->plane, s->count, 2, s->norms[1]);
    const size_t bytes = nearest_scratch_bytes(&s->high, JUDGED);
    s->scratch = arena_alloc(run_arena(run), bytes);
    return s->scratch ? status_ok() : status_no_memory("the neighbours", bytes);
}

static bool judge(Embedding *s)
{
    const int left = s->count - s->judged;
    const int rows = left < NEAREST_MOST_ROWS ? left : NEAREST_MOST_ROWS;
    const size_t at = (size_t)s->judged * JUDGED;
    nearest_rows(&s->high, s->judged, rows, JUDGED, s->scratch, s->index[0] + at, s->distance + at);
    nearest_rows(&s->flat, s->judged, rows, JUDGED, s->scratch, s->index[1] + at, s->distance + at);
    s->judged += rows;
    if (s->judged < s->count) return false;
    s->before = nearest_agreement(s->index[0], s->count, JUDGED, s->groups.index);
    s->after = nearest_agreement(s->index[1], s->count, JUDGED, s->groups.index);
    return true;
}

/* ---- steps ---- */

static Status place(Run *run, Embedding *s)
{
    const bool done = tsne_advance(s->tsne);
    const int iteration = tsne_iteration(s->tsne);
    const bool new_value = iteration % CURVE_EVERY == 1 || done;
    if (iteration > 0 && new_value && s->curve < MOST_CURVE && s->shown < iteration)
        s->divergence[s->curve++] = (float)tsne_divergence(s->tsne);
    if (iteration > s->shown) run_tell_version(run);
    s->shown = iteration;
    const double share = tsne_progress(s->tsne);
    run_tell_progress(run, reduced_share, reduced_share + (placed_share - reduced_share) * share);
    if (!done) return status_ok();
    if (s->groups.points.group_count > 1 && s->count > JUDGED) return judge_begin(run, s);
    run_finish(run);
    return status_ok();
}

static Status step(Run *run)
{
    Embedding *s = run_state(run);
    bool there = s->features.done == s->count;
    if (!there) TRY(features_step(run, &s->features, features_share, &there));
    if (!there) return status_ok();
    if (!s->pca) return reduce(run, s);
    if (!s->tsne) {
        run_tell_progress(run, features_share, reduced_share);
        return pca_advance(s->pca) ? start(run, s) : status_ok();
    }
    if (!s->scratch) return place(run, s);
    if (judge(s)) {
        run_tell_version(run);
        run_finish(run);
    }
    return status_ok();
}

static Status result(Run *run, Result *out)
{
    const Embedding *s = run_state(run);
    if (!s->tsne || !s->shown) return nothing_yet("tsne");
    result_add(out, (ResultItem){.name = "points",
                                 .title = "The pictures, those alike together",
                                 .kind = RESULT_POINTS,
                                 .shape = shape_make(2, (int[]){s->count, 2}),
                                 .data = tsne_points(s->tsne),
                                 .points = &s->groups.points});
    if (s->curve > 1) {
        result_curve(out, "divergence", "Kullback-Leibler divergence, every 10 iterations",
                     s->curve, s->divergence);
    }
    result_fact(out, "pictures", "Pictures", s->count, "");
    result_fact(out, "iterations", "Iterations", s->shown, "");
    result_fact(out, "divergence", "Divergence", tsne_divergence(s->tsne), "nats");
    if (s->judged == s->count) {
        fact_percent(out, "features-agree", "10 nearest of one class, by the layer", s->before);
        fact_percent(out, "plane-agree", "10 nearest of one class, in the plane", s->after);
    }
    features_facts(&s->features, out);
    result_fact(out, "components", "Reduced to", s->width, "components");
    return status_ok();
}

static void end(Run *run)
{
    Embedding *s = run_state(run);
    tsne_destroy(s->tsne);
    pca_destroy(s->pca);
}

const Technique technique_tsne = {
    .id = "tsne",
    .title = "t-SNE",
    .question = "alike",
    .sentence =
        "Lays the pictures out on a plane so that those that a layer finds alike lie together.",
    .read =
        "Near pictures are alike for the layer. Groups that stand alone are kinds that it tells "
        "apart, whether or not they are classes.",
    .limits =
        "Only nearness means something: sizes of clusters, distances between them and empty space "
        "do not.",
    .ask = "Why does it look different with another perplexity or another seed?",
    .answer =
        "It minimises a cost that has many minima, and perplexity sets how many neighbours count. "
        "What stays the same under several of them is in the data; what does not is an accident "
        "of the layout. The share of neighbours of one class says how much was kept.",
    .paper = "van der Maaten & Hinton 2008, Visualizing Data using t-SNE; van der Maaten 2014, "
             "Accelerating t-SNE using Tree-Based Algorithms",
    .pictures = LEAST_POINTS,
    .most_pictures = RUN_MAX_PICTURES,
    .images = "IMAGE...",
    .returns = "points",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Embedding),
    .begin = begin,
    .step = step,
    .result = result,
    .end = end,
};
