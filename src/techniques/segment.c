#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/grabcut.h"
#include "techniques/explanation.h"
#include "techniques/similarity.h"
#include "techniques/strokes.h"

typedef enum Stage { STAGE_PICTURE, STAGE_MAP, STAGE_ROUNDS, STAGE_DONE } Stage;

typedef struct Segment {
    Stage stage;
    Graph *graph;
    Objective term;
    char target[TARGET_TEXT_BYTES];
    int input_height, input_width;
    int height, width; /* of what is cut */
    size_t plane;
    float *coarse;   /* the map as the method gives it, [input_height,input_width] */
    float *map;      /* [H,W], smoothed */
    float *rgb;      /* [3,H,W]: the picture as the network sees it, finer */
    uint8_t *hints;  /* [H,W] */
    float *mask;     /* [H,W]: 1 object, 0 background */
    float *outlined; /* [3,H,W] */
    float *cutout;   /* [4,H,W] */
    float *scratch;  /* [H,W] */
    GrabCut *cut;
    int rounds, done;
} Segment;

static const Param params[] = {
    TARGET_PARAM("What is cut out: a class (class:340, class:top), or what excites any unit."),
    METHOD_PARAM("gradcam",
                 "The map that says where the object is; those that show regions suit best."),
    {.name = "strokes",
     .title = "Strokes",
     .type = PARAM_STROKES,
     .initial = "",
     .unit = "",
     .help = "What is surely object (+) or background (-): +12:500,400 510,420;-20:10,10 is a line "
             "and a dot of these radii, in thousandths of the picture's width and height."},
    {.name = "foreground",
     .title = "Object above",
     .type = PARAM_FLOAT,
     .min = 1,
     .max = 99.9,
     .step = 1,
     .initial = "95",
     .unit = "%",
     .help = "Pixels whose map is above this quantile are taken for the object."},
    {.name = "background",
     .title = "Background below",
     .type = PARAM_FLOAT,
     .min = 0.1,
     .max = 99,
     .step = 1,
     .initial = "30",
     .unit = "%",
     .help = "Pixels whose map is below this quantile are taken for background."},
    {.name = "certain",
     .title = "Certain",
     .type = PARAM_FLAG,
     .initial = "false",
     .unit = "",
     .help = "These pixels stay what they were taken for; otherwise only their colours count, and "
             "the outline is not bound to the map's.",
     .advanced = true},
    {.name = "gamma",
     .title = "Smoothness",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 1000,
     .step = 5,
     .initial = "50",
     .unit = "",
     .help = "What a cut between two equal neighbours costs: more gives a shorter outline.",
     .advanced = true},
    {.name = "rounds",
     .title = "Rounds",
     .type = PARAM_INT,
     .min = 1,
     .max = 50,
     .step = 1,
     .initial = "5",
     .unit = "",
     .help = "How often colours are learnt anew and the cut made again; ends when nothing changes.",
     .advanced = true},
    {.name = "size",
     .title = "Size",
     .type = PARAM_INT,
     .min = 64,
     .max = 2048,
     .step = 32,
     .initial = "512",
     .unit = "px",
     .help = "The longer side of what is cut, where the picture is as large.",
     .advanced = true},
};

static Status begin(Run *run)
{
    Segment *s = run_state(run);
    const Preprocess *preprocess = network_preprocess(run_network(run));
    s->rounds = run_int(run, "rounds");
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_FORWARD, &s->graph));
    TRY(run_load_picture(run, s->graph, 0, 0));
    const Shape *input = &graph_input(s->graph, 0)->shape;
    s->input_height = input->dim[2], s->input_width = input->dim[3];
    preprocess_view_size(preprocess, run_picture(run, 0), s->input_height, s->input_width,
                         run_int(run, "size"), &s->height, &s->width);
    s->plane = (size_t)s->height * (size_t)s->width;
    TRY(run_floats(run, shape_span(input, 2, 4), &s->coarse));
    TRY(run_floats(run, s->plane, &s->map));
    TRY(run_floats(run, 3 * s->plane, &s->rgb));
    TRY(run_floats(run, s->plane, &s->mask));
    TRY(run_floats(run, 3 * s->plane, &s->outlined));
    TRY(run_floats(run, 4 * s->plane, &s->cutout));
    TRY(run_floats(run, s->plane, &s->scratch));
    s->hints = arena_alloc(run_arena(run), s->plane);
    if (!s->hints) return status_no_memory("the segmentation", s->plane);
    /* Before the network works, so that a mistake is told at once. */
    TRY(strokes_draw(run_text(run, "strokes"), CUT_OBJECT, CUT_BACKGROUND, s->hints, s->height,
                     s->width));
    TRY(preprocess_view(preprocess, run_picture(run, 0), s->input_height, s->input_width, s->height,
                        s->width, s->rgb));
    run_ask_forward(run, s->graph, NULL, 0);
    run_tell_progress(run, 0, 0.1);
    return status_ok();
}

