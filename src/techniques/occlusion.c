#include <math.h>
#include <string.h>

#include "techniques/local.h"
#include "techniques/scorer.h"

/* The pass under way: all of the network; the crops of the picture as it is, to see that they agree with it; those of
 * the covered pictures; from there on. */
typedef enum Phase { PHASE_WHOLE, PHASE_CHECK, PHASE_HEAD, PHASE_TAIL } Phase;

typedef struct Occlusion {
    Scorer scorer;
    Phase phase;
    Local local;    /* its head is NULL where whole passes are made */
    float *covered; /* [C,H,W] */
    int channels, height, width;
    int patch, stride, rows, columns;
    float *clean, *fill; /* [C,H,W]: the picture, and what the patch shows */
    float *drop;         /* [rows,columns]: score of the picture less that with the patch */
    float *map;          /* [H,W]: mean of the patches over a pixel */
    double *sums;        /* [2,H+1,W+1]: drops and patches, as differences */
    int next, done;      /* positions asked for, positions known */
    int first_item;      /* batch item of the first position in this pass */
    bool started;
    double score; /* of the picture as it is */
} Occlusion;

static const Param params[] = {
    TARGET_PARAM(
        "Whose score is watched: the probability of a class (class:340, class:top), or the value "
        "of any unit (channel:NODE:C, neuron:NODE:C:Y:X)."),
    {.name = "patch",
     .title = "Patch",
     .type = PARAM_INT,
     .min = 1,
     .max = 512,
     .step = 1,
     .initial = "32",
     .scaled = true,
     .unit = "px",
     .help =
         "Side of the square that covers the picture: about the size of the parts you care about."},
    {.name = "stride",
     .title = "Stride",
     .type = PARAM_INT,
     .min = 1,
     .max = 256,
     .step = 1,
     .initial = "16",
     .scaled = true,
     .unit = "px",
     .help = "Distance between positions; half as far is four times the work."},
    {.name = "colour",
     .title = "Colour",
     .type = PARAM_CHOICE,
     .initial = "black",
     .choices = "black|grey|mean|blur",
     .unit = "",
     .help = "What the patch shows: black, mid-grey, the picture's mean colour, or the picture "
             "blurred, "
             "which brings in the least that is new.",
     .advanced = true},
};

/* ---- what the patch shows ---- */

static void fill_constant(const Occlusion *s, int channel, float value)
{
    const size_t plane = (size_t)s->height * (size_t)s->width;
    float *to = s->fill + (size_t)channel * plane;
    for (size_t i = 0; i < plane; i++) to[i] = value;
}

static void make_fill(Run *run)
{
    Occlusion *s = run_state(run);
    const size_t plane = (size_t)s->height * (size_t)s->width;
    if (run_choice(run, "colour", "blur")) {
        /* As wide as half the patch. */
        memcpy(s->fill, s->clean, (size_t)s->channels * plane * sizeof(float));
        blur_planes(s->fill, s->map, s->channels, s->height, s->width, s->patch / 4 + 1);
        return;
    }
    for (int c = 0; c < s->channels; c++) {
        float black, white, level;
        preprocess_bounds(network_preprocess(run_network(run)), c, &black, &white, &level);
        double mean = 0;
        for (size_t i = 0; i < plane; i++) mean += s->clean[(size_t)c * plane + i];
        float value = black;
        if (run_choice(run, "colour", "grey")) value = 0.5F * (black + white);
        if (run_choice(run, "colour", "mean")) value = (float)(mean / (double)plane);
        fill_constant(s, c, value);
    }
}

/* ---- passes ---- */

static int position_count(const Occlusion *s)
{
    return s->rows * s->columns;
}

static void corner(const Occlusion *s, int position, int *top, int *left)
{
    *top = position / s->columns * s->stride;
    *left = position % s->columns * s->stride;
}

