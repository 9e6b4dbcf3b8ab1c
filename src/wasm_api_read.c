/* What is read from a look: scores, activations, thumbnails; and the weights. */
#include "wasm_api_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { THUMBNAIL_SIDE = 64 };

static Status model_seen(int handle, Model **model)
{
    TRY(model_find(handle, model));
    if ((*model)->seen) return status_ok();
    return status_error(STATUS_BAD_INPUT, "nothing was looked at yet: look at a picture first");
}

/* Begins a pass over the same input by a graph that keeps what layers give, and apart from others the one that is named,
 * if any; fails, and changes nothing, where that one is out of reach all the same. */
static Status look_again(Model *model, const char *layer)
{
    Sized kept = {.height = model->look.height, .width = model->look.width};
    char *name = layer ? strdup(layer) : NULL;
    if (layer && (!name || model->keep_count == KEEP_MAX)) {
        free(name);
        return status_no_memory("the layer", strlen(layer));
    }
    if (name) model->keep[model->keep_count] = name;
    const int keep_count = model->keep_count + (name ? 1 : 0);
    const GraphRequest request = {.height = kept.height,
                                  .width = kept.width,
                                  .keep = (const char *const *)model->keep,
                                  .keep_count = keep_count,
                                  .partial = true};
    Value *value;
    Status status = network_build(model->network, &request, &kept.graph);
    if (status.code == STATUS_OK && name)
        status = network_layer(model->network, kept.graph, name, &value);
    const Value *from = graph_input(model->look.graph, 0);
    const size_t count = shape_elements(&from->shape);
    if (status.code == STATUS_OK) status = model_buffer(model, count);
    if (status.code != STATUS_OK) {
        free(name);
        sized_release(&kept);
        return status;
    }
    memcpy(model->buffer, from->data, count * sizeof(float));
    sized_release(&model->look);
    model->keep_count = keep_count;
    model->keeps = true;
    model->look = kept;
    model->seen = false;
    TRY(look_allocate(model));
    memcpy(graph_input(model->look.graph, 0)->data, model->buffer, count * sizeof(float));
    look_begin(model, model->picture);
    return status_ok();
}

/* Whether what layers gave is there; if not, a pass that keeps it begins. */
static Status look_is_whole(Model *model, bool *again)
{
    *again = model->look.answers;
    return *again ? look_again(model, NULL) : status_ok();
}

/* A class map as large as the input is a picture that the network made, not scores. */
static int class_count(const Graph *graph)
{
    const Value *logits = network_logits(graph), *input = graph_input(graph, 0);
    const bool spatial = logits && logits->shape.rank == 4 && input->shape.rank == 4 &&
                         logits->shape.dim[2] * logits->shape.dim[3] > 1;
    if (!logits || (spatial && logits->shape.dim[2] == input->shape.dim[2])) return 0;
    return network_class_count(graph);
}

static Status classes_json(Model *model, int top, Text *text, bool *again)
{
    const Graph *graph = model->look.graph;
    const int count = class_count(graph);
    if (top > count) top = count;
    if (top < 0) top = 0;
    float *logits = calloc((size_t)count * 2 + 1, sizeof *logits);
    int *indices = calloc((size_t)top + 1, sizeof *indices);
    if (!logits || !indices) {
        free(logits);
        free(indices);
        return status_no_memory("the classes", (size_t)count * 2 * sizeof *logits);
    }
    float *probabilities = logits + count;
    bool finite = true;
    if (count > 0) {
        network_scores(graph, 0, logits, probabilities);
        network_top(logits, count, top, indices);
    }
    for (int i = 0; i < count; i++) finite &= isfinite(logits[i]) != 0;
    json_key(text, "classes"), json_array_begin(text);
    for (int i = 0; i < top; i++) {
        json_object_begin(text);
        json_key(text, "index"), json_integer(text, indices[i]);
        json_key(text, "label"), json_string(text, network_label(model->network, indices[i]));
        json_key(text, "probability"), json_number(text, probabilities[indices[i]]);
        json_key(text, "logit"), json_number(text, logits[indices[i]]);
        json_object_end(text);
    }
    json_array_end(text);
    free(logits);
    free(indices);
    if (!finite) TRY(look_is_whole(model, again));
    if (*again) return status_ok();
    const Node *bad = finite ? NULL : graph_first_nonfinite(graph);
    json_key(text, "nonfinite"), json_string(text, bad ? bad->name : NULL);
    return status_ok();
}

