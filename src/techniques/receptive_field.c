#include <math.h>
#include <stdio.h>
#include <string.h>

#include "techniques/common.h"

typedef struct Field {
    Graph *graph;
    const Value *input;
    Value *layer;
    ReceptiveField theory[2]; /* y, x */
    int height, width;        /* of the input */
    size_t plane;
    int unit[3];            /* channel (-1: the strongest), y, x */
    int place[3];           /* of the sample under way */
    int wanted, done, used; /* samples; used: those through which a gradient came */
    Objective term;
    char target[TARGET_TEXT_BYTES];
    double *
        sum; /* [H,W]: gradient magnitudes, each sample's adding up to 1, moved onto the unit's field */
    float *map;  /* [H,W] */
    float *rgb;  /* [3,H,W] */
    float *seen; /* [h,w]: the part of the map within the theoretical field */
    Random random;
    bool forward_done;
} Field;

static const Param params[] = {
    {.name = "layer",
     .title = "Layer",
     .type = PARAM_LAYER,
     .initial = "auto",
     .unit = "",
     .help = "Whose unit it is; auto takes the last convolutional layer."},
    {.name = "channel",
     .title = "Channel",
     .type = PARAM_INT,
     .min = -1,
     .max = 65535,
     .step = 1,
     .initial = "-1",
     .unit = "",
     .help = "The unit's channel; -1 takes the one that is strongest at the place."},
    {.name = "y",
     .title = "Row",
     .type = PARAM_INT,
     .min = -1,
     .max = 65535,
     .step = 1,
     .initial = "-1",
     .unit = "",
     .help = "The unit's row in the layer; -1 is the middle."},
    {.name = "x",
     .title = "Column",
     .type = PARAM_INT,
     .min = -1,
     .max = 65535,
     .step = 1,
     .initial = "-1",
     .unit = "",
     .help = "The unit's column in the layer; -1 is the middle."},
    {.name = "samples",
     .title = "Samples",
     .type = PARAM_INT,
     .min = 1,
     .max = 1000,
     .step = 1,
     .initial = "16",
     .unit = "",
     .help = "Places in the pictures over which the gradient is averaged, each moved onto the "
             "unit's field; 1 is this unit in this picture alone."},
    SEED_PARAM("Of the places that are averaged over: the same number gives the same map."),
};

static Status find_unit(Run *run)
{
    static const char *const names[] = {"channel", "y", "x"};
    Field *s = run_state(run);
    const char *layer = run_text(run, "layer");
    TRY(network_layer(run_network(run), s->graph, layer, &s->layer));
    for (int axis = 0; axis < 2; axis++) {
        if (network_receptive_field(s->graph, s->layer, axis, &s->theory[axis])) continue;
        return status_error(STATUS_BAD_INPUT,
                            "a unit of '%s' has no place in the picture of its own: it sees all of "
                            "it; choose an earlier layer",
                            s->layer->name);
    }
    for (int i = 0; i < 3; i++) {
        const int size = s->layer->shape.dim[1 + i];
        s->unit[i] = run_int(run, names[i]);
        if (s->unit[i] < 0 && i > 0) s->unit[i] = size / 2;
        if (s->unit[i] < size) continue;
        return status_error(STATUS_BAD_INPUT,
                            "receptive-field: '%s' has %s 0 to %d, so there is no %d",
                            s->layer->name, names[i], size - 1, s->unit[i]);
    }
    return status_ok();
}

static Status ask_forward(Run *run)
{
    Field *s = run_state(run);
    s->forward_done = false;
    TRY(run_load_picture(run, s->graph, s->done % run_picture_count(run), 0));
    run_ask_forward(run, s->graph, &s->layer, 1);
    run_tell_progress(run, (double)s->done / s->wanted, (s->done + 0.4) / s->wanted);
    return status_ok();
}

