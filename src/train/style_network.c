#include "train/style_network.h"

#include <stdio.h>

#include "train/conv.h"
#include "train/nodes.h"

enum { WIDE = 9, NARROW = 3 }; /* kernels */

typedef struct ConvSpec {
    int filters, kernel, stride;
    bool normal;  /* instance normalisation; else a bias */
    bool rectify; /* after the normalisation */
    float scale;  /* that the normalisation starts with */
} ConvSpec;

static const char *part(char text[BUILDER_NAME_BYTES], const char *name, const char *of)
{
    snprintf(text, BUILDER_NAME_BYTES, "%.40s/%s", name, of);
    return text;
}

static Status add_mirror(Builder *b, const char *name, Value *x, int pad, Value **out)
{
    const Attr attr[] = {
        {.name = "mode", .kind = ATTR_STRING, .s = "reflect"},
        {.name = "pads",
         .kind = ATTR_INTS,
         .count = 8,
         .ints = (int64_t[]){0, 0, pad, pad, 0, 0, pad, pad}},
    };
    return builder_node(
        b, (NodeSpec){.op = "Pad", .in = &x, .in_count = 1, .attr = attr, .attr_count = 2}, name,
        name, out);
}

/* scale or bias, one for each channel */
static Status add_channel_value(Builder *b, const char *name, const char *what, ParameterKind kind,
                                int channels, float start, Value **value)
{
    Parameter *parameter;
    TRY(builder_take(b, name, what, kind, shape_make(1, &channels), start, &parameter));
    return builder_value(b, parameter, value);
}

static Status add_norm(Builder *b, const char *name, Value *x, float scale, Value **out)
{
    const int channels = x->shape.dim[1];
    char text[BUILDER_NAME_BYTES];
    Value *in[3] = {x};
    TRY(add_channel_value(b, name, "scale", PARAMETER_SCALE, channels, scale, &in[1]));
    TRY(add_channel_value(b, name, "bias", PARAMETER_BIAS, channels, 0, &in[2]));
    part(text, name, "norm");
    return builder_node(b, (NodeSpec){.op = "InstanceNormalization", .in = in, .in_count = 3}, text,
                        text, out);
}

static Status add_conv(Builder *b, const char *name, Value *x, ConvSpec spec, Value **out)
{
    char text[BUILDER_NAME_BYTES];
    const int64_t side = spec.kernel, stride = spec.stride;
    const Shape shape = shape_4d(spec.filters, x->shape.dim[1], spec.kernel, spec.kernel);
    Value *in[3] = {0};
    Parameter *weight;
    TRY(add_mirror(b, part(text, name, "mirrored"), x, spec.kernel / 2, &in[0]));
    TRY(builder_take(b, name, "weight", PARAMETER_WEIGHT, shape, 0, &weight));
    TRY(builder_value(b, weight, &in[1]));
    if (!spec.normal)
        TRY(add_channel_value(b, name, "bias", PARAMETER_BIAS, spec.filters, 0, &in[2]));
    const Attr attr[] = {
        {.name = "kernel_shape", .kind = ATTR_INTS, .count = 2, .ints = (int64_t[]){side, side}},
        {.name = "strides", .kind = ATTR_INTS, .count = 2, .ints = (int64_t[]){stride, stride}},
    };
    NodeSpec conv = {
        .op = "Conv", .in = in, .in_count = spec.normal ? 2 : 3, .attr = attr, .attr_count = 2};
    if (b->training && spec.normal) {
        conv.own = &op_conv_training;
        conv.overwrites = true;
    }
    TRY(builder_node(b, conv, name, name, out));
    if (!spec.normal) return status_ok();
    TRY(add_norm(b, name, *out, spec.scale, out));
    return spec.rectify ? builder_simple(b, "Relu", part(text, name, "relu"), *out, out)
                        : status_ok();
}

