/* What the importer makes of a file: folding, conversion, refusals, sizes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx/import.h"
#include "onnx/weights.h"
#include "support/onnx_writer.h"
#include "support/shared.h"
#include "support/test.h"

typedef struct Opened {
    Text text;
    OnnxModel *model;
} Opened;

static Opened open_text(Text text)
{
    Opened opened = {.text = text};
    CHECK_OK(onnx_open(&opened.model, (uint8_t *)text.bytes, text.length));
    return opened;
}

static void close_opened(Opened *opened)
{
    onnx_free(opened->model);
    text_release(&opened->text);
}

static Graph *run(OnnxModel *model, OnnxBuildOptions options)
{
    Graph *graph = NULL;
    const Shape shape = shape_4d(1, 0, 8, 8);
    CHECK_OK(onnx_build(model, &shape, options, &graph));
    if (!graph) return NULL;
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    Value *input = graph_input(graph, 0);
    for (size_t i = 0; i < shape_elements(&input->shape); i++)
        input->data[i] = sinf((float)i * 0.37F);
    graph_forward(graph);
    return graph;
}

static void batch_normalization_folds(void)
{
    Opened opened = open_text(example_model(0));
    const char *keep[] = {"c1"};
    Graph *folded = run(opened.model, (OnnxBuildOptions){0});
    Graph *apart = run(opened.model, (OnnxBuildOptions){.no_fold = true});
    Graph *kept = run(opened.model, (OnnxBuildOptions){.keep = keep, .keep_count = 1});
    CHECK(graph_node_count(apart) == graph_node_count(folded) + 1);
    CHECK(graph_find(folded, "c1") == NULL && graph_find(kept, "c1") && graph_find(apart, "c1"));
    const Value *a = graph_find(folded, "b1"), *b = graph_find(apart, "b1");
    CHECK(relative_error(a->data, b->data, shape_elements(&a->shape)) < 1e-6);
    OnnxFoldRecord record;
    CHECK(onnx_fold_record(opened.model, folded, 0, &record));
    CHECK_TEXT(record.name, "bn1");
    CHECK_TEXT(record.into, "conv1");
    CHECK(!onnx_fold_record(opened.model, folded, 1, &record));
    CHECK(!onnx_fold_record(opened.model, kept, 0, &record));
    graph_destroy(folded);
    graph_destroy(apart);
    graph_destroy(kept);
    close_opened(&opened);
}

/* Weights are used where they lie in the file, whatever the alignment of the file. */
static void weights_are_borrowed(void)
{
    for (size_t shift = 0; shift < 4; shift++) {
        Text text = example_model(0);
        uint8_t *memory = malloc(text.length + shift), *bytes = memory + shift;
        memcpy(bytes, text.bytes, text.length);
        OnnxModel *model;
        CHECK_OK(onnx_open(&model, bytes, text.length));
        Graph *graph = NULL;
        CHECK_OK(onnx_build(model, NULL, (OnnxBuildOptions){.no_fold = true}, &graph));
        const Value *w = graph_find(graph, "w1");
        const uint8_t *at = (const uint8_t *)w->data;
        CHECK(at >= bytes && at < bytes + text.length && ((uintptr_t)at & 3) == 0);
        graph_destroy(graph);
        onnx_free(model);
        free(memory);
        text_release(&text);
    }
}

static void numbers_are_converted(void)
{
    CHECK_NEAR(float_from_half(0x3C00), 1, 0);
    CHECK_NEAR(float_from_half(0xC000), -2, 0);
    CHECK_NEAR(float_from_half(0x7BFF), 65504, 0);
    CHECK_NEAR(float_from_half(0x0001), ldexp(1, -24), 0);
    CHECK_NEAR(float_from_half(0x8400), -ldexp(1, -14), 0);
    CHECK(isinf(float_from_half(0x7C00)) && isnan(float_from_half(0x7E00)));
    Opened opened = open_text(example_model(2));
    Graph *graph = NULL;
    CHECK_OK(onnx_build(opened.model, NULL, (OnnxBuildOptions){0}, &graph));
    const Value *w = graph_find(graph, "w"), *b = graph_find(graph, "bias");
    CHECK(w && w->constant && b && b->constant);
    const float scale[] = {0.01F, 0.02F, 0.005F, 0.01F}, zero[] = {0, 1, -2, 0};
    for (int i = 0; w && i < 108; i++) {
        int q = (int8_t)(i * 37 % 255 - 127);
        CHECK_NEAR(w->data[i], ((float)q - zero[i / 27]) * scale[i / 27], 1e-6);
    }
    CHECK(b && b->data[0] == 1 && b->data[1] == -1 && b->data[2] == ldexpf(1, -24));
    graph_destroy(graph);
    close_opened(&opened);
}

