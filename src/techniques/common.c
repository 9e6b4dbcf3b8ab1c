#include "techniques/common.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool target_is_class(const Run *run)
{
    return network_spec_is_class(run_text(run, "target"));
}

Status target_resolve(Run *run, const Graph *graph, Objective *term, char text[TARGET_TEXT_BYTES])
{
    const char *spec = run_text(run, "target");
    TRY(network_objective(run_network(run), graph, spec, term));
    float *scratch = NULL;
    const size_t floats = objectives_scratch(term);
    if (floats) TRY(run_floats(run, floats, &scratch));
    if (floats) objectives_give_scratch(term, scratch);
    if (!target_is_class(run)) {
        snprintf(text, TARGET_TEXT_BYTES, "%s", spec);
        return status_ok();
    }
    target_name(run, term->channel, text);
    return status_ok();
}

void target_name(Run *run, int class, char text[TARGET_TEXT_BYTES])
{
    const char *label = network_label(run_network(run), class);
    snprintf(text, TARGET_TEXT_BYTES, label ? "class:%d (%.64s)" : "class:%d", class, label);
}

int top_class(Graph *graph, int n, float *probabilities)
{
    const int count = network_class_count(graph);
    if (count < 1) return -1;
    network_scores(graph, n, NULL, probabilities);
    int top;
    network_top(probabilities, count, 1, &top);
    return top;
}

void fact_class(Run *run, Result *result, const char *name, const char *label, int index)
{
    char text[TARGET_TEXT_BYTES];
    const char *known = network_label(run_network(run), index);
    snprintf(text, sizeof text, known ? "%d (%.72s)" : "%d", index, known);
    result_fact_text(result, name, label, text);
}

void fact_percent(Result *result, const char *name, const char *label, double probability)
{
    result_fact(result, name, label, 100 * probability, "%");
}

void fit_picture(const Picture *picture, double side, int least, int *height, int *width)
{
    const int longer = picture->height > picture->width ? picture->height : picture->width;
    *height = (int)fmax(lround(side * picture->height / longer), least);
    *width = (int)fmax(lround(side * picture->width / longer), least);
}

Status plan_sized(Run *run, const GraphRequest *request, Graph **graph)
{
    const Status status = run_plan(run, request, graph);
    if (status.code == STATUS_OK || status.code == STATUS_NO_MEMORY) return status;
    GraphRequest own = *request;
    own.height = own.width = 0;
    return run_plan(run, &own, graph).code == STATUS_OK ? status_ok() : status;
}

Status load_whole(Run *run, Graph *graph, const Picture *picture)
{
    const Value *input = graph_input(graph, 0);
    return preprocess_apply_whole(network_preprocess(run_network(run)), picture,
                                  input->shape.dim[2], input->shape.dim[3], input->data);
}

Status nothing_yet(const char *id)
{
    return status_error(STATUS_BAD_INPUT, "%s has nothing to show yet: let it run on", id);
}

Status check_colour_input(Run *run, const char *id, const Value *input)
{
    const Shape *shape = &input->shape;
    if (shape->rank == 4 && shape->dim[0] == 1 && shape->dim[1] == 3 &&
        preprocess_channels(network_preprocess(run_network(run))) == 3)
        return status_ok();
    return status_error(STATUS_UNSUPPORTED,
                        "%s needs a network for colour pictures, but the input '%s' is not "
                        "[1,3,H,W]",
                        id, input->name);
}

/* ---- gradients that vanish ---- */

static bool any_gradient(Value *const *values, int count)
{
    for (int i = 0; i < count; i++) {
        const Value *value = values[i];
        if (!value || !value->grad || value->constant) continue;
        if (max_abs(value->grad, shape_elements(&value->shape)) > 0) return true;
    }
    return false;
}

/* The first node on the way back from the target through which nothing comes. */
static const Node *vanishing_node(const Graph *graph)
{
    for (int i = graph_node_count(graph) - 1; i >= 0; i--) {
        const Node *n = graph_node(graph, i);
        if (n->wanted && any_gradient(n->out, n->out_count) && !any_gradient(n->in, n->in_count))
            return n;
    }
    return NULL;
}

