#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "techniques/explanation.h"
#include "techniques/scorer.h"
#include "techniques/similarity.h"

/* Two curves for the order of the map, two for a random one. */
typedef enum Curve { DELETION, INSERTION, RANDOM_DELETION, RANDOM_INSERTION, CURVES } Curve;

enum { FRAMES = 16, FRAME_GAP = 4 };

typedef enum Stage { STAGE_PICTURE, STAGE_MAP, STAGE_CURVES } Stage;

typedef struct Deletion {
    Stage stage;
    Scorer scorer;
    int channels, height, width, steps;
    size_t plane, size;
    float *clean, *blank,
        *blurred;      /* [C,H,W]: the picture, what deletion leaves, what insertion starts from */
    float *map;        /* [H,W] */
    uint32_t *rank[2]; /* [H,W]: place of each pixel in the order of the map, in a random one */
    float *scores;     /* [steps + 1, CURVES] */
    float *lines;      /* [CURVES, steps so far]: for showing */
    float *frames;     /* [FRAMES,3,H,2W + gap] */
    float *frame;      /* [C,H,W], scratch */
    int next, done;    /* scores asked for, scores known */
    double score;      /* of the picture as it is */
    bool framed;
} Deletion;

static const Param params[] = {
    TARGET_PARAM("Whose score is watched: the probability of a class (class:340, class:top), or "
                 "the value of any unit."),
    METHOD_PARAM("gradcam",
                 "The map whose order is judged: its highest pixels go, or come, first."),
    {.name = "steps",
     .title = "Steps",
     .type = PARAM_INT,
     .min = 2,
     .max = 1000,
     .step = 1,
     .initial = "50",
     .unit = "",
     .help = "Points of each curve; every one takes four forward passes, several of them at once."},
    {.name = "blank",
     .title = "Deleted pixels",
     .type = PARAM_CHOICE,
     .initial = "zero",
     .choices = "zero|black|mean|blur",
     .unit = "",
     .help = "What deleted pixels show: 0 at the network's input, for most networks the mean "
             "colour of its training pictures (the paper); black; this picture's mean colour; or "
             "the picture blurred.",
     .advanced = true},
    {.name = "blur",
     .title = "Blur",
     .type = PARAM_INT,
     .min = 1,
     .max = 100,
     .step = 1,
     .initial = "5",
     .unit = "px",
     .help = "Reach of the blur of the picture that insertion starts from; 5 is the paper's. Where "
             "the network knows the blurred picture already, take more.",
     .advanced = true},
    SEED_PARAM("Of the random order that the map is compared with."),
};

/* ---- setting up ---- */

static void make_blank(Run *run)
{
    Deletion *s = run_state(run);
    if (run_choice(run, "blank", "blur")) {
        memcpy(s->blank, s->blurred, s->size * sizeof *s->blank);
        return;
    }
    for (int c = 0; c < s->channels; c++) {
        float black, white, level;
        preprocess_bounds(network_preprocess(run_network(run)), c, &black, &white, &level);
        const float *plane = s->clean + (size_t)c * s->plane;
        float value = fminf(fmaxf(0, black), white);
        if (run_choice(run, "blank", "black")) value = black;
        if (run_choice(run, "blank", "mean")) value = tensor_stats(plane, s->plane).mean;
        for (size_t i = 0; i < s->plane; i++) s->blank[(size_t)c * s->plane + i] = value;
    }
}

static Status begin(Run *run)
{
    Deletion *s = run_state(run);
    s->steps = run_int(run, "steps");
    TRY(scorer_create(run, &s->scorer));
    TRY(run_load_picture(run, s->scorer.graph, 0, 0));
    const Shape *shape = &s->scorer.input->shape;
    s->channels = shape->dim[1], s->height = shape->dim[2], s->width = shape->dim[3];
    s->size = shape_span(shape, 1, 4), s->plane = shape_span(shape, 2, 4);
    TRY(run_floats(run, s->size, &s->clean));
    TRY(run_floats(run, s->size, &s->blank));
    TRY(run_floats(run, s->size, &s->blurred));
    TRY(run_floats(run, s->size, &s->frame));
    TRY(run_floats(run, s->plane, &s->map));
    TRY(run_floats(run, CURVES * ((size_t)s->steps + 1), &s->scores));
    TRY(run_floats(run, CURVES * ((size_t)s->steps + 1), &s->lines));
    for (int k = 0; k < 2; k++) {
        s->rank[k] = arena_alloc(run_arena(run), s->plane * sizeof *s->rank[k]);
        if (!s->rank[k]) return status_no_memory("the order of the pixels", s->plane);
    }
    memcpy(s->clean, s->scorer.input->data, s->size * sizeof *s->clean);
    memcpy(s->blurred, s->clean, s->size * sizeof *s->clean);
    blur_planes(s->blurred, s->map, s->channels, s->height, s->width, run_int(run, "blur"));
    make_blank(run);
    run_ask_forward(run, s->scorer.graph, NULL, 0);
    run_tell_progress(run, 0, 0.02);
    return status_ok();
}

