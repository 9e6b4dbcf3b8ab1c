#include "profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "kernels/conv2d.h"
#include "parallel.h"
#include "simd.h"

/* ---- times of nodes ---- */

/* A slice of no time at all is one node. */
static double advance_one(Graph *graph)
{
    const double start = clock_seconds();
    graph_advance(graph, 0);
    return clock_seconds() - start;
}

/* Seconds of each node in this pass, [2,nodes]: forward, backward. */
static void time_pass(Graph *graph, bool backward, double *seconds)
{
    const int count = graph_node_count(graph);
    graph_begin_forward(graph, NULL, 0);
    for (int i = 0; i < count; i++) seconds[i] = advance_one(graph);
    if (!backward) return;
    graph_zero_gradients(graph);
    graph_seed(graph, graph_output(graph, 0))[0] = 1;
    graph_begin_backward(graph, &backward_exact);
    for (int i = count - 1; i >= 0; i--)
        seconds[count + i] = graph_node(graph, i)->wanted ? advance_one(graph) : 0;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of column i of [runs,columns]; `column` has room for it. */
static double median(const double *table, int runs, size_t columns, size_t i, double *column)
{
    for (int r = 0; r < runs; r++) column[r] = table[(size_t)r * columns + i];
    qsort(column, (size_t)runs, sizeof *column, compare_doubles);
    return (column[(runs - 1) / 2] + column[runs / 2]) / 2;
}

Status graph_profile(Graph *graph, int runs, NodeTime *times)
{
    const int count = graph_node_count(graph);
    const size_t columns = 2 * (size_t)count, bytes = ((size_t)runs * columns + 1) * sizeof(double);
    const bool backward = graph_output(graph, 0)->grad != NULL;
    double column[PROFILE_MAX_RUNS];
    double *table = calloc(1, bytes);
    if (!table) return status_no_memory("the profile", bytes);
    time_pass(graph, backward, table);
    for (int r = 0; r < runs; r++) time_pass(graph, backward, table + (size_t)r * columns);
    for (int i = 0; i < count; i++) {
        times[i].forward = median(table, runs, columns, (size_t)i, column);
        times[i].backward = median(table, runs, columns, (size_t)(count + i), column);
    }
    free(table);
    return status_ok();
}

/* ---- peak ---- */

/* Independent sums: enough to hide the time that one takes, few enough for 16 registers. */
enum { CHAINS = 12, STEPS = 1 << 15, TRIALS = 20 };

/* Each sum tends to 1: no number is denormal or infinite. */
static void multiply_and_add(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    float *const sink = context;
    const vf factor = vf_splat(0.999F), addend = vf_splat(0.001F);
    for (size_t piece = begin; piece < end; piece++) {
        vf sum[CHAINS];
        for (int i = 0; i < CHAINS; i++) sum[i] = vf_splat((float)i);
        for (int step = 0; step < STEPS; step++) {
            for (int i = 0; i < CHAINS; i++) sum[i] = vf_fma(sum[i], factor, addend);
        }
        for (int i = 1; i < CHAINS; i++) sum[0] += sum[i];
        sink[piece] = vf_sum(sum[0]);
    }
}

double peak_flops(void)
{
    float sink[PARALLEL_MAX_THREADS];
    const size_t threads = (size_t)parallel_threads();
    double best = INFINITY;
    for (int trial = 0; trial < TRIALS; trial++) {
        const double start = clock_seconds();
        parallel_for(threads, 1, multiply_and_add, sink);
        best = fmin(best, clock_seconds() - start);
    }
    return 2.0 * CHAINS * VF_LANES * STEPS * (double)threads / best;
}

/* ---- telling ---- */

const char *profile_algorithm(const Node *node, int backward)
{
    if (strcmp(node->op->name, "Conv") != 0) return "";
    const Conv2d *c = node->params;
    return conv2d_algorithm_name(backward ? conv2d_input_gradient_algorithm(c)
                                          : conv2d_forward_algorithm(c));
}

void profile_json(const Graph *graph, const NodeTime *times, double peak, Text *text)
{
    json_object_begin(text);
    json_key(text, "peak"), json_number(text, peak);
    json_key(text, "layers"), json_array_begin(text);
    for (int i = 0; i < graph_node_count(graph); i++) {
        const Node *n = graph_node(graph, i);
        json_object_begin(text);
        json_key(text, "name"), json_string(text, n->name);
        json_key(text, "op"), json_string(text, n->op->name);
        json_key(text, "detail"), json_string(text, n->detail);
        json_key(text, "macs"), json_number(text, (double)n->macs);
        if (*profile_algorithm(n, 0)) {
            json_key(text, "algorithm"), json_array_begin(text);
            for (int way = 0; way < 2; way++) json_string(text, profile_algorithm(n, way));
            json_array_end(text);
        }
        json_key(text, "forward"), json_number(text, times[i].forward);
        json_key(text, "backward"), json_number(text, times[i].backward);
        json_object_end(text);
    }
    json_array_end(text);
    json_object_end(text);
}
