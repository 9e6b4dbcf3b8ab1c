#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/colormap.h"
#include "techniques/common.h"
#include "techniques/scorer.h"
#include "techniques/sheet.h"

enum {
    MAX_BATCH = 8,
    COARSEST = 8, /* cells between the points of the first round; a power of two */
    IMAGE_SIDE = 512,
    THUMB = 72,
    LEGEND = 12,
    COLUMNS = 4,
    ROWS = LEGEND + 1,
    UNKNOWN = -1,
};

static const char *const columns[COLUMNS] = {"colour", "class", "share, %", "mean probability, %"};

static const Param params[] = {
    {.name = "resolution",
     .title = "Resolution",
     .type = PARAM_INT,
     .min = 8,
     .max = 256,
     .step = 8,
     .initial = "64",
     .unit = "cells",
     .help = "Cells along each side: the network judges a picture for each that is not skipped."},
    {.name = "margin",
     .title = "Margin",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 2,
     .step = 0.05,
     .initial = "0.25",
     .unit = "",
     .help = "How far the plane reaches beyond the three pictures, as a share of their extent."},
    {.name = "every",
     .title = "Every cell",
     .type = PARAM_FLAG,
     .initial = "false",
     .unit = "",
     .help =
         "Judges every cell. Otherwise those are skipped whose surroundings, judged before, are "
         "all of one class: an island smaller than the step may be missed.",
     .advanced = true},
};

/* Cell (v, u) of the grid stands for corner + v along the second axis and u along the first. */
typedef struct Plane {
    Graph *graph;
    Value *logits;
    int batch, classes, side, stride, next; /* next: cell of this round to look at */
    size_t count;                           /* of the input's values, one picture */
    float *origin, *axis[2];                /* [count]; axes of length 1 */
    double at[3][2], low[2], step; /* of the pictures, of the lower left cell, between cells */
    int *class_of;                 /* [side,side]; UNKNOWN */
    float *probability;            /* [side,side] of that class */
    int pending[MAX_BATCH], pending_count, evaluated;
    float *scores;
    int *order, *times; /* of each class: its colour, 1 for the first that was met, and its cells */
    float *sums;        /* of each class: of its probabilities */
    int met;
    float *rgb, *confidence, *marks; /* marks: [3] pictures [3,THUMB,THUMB] */
    const char *cells[ROWS * COLUMNS];
    float numbers[ROWS * COLUMNS];
    ResultTable table;
    int legend;
} Plane;

/* ---- the plane ---- */

static double dot(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * b[i];
    return sum;
}

static Status load(Run *run, Plane *s, int picture, float *to)
{
    TRY(run_load_picture(run, s->graph, picture, 0));
    memcpy(to, graph_input(s->graph, 0)->data, s->count * sizeof *to);
    return picture_square(run_picture(run, picture), THUMB,
                          s->marks + (size_t)picture * 3 * THUMB * THUMB);
}

/* Gram and Schmidt on the two differences. */
static Status span(Run *run, Plane *s)
{
    float *a = s->axis[0], *b = s->axis[1];
    TRY(load(run, s, 0, s->origin));
    TRY(load(run, s, 1, a));
    TRY(load(run, s, 2, b));
    for (size_t i = 0; i < s->count; i++) a[i] -= s->origin[i], b[i] -= s->origin[i];
    const double length = sqrt(dot(a, a, s->count));
    for (size_t i = 0; i < s->count; i++) a[i] = (float)(a[i] / (length > 0 ? length : 1));
    const double along = dot(a, b, s->count), whole = sqrt(dot(b, b, s->count));
    for (size_t i = 0; i < s->count; i++) b[i] -= (float)along * a[i];
    const double across = sqrt(dot(b, b, s->count));
    if (!(length > 0) || across < 1e-3 * whole || !(across > 0)) {
        return status_error(
            STATUS_BAD_INPUT,
            "the three pictures lie on one line (are two of them the same?), so that "
            "there is no plane through them: give three different ones");
    }
    for (size_t i = 0; i < s->count; i++) b[i] = (float)(b[i] / across);
    s->at[1][0] = length;
    s->at[2][0] = along, s->at[2][1] = across;
    return status_ok();
}

/* A square around the three pictures. */
static void frame(Run *run, Plane *s)
{
    double middle[2], extent = 0;
    for (int a = 0; a < 2; a++) {
        const double low = fmin(s->at[0][a], fmin(s->at[1][a], s->at[2][a]));
        const double high = fmax(s->at[0][a], fmax(s->at[1][a], s->at[2][a]));
        middle[a] = (low + high) / 2;
        extent = fmax(extent, high - low);
    }
    extent *= 1 + 2 * (double)run_float(run, "margin");
    s->step = extent / s->side;
    for (int a = 0; a < 2; a++) s->low[a] = middle[a] - extent / 2 + s->step / 2;
}

