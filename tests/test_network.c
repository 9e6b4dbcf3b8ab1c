/* An opened network: preprocessing, labels, targets, layers, receptive fields, description. */
#include "network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/onnx_writer.h"
#include "support/shared.h"
#include "support/test.h"

static Network *open_text(Text text, const char *name)
{
    Network *network = NULL;
    CHECK_OK(network_open(&network, name, (uint8_t *)text.bytes, text.length));
    return network;
}

static Graph *built(const Network *network, int size, unsigned flags)
{
    Graph *graph = NULL;
    CHECK_OK(network_build(network, &(GraphRequest){.height = size, .width = size}, &graph));
    CHECK_OK(graph_allocate(graph, flags));
    Value *input = graph_input(graph, 0);
    for (size_t i = 0; i < shape_elements(&input->shape); i++) input->data[i] = cosf((float)i);
    graph_forward(graph);
    return graph;
}

static void refuses_and_frees(void)
{
    Network *network;
    uint8_t *bytes = malloc(4);
    memcpy(bytes, "\x89PNG", 4);
    CHECK_FAILS(network_open(&network, "a.onnx", bytes, 4), "PNG");
    network_close(NULL);
}

static void preprocessing_and_labels(void)
{
    Network *network = open_text(example_model(0), "a.onnx");
    const Preprocess *p = network_preprocess(network);
    CHECK_TEXT(p->source, "metadata");
    CHECK(p->range == 1 && p->height == 8 && p->width == 8);
    CHECK_OK(network_set(network, "mean", "1,2,3"));
    CHECK(p->mean[2] == 3);
    CHECK_FAILS(network_set(network, "colour", "1"), "colour");
    CHECK_OK(network_set(network, "labels", "cat\r\nn02391049 zebra, striped horse\n\nowl"));
    CHECK(network_label_count(network) == 4);
    CHECK_TEXT(network_label(network, 0), "cat");
    CHECK_TEXT(network_label(network, 2), "");
    CHECK(network_label(network, 4) == NULL && network_label(network, -1) == NULL);
    network_close(network);
}

static void scores_and_targets(void)
{
    Network *network = open_text(example_model(0), "a.onnx");
    CHECK_OK(network_set(network, "labels", "cat\nn02391049 zebra, striped horse\nowl\nfox\nelk"));
    Graph *graph = built(network, 8, GRAPH_INPUT_GRADIENT);
    CHECK_TEXT(network_logits(graph)->name, "logits");
    CHECK(network_class_count(graph) == 5);
    float logits[5], probabilities[5], again[5], sum = 0;
    int top[5];
    network_scores(graph, 0, logits, probabilities);
    network_scores(graph, 0, NULL, again);
    CHECK(memcmp(probabilities, again, sizeof again) == 0);
    const Value *output = graph_output(graph, 0);
    for (int c = 0; c < 5; c++) {
        sum += probabilities[c];
        CHECK_NEAR(probabilities[c], output->data[c], 1e-6);
    }
    CHECK_NEAR(sum, 1, 1e-6);
    network_top(logits, 5, 3, top);
    CHECK(logits[top[0]] >= logits[top[1]] && logits[top[1]] >= logits[top[2]]);
    Objective term;
    CHECK_OK(network_objective(network, graph, "class:top", &term));
    CHECK(term.channel == top[0] && term.weight == 1 && term.value == network_logits(graph));
    CHECK_OK(network_objective(network, graph, "class:Striped Horse", &term));
    CHECK(term.channel == 1);
    CHECK_OK(network_objective(network, graph, "channel:bn1:5", &term));
    CHECK_FAILS(network_objective(network, graph, "channel:conv1:5", &term), "folded");
    CHECK_FAILS(network_objective(network, graph, "class:5", &term), "0 to 4");
    CHECK_FAILS(network_objective(network, graph, "class:dog", &term), "'dog'");
    CHECK_FAILS(network_objective(network, graph, "channel:r1:6", &term), "outside");
    CHECK_FAILS(network_objective(network, graph, "neuron:r1:0:4:0", &term), "outside");
    CHECK_FAILS(network_objective(network, graph, "neuron:r1:0", &term), "lacks its numbers");
    CHECK_FAILS(network_objective(network, graph, "layer:nowhere", &term), "nowhere");
    CHECK_FAILS(network_objective(network, graph, "layer:w2", &term), "weight");
    CHECK_FAILS(network_objective(network, graph, "gram:logits", &term), "no map");
    CHECK_FAILS(network_objective(network, graph, "sum:r1", &term), "not understood");
    CHECK_FAILS(network_objective(network, graph, "", &term), "not understood");
    CHECK_FAILS(network_objective(network, graph, "class:1 + 2*", &term), "class '1 + 2*'");
    CHECK_FAILS(network_objective(network, graph, "class:1 + class:9", &term), "no class 9");
    CHECK_FAILS(network_objective(network, graph, "2.5", &term), "not understood");
    CHECK_OK(network_objective(network, graph, "-class:1+0.5*channel:bn1:5 - 2 * layer:r1", &term));
    CHECK(term.weight == -1 && term.channel == 1 && term.plus->weight == 0.5F);
    CHECK(term.plus->channel == 5 && term.plus->plus->weight == -2 && !term.plus->plus->plus);
    CHECK(term.plus->plus->kind == OBJECTIVE_LAYER && term.plus->kind == OBJECTIVE_CHANNEL);
    CHECK_OK(network_objective(network, graph, "neuron:r1:2:3:1", &term));
    CHECK(term.channel == 2 && term.y == 3 && term.x == 1);
    graph_destroy(graph);
    network_close(network);
}