/* The picture with the patch at a position, to x [C,H,W]. */
static void place(const Occlusion *s, int position, float *x)
{
    const size_t plane = (size_t)s->height * (size_t)s->width;
    const size_t size = (size_t)s->channels * plane;
    memcpy(x, s->clean, size * sizeof *x);
    const size_t top = (size_t)(position / s->columns) * (size_t)s->stride;
    const size_t left = (size_t)(position % s->columns) * (size_t)s->stride;
    for (size_t c = 0; c < (size_t)s->channels; c++) {
        for (size_t y = top; y < top + (size_t)s->patch; y++) {
            const size_t at = c * plane + y * (size_t)s->width + left;
            memcpy(x + at, s->fill + at, (size_t)s->patch * sizeof *x);
        }
    }
}

/* The position of item n of the pass; items that are left over repeat the last one. */
static int position_of(const Occlusion *s, int n)
{
    const int position = s->done + n - s->first_item;
    return position < position_count(s) ? position : position_count(s) - 1;
}

static size_t input_size(const Occlusion *s)
{
    return (size_t)s->channels * (size_t)s->height * (size_t)s->width;
}

/* Fills the batch from item `first` on, and counts the positions as asked for. */
static void place_batch(Occlusion *s, int first)
{
    s->first_item = first;
    for (int n = first; n < s->scorer.batch; n++)
        place(s, position_of(s, n), s->scorer.input->data + (size_t)n * input_size(s));
    s->next = position_of(s, s->scorer.batch - 1) + 1;
}

/* The same as crops for the head; of the picture as it is where not `covered`. */
static void crop_batch(Occlusion *s, bool covered)
{
    s->first_item = 0;
    for (int n = 0; n < s->scorer.batch; n++) {
        int top, left;
        corner(s, position_of(s, n), &top, &left);
        if (covered) place(s, position_of(s, n), s->covered);
        local_crop(&s->local, n, covered ? s->covered : s->clean, top, left);
    }
    if (covered) s->next = position_of(s, s->scorer.batch - 1) + 1;
}

static Status plan_positions(Run *run)
{
    Occlusion *s = run_state(run);
    s->patch = run_int(run, "patch");
    s->stride = run_int(run, "stride");
    if (s->patch > s->height || s->patch > s->width) {
        return status_error(
            STATUS_BAD_INPUT,
            "occlusion: a patch of %d px does not fit into the input of %d x %d px; "
            "choose a smaller one",
            s->patch, s->height, s->width);
    }
    s->rows = (s->height - s->patch) / s->stride + 1;
    s->columns = (s->width - s->patch) / s->stride + 1;
    return run_floats(run, (size_t)position_count(s), &s->drop);
}

static Status begin(Run *run)
{
    Occlusion *s = run_state(run);
    TRY(scorer_create(run, &s->scorer));
    TRY(run_load_picture(run, s->scorer.graph, 0, 0));
    const Shape *shape = &s->scorer.input->shape;
    s->channels = shape->dim[1], s->height = shape->dim[2], s->width = shape->dim[3];
    TRY(plan_positions(run));
    const size_t size = shape_span(shape, 1, 4), plane = shape_span(shape, 2, 4);
    TRY(run_floats(run, size, &s->clean));
    TRY(run_floats(run, size, &s->fill));
    TRY(run_floats(run, size, &s->covered));
    TRY(run_floats(run, plane, &s->map));
    const size_t sums = 2 * (size_t)(s->height + 1) * (size_t)(s->width + 1) * sizeof *s->sums;
    s->sums = arena_alloc(run_arena(run), sums);
    if (!s->sums) return status_no_memory("occlusion", sums);
    memcpy(s->clean, s->scorer.input->data, size * sizeof(float));
    make_fill(run);
    place_batch(s, 1);
    run_ask_forward(run, s->scorer.graph, NULL, 0);
    run_tell_progress(run, 0, (double)s->scorer.batch / (position_count(s) + 1));
    return status_ok();
}