static const Node *nonfinite_gradient(const Graph *graph)
{
    for (int i = graph_node_count(graph) - 1; i >= 0; i--) {
        const Node *n = graph_node(graph, i);
        if (!n->wanted) continue;
        for (int j = 0; j < n->in_count; j++) {
            const Value *value = n->in[j];
            if (!value || !value->grad) continue;
            if (tensor_stats(value->grad, shape_elements(&value->shape)).nonfinite) return n;
        }
    }
    return NULL;
}

Status check_activations(const Graph *graph)
{
    const Node *bad = graph_first_nonfinite(graph);
    if (!bad) return status_ok();
    return status_error(
        STATUS_BAD_INPUT,
        "the network's values are not finite from %s '%s' on: check the weights and the "
        "preprocessing",
        bad->op->name, bad->name);
}

Status check_gradient(const Graph *graph, const Value *value, const char *target,
                      const BackwardRule *rule)
{
    const TensorStats stats = tensor_stats(value->grad, shape_elements(&value->shape));
    if (!stats.nonfinite && (stats.min != 0 || stats.max != 0)) return status_ok();
    TRY(check_activations(graph));
    if (stats.nonfinite) {
        const Node *bad = nonfinite_gradient(graph);
        return status_error(
            STATUS_BAD_INPUT,
            "the gradient of %s is not finite, although every activation is; it first "
            "overflows at %s '%s'",
            target, bad ? bad->op->name : "the input", bad ? bad->name : value->name);
    }
    const Node *node = vanishing_node(graph);
    if (!node) {
        return status_error(STATUS_BAD_INPUT,
                            "the gradient of %s is zero everywhere: it does not depend on '%s'",
                            target, value->name);
    }
    const char *why = rule->gate_gradient
                          ? "the rule lets only positive signal through, and there is none"
                          : "none of its units is on for this picture";
    return status_error(
        STATUS_BAD_INPUT,
        "what comes back from %s is zero everywhere: it ends at %s '%s', where %s; choose "
        "another target, such as a channel of an earlier layer",
        target, node->op->name, node->name, why);
}

/* ---- numbers ---- */

float max_abs(const float *values, size_t count)
{
    float highest = 0;
    for (size_t i = 0; i < count; i++) {
        const float magnitude = fabsf(values[i]);
        if (magnitude > highest) highest = magnitude;
    }
    return highest;
}

double mean_square(const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i] * values[i];
    return sum / (double)count;
}

float quantile_abs(const float *values, size_t count, double share)
{
    enum { BINS = 4096 };
    size_t bins[BINS] = {0};
    const float highest = max_abs(values, count);
    if (!(highest > 0) || !isfinite(highest)) return highest;
    for (size_t i = 0; i < count; i++) {
        const int bin = (int)(fabsf(values[i]) / highest * BINS);
        bins[bin < BINS ? bin : BINS - 1]++;
    }
    size_t seen = 0;
    int bin = 0;
    while (bin < BINS - 1 && (double)(seen += bins[bin]) < share * (double)count) bin++;
    return highest * (float)(bin + 1) / BINS;
}

void around_grey(const float *values, size_t count, float scale, float *out)
{
    const float factor = scale > 0 ? 0.5F / scale : 0;
    for (size_t i = 0; i < count; i++) out[i] = fminf(fmaxf(0.5F + factor * values[i], 0), 1);
}

void magnitude_map(const float *values, int channels, size_t positions, float *map)
{
    for (size_t i = 0; i < positions; i++) map[i] = fabsf(values[i]);
    for (int c = 1; c < channels; c++) {
        const float *plane = values + (size_t)c * positions;
        for (size_t i = 0; i < positions; i++) map[i] = fmaxf(map[i], fabsf(plane[i]));
    }
}

/* Means of 2 radius + 1 values along a line, the border repeated; from and to must not overlap. */
static void blur_line(const float *from, float *to, int count, size_t step, int radius)
{
    double sum = 0;
    for (int i = -radius; i <= radius; i++) {
        const int at = i < 0 ? 0 : i >= count ? count - 1 : i;
        sum += from[(size_t)at * step];
    }
    for (int i = 0; i < count; i++) {
        to[(size_t)i * step] = (float)(sum / (2 * radius + 1));
        const int enters = i + radius + 1 < count ? i + radius + 1 : count - 1;
        const int leaves = i - radius > 0 ? i - radius : 0;
        sum += (double)from[(size_t)enters * step] - from[(size_t)leaves * step];
    }
}

