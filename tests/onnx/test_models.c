/*
 * Whole networks of shared/data: graphs with constants made by ConstantOfShape against their expected
 * output, the exported style network at two sizes, and the conformance cases of single operators.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/shared.h"
#include "support/test.h"

/* shared/README.md: the input is arange(n) / n. */
static void light_network(const char *name)
{
    char path[128];
    SharedModel shared;
    Graph *graph = NULL;
    Tensor expected;
    snprintf(path, sizeof path, "data/onnx-light/light_%s.onnx", name);
    if (!shared_folder() || !shared_open(path, &shared)) return;
    snprintf(path, sizeof path, "data/onnx-light/light_%s_output_0.pb", name);
    Status status = onnx_build(shared.model, NULL, (OnnxBuildOptions){0}, &graph);
    CHECK_OK(status);
    if (graph && shared_pb(path, &expected)) {
        CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
        Value *input = graph_input(graph, 0);
        const size_t count = shape_elements(&input->shape);
        for (size_t i = 0; i < count; i++) input->data[i] = (float)i / (float)count;
        graph_forward(graph);
        const Value *output = graph_output(graph, 0);
        CHECK(shape_equal(&output->shape, &expected.shape));
        double error = relative_error(output->data, expected.data, shape_elements(&expected.shape));
        printf("  %-16s %.2e\n", name, error);
        CHECK_NEAR(error, 0, 1e-3);
        tensor_release(&expected);
    }
    graph_destroy(graph);
    shared_close(&shared);
}

static void light_alexnet(void)
{
    light_network("bvlc_alexnet");
}

static void light_resnet50(void)
{
    light_network("resnet50");
}

static void light_squeezenet(void)
{
    light_network("squeezenet");
}

static void light_inception(void)
{
    light_network("inception_v1");
}

static void light_vgg19(void)
{
    light_network("vgg19");
}

/* ---- the style network ---- */

static void style_at(OnnxModel *model, int height, int width)
{
    Graph *graph = NULL;
    Shape shape = shape_4d(1, 3, height, width);
    CHECK_OK(onnx_build(model, &shape, (OnnxBuildOptions){0}, &graph));
    if (!graph) return;
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    Value *input = graph_input(graph, 0), *output = graph_output(graph, 0);
    Random random = random_seeded(7);
    for (size_t i = 0; i < shape_elements(&shape); i++)
        input->data[i] = 255 * random_uniform(&random);
    graph_forward(graph);
    CHECK(shape_equal(&output->shape, &shape));
    CHECK(graph_first_nonfinite(graph) == NULL);
    TensorStats stats = tensor_stats(output->data, shape_elements(&output->shape));
    CHECK(stats.min >= 0 && stats.max <= 255 && stats.deviation > 5);
    graph_destroy(graph);
}

static void style_network(void)
{
    SharedModel shared;
    if (!shared_folder() || !shared_open("data/models/style_wave.onnx", &shared)) return;
    style_at(shared.model, 64, 64);
    style_at(shared.model, 96, 80);
    shared_close(&shared);
}

/* ---- conformance cases ---- */

/* d/dt of <r, f(x + t v)> at t = 0 by central differences, against <grad, v>. */
static void check_gradient(const char *name, Graph *graph)
{
    Value *input = graph_input(graph, 0), *output = graph_output(graph, 0);
    const size_t in = shape_elements(&input->shape), out = shape_elements(&output->shape);
    float *r = malloc(out * sizeof *r), *v = malloc(in * sizeof *v), *x = malloc(in * sizeof *x);
    Random random = random_seeded(11);
    for (size_t i = 0; i < out; i++) r[i] = random_normal(&random);
    for (size_t i = 0; i < in; i++) v[i] = random_normal(&random);
    memcpy(x, input->data, in * sizeof *x);
    graph_zero_gradients(graph);
    memcpy(graph_seed(graph, output), r, out * sizeof *r);
    graph_backward(graph, &backward_exact);
    double analytic = 0, numeric = 0;
    for (size_t i = 0; i < in; i++) analytic += (double)input->grad[i] * (double)v[i];
    const double step = 1e-3;
    for (int sign = -1; sign <= 1; sign += 2) {
        for (size_t i = 0; i < in; i++)
            input->data[i] = (float)((double)x[i] + sign * step * (double)v[i]);
        graph_forward(graph);
        double sum = 0;
        for (size_t i = 0; i < out; i++) sum += (double)output->data[i] * (double)r[i];
        numeric += sign * sum / (2 * step);
    }
    /* Kinks (ReLU, max pooling) within the step make a small difference. */
    const double scale = fabs(analytic) + fabs(numeric) + 1;
    if (fabs(analytic - numeric) > 0.02 * scale)
        test_fail(__FILE__, __LINE__, "%s: gradient %g, central difference %g", name, analytic,
                  numeric);
    free(r);
    free(v);
    free(x);
}

static void run_case(const char *name, SharedModel *shared)
{
    char path[256];
    Tensor inputs[2] = {{.data = NULL}}, expected = {.data = NULL};
    OnnxBound bound[1];
    OnnxBuildOptions options = {.bound = bound};
    for (int i = 0; i < 2 && i < shared->model->input_count; i++) {
        snprintf(path, sizeof path, "data/onnx-ops/%.180s/test_data_set_0/input_%d.pb", name, i);
        if (!shared_pb(path, &inputs[i])) return;
        if (i == 0) continue;
        bound[options.bound_count++] =
            (OnnxBound){shared->model->inputs[i].name, inputs[i].shape, inputs[i].data};
    }
    snprintf(path, sizeof path, "data/onnx-ops/%.180s/test_data_set_0/output_0.pb", name);
    if (!shared_pb(path, &expected)) return;
    Graph *graph = NULL;
    Status status = onnx_build(shared->model, &inputs[0].shape, options, &graph);
    if (status.code != STATUS_OK) test_fail(__FILE__, __LINE__, "%s: %s", name, status.message);
    if (graph) {
        CHECK_OK(graph_allocate(graph, GRAPH_INPUT_GRADIENT));
        Value *input = graph_input(graph, 0), *output = graph_output(graph, 0);
        memcpy(input->data, inputs[0].data, shape_elements(&input->shape) * sizeof(float));
        graph_forward(graph);
        const bool same_shape = shape_equal(&output->shape, &expected.shape);
        double error = same_shape ? relative_error(output->data, expected.data,
                                                   shape_elements(&expected.shape))
                                  : INFINITY;
        if (error > 1e-5) test_fail(__FILE__, __LINE__, "%s: relative error %g", name, error);
        check_gradient(name, graph);
        graph_destroy(graph);
    }
    tensor_release(&inputs[0]);
    tensor_release(&inputs[1]);
    tensor_release(&expected);
}

static void conformance(void)
{
    const char *folder = shared_folder();
    if (!folder) return;
    char path[512];
    snprintf(path, sizeof path, "%s/data/onnx-ops", folder);
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    int cases = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.') continue;
        SharedModel shared;
        snprintf(path, sizeof path, "data/onnx-ops/%.200s/model.onnx", entry->d_name);
        cases++;
        if (!shared_open(path, &shared)) continue;
        run_case(entry->d_name, &shared);
        shared_close(&shared);
    }
    if (directory) closedir(directory);
    printf("  %d cases\n", cases);
    CHECK(cases >= 24);
}

static const Test tests[] = {TEST(conformance),   TEST(style_network),   TEST(light_squeezenet),
                             TEST(light_alexnet), TEST(light_inception), TEST(light_resnet50),
                             TEST(light_vgg19)};
TEST_MAIN(tests)