static void not_a_number_ranks_last(void)
{
    const float scores[] = {1, NAN, 3, 2};
    int top[4];
    network_top(scores, 4, 4, top);
    CHECK(top[0] == 2 && top[1] == 3 && top[2] == 0 && top[3] == 1);
    network_top(scores, 4, 2, top);
    CHECK(top[0] == 2 && top[1] == 3);
}

static void layers(void)
{
    Network *network = open_text(example_model(0), "a.onnx");
    Graph *graph = built(network, 8, GRAPH_FORWARD);
    Value *value;
    CHECK_OK(network_layer(network, graph, "auto", &value));
    CHECK_TEXT(value->name, "r1");
    CHECK_OK(network_layer(network, graph, "bn1", &value));
    CHECK_TEXT(value->name, "b1");
    CHECK_FAILS(network_layer(network, graph, "c1", &value), "folded");
    CHECK_FAILS(network_layer(network, graph, "conv1", &value), "'c1' kept");
    ReceptiveField field;
    CHECK_OK(network_layer(network, graph, "pool1", &value));
    CHECK(network_receptive_field(graph, value, 0, &field));
    /* 3x3 stride 2 pad 1, then 2x2 stride 2: 3 + 2 pixels, every fourth, from -1. */
    CHECK(field.size == 5 && field.stride == 4 && field.start == -1);
    CHECK(!network_receptive_field(graph, network_logits(graph), 0, &field));
    Text text = {0};
    network_json(network, graph, NULL, &text);
    CHECK(!text.failed && strstr(text.bytes, "\"folded\":true") != NULL);
    CHECK(strstr(text.bytes, "\"field\":{\"size\":[5,5],\"stride\":[4,4],\"start\":[-1,-1]}"));
    text_release(&text);
    network_json(network, NULL, "it is too large", &text);
    CHECK(strstr(text.bytes, "\"error\":\"it is too large\""));
    text_release(&text);
    graph_destroy(graph);
    network_close(network);
}

/* The channel of a receptive field by experiment: pixels outside of it do not matter. */
static void receptive_field_holds(void)
{
    Network *network = open_text(example_model(0), "a.onnx");
    Graph *graph = built(network, 8, GRAPH_INPUT_GRADIENT);
    Value *value = graph_find(graph, "r1"), *input = graph_input(graph, 0);
    ReceptiveField y, x;
    CHECK(network_receptive_field(graph, value, 0, &y) &&
          network_receptive_field(graph, value, 1, &x));
    graph_zero_gradients(graph);
    for (int c = 0; c < 6; c++)
        graph_seed(graph, value)[c * 16 + 2 * 4 + 1] = 1; /* row 2, column 1 */
    static const BackwardRule open = {.name = "open"};
    graph_backward(graph, &open);
    const double top = y.start + 2 * y.stride, left = x.start + x.stride;
    for (int i = 0; i < 64; i++) {
        const int row = i / 8, column = i % 8;
        const bool inside =
            row >= top && row < top + y.size && column >= left && column < left + x.size;
        CHECK((input->grad[i] != 0) == inside);
    }
    graph_destroy(graph);
    network_close(network);
}

static void squeezenet_is_recognised(void)
{
    size_t size;
    if (!shared_folder()) return;
    uint8_t *bytes = shared_read("data/models/squeezenet1_0.onnx", &size);
    Network *network = NULL;
    if (!bytes) return;
    CHECK_OK(network_open(&network, "squeezenet1_0.onnx", bytes, size));
    const Preprocess *p = network_preprocess(network);
    CHECK_TEXT(p->channels, "BGR");
    CHECK(p->height == 227 && p->width == 227 && p->resize == RESIZE_SHORT && p->range == 255);
    CHECK(p->mean[0] == 104 && p->mean[1] == 117 && p->mean[2] == 123 && p->std[0] == 1);
    Graph *graph = NULL;
    Value *value;
    CHECK_OK(network_build(network, &(GraphRequest){0}, &graph));
    CHECK_OK(network_layer(network, graph, "auto", &value));
    CHECK(value->shape.dim[1] == 512 && value->shape.dim[2] == 13);
    CHECK_TEXT(value->producer->op->name, "Concat");
    CHECK(network_class_count(graph) == 1000);
    graph_destroy(graph);
    network_close(network);
}

