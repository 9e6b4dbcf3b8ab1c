#include "train/builder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/batch_norm.h"
#include "train/conv.h"
#include "train/max_pool.h"
#include "train/nodes.h"

enum { NAME_BYTES = BUILDER_NAME_BYTES };

static Status folded_value(Builder *b, const char *name, Shape shape, float **data, Value **value)
{
    const size_t bytes = shape_elements(&shape) * sizeof **data;
    *data = arena_alloc(graph_arena(b->graph), bytes);
    if (!*data) return status_no_memory("the weights", bytes);
    return graph_add_constant(b->graph, name, shape, *data, value);
}

/* ---- convolutions ---- */

/* Convolution, batch normalisation, rectifier. */
typedef struct ConvSpec {
    int filters, kernel, stride;
    bool rectify;
    float scale; /* that the normalisation starts with */
} ConvSpec;

/* name[k] of the parameters of one convolution. */
enum { WEIGHT, SCALE, BIAS, MEAN, VARIANCE, CONV_PARAMETERS };

static Status take_conv(Builder *b, const char *name, int channels, const ConvSpec *spec,
                        Parameter *of[CONV_PARAMETERS])
{
    static const char *const what[] = {"weight", "scale", "bias", "mean", "variance"};
    static const ParameterKind kind[] = {PARAMETER_WEIGHT, PARAMETER_SCALE, PARAMETER_BIAS,
                                         PARAMETER_MEAN, PARAMETER_VARIANCE};
    const int first = b->next;
    for (int i = 0; i < CONV_PARAMETERS; i++) {
        const Shape shape = i == WEIGHT
                                ? shape_4d(spec->filters, channels, spec->kernel, spec->kernel)
                                : shape_make(1, &spec->filters);
        const float start = i == SCALE ? spec->scale : 1.0F;
        TRY(builder_take(b, name, what[i], kind[i], shape, start, &of[i]));
    }
    /* They may have moved while the list grew. */
    for (int i = 0; i < CONV_PARAMETERS; i++) of[i] = &b->parameters->items[first + i];
    return status_ok();
}

static Status add_training_conv(Builder *b, const char *name, Value *x, const ConvSpec *spec,
                                NodeSpec conv, Parameter *of[CONV_PARAMETERS], Value **out)
{
    char convolved[NAME_BYTES + 16], mean[NAME_BYTES + 16], variance[NAME_BYTES + 16];
    snprintf(convolved, sizeof convolved, "%s/convolved", name);
    snprintf(mean, sizeof mean, "%s/mean", name);
    snprintf(variance, sizeof variance, "%s/variance", name);
    Value *in[3] = {x};
    conv.own = &op_conv_training;
    conv.overwrites = true;
    conv.in = in;
    conv.in_count = 2;
    TRY(builder_value(b, of[WEIGHT], &in[1]));
    TRY(builder_node(b, conv, convolved, convolved, &in[0]));
    TRY(builder_value(b, of[SCALE], &in[1]));
    TRY(builder_value(b, of[BIAS], &in[2]));
    const Attr rectify = {.name = "rectify", .kind = ATTR_INT, .i = spec->rectify};
    const NodeSpec norm = {.op = op_batch_norm_training.name,
                           .own = &op_batch_norm_training,
                           .overwrites = true,
                           .name = name,
                           .in = in,
                           .in_count = 3,
                           .out = (const char *[]){name, mean, variance},
                           .out_count = 3,
                           .attr = &rectify,
                           .attr_count = 1,
                           .opset = BUILDER_OPSET};
    Node *node;
    TRY(graph_add_node(b->graph, &norm, &node));
    of[MEAN]->value = node->out[1];
    of[VARIANCE]->value = node->out[2];
    *out = node->out[0];
    return status_ok();
}

/* y = (w x - mean) s r + bias with r = (variance + epsilon)^-1/2: weights s r w, bias bias - mean s r. */
static Status add_folded_conv(Builder *b, const char *name, Value *x, const ConvSpec *spec,
                              NodeSpec conv, Parameter *of[CONV_PARAMETERS], Value **out)
{
    Value *in[3] = {x};
    float *weight, *bias;
    TRY(folded_value(b, of[WEIGHT]->name, of[WEIGHT]->shape, &weight, &in[1]));
    TRY(folded_value(b, of[BIAS]->name, of[BIAS]->shape, &bias, &in[2]));
    const float *from[CONV_PARAMETERS];
    for (int i = 0; i < CONV_PARAMETERS; i++) from[i] = builder_numbers(b, of[i]);
    const size_t depth = of[WEIGHT]->count / of[BIAS]->count;
    for (size_t m = 0; m < of[BIAS]->count; m++) {
        const float factor = from[SCALE][m] / sqrtf(from[VARIANCE][m] + BATCH_NORM_EPSILON);
        for (size_t i = 0; i < depth; i++)
            weight[m * depth + i] = factor * from[WEIGHT][m * depth + i];
        bias[m] = from[BIAS][m] - from[MEAN][m] * factor;
    }
    conv.in = in;
    conv.in_count = 3;
    TRY(builder_node(b, conv, name, name, out));
    if (!spec->rectify) return status_ok();
    char relu[NAME_BYTES + 16];
    snprintf(relu, sizeof relu, "%s/relu", name);
    return builder_simple(b, "Relu", relu, *out, out);
}

