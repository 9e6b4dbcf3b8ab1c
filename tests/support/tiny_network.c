#include "support/tiny_network.h"

#include "support/onnx_writer.h"

static void convolution(Text *graph, const char *name, const char *in, const char *out)
{
    Text attrs = {0};
    write_ints(&attrs, "kernel_shape", 2, (int64_t[]){3, 3});
    write_ints(&attrs, "pads", 4, (int64_t[]){1, 1, 1, 1});
    write_node(graph, "Conv", name, in, out, &attrs);
}

uint8_t *tiny_network(size_t *size)
{
    Text graph = {0}, pool = {0};
    convolution(&graph, "conv1", "data w1", "conv1:0");
    write_node(&graph, "Relu", "relu1", "conv1:0", "relu1:0", NULL);
    write_ints(&pool, "kernel_shape", 2, (int64_t[]){2, 2});
    write_ints(&pool, "strides", 2, (int64_t[]){2, 2});
    write_node(&graph, "MaxPool", "pool", "relu1:0", "pool:0", &pool);
    convolution(&graph, "conv2", "pool:0 w2", "conv2:0");
    write_node(&graph, "Relu", "relu2", "conv2:0", "relu2:0", NULL);
    write_node(&graph, "GlobalAveragePool", "mean", "relu2:0", "mean:0", NULL);
    write_node(&graph, "Flatten", "flat", "mean:0", "flat:0", NULL);
    write_node(&graph, "MatMul", "dense", "flat:0 w3", "scores", NULL);
    write_weights(&graph, "w1", 4, (int64_t[]){6, 3, 3, 3});
    write_weights(&graph, "w2", 4, (int64_t[]){8, 6, 3, 3});
    write_weights(&graph, "w3", 2, (int64_t[]){8, 3});
    write_input(&graph, "data", 4, (int64_t[]){-1, 3, 16, 16});
    write_output(&graph, "scores");
    const Text model = write_model(&graph, 13);
    *size = model.length;
    return (uint8_t *)model.bytes;
}
