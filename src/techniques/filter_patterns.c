#include <math.h>
#include <stdio.h>
#include <string.h>

#include "techniques/marks.h"
#include "techniques/scorer.h"

enum { BORDER = 2, LIVE_EVERY = 5, MAX_BATCH = 8, LEAST_SIDE = 32 };

/* What the notebook cuts away at each side: 25 of 180 pixels. */
static const double margin = 25.0 / 180;

/* Patterns are ascended a batch at a time, each in a picture of its own. x is 0 at mid-grey, -1 black, 1 white;
 * nothing bounds it. */
typedef struct FilterPatterns {
    Graph *graph;
    const Value *input, *layer;
    int first, wanted, batch;
    int from, done; /* channel at the start of this batch; steps of it that are done */
    int steps;
    Marks marks;                 /* the last one is the number of steps */
    int channels, height, width; /* of the input */
    size_t plane, item;
    int top, left, shown_height, shown_width; /* what is shown of a picture */
    float *x;                                 /* [batch,C,H,W] */
    float *shown;                             /* [C,h,w] */
    float *frames[MAX_MARKS];                 /* [wanted,3,h,w] */
    float *reached;                           /* [wanted] */
    int silent;                               /* channels that nothing excites */
    float middle[PREPROCESS_MAX_CHANNELS], half[PREPROCESS_MAX_CHANNELS];
    Random random;
} FilterPatterns;

static const Param params[] = {
    {.name = "layer",
     .title = "Layer",
     .type = PARAM_LAYER,
     .initial = "auto",
     .unit = "",
     .help = "Whose channels are drawn: early ones give edges and colours, later ones textures and "
             "parts; "
             "auto takes the last one of maps."},
    {.name = "first",
     .title = "First channel",
     .type = PARAM_INT,
     .min = 0,
     .max = 65535,
     .step = 1,
     .initial = "0",
     .unit = "",
     .help = "Where the grid begins."},
    {.name = "channels",
     .title = "Channels",
     .type = PARAM_INT,
     .min = 0,
     .max = 4096,
     .step = 8,
     .initial = "64",
     .unit = "",
     .help = "How many patterns; 0 draws the whole layer."},
    {.name = "size",
     .title = "Size",
     .type = PARAM_INT,
     .min = LEAST_SIDE,
     .max = 512,
     .step = 4,
     .initial = "180",
     .unit = "px",
     .help = "Side of the picture that the network sees; a seventh of it at each side, where the "
             "border shows, is cut away. A network that allows one size only takes that."},
    {.name = "steps",
     .title = "Steps",
     .type = PARAM_INT,
     .min = 1,
     .max = 1000,
     .step = 10,
     .initial = "30",
     .unit = "",
     .help = "Steps along the gradient for each pattern."},
    {.name = "step",
     .title = "Step",
     .type = PARAM_FLOAT,
     .min = 0.01,
     .max = 1000,
     .step = 1,
     .initial = "10",
     .unit = "",
     .help = "Length of a step over all values of a picture, where black is -1 and white 1.",
     .advanced = true},
    {.name = "contrast",
     .title = "Contrast",
     .type = PARAM_FLOAT,
     .min = 0.05,
     .max = 1,
     .step = 0.05,
     .initial = "0.15",
     .unit = "",
     .help = "Deviation of what is shown, from black to white being 1; 0.15 as in the notebooks, "
             "0.3 where "
             "patterns fill a part of their tile only.",
     .advanced = true},
    {.name = "series",
     .title = "Series",
     .type = PARAM_TEXT,
     .initial = "5, 15",
     .unit = "",
     .help = "The steps after which the grid is kept as well, separated by commas.",
     .advanced = true},
    SEED_PARAM("Of the noise at the start: the same number gives the same patterns."),
};

/* ---- begin ---- */

static Status check_input(const FilterPatterns *s, const Preprocess *preprocess)
{
    const Shape *shape = &s->input->shape;
    if (shape->rank == 4 && shape->dim[1] == preprocess_channels(preprocess)) return status_ok();
    return status_error(STATUS_UNSUPPORTED, "filter-patterns: the input '%s' holds no picture",
                        s->input->name);
}

static Status choose_channels(Run *run)
{
    FilterPatterns *s = run_state(run);
    Value *layer;
    TRY(network_layer(run_network(run), s->graph, run_text(run, "layer"), &layer));
    s->layer = layer;
    const int channels = layer->shape.rank > 1 ? layer->shape.dim[1] : 0;
    s->first = run_int(run, "first");
    if (s->first >= channels) {
        return status_error(
            STATUS_BAD_INPUT,
            "filter-patterns: layer '%s' has %d channels, so there is no channel %d", layer->name,
            channels, s->first);
    }
    s->wanted = run_int(run, "channels");
    if (s->wanted == 0 || s->wanted > channels - s->first) s->wanted = channels - s->first;
    return status_ok();
}