static Status build(Run *run, Plane *s)
{
    TRY(run_plan(run, &(GraphRequest){0}, &s->graph));
    s->batch = plan_batch(run, MAX_BATCH, GRAPH_FORWARD, &s->graph);
    s->classes = network_class_count(s->graph);
    s->logits = network_logits(s->graph);
    if (s->classes < 2 || !s->logits) {
        TRY(network_supported(run_network(run)));
        return status_error(STATUS_BAD_INPUT, "%s does not classify: its output has no classes",
                            network_name(run_network(run)));
    }
    return graph_allocate(s->graph, GRAPH_FORWARD);
}

static Status ask(Run *run);

static Status begin(Run *run)
{
    Plane *s = run_state(run);
    TRY(build(run, s));
    s->side = run_int(run, "resolution");
    s->stride = COARSEST;
    s->count = shape_span(&graph_input(s->graph, 0)->shape, 1, 4);
    const size_t cells = (size_t)s->side * (size_t)s->side;
    TRY(run_floats(run, s->count, &s->origin));
    TRY(run_floats(run, s->count, &s->axis[0]));
    TRY(run_floats(run, s->count, &s->axis[1]));
    TRY(run_floats(run, (size_t)s->classes, &s->scores));
    TRY(run_floats(run, cells, &s->probability));
    TRY(run_floats(run, cells, &s->confidence));
    TRY(run_floats(run, (size_t)9 * THUMB * THUMB, &s->marks));
    TRY(run_floats(run, (size_t)3 * IMAGE_SIDE * IMAGE_SIDE, &s->rgb));
    s->class_of = arena_alloc(run_arena(run), cells * sizeof *s->class_of);
    s->order = arena_alloc(run_arena(run), (size_t)s->classes * sizeof *s->order);
    s->times = arena_alloc(run_arena(run), (size_t)s->classes * sizeof *s->times);
    TRY(run_floats(run, (size_t)s->classes, &s->sums));
    if (!s->class_of || !s->order || !s->times) return status_no_memory("the plane", cells * 4);
    for (size_t i = 0; i < cells; i++) s->class_of[i] = UNKNOWN;
    TRY(span(run, s));
    frame(run, s);
    return ask(run);
}

/* ---- rounds: points ever nearer to each other ---- */

/* Are the points of the round before around this one all of one class? */
static bool surrounded(const Plane *s, int v, int u)
{
    const int wide = 2 * s->stride, v0 = v - v % wide, u0 = u - u % wide;
    const int class_index = s->class_of[v0 * s->side + u0];
    /* While points are far from each other, one ring more than the square that the point lies in. The last round has
     * three quarters of the cells, and what it could miss is a line one cell wide. */
    const int ring = s->stride > 1 ? wide : 0;
    for (int y = v0 - ring; y <= v0 + wide + ring; y += wide) {
        for (int x = u0 - ring; x <= u0 + wide + ring; x += wide) {
            if (y < 0 || x < 0 || y >= s->side || x >= s->side) continue;
            if (s->class_of[y * s->side + x] != class_index) return false;
        }
    }
    return true;
}

/* Between the corners of the square, all judged, that the point lies in. */
static float probability_between(const Plane *s, int v, int u)
{
    const int wide = 2 * s->stride, v0 = v - v % wide, u0 = u - u % wide;
    const int v1 = v0 + wide < s->side ? v0 + wide : v0, u1 = u0 + wide < s->side ? u0 + wide : u0;
    const float down = (float)(v - v0) / (float)wide, across = (float)(u - u0) / (float)wide;
    const float *p = s->probability;
    const float above = (1 - across) * p[v0 * s->side + u0] + across * p[v0 * s->side + u1];
    const float below = (1 - across) * p[v1 * s->side + u0] + across * p[v1 * s->side + u1];
    return (1 - down) * above + down * below;
}

/* The next cell of this round to be judged, those that need not be are filled on the way; -1: the round is over. */
static int next_cell(Plane *s, bool every)
{
    const int across = (s->side + s->stride - 1) / s->stride;
    while (s->next < across * across) {
        const int v = s->next / across * s->stride, u = s->next % across * s->stride;
        const int cell = v * s->side + u;
        s->next++;
        if (s->class_of[cell] != UNKNOWN) continue;
        if (every || s->stride == COARSEST || !surrounded(s, v, u)) return cell;
        const int wide = 2 * s->stride, from = (v - v % wide) * s->side + u - u % wide;
        s->class_of[cell] = s->class_of[from];
        s->probability[cell] = probability_between(s, v, u);
    }
    return -1;
}