static void ask_next(Run *run)
{
    Occlusion *s = run_state(run);
    const double all = position_count(s) + 1.0;
    if (s->local.head) {
        s->phase = PHASE_HEAD;
        crop_batch(s, true);
        run_ask_forward(run, s->local.head, &s->local.part, 1);
        run_tell_progress(run, (s->done + 1) / all, (s->done + 1) / all);
        return;
    }
    s->phase = PHASE_WHOLE;
    place_batch(s, 0);
    run_ask_objective(run, s->scorer.graph, &s->scorer.term);
    run_tell_progress(run, (s->done + 1) / all, (s->next + 1) / all);
}

/* The layer's units as the crops have them; the pass goes on from there. */
static void ask_tail(Run *run)
{
    Occlusion *s = run_state(run);
    const double all = position_count(s) + 1.0;
    for (int n = 0; n < s->scorer.batch; n++) {
        int top, left;
        corner(s, position_of(s, n), &top, &left);
        local_put(&s->local, n, top, left);
    }
    s->phase = PHASE_TAIL;
    graph_start_forward_at(s->scorer.graph, s->local.value);
    run_ask_objective(run, s->scorer.graph, &s->scorer.term);
    run_tell_progress(run, (s->done + 1) / all, (s->next + 1) / all);
}

static Status picture_is_judged(Run *run)
{
    Occlusion *s = run_state(run);
    s->started = true;
    TRY(scorer_resolve(run, &s->scorer));
    s->score = scorer_score(&s->scorer, 0);
    if (!s->scorer.is_class) return status_ok();
    TRY(local_create(run, s->scorer.graph, s->scorer.term.value, s->patch, &s->local));
    return status_ok();
}

/* A network that looks elsewhere than its layers say gets whole passes. */
static void check_crops(Run *run)
{
    Occlusion *s = run_state(run);
    bool agrees = true;
    for (int n = 0; n < s->scorer.batch; n++) {
        int top, left;
        corner(s, position_of(s, n), &top, &left);
        agrees &= local_agrees(&s->local, n, top, left);
    }
    if (agrees) return;
    run_drop(run, s->local.head);
    s->local = (Local){0};
}

static Status step(Run *run)
{
    Occlusion *s = run_state(run);
    const bool first = !s->started;
    switch (s->phase) {
    case PHASE_CHECK:
        check_crops(run);
        ask_next(run);
        return status_ok();
    case PHASE_HEAD: ask_tail(run); return status_ok();
    case PHASE_WHOLE:
    case PHASE_TAIL: break;
    }
    if (first) TRY(picture_is_judged(run));
    for (int n = s->first_item; s->done < s->next; n++, s->done++)
        s->drop[s->done] = (float)(s->score - scorer_score(&s->scorer, n));
    if (s->done) run_tell_version(run);
    if (s->done == position_count(s)) {
        run_finish(run);
    } else if (first && s->local.head) {
        s->phase = PHASE_CHECK;
        crop_batch(s, false);
        run_ask_forward(run, s->local.head, &s->local.part, 1);
    } else {
        ask_next(run);
    }
    return status_ok();
}

/* ---- result ---- */

/* Each patch adds its drop to the pixels that it covers: four corners of a difference image, then sums along
 * both axes; so the cost does not grow with the patch. */
