#include "support/onnx_writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static void varint(Text *out, uint64_t value)
{
    char byte;
    while (value >= 0x80) {
        byte = (char)(value | 0x80);
        text_append(out, &byte, 1);
        value >>= 7;
    }
    byte = (char)value;
    text_append(out, &byte, 1);
}

static void tag(Text *out, uint32_t field, WireType type)
{
    varint(out, (uint64_t)field << 3 | (uint64_t)type);
}

void pb_number(Text *out, uint32_t field, uint64_t value)
{
    tag(out, field, WIRE_VARINT);
    varint(out, value);
}

void pb_float(Text *out, uint32_t field, float value)
{
    tag(out, field, WIRE_FIXED32);
    text_append(out, (const char *)&value, sizeof value);
}

void pb_bytes(Text *out, uint32_t field, const void *bytes, size_t length)
{
    tag(out, field, WIRE_BYTES);
    varint(out, length);
    text_append(out, bytes ? bytes : "", length);
}

void pb_text(Text *out, uint32_t field, const char *text)
{
    pb_bytes(out, field, text, strlen(text));
}

void pb_message(Text *out, uint32_t field, Text *inner)
{
    pb_bytes(out, field, inner->bytes, inner->length);
    text_release(inner);
}

/* ---- attributes: NodeProto's field 5 ---- */

static Text attr_begin(const char *name, OnnxAttrType type)
{
    Text attr = {0};
    pb_text(&attr, 1, name);
    pb_number(&attr, 20, type);
    return attr;
}

void write_int(Text *attrs, const char *name, int64_t value)
{
    Text attr = attr_begin(name, ONNX_ATTR_INT);
    pb_number(&attr, 3, (uint64_t)value);
    pb_message(attrs, 5, &attr);
}

void write_float(Text *attrs, const char *name, float value)
{
    Text attr = attr_begin(name, ONNX_ATTR_FLOAT);
    pb_float(&attr, 2, value);
    pb_message(attrs, 5, &attr);
}

void write_string(Text *attrs, const char *name, const char *value)
{
    Text attr = attr_begin(name, ONNX_ATTR_STRING);
    pb_text(&attr, 4, value);
    pb_message(attrs, 5, &attr);
}

void write_ints(Text *attrs, const char *name, int count, const int64_t *values)
{
    Text attr = attr_begin(name, ONNX_ATTR_INTS);
    for (int i = 0; i < count; i++) pb_number(&attr, 8, (uint64_t)values[i]);
    pb_message(attrs, 5, &attr);
}

/* ---- the graph ---- */

Text tensor_message(const char *name, OnnxType type, int rank, const int64_t *dim, const void *data,
                    size_t bytes)
{
    Text tensor = {0};
    for (int i = 0; i < rank; i++) pb_number(&tensor, 1, (uint64_t)dim[i]);
    pb_number(&tensor, 2, type);
    pb_text(&tensor, 8, name);
    pb_bytes(&tensor, 9, data, bytes);
    return tensor;
}

static void names(Text *node, uint32_t field, const char *list)
{
    while (*list) {
        size_t length = strcspn(list, " ");
        pb_bytes(node, field, list, length == 1 && *list == '-' ? 0 : length);
        list += length + (list[length] == ' ');
    }
}

void write_node(Text *graph, const char *op, const char *name, const char *in, const char *out,
                Text *attrs)
{
    Text node = {0};
    names(&node, 1, in);
    names(&node, 2, out);
    pb_text(&node, 3, name);
    pb_text(&node, 4, op);
    if (attrs && attrs->length) text_append(&node, attrs->bytes, attrs->length);
    if (attrs) text_release(attrs);
    pb_message(graph, 1, &node);
}

void write_tensor(Text *graph, const char *name, OnnxType type, int rank, const int64_t *dim,
                  const void *data, size_t bytes)
{
    Text tensor = tensor_message(name, type, rank, dim, data, bytes);
    pb_message(graph, 5, &tensor);
}

static size_t product(int rank, const int64_t *dim)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++) count *= (size_t)dim[i];
    return count;
}

void write_weights(Text *graph, const char *name, int rank, const int64_t *dim)
{
    const size_t count = product(rank, dim);
    float *data = malloc(count * sizeof *data);
    Random random = random_seeded(count + strlen(name));
    const float scale = rank > 1 ? sqrtf(2 * (float)dim[0] / (float)count) : 1;
    for (size_t i = 0; i < count; i++)
        data[i] = rank > 1 ? scale * random_normal(&random) : 0.5F + random_uniform(&random);
    write_tensor(graph, name, ONNX_FLOAT, rank, dim, data, count * sizeof *data);
    free(data);
}

void write_int64s(Text *graph, const char *name, int count, const int64_t *values)
{
    const int64_t dim = count;
    write_tensor(graph, name, ONNX_INT64, 1, &dim, values, (size_t)count * sizeof *values);
}

