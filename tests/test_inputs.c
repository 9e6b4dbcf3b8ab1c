/* Inputs of 1, 3 and 4 channels, of any height and width, and several pictures in one batch. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/onnx_writer.h"
#include "support/shared.h"
#include "support/test.h"
#include "support/zebra.h"

enum { CLASSES = 5, MOST_CHANNELS = 4 };

static void convolution(Text *graph, const char *name, const char *in, const char *out, int stride)
{
    Text attrs = {0};
    write_ints(&attrs, "pads", 4, (int64_t[]){1, 1, 1, 1});
    write_ints(&attrs, "strides", 2, (int64_t[]){stride, stride});
    write_node(graph, "Conv", name, in, out, &attrs);
}

/* Two convolutions with a normalisation and a pool, a mean over space, a classifier behind a Reshape with the
 * batch of the export (1) in it. */
static Network *network_of(int channels, int height, int width)
{
    Text graph = {0}, pool = {0};
    Network *network = NULL;
    convolution(&graph, "conv1", "x w1", "c1", 1);
    write_node(&graph, "BatchNormalization", "bn1", "c1 scale shift mean variance", "b1", NULL);
    write_node(&graph, "Relu", "relu1", "b1", "r1", NULL);
    write_ints(&pool, "kernel_shape", 2, (int64_t[]){3, 3});
    write_ints(&pool, "strides", 2, (int64_t[]){2, 2});
    write_ints(&pool, "pads", 4, (int64_t[]){1, 1, 1, 1});
    write_node(&graph, "MaxPool", "pool1", "r1", "p1", &pool);
    convolution(&graph, "conv2", "p1 w2", "c2", 2);
    write_node(&graph, "Relu", "relu2", "c2", "r2", NULL);
    write_node(&graph, "GlobalAveragePool", "mean2", "r2", "m2", NULL);
    write_node(&graph, "Reshape", "flat", "m2 flat_shape", "f2", NULL);
    write_node(&graph, "Gemm", "dense", "f2 w3 bias", "scores", NULL);
    write_weights(&graph, "w1", 4, (int64_t[]){7, channels, 3, 3});
    write_weights(&graph, "scale", 1, (int64_t[]){7});
    write_weights(&graph, "shift", 1, (int64_t[]){7});
    write_weights(&graph, "mean", 1, (int64_t[]){7});
    write_tensor(&graph, "variance", ONNX_FLOAT, 1, (int64_t[]){7}, (float[]){1, 2, 3, 1, 2, 3, 1},
                 28);
    write_weights(&graph, "w2", 4, (int64_t[]){6, 7, 3, 3});
    write_int64s(&graph, "flat_shape", 2, (int64_t[]){1, 6});
    write_weights(&graph, "w3", 2, (int64_t[]){6, CLASSES});
    write_weights(&graph, "bias", 1, (int64_t[]){CLASSES});
    write_input(&graph, "x", 4, (int64_t[]){1, channels, height, width});
    write_output(&graph, "scores");
    const Text file = write_model(&graph, 13);
    CHECK_OK(network_open(&network, "any.onnx", (uint8_t *)file.bytes, file.length));
    return network;
}

static Graph *graph_of(const Network *network, int batch, int height, int width)
{
    Graph *graph = NULL;
    CHECK_OK(network_build(
        network, &(GraphRequest){.batch = batch, .height = height, .width = width}, &graph));
    if (graph) CHECK_OK(graph_allocate(graph, GRAPH_INPUT_GRADIENT));
    return graph;
}

/* Scores and the gradient of the second class of each item of the batch. */
static void pass(Graph *graph)
{
    Value *scores = graph_output(graph, 0);
    graph_forward(graph);
    graph_zero_gradients(graph);
    for (int n = 0; n < scores->shape.dim[0]; n++)
        graph_seed(graph, scores)[n * CLASSES + 1] = (float)(n + 1);
    graph_backward(graph, &backward_exact);
}

/* Item n of the batch gives what it gives alone. */
static void check_batch(int channels, int height, int width)
{
    enum { BATCH = 3 };
    Network *network = network_of(channels, -1, -1);
    Graph *many = graph_of(network, BATCH, height, width),
          *one = graph_of(network, 1, height, width);
    if (many && one) {
        Value *input = graph_input(many, 0), *alone = graph_input(one, 0);
        const size_t size = shape_elements(&alone->shape);
        CHECK(input->shape.dim[0] == BATCH && input->shape.dim[1] == channels);
        CHECK(input->shape.dim[2] == height && input->shape.dim[3] == width);
        CHECK(graph_output(many, 0)->shape.dim[0] == BATCH);
        for (size_t i = 0; i < BATCH * size; i++) input->data[i] = sinf((float)i * 1.7F);
        pass(many);
        for (size_t n = 0; n < BATCH; n++) {
            memcpy(alone->data, input->data + n * size, size * sizeof(float));
            pass(one);
            const float *together = graph_output(many, 0)->data + n * CLASSES;
            const double scores = relative_error(together, graph_output(one, 0)->data, CLASSES);
            for (size_t i = 0; i < size; i++) alone->grad[i] *= (float)(n + 1);
            const double gradient = relative_error(input->grad + n * size, alone->grad, size);
            if (scores > 1e-5 || gradient > 1e-4)
                test_fail(__FILE__, __LINE__, "%dx%dx%d, item %zu: scores %g, gradient %g",
                          channels, height, width, n, scores, gradient);
        }
    }
    graph_destroy(many);
    graph_destroy(one);
    network_close(network);
}

