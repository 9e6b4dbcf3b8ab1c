#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "cli/commands.h"
#include "cli/model.h"
#include "parallel.h"

enum { BENCH_MAX_RUNS = 1000, BENCH_WARM_UP = 2 };

const Option bench_options[] = {
    {"runs", "N", "passes to time, after two that are not (1 to 1000, default 10)"},
    {0},
};

typedef struct Timing {
    double median, least; /* seconds */
} Timing;

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One pass; with gradient, of the sum of the first output's first element as the target. */
static void pass(Graph *graph, bool gradient)
{
    graph_forward(graph);
    if (!gradient) return;
    graph_zero_gradients(graph);
    graph_seed(graph, graph_output(graph, 0))[0] = 1;
    graph_backward(graph, &backward_exact);
}

static Timing time_passes(Graph *graph, bool gradient, int runs)
{
    double seconds[BENCH_MAX_RUNS];
    for (int i = 0; i < BENCH_WARM_UP; i++) pass(graph, gradient);
    for (int i = 0; i < runs; i++) {
        double start = clock_seconds();
        pass(graph, gradient);
        seconds[i] = clock_seconds() - start;
    }
    qsort(seconds, (size_t)runs, sizeof *seconds, compare_doubles);
    return (Timing){(seconds[(runs - 1) / 2] + seconds[runs / 2]) / 2, seconds[0]};
}

static Status bench(Network *network, int runs, bool gradient, Timing *timing, uint64_t *macs,
                    Shape *shape)
{
    Graph *graph;
    TRY(model_build(network, &(GraphRequest){0}, &graph));
    Status status = graph_allocate(graph, gradient ? GRAPH_INPUT_GRADIENT : GRAPH_FORWARD);
    if (status.code == STATUS_OK) {
        Value *input = graph_input(graph, 0);
        *shape = input->shape;
        Random random = random_seeded(1);
        size_t count = shape_elements(shape);
        /* About the values of a picture: denormal numbers or zeros would be timed otherwise. */
        for (size_t i = 0; i < count; i++) input->data[i] = random_normal(&random) * 50;
        *macs = 0;
        for (int i = 0; i < graph_node_count(graph); i++) *macs += graph_node(graph, i)->macs;
        *timing = time_passes(graph, gradient, runs);
    }
    graph_destroy(graph);
    return status;
}

static void timing_json(Text *text, const char *key, const Timing *timing)
{
    json_key(text, key);
    json_object_begin(text);
    json_key(text, "median"), json_number(text, timing->median);
    json_key(text, "min"), json_number(text, timing->least);
    json_object_end(text);
}

static int print_bench(const Args *args, const Network *network, int runs, const Timing timing[2],
                       uint64_t macs, const Shape *shape)
{
    char size[SHAPE_TEXT_BYTES];
    Text text = {0};
    double forward = (double)macs / timing[0].least / 1e9;
    if (args_flag(args, "json")) {
        json_object_begin(&text);
        json_key(&text, "model"), json_string(&text, network_name(network));
        json_key(&text, "input"), shape_json(&text, shape);
        json_key(&text, "threads"), json_integer(&text, parallel_threads());
        json_key(&text, "runs"), json_integer(&text, runs);
        json_key(&text, "macs"), json_number(&text, (double)macs);
        timing_json(&text, "forward", &timing[0]);
        timing_json(&text, "gradient", &timing[1]);
        json_object_end(&text);
        return cli_print(&text);
    }
    text_format(&text,
                "%s, input %s, %d thread%s, %d passes\n"
                "forward              median %8.2f ms   minimum %8.2f ms   %.1f GMAC/s\n"
                "forward + gradient   median %8.2f ms   minimum %8.2f ms",
                network_name(network), shape_text(shape, size), parallel_threads(),
                parallel_threads() == 1 ? "" : "s", runs, timing[0].median * 1e3,
                timing[0].least * 1e3, forward, timing[1].median * 1e3, timing[1].least * 1e3);
    return cli_print(&text);
}

int command_bench(const Args *args)
{
    int runs;
    Network *network = NULL;
    Timing timing[2];
    uint64_t macs;
    Shape shape;
    Status status = args_int(args, "runs", 1, BENCH_MAX_RUNS, 10, &runs);
    if (status.code == STATUS_OK) status = model_open(args, &network);
    for (int gradient = 0; gradient < 2 && status.code == STATUS_OK; gradient++) {
        status = bench(network, runs, gradient, &timing[gradient], &macs, &shape);
    }
    int result = status.code == STATUS_OK ? print_bench(args, network, runs, timing, macs, &shape)
                                          : cli_fail(status);
    network_close(network);
    return result;
}
