/* Known answers, computed at start: a vector unit that is there but computes wrongly is found before it
 * draws wrong pictures. */
#include "wasm_api_internal.h"

#include <math.h>
#include <stdlib.h>

#include "base/apart.h"
#include "base/random.h"

/* A convolution of [1,in,height,width] with [out,in,kernel,kernel], padded by kernel / 2. */
typedef struct Case {
    int in, height, width, out, kernel, stride;
} Case;

/* Each takes another way through the kernels: 1x1, 3x3, stride 2, and remainders of every vector width. */
static const Case cases[] = {
    {16, 9, 13, 21, 1, 1},
    {7, 12, 17, 18, 3, 1},
    {3, 19, 23, 9, 5, 2},
};

/* One output of so many is compared. It is coprime to the lengths of rows, so that all columns are seen, and leaves so few that no
 * browser compiles the loop a second time. */
enum { STEP = 11 };

enum { INPUT_FLOATS = 16 * 12 * 23, WEIGHT_FLOATS = 18 * 16 * 25, BIAS_FLOATS = 32 };

typedef struct Numbers {
    float input[INPUT_FLOATS], weights[WEIGHT_FLOATS], bias[BIAS_FLOATS];
} Numbers;

static void numbers_fill(float *to, size_t count, Random *random)
{
    for (size_t i = 0; i < count; i++) to[i] = random_uniform(random) - 0.5f;
}

static APART double plain_sum(const Case *c, const Numbers *numbers, int o, int y, int x)
{
    const int pad = c->kernel / 2;
    double sum = numbers->bias[o];
    for (int i = 0; i < c->in; i++) {
        for (int ky = 0; ky < c->kernel; ky++) {
            for (int kx = 0; kx < c->kernel; kx++) {
                const int iy = y * c->stride + ky - pad, ix = x * c->stride + kx - pad;
                if (iy < 0 || ix < 0 || iy >= c->height || ix >= c->width) continue;
                sum +=
                    (double)numbers->input[(i * c->height + iy) * c->width + ix] *
                    (double)numbers->weights[((o * c->in + i) * c->kernel + ky) * c->kernel + kx];
            }
        }
    }
    return sum;
}

static Status case_build(Graph *graph, const Case *c, const Numbers *numbers)
{
    Value *in[3];
    TRY(graph_add_input(graph, "x", shape_4d(1, c->in, c->height, c->width), &in[0]));
    TRY(graph_add_constant(graph, "w", shape_4d(c->out, c->in, c->kernel, c->kernel),
                           numbers->weights, &in[1]));
    TRY(graph_add_constant(graph, "b", shape_make(1, &c->out), numbers->bias, &in[2]));
    const int pad = c->kernel / 2;
    const int64_t pads[] = {pad, pad, pad, pad}, strides[] = {c->stride, c->stride};
    const Attr attr[] = {{.name = "pads", .kind = ATTR_INTS, .count = 4, .ints = pads},
                         {.name = "strides", .kind = ATTR_INTS, .count = 2, .ints = strides}};
    const NodeSpec spec = {.op = "Conv",
                           .name = "self-test",
                           .in = in,
                           .in_count = 3,
                           .out = (const char *const[]){"y"},
                           .out_count = 1,
                           .attr = attr,
                           .attr_count = 2,
                           .opset = 13};
    TRY(graph_add_node(graph, &spec, NULL));
    return graph_allocate(graph, GRAPH_FORWARD);
}

static Status case_compare(Graph *graph, const Case *c, const Numbers *numbers)
{
    float *input = graph_input(graph, 0)->data;
    const int count = c->in * c->height * c->width;
    for (int i = 0; i < count; i++) input[i] = numbers->input[i];
    graph_forward(graph);
    const Value *y = graph_find(graph, "y");
    const int rows = y->shape.dim[2], columns = y->shape.dim[3];
    for (int i = 0; i < c->out * rows * columns; i += STEP) {
        const double sum =
            plain_sum(c, numbers, i / (rows * columns), i / columns % rows, i % columns);
        if (fabs((double)y->data[i] - sum) <= 1e-4) continue;
        return status_error(
            STATUS_UNSUPPORTED,
            "this machine computes wrongly: a %dx%d convolution gave %g where %g is "
            "right; use another browser",
            c->kernel, c->kernel, (double)y->data[i], sum);
    }
    return status_ok();
}

static Status case_run(const Case *c, const Numbers *numbers)
{
    Graph *graph;
    TRY(graph_create(&graph));
    Status status = case_build(graph, c, numbers);
    if (status.code == STATUS_OK) status = case_compare(graph, c, numbers);
    graph_destroy(graph);
    return status;
}

Status self_test(void)
{
    Numbers *numbers = malloc(sizeof *numbers);
    if (!numbers) return status_no_memory("the self-test", sizeof *numbers);
    Random random = random_seeded(1);
    numbers_fill(numbers->input, INPUT_FLOATS, &random);
    numbers_fill(numbers->weights, WEIGHT_FLOATS, &random);
    numbers_fill(numbers->bias, BIAS_FLOATS, &random);
    Status status = status_ok();
    for (size_t i = 0; i < sizeof cases / sizeof *cases && status.code == STATUS_OK; i++)
        status = case_run(&cases[i], numbers);
    free(numbers);
    return status;
}
