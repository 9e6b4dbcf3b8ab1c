/* A BatchNormalization after a Conv is an affine map of each output channel: it goes into the weights. */
#include <math.h>
#include <string.h>

#include "onnx/canonical.h"

typedef struct Parts {
    ConstTensor *weight, *bias, *gamma, *beta, *mean, *variance;
    bool lasting; /* all come from the file: the result is the same for each graph */
} Parts;

static Status vector_of(Import *import, int value, uint64_t length, Parts *parts, ConstTensor **t)
{
    TRY(import_constant(import, value, t));
    if (!*t || !const_is_float(*t) || (*t)->rank != 1 || (*t)->count != length) {
        return import_error(import, STATUS_BAD_MODEL,
                            "its parameters are not one float for each channel of the Conv before "
                            "it: the file is damaged");
    }
    parts->lasting &= (*t)->lasting;
    return status_ok();
}

static Status find_parts(Import *import, const OnnxNode *conv, Parts *parts)
{
    const int *in = import->node->in;
    TRY(import_constant(import, conv->in[1], &parts->weight));
    ConstTensor *weight = parts->weight;
    if (!weight || !const_is_float(weight) || weight->rank < 3 || weight->count == 0)
        return import_error(import, STATUS_BAD_MODEL, "the Conv before it has no weights");
    parts->lasting = weight->lasting;
    const uint64_t channels = (uint64_t)weight->dim[0];
    if (conv->in_count > 2 && conv->in[2] >= 0)
        TRY(vector_of(import, conv->in[2], channels, parts, &parts->bias));
    for (int i = 1; i < 5; i++) {
        if (in[i] < 0) return import_error(import, STATUS_BAD_MODEL, "a parameter is missing");
    }
    TRY(vector_of(import, in[1], channels, parts, &parts->gamma));
    TRY(vector_of(import, in[2], channels, parts, &parts->beta));
    TRY(vector_of(import, in[3], channels, parts, &parts->mean));
    return vector_of(import, in[4], channels, parts, &parts->variance);
}

/* y = gamma (w x + b - mean) / sqrt(variance + epsilon) + beta; Ioffe & Szegedy 2015, section 3.1. */
static void fold_weights(const Parts *parts, float epsilon, float *weight, float *bias)
{
    const size_t channels = (size_t)parts->weight->dim[0];
    const size_t each = (size_t)parts->weight->count / channels;
    for (size_t c = 0; c < channels; c++) {
        const double variance = (double)const_floats(parts->variance)[c] + (double)epsilon;
        const double scale = (double)const_floats(parts->gamma)[c] / sqrt(variance);
        const double before = parts->bias ? (double)const_floats(parts->bias)[c] : 0;
        const float *from = const_floats(parts->weight) + c * each;
        for (size_t i = 0; i < each; i++) weight[c * each + i] = (float)(from[i] * scale);
        bias[c] = (float)((before - (double)const_floats(parts->mean)[c]) * scale +
                          (double)const_floats(parts->beta)[c]);
    }
}

static Status add_constant(Import *import, const char *base, const char *suffix, Shape shape,
                           const float *data, Value **value)
{
    const size_t length = strlen(base) + strlen(suffix) + 1;
    char *name = arena_alloc(import->arena, length);
    if (!name) return status_no_memory("a name", length);
    memcpy(name, base, strlen(base));
    memcpy(name + strlen(base), suffix, strlen(suffix));
    return graph_add_constant(import->graph, name, shape, data, value);
}

Status import_folded_conv(Import *import, const OnnxNode *conv, Value **weight, Value **bias)
{
    Parts parts = {0};
    TRY(find_parts(import, conv, &parts));
    OnnxFolded *cached = &import->model->folded[import->node->fold];
    OnnxFolded made = *cached;
    const size_t channels = (size_t)parts.weight->dim[0];
    if (!made.weight || !parts.lasting) {
        const OnnxAttr *attr = onnx_attr(import->node, "epsilon");
        const float epsilon = attr && attr->type == ONNX_ATTR_FLOAT ? attr->f : 1e-5F;
        Arena *arena = parts.lasting ? import->model->arena : graph_arena(import->graph);
        const uint64_t bytes = parts.weight->count * sizeof(float);
        float *w = arena_alloc(arena, (size_t)bytes);
        float *b = arena_alloc(arena, channels * sizeof *b);
        if (!w || !b) return status_no_memory("folded weights", bytes);
        fold_weights(&parts, epsilon, w, b);
        made = (OnnxFolded){w, b};
        if (parts.lasting) *cached = made;
    }
    Shape shape = {.rank = parts.weight->rank};
    for (int i = 0; i < shape.rank; i++) shape.dim[i] = (int)parts.weight->dim[i];
    TRY(add_constant(import, import->model->values[conv->in[1]].name, "/folded", shape, made.weight,
                     weight));
    shape = (Shape){.rank = 1, .dim = {(int)channels}};
    return add_constant(import, conv->name, "/bias/folded", shape, made.bias, bias);
}
