/* A network on any bytes: opened, described, planned in every way; nothing is run. */
#include <stdlib.h>
#include <string.h>

#include "network.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Files of weights that are asked for are given, with as many bytes as the network has. */
static void attach_all(Network *network, const uint8_t *bytes, size_t size)
{
    const char *location;
    while ((location = network_missing(network))) {
        /* Whatever the network says, the path stays below its folder. */
        if (*location == '\0' || *location == '/' || strstr(location, "/../") ||
            strncmp(location, "../", 3) == 0)
            abort();
        uint8_t *copy = malloc(size + 1);
        if (!copy) return;
        memcpy(copy, bytes, size);
        if (network_attach(network, location, copy, size).code != STATUS_OK) return;
    }
}

static void plan(const Network *network, const GraphRequest *request)
{
    Graph *graph = NULL;
    Text text = {0};
    const Status status = network_build(network, request, &graph);
    if (status.code != STATUS_OK && status.message[0] == '\0') abort();
    network_json(network, graph, status.code == STATUS_OK ? NULL : status.message, &text);
    if (text.bytes && strlen(text.bytes) != text.length) abort();
    if (graph) {
        network_class_count(graph);
        for (int i = 0; i < graph_node_count(graph); i++) {
            ReceptiveField field;
            network_receptive_field(graph, graph_node(graph, i)->out[0], i & 1, &field);
        }
    }
    text_release(&text);
    graph_destroy(graph);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    Network *network = NULL;
    if (!copy) return 0;
    if (size) memcpy(copy, bytes, size);
    const Status status = network_open(&network, "fuzzed.onnx", copy, size);
    if (status.code != STATUS_OK) {
        if (status.message[0] == '\0') abort();
        return 0;
    }
    attach_all(network, bytes, size);
    plan(network, &(GraphRequest){0});
    plan(network, &(GraphRequest){.no_fold = true, .batch = 2});
    plan(network, &(GraphRequest){.partial = true, .height = 9, .width = 14});
    network_close(network);
    return 0;
}
