#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/model.h"

static const char *in_bytes(double bytes, char text[32])
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    int unit = 0;
    while (bytes >= 1000 && unit < 4) bytes /= 1000, unit++;
    snprintf(text, 32, unit ? "%.3g %s" : "%.0f %s", bytes, units[unit]);
    return text;
}

static const char *in_thousands(double count, char text[32])
{
    static const char *const units[] = {"", " k", " M", " G", " T"};
    int unit = 0;
    while (count >= 1000 && unit < 4) count /= 1000, unit++;
    snprintf(text, 32, unit ? "%.3g%s" : "%.0f%s", count, units[unit]);
    return text;
}

static uint64_t node_parameters(const Node *node)
{
    uint64_t sum = 0;
    for (int i = 0; i < node->in_count; i++) {
        if (node->in[i] && node->in[i]->constant) sum += shape_elements(&node->in[i]->shape);
    }
    return sum;
}

static void print_layers(const Graph *graph)
{
    uint64_t parameters = 0, macs = 0;
    printf("\n%-28s %-20s %-20s %9s %9s  %s\n", "layer", "operator", "output", "weights", "MACs",
           "");
    for (int i = 0; i < graph_node_count(graph); i++) {
        const Node *node = graph_node(graph, i);
        char shape[SHAPE_TEXT_BYTES], weights[32], work[32];
        uint64_t own = node_parameters(node);
        printf("%-28s %-20s %-20s %9s %9s  %s\n",
               node->name && *node->name ? node->name : node->out[0]->name, node->op->name,
               shape_text(&node->out[0]->shape, shape),
               own ? in_thousands((double)own, weights) : "",
               node->macs ? in_thousands((double)node->macs, work) : "", node->detail);
        parameters += own;
        macs += node->macs;
    }
    char weights[32], work[32], forward[32], both[32];
    printf(
        "\n%d layers, %s weights, %s multiply-accumulates; a forward pass takes %s of memory, with "
        "the gradient of the input %s\n",
        graph_node_count(graph), in_thousands((double)parameters, weights),
        in_thousands((double)macs, work),
        in_bytes((double)graph_memory(graph, GRAPH_FORWARD).total, forward),
        in_bytes((double)graph_memory(graph, GRAPH_INPUT_GRADIENT).total, both));
}

static void print_values(const char *title, int count, Value *(*value)(const Graph *, int),
                         const Graph *graph)
{
    for (int i = 0; i < count; i++) {
        char shape[SHAPE_TEXT_BYTES];
        const Value *v = value(graph, i);
        printf("%-14s %s %s\n", i ? "" : title, v->name, shape_text(&v->shape, shape));
    }
}

static void print_preprocess(Network *network)
{
    const Preprocess *p = network_preprocess(network);
    static const char *const resize[] = {"short", "stretch", "none"};
    int channels = preprocess_channels(p);
    printf("%-14s %s, white is %g, mean", "preprocessing", p->channels, (double)p->range);
    for (int c = 0; c < channels; c++) printf("%s%g", c ? "," : " ", (double)p->mean[c]);
    printf(", std");
    for (int c = 0; c < channels; c++) printf("%s%g", c ? "," : " ", (double)p->std[c]);
    if (p->height > 0) printf(", size %dx%d", p->height, p->width);
    const char *source = p->source ? p->source : "guess";
    printf(", resize %s (from %s)\n", resize[p->resize], source);
    if (p->reason && strcmp(source, "guess") == 0) printf("               %s\n", p->reason);
}

/* The sentence names the first operator that is missing; the description lists them all. */
static void print_unsupported(const Network *network, const char *error)
{
    Text text = {0};
    network_json(network, NULL, error, &text);
    cJSON *json = text.failed ? NULL : cJSON_Parse(text.bytes);
    const cJSON *entry, *list = cJSON_GetObjectItem(json, "unsupported");
    if (cJSON_GetArraySize(list))
        printf("\n%-28s %-20s %5s  %s\n", "not supported", "operator", "opset", "what to do");
    cJSON_ArrayForEach(entry, list)
    {
        const char *op = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "op")),
                   *node = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "node")),
                   *domain = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "domain")),
                   *remedy = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "remedy"));
        if (!op || !node || !domain || !remedy) continue;
        char full[160];
        snprintf(full, sizeof full, "%s%s%s", domain, *domain ? "." : "", op);
        printf("%-28s %-20s %5.0f  %s\n", node, full,
               cJSON_GetNumberValue(cJSON_GetObjectItem(entry, "opset")), remedy);
    }
    cJSON_Delete(json);
    text_release(&text);
}

static void print_info(Network *network, const Graph *graph, const char *error)
{
    char bytes[32];
    printf("%-14s %s, %s\n", "model", network_name(network),
           in_bytes((double)network_file_bytes(network), bytes));
    if (graph) {
        print_values("input", graph_input_count(graph), graph_input, graph);
        print_values(error ? "runs up to" : "output", graph_output_count(graph), graph_output,
                     graph);
    }
    print_preprocess(network);
    int labels = network_label_count(network);
    if (labels > 0) {
        printf("%-14s %d, from '%s' to '%s'\n", "labels", labels, network_label(network, 0),
               network_label(network, labels - 1));
    } else {
        printf("%-14s none\n", "labels");
    }
    if (graph) print_layers(graph);
    if (error) {
        print_unsupported(network, error);
        printf("\nIt cannot be run%s: %s\n", graph ? " beyond the layers above" : "", error);
    }
}

int command_info(const Args *args)
{
    Network *network;
    Status status = model_open(args, &network);
    if (status.code != STATUS_OK) return cli_fail(status);
    Graph *graph = NULL;
    status = network_build(network, &(GraphRequest){0}, &graph);
    /* What is missing is part of the answer, not a failure to give it. */
    const char *error = status.code == STATUS_OK ? NULL : status.message;
    if (error) {
        Status partial = network_build(network, &(GraphRequest){.partial = true}, &graph);
        if (partial.code != STATUS_OK) graph = NULL;
    }
    int result = EXIT_DONE;
    if (args_flag(args, "json")) {
        Text text = {0};
        network_json(network, graph, error, &text);
        result = cli_print(&text);
    } else {
        print_info(network, graph, error);
    }
    graph_destroy(graph);
    network_close(network);
    return result;
}
