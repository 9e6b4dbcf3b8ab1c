/* A profile is a pass like another: it computes the same, and each node that takes part has a time. */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "network.h"
#include "support/test.h"
#include "support/tiny_network.h"

enum { MOST_NODES = 32, RUNS = 3 };

static Network *network;
static Graph *graph;

static bool open_graph(unsigned flags)
{
    size_t size;
    uint8_t *bytes = tiny_network(&size);
    CHECK_OK(network_open(&network, "tiny.onnx", bytes, size));
    if (!network) return false;
    CHECK_OK(network_build(network, &(GraphRequest){0}, &graph));
    CHECK_OK(graph_allocate(graph, flags));
    Value *input = graph_input(graph, 0);
    for (size_t i = 0; i < shape_elements(&input->shape); i++) input->data[i] = (float)(i % 13) - 6;
    return graph_node_count(graph) <= MOST_NODES;
}

static void close_graph(void)
{
    graph_destroy(graph);
    network_close(network);
}

static void times_every_node(void)
{
    NodeTime times[MOST_NODES];
    if (!open_graph(GRAPH_INPUT_GRADIENT)) return;
    const double start = clock_seconds();
    CHECK_OK(graph_profile(graph, RUNS, times));
    const double most = clock_seconds() - start;
    for (int i = 0; i < graph_node_count(graph); i++) {
        CHECK(times[i].forward > 0 && times[i].forward < most);
        CHECK(times[i].backward > 0 && times[i].backward < most);
    }
    close_graph();
}

static void has_no_backward_without_gradients(void)
{
    NodeTime times[MOST_NODES];
    if (!open_graph(GRAPH_FORWARD)) return;
    CHECK_OK(graph_profile(graph, RUNS, times));
    for (int i = 0; i < graph_node_count(graph); i++)
        CHECK(times[i].forward > 0 && times[i].backward == 0);
    close_graph();
}

static void computes_the_same(void)
{
    NodeTime times[MOST_NODES];
    if (!open_graph(GRAPH_INPUT_GRADIENT)) return;
    const Value *input = graph_input(graph, 0), *output = graph_output(graph, 0);
    graph_forward(graph);
    graph_zero_gradients(graph);
    graph_seed(graph, graph_output(graph, 0))[0] = 1;
    graph_backward(graph, &backward_exact);
    const size_t in = shape_elements(&input->shape) * sizeof(float);
    const size_t out = shape_elements(&output->shape) * sizeof(float);
    float *expected = malloc(in + out);
    memcpy(expected, input->grad, in);
    memcpy(expected + in / sizeof(float), output->data, out);
    memset(output->data, 0, out);
    CHECK_OK(graph_profile(graph, 1, times));
    CHECK(memcmp(expected, input->grad, in) == 0);
    CHECK(memcmp(expected + in / sizeof(float), output->data, out) == 0);
    free(expected);
    close_graph();
}

static void is_told_as_json(void)
{
    NodeTime times[MOST_NODES];
    Text text = {0};
    if (!open_graph(GRAPH_FORWARD)) return;
    CHECK_OK(graph_profile(graph, 1, times));
    profile_json(graph, times, 1e9, &text);
    CHECK(strncmp(text.bytes, "{\"peak\":", 8) == 0);
    CHECK(strstr(text.bytes, "{\"name\":\"conv1\",\"op\":\"Conv\"") != NULL);
    CHECK(strstr(text.bytes, "\"backward\":0}]}") != NULL);
    text_release(&text);
    close_graph();
}

/* Slower than any machine that could run this at all, and faster than any that there is. */
static void peak_is_believable(void)
{
    const double peak = peak_flops();
    CHECK(peak > 1e7 && peak < 1e14);
}

static const Test tests[] = {
    TEST(times_every_node),   TEST(has_no_backward_without_gradients),
    TEST(computes_the_same),  TEST(is_told_as_json),
    TEST(peak_is_believable),
};

TEST_MAIN(tests)
