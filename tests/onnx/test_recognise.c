/* Files that are not ONNX networks, or not whole ones: each is named, with what to do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx/model.h"
#include "support/onnx_writer.h"
#include "support/test.h"

typedef struct Wrong {
    const char *kind;
    const char *bytes;
    size_t size;
    const char *says; /* part of the sentence */
} Wrong;

#define WRONG(kind, bytes, says)                                                                   \
    {                                                                                              \
        kind, bytes, sizeof(bytes) - 1, says                                                       \
    }

static const Wrong wrongs[] = {
    {"empty", "", 0, "empty"},
    WRONG("Git LFS pointer",
          "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 4956208\n", "Git LFS"),
    WRONG("PyTorch zip", "PK\x03\x04\x00\x00\x08\x08\x00\x00\x00\x00archive/data.pkl\x80\x02}q",
          "torch.onnx.export"),
    WRONG("PyTorch old",
          "\x80\x02\x8a\x0al\xfc\x9c"
          "F\xf9 j\xa8P\x19.",
          "torch.onnx.export"),
    WRONG("pickle", "\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}", "pickle"),
    WRONG("Keras h5", "\x89HDF\r\n\x1a\n\x00\x00\x00\x00\x00\x08\x08\x00", "Keras"),
    WRONG("Keras zip", "PK\x03\x04\x14\x00\x00\x00\x00\x00metadata.json{}model.weights.h5",
          ".keras"),
    WRONG("zip of onnx", "PK\x03\x04\x14\x00\x00\x00\x00\x00model.onnx\x08\x07", "unpack"),
    WRONG("zip", "PK\x03\x04\x14\x00\x00\x00\x00\x00letter.txt", "zip archive"),
    WRONG("TFLite", "\x1c\x00\x00\x00TFL3\x00\x00\x12\x00", "TensorFlow Lite"),
    WRONG("SavedModel",
          "\x08\x01\x12\x0a\x0a\x08*\x03"
          "1.5:\x01\x01\x00",
          "SavedModel"),
    WRONG("frozen graph", "\x0a\x12\x0a\x05input\x12\x09Placehold\x12\x02\x08\x01",
          "frozen TensorFlow"),
    WRONG("Caffe model",
          "\x0a\x07"
          "AlexNet\xa2\x06\x04\x0a\x02"
          "c1",
          "Caffe"),
    WRONG("Caffe prototxt", "name: \"AlexNet\"\nlayer {\n  name: \"conv1\"\n}\n", "prototxt"),
    WRONG("HTML", "\n <!DOCTYPE html>\n<html><body>404</body></html>", "HTML"),
    WRONG("XML", "<?xml version=\"1.0\"?><net name=\"a\"/>", "XML"),
    WRONG("TensorFlow.js", "{\"format\": \"layers-model\", \"modelTopology\": {}}",
          "TensorFlow.js"),
    WRONG("JSON", "{\"error\": \"not found\"}", "JSON"),
    WRONG("PNG", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG"),
    WRONG("JPEG", "\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
    WRONG("safetensors", "\x40\x00\x00\x00\x00\x00\x00\x00{\"w\":{\"dtype\":\"F32\"}}",
          "safetensors"),
    WRONG("gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00", "gzip"),
    WRONG("NumPy", "\x93NUMPY\x01\x00v\x00{'descr'", "NumPy"),
    WRONG("GGUF", "GGUF\x03\x00\x00\x00", "GGUF"),
    WRONG("text", "Dear reader, this is not a network.\n", "text"),
    WRONG("noise", "\x01\x02\x03\x04\x05\x06\x07", "not an ONNX network"),
};

static Status open_copy(const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (size) memcpy(copy, bytes, size);
    OnnxModel *model = NULL;
    Status status = onnx_open(&model, copy, size);
    if (status.code == STATUS_OK) onnx_free(model);
    free(copy);
    return status;
}

static void wrong_files(void)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        Status status = open_copy(wrongs[i].bytes, wrongs[i].size);
        if (status.code != STATUS_BAD_MODEL || !strstr(status.message, wrongs[i].says))
            test_fail(__FILE__, __LINE__, "%s: '%s' does not say '%s'", wrongs[i].kind,
                      status.message, wrongs[i].says);
    }
}

/* A download that stopped: the weight that was cut, how much is there and how much should be. */
static void cut_download(void)
{
    Text graph = {0};
    write_node(&graph, "Conv", "conv1", "x conv1_w", "y", NULL);
    write_weights(&graph, "conv1_w", 4, (const int64_t[]){4, 3, 3, 3});
    write_input(&graph, "x", 4, (const int64_t[]){1, 3, 8, 8});
    write_output(&graph, "y");
    Text model = write_model(&graph, 13);
    CHECK_OK(open_copy(model.bytes, model.length));
    Status status = open_copy(model.bytes, 250);
    CHECK_FAILS(status, "conv1_w");
    CHECK_FAILS(status, "not downloaded completely (250 of at least ");
    CHECK_FAILS(open_copy(model.bytes, 30), "in the middle of the network");
    CHECK_FAILS(open_copy(model.bytes, 5), "before the network begins");
    text_release(&model);
}

static Text one_node(const char *op, const char *in, const char *out, Text *attrs)
{
    Text graph = {0};
    write_node(&graph, op, "the_node", in, out, attrs);
    write_input(&graph, "x", 4, (const int64_t[]){1, 3, 8, 8});
    write_output(&graph, "y");
    return graph;
}

static void check_graph(Text *graph, const char *says)
{
    Text model = write_model(graph, 13);
    CHECK_FAILS(open_copy(model.bytes, model.length), says);
    text_release(&model);
}

/* Files that are ONNX, and wrong. */
static void wrong_networks(void)
{
    Text graph = one_node("Relu", "z", "y", NULL);
    check_graph(&graph, "reads 'z', which nothing");

    graph = one_node("Relu", "x", "z", NULL);
    check_graph(&graph, "output 'y' is produced by no node");

    graph = one_node("Add", "x y", "y", NULL);
    check_graph(&graph, "cycle");

    graph = one_node("Relu", "x", "y", NULL);
    write_node(&graph, "Tanh", "again", "x", "y", NULL);
    check_graph(&graph, "'y' is given to two values");

    graph = one_node("Conv", "x w", "y", NULL);
    write_tensor(&graph, "w", ONNX_FLOAT, 4, (const int64_t[]){4, 3, 3, 3}, "12345678", 8);
    check_graph(&graph, "'w' holds 8 bytes where its shape needs 432");

    graph = one_node("Conv", "x w", "y", NULL);
    write_tensor(&graph, "w", ONNX_FLOAT, 4, (const int64_t[]){1 << 20, 1 << 20, 1 << 20, 16}, "",
                 0);
    check_graph(&graph, "'w' claims more than");
}

static const Test tests[] = {TEST(wrong_files), TEST(cut_download), TEST(wrong_networks)};
TEST_MAIN(tests)
