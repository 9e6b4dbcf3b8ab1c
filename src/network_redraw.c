/* Weights as before a training. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "network_internal.h"

/* The input that holds the weights of a layer; -1 where the node has none. */
static int weight_input(const Node *node)
{
    for (int i = 0; node->macs && i < node->in_count; i++) {
        const Value *value = node->in[i];
        if (value && value->constant && value->shape.rank >= 2) return i;
    }
    return -1;
}

const Node *network_weighted(const Graph *graph, int index)
{
    for (int i = 0; i < graph_node_count(graph); i++) {
        const Node *node = graph_node(graph, i);
        if (weight_input(node) >= 0 && index-- == 0) return node;
    }
    return NULL;
}

static Status fill(Graph *graph, Node *node, int input, float value)
{
    float *data;
    TRY(graph_own_constant(graph, node, input, &data));
    const size_t count = shape_elements(&node->in[input]->shape);
    for (size_t i = 0; i < count; i++) data[i] = value;
    return status_ok();
}

/* Uniform with the variance 2 / fan-in, which is the number of products in one sum. */
static Status draw_weights(Graph *graph, Node *node, int weights, uint64_t seed)
{
    float *data;
    TRY(graph_own_constant(graph, node, weights, &data));
    const size_t count = shape_elements(&node->in[weights]->shape);
    const uint64_t outputs = shape_elements(&node->out[0]->shape);
    const float bound = sqrtf(6 * (float)outputs / (float)node->macs);
    Random random = random_seeded(seed);
    for (size_t i = 0; i < count; i++) data[i] = bound * (2 * random_uniform(&random) - 1);
    for (int i = 0; i < node->in_count; i++) {
        const Value *value = node->in[i];
        if (i != weights && value && value->constant) TRY(fill(graph, node, i, 0));
    }
    return status_ok();
}

/* Scale, shift, mean and variance of the identity. */
static Status reset_normalisation(Graph *graph, Node *node)
{
    static const char *const ops[] = {"BatchNormalization", "InstanceNormalization",
                                      "LayerNormalization"};
    static const float identity[] = {1, 0, 0, 1};
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
        if (strcmp(node->op->name, ops[k]) != 0) continue;
        for (int i = 1; i < node->in_count && i < 5; i++) {
            if (node->in[i] && node->in[i]->constant) TRY(fill(graph, node, i, identity[i - 1]));
        }
    }
    return status_ok();
}

Status network_redraw(Graph *graph, int layers, uint64_t seed)
{
    for (int i = graph_node_count(graph) - 1; i >= 0 && layers > 0; i--) {
        Node *node = graph_node(graph, i);
        const int weights = weight_input(node);
        if (weights >= 0) {
            TRY(draw_weights(graph, node, weights, seed + (uint64_t)i));
            layers--;
        } else {
            TRY(reset_normalisation(graph, node));
        }
    }
    return status_ok();
}
