#include <math.h>
#include <string.h>

#include "techniques/boundary.h"
#include "techniques/common.h"

enum { MAX_EPOCHS = 100, SHOWN = 12 };

/* What pass is done: of each picture as it is; of the one that is visited, back from it; of each with the change.
 * A picture with the change is what an 8-bit file keeps of it: a change that only works between two levels of
 * a pixel would count for nothing. */
typedef enum Stage { STAGE_CLEAN, STAGE_VISIT, STAGE_SLOPE, STAGE_JUDGE } Stage;

typedef struct Universal {
    Stage stage;
    Graph *graph;
    const Value *input;
    size_t size, plane; /* values of the input, of one channel */
    Objective term;
    Boundary boundary;
    bool at_boundary;
    int pictures, at;     /* place in the order */
    int *order, *clean;   /* [pictures]; clean: class of each as it is */
    float *change, *best; /* [C,H,W], levels: now, and that which fooled most */
    float *way;           /* [C,H,W], levels: from the changed picture to its boundary */
    float *slope, *shown; /* [C,H,W], [3,H,W] */
    float full;           /* levels that are shown as full black or white */
    float *tiles;         /* [SHOWN,3,H,W] */
    float *scores;        /* [classes] */
    float rate[MAX_EPOCHS + 1], highest;
    int round, epoch, fooled;
    int first_now, first_after; /* class of the first picture now, with the best change */
    float first_before_share, first_now_share, first_after_share;
    bool judged, done;
    Random random;
} Universal;

static const Param params[] = {
    {.name = "eps",
     .title = "Bound",
     .type = PARAM_FLOAT,
     .min = 0.5,
     .max = 64,
     .step = 0.5,
     .initial = "10",
     .unit = "levels",
     .help = "How far any value may change, in levels of 255."},
    {.name = "rate",
     .title = "Fooled",
     .type = PARAM_FLOAT,
     .min = 1,
     .max = 100,
     .step = 1,
     .initial = "80",
     .unit = "%",
     .help = "Goes through the pictures again until this share of them is fooled, as 8-bit files."},
    {.name = "epochs",
     .title = "Times through",
     .type = PARAM_INT,
     .min = 1,
     .max = MAX_EPOCHS,
     .step = 1,
     .initial = "20",
     .unit = "",
     .help = "The most times it goes through the pictures."},
    {.name = "rounds",
     .title = "Rounds",
     .type = PARAM_INT,
     .min = 1,
     .max = 50,
     .step = 1,
     .initial = "10",
     .unit = "",
     .help = "The most steps of DeepFool for one picture.",
     .advanced = true},
    {.name = "overshoot",
     .title = "Overshoot",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 1,
     .step = 0.01,
     .initial = "0.02",
     .unit = "",
     .help = "How much further than to a picture's boundary the change goes, as a share.",
     .advanced = true},
    SEED_PARAM("Of the order in which the pictures are visited."),
};

/* ---- pictures ---- */

/* Adds the change and `factor` times the way to x, within black and white; rounded to levels where `to_levels`. */
static void compose(Run *run, const float *change, float factor, bool to_levels, float *x)
{
    const Universal *s = run_state(run);
    for (int c = 0; c < s->input->shape.dim[1]; c++) {
        float black, white, level;
        preprocess_bounds(network_preprocess(run_network(run)), c, &black, &white, &level);
        for (size_t i = (size_t)c * s->plane; i < (size_t)(c + 1) * s->plane; i++) {
            const float to = x[i] + level * (change[i] + factor * s->way[i]);
            x[i] = fminf(fmaxf(to, black), white);
        }
    }
    if (to_levels) round_to_levels(run, s->input, x);
}

static int now(const Universal *s)
{
    return s->order[s->at];
}

/* factor 0: the change alone. */
static Status ask_forward(Run *run, Stage stage, const float *change, float factor)
{
    Universal *s = run_state(run);
    s->stage = stage;
    TRY(run_load_picture(run, s->graph, now(s), 0));
    if (change) compose(run, change, factor, factor == 0, s->input->data);
    run_ask_forward(run, s->graph, NULL, 0);
    return status_ok();
}

static void ask_backward(Run *run)
{
    Universal *s = run_state(run);
    s->stage = STAGE_SLOPE;
    run_ask_backward(run, s->graph, &s->term, 1, &backward_exact);
}

/* ---- stages ---- */

