/*
 * SqueezeNet through the importer and the graph, against PyTorch's results (shared/reference/README.md:
 * relative L2 error of 1e-5 forward, 1e-4 backward).
 */
#include <stdio.h>
#include <string.h>

#include "support/shared.h"
#include "support/test.h"

#define REFERENCE "reference/squeezenet_zebra/"

static const double forward_tolerance = 1e-5, gradient_tolerance = 1e-4;

typedef struct Zebra {
    SharedModel shared;
    Graph *graph;
    Value *logits, *input;
    int top;
} Zebra;

static void close_zebra(Zebra *zebra)
{
    graph_destroy(zebra->graph);
    shared_close(&zebra->shared);
}

static bool open_zebra(Zebra *zebra)
{
    *zebra = (Zebra){0};
    Tensor input;
    if (!shared_folder() || !shared_npy(REFERENCE "input.npy", &input)) return false;
    bool opened = shared_open("data/models/squeezenet1_0.onnx", &zebra->shared);
    Shape shape = shape_4d(1, 3, 227, 227);
    CHECK(shape_equal(&shape, &input.shape));
    if (opened) {
        CHECK_OK(onnx_build(zebra->shared.model, &shape, (OnnxBuildOptions){0}, &zebra->graph));
    }
    if (zebra->graph) {
        CHECK_OK(graph_allocate(zebra->graph, GRAPH_INPUT_GRADIENT));
        zebra->input = graph_input(zebra->graph, 0);
        zebra->logits = graph_output(zebra->graph, 0);
        memcpy(zebra->input->data, input.data, shape_elements(&shape) * sizeof(float));
        graph_forward(zebra->graph);
        for (int c = 0; c < 1000; c++) {
            if (zebra->logits->data[c] > zebra->logits->data[zebra->top]) zebra->top = c;
        }
    }
    tensor_release(&input);
    if (!zebra->graph) close_zebra(zebra);
    return zebra->graph != NULL;
}

static void compare(const char *name, const float *data, size_t count, double tolerance)
{
    char path[128];
    Tensor expected;
    snprintf(path, sizeof path, REFERENCE "%s.npy", name);
    if (!shared_npy(path, &expected)) return;
    CHECK(shape_elements(&expected.shape) == count);
    double error = relative_error(data, expected.data, count);
    printf("  %-22s %.2e\n", name, error);
    CHECK_NEAR(error, 0, tolerance);
    tensor_release(&expected);
}

/* The value of the nth node with that operator. */
static Value *nth_output(const Graph *graph, const char *op, int n)
{
    for (int i = 0; i < graph_node_count(graph); i++) {
        const Node *node = graph_node(graph, i);
        if (strcmp(node->op->name, op) == 0 && n-- == 0) return node->out[0];
    }
    return NULL;
}

static void forward(void)
{
    Zebra zebra;
    if (!open_zebra(&zebra)) return;
    CHECK(zebra.top == 340);
    compare("logits", zebra.logits->data, 1000, forward_tolerance);
    const Value *first = nth_output(zebra.graph, "Relu", 0);
    compare("act_conv1_relu_c0_7", first->data,
            8 * (size_t)first->shape.dim[2] * (size_t)first->shape.dim[3], forward_tolerance);
    const Value *fire9 = nth_output(zebra.graph, "Concat", 7);
    float mean[512];
    const size_t positions = (size_t)fire9->shape.dim[2] * (size_t)fire9->shape.dim[3];
    CHECK(fire9->shape.dim[1] == 512);
    for (size_t c = 0; c < 512; c++) {
        double sum = 0;
        for (size_t i = 0; i < positions; i++) sum += (double)fire9->data[c * positions + i];
        mean[c] = (float)(sum / (double)positions);
    }
    compare("act_fire9_mean", mean, 512, forward_tolerance);
    close_zebra(&zebra);
}

static void gradient(const char *name, const BackwardRule *rule)
{
    Zebra zebra;
    if (!open_zebra(&zebra)) return;
    graph_zero_gradients(zebra.graph);
    graph_seed(zebra.graph, zebra.logits)[zebra.top] = 1;
    graph_backward(zebra.graph, rule);
    compare(name, zebra.input->grad, shape_elements(&zebra.input->shape), gradient_tolerance);
    close_zebra(&zebra);
}

static void exact_gradient(void)
{
    gradient("grad_logit", &backward_exact);
}

static void guided_gradient(void)
{
    gradient("guided_backprop", &backward_guided);
}

static void deconvnet_gradient(void)
{
    gradient("deconvnet", &backward_deconvnet);
}

/* d sum(G^2) / dF = 4 G F / (C H W), G = F F' / (C H W). */
static void gram_gradient(void)
{
    Zebra zebra;
    if (!open_zebra(&zebra)) return;
    Value *fire4 = nth_output(zebra.graph, "Concat", 2);
    const size_t channels = (size_t)fire4->shape.dim[1];
    const size_t positions = (size_t)fire4->shape.dim[2] * (size_t)fire4->shape.dim[3];
    const double scale = 1.0 / (double)(channels * positions);
    Tensor gram;
    CHECK_OK(
        tensor_alloc(&gram, (Shape){.rank = 2, .dim = {(int)channels, (int)channels}}, "gram"));
    for (size_t a = 0; a < channels; a++) {
        for (size_t b = 0; b < channels; b++) {
            double sum = 0;
            for (size_t i = 0; i < positions; i++)
                sum +=
                    (double)fire4->data[a * positions + i] * (double)fire4->data[b * positions + i];
            gram.data[a * channels + b] = (float)(sum * scale);
        }
    }
    compare("gram_fire4", gram.data, channels * channels, forward_tolerance);
    graph_zero_gradients(zebra.graph);
    float *seed = graph_seed(zebra.graph, fire4);
    for (size_t a = 0; a < channels; a++) {
        for (size_t b = 0; b < channels; b++) {
            const float g = (float)(4 * scale * (double)gram.data[a * channels + b]);
            for (size_t i = 0; i < positions; i++)
                seed[a * positions + i] += g * fire4->data[b * positions + i];
        }
    }
    graph_backward(zebra.graph, &backward_exact);
    compare("grad_gram_fire4", zebra.input->grad, shape_elements(&zebra.input->shape),
            gradient_tolerance);
    tensor_release(&gram);
    close_zebra(&zebra);
}

static const Test tests[] = {TEST(forward), TEST(exact_gradient), TEST(guided_gradient),
                             TEST(deconvnet_gradient), TEST(gram_gradient)};
TEST_MAIN(tests)
