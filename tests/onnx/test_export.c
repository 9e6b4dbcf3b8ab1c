/* The exporter: what it writes reads back the same; float16 against exact arithmetic. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "onnx/export.h"
#include "onnx/import.h"
#include "onnx/weights.h"
#include "support/test.h"

/* Every number of float16, and what lies between neighbours: the nearer one, the even one in the middle. */
static void rounds_to_the_nearest_half(void)
{
    for (uint32_t bits = 0; bits < 0x7BFF; bits++) {
        const float here = float_from_half((uint16_t)bits);
        const float next = float_from_half((uint16_t)(bits + 1)), middle = (here + next) / 2;
        CHECK(half_from_float(here) == bits && half_from_float(-here) == (bits | 0x8000));
        CHECK(half_from_float(middle) == (bits & 1 ? bits + 1 : bits));
        CHECK(half_from_float(nextafterf(middle, here)) == bits);
        CHECK(half_from_float(nextafterf(middle, next)) == bits + 1);
        if (test_failures()) return;
    }
    CHECK(half_from_float(65504) == 0x7BFF && half_from_float(65519) == 0x7BFF);
    CHECK(half_from_float(65520) == 0x7C00 && half_from_float(-INFINITY) == 0xFC00);
    CHECK((half_from_float(NAN) & 0x7FFF) > 0x7C00);
    CHECK(half_from_float(1e-30F) == 0 && half_from_float(-0.0F) == 0x8000);
}

static float numbers[3][4 * 3 * 3 * 3];

/* Conv and its rectifier, pooled, beside a convolution that shares its bias; classes. */
static Graph *example(void)
{
    Graph *graph;
    Value *x, *w[2], *b, *dense, *in[3];
    Random random = random_seeded(2);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 4 * 27; k++) numbers[i][k] = 0.3F * random_normal(&random);
    CHECK_OK(graph_create(&graph));
    CHECK_OK(graph_add_input(graph, "x", shape_4d(1, 3, 9, 7), &x));
    for (int i = 0; i < 2; i++)
        CHECK_OK(
            graph_add_constant(graph, i ? "w1" : "w0", shape_4d(4, 3, 3, 3), numbers[i], &w[i]));
    CHECK_OK(graph_add_constant(graph, "b", shape_make(1, (int[]){4}), numbers[2], &b));
    CHECK_OK(graph_add_constant(graph, "dense", shape_make(2, (int[]){5, 8}), numbers[2], &dense));
    Value *branch[2];
    for (int i = 0; i < 2; i++) {
        const Attr attr[] = {
            {.name = "pads", .kind = ATTR_INTS, .count = 4, .ints = (int64_t[]){1, 1, 1, 1}},
            {.name = "auto_pad", .kind = ATTR_STRING, .s = "NOTSET"},
        };
        Node *node;
        const char *name = i ? "conv1" : "conv0";
        const NodeSpec conv = {.op = "Conv",
                               .name = name,
                               .in = (Value *[]){x, w[i], b},
                               .in_count = 3,
                               .out = &name,
                               .out_count = 1,
                               .attr = attr,
                               .attr_count = 2,
                               .opset = 13};
        CHECK_OK(graph_add_node(graph, &conv, &node));
        branch[i] = node->out[0];
    }
    static const struct {
        const char *op;
        Attr attr;
    } chain[] = {
        {"Concat", {.name = "axis", .kind = ATTR_INT, .i = 1}},
        {"LeakyRelu", {.name = "alpha", .kind = ATTR_FLOAT, .f = 0.125F}},
        {"GlobalAveragePool", {0}},
        {"Flatten", {0}},
        {"Gemm", {.name = "transB", .kind = ATTR_INT, .i = 1}},
    };
    for (size_t i = 0; i < sizeof chain / sizeof *chain; i++) {
        Node *node = graph_node(graph, graph_node_count(graph) - 1);
        in[0] = i == 0 ? branch[0] : node->out[0];
        in[1] = i == 0 ? branch[1] : dense;
        const NodeSpec spec = {.op = chain[i].op,
                               .name = chain[i].op,
                               .in = in,
                               .in_count = i == 0 || i == 4 ? 2 : 1,
                               .out = &chain[i].op,
                               .out_count = 1,
                               .attr = &chain[i].attr,
                               .attr_count = chain[i].attr.name != NULL,
                               .opset = 13};
        CHECK_OK(graph_add_node(graph, &spec, &node));
        if (i == 4) CHECK_OK(graph_mark_output(graph, node->out[0]));
    }
    return graph;
}

static void run(Graph *graph, float out[5])
{
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    for (size_t i = 0; i < shape_elements(&graph_input(graph, 0)->shape); i++)
        graph_input(graph, 0)->data[i] = sinf(0.7F * (float)i);
    graph_forward(graph);
    memcpy(out, graph_output(graph, 0)->data, 5 * sizeof(float));
}

static void check_round_trip(bool half)
{
    Graph *graph = example(), *again = NULL;
    Text bytes = {0};
    const OnnxExportEntry entry = {"key", "a value\nof two lines"};
    const OnnxExportOptions options = {
        .name = "example", .half = half, .any_size = true, .metadata = &entry, .metadata_count = 1};
    CHECK_OK(onnx_export(graph, &options, &bytes));
    OnnxModel *model = NULL;
    CHECK_OK(onnx_open(&model, (uint8_t *)bytes.bytes, bytes.length));
    CHECK_TEXT(onnx_metadata(model, "key"), entry.value);
    CHECK_TEXT(model->producer, "convoscope");
    CHECK(model->opset == 13 && model->tensor_count == 4);
    CHECK(model->inputs[0].dim[0] == -1 && model->inputs[0].dim[1] == 3);
    CHECK_TEXT(model->inputs[0].dim_name[2], "height");
    const Shape shape = shape_4d(1, 3, 9, 7);
    CHECK_OK(onnx_build(model, &shape, (OnnxBuildOptions){0}, &again));
    float expected[5], got[5];
    run(graph, expected);
    run(again, got);
    for (int i = 0; i < 5; i++) CHECK_NEAR(got[i], expected[i], half ? 1e-3 : 0);
    graph_destroy(again);
    onnx_free(model);
    text_release(&bytes);
    graph_destroy(graph);
}