void blur_planes(float *planes, float *scratch, int channels, int height, int width, int radius)
{
    const size_t w = (size_t)width, plane = (size_t)height * w;
    for (float *to = planes; to < planes + (size_t)channels * plane; to += plane) {
        for (int round = 0; round < 2; round++) {
            for (size_t y = 0; y < (size_t)height; y++)
                blur_line(to + y * w, scratch + y * w, width, 1, radius);
            for (size_t x = 0; x < w; x++) blur_line(scratch + x, to + x, height, w, radius);
        }
    }
}

/* ---- signals of the input's shape ---- */

float show_signal(Run *run, const float *signal, const Shape *shape, float *rgb)
{
    const int height = shape->dim[2], width = shape->dim[3];
    const size_t count = 3 * (size_t)height * (size_t)width;
    preprocess_reorder(network_preprocess(run_network(run)), signal, height, width, rgb);
    /* A few pixels are far stronger than all others: they may clip. */
    const float scale = quantile_abs(rgb, count, 0.995);
    around_grey(rgb, count, scale, rgb);
    return scale;
}

void add_raw(Result *result, const Shape *shape, const float *raw, const char *title)
{
    result_add(result, (ResultItem){.name = "raw",
                                    .title = title,
                                    .kind = RESULT_TILES,
                                    .shape = shape_make(3, shape->dim + 1),
                                    .data = raw,
                                    .is_signed = true,
                                    .colormap = "rdbu"});
}

void add_signal(Result *result, const Shape *shape, const float *rgb, const float *map,
                const float *raw)
{
    result_image(result, "image", "What excites the target, in the picture's colours",
                 shape->dim[2], shape->dim[3], rgb);
    result_add(result, (ResultItem){.name = "map",
                                    .title = "Strength: largest magnitude over the channels",
                                    .kind = RESULT_MAP,
                                    .shape = shape_make(2, shape->dim + 2),
                                    .data = map,
                                    .colormap = "inferno"});
    add_raw(result, shape, raw, "What came back, per channel of the network's input");
}

/* ---- levels ---- */

void slope_per_level(Run *run, const Value *input, float sign, float *slope)
{
    const size_t plane = shape_span(&input->shape, 2, 4);
    for (int c = 0; c < input->shape.dim[1]; c++) {
        float black, white, level;
        preprocess_bounds(network_preprocess(run_network(run)), c, &black, &white, &level);
        for (size_t i = (size_t)c * plane; i < (size_t)(c + 1) * plane; i++)
            slope[i] = sign * level * input->grad[i];
    }
}

void round_to_levels(Run *run, const Value *input, float *x)
{
    const size_t plane = shape_span(&input->shape, 2, 4);
    for (int c = 0; c < input->shape.dim[1]; c++) {
        float black, white, level;
        preprocess_bounds(network_preprocess(run_network(run)), c, &black, &white, &level);
        for (size_t i = (size_t)c * plane; i < (size_t)(c + 1) * plane; i++)
            x[i] = black + level * roundf((x[i] - black) / level);
    }
}

/* ---- shifts ---- */

void roll_planes(const float *from, float *to, int channels, int height, int width, int shift_y,
                 int shift_x)
{
    const size_t h = (size_t)height, w = (size_t)width;
    const size_t dy = (size_t)shift_y, dx = (size_t)shift_x;
    for (int c = 0; c < channels; c++, from += h * w, to += h * w) {
        for (size_t y = 0; y < h; y++) {
            const float *row = from + y * w;
            float *target = to + (y + dy) % h * w;
            memcpy(target + dx, row, (w - dx) * sizeof *row);
            memcpy(target, row + w - dx, dx * sizeof *row);
        }
    }
}

int random_shift(Random *random, int jitter, int size)
{
    const int shift = (int)random_below(random, 2 * (uint32_t)jitter + 1) - jitter;
    return ((shift % size) + size) % size;
}