static void cover(const Occlusion *s)
{
    const size_t pitch = (size_t)s->width + 1, plane = pitch * ((size_t)s->height + 1);
    memset(s->sums, 0, 2 * plane * sizeof *s->sums);
    for (int i = 0; i < s->done; i++) {
        const size_t y = (size_t)(i / s->columns) * (size_t)s->stride;
        const size_t x = (size_t)(i % s->columns) * (size_t)s->stride, p = (size_t)s->patch;
        for (int k = 0; k < 2; k++) {
            double *sum = s->sums + (size_t)k * plane;
            const double v = k ? 1 : s->drop[i];
            sum[y * pitch + x] += v;
            sum[y * pitch + x + p] -= v;
            sum[(y + p) * pitch + x] -= v;
            sum[(y + p) * pitch + x + p] += v;
        }
    }
    for (size_t i = 0; i < 2 * plane; i++) {
        if (i % pitch) s->sums[i] += s->sums[i - 1];
    }
    for (size_t i = pitch; i < 2 * plane; i++) {
        if (i % plane >= pitch) s->sums[i] += s->sums[i - pitch];
    }
    for (size_t y = 0; y < (size_t)s->height; y++) {
        for (size_t x = 0; x < (size_t)s->width; x++) {
            const double patches = s->sums[plane + y * pitch + x];
            const bool covered = patches > 0.5;
            s->map[y * (size_t)s->width + x] =
                covered ? (float)(s->sums[y * pitch + x] / patches) : 0;
        }
    }
}

static void add_facts(Run *run, Result *out)
{
    const Occlusion *s = run_state(run);
    int strongest = 0;
    for (int i = 1; i < s->done; i++) {
        if (s->drop[i] > s->drop[strongest]) strongest = i;
    }
    const double unit = s->scorer.is_class ? 100 : 1;
    const char *percent = s->scorer.is_class ? "%" : "";
    result_fact_text(out, "target", "Target", s->scorer.target);
    result_fact(out, "score", s->scorer.is_class ? "Its probability" : "Its value", unit * s->score,
                percent);
    result_fact(out, "drop", "Largest drop", unit * s->drop[strongest], percent);
    result_fact(out, "x", "Left edge of that patch", (strongest % s->columns) * s->stride, "px");
    result_fact(out, "y", "Top edge of that patch", (strongest / s->columns) * s->stride, "px");
    result_fact(out, "positions", "Positions tried", s->done, "");
    result_fact(out, "batch", "Positions per pass", s->scorer.batch, "");
    if (s->local.head) {
        result_fact_text(out, "reused", "Computed anew only around the patch, up to layer",
                         s->local.value->name);
        result_fact(out, "work", "Work of a pass, compared with all of it", 100 * s->local.share,
                    "%");
    }
}

static Status result(Run *run, Result *out)
{
    const Occlusion *s = run_state(run);
    if (!s->done) return nothing_yet("occlusion");
    cover(s);
    result_add(out, (ResultItem){.name = "map",
                                 .title = "How far the score drops when this part is covered",
                                 .kind = RESULT_MAP,
                                 .shape = shape_make(2, s->scorer.input->shape.dim + 2),
                                 .data = s->map,
                                 .is_signed = true,
                                 .colormap = "rdbu"});
    result_add(out, (ResultItem){.name = "raw",
                                 .title = "The drop at each position of the patch",
                                 .kind = RESULT_MAP,
                                 .shape = shape_make(2, (int[]){s->rows, s->columns}),
                                 .data = s->drop,
                                 .is_signed = true,
                                 .colormap = "rdbu"});
    add_facts(run, out);
    return status_ok();
}

const Technique technique_occlusion = {
    .id = "occlusion",
    .title = "Occlusion",
    .question = "why",
    .sentence =
        "Covers the picture piece by piece and maps how far the target's probability drops.",
    .read = "Red parts are needed for the answer; blue parts speak against it, for the answer "
            "gains when "
            "they are gone.",
    .limits = "The patch is itself something new to see, and what is there twice is not missed "
              "when one is "
              "covered.",
    .ask = "Is this not the obvious, honest way: take something away and see what "
           "happens?",
    .answer = "It is an experiment, and therefore easy to trust, but what takes its place"
              " matters: a grey square is a thing with four edges of its own. Change the "
              "colour and the size of the patch. What stays in the map is about the "
              "picture, what changes is about the patch.",
    .paper =
        "Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks, section 4.2",
    .pictures = 1,
    .returns = "map",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Occlusion),
    .begin = begin,
    .step = step,
    .result = result,
};