static Status add_conv(Builder *b, const char *name, Value *x, ConvSpec spec, Value **out)
{
    Parameter *of[CONV_PARAMETERS];
    TRY(take_conv(b, name, x->shape.dim[1], &spec, of));
    const int64_t side = spec.kernel, stride = spec.stride, pad = spec.kernel / 2;
    const Attr attr[] = {
        {.name = "kernel_shape", .kind = ATTR_INTS, .count = 2, .ints = (int64_t[]){side, side}},
        {.name = "strides", .kind = ATTR_INTS, .count = 2, .ints = (int64_t[]){stride, stride}},
        {.name = "pads", .kind = ATTR_INTS, .count = 4, .ints = (int64_t[]){pad, pad, pad, pad}},
    };
    const NodeSpec conv = {.op = "Conv", .attr = attr, .attr_count = 3};
    return b->training ? add_training_conv(b, name, x, &spec, conv, of, out)
                       : add_folded_conv(b, name, x, &spec, conv, of, out);
}

/* Odd windows keep the size at stride 1; even ones lie side by side. */
static Status add_pool(Builder *b, const char *op, const char *name, Value *x, int window,
                       int stride, Value **out)
{
    const int64_t side = window, step = stride, pad = window % 2 ? window / 2 : 0;
    const Attr attr[] = {
        {.name = "kernel_shape", .kind = ATTR_INTS, .count = 2, .ints = (int64_t[]){side, side}},
        {.name = "strides", .kind = ATTR_INTS, .count = 2, .ints = (int64_t[]){step, step}},
        {.name = "pads", .kind = ATTR_INTS, .count = 4, .ints = (int64_t[]){pad, pad, pad, pad}},
    };
    NodeSpec pool = {.op = op, .in = &x, .in_count = 1, .attr = attr, .attr_count = 3};
    if (b->training && strcmp(op, op_max_pool_training.name) == 0) {
        pool.own = &op_max_pool_training;
        pool.overwrites = true;
    }
    return builder_node(b, pool, name, name, out);
}

/* ---- blocks ---- */

static const char *part(char text[NAME_BYTES], const char *name, const char *of)
{
    snprintf(text, NAME_BYTES, "%.40s/%.16s", name, of);
    return text;
}

static Status add_residual(Builder *b, const char *name, Value *x, const Layer *layer, Value **out)
{
    const int filters = layer->number[0], stride = layer->number[1];
    char text[NAME_BYTES];
    Value *a, *both[2] = {x};
    TRY(add_conv(b, part(text, name, "a"), x, (ConvSpec){filters, 3, stride, true, 1}, &a));
    /* The block begins as its shortcut alone (Goyal et al. 2017, section 5.1). */
    TRY(add_conv(b, part(text, name, "b"), a, (ConvSpec){filters, 3, 1, false, 0}, &both[1]));
    if (stride > 1 || x->shape.dim[1] != filters) {
        TRY(add_conv(b, part(text, name, "shortcut"), x, (ConvSpec){filters, 1, stride, false, 1},
                     &both[0]));
    }
    Value *sum;
    part(text, name, "sum");
    TRY(builder_node(b, (NodeSpec){.op = "Add", .in = both, .in_count = 2}, text, text, &sum));
    return builder_simple(b, "Relu", name, sum, out);
}