static Status scores_json(int handle, int top, Text *text, bool *again)
{
    Model *model;
    TRY(model_seen(handle, &model));
    json_object_begin(text);
    TRY(classes_json(model, top, text, again));
    if (*again) return status_ok();
    json_key(text, "seconds"), json_number(text, model->seconds);
    json_key(text, "input");
    const Value *input = graph_input(model->look.graph, 0);
    if (model->picture) {
        const int height = input->shape.dim[2], width = input->shape.dim[3];
        const Shape shape = {3, {3, height, width}};
        TRY(model_buffer(model, shape_elements(&shape)));
        preprocess_invert(network_preprocess(model->network), input->data, height, width,
                          model->buffer);
        json_object_begin(text);
        json_array_of(text, &shape, model->buffer);
        json_object_end(text);
    } else {
        json_string(text, NULL);
    }
    json_object_end(text);
    return status_ok();
}

/* 1 where a pass was begun first. */
static int return_text_or_again(Status status, bool again)
{
    const int code = boundary_return_text(status);
    return code < 0 ? code : again;
}

CONVO_EXPORT int convo_scores(int handle, int top)
{
    bool again = false;
    const Status status = scores_json(handle, top, boundary_text(), &again);
    return return_text_or_again(status, again);
}

static Status output_json(int handle, Text *text)
{
    Model *model;
    TRY(model_seen(handle, &model));
    if (graph_is_partial(model->look.graph))
        return network_lacks(model->network, "the network's output");
    const Value *output = graph_output(model->look.graph, 0);
    json_object_begin(text);
    json_array_of(text, &output->shape, output->data);
    json_object_end(text);
    return status_ok();
}

CONVO_EXPORT int convo_output(int handle)
{
    return boundary_return_text(output_json(handle, boundary_text()));
}

/* ---- activations, thumbnails, weights ---- */

static void stats_json(Text *text, TensorStats stats)
{
    json_object_begin(text);
    json_key(text, "min"), json_number(text, stats.min);
    json_key(text, "max"), json_number(text, stats.max);
    json_key(text, "mean"), json_number(text, stats.mean);
    json_key(text, "deviation"), json_number(text, stats.deviation);
    json_key(text, "nonfinite"), json_integer(text, (long long)stats.nonfinite);
    json_object_end(text);
}

static Status activation_json(int handle, const char *layer, Text *text, bool *again)
{
    Model *model;
    TRY(model_seen(handle, &model));
    Value *value;
    Status status = network_layer(model->network, model->look.graph, layer, &value);
    if (status.code != STATUS_OK) {
        if (look_again(model, layer).code != STATUS_OK) return status;
        *again = true;
        return status_ok();
    }
    TRY(look_is_whole(model, again));
    if (*again) return status_ok();
    json_object_begin(text);
    json_key(text, "name"), json_string(text, layer);
    json_array_of(text, &value->shape, value->data);
    json_key(text, "stats");
    stats_json(text, tensor_stats(value->data, shape_elements(&value->shape)));
    json_object_end(text);
    return status_ok();
}

CONVO_EXPORT int convo_activation(int handle, const char *layer)
{
    bool again = false;
    const Status status = activation_json(handle, layer, boundary_text(), &again);
    return return_text_or_again(status, again);
}

static bool has_map(const Node *node)
{
    const Shape *shape = &node->out[0]->shape;
    return shape->rank == 4 && shape->dim[2] * shape->dim[3] > 1;
}

