/* Nodes whose form in the file differs from the operators of the graph: chains, inputs that become attributes. */
#include <math.h>
#include <string.h>

#include "onnx/import.h"
#include "support/onnx_writer.h"
#include "support/test.h"

enum { VALUES = 4 };

static const float picture[VALUES] = {-2, -1, 0.5F, 3};

typedef struct Built {
    Text file;
    OnnxModel *model;
    Graph *graph;
} Built;

/* Opens a graph whose input x has the shape [1,4] and whose output is y; the text is taken. */
static Status build(Text *graph, int opset, Built *b)
{
    write_input(graph, "x", 2, (const int64_t[]){1, VALUES});
    write_output(graph, "y");
    *b = (Built){.file = write_model(graph, opset)};
    TRY(onnx_open(&b->model, (uint8_t *)b->file.bytes, b->file.length));
    return onnx_build(b->model, NULL, (OnnxBuildOptions){0}, &b->graph);
}

static void release(Built *b)
{
    graph_destroy(b->graph);
    onnx_free(b->model);
    text_release(&b->file);
}

/* Runs forward on `picture` and compares the output. */
static void expect(Text *graph, int opset, int count, const float *expected)
{
    Built b;
    Status status = build(graph, opset, &b);
    CHECK_OK(status);
    if (status.code == STATUS_OK) {
        CHECK_OK(graph_allocate(b.graph, GRAPH_FORWARD));
        memcpy(graph_input(b.graph, 0)->data, picture, sizeof picture);
        graph_forward(b.graph);
        const Value *y = graph_output(b.graph, 0);
        CHECK((int)shape_elements(&y->shape) == count);
        for (int i = 0; i < count && (int)shape_elements(&y->shape) == count; i++)
            CHECK_NEAR(y->data[i], expected[i], 1e-6);
    }
    release(&b);
}

static void write_floats(Text *graph, const char *name, int count, const float *values)
{
    const int64_t dim = count;
    write_tensor(graph, name, ONNX_FLOAT, 1, &dim, values, (size_t)count * sizeof *values);
}

static void expect_chain(const char *op, const float *expected)
{
    Text g = {0};
    write_floats(&g, "a", VALUES, (const float[]){1, 1, 1, 1});
    write_floats(&g, "b", 1, (const float[]){0});
    write_node(&g, op, "chain", "x a b", "y", NULL);
    expect(&g, 13, VALUES, expected);
}

static void many_inputs_become_a_chain(void)
{
    expect_chain("Sum", (const float[]){-1, 0, 1.5F, 4});
    expect_chain("Mean", (const float[]){-1.0F / 3, 0, 0.5F, 4.0F / 3});
    expect_chain("Max", (const float[]){1, 1, 1, 3});
    expect_chain("Min", (const float[]){-2, -1, 0, 0});
}

static void one_input_is_itself(void)
{
    static const char *const ops[] = {"Sum", "Mean", "Max", "Min"};
    for (int i = 0; i < 4; i++) {
        Text g = {0};
        write_node(&g, ops[i], "alone", "x", "y", NULL);
        expect(&g, 13, VALUES, picture);
    }
}

/* Found by fuzzing: the links of the chain were given the outputs of the node, of which they have one. */
static void a_chain_has_one_output(void)
{
    static const char *const ops[] = {"Sum", "Mean", "Max", "Min"};
    for (int i = 0; i < 4; i++) {
        Text g = {0};
        Built b;
        write_node(&g, ops[i], "twice", "x x x", "y z", NULL);
        CHECK_FAILS(build(&g, 13, &b), "not just one output");
        release(&b);
    }
}

static void integers_may_be_exponents(void)
{
    Text g = {0};
    write_int64s(&g, "two", 1, (const int64_t[]){2});
    write_node(&g, "Pow", "square", "x two", "y", NULL);
    expect(&g, 13, VALUES, (const float[]){4, 1, 0.25F, 9});
}

static void conditions_that_are_constant_choose(void)
{
    Text g = {0};
    static const uint8_t yes[VALUES] = {1, 0, 1, 0};
    write_tensor(&g, "c", ONNX_BOOL, 1, (const int64_t[]){VALUES}, yes, sizeof yes);
    write_floats(&g, "b", 1, (const float[]){7});
    write_node(&g, "Where", "choice", "c x b", "y", NULL);
    expect(&g, 13, VALUES, (const float[]){-2, 7, 0.5F, 7});
}

static void lists_become_attributes(void)
{
    Text g = {0};
    write_int64s(&g, "r", 2, (const int64_t[]){2, 1});
    write_node(&g, "Tile", "tile", "x r", "y", NULL);
    expect(&g, 13, 2 * VALUES, (const float[]){-2, -1, 0.5F, 3, -2, -1, 0.5F, 3});
    write_int64s(&g, "axes", 1, (const int64_t[]){1});
    write_node(&g, "ReduceMax", "most", "x axes", "y", NULL);
    expect(&g, 18, 1, (const float[]){3});
    write_int64s(&g, "s", 2, (const int64_t[]){2, VALUES});
    write_node(&g, "Expand", "expand", "x s", "y", NULL);
    expect(&g, 13, 2 * VALUES, (const float[]){-2, -1, 0.5F, 3, -2, -1, 0.5F, 3});
}

/* One slope per channel, without the dimensions that opset 7 asks for. */
static void old_slopes_lie_along_the_channels(void)
{
    Text g = {0};
    write_node(&g, "Reshape", "to2", "x shape", "t", NULL);
    write_int64s(&g, "shape", 3, (const int64_t[]){1, 2, 2});
    write_floats(&g, "slope", 2, (const float[]){0.5F, 0.25F});
    write_node(&g, "PRelu", "prelu", "t slope", "y", NULL);
    expect(&g, 6, VALUES, (const float[]){-1, -0.5F, 0.5F, 3});
}

static void statistics_that_are_used_are_refused(void)
{
    Text g = {0};
    write_floats(&g, "s", VALUES, (const float[]){1, 1, 1, 1});
    write_node(&g, "LayerNormalization", "norm", "x s", "n m", NULL);
    write_node(&g, "Sub", "less", "n m", "y", NULL);
    Built b;
    CHECK_FAILS(build(&g, 17, &b), "'norm': its mean");
    release(&b);
}

static const Test tests[] = {TEST(many_inputs_become_a_chain),
                             TEST(one_input_is_itself),
                             TEST(a_chain_has_one_output),
                             TEST(integers_may_be_exponents),
                             TEST(conditions_that_are_constant_choose),
                             TEST(lists_become_attributes),
                             TEST(old_slopes_lie_along_the_channels),
                             TEST(statistics_that_are_used_are_refused)};
TEST_MAIN(tests)