static Status add_inception(Builder *b, const char *name, Value *x, const Layer *layer, Value **out)
{
    const int *filters = layer->number;
    char text[NAME_BYTES];
    Value *branch[4], *v;
    TRY(add_conv(b, part(text, name, "1x1"), x, (ConvSpec){filters[0], 1, 1, true, 1}, &branch[0]));
    TRY(add_conv(b, part(text, name, "3x3_reduce"), x, (ConvSpec){filters[1], 1, 1, true, 1}, &v));
    TRY(add_conv(b, part(text, name, "3x3"), v, (ConvSpec){filters[2], 3, 1, true, 1}, &branch[1]));
    TRY(add_conv(b, part(text, name, "5x5_reduce"), x, (ConvSpec){filters[3], 1, 1, true, 1}, &v));
    TRY(add_conv(b, part(text, name, "5x5_a"), v, (ConvSpec){filters[4], 3, 1, true, 1}, &v));
    TRY(add_conv(b, part(text, name, "5x5_b"), v, (ConvSpec){filters[4], 3, 1, true, 1},
                 &branch[2]));
    TRY(add_pool(b, "MaxPool", part(text, name, "pool"), x, 3, 1, &v));
    TRY(add_conv(b, part(text, name, "pool_1x1"), v, (ConvSpec){filters[5], 1, 1, true, 1},
                 &branch[3]));
    const Attr axis = {.name = "axis", .kind = ATTR_INT, .i = 1};
    const NodeSpec concat = {.op = "Concat",
                             .overwrites = true,
                             .in = branch,
                             .in_count = 4,
                             .attr = &axis,
                             .attr_count = 1};
    return builder_node(b, concat, name, name, out);
}

static Status add_layer(Builder *b, const Layer *layer, const char *name, Value *x, Value **out)
{
    const int *n = layer->number;
    switch (layer->kind) {
    case LAYER_CONV: return add_conv(b, name, x, (ConvSpec){n[0], n[1], n[2], true, 1}, out);
    case LAYER_MAX: return add_pool(b, "MaxPool", name, x, n[0], n[1], out);
    case LAYER_AVERAGE: return add_pool(b, "AveragePool", name, x, n[0], n[1], out);
    case LAYER_RESIDUAL: return add_residual(b, name, x, layer, out);
    case LAYER_INCEPTION: break;
    }
    return add_inception(b, name, x, layer, out);
}

/* Global average, dropout, one score per class. */
static Status add_classes(Builder *b, const Architecture *a, int classes, Value *x, Built *built)
{
    const int features = x->shape.dim[1];
    TRY(builder_simple(b, "GlobalAveragePool", "average", x, &x));
    TRY(builder_simple(b, "Flatten", "features", x, &x));
    if (b->training && a->dropout > 0) {
        TRY(graph_add_input(b->graph, "dropout", x->shape, &built->dropout));
        Value *both[2] = {x, built->dropout};
        TRY(builder_node(b, (NodeSpec){.op = "Mul", .in = both, .in_count = 2}, "dropped",
                         "dropped", &x));
    }
    Parameter *weight, *bias;
    Value *in[3] = {x};
    const int first = b->next;
    TRY(builder_take(b, "classes", "weight", PARAMETER_WEIGHT,
                     shape_make(2, (int[]){classes, features}), 0, &weight));
    TRY(builder_take(b, "classes", "bias", PARAMETER_BIAS, shape_make(1, &classes), 0, &bias));
    TRY(builder_value(b, &b->parameters->items[first], &in[1]));
    TRY(builder_value(b, &b->parameters->items[first + 1], &in[2]));
    const Attr transposed = {.name = "transB", .kind = ATTR_INT, .i = 1};
    return builder_node(
        b, (NodeSpec){.op = "Gemm", .in = in, .in_count = 3, .attr = &transposed, .attr_count = 1},
        "classes", "classes", &built->logits);
}

static Status build(Builder *b, const Architecture *a, const BuildRequest *request, Built *built)
{
    static const char *const names[] = {"conv", "pool", "pool", "residual", "mixed"};
    int number[sizeof names / sizeof *names] = {0};
    TRY(graph_add_input(b->graph, "image",
                        shape_4d(request->batch, a->channels, request->size, request->size),
                        &built->input));
    Value *x = built->input;
    for (int i = 0; i < a->count; i++) {
        const Layer *layer = &a->layer[i];
        const LayerKind counted = layer->kind == LAYER_AVERAGE ? LAYER_MAX : layer->kind;
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "%s%d", names[counted], ++number[counted]);
        TRY(add_layer(b, layer, name, x, &x));
    }
    TRY(add_classes(b, a, request->classes, x, built));
    return graph_mark_output(b->graph, built->logits);
}

Status architecture_build(const Architecture *architecture, Parameters *parameters,
                          const BuildRequest *request, Built *built)
{
    *built = (Built){0};
    Builder b = {.parameters = parameters,
                 .random = request->random,
                 .training = request->training,
                 .average = request->average};
    TRY(graph_create(&b.graph));
    const Status status = build(&b, architecture, request, built);
    if (status.code == STATUS_OK) {
        built->graph = b.graph;
    } else {
        graph_destroy(b.graph);
        *built = (Built){0};
    }
    return status;
}