static void end(Run *run)
{
    const Segment *s = run_state(run);
    grabcut_destroy(s->cut);
}

/* ---- from the map to the first idea ---- */

/* The value that `percent` of the map's values do not exceed. */
static Status quantile(const Segment *s, float percent, float *value)
{
    size_t *order = descending_order(s->map, s->plane);
    if (!order) return status_no_memory("the segmentation", s->plane);
    const double share = 1 - percent / 100;
    *value = s->map[order[(size_t)(share * (double)(s->plane - 1))]];
    free(order);
    return status_ok();
}

static Status make_hints(Run *run)
{
    Segment *s = run_state(run);
    const bool certain = run_flag(run, "certain");
    float high = 0, low = 0;
    /* What speaks against the target is no object; single pixels are no region. */
    for (size_t i = 0; i < (size_t)s->input_height * (size_t)s->input_width; i++)
        s->coarse[i] = fmaxf(s->coarse[i], 0);
    TRY(resample(s->coarse, 1, s->input_height, s->input_width, s->map, s->height, s->width));
    blur_planes(s->map, s->scratch, 1, s->height, s->width,
                (s->height < s->width ? s->height : s->width) / 50 + 1);
    TRY(quantile(s, run_float(run, "foreground"), &high));
    TRY(quantile(s, run_float(run, "background"), &low));
    for (size_t i = 0; i < s->plane; i++) {
        if (s->hints[i] != CUT_UNKNOWN) continue; /* a stroke */
        if (s->map[i] > high)
            s->hints[i] = certain ? CUT_OBJECT : CUT_LIKE_OBJECT;
        else if (s->map[i] <= low)
            s->hints[i] = certain ? CUT_BACKGROUND : CUT_LIKE_BACKGROUND;
    }
    return status_ok();
}

static Status begin_rounds(Run *run)
{
    Segment *s = run_state(run);
    TRY(explanation_take(run, s->input_height, s->input_width, s->coarse));
    TRY(make_hints(run));
    TRY(grabcut_create(&s->cut, s->rgb, s->height, s->width, run_float(run, "gamma")));
    TRY(grabcut_begin(s->cut, s->hints));
    s->stage = STAGE_ROUNDS;
    run_tell_progress(run, 0.4, 0.4);
    return status_ok();
}

/* Nothing cut out is nothing to see. */
static Status check_cut(const Segment *s)
{
    const TensorStats stats = tensor_stats(s->mask, s->plane);
    if (stats.min != stats.max) return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "the colours of '%.60s' and of the rest are too much alike: the cut takes "
                        "%s; draw strokes for object and background, or set `certain`",
                        s->target, stats.max > 0 ? "the whole picture" : "nothing");
}

/* A piece of a round. */
static Status go_on(Run *run)
{
    static const double slice_seconds = 0.01;
    Segment *s = run_state(run);
    bool round_done;
    TRY(grabcut_advance(s->cut, slice_seconds, &round_done));
    if (!round_done) return status_ok();
    for (size_t i = 0; i < s->plane; i++) s->mask[i] = grabcut_sides(s->cut)[i];
    s->done++;
    const double share = 0.4 + 0.6 * s->done / s->rounds;
    run_tell_progress(run, share, share);
    run_tell_version(run);
    if (s->done < s->rounds && grabcut_changed(s->cut) > 0) return status_ok();
    s->stage = STAGE_DONE;
    run_finish(run);
    return check_cut(s);
}