static void fill_input(const Plane *s, int cell, int item)
{
    float *to = graph_input(s->graph, 0)->data + (size_t)item * s->count;
    const float x = (float)(s->low[0] + cell % s->side * s->step);
    const float y = (float)(s->low[1] + cell / s->side * s->step);
    for (size_t i = 0; i < s->count; i++)
        to[i] = s->origin[i] + x * s->axis[0][i] + y * s->axis[1][i];
}

/* Fills a batch. It does not cross rounds: what the cells of one are filled with is judged before. */
static Status ask(Run *run)
{
    Plane *s = run_state(run);
    const bool every = run_flag(run, "every");
    s->pending_count = 0;
    while (s->pending_count < s->batch) {
        const int cell = next_cell(s, every);
        if (cell >= 0) {
            fill_input(s, cell, s->pending_count);
            s->pending[s->pending_count++] = cell;
            continue;
        }
        if (s->pending_count > 0 || s->stride == 1) break;
        s->stride /= 2;
        s->next = 0;
    }
    if (s->pending_count > 0) {
        run_ask_forward(run, s->graph, &s->logits, 1);
    } else {
        run_finish(run);
    }
    return status_ok();
}

static void tell_progress(Run *run, const Plane *s)
{
    /* A round has four times the cells of the one before. */
    const int stride = s->stride;
    const double across = (double)s->side / stride, share = 1.0 / (stride * stride);
    const double done = s->next / (across * across), before = stride == COARSEST ? 0 : share / 4;
    const double now = before + (share - before) * fmin(1, done);
    run_tell_progress(run, now, now);
}

static Status step(Run *run)
{
    Plane *s = run_state(run);
    TRY(check_activations(s->graph));
    for (int i = 0; i < s->pending_count; i++) {
        const int cell = s->pending[i];
        s->class_of[cell] = top_class(s->graph, i, s->scores);
        s->probability[cell] = s->scores[s->class_of[cell]];
        if (!s->order[s->class_of[cell]]) s->order[s->class_of[cell]] = ++s->met;
    }
    s->evaluated += s->pending_count;
    run_tell_version(run);
    TRY(ask(run));
    tell_progress(run, s);
    return status_ok();
}

/* ---- result ---- */

/* The cell itself, or, until it is judged, the one of a coarser round that stands for it. */
static int known_cell(const Plane *s, int v, int u)
{
    for (int stride = 1; stride < COARSEST; stride *= 2) {
        const int cell = (v - v % stride) * s->side + u - u % stride;
        if (s->class_of[cell] != UNKNOWN) return cell;
    }
    return (v - v % COARSEST) * s->side + u - u % COARSEST;
}

/* The colour of the class, darker where the network is less sure. */
static void paint(Plane *s)
{
    const size_t plane = (size_t)IMAGE_SIDE * IMAGE_SIDE;
    for (int y = 0; y < IMAGE_SIDE; y++) {
        for (int x = 0; x < IMAGE_SIDE; x++) {
            const int cell = known_cell(s, y * s->side / IMAGE_SIDE, x * s->side / IMAGE_SIDE);
            float rgb[3] = {0, 0, 0};
            if (s->class_of[cell] != UNKNOWN)
                colormap_category_rgb(s->order[s->class_of[cell]] - 1, rgb);
            const float strength = 0.3F + 0.7F * s->probability[cell];
            for (size_t c = 0; c < 3; c++)
                s->rgb[c * plane + (size_t)(y * IMAGE_SIDE + x)] = strength * rgb[c];
        }
    }
}

/* The three pictures at their places, framed in white. */
static void mark(Plane *s, int picture)
{
    const size_t plane = (size_t)IMAGE_SIDE * IMAGE_SIDE;
    const double scale = IMAGE_SIDE / (s->step * s->side);
    const int middle_x = (int)((s->at[picture][0] - s->low[0] + s->step / 2) * scale);
    const int middle_y = (int)((s->at[picture][1] - s->low[1] + s->step / 2) * scale);
    const float *from = s->marks + (size_t)picture * 3 * THUMB * THUMB;
    for (int v = -2; v < THUMB + 2; v++) {
        for (int u = -2; u < THUMB + 2; u++) {
            const int y = middle_y - THUMB / 2 + v, x = middle_x - THUMB / 2 + u;
            if (y < 0 || x < 0 || y >= IMAGE_SIDE || x >= IMAGE_SIDE) continue;
            const bool within = v >= 0 && u >= 0 && v < THUMB && u < THUMB;
            for (size_t c = 0; c < 3; c++) {
                s->rgb[c * plane + (size_t)(y * IMAGE_SIDE + x)] =
                    within ? from[(c * THUMB + (size_t)v) * THUMB + (size_t)u] : 1;
            }
        }
    }
}