/* Of that size and as many pictures as bring speed, or what the network allows. */
static Status plan(Run *run)
{
    FilterPatterns *s = run_state(run);
    const int side = run_int(run, "size");
    TRY(plan_sized(run, &(GraphRequest){.height = side, .width = side}, &s->graph));
    TRY(choose_channels(run));
    const int most = s->wanted < MAX_BATCH ? s->wanted : MAX_BATCH;
    s->batch = plan_batch(run, most, GRAPH_INPUT_GRADIENT, &s->graph);
    return choose_channels(run); /* the layer may be another graph's */
}

static Status allocate(Run *run)
{
    FilterPatterns *s = run_state(run);
    const Preprocess *preprocess = network_preprocess(run_network(run));
    s->input = graph_input(s->graph, 0);
    TRY(check_input(s, preprocess));
    const Shape *shape = &s->input->shape;
    s->channels = shape->dim[1], s->height = shape->dim[2], s->width = shape->dim[3];
    s->plane = shape_span(shape, 2, 4), s->item = shape_span(shape, 1, 4);
    s->top = (int)(margin * s->height), s->left = (int)(margin * s->width);
    s->shown_height = s->height - 2 * s->top, s->shown_width = s->width - 2 * s->left;
    for (int c = 0; c < s->channels; c++) {
        float white, level;
        preprocess_bounds(preprocess, c, &s->middle[c], &white, &level);
        s->half[c] = 0.5F * (white - s->middle[c]);
        s->middle[c] += s->half[c];
    }
    const size_t shown = (size_t)s->shown_height * (size_t)s->shown_width;
    TRY(run_floats(run, (size_t)s->batch * s->item, &s->x));
    TRY(run_floats(run, (size_t)s->channels * shown, &s->shown));
    TRY(run_floats(run, (size_t)s->wanted, &s->reached));
    for (int k = 0; k < s->marks.count; k++) {
        const size_t count = (size_t)s->wanted * 3 * shown;
        TRY(run_floats(run, count, &s->frames[k]));
        for (size_t i = 0; i < count; i++) s->frames[k][i] = 0.5F;
    }
    return graph_allocate(s->graph, GRAPH_INPUT_GRADIENT);
}

/* ---- ascent ---- */

/* Channels of this batch. */
static int at_work(const FilterPatterns *s)
{
    const int left = s->wanted - s->from;
    return left < s->batch ? left : s->batch;
}

static void ask_gradient(Run *run)
{
    FilterPatterns *s = run_state(run);
    Objective terms[MAX_BATCH];
    for (int n = 0; n < at_work(s); n++) {
        terms[n] = (Objective){.kind = OBJECTIVE_CHANNEL,
                               .value = (Value *)s->layer,
                               .channel = s->first + s->from + n,
                               .item = n + 1,
                               .border = BORDER,
                               .weight = 1};
    }
    for (size_t i = 0; i < (size_t)s->batch * s->item; i++) {
        const size_t c = i / s->plane % (size_t)s->channels;
        s->input->data[i] = s->middle[c] + s->half[c] * s->x[i];
    }
    /* A channel that the noise leaves off is pushed up until something goes through. */
    run_ask_gradient(run, s->graph, terms, at_work(s), &backward_redirected);
    const double all = (double)s->wanted * s->steps, now = (double)s->from * s->steps;
    run_tell_progress(run, (now + (double)s->done * at_work(s)) / all,
                      (now + (s->done + 1.0) * at_work(s)) / all);
}

/* Noise within an eighth of mid-grey. */
static void start_batch(Run *run)
{
    FilterPatterns *s = run_state(run);
    s->done = 0;
    for (size_t i = 0; i < (size_t)s->batch * s->item; i++)
        s->x[i] = 0.25F * random_uniform(&s->random) - 0.125F;
    ask_gradient(run);
}

static Status begin(Run *run)
{
    FilterPatterns *s = run_state(run);
    s->steps = run_int(run, "steps");
    s->random = random_seeded((uint64_t)run_int(run, "seed"));
    TRY(marks_read(run, s->steps, &s->marks));
    TRY(plan(run));
    TRY(allocate(run));
    start_batch(run);
    return status_ok();
}

/* x += step g / |g|, in the picture of item n. */
static Status climb(Run *run, int n)
{
    FilterPatterns *s = run_state(run);
    float *x = s->x + (size_t)n * s->item, *g = s->input->grad + (size_t)n * s->item;
    double squares = 0;
    for (size_t i = 0; i < s->item; i++) {
        g[i] *= s->half[i / s->plane];
        squares += (double)g[i] * g[i];
    }
    if (!isfinite(squares)) {
        TRY(check_activations(s->graph));
        return check_gradient(s->graph, s->input, s->layer->name, &backward_exact);
    }
    if (squares == 0) return status_ok();
    const float step = (float)(run_float(run, "step") / sqrt(squares));
    for (size_t i = 0; i < s->item; i++) x[i] += step * g[i];
    return status_ok();
}

