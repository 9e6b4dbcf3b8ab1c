#include "support/api.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- the network's file ---- */

typedef struct Bytes {
    uint8_t data[4096];
    size_t size;
} Bytes;

static void put_varint(Bytes *to, uint64_t value)
{
    for (; value > 127; value >>= 7) to->data[to->size++] = (uint8_t)(value | 128);
    to->data[to->size++] = (uint8_t)value;
}

static void put_number(Bytes *to, unsigned field, uint64_t value)
{
    put_varint(to, field << 3);
    put_varint(to, value);
}

static void put_bytes(Bytes *to, unsigned field, const void *data, size_t size)
{
    put_varint(to, field << 3 | 2);
    put_varint(to, size);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void put_text(Bytes *to, unsigned field, const char *text)
{
    put_bytes(to, field, text, strlen(text));
}

static void put_node(Bytes *graph, const char *op, const char *name, const char *const *in,
                     int in_count, const char *out)
{
    Bytes node = {.size = 0};
    for (int i = 0; i < in_count; i++) put_text(&node, 1, in[i]);
    put_text(&node, 2, out);
    put_text(&node, 3, name);
    put_text(&node, 4, op);
    put_bytes(graph, 1, node.data, node.size);
}

static void put_weights(Bytes *graph, const char *name, const float *values, int rank,
                        const int *dims)
{
    Bytes tensor = {.size = 0};
    size_t count = 1;
    for (int i = 0; i < rank; i++) {
        put_number(&tensor, 1, (uint64_t)dims[i]);
        count *= (size_t)dims[i];
    }
    put_number(&tensor, 2, 1); /* float */
    put_text(&tensor, 8, name);
    put_bytes(&tensor, 9, values, count * sizeof *values);
    put_bytes(graph, 5, tensor.data, tensor.size);
}

/* ValueInfoProto of a float tensor. */
static void put_edge(Bytes *graph, unsigned field, const char *name, int rank, const int *dims)
{
    Bytes shape = {.size = 0}, tensor = {.size = 0}, type = {.size = 0}, edge = {.size = 0};
    for (int i = 0; i < rank; i++) {
        Bytes dim = {.size = 0};
        put_number(&dim, 1, (uint64_t)dims[i]);
        put_bytes(&shape, 1, dim.data, dim.size);
    }
    put_number(&tensor, 1, 1);
    put_bytes(&tensor, 2, shape.data, shape.size);
    put_bytes(&type, 1, tensor.data, tensor.size);
    put_text(&edge, 1, name);
    put_bytes(&edge, 2, type.data, type.size);
    put_bytes(graph, field, edge.data, edge.size);
}

static const float weights[] = {2, 0, 0, 0, 1, 1}, bias[] = {-1, 0}, gamma_[] = {1, 1},
                   beta[] = {0.5F, 0}, mean[] = {0, 1}, variance[] = {4, 4};

int api_network(const char *pool)
{
    static const int two[] = {2}, kernel[] = {2, 3, 1, 1};
    static const int input[] = {1, 3, API_SIDE, API_SIDE}, output[] = {1, API_CLASSES};
    Bytes *graph = calloc(1, sizeof *graph), *model = calloc(1, sizeof *model);
    if (!graph || !model) abort();
    put_node(graph, "Conv", "conv", (const char *const[]){"x", "w", "b"}, 3, "conv_out");
    put_node(graph, "BatchNormalization", "norm",
             (const char *const[]){"conv_out", "gamma", "beta", "mean", "variance"}, 5, "norm_out");
    put_node(graph, "Relu", "relu", (const char *const[]){"norm_out"}, 1, "relu_out");
    put_node(graph, pool, "pool", (const char *const[]){"relu_out"}, 1, "pool_out");
    put_node(graph, "Flatten", "flat", (const char *const[]){"pool_out"}, 1, "scores");
    put_text(graph, 2, "small");
    put_weights(graph, "w", weights, 4, kernel);
    put_weights(graph, "b", bias, 1, two);
    put_weights(graph, "gamma", gamma_, 1, two);
    put_weights(graph, "beta", beta, 1, two);
    put_weights(graph, "mean", mean, 1, two);
    put_weights(graph, "variance", variance, 1, two);
    put_edge(graph, 11, "x", 4, input);
    put_edge(graph, 12, "scores", 2, output);
    put_number(model, 1, 8);
    put_bytes(model, 7, graph->data, graph->size);
    Bytes opset = {.size = 0};
    put_number(&opset, 2, 13);
    put_bytes(model, 8, opset.data, opset.size);

    uint8_t *bytes = malloc(model->size);
    if (!bytes) abort();
    memcpy(bytes, model->data, model->size);
    const int handle = convo_network_open("small.onnx", bytes, model->size);
    free(graph);
    free(model);
    if (handle <= 0) test_fail(__FILE__, __LINE__, "open: %s", convo_error_message());
    static const char *const settings[][2] = {{"channels", "RGB"}, {"mean", "0,0,0"},
                                              {"std", "1,1,1"},    {"range", "1"},
                                              {"size", "8x8"},     {"labels", "dark\nlight"}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        CHECK(convo_network_set(handle, settings[i][0], settings[i][1]) == 0);
    return handle;
}

int api_small_network(void)
{
    return api_network("GlobalAveragePool");
}

/* ---- reading answers ---- */

bool api_says(const char *text)
{
    if (strstr(convo_text(), text)) return true;
    test_fail(__FILE__, __LINE__, "'%s' is not in %.300s", text, convo_text());
    return false;
}

/* The array that stands behind `data` in the answer, from the given member on. */
const float *api_array(const char *member)
{
    const char *from = strstr(convo_text(), member);
    const char *data = from ? strstr(from, "\"data\":") : NULL;
    if (data) return (const float *)(uintptr_t)strtoull(data + 7, NULL, 10);
    test_fail(__FILE__, __LINE__, "%s has no array: %.300s", member, convo_text());
    static const float nothing[1];
    return nothing;
}