static const int channel_counts[] = {1, 3, 4};

static void batches_of_any_size(void)
{
    static const int sizes[][2] = {{16, 16}, {7, 19}, {33, 5}, {1, 9}, {2, 1}, {1, 1}};
    for (int c = 0; c < 3; c++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            check_batch(channel_counts[c], sizes[s][0], sizes[s][1]);
    }
}

static void picture_of(Picture *picture, int height, int width)
{
    *picture = (Picture){.width = width, .height = height};
    picture->rgba = malloc((size_t)(4 * width * height));
    for (int i = 0; i < 4 * width * height; i++)
        picture->rgba[i] = (uint8_t)(i % 4 == 3 ? 128 + i % 128 : 128 + 127 * sin(i * 0.1));
}

/* A network of one channel is given grey, one of four the transparency too. */
static void pictures_fit_the_channels(void)
{
    static const char *const orders[] = {"GRAY", "RGB", "RGBA"};
    Picture picture;
    picture_of(&picture, 40, 30);
    for (int c = 0; c < 3; c++) {
        const int channels = channel_counts[c];
        Network *network = network_of(channels, 20, 24);
        const Preprocess *p = network_preprocess(network);
        CHECK_TEXT(p->channels, orders[c]);
        CHECK(p->height == 20 && p->width == 24);
        Graph *graph = graph_of(network, 1, 0, 0);
        CHECK(graph_input(graph, 0)->shape.dim[2] == 20);
        CHECK_OK(preprocess_apply(p, &picture, 20, 24, graph_input(graph, 0)->data));
        float plane[MOST_CHANNELS * 20 * 24];
        memcpy(plane, graph_input(graph, 0)->data, sizeof(float) * (size_t)(channels * 20 * 24));
        TensorStats first = tensor_stats(plane, 20 * 24),
                    last = tensor_stats(plane + (channels - 1) * 20 * 24, 20 * 24);
        CHECK(first.deviation > 0.01F && last.deviation > 0.01F);
        /* Alpha is between 128 and 255. */
        if (channels == 4) CHECK(last.min > 0.45F && last.max <= 1.0F);
        graph_destroy(graph);
        network_close(network);
    }
    picture_release(&picture);
}

static void run_technique(const Technique *technique, Network *network, const Picture *picture,
                          int channels)
{
    Run *run = NULL;
    Result result = {0};
    bool done = false;
    Status status = run_create(&run, technique, network);
    if (status.code == STATUS_OK) status = give_pictures(run, technique, picture);
    if (strcmp(technique->id, "occlusion") == 0) {
        CHECK_OK(run_set(run, "patch", "6"));
        CHECK_OK(run_set(run, "stride", "5"));
    }
    if (status.code == STATUS_OK) status = run_begin(run);
    for (int i = 0; i < 100000 && status.code == STATUS_OK && !done; i++)
        status = run_advance(run, 1, &done);
    if (status.code == STATUS_OK) status = run_result(run, &result);
    if (status.code != STATUS_OK)
        test_fail(__FILE__, __LINE__, "%s with %d channels: %s", technique->id, channels,
                  status.message);
    for (int i = 0; i < result.item_count; i++) {
        const ResultItem *item = &result.items[i];
        const TensorStats stats = tensor_stats(item->data, shape_elements(&item->shape));
        if (stats.nonfinite)
            test_fail(__FILE__, __LINE__, "%s, %d channels: %zu values of '%s' are not finite",
                      technique->id, channels, stats.nonfinite, item->name);
    }
    run_destroy(run);
}

static void techniques_take_any_input(void)
{
    static const char *const ids[] = {"filters",   "activations", "gradient",  "gradcam",
                                      "deconvnet", "fgsm",        "occlusion", "guided-backprop"};
    Picture picture;
    picture_of(&picture, 40, 30);
    for (int c = 0; c < 3; c++) {
        Network *network = network_of(channel_counts[c], 22, 17);
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
            run_technique(technique_find(ids[i]), network, &picture, channel_counts[c]);
        network_close(network);
    }
    picture_release(&picture);
}

static const Test tests[] = {TEST(batches_of_any_size), TEST(pictures_fit_the_channels),
                             TEST(techniques_take_any_input)};
TEST_MAIN(tests)