static Status begin(Run *run)
{
    Universal *s = run_state(run);
    s->pictures = run_picture_count(run);
    s->random = random_seeded((uint64_t)run_int(run, "seed"));
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    if (network_class_count(s->graph) < 2) {
        return status_error(STATUS_BAD_INPUT,
                            "universal fools the classification, and this network gives no class "
                            "scores");
    }
    s->input = graph_input(s->graph, 0);
    s->size = shape_span(&s->input->shape, 1, 4), s->plane = shape_span(&s->input->shape, 2, 4);
    s->term =
        (Objective){.kind = OBJECTIVE_CHANNEL, .value = network_logits(s->graph), .weight = 1};
    float **const buffers[] = {&s->change, &s->best, &s->way, &s->slope};
    for (int i = 0; i < 4; i++) TRY(run_floats(run, s->size, buffers[i]));
    TRY(run_floats(run, 3 * s->plane, &s->shown));
    TRY(run_floats(run, SHOWN * 3 * s->plane, &s->tiles));
    TRY(run_floats(run, (size_t)network_class_count(s->graph), &s->scores));
    TRY(boundary_create(run, s->size, &s->boundary));
    const size_t bytes = (size_t)s->pictures * sizeof(int);
    s->order = arena_alloc(run_arena(run), bytes);
    s->clean = arena_alloc(run_arena(run), bytes);
    if (!s->order || !s->clean) return status_no_memory("the classes of the pictures", bytes);
    for (int i = 0; i < s->pictures; i++) s->order[i] = i;
    return ask_forward(run, STAGE_CLEAN, NULL, 0);
}

/* Every epoch counts alike, and before them looking at the pictures as they are. */
static void tell_progress(Run *run)
{
    const Universal *s = run_state(run);
    const double inside = (s->stage == STAGE_JUDGE ? 0.9 : 0) +
                          (s->stage == STAGE_JUDGE ? 0.1 : 0.9) * s->at / s->pictures;
    const double share = s->stage == STAGE_CLEAN ? 0 : (s->epoch + inside) / run_int(run, "epochs");
    run_tell_progress(run, 0.05 + 0.9 * share, 0.05 + 0.9 * share);
}

static Status visit(Run *run)
{
    Universal *s = run_state(run);
    s->round = 0;
    memset(s->way, 0, s->size * sizeof *s->way);
    tell_progress(run);
    return ask_forward(run, STAGE_VISIT, s->change, 0);
}

static Status begin_epoch(Run *run)
{
    Universal *s = run_state(run);
    s->at = 0;
    random_shuffle(&s->random, s->order, s->pictures);
    return visit(run);
}

static Status visit_next(Run *run)
{
    Universal *s = run_state(run);
    if (++s->at < s->pictures) return visit(run);
    s->at = s->fooled = 0;
    memset(s->way, 0, s->size * sizeof *s->way);
    return ask_forward(run, STAGE_JUDGE, s->change, 0);
}

/* The change grows by the way that fooled this picture, and is cut back to its bound; equation 2. */
static void adopt(Run *run)
{
    Universal *s = run_state(run);
    const float eps = run_float(run, "eps"), factor = 1 + run_float(run, "overshoot");
    for (size_t i = 0; i < s->size; i++)
        s->change[i] = fminf(fmaxf(s->change[i] + factor * s->way[i], -eps), eps);
}

static Status visited(Run *run)
{
    Universal *s = run_state(run);
    const bool fooled = top_class(s->graph, 0, s->scores) != s->clean[now(s)];
    if (fooled && s->round > 0) adopt(run);
    if (fooled || s->round == run_int(run, "rounds")) return visit_next(run);
    network_scores(s->graph, 0, s->scores, NULL);
    s->term.channel =
        boundary_begin(&s->boundary, s->scores, network_class_count(s->graph), s->clean[now(s)]);
    ask_backward(run);
    return status_ok();
}

static Status slope_is_there(Run *run)
{
    Universal *s = run_state(run);
    slope_per_level(run, s->input, 1, s->slope);
    if (boundary_take(&s->boundary, s->slope, &s->term.channel)) {
        ask_backward(run);
        return status_ok();
    }
    for (size_t i = 0; i < s->size; i++) s->way[i] += s->boundary.step[i];
    s->round++;
    return ask_forward(run, STAGE_VISIT, s->change, 1 + run_float(run, "overshoot"));
}

static Status judge_next(Run *run)
{
    Universal *s = run_state(run);
    const int top = top_class(s->graph, 0, s->scores);
    s->fooled += top != s->clean[now(s)];
    if (now(s) == 0) s->first_now = top, s->first_now_share = s->scores[top];
    tell_progress(run);
    if (++s->at < s->pictures) return ask_forward(run, STAGE_JUDGE, s->change, 0);
    const float rate = (float)s->fooled / (float)s->pictures;
    if (!s->judged || rate > s->highest) {
        s->highest = rate;
        s->first_after = s->first_now, s->first_after_share = s->first_now_share;
        memcpy(s->best, s->change, s->size * sizeof *s->best);
    }
    s->rate[++s->epoch] = rate;
    s->judged = true;
    run_tell_version(run);
    if (100 * rate < run_float(run, "rate") && s->epoch < run_int(run, "epochs"))
        return begin_epoch(run);
    s->done = true;
    run_finish(run);
    return status_ok();
}