/* The same file at two sizes: what depends on the shape is calculated anew. */
static void shapes_follow_the_input(void)
{
    Opened opened = open_text(example_model(1));
    for (int height = 6; height <= 10; height += 4) {
        const Shape shape = shape_4d(1, 3, height, 5);
        Graph *graph = NULL;
        CHECK_OK(onnx_build(opened.model, &shape, (OnnxBuildOptions){0}, &graph));
        /* Resized to twice the size, then padded by one at the end of each dimension. */
        const Value *y = graph_output(graph, 0);
        CHECK(y->shape.rank == 2 && y->shape.dim[0] == 2);
        CHECK(y->shape.dim[1] == 4 * (2 * height + 1) * 11);
        graph_destroy(graph);
    }
    close_opened(&opened);
}

static void unsupported_operators_are_listed(void)
{
    Text g = {0};
    write_node(&g, "NonZero", "strange", "x", "a", NULL);
    write_node(&g, "Relu", "fine", "a", "b", NULL);
    write_node(&g, "Wobble", "stranger", "b", "y", NULL);
    write_node(&g, "Unused", "unused", "x", "z", NULL);
    write_input(&g, "x", 4, (const int64_t[]){1, 3, 8, 8});
    write_output(&g, "y");
    Opened opened = open_text(write_model(&g, 13));
    int count;
    const OnnxUnsupported *list = onnx_unsupported(opened.model, &count);
    CHECK(count == 2);
    CHECK_TEXT(list[1].op, "Wobble");
    Graph *graph;
    Status status = onnx_build(opened.model, NULL, (OnnxBuildOptions){0}, &graph);
    CHECK(status.code == STATUS_UNSUPPORTED);
    CHECK_FAILS(status, "'strange' needs the operator NonZero (opset 13)");
    CHECK_FAILS(status, "nor is 1 other");
    close_opened(&opened);
}

/* Every kind is in the list with what to do about it; a subgraph never makes the file unreadable. */
static void unsupported_operators_have_remedies(void)
{
    static const struct {
        const char *op, *remedy;
    } kinds[] = {{"If", "control flow"},          {"Loop", "control flow"},
                 {"LSTM", "recurrent"},           {"NonMaxSuppression", "post-processing"},
                 {"QLinearConv", "quantization"}, {"Wobble", "without it"}};
    Text g = {0};
    for (int i = 0; i < 6; i++) {
        Text attrs = {0}, attr = {0}, body = {0};
        char in[8], out[8];
        snprintf(in, sizeof in, i ? "v%d" : "x", i - 1);
        snprintf(out, sizeof out, i < 5 ? "v%d" : "y", i);
        pb_text(&attr, 1, "body");
        pb_number(&attr, 20, ONNX_ATTR_GRAPH);
        pb_message(&attr, 6, &body);
        if (i < 2) pb_message(&attrs, 5, &attr);
        text_release(&attr);
        write_node(&g, kinds[i].op, "", in, out, i < 2 ? &attrs : NULL);
    }
    write_input(&g, "x", 4, (const int64_t[]){1, 3, 8, 8});
    write_output(&g, "y");
    Opened opened = open_text(write_model(&g, 13));
    int count;
    const OnnxUnsupported *list = onnx_unsupported(opened.model, &count);
    CHECK(count == 6);
    for (int i = 0; i < 6 && i < count; i++) {
        CHECK_TEXT(list[i].op, kinds[i].op);
        CHECK(strstr(list[i].remedy, kinds[i].remedy) != NULL);
    }
    Graph *graph;
    CHECK_FAILS(onnx_build(opened.model, NULL, (OnnxBuildOptions){0}, &graph),
                "nor are 5 other nodes: control flow");
    CHECK_FAILS(onnx_build(opened.model, NULL, (OnnxBuildOptions){.partial = true}, &graph),
                "needs the operator If");
    close_opened(&opened);
}