/* Signs within names, numbers with exponents, and what must be kept apart. */
static void specs_name_their_nodes(void)
{
    SpecNodes nodes;
    network_spec_nodes("channel:a:b+c-d:3 +1e-2*neuron:block/conv-1:0:1:2-layer:x + class:3",
                       &nodes);
    CHECK(nodes.count == 3);
    CHECK_TEXT(nodes.name[0], "a:b+c-d");
    CHECK_TEXT(nodes.name[1], "block/conv-1");
    CHECK_TEXT(nodes.name[2], "x");
    network_spec_nodes("class:340", &nodes);
    CHECK(nodes.count == 0);
    network_spec_nodes("channel:", &nodes);
    CHECK(nodes.count == 0);
    CHECK(network_spec_is_class("class:340") && network_spec_is_class(" class:top "));
    CHECK(!network_spec_is_class("class:340 + class:3") && !network_spec_is_class("-class:3"));
    CHECK(!network_spec_is_class("layer:a") && !network_spec_is_class(""));
}

static Graph *redrawn(const Network *network, int layers, uint64_t seed, unsigned flags)
{
    Graph *graph = NULL;
    const GraphRequest request = {
        .height = 8, .width = 8, .no_fold = true, .redrawn = layers, .redraw_seed = seed};
    CHECK_OK(network_build(network, &request, &graph));
    CHECK_OK(graph_allocate(graph, flags));
    return graph;
}

static bool same(const Value *a, const Value *b)
{
    return memcmp(a->data, b->data, shape_elements(&a->shape) * sizeof(float)) == 0;
}

/* Example 0: a convolution with a normalisation apart from it, and a dense layer. */
static void layers_are_drawn_anew_from_the_last(void)
{
    Network *network = open_text(example_model(0), "a.onnx");
    Graph *trained = redrawn(network, 0, 1, GRAPH_FORWARD);
    Graph *one = redrawn(network, 1, 1, GRAPH_FORWARD),
          *two = redrawn(network, 2, 1, GRAPH_FORWARD);
    Graph *other = redrawn(network, 2, 2, GRAPH_FORWARD);
    const Node *conv = network_weighted(trained, 0), *dense = network_weighted(trained, 1);
    CHECK(conv && dense && !network_weighted(trained, 2));
    CHECK_TEXT(conv->op->name, "Conv");
    CHECK_TEXT(dense->op->name, "Gemm");
    const Value *w[3] = {network_weighted(trained, 1)->in[1], network_weighted(one, 1)->in[1],
                         network_weighted(two, 1)->in[1]};
    CHECK(!same(w[0], w[1]) && same(w[1], w[2]));
    CHECK(same(conv->in[1], network_weighted(one, 0)->in[1]));
    CHECK(!same(conv->in[1], network_weighted(two, 0)->in[1]));
    CHECK(!same(network_weighted(other, 0)->in[1], network_weighted(two, 0)->in[1]));
    /* Uniform within sqrt(6 / fan-in), no bias. */
    const Shape *shape = &conv->in[1]->shape;
    const double bound = sqrt(6.0 / (double)shape_span(shape, 1, 4));
    const TensorStats stats =
        tensor_stats(network_weighted(two, 0)->in[1]->data, shape_elements(shape));
    CHECK(stats.max <= bound && stats.min >= -bound && stats.max > 0.8 * bound);
    CHECK_NEAR(stats.deviation, bound / sqrt(3), 0.15 * bound);
    for (int i = 0; i < graph_node_count(two); i++) {
        const Node *node = graph_node(two, i);
        if (strcmp(node->op->name, "BatchNormalization") != 0) continue;
        CHECK(node->in[1]->data[0] == 1 && node->in[2]->data[0] == 0);
        CHECK(node->in[3]->data[0] == 0 && node->in[4]->data[0] == 1);
    }
    graph_destroy(trained), graph_destroy(one), graph_destroy(two), graph_destroy(other);
    network_close(network);
}

static const Test tests[] = {TEST(layers_are_drawn_anew_from_the_last),
                             TEST(specs_name_their_nodes),
                             TEST(refuses_and_frees),
                             TEST(preprocessing_and_labels),
                             TEST(scores_and_targets),
                             TEST(not_a_number_ranks_last),
                             TEST(layers),
                             TEST(receptive_field_holds),
                             TEST(squeezenet_is_recognised)};
TEST_MAIN(tests)