void write_input(Text *graph, const char *name, int rank, const int64_t *dim)
{
    Text shape = {0}, tensor = {0}, type = {0}, info = {0};
    for (int i = 0; i < rank; i++) {
        Text d = {0};
        if (dim[i] < 0) pb_text(&d, 2, "N");
        if (dim[i] >= 0) pb_number(&d, 1, (uint64_t)dim[i]);
        pb_message(&shape, 1, &d);
    }
    pb_number(&tensor, 1, ONNX_FLOAT);
    pb_message(&tensor, 2, &shape);
    pb_message(&type, 1, &tensor);
    pb_text(&info, 1, name);
    pb_message(&info, 2, &type);
    pb_message(graph, 11, &info);
}

void write_output(Text *graph, const char *name)
{
    Text info = {0};
    pb_text(&info, 1, name);
    pb_message(graph, 12, &info);
}

Text write_model(Text *graph, int opset)
{
    Text model = {0}, set = {0}, entry = {0};
    pb_number(&model, 1, 7);
    pb_text(&model, 2, "test");
    pb_message(&model, 7, graph);
    pb_number(&set, 2, (uint64_t)opset);
    pb_message(&model, 8, &set);
    pb_text(&entry, 1, "convoscope.range");
    pb_text(&entry, 2, "1");
    pb_message(&model, 14, &entry);
    return model;
}

/* ---- examples ---- */

#define INTS(...)                                                                                  \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static Text example_classifier(void)
{
    Text g = {0}, a = {0};
    write_ints(&a, "pads", 4, INTS(1, 1, 1, 1));
    write_ints(&a, "strides", 2, INTS(2, 2));
    write_node(&g, "Conv", "conv1", "x w1", "c1", &a);
    write_float(&a, "epsilon", 1e-3F);
    write_node(&g, "BatchNormalization", "bn1", "c1 gamma beta mean variance", "b1", &a);
    write_node(&g, "Relu", "", "b1", "r1", NULL);
    write_ints(&a, "kernel_shape", 2, INTS(2, 2));
    write_ints(&a, "strides", 2, INTS(2, 2));
    write_node(&g, "MaxPool", "pool1", "r1", "p1", &a);
    write_node(&g, "Flatten", "flatten", "p1", "f1", NULL);
    write_int(&a, "transB", 1);
    write_node(&g, "Gemm", "fc", "f1 w2 bias", "logits", &a);
    write_int(&a, "axis", -1);
    write_node(&g, "Softmax", "softmax", "logits", "probabilities", &a);
    write_weights(&g, "w1", 4, INTS(6, 3, 3, 3));
    write_weights(&g, "gamma", 1, INTS(6));
    write_weights(&g, "beta", 1, INTS(6));
    write_weights(&g, "mean", 1, INTS(6));
    write_weights(&g, "variance", 1, INTS(6));
    write_weights(&g, "w2", 2, INTS(5, 24));
    write_weights(&g, "bias", 1, INTS(5));
    write_input(&g, "x", 4, INTS(-1, 3, 8, 8));
    write_output(&g, "probabilities");
    return write_model(&g, 13);
}

static Text example_shapes(void)
{
    Text g = {0}, a = {0};
    write_node(&g, "Shape", "shape", "x", "s", NULL);
    write_node(&g, "Slice", "hw", "s two four", "hw", NULL);
    write_node(&g, "Mul", "twice", "hw two", "twice", NULL);
    write_int(&a, "axis", 0);
    write_node(&g, "Gather", "channels", "s one", "c", &a);
    write_node(&g, "Div", "half", "hw two", "half", NULL);
    write_int(&a, "axis", 0);
    write_node(&g, "Concat", "sizes", "one_one c3 twice", "sizes", &a);
    write_string(&a, "mode", "linear");
    write_node(&g, "Resize", "up", "x - - sizes", "u", &a);
    Text fill = tensor_message("", ONNX_INT64, 1, INTS(1), INTS(1), 8), value = {0};
    pb_text(&value, 1, "value");
    pb_number(&value, 20, ONNX_ATTR_TENSOR);
    pb_message(&value, 5, &fill);
    pb_message(&a, 5, &value);
    write_node(&g, "ConstantOfShape", "ones", "eight", "pads", &a);
    write_string(&a, "mode", "edge");
    write_node(&g, "Pad", "pad", "u pads8 -", "p", &a);
    write_int(&a, "axis", 0);
    write_node(&g, "Split", "parts", "pads", "pa pb", &a);
    write_node(&g, "Sub", "zero", "pa pb", "z", NULL);
    write_int(&a, "axis", 0);
    write_node(&g, "Concat", "join", "z pb", "zp", &a);
    write_node(&g, "Where", "choose", "cond zp zp", "pads8", NULL);
    write_int(&a, "to", ONNX_BOOL);
    write_node(&g, "Cast", "cast", "zp", "cond", &a);
    write_node(&g, "Reshape", "flat", "p target", "y", NULL);
    write_int64s(&g, "two", 1, INTS(2));
    write_int64s(&g, "four", 1, INTS(4));
    write_int64s(&g, "one_one", 1, INTS(1));
    write_int64s(&g, "one", 1, INTS(1));
    write_int64s(&g, "c3", 1, INTS(3));
    write_int64s(&g, "eight", 1, INTS(8));
    write_int64s(&g, "target", 2, INTS(0, -1));
    write_input(&g, "x", 4, INTS(1, 3, 6, 5));
    write_output(&g, "y");
    return write_model(&g, 13);
}

