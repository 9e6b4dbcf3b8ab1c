#include "techniques/local.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Less than that is not worth a second graph. */
static const double worth_share = 0.85;

/* ---- where ---- */

/* The units that see the square from `at` on: first and last. */
static void units_of(const LocalAxis *a, int at, int *first, int *last)
{
    const double start = a->field.start, size = a->field.size;
    *first = (int)fmax(ceil((at - size - start + 1) / a->stride), 0);
    *last = (int)fmin(floor((at + a->patch - 1 - start) / a->stride), a->units - 1);
}

/* First pixel of the crop for that square: a multiple of the stride, so that windows fall as in the whole. */
static int origin_of(const LocalAxis *a, int at)
{
    int first, last;
    units_of(a, at, &first, &last);
    const double from = fmax(a->field.start + (double)first * a->stride, 0);
    const int origin = (int)(from / a->stride) * a->stride;
    const int most = a->input - a->crop;
    return origin < most ? origin : most;
}

/* Sizes of the crop along one axis; false where there is none smaller than the whole. */
static bool measure_axis(LocalAxis *a)
{
    a->stride = (int)lround(a->field.stride);
    if (a->stride < 1 || fabs(a->field.stride - a->stride) > 1e-9) return false;
    if (fabs(a->field.start - round(a->field.start)) > 1e-9) return false;
    const int units = (int)floor((a->patch + a->field.size - 2) / a->stride) + 1;
    const int least = (units - 1) * a->stride + (int)a->field.size + a->stride - 1;
    a->crop = least;
    while ((a->input - a->crop) % a->stride) a->crop++;
    return a->crop < a->input;
}

/* ---- which layer ---- */

/* For each node the last one that reads an output of it or of an earlier one, or of the input. */
static void reaches(const Graph *graph, int *reach)
{
    const int count = graph_node_count(graph);
    for (int i = 0; i < count; i++) reach[i] = i;
    for (int k = 0; k < count; k++) {
        const Node *reader = graph_node(graph, k);
        for (int j = 0; j < reader->in_count; j++) {
            const Value *value = reader->in[j];
            if (!value || value->constant) continue;
            int from = -1;
            for (int i = 0; i < k && value->producer; i++) {
                if (graph_node(graph, i) == value->producer) from = i;
            }
            int *last = &reach[from < 0 ? 0 : from]; /* the input is as early as the first */
            if (k > *last) *last = k;
        }
    }
    for (int i = 1; i < count; i++) reach[i] = reach[i] > reach[i - 1] ? reach[i] : reach[i - 1];
}

static uint64_t work_until(const Graph *graph, int end)
{
    uint64_t work = 0;
    for (int i = 0; i < end; i++) work += graph_node(graph, i)->macs;
    return work;
}

static bool measure(const Graph *graph, Value *value, int patch, Local *local)
{
    const Shape *input = &graph_input(graph, 0)->shape;
    if (value->shape.rank != 4 || input->rank != 4) return false;
    for (int i = 0; i < 2; i++) {
        LocalAxis *a = &local->axis[i];
        *a = (LocalAxis){
            .input = input->dim[2 + i], .units = value->shape.dim[2 + i], .patch = patch};
        if (!network_receptive_field(graph, value, i, &a->field) || !measure_axis(a)) return false;
    }
    local->value = value;
    return true;
}

/* The layer through which everything passes and that leaves the least work. */
static bool choose(const Graph *graph, const Value *target, int *reach, int patch, Local *best)
{
    const int count = graph_node_count(graph);
    const double all = (double)work_until(graph, count);
    best->share = worth_share;
    reaches(graph, reach);
    for (int i = 1; i < count && graph_node(graph, i) != target->producer; i++) {
        Local local = {0};
        const Node *node = graph_node(graph, i);
        /* What is read later than here must be this node's. */
        const bool passes = reach[i - 1] <= i && node->out_count == 1;
        if (!passes || !measure(graph, node->out[0], patch, &local)) continue;
        const double y = (double)local.axis[0].crop / local.axis[0].input;
        const double x = (double)local.axis[1].crop / local.axis[1].input;
        const double head = (double)work_until(graph, i + 1);
        local.share = (head * y * x + all - head) / all;
        if (local.share < best->share) *best = local;
    }
    return best->value != NULL;
}