static Status begin(Run *run)
{
    Field *s = run_state(run);
    s->wanted = run_int(run, "samples");
    s->random = random_seeded((uint64_t)run_int(run, "seed"));
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    TRY(find_unit(run));
    s->input = graph_input(s->graph, 0);
    s->height = s->input->shape.dim[2], s->width = s->input->shape.dim[3];
    s->plane = shape_span(&s->input->shape, 2, 4);
    TRY(run_floats(run, s->plane, &s->map));
    TRY(run_floats(run, s->plane, &s->seen));
    TRY(run_floats(run, 3 * s->plane, &s->rgb));
    s->sum = arena_alloc(run_arena(run), s->plane * sizeof *s->sum);
    if (!s->sum) return status_no_memory("the receptive field", s->plane * sizeof *s->sum);
    return ask_forward(run);
}

/* The unit itself first, then places in the middle of the layer, where no border cuts the field. */
static void choose_place(Field *s)
{
    const Shape *shape = &s->layer->shape;
    memcpy(s->place, s->unit, sizeof s->place);
    for (int i = 1; i < 3 && s->done > 0; i++) {
        const int size = shape->dim[1 + i], half = (size + 1) / 2;
        s->place[i] = size / 4 + (int)random_below(&s->random, (uint32_t)half);
    }
    if (s->unit[0] >= 0) return;
    const size_t plane = shape_span(shape, 2, 4);
    const float *at = s->layer->data + (size_t)s->place[1] * (size_t)shape->dim[3] + s->place[2];
    s->place[0] = 0;
    for (int c = 1; c < shape->dim[1]; c++) {
        if (at[(size_t)c * plane] > at[(size_t)s->place[0] * plane]) s->place[0] = c;
    }
}

/* Adds the magnitudes over the channels, moved by as many pixels as the place is off the unit. */
static void accumulate(Field *s)
{
    const int dy = (int)lround((s->unit[1] - s->place[1]) * s->theory[0].stride);
    const int dx = (int)lround((s->unit[2] - s->place[2]) * s->theory[1].stride);
    const int channels = s->input->shape.dim[1];
    double total = 0;
    for (size_t i = 0; i < (size_t)channels * s->plane; i++) total += fabsf(s->input->grad[i]);
    if (total == 0) return;
    s->used++;
    for (int y = 0; y < s->height; y++) {
        for (int x = 0; x < s->width; x++) {
            const int v = y + dy, u = x + dx;
            if (v < 0 || u < 0 || v >= s->height || u >= s->width) continue;
            const float *g = s->input->grad + (size_t)y * (size_t)s->width + x;
            double magnitude = 0;
            for (int c = 0; c < channels; c++) magnitude += fabsf(g[(size_t)c * s->plane]);
            s->sum[(size_t)v * (size_t)s->width + (size_t)u] += magnitude / total;
        }
    }
}

static Status step(Run *run)
{
    Field *s = run_state(run);
    if (!s->forward_done) {
        s->forward_done = true;
        choose_place(s);
        if (s->done == 0) {
            TRY(check_activations(s->graph));
            snprintf(s->target, sizeof s->target, "neuron:%.60s:%d:%d:%d", s->layer->name,
                     s->place[0], s->place[1], s->place[2]);
        }
        s->term = (Objective){.kind = OBJECTIVE_NEURON,
                              .value = s->layer,
                              .channel = s->place[0],
                              .y = s->place[1],
                              .x = s->place[2],
                              .weight = 1};
        run_ask_backward(run, s->graph, &s->term, 1, &backward_exact);
        run_tell_progress(run, (s->done + 0.4) / s->wanted, (s->done + 1.0) / s->wanted);
        return status_ok();
    }
    accumulate(s);
    s->done++;
    if (s->used) run_tell_version(run);
    if (s->done < s->wanted) return ask_forward(run);
    if (!s->used) TRY(check_gradient(s->graph, s->input, s->target, &backward_exact));
    run_finish(run);
    return status_ok();
}

/* ---- result ---- */