/* At most 64x64, in proportion. */
static void thumbnail_size(const Shape *shape, int *height, int *width)
{
    const int h = shape->dim[2], w = shape->dim[3], longest = h > w ? h : w;
    const double scale = longest > THUMBNAIL_SIDE ? (double)THUMBNAIL_SIDE / longest : 1;
    *height = (int)fmax(1, round(h * scale));
    *width = (int)fmax(1, round(w * scale));
}

/* The map whose values differ the most. */
static const float *liveliest_map(const Value *value)
{
    const size_t plane = shape_span(&value->shape, 2, 4);
    float most = -1;
    const float *best = value->data;
    for (int c = 0; c < value->shape.dim[1]; c++) {
        const float *map = value->data + (size_t)c * plane;
        const TensorStats stats = tensor_stats(map, plane);
        if (stats.deviation <= most) continue;
        most = stats.deviation;
        best = map;
    }
    return best;
}

static Status thumbnail_json(const Node *node, float *to, Text *text)
{
    const Shape *shape = &node->out[0]->shape;
    int height, width;
    thumbnail_size(shape, &height, &width);
    TRY(resample(liveliest_map(node->out[0]), 1, shape->dim[2], shape->dim[3], to, height, width));
    json_object_begin(text);
    json_key(text, "name"), json_string(text, node->name);
    json_key(text, "width"), json_integer(text, width);
    json_key(text, "height"), json_integer(text, height);
    json_array_of(text, &(Shape){2, {height, width}}, to);
    json_object_end(text);
    return status_ok();
}

static Status thumbnails_json(int handle, Text *text, bool *again)
{
    Model *model;
    TRY(model_seen(handle, &model));
    TRY(look_is_whole(model, again));
    if (*again) return status_ok();
    const Graph *graph = model->look.graph;
    const int count = graph_node_count(graph);
    TRY(model_buffer(model, (size_t)count * THUMBNAIL_SIDE * THUMBNAIL_SIDE));
    float *to = model->buffer;
    json_array_begin(text);
    for (int i = 0; i < count; i++) {
        if (!has_map(graph_node(graph, i))) continue;
        TRY(thumbnail_json(graph_node(graph, i), to, text));
        to += THUMBNAIL_SIDE * THUMBNAIL_SIDE;
    }
    json_array_end(text);
    return status_ok();
}

CONVO_EXPORT int convo_thumbnails(int handle)
{
    bool again = false;
    const Status status = thumbnails_json(handle, boundary_text(), &again);
    return return_text_or_again(status, again);
}

static Status weights_json(int handle, const char *layer, Text *text)
{
    Model *model;
    TRY(model_find(handle, &model));
    TRY(look_plan(model, model->look.height, model->look.width));
    const Graph *graph = model->look.graph;
    const Node *node = NULL;
    for (int i = 0; i < graph_node_count(graph) && !node; i++) {
        const Node *n = graph_node(graph, i);
        if (strcmp(n->name, layer) == 0 || strcmp(n->out[0]->name, layer) == 0) node = n;
    }
    const Value *weights = node && node->in_count > 1 ? node->in[1] : NULL;
    if (!weights || !weights->constant || weights->shape.rank < 2) {
        json_string(text, NULL);
        return status_ok();
    }
    const Value *bias = node->in_count > 2 ? node->in[2] : NULL;
    json_object_begin(text);
    json_array_of(text, &weights->shape, weights->data);
    json_key(text, "bias");
    if (bias && bias->constant) {
        json_object_begin(text);
        json_array_of(text, &bias->shape, bias->data);
        json_object_end(text);
    } else {
        json_string(text, NULL);
    }
    json_object_end(text);
    return status_ok();
}

CONVO_EXPORT int convo_weights(int handle, const char *layer)
{
    return boundary_return_text(weights_json(handle, layer, boundary_text()));
}
