/* Whatever can be planned is run forward and backward, on inputs that are not always numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What runs must be small, so that there are many; every file is opened and planned all the same. */
enum { MEMORY_MOST = 16 << 20, WORK_MOST = 1 << 20 };

static uint64_t work_of(const Graph *graph)
{
    uint64_t work = 0;
    for (int i = 0; i < graph_node_count(graph); i++) {
        const Node *node = graph_node(graph, i);
        work += node->macs;
        for (int k = 0; k < node->out_count; k++) work += shape_elements(&node->out[k]->shape);
    }
    return work;
}

static void fill(const Value *input, const uint8_t *bytes, size_t size)
{
    static const float special[] = {0, INFINITY, -INFINITY, NAN, 1e38F, -1e-42F};
    const uint8_t choice = size ? bytes[size - 1] : 0;
    const size_t count = shape_elements(&input->shape);
    for (size_t i = 0; i < count; i++) input->data[i] = sinf((float)i) * 3;
    if (choice & 1) input->data[choice % count] = special[choice % 6];
}

static void differentiate(Graph *graph, const BackwardRule *rule)
{
    graph_zero_gradients(graph);
    for (int i = 0; i < graph_output_count(graph); i++) {
        Value *output = graph_output(graph, i);
        if (output->grad) graph_seed(graph, output)[0] = 1;
    }
    graph_backward(graph, rule);
}

static void run_graph(Graph *graph, unsigned flags, const uint8_t *bytes, size_t size)
{
    const GraphMemory memory = graph_memory(graph, flags);
    if (memory.total > MEMORY_MOST || work_of(graph) > WORK_MOST) return;
    if (graph_allocate(graph, flags).code != STATUS_OK) return;
    for (int i = 0; i < graph_input_count(graph); i++) fill(graph_input(graph, i), bytes, size);
    graph_forward(graph);
    graph_first_nonfinite(graph);
    differentiate(graph, &backward_exact);
    differentiate(graph, &backward_guided);
}

static void build_and_run(const Network *network, const GraphRequest *request, unsigned flags,
                          const uint8_t *bytes, size_t size)
{
    Graph *graph = NULL;
    if (network_build(network, request, &graph).code != STATUS_OK) return;
    run_graph(graph, flags, bytes, size);
    graph_destroy(graph);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    Network *network = NULL;
    if (!copy) return 0;
    if (size) memcpy(copy, bytes, size);
    if (network_open(&network, "fuzzed.onnx", copy, size).code != STATUS_OK) return 0;
    const unsigned all = GRAPH_INPUT_GRADIENT | GRAPH_PARAMETER_GRADIENTS;
    build_and_run(network, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, bytes, size);
    const GraphRequest small = {.height = 9, .width = 11, .no_fold = true, .partial = true};
    build_and_run(network, &small, all, bytes, size);
    network_close(network);
    return 0;
}