/* Shown with mean 0.5 and the deviation that is asked for, its border cut away. A picture that nothing has moved is grey. */
static void draw(Run *run, int n, float *rgb)
{
    const FilterPatterns *s = run_state(run);
    const float *x = s->x + (size_t)n * s->item;
    const TensorStats stats = tensor_stats(x, s->item);
    const float scale =
        max_abs(x, s->item) > 0.125F ? run_float(run, "contrast") / (stats.deviation + 1e-5F) : 0;
    float *to = s->shown;
    for (int c = 0; c < s->channels; c++) {
        for (int y = s->top; y < s->top + s->shown_height; y++) {
            const float *row = x + (size_t)c * s->plane + (size_t)y * (size_t)s->width;
            for (int k = s->left; k < s->left + s->shown_width; k++)
                *to++ = fminf(fmaxf(0.5F + scale * (row[k] - stats.mean), 0), 1);
        }
    }
    preprocess_reorder(network_preprocess(run_network(run)), s->shown, s->shown_height,
                       s->shown_width, rgb);
}

static void keep(Run *run, int mark)
{
    FilterPatterns *s = run_state(run);
    const size_t tile = 3 * (size_t)s->shown_height * (size_t)s->shown_width;
    for (int n = 0; n < at_work(s); n++)
        draw(run, n, s->frames[mark] + (size_t)(s->from + n) * tile);
}

static Status step(Run *run)
{
    FilterPatterns *s = run_state(run);
    for (int n = 0; n < at_work(s); n++) {
        TRY(climb(run, n));
        s->reached[s->from + n] = (float)run_term(run, n);
    }
    s->done++;
    const int mark = marks_find(&s->marks, s->done), last = s->marks.count - 1;
    if (mark >= 0) keep(run, mark);
    if (s->done % LIVE_EVERY == 0) keep(run, last);
    if (s->done % LIVE_EVERY == 0 || mark == last) run_tell_version(run);
    if (s->done < s->steps) {
        ask_gradient(run);
        return status_ok();
    }
    for (int n = 0; n < at_work(s); n++) s->silent += s->reached[s->from + n] == 0;
    s->from += at_work(s);
    if (s->from < s->wanted) {
        start_batch(run);
    } else {
        run_finish(run);
    }
    return status_ok();
}

/* ---- result ---- */

static Status result(Run *run, Result *out)
{
    const FilterPatterns *s = run_state(run);
    if (run_version(run) == 0) return nothing_yet("filter-patterns");
    const Shape tiles = shape_4d(s->wanted, 3, s->shown_height, s->shown_width);
    for (int k = s->marks.count - 1; k >= 0; k--) {
        const bool last = k == s->marks.count - 1;
        result_add(
            out, (ResultItem){.name = last ? "patterns" : s->marks.name[k],
                              .title = last ? "What each channel wants to see" : s->marks.title[k],
                              .kind = RESULT_TILES,
                              .shape = tiles,
                              .data = s->frames[k]});
    }
    result_curve(out, "reached", "Mean activation that each pattern reaches, by channel", s->wanted,
                 s->reached);
    result_fact_text(out, "layer", "Layer", s->layer->name);
    result_fact(out, "channels", "Channels of the layer", s->layer->shape.dim[1], "");
    result_fact(out, "first", "First one drawn", s->first, "");
    result_fact(out, "shown", "Drawn so far", s->from, "");
    result_fact(out, "silent", "Silent ones: nothing excites them", s->silent, "");
    return status_ok();
}

const Technique technique_filter_patterns = {
    .id = "filter-patterns",
    .title = "Filter patterns",
    .question = "want",
    .sentence =
        "Draws, for every channel of a layer, the pattern that excites it most, as one grid.",
    .read =
        "From layer to layer the patterns grow: colours and edges, then gratings and dots, then "
        "textures and parts. Similar tiles are channels that do nearly the same.",
    .limits = "Thirty steps from noise, without any regard to what photographs look like: deep "
              "channels come out clearer with feature-visualization.",
    .ask = "Why do so many tiles of one layer look alike, only turned?",
    .answer =
        "A grating matters at every angle, and a convolution can shift a filter, but not turn "
        "it: so the network has to learn each angle anew.",
    .paper = "Chollet 2016, How convolutional neural networks see the world, The Keras Blog",
    .pictures = 0,
    .returns = "tiles",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(FilterPatterns),
    .begin = begin,
    .step = step,
    .result = result,
};