static Text example_quantized(void)
{
    Text g = {0}, a = {0};
    int8_t weight[4 * 3 * 3 * 3];
    for (int i = 0; i < (int)sizeof weight; i++) weight[i] = (int8_t)(i * 37 % 255 - 127);
    const float scale[4] = {0.01F, 0.02F, 0.005F, 0.01F};
    const int8_t zero[4] = {0, 1, -2, 0};
    const uint16_t bias[4] = {0x3C00, 0xBC00, 0x0001, 0x2E66}; /* 1, -1, 2^-24, 0.1 */
    write_tensor(&g, "wq", ONNX_INT8, 4, INTS(4, 3, 3, 3), weight, sizeof weight);
    write_tensor(&g, "scale", ONNX_FLOAT, 1, INTS(4), scale, sizeof scale);
    write_tensor(&g, "zero", ONNX_INT8, 1, INTS(4), zero, sizeof zero);
    write_tensor(&g, "bias16", ONNX_FLOAT16, 1, INTS(4), bias, sizeof bias);
    write_int(&a, "axis", 0);
    write_node(&g, "DequantizeLinear", "dequantize", "wq scale zero", "w", &a);
    write_int(&a, "to", ONNX_FLOAT);
    write_node(&g, "Cast", "widen", "bias16", "bias", &a);
    write_string(&a, "auto_pad", "SAME_UPPER");
    write_node(&g, "Conv", "conv", "x w bias", "c", &a);
    write_node(&g, "Sigmoid", "gate", "c", "s", NULL);
    write_node(&g, "Mul", "swish", "c s", "m", NULL);
    write_node(&g, "Sum", "sum", "c s m", "t", NULL);
    write_node(&g, "Dropout", "drop", "t", "d mask", NULL);
    write_node(&g, "Clip", "clip", "d low high", "k", NULL);
    write_int(&a, "axis", 1);
    write_node(&g, "Concat", "concat", "k c", "y", &a);
    write_tensor(&g, "low", ONNX_FLOAT, 0, NULL, (float[]){-1}, 4);
    write_tensor(&g, "high", ONNX_FLOAT, 0, NULL, (float[]){6}, 4);
    write_input(&g, "x", 4, INTS(1, 3, 6, 6));
    write_output(&g, "y");
    return write_model(&g, 13);
}

static Text example_old(void)
{
    Text g = {0}, a = {0}, w = {0}, b = {0}, packed = {0};
    for (int i = 0; i < 4; i++) pb_number(&w, 1, (const uint64_t[]){2, 3, 1, 1}[i]);
    pb_number(&w, 2, ONNX_FLOAT);
    for (int i = 0; i < 6; i++) pb_float(&w, 4, 0.25F * (float)(i - 2));
    pb_text(&w, 8, "w");
    pb_message(&g, 5, &w);
    pb_number(&b, 1, 2);
    pb_number(&b, 2, ONNX_FLOAT);
    text_append(&packed, (const char *)(float[]){0.5F, -0.5F}, 8);
    pb_message(&b, 4, &packed);
    pb_text(&b, 8, "b");
    pb_message(&g, 5, &b);
    write_node(&g, "Conv", "conv", "x w", "c", NULL);
    write_int(&a, "axis", 1);
    write_int(&a, "broadcast", 1);
    write_node(&g, "Add", "bias", "c b", "d", &a);
    write_ints(&a, "pads", 8, INTS(0, 0, 1, 1, 0, 0, 1, 1));
    write_float(&a, "value", 0.5F);
    write_node(&g, "Pad", "pad", "d", "p", &a);
    write_node(&g, "GlobalAveragePool", "mean", "p", "q", NULL);
    write_ints(&a, "shape", 2, INTS(1, 2));
    write_node(&g, "Reshape", "reshape", "q", "y", &a);
    write_input(&g, "x", 4, INTS(1, 3, 4, 4));
    write_input(&g, "w", 4, INTS(2, 3, 1, 1));
    write_output(&g, "y");
    return write_model(&g, 4);
}

Text example_model(int index)
{
    static Text (*const examples[EXAMPLE_MODELS])(void) = {example_classifier, example_shapes,
                                                           example_quantized, example_old};
    return examples[index]();
}