Status local_create(Run *run, Graph *whole, const Value *target, int patch, Local *local)
{
    *local = (Local){0};
    const int batch = graph_input(whole, 0)->shape.dim[0];
    int *reach = malloc(((size_t)graph_node_count(whole) + 1) * sizeof *reach);
    if (!reach) return status_no_memory("the layers", sizeof *reach);
    const bool found = choose(whole, target, reach, patch, local);
    free(reach);
    if (!found) return status_ok();
    const GraphRequest request = {.batch = batch,
                                  .height = local->axis[0].crop,
                                  .width = local->axis[1].crop,
                                  .until = local->value->name};
    Graph *head;
    if (run_build(run, &request, GRAPH_FORWARD, &head).code != STATUS_OK) return status_ok();
    local->crop = graph_input(head, 0);
    local->part = graph_output(head, 0);
    const Shape *part = &local->part->shape, *value = &local->value->shape;
    for (int i = 0; i < 2; i++) {
        LocalAxis *a = &local->axis[i];
        a->crop_units = part->rank == 4 ? part->dim[2 + i] : 0;
        const bool fits = a->crop_units == a->units - (a->input - a->crop) / a->stride;
        if (!fits || part->dim[0] != batch || part->dim[1] != value->dim[1]) {
            run_drop(run, head);
            return status_ok();
        }
    }
    const size_t size = shape_span(value, 1, 4);
    TRY(run_floats(run, size, &local->clean));
    memcpy(local->clean, local->value->data, size * sizeof *local->clean);
    local->head = head;
    return status_ok();
}

/* ---- crops ---- */

void local_crop(const Local *local, int n, const float *x, int top, int left)
{
    const LocalAxis *y_axis = &local->axis[0], *x_axis = &local->axis[1];
    const size_t height = (size_t)y_axis->crop, width = (size_t)x_axis->crop;
    const size_t y = (size_t)origin_of(y_axis, top), from = (size_t)origin_of(x_axis, left);
    const size_t channels = (size_t)local->crop->shape.dim[1];
    float *to = local->crop->data + (size_t)n * channels * height * width;
    for (size_t c = 0; c < channels; c++) {
        for (size_t row = 0; row < height; row++, to += width) {
            const size_t line = (c * (size_t)y_axis->input + y + row) * (size_t)x_axis->input;
            memcpy(to, x + line + from, width * sizeof *to);
        }
    }
}

/* A row of units of the square: where it is in the crop and in the layer. */
typedef struct Span {
    int first[2], last[2], shift[2]; /* y, x; shift: from the layer's units to the crop's */
} Span;

static Span span_of(const Local *local, int top, int left)
{
    const int at[2] = {top, left};
    Span span;
    for (int i = 0; i < 2; i++) {
        units_of(&local->axis[i], at[i], &span.first[i], &span.last[i]);
        span.shift[i] = origin_of(&local->axis[i], at[i]) / local->axis[i].stride;
    }
    return span;
}

/* Units [channel, y, first x] in the crop's item n. */
static const float *part_row(const Local *local, const Span *span, int n, size_t c, int y)
{
    const size_t channels = (size_t)local->part->shape.dim[1];
    const size_t row = ((size_t)n * channels + c) * (size_t)local->axis[0].crop_units +
                       (size_t)(y - span->shift[0]);
    return local->part->data + row * (size_t)local->axis[1].crop_units +
           (size_t)(span->first[1] - span->shift[1]);
}

static size_t layer_row(const Local *local, const Span *span, size_t c, int y)
{
    return (c * (size_t)local->axis[0].units + (size_t)y) * (size_t)local->axis[1].units +
           (size_t)span->first[1];
}

void local_put(const Local *local, int n, int top, int left)
{
    const Span span = span_of(local, top, left);
    const size_t size = shape_span(&local->value->shape, 1, 4);
    float *to = local->value->data + (size_t)n * size;
    memcpy(to, local->clean, size * sizeof *to);
    if (span.last[1] < span.first[1]) return;
    const size_t bytes = (size_t)(span.last[1] - span.first[1] + 1) * sizeof *to;
    for (size_t c = 0; c < (size_t)local->value->shape.dim[1]; c++) {
        for (int y = span.first[0]; y <= span.last[0]; y++)
            memcpy(to + layer_row(local, &span, c, y), part_row(local, &span, n, c, y), bytes);
    }
}

bool local_agrees(const Local *local, int n, int top, int left)
{
    const Span span = span_of(local, top, left);
    float largest = 0, difference = 0;
    for (size_t c = 0; c < (size_t)local->value->shape.dim[1]; c++) {
        for (int y = span.first[0]; y <= span.last[0]; y++) {
            const float *clean = local->clean + layer_row(local, &span, c, y);
            const float *part = part_row(local, &span, n, c, y);
            for (int x = 0; x <= span.last[1] - span.first[1]; x++) {
                largest = fmaxf(largest, fabsf(clean[x]));
                difference = fmaxf(difference, fabsf(clean[x] - part[x]));
            }
        }
    }
    return difference <= 1e-5F * largest;
}