static Status step(Run *run)
{
    Universal *s = run_state(run);
    switch (s->stage) {
    case STAGE_CLEAN:
        TRY(check_activations(s->graph));
        s->clean[s->at] = top_class(s->graph, 0, s->scores);
        if (s->at == 0) s->first_before_share = s->scores[s->clean[0]];
        if (++s->at < s->pictures) return ask_forward(run, STAGE_CLEAN, NULL, 0);
        return begin_epoch(run);
    case STAGE_VISIT: return visited(run);
    case STAGE_SLOPE: return slope_is_there(run);
    case STAGE_JUDGE: return judge_next(run);
    }
    return status_ok();
}

/* ---- result ---- */

/* The first pictures with the change. */
static Status draw_tiles(Run *run, int count)
{
    const Universal *s = run_state(run);
    const Preprocess *preprocess = network_preprocess(run_network(run));
    const int height = s->input->shape.dim[2], width = s->input->shape.dim[3];
    for (int i = 0; i < count; i++) {
        /* Only when all is done: the buffers are free then. */
        TRY(preprocess_apply(preprocess, run_picture(run, i), height, width, s->slope));
        memset(s->way, 0, s->size * sizeof *s->way);
        compose(run, s->best, 0, true, s->slope);
        preprocess_invert(preprocess, s->slope, height, width, s->tiles + (size_t)i * 3 * s->plane);
    }
    return status_ok();
}

static void add_facts(Run *run, Result *out)
{
    const Universal *s = run_state(run);
    const double linf = max_abs(s->best, s->size);
    double changed = 0;
    for (size_t i = 0; i < s->size; i++) changed += s->best[i] != 0;
    result_fact(out, "fooled", "Pictures fooled, saved as 8-bit PNG", 100 * s->highest, "%");
    result_fact(out, "pictures", "Pictures", s->pictures, "");
    fact_class(run, out, "before", "Class of the first before", s->clean[0]);
    fact_percent(out, "before-probability", "Its probability", s->first_before_share);
    fact_class(run, out, "after", "Class of the first after", s->first_after);
    fact_percent(out, "after-probability", "Its probability", s->first_after_share);
    result_fact(out, "l0", "Values changed (L0)", changed, "");
    result_fact(out, "l2", "Length of the change (L2)",
                sqrt(mean_square(s->best, s->size) * (double)s->size), "levels");
    result_fact(out, "linf", "Largest change (L-infinity)", linf, "levels");
    result_fact(out, "factor", "Change magnified by", s->full > 0 ? 127.5 / (double)s->full : 0,
                "x");
    result_fact(out, "epochs", "Times through the pictures", s->epoch, "");
}

static Status result(Run *run, Result *out)
{
    Universal *s = run_state(run);
    if (!s->judged) return nothing_yet("universal");
    const int height = s->input->shape.dim[2], width = s->input->shape.dim[3];
    const int shown = !s->done ? 0 : s->pictures < SHOWN ? s->pictures : SHOWN;
    preprocess_reorder(network_preprocess(run_network(run)), s->best, height, width, s->shown);
    s->full = quantile_abs(s->shown, 3 * s->plane, CHANGE_SHARE);
    around_grey(s->shown, 3 * s->plane, s->full, s->shown);
    TRY(draw_tiles(run, shown));
    result_image(out, "perturbation", "The one change, magnified around mid-grey", height, width,
                 s->shown);
    if (shown) {
        result_add(out, (ResultItem){.name = "adversarial",
                                     .title = "Pictures with the change",
                                     .kind = RESULT_TILES,
                                     .shape = shape_make(4, (int[]){shown, 3, height, width}),
                                     .data = s->tiles});
    }
    result_curve(out, "rate", "Share of the pictures that are fooled, by times through",
                 s->epoch + 1, s->rate);
    add_raw(out, &s->input->shape, s->best,
            "The change per channel of the network's input, in levels");
    add_facts(run, out);
    return status_ok();
}

const Technique technique_universal = {
    .id = "universal",
    .title = "Universal perturbation",
    .question = "fool",
    .sentence = "Looks for one small change that fools the network on most of many pictures.",
    .read = "The pattern is added to every picture alike; its share of fooled pictures counts, and "
            "that it looks like textures the network knows.",
    .limits = "It is found on these pictures: how many others it fools has to be tried, and few "
              "pictures are fooled easily.",
    .ask = "Why does one pattern work on pictures that have nothing in common?",
    .answer = "Because the network's boundaries lie alike around all of them: a few directions "
              "lead out of nearly every class. What such a pattern says to the network is stronger "
              "than what the picture says, although people hardly see it.",
    .paper = "Moosavi-Dezfooli, Fawzi, Fawzi & Frossard 2017, Universal adversarial perturbations, "
             "algorithm 1",
    .pictures = 1,
    .most_pictures = RUN_MAX_PICTURES,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Universal),
    .begin = begin,
    .step = step,
    .result = result,
};