/* ---- the orders ---- */

static Status order_by_map(Deletion *s)
{
    size_t *order = descending_order(s->map, s->plane);
    if (!order) return status_no_memory("the order of the pixels", s->plane);
    for (size_t i = 0; i < s->plane; i++) s->rank[0][order[i]] = (uint32_t)i;
    free(order);
    return status_ok();
}

/* Fisher and Yates. */
static void order_by_chance(Deletion *s, uint64_t seed)
{
    Random random = random_seeded(seed);
    uint32_t *rank = s->rank[1];
    for (size_t i = 0; i < s->plane; i++) {
        const size_t j = random_below(&random, (uint32_t)i + 1);
        rank[i] = rank[j];
        rank[j] = (uint32_t)i;
    }
}

/* ---- curves ---- */

/* The picture after `share` of the pixels have gone, or come. */
static void compose(const Deletion *s, Curve curve, double share, float *x)
{
    const bool inserts = curve == INSERTION || curve == RANDOM_INSERTION;
    const uint32_t *rank = s->rank[curve >= RANDOM_DELETION];
    const float *before = inserts ? s->blurred : s->clean;
    const float *after = inserts ? s->clean : s->blank;
    const size_t count = (size_t)llround(share * (double)s->plane);
    for (size_t c = 0; c < s->size; c += s->plane) {
        for (size_t i = 0; i < s->plane; i++) x[c + i] = (rank[i] < count ? after : before)[c + i];
    }
}

static void ask_batch(Run *run)
{
    Deletion *s = run_state(run);
    const int all = CURVES * (s->steps + 1);
    for (int n = 0; n < s->scorer.batch && s->next < all; n++, s->next++) {
        const double share = (double)(s->next / CURVES) / s->steps;
        compose(s, (Curve)(s->next % CURVES), share, s->scorer.input->data + (size_t)n * s->size);
    }
    run_ask_forward(run, s->scorer.graph, &s->scorer.term.value, 1);
    run_tell_progress(run, 0.2 + 0.8 * s->done / all, 0.2 + 0.8 * s->next / all);
}

/* The replay: what deletion leaves, and beside it what insertion shows. */
static Status make_frames(Run *run)
{
    Deletion *s = run_state(run);
    const size_t width = 2 * (size_t)s->width + FRAME_GAP, plane = (size_t)s->height * width;
    float *rgb;
    TRY(run_floats(run, FRAMES * 3 * plane, &s->frames));
    TRY(run_floats(run, 3 * s->plane, &rgb));
    for (size_t k = 0; k < FRAMES; k++) {
        for (int half = 0; half < 2; half++) {
            compose(s, half ? INSERTION : DELETION, (double)k / (FRAMES - 1), s->frame);
            preprocess_invert(network_preprocess(run_network(run)), s->frame, s->height, s->width,
                              rgb);
            float *to = s->frames + k * 3 * plane + (half ? width - (size_t)s->width : 0);
            for (size_t row = 0; row < 3 * (size_t)s->height; row++)
                memcpy(to + row * width, rgb + row * (size_t)s->width,
                       (size_t)s->width * sizeof *rgb);
        }
    }
    s->framed = true;
    return status_ok();
}

static Status step(Run *run)
{
    Deletion *s = run_state(run);
    switch (s->stage) {
    case STAGE_PICTURE:
        TRY(check_activations(s->scorer.graph));
        TRY(scorer_resolve(run, &s->scorer));
        s->score = scorer_score(&s->scorer, 0);
        TRY(explanation_ask(run, &s->scorer.term, 0));
        run_tell_progress(run, 0.02, 0.2);
        s->stage = STAGE_MAP;
        return status_ok();
    case STAGE_MAP:
        TRY(explanation_take(run, s->height, s->width, s->map));
        TRY(order_by_map(s));
        order_by_chance(s, (uint64_t)run_int(run, "seed"));
        s->stage = STAGE_CURVES;
        ask_batch(run);
        return status_ok();
    case STAGE_CURVES: break;
    }
    for (int n = 0; s->done < s->next; n++, s->done++)
        s->scores[s->done] = (float)scorer_score(&s->scorer, n);
    if (s->done < CURVES * (s->steps + 1)) {
        run_tell_version(run);
        ask_batch(run);
        return status_ok();
    }
    TRY(make_frames(run));
    run_tell_version(run);
    run_finish(run);
    return status_ok();
}

