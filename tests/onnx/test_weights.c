/* Weights of every type and way of storing them, in the file and beside it, come out as the same numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "onnx/import.h"
#include "onnx/weights.h"
#include "support/onnx_writer.h"
#include "support/test.h"

enum { COUNT = 12 }; /* of the shape [2,3,2] */

static const int64_t shape[] = {2, 3, 2};

/* Values that every float type holds exactly. */
static float value_at(int i)
{
    return 0.25F * (float)(i - 5);
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Exact for the values of this test: no rounding, no subnormals. */
static uint16_t half_of(float value)
{
    if (value == 0) return 0;
    const uint32_t bits = bits_of(value);
    return (uint16_t)((bits >> 16 & 0x8000) | ((bits >> 23 & 0xFF) - 112) << 10 |
                      (bits >> 13 & 0x3FF));
}

static size_t encode(OnnxType type, uint8_t *bytes)
{
    const size_t size = onnx_type_size(type);
    for (int i = 0; i < COUNT; i++) {
        const float f = value_at(i);
        const double d = (double)f;
        const uint32_t word = bits_of(f);
        const uint16_t half = half_of(f), brain = (uint16_t)(word >> 16);
        const void *from = type == ONNX_DOUBLE     ? (const void *)&d
                           : type == ONNX_FLOAT16  ? (const void *)&half
                           : type == ONNX_BFLOAT16 ? (const void *)&brain
                                                   : (const void *)&word;
        memcpy(bytes + (size_t)i * size, from, size);
    }
    return size * COUNT;
}

/* y = x + w. */
static Text adding(Text *graph, const char *w)
{
    write_node(graph, "Add", "add", w, "y", NULL);
    write_input(graph, "x", 3, shape);
    write_output(graph, "y");
    return write_model(graph, 13);
}

static void check_sum(const char *what, Text *file, const float *expected)
{
    OnnxModel *model = NULL;
    Graph *graph = NULL;
    Status status = onnx_open(&model, (uint8_t *)file->bytes, file->length);
    if (status.code == STATUS_OK) status = onnx_build(model, NULL, (OnnxBuildOptions){0}, &graph);
    if (status.code == STATUS_OK) status = graph_allocate(graph, GRAPH_FORWARD);
    if (status.code != STATUS_OK) {
        test_fail(__FILE__, __LINE__, "%s: %s", what, status.message);
    } else {
        graph_forward(graph);
        const float *y = graph_output(graph, 0)->data;
        for (int i = 0; i < COUNT; i++) {
            if (y[i] != expected[i])
                test_fail(__FILE__, __LINE__, "%s: value %d is %g, not %g", what, i, (double)y[i],
                          (double)expected[i]);
        }
    }
    graph_destroy(graph);
    onnx_free(model);
    text_release(file);
}

static const OnnxType float_types[] = {ONNX_FLOAT, ONNX_FLOAT16, ONNX_BFLOAT16, ONNX_DOUBLE};

static void float_values(float *expected)
{
    for (int i = 0; i < COUNT; i++) expected[i] = value_at(i);
}

static void raw_floats(void)
{
    float expected[COUNT];
    float_values(expected);
    for (size_t t = 0; t < sizeof float_types / sizeof *float_types; t++) {
        for (int cast = 0; cast < 2; cast++) {
            Text graph = {0}, attrs = {0};
            uint8_t bytes[COUNT * 8];
            const size_t size = encode(float_types[t], bytes);
            if (cast) {
                write_int(&attrs, "to", ONNX_FLOAT);
                write_node(&graph, "Cast", "cast", "w", "w32", &attrs);
            }
            write_tensor(&graph, "w", float_types[t], 3, shape, bytes, size);
            Text file = adding(&graph, cast ? "x w32" : "x w");
            check_sum(onnx_type_name((int)float_types[t]), &file, expected);
        }
    }
}

/* The typed lists: float16 and bfloat16 as bits in int32_data, float64 in double_data. */
static void listed_floats(void)
{
    float expected[COUNT];
    float_values(expected);
    for (size_t t = 0; t < sizeof float_types / sizeof *float_types; t++) {
        const OnnxType type = float_types[t];
        Text graph = {0}, tensor = {0}, packed = {0};
        uint8_t bytes[COUNT * 8];
        const size_t size = encode(type, bytes);
        for (int i = 0; i < 3; i++) pb_number(&tensor, 1, (uint64_t)shape[i]);
        pb_number(&tensor, 2, type);
        pb_text(&tensor, 8, "w");
        if (onnx_type_size(type) == 2) {
            for (size_t i = 0; i < size; i += 2)
                pb_number(&tensor, 5, (uint64_t)(bytes[i] | bytes[i + 1] << 8));
        } else {
            text_append(&packed, (const char *)bytes, size);
            pb_message(&tensor, type == ONNX_DOUBLE ? 10 : 4, &packed);
        }
        pb_message(&graph, 5, &tensor);
        Text file = adding(&graph, "x w");
        check_sum(onnx_type_name((int)type), &file, expected);
    }
}

typedef struct Quantized {
    const char *what;
    OnnxType type;
    int axis;   /* 0, 1 or 2 of the shape; -1: per tensor */
    int offset; /* given to the node: 0, or -3 to count from the end */
    bool zero;
} Quantized;

static void check_quantized(const Quantized *q)
{
    static const float scales[] = {0.5F, 2, 0.25F};
    static const int zeros[] = {3, 0, 5};
    Text graph = {0}, attrs = {0};
    uint8_t w[4 * COUNT], z[4 * 3];
    float expected[COUNT];
    const size_t size = onnx_type_size(q->type);
    const int many = q->axis < 0 ? 1 : (int)shape[q->axis];
    for (int i = 0; i < COUNT; i++) {
        const int value = i * 37 % 256 - (q->type == ONNX_UINT8 ? 0 : 128);
        const int index[] = {i / 6, i / 2 % 3, i % 2}, k = q->axis < 0 ? 0 : index[q->axis];
        memcpy(w + (size_t)i * size, &value, size); /* little-endian */
        expected[i] = (float)(value - (q->zero ? zeros[k] : 0)) * scales[k];
    }
    for (int k = 0; k < many; k++) memcpy(z + (size_t)k * size, &zeros[k], size);
    const int rank = q->axis < 0 ? 0 : 1;
    if (q->axis >= 0) write_int(&attrs, "axis", q->axis + q->offset);
    write_node(&graph, "DequantizeLinear", "dequantize", q->zero ? "wq s z" : "wq s", "w", &attrs);
    write_tensor(&graph, "wq", q->type, 3, shape, w, size * COUNT);
    write_tensor(&graph, "s", ONNX_FLOAT, rank, (int64_t[]){many}, scales, 4U * (size_t)many);
    if (q->zero)
        write_tensor(&graph, "z", q->type, rank, (int64_t[]){many}, z, size * (size_t)many);
    Text file = adding(&graph, "x w");
    check_sum(q->what, &file, expected);
}

static void quantized(void)
{
    static const Quantized cases[] = {
        {"int8 per tensor", ONNX_INT8, -1, 0, true},
        {"uint8 per tensor", ONNX_UINT8, -1, 0, true},
        {"int8 without zero point", ONNX_INT8, -1, 0, false},
        {"int8 along axis 0", ONNX_INT8, 0, 0, true},
        {"int8 along axis 1", ONNX_INT8, 1, 0, true},
        {"uint8 along axis 1", ONNX_UINT8, 1, 0, true},
        {"uint8 along axis 2", ONNX_UINT8, 2, 0, false},
        {"int8 along axis -3", ONNX_INT8, 0, -3, true},
        {"int32 per tensor", ONNX_INT32, -1, 0, false},
        {"int32 along axis 1", ONNX_INT32, 1, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_quantized(&cases[i]);
}

/* ---- weights in another file ---- */

typedef struct Place {
    const char *location, *offset, *length; /* NULL: not given */
} Place;

static Text with_external(Place place)
{
    Text graph = {0}, tensor = {0};
    const char *const keys[] = {"location", "offset", "length"};
    const char *const values[] = {place.location, place.offset, place.length};
    for (int i = 0; i < 3; i++) pb_number(&tensor, 1, (uint64_t)shape[i]);
    pb_number(&tensor, 2, ONNX_FLOAT);
    pb_text(&tensor, 8, "w");
    for (int i = 0; i < 3; i++) {
        Text entry = {0};
        if (!values[i]) continue;
        pb_text(&entry, 1, keys[i]);
        pb_text(&entry, 2, values[i]);
        pb_message(&tensor, 13, &entry);
    }
    pb_number(&tensor, 14, 1);
    pb_message(&graph, 5, &tensor);
    return adding(&graph, "x w");
}

static Status try_external(Place place)
{
    Text file = with_external(place);
    OnnxModel *model = NULL;
    Status status = onnx_open(&model, (uint8_t *)file.bytes, file.length);
    if (status.code == STATUS_OK) onnx_free(model);
    text_release(&file);
    return status;
}

static void external_paths_are_checked(void)
{
    static const char *const refused[] = {
        "../w.bin", "/etc/passwd", "a/../../w.bin", "a/..", "..",  "a//b", "a/",
        "",         ".",           "a/./b",         "C:w",  "a\\b"};
    static const char *const taken[] = {"w.bin", "./w.bin", "a/b/w.bin", "..w", "a..b", "w .bin"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK_FAILS(try_external((Place){refused[i], NULL, NULL}), "no plain path");
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        CHECK_OK(try_external((Place){taken[i], NULL, NULL}));
    CHECK_FAILS(try_external((Place){NULL, NULL, NULL}), "not named");
    CHECK_FAILS(try_external((Place){"w", "18446744073709551600", "48"}), "impossible offset");
    CHECK_FAILS(try_external((Place){"w", "99999999999999999999", NULL}), "impossible offset");
    CHECK_FAILS(try_external((Place){"w", "-4", NULL}), "impossible offset");
    CHECK_FAILS(try_external((Place){"w", "4 ", NULL}), "impossible offset");
    CHECK_FAILS(try_external((Place){"w", "", NULL}), "impossible offset");
    CHECK_FAILS(try_external((Place){"w", "0", "47"}), "needs 48");
    CHECK_FAILS(try_external((Place){"w", "0", "49"}), "needs 48");
}

static Status attach(Network *network, const char *location, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    memset(bytes, 0, size + 1);
    for (size_t at = 5; at + 4 <= size; at += 4) {
        float value = value_at((int)(at - 5) / 4);
        memcpy(bytes + at, &value, sizeof value);
    }
    return network_attach(network, location, bytes, size);
}

/* At byte 5 of the other file, where no float is aligned. */
static void external_weights(void)
{
    Text file = with_external((Place){"./sub/w.bin", "5", "48"});
    Network *network = NULL;
    Graph *graph = NULL;
    CHECK_OK(network_open(&network, "n.onnx", (uint8_t *)file.bytes, file.length));
    CHECK_TEXT(network_missing(network), "sub/w.bin");
    CHECK_FAILS(network_build(network, &(GraphRequest){0}, &graph),
                "'sub/w.bin', which is missing");
    CHECK_FAILS(attach(network, "other.bin", 53), "no weights in a file 'other.bin'");
    CHECK_FAILS(attach(network, "sub/w.bin", 52), "was cut off");
    CHECK_TEXT(network_missing(network), "sub/w.bin");
    CHECK_OK(attach(network, "sub/w.bin", 53));
    CHECK(network_missing(network) == NULL);
    CHECK_FAILS(attach(network, "sub/w.bin", 53), "given already");
    CHECK(network_file_bytes(network) == file.length + 53);
    CHECK_OK(network_build(network, &(GraphRequest){0}, &graph));
    const Value *w = graph ? graph_find(graph, "w") : NULL;
    for (int i = 0; w && i < COUNT; i++) CHECK_NEAR(w->data[i], value_at(i), 0);
    CHECK(w != NULL);
    graph_destroy(graph);
    network_close(network);
}

/* Without a length the values end where the file does. */
static void external_without_length(void)
{
    Text file = with_external((Place){"w", NULL, NULL});
    Network *network = NULL;
    CHECK_OK(network_open(&network, "n.onnx", (uint8_t *)file.bytes, file.length));
    CHECK_FAILS(attach(network, "w", 47), "has 47 bytes");
    CHECK_FAILS(attach(network, "w", 49), "has 49 bytes");
    CHECK_OK(attach(network, "w", 48));
    network_close(network);
}

static const Test tests[] = {TEST(raw_floats),       TEST(listed_floats),
                             TEST(quantized),        TEST(external_paths_are_checked),
                             TEST(external_weights), TEST(external_without_length)};
TEST_MAIN(tests)