static void count_classes(Plane *s)
{
    memset(s->times, 0, (size_t)s->classes * sizeof *s->times);
    memset(s->sums, 0, (size_t)s->classes * sizeof *s->sums);
    for (int v = 0; v < s->side; v++) {
        for (int u = 0; u < s->side; u++) {
            const int cell = known_cell(s, v, u);
            s->confidence[v * s->side + u] = s->probability[cell];
            if (s->class_of[cell] == UNKNOWN) continue;
            s->times[s->class_of[cell]]++;
            s->sums[s->class_of[cell]] += s->probability[cell];
        }
    }
}

static Status row(Run *run, Plane *s, const char *colour, const char *name, double share,
                  double sure)
{
    const int at = s->legend++ * COLUMNS;
    s->cells[at] = arena_text(run_arena(run), colour, strlen(colour));
    s->cells[at + 1] = arena_text(run_arena(run), name, strlen(name));
    s->cells[at + 2] = s->cells[at + 3] = NULL;
    s->numbers[at + 2] = (float)(100 * share);
    s->numbers[at + 3] = (float)(100 * sure);
    return s->cells[at] && s->cells[at + 1] ? status_ok() : status_no_memory("the legend", 64);
}

/* The most frequent classes, those that are left together. */
static Status make_legend(Run *run, Plane *s)
{
    const double cells = (double)s->side * s->side;
    count_classes(s);
    s->legend = 0;
    s->table = (ResultTable){columns, s->cells};
    for (; s->legend < LEGEND;) {
        int best = 0;
        for (int c = 1; c < s->classes; c++) best = s->times[c] > s->times[best] ? c : best;
        if (!s->times[best]) return status_ok();
        char colour[8], number[16];
        colormap_category(s->order[best] - 1, colour);
        snprintf(number, sizeof number, "class %d", best);
        const char *label = network_label(run_network(run), best);
        TRY(row(run, s, colour, label ? label : number, s->times[best] / cells,
                (double)s->sums[best] / s->times[best]));
        s->times[best] = 0;
        s->sums[best] = 0;
    }
    double left = 0, sum = 0;
    for (int c = 0; c < s->classes; c++) left += s->times[c], sum += s->sums[c];
    return left > 0 ? row(run, s, "", "others", left / cells, sum / left) : status_ok();
}

static Status result(Run *run, Result *out)
{
    Plane *s = run_state(run);
    if (!s->evaluated) return nothing_yet("decision-plane");
    paint(s);
    for (int i = 0; i < 3; i++) mark(s, i);
    TRY(make_legend(run, s));
    result_image(out, "image", "The plane through the pictures, coloured by class", IMAGE_SIDE,
                 IMAGE_SIDE, s->rgb);
    result_add(out, (ResultItem){.name = "classes",
                                 .title = "The classes of the plane",
                                 .kind = RESULT_TABLE,
                                 .shape = shape_make(2, (int[]){s->legend, COLUMNS}),
                                 .data = s->numbers,
                                 .table = &s->table});
    result_add(out, (ResultItem){.name = "confidence",
                                 .title = "Probability of the class, cell by cell",
                                 .kind = RESULT_TILES,
                                 .shape = shape_make(3, (int[]){1, s->side, s->side}),
                                 .data = s->confidence,
                                 .colormap = "viridis"});
    result_fact(out, "classes", "Classes met", s->met, "");
    result_fact(out, "judged", "Pictures judged", s->evaluated, "");
    result_fact(out, "cells", "Cells", s->side * s->side, "");
    return status_ok();
}

const Technique technique_decision_plane = {
    .id = "decision-plane",
    .title = "Decision plane",
    .question = "alike",
    .sentence =
        "Cuts a plane through three pictures and colours each point of it by the class that the "
        "network gives.",
    .read =
        "Each point is a mixture of the three pictures, and those beyond the triangle are more "
        "than "
        "mixtures. Areas are classes, dark where the network is less sure; what lies between two "
        "pictures is on the way from one to the other.",
    .limits = "It is one plane of a space with as many axes as there are pixel values, and its "
              "points are "
              "no photographs.",
    .ask = "Why does a third class appear between two pictures?",
    .answer =
        "The mixture of two photographs looks like neither, and the network must name something. "
        "Such islands, and how ragged the borders are, differ between networks and between "
        "trainings; that is what the paper measures with these planes.",
    .paper = "Somepalli et al. 2022, Can Neural Nets Learn the Same Model Twice? Investigating "
             "Reproducibility and Double Descent from the Decision Boundary Perspective, section 3",
    .pictures = 3,
    .images = "IMAGE IMAGE IMAGE",
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Plane),
    .begin = begin,
    .step = step,
    .result = result,
};
