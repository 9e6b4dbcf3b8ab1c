#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "cli/commands.h"
#include "cli/model.h"
#include "parallel.h"
#include "profile.h"

enum { BENCH_MAX_RUNS = 1000, BENCH_WARM_UP = 2 };

const Option bench_options[] = {
    {"runs", "N", "passes to time, after two that are not (1 to 1000, default 10)"},
    {"target", "SPEC",
     "what the gradient is of, and how far the pass goes forward (default: the first output)"},
    {"layers", NULL, "time each layer, beside the peak of this machine"},
    {0},
};

typedef struct Timing {
    double median, least; /* seconds */
} Timing;

typedef struct Bench {
    Network *network;
    const char *target; /* SPEC, or NULL */
    int runs;
    Timing timing[2]; /* forward, forward + gradient */
    uint64_t macs;
    Shape shape; /* of the input */
} Bench;

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A pass forward, or forward and back to the input. */
typedef struct Pass {
    Graph *graph;
    bool gradient;
    const Objective *target; /* NULL: the first element of the first output */
    float *scratch;
} Pass;

static void pass_run(const Pass *pass)
{
    Graph *graph = pass->graph;
    /* A mix needs more than the value of its first term. */
    const bool part = pass->target && !pass->target->plus;
    graph_begin_forward(graph, part ? &pass->target->value : NULL, part ? 1 : 0);
    graph_advance(graph, INFINITY);
    if (!pass->gradient) return;
    graph_zero_gradients(graph);
    if (pass->target) {
        objectives_seed(pass->target, 1, graph);
    } else {
        graph_seed(graph, graph_output(graph, 0))[0] = 1;
    }
    graph_backward(graph, &backward_exact);
}

static Timing time_passes(const Pass *pass, int runs)
{
    double seconds[BENCH_MAX_RUNS];
    for (int i = 0; i < BENCH_WARM_UP; i++) pass_run(pass);
    for (int i = 0; i < runs; i++) {
        double start = clock_seconds();
        pass_run(pass);
        seconds[i] = clock_seconds() - start;
    }
    qsort(seconds, (size_t)runs, sizeof *seconds, compare_doubles);
    return (Timing){(seconds[(runs - 1) / 2] + seconds[runs / 2]) / 2, seconds[0]};
}

/* About the values of a picture: denormal numbers or zeros would be timed otherwise. */
static void fill_input(Graph *graph)
{
    Value *input = graph_input(graph, 0);
    Random random = random_seeded(1);
    const size_t count = shape_elements(&input->shape);
    for (size_t i = 0; i < count; i++) input->data[i] = random_normal(&random) * 50;
}

static Status bench_build(const Bench *bench, bool gradient, Graph **graph)
{
    SpecNodes nodes = {0};
    if (bench->target) network_spec_nodes(bench->target, &nodes);
    const GraphRequest request = {.keep = nodes.name, .keep_count = nodes.count};
    TRY(model_build(bench->network, &request, graph));
    if (gradient || bench->target) {
        TRY(graph_allocate(*graph, gradient ? GRAPH_INPUT_GRADIENT : GRAPH_FORWARD));
    } else {
        TRY(graph_allocate_answer(*graph, NULL));
    }
    fill_input(*graph);
    return status_ok();
}

static Status bench_target(const Bench *bench, Pass *pass, Objective *target)
{
    if (!bench->target) return status_ok();
    graph_forward(pass->graph); /* class:top asks for the scores */
    TRY(network_objective(bench->network, pass->graph, bench->target, target));
    const size_t floats = objectives_scratch(target);
    pass->scratch = aligned_alloc_zeroed((floats + 1) * sizeof *pass->scratch);
    if (!pass->scratch) return status_no_memory("the target", floats * sizeof *pass->scratch);
    objectives_give_scratch(target, pass->scratch);
    pass->target = target;
    return status_ok();
}