/* ---- result ---- */

/* Area below the known part of a curve over the share of the pixels; trapezoids. */
static double area(const Deletion *s, Curve curve, int points)
{
    double sum = 0;
    for (int i = 1; i < points; i++)
        sum +=
            0.5 * (s->scores[(i - 1) * CURVES + (int)curve] + s->scores[i * CURVES + (int)curve]);
    return points > 1 ? sum / (points - 1) : 0;
}

static void add_facts(Run *run, Result *out, int points)
{
    const Deletion *s = run_state(run);
    const double unit = s->scorer.is_class ? 100 : 1;
    result_fact_text(out, "target", "Target", s->scorer.target);
    result_fact_text(out, "method", "Map", run_text(run, "method"));
    result_fact(out, "insertion", "Area of insertion: high is good", area(s, INSERTION, points),
                "");
    result_fact(out, "deletion", "Area of deletion: low is good", area(s, DELETION, points), "");
    result_fact(out, "random-insertion", "Insertion at random", area(s, RANDOM_INSERTION, points),
                "");
    result_fact(out, "random-deletion", "Deletion at random", area(s, RANDOM_DELETION, points), "");
    result_fact(out, "score", s->scorer.is_class ? "Probability of the target" : "Its value",
                unit * s->score, s->scorer.is_class ? "%" : "");
    result_fact(out, "batch", "Pictures per pass", s->scorer.batch, "");
}

static Status result(Run *run, Result *out)
{
    const Deletion *s = run_state(run);
    const int points = s->done / CURVES;
    if (points < 2) return nothing_yet("deletion-insertion");
    for (int k = 0; k < CURVES; k++) {
        for (int i = 0; i < points; i++) s->lines[k * points + i] = s->scores[i * CURVES + k];
    }
    result_add(out, (ResultItem){.name = "curves",
                                 .title = "The target's score as pixels go, or come, in the map's "
                                          "order",
                                 .kind = RESULT_CURVE,
                                 .shape = shape_make(2, (int[]){CURVES, points}),
                                 .data = s->lines,
                                 .lines = "deletion|insertion|random deletion|random insertion"});
    if (s->framed) {
        const int width = 2 * s->width + FRAME_GAP;
        result_add(out, (ResultItem){.name = "replay",
                                     .title = "What is left of it, and what has come, step by step",
                                     .kind = RESULT_FILM,
                                     .frames_per_second = 3,
                                     .shape = shape_make(4, (int[]){FRAMES, 3, s->height, width}),
                                     .data = s->frames});
    }
    result_add(out, (ResultItem){.name = "map",
                                 .title = "The map that gives the order",
                                 .kind = RESULT_MAP,
                                 .shape = shape_make(2, (int[]){s->height, s->width}),
                                 .data = s->map,
                                 .colormap = "inferno"});
    add_facts(run, out, points);
    return status_ok();
}

const Technique technique_deletion_insertion = {
    .id = "deletion-insertion",
    .title = "Deletion and insertion",
    .question = "why",
    .sentence = "Judges a map: deletes the picture's pixels in its order and watches the score "
                "fall, inserts them and watches it rise.",
    .read = "A good map's deletion falls at once and its insertion rises at once; what counts is "
            "the distance from the random order's curves.",
    .limits = "Half-deleted pictures are like none that the network was trained on, and what "
              "stands for a deleted pixel matters.",
    .ask = "The map looks convincing: why judge it by numbers?",
    .answer = "A map convinces when it shows what a person would look at, not what the network "
              "used. Deleting what it points at asks the network itself. Compare with the random "
              "order: on many pictures scattered holes destroy the answer faster than one large "
              "one, so that a low deletion area alone proves little.",
    .paper = "Petsiuk, Das & Saenko 2018, RISE: Randomized Input Sampling for Explanation of "
             "Black-box Models, section 4.3",
    .pictures = 1,
    .returns = "curve",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Deletion),
    .begin = begin,
    .step = step,
    .result = result,
};