/* The effective field as a Gaussian's: middle and deviations along y and x. */
typedef struct Spread {
    double middle[2], deviation[2];
} Spread;

static Spread measure(const Field *s)
{
    Spread spread = {0};
    double total = 0, squares[2] = {0};
    for (int y = 0; y < s->height; y++) {
        for (int x = 0; x < s->width; x++) {
            const double m = s->sum[(size_t)y * (size_t)s->width + (size_t)x];
            const double at[2] = {y + 0.5, x + 0.5};
            total += m;
            for (int i = 0; i < 2; i++) {
                spread.middle[i] += m * at[i];
                squares[i] += m * at[i] * at[i];
            }
        }
    }
    for (int i = 0; i < 2; i++) {
        spread.middle[i] /= total;
        const double variance = squares[i] / total - spread.middle[i] * spread.middle[i];
        spread.deviation[i] = sqrt(fmax(variance, 0));
    }
    return spread;
}

/* First and last pixel of the theoretical field along an axis; may lie outside. */
static void bounds(const Field *s, int axis, int *first, int *last)
{
    const ReceptiveField *f = &s->theory[axis];
    *first = (int)floor(f->start + s->unit[1 + axis] * f->stride);
    *last = (int)ceil(f->start + s->unit[1 + axis] * f->stride + f->size) - 1;
}

/* The part of the map that the unit can see at all: where that is small, the whole is black but for a dot. */
static Shape crop_map(const Field *s)
{
    int first[2], last[2];
    const int size[2] = {s->height, s->width};
    for (int i = 0; i < 2; i++) {
        bounds(s, i, &first[i], &last[i]);
        if (first[i] < 0) first[i] = 0;
        if (last[i] >= size[i]) last[i] = size[i] - 1;
    }
    const Shape shape = shape_make(2, (int[]){last[0] - first[0] + 1, last[1] - first[1] + 1});
    for (int y = first[0]; y <= last[0]; y++) {
        memcpy(s->seen + (size_t)(y - first[0]) * (size_t)shape.dim[1],
               s->map + (size_t)y * (size_t)s->width + first[1],
               (size_t)shape.dim[1] * sizeof *s->seen);
    }
    return shape;
}

/* How strongly a line is drawn at a pixel that is `distance` off it. */
static float line_share(double distance)
{
    return (float)fmin(fmax(1.6 - fabs(distance), 0), 1);
}

/* The picture, dimmed outside of the theoretical field, with that as a frame and the effective one (two
 * deviations) as an ellipse. */
static Status draw(Run *run, const Spread *spread)
{
    static const float frame[3] = {1, 1, 1}, ellipse[3] = {1, 0.72F, 0.1F};
    const Field *s = run_state(run);
    int top, bottom, left, right;
    bounds(s, 0, &top, &bottom);
    bounds(s, 1, &left, &right);
    TRY(preprocess_view(network_preprocess(run_network(run)), run_picture(run, 0), s->height,
                        s->width, s->height, s->width, s->rgb));
    for (int y = 0; y < s->height; y++) {
        for (int x = 0; x < s->width; x++) {
            const bool inside = y >= top && y <= bottom && x >= left && x <= right;
            const bool border = inside && (y == top || y == bottom || x == left || x == right);
            const double a = fmax(2 * spread->deviation[0], 1),
                         b = fmax(2 * spread->deviation[1], 1);
            const double v = (y + 0.5 - spread->middle[0]) / a,
                         u = (x + 0.5 - spread->middle[1]) / b;
            const float on_ellipse = line_share((sqrt(v * v + u * u) - 1) * fmin(a, b));
            for (size_t c = 0; c < 3; c++) {
                float *value = &s->rgb[c * s->plane + (size_t)y * (size_t)s->width + (size_t)x];
                if (!inside) *value *= 0.35F;
                if (border) *value += 0.8F * (frame[c] - *value);
                *value += on_ellipse * (ellipse[c] - *value);
            }
        }
    }
    return status_ok();
}