/* No rectifier behind the sum, as in the paper's supplement; the block begins as its shortcut alone. */
static Status add_residual(Builder *b, const char *name, Value *x, Value **out)
{
    const int filters = x->shape.dim[1];
    char text[BUILDER_NAME_BYTES];
    Value *v, *both[2] = {x};
    TRY(add_conv(b, part(text, name, "a"), x, (ConvSpec){filters, NARROW, 1, true, true, 1}, &v));
    TRY(add_conv(b, part(text, name, "b"), v, (ConvSpec){filters, NARROW, 1, true, false, 0},
                 &both[1]));
    return builder_node(b, (NodeSpec){.op = "Add", .in = both, .in_count = 2}, name, name, out);
}

static Status add_doubled(Builder *b, const char *name, Value *x, int filters, Value **out)
{
    char text[BUILDER_NAME_BYTES];
    const Attr attr[] = {
        {.name = "mode", .kind = ATTR_STRING, .s = "nearest"},
        {.name = "coordinate_transformation_mode", .kind = ATTR_STRING, .s = "asymmetric"},
        {.name = "nearest_mode", .kind = ATTR_STRING, .s = "floor"},
        {.name = "scales", .kind = ATTR_FLOATS, .count = 4, .floats = (float[]){1, 1, 2, 2}},
    };
    part(text, name, "doubled");
    TRY(builder_node(
        b, (NodeSpec){.op = "Resize", .in = &x, .in_count = 1, .attr = attr, .attr_count = 4}, text,
        text, &x));
    return add_conv(b, name, x, (ConvSpec){filters, NARROW, 1, true, true, 1}, out);
}

static Status add_number(Builder *b, const char *op, const char *name, Value *x, float number,
                         Value **out)
{
    char text[BUILDER_NAME_BYTES];
    float *data = arena_alloc(graph_arena(b->graph), sizeof *data);
    if (!data) return status_no_memory(name, sizeof *data);
    *data = number;
    Value *in[2] = {x};
    TRY(graph_add_constant(b->graph, part(text, name, "number"), shape_make(1, (int[]){1}), data,
                           &in[1]));
    return builder_node(b, (NodeSpec){.op = op, .in = in, .in_count = 2}, name, name, out);
}

static Status build(Builder *b, const StyleNetwork *network, Value *x, Value **out)
{
    const int f = network->filters;
    char name[BUILDER_NAME_BYTES];
    TRY(add_conv(b, "conv1", x, (ConvSpec){f, WIDE, 1, true, true, 1}, &x));
    TRY(add_conv(b, "conv2", x, (ConvSpec){2 * f, NARROW, 2, true, true, 1}, &x));
    TRY(add_conv(b, "conv3", x, (ConvSpec){4 * f, NARROW, 2, true, true, 1}, &x));
    for (int i = 1; i <= network->blocks; i++) {
        snprintf(name, sizeof name, "residual%d", i);
        TRY(add_residual(b, name, x, &x));
    }
    TRY(add_doubled(b, "up1", x, 2 * f, &x));
    TRY(add_doubled(b, "up2", x, f, &x));
    TRY(add_conv(b, "rgb", x, (ConvSpec){3, WIDE, 1, false, false, 0}, &x));
    TRY(builder_simple(b, "Tanh", "tanh", x, &x));
    TRY(add_number(b, "Mul", "contrast", x, 127.5F, &x));
    TRY(add_number(b, "Add", "styled", x, 127.5F, out));
    return graph_mark_output(b->graph, *out);
}

Status style_network_build(const StyleNetwork *network, Parameters *parameters,
                           const StyleBuildRequest *request, StyleGraph *built)
{
    *built = (StyleGraph){0};
    Builder b = {
        .parameters = parameters, .random = request->random, .training = request->training};
    TRY(graph_create(&b.graph));
    const Shape shape = shape_4d(request->batch, 3, request->size, request->size);
    Status status = graph_add_input(b.graph, "content", shape, &built->content);
    if (status.code == STATUS_OK) status = build(&b, network, built->content, &built->styled);
    if (status.code == STATUS_OK) {
        built->graph = b.graph;
    } else {
        graph_destroy(b.graph);
        *built = (StyleGraph){0};
    }
    return status;
}