/* x -> conv -> bn -> relu, and from there to a strange operator and to a pool; join reads both. */
static void what_can_run_is_built(void)
{
    Text g = {0};
    write_node(&g, "Conv", "conv", "x w", "c", NULL);
    write_node(&g, "BatchNormalization", "bn", "c s s s s", "n", NULL);
    write_node(&g, "Relu", "relu", "n", "r", NULL);
    write_node(&g, "Wobble", "strange", "r", "q", NULL);
    write_node(&g, "GlobalAveragePool", "pool", "r", "p", NULL);
    write_node(&g, "Add", "join", "q p", "y", NULL);
    write_weights(&g, "w", 4, (const int64_t[]){4, 3, 1, 1});
    write_weights(&g, "s", 1, (const int64_t[]){4});
    write_input(&g, "x", 4, (const int64_t[]){1, 3, 8, 8});
    write_output(&g, "y");
    Opened opened = open_text(write_model(&g, 13));
    Graph *graph = run(opened.model, (OnnxBuildOptions){.partial = true});
    CHECK(graph && graph_node_count(graph) == 3);
    CHECK(graph && graph_output_count(graph) == 1);
    CHECK(graph && graph_output(graph, 0) == graph_find(graph, "p"));
    CHECK(graph && !graph_find(graph, "q") && !graph_find(graph, "y"));
    graph_destroy(graph);
    close_opened(&opened);
}

static void inputs_are_checked(void)
{
    Text g = {0};
    write_node(&g, "Add", "sum", "x z", "y", NULL);
    write_input(&g, "x", 4, (const int64_t[]){1, 3, 8, 8});
    write_input(&g, "z", 4, (const int64_t[]){1, 3, 8, 8});
    write_output(&g, "y");
    Opened opened = open_text(write_model(&g, 13));
    Graph *graph = NULL;
    CHECK_FAILS(onnx_build(opened.model, NULL, (OnnxBuildOptions){0}, &graph),
                "2 inputs ('x', 'z')");
    const float one = 1;
    const OnnxBound bound = {"z", {.rank = 0}, &one};
    CHECK_OK(onnx_build(opened.model, NULL, (OnnxBuildOptions){.bound = &bound, .bound_count = 1},
                        &graph));
    graph_destroy(graph);
    close_opened(&opened);

    opened = open_text(example_model(0));
    Shape shape = shape_4d(1, 4, 8, 8);
    CHECK_FAILS(onnx_build(opened.model, &shape, (OnnxBuildOptions){0}, &graph), "3 channels");
    shape = shape_4d(1, 3, 2, 2);
    CHECK_FAILS(onnx_build(opened.model, &shape, (OnnxBuildOptions){0}, &graph), "pool1");
    shape = shape_4d(1, 3, 64, 64);
    CHECK_FAILS(onnx_build(opened.model, &shape, (OnnxBuildOptions){0}, &graph), "fc");
    close_opened(&opened);
}

/* Opset 4: the bias is laid along axis 1; unpacked and packed float_data. */
static void old_files(void)
{
    Opened opened = open_text(example_model(3));
    Graph *graph = NULL;
    CHECK_OK(onnx_build(opened.model, NULL, (OnnxBuildOptions){0}, &graph));
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    for (int i = 0; i < 48; i++) graph_input(graph, 0)->data[i] = 1;
    graph_forward(graph);
    /* Weights -0.5 -0.25 0 and 0.25 0.5 0.75, bias 0.5 -0.5, padded from 4x4 to 6x6 with 0.5. */
    const double first = (16 * (-0.75 + 0.5) + 20 * 0.5) / 36, second = (16 * 1.0 + 20 * 0.5) / 36;
    CHECK_NEAR(graph_output(graph, 0)->data[0], first, 1e-6);
    CHECK_NEAR(graph_output(graph, 0)->data[1], second, 1e-6);
    graph_destroy(graph);
    close_opened(&opened);
}

static const Test tests[] = {TEST(batch_normalization_folds),
                             TEST(weights_are_borrowed),
                             TEST(numbers_are_converted),
                             TEST(shapes_follow_the_input),
                             TEST(unsupported_operators_are_listed),
                             TEST(unsupported_operators_have_remedies),
                             TEST(what_can_run_is_built),
                             TEST(inputs_are_checked),
                             TEST(old_files)};
TEST_MAIN(tests)