static Status step(Run *run)
{
    Segment *s = run_state(run);
    switch (s->stage) {
    case STAGE_PICTURE:
        TRY(check_activations(s->graph));
        TRY(target_resolve(run, s->graph, &s->term, s->target));
        TRY(explanation_ask(run, &s->term, 0));
        run_tell_progress(run, 0.1, 0.4);
        s->stage = STAGE_MAP;
        return status_ok();
    case STAGE_MAP: return begin_rounds(run);
    case STAGE_ROUNDS: return go_on(run);
    case STAGE_DONE: break;
    }
    return status_ok();
}

/* ---- result ---- */

/* Share of the object within a pixel's surroundings, weights 1 2 1 each way: an edge without stairs. */
static float coverage(const Segment *s, int y, int x)
{
    float sum = 0;
    for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
            const int v = y + dy < 0 ? 0 : y + dy >= s->height ? s->height - 1 : y + dy;
            const int u = x + dx < 0 ? 0 : x + dx >= s->width ? s->width - 1 : x + dx;
            const float weight = (float)((2 - abs(dy)) * (2 - abs(dx)));
            sum += weight * s->mask[(size_t)v * (size_t)s->width + (size_t)u];
        }
    }
    return sum / 16;
}

/* The picture with the outline as a bright line and the background dimmed; the cut-out with its alpha. */
static void draw(const Segment *s)
{
    static const float line[3] = {1, 0.85F, 0.1F};
    for (int y = 0; y < s->height; y++) {
        for (int x = 0; x < s->width; x++) {
            const size_t i = (size_t)y * (size_t)s->width + (size_t)x;
            const float alpha = coverage(s, y, x), edge = 4 * alpha * (1 - alpha);
            s->cutout[3 * s->plane + i] = alpha;
            for (size_t c = 0; c < 3; c++) {
                const float value = s->rgb[c * s->plane + i];
                const float dimmed = value * (0.45F + 0.55F * s->mask[i]);
                s->cutout[c * s->plane + i] = value;
                s->outlined[c * s->plane + i] = dimmed + edge * (line[c] - dimmed);
            }
        }
    }
}

static Status result(Run *run, Result *out)
{
    const Segment *s = run_state(run);
    if (s->done == 0) return nothing_yet("segment");
    draw(s);
    const Shape shape = shape_make(2, (int[]){s->height, s->width});
    result_image(out, "outline", "The object's outline", s->height, s->width, s->outlined);
    result_add(out, (ResultItem){.name = "cutout",
                                 .title = "The object cut out",
                                 .kind = RESULT_IMAGE,
                                 .shape = shape_make(3, (int[]){4, s->height, s->width}),
                                 .data = s->cutout});
    result_add(out, (ResultItem){.name = "mask",
                                 .title = "The mask: 1 is the object",
                                 .kind = RESULT_MAP,
                                 .shape = shape,
                                 .data = s->mask,
                                 .colormap = "grey"});
    result_add(out, (ResultItem){.name = "map",
                                 .title = "The map that it came from, smoothed",
                                 .kind = RESULT_MAP,
                                 .shape = shape,
                                 .data = s->map,
                                 .colormap = "inferno"});
    result_fact_text(out, "target", "Target", s->target);
    result_fact_text(out, "method", "Map", run_text(run, "method"));
    result_fact(out, "share", "Share of the picture", 100 * tensor_stats(s->mask, s->plane).mean,
                "%");
    result_fact(out, "rounds", "Rounds", s->done, "");
    result_fact(out, "changed", "Pixels that the last one changed", (double)grabcut_changed(s->cut),
                "");
    return status_ok();
}

const Technique technique_segment = {
    .id = "segment",
    .title = "Segmentation",
    .question = "why",
    .sentence = "Cuts the object out: takes the map's strongest part for it and the weakest for "
                "background, and lets colours and edges find the outline between them.",
    .read = "The line is the cheapest outline; where it is wrong, a stroke for object or "
            "background puts it right.",
    .limits = "Nobody taught it what an object is: it follows colours, so that what looks like the "
              "background is lost.",
    .ask = "Was the network trained to find outlines?",
    .answer = "No, it only ever saw one word for each picture. Its map says roughly where what it "
              "recognises is; the outline comes from the picture's own colours and edges. Together "
              "they cut out objects that nobody has ever outlined for it.",
    .paper = "Rother, Kolmogorov & Blake 2004, GrabCut; Simonyan et al. 2014, section 3.2, for the "
             "map; Boykov & Kolmogorov 2004 for the cut",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Segment),
    .begin = begin,
    .step = step,
    .result = result,
    .end = end,
};