static void reads_back_the_same(void)
{
    check_round_trip(false);
    check_round_trip(true);
}

/* Mirrored at its border and doubled: pads and scales are inputs in the file, attributes in the graph. */
static Graph *padded(void)
{
    Graph *graph;
    Value *x;
    CHECK_OK(graph_create(&graph));
    CHECK_OK(graph_add_input(graph, "x", shape_4d(1, 2, 4, 3), &x));
    const Attr pad[] = {
        {.name = "mode", .kind = ATTR_STRING, .s = "reflect"},
        {.name = "pads",
         .kind = ATTR_INTS,
         .count = 8,
         .ints = (int64_t[]){0, 0, 1, 2, 0, 0, 0, 1}},
    };
    const Attr frame[] = {
        {.name = "pads",
         .kind = ATTR_INTS,
         .count = 8,
         .ints = (int64_t[]){0, 0, 1, 1, 0, 0, 1, 1}},
        {.name = "value", .kind = ATTR_FLOAT, .f = 0.75F},
    };
    const Attr resize[] = {
        {.name = "mode", .kind = ATTR_STRING, .s = "nearest"},
        {.name = "scales", .kind = ATTR_FLOATS, .count = 4, .floats = (float[]){1, 1, 2, 2}},
    };
    const NodeSpec specs[] = {
        {.op = "Pad", .name = "mirrored", .attr = pad, .attr_count = 2},
        {.op = "Pad", .name = "framed", .attr = frame, .attr_count = 2},
        {.op = "Resize", .name = "doubled", .attr = resize, .attr_count = 2},
    };
    for (int i = 0; i < 3; i++) {
        Node *node;
        NodeSpec spec = specs[i];
        spec.in = &x, spec.in_count = 1;
        spec.out = &spec.name, spec.out_count = 1;
        spec.opset = 13;
        CHECK_OK(graph_add_node(graph, &spec, &node));
        x = node->out[0];
    }
    CHECK_OK(graph_mark_output(graph, x));
    return graph;
}

static void writes_attributes_as_inputs(void)
{
    Graph *graph = padded(), *again = NULL;
    Text bytes = {0};
    OnnxModel *model = NULL;
    CHECK_OK(onnx_export(graph, &(OnnxExportOptions){.name = "padded", .any_size = true}, &bytes));
    CHECK_OK(onnx_open(&model, (uint8_t *)bytes.bytes, bytes.length));
    CHECK(model->tensor_count == 4);
    const Shape shape = graph_input(graph, 0)->shape;
    CHECK_OK(onnx_build(model, &shape, (OnnxBuildOptions){0}, &again));
    Graph *const both[] = {graph, again};
    for (int i = 0; i < 2; i++) {
        CHECK_OK(graph_allocate(both[i], GRAPH_FORWARD));
        for (size_t k = 0; k < shape_elements(&shape); k++)
            graph_input(both[i], 0)->data[k] = sinf(0.7F * (float)k);
        graph_forward(both[i]);
    }
    const Value *expected = graph_output(graph, 0), *got = graph_output(again, 0);
    CHECK(shape_equal(&expected->shape, &got->shape) && got->shape.dim[2] == 14);
    CHECK(memcmp(expected->data, got->data, shape_elements(&got->shape) * sizeof(float)) == 0);
    graph_destroy(again);
    onnx_free(model);
    text_release(&bytes);
    graph_destroy(graph);
}

static void refuses_what_it_cannot_write(void)
{
    Graph *graph;
    Value *x;
    Text bytes = {0};
    CHECK_OK(graph_create(&graph));
    CHECK_OK(graph_add_input(graph, "x", shape_4d(1, 1, 2, 2), &x));
    const char *name = "reshaped";
    const Attr shape = {.name = "shape", .kind = ATTR_INTS, .count = 1, .ints = (int64_t[]){4}};
    Node *node;
    const NodeSpec spec = {.op = "Reshape",
                           .name = name,
                           .in = &x,
                           .in_count = 1,
                           .out = &name,
                           .out_count = 1,
                           .attr = &shape,
                           .attr_count = 1,
                           .opset = 13};
    CHECK_OK(graph_add_node(graph, &spec, &node));
    CHECK_FAILS(onnx_export(graph, &(OnnxExportOptions){.name = "x"}, &bytes),
                "Reshape 'reshaped'");
    text_release(&bytes);
    graph_destroy(graph);

    graph = example();
    numbers[0][3] = 1e6F;
    CHECK_FAILS(onnx_export(graph, &(OnnxExportOptions){.name = "x", .half = true}, &bytes),
                "too large");
    text_release(&bytes);
    graph_destroy(graph);
}

static const Test tests[] = {
    TEST(rounds_to_the_nearest_half),
    TEST(reads_back_the_same),
    TEST(writes_attributes_as_inputs),
    TEST(refuses_what_it_cannot_write),
};
TEST_MAIN(tests)