/* Times passes of one kind on a graph of their own, so that a forward pass pays for no gradient. */
static Status bench_passes(Bench *bench, bool gradient)
{
    Pass pass = {.gradient = gradient};
    Objective target = {0};
    Status status = bench_build(bench, gradient, &pass.graph);
    if (status.code == STATUS_OK) status = bench_target(bench, &pass, &target);
    if (status.code == STATUS_OK) {
        bench->shape = graph_input(pass.graph, 0)->shape;
        bench->macs = 0;
        for (int i = 0; i < graph_node_count(pass.graph); i++)
            bench->macs += graph_node(pass.graph, i)->macs;
        bench->timing[gradient] = time_passes(&pass, bench->runs);
    }
    graph_destroy(pass.graph);
    aligned_free(pass.scratch);
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

static int print_passes(const Args *args, const Bench *bench)
{
    char size[SHAPE_TEXT_BYTES];
    Text text = {0};
    const Timing *forward = &bench->timing[0], *gradient = &bench->timing[1];
    if (args_flag(args, "json")) {
        json_object_begin(&text);
        json_key(&text, "model"), json_string(&text, network_name(bench->network));
        json_key(&text, "input"), shape_json(&text, &bench->shape);
        json_key(&text, "threads"), json_integer(&text, parallel_threads());
        json_key(&text, "runs"), json_integer(&text, bench->runs);
        json_key(&text, "macs"), json_number(&text, (double)bench->macs);
        timing_json(&text, "forward", forward);
        timing_json(&text, "gradient", gradient);
        json_object_end(&text);
        return cli_print(&text);
    }
    text_format(&text,
                "%s, input %s, %d thread%s, %d passes\n"
                "forward              median %8.2f ms   minimum %8.2f ms   %.1f GMAC/s\n"
                "forward + gradient   median %8.2f ms   minimum %8.2f ms",
                network_name(bench->network), shape_text(&bench->shape, size), parallel_threads(),
                parallel_threads() == 1 ? "" : "s", bench->runs, forward->median * 1e3,
                forward->least * 1e3, (double)bench->macs / forward->least / 1e9,
                gradient->median * 1e3, gradient->least * 1e3);
    return cli_print(&text);
}

/* ---- layer by layer ---- */

/* Billions of operations per second, two for each multiply-accumulate, and that as a share of the peak. */
static void layer_speed(Text *text, uint64_t macs, double seconds, double peak)
{
    const double flops = seconds > 0 ? 2.0 * (double)macs / seconds : 0;
    text_format(text, " %8.3f %7.1f %4.0f%%", seconds * 1e3, flops / 1e9, 100 * flops / peak);
}

static void layers_table(const Graph *graph, const NodeTime *times, double peak, Text *text)
{
    NodeTime sum = {0};
    uint64_t macs = 0;
    text_format(
        text,
        "peak of %d thread%s: %.1f GFLOP/s\n%-34s %-18s %8s   %8s GFLOP/s peak   %8s GFLOP/s peak",
        parallel_threads(), parallel_threads() == 1 ? "" : "s", peak / 1e9, "layer", "operator",
        "MMAC", "fwd ms", "back ms");
    for (int i = 0; i < graph_node_count(graph); i++) {
        const Node *n = graph_node(graph, i);
        text_format(text, "\n%-34.34s %-18.18s %8.1f  ", n->name, n->op->name,
                    (double)n->macs / 1e6);
        layer_speed(text, n->macs, times[i].forward, peak);
        text_format(text, "  ");
        layer_speed(text, n->macs, times[i].backward, peak);
        text_format(text, "  %-10s %-10s %s", profile_algorithm(n, 0), profile_algorithm(n, 1),
                    n->detail);
        sum.forward += times[i].forward, sum.backward += times[i].backward;
        macs += n->macs;
    }
    text_format(text, "\n%-34s %-18s %8.1f  ", "all", "", (double)macs / 1e6);
    layer_speed(text, macs, sum.forward, peak);
    text_format(text, "  ");
    layer_speed(text, macs, sum.backward, peak);
}

static Status bench_layers(const Args *args, const Bench *bench, Text *text)
{
    Graph *graph = NULL;
    NodeTime *times = NULL;
    Status status = bench_build(bench, true, &graph);
    if (status.code == STATUS_OK) {
        const size_t bytes = (size_t)graph_node_count(graph) * sizeof *times;
        times = malloc(bytes);
        status = times ? graph_profile(graph, bench->runs, times)
                       : status_no_memory("the layers", bytes);
    }
    if (status.code == STATUS_OK) {
        const double peak = peak_flops();
        if (args_flag(args, "json")) {
            profile_json(graph, times, peak, text);
        } else {
            layers_table(graph, times, peak, text);
        }
    }
    free(times);
    graph_destroy(graph);
    return status;
}

int command_bench(const Args *args)
{
    Bench bench = {.target = args_option(args, "target")};
    const bool layers = args_flag(args, "layers");
    Text text = {0};
    Status status =
        args_int(args, "runs", 1, layers ? PROFILE_MAX_RUNS : BENCH_MAX_RUNS, 10, &bench.runs);
    if (status.code == STATUS_OK) status = model_open(args, &bench.network);
    if (layers) {
        if (status.code == STATUS_OK) status = bench_layers(args, &bench, &text);
    } else {
        for (int gradient = 0; gradient < 2 && status.code == STATUS_OK; gradient++)
            status = bench_passes(&bench, gradient);
    }
    int result = EXIT_DONE;
    if (status.code != STATUS_OK) {
        result = cli_fail(status);
    } else {
        result = layers ? cli_print(&text) : print_passes(args, &bench);
    }
    text_release(&text);
    network_close(bench.network);
    return result;
}