/* The side of a square of as many pixels as are above 4.55 % of the highest: Luo et al., section 3. */
static double effective_side(const Field *s)
{
    const float high = max_abs(s->map, s->plane);
    size_t count = 0;
    for (size_t i = 0; i < s->plane; i++) count += s->map[i] > 0.0455F * high;
    return sqrt((double)count);
}

static void add_facts(Run *run, Result *out, const Spread *spread)
{
    const Field *s = run_state(run);
    char text[96];
    int first[2], last[2];
    result_fact_text(out, "unit", "Unit", s->target);
    snprintf(text, sizeof text, "%g x %g", s->theory[0].size, s->theory[1].size);
    result_fact_text(out, "theoretical", "Theoretical field, height x width in pixels", text);
    snprintf(text, sizeof text, "%.1f x %.1f", 4 * spread->deviation[0], 4 * spread->deviation[1]);
    result_fact_text(out, "effective", "Effective field (two deviations each way)", text);
    result_fact(out, "share", "Effective part of the theoretical area",
                100 * 3.14159265358979 * 4 * spread->deviation[0] * spread->deviation[1] /
                    (s->theory[0].size * s->theory[1].size),
                "%");
    result_fact(out, "side", "Side of the area above 4.55 % of the peak", effective_side(s), "px");
    for (int axis = 0; axis < 2; axis++) bounds(s, axis, &first[axis], &last[axis]);
    snprintf(text, sizeof text, "y %d to %d, x %d to %d", first[0], last[0], first[1], last[1]);
    result_fact_text(out, "rectangle", "It spans", text);
    result_fact(out, "stride", "Pixels to the neighbouring unit", s->theory[0].stride, "px");
    result_fact(out, "samples", "Places averaged", s->used, "");
}

static Status result(Run *run, Result *out)
{
    const Field *s = run_state(run);
    if (!s->used) return nothing_yet("receptive-field");
    for (size_t i = 0; i < s->plane; i++) s->map[i] = (float)(s->sum[i] / s->used);
    const Spread spread = measure(s);
    TRY(draw(run, &spread));
    result_image(out, "image", "What the unit can see (frame) and what counts (ellipse)", s->height,
                 s->width, s->rgb);
    result_add(out, (ResultItem){.name = "map",
                                 .title = "Share of each pixel in the unit's gradient",
                                 .kind = RESULT_MAP,
                                 .shape = shape_make(2, (int[]){s->height, s->width}),
                                 .data = s->map,
                                 .colormap = "inferno"});
    result_add(out, (ResultItem){.name = "field",
                                 .title = "The same within the frame",
                                 .kind = RESULT_MAP,
                                 .shape = crop_map(s),
                                 .data = s->seen,
                                 .colormap = "inferno"});
    add_facts(run, out, &spread);
    return status_ok();
}

const Technique technique_receptive_field = {
    .id = "receptive-field",
    .title = "Receptive field",
    .question = "see",
    .sentence = "What part of the picture a unit can see, and what part of that really counts.",
    .read = "Nothing outside of the frame can change the unit; what lies within the ellipse makes "
            "most of it.",
    .limits = "The effective field is that of the gradient at these pictures, averaged: a single "
              "unit looks at edges, not at ellipses.",
    .ask = "Why is the effective field so much smaller than the theoretical one?",
    .answer = "There are many paths from a pixel in the middle to the unit and few from one at the "
              "edge, so that contributions pile up in the middle like a bell. With depth the bell "
              "grows with the root of the number of layers, the frame with their number.",
    .paper = "Luo et al. 2016, Understanding the Effective Receptive Field in Deep Convolutional "
             "Neural Networks; Araujo, Norris & Sim 2019 for the theoretical one",
    .pictures = 1,
    .most_pictures = 1000,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Field),
    .begin = begin,
    .step = step,
    .result = result,
};
