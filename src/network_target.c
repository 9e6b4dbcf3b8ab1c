/* What people name: classes, channels, neurons, layers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "network_internal.h"

/* ---- class scores ---- */

static bool is_view(const Node *node)
{
    static const char *const views[] = {"Reshape",   "Flatten",  "Squeeze",
                                        "Unsqueeze", "Identity", "Dropout"};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        if (strcmp(node->op->name, views[i]) == 0) return true;
    }
    return false;
}

Value *network_logits(const Graph *graph)
{
    if (graph_output_count(graph) == 0 || graph_is_partial(graph)) return NULL;
    Value *output = graph_output(graph, 0), *value = output;
    while (value->producer && is_view(value->producer)) value = value->producer->in[0];
    if (!value->producer || strcmp(value->producer->op->name, "Softmax") != 0) return output;
    return value->producer->in[0];
}

int network_class_count(const Graph *graph)
{
    const Value *logits = network_logits(graph);
    if (!logits || logits->shape.rank == 0) return 0;
    return logits->shape.rank == 1 ? logits->shape.dim[0] : logits->shape.dim[1];
}

static void softmax(const float *logits, int count, float *probabilities)
{
    float most = logits[0];
    for (int c = 1; c < count; c++) most = logits[c] > most ? logits[c] : most;
    double sum = 0;
    for (int c = 0; c < count; c++) sum += exp((double)logits[c] - (double)most);
    for (int c = 0; c < count; c++)
        probabilities[c] = (float)(exp((double)logits[c] - (double)most) / sum);
}

/* Mean over the positions of class c of batch item n. */
static float score(const Value *value, int n, int c)
{
    const Shape *shape = &value->shape;
    const int first = shape->rank > 1 ? 2 : 1;
    const size_t positions = shape_span(shape, first, shape->rank);
    const size_t classes = (size_t)shape->dim[first - 1];
    const float *data = value->data + ((size_t)n * classes + (size_t)c) * positions;
    double sum = 0;
    for (size_t i = 0; i < positions; i++) sum += (double)data[i];
    return (float)(sum / (double)positions);
}

void network_scores(const Graph *graph, int n, float *logits, float *probabilities)
{
    const Value *value = network_logits(graph);
    const int count = network_class_count(graph);
    if (!value || count == 0) return;
    /* Probabilities hold the scores first, so that no memory is needed. */
    float *scores = logits ? logits : probabilities;
    for (int c = 0; c < count && scores; c++) scores[c] = score(value, n, c);
    if (probabilities) softmax(scores, count, probabilities);
}

/* Not-a-number ranks last. */
static bool ranks_higher(float a, float b)
{
    return a > b || (b != b && a == a);
}

void network_top(const float *scores, int count, int top, int *indices)
{
    int found = 0;
    for (int c = 0; c < count; c++) {
        int at = found;
        while (at > 0 && ranks_higher(scores[c], scores[indices[at - 1]])) at--;
        if (at >= top) continue;
        if (found < top) found++;
        memmove(&indices[at + 1], &indices[at], (size_t)(found - 1 - at) * sizeof *indices);
        indices[at] = c;
    }
}

/* ---- layers ---- */

int network_node_index(const Graph *graph, const Node *node)
{
    for (int i = graph_node_count(graph) - 1; i >= 0; i--) {
        if (graph_node(graph, i) == node) return i;
    }
    return -1;
}

static bool shows_a_map(const Node *node, int classes)
{
    static const char *const ops[] = {"Conv",    "Relu", "LeakyRelu", "Clip",
                                      "Sigmoid", "Tanh", "Concat",    "BatchNormalization"};
    const Shape *shape = &node->out[0]->shape;
    if (shape->rank != 4 || shape->dim[2] * shape->dim[3] <= 1) return false;
    /* Maps of the classes themselves are the answer, not what it was made from. */
    if (shape->dim[1] == classes) return false;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (strcmp(node->op->name, ops[i]) == 0) return true;
    }
    return false;
}

/* Whether the node at `index` feeds the value, directly or through others. needed: one flag per node. */
static bool feeds(const Graph *graph, int index, const bool *needed, int count)
{
    const Node *node = graph_node(graph, index);
    for (int i = index + 1; i < count; i++) {
        const Node *reader = graph_node(graph, i);
        for (int j = 0; needed[i] && j < reader->in_count; j++) {
            for (int k = 0; k < node->out_count; k++) {
                if (reader->in[j] == node->out[k]) return true;
            }
        }
    }
    return false;
}

static Status last_map(const Graph *graph, Value **value)
{
    const Value *logits = network_logits(graph);
    const int classes = network_class_count(graph);
    const bool partial = graph_is_partial(graph);
    const int count = partial                      ? graph_node_count(graph)
                      : logits && logits->producer ? network_node_index(graph, logits->producer) + 1
                                                   : 0;
    bool *needed = calloc((size_t)count + 1, sizeof *needed);
    if (!needed) return status_no_memory("the layers", (size_t)count);
    *value = NULL;
    for (int i = count - 1; i >= 0 && !*value; i--) {
        Node *node = graph_node(graph, i);
        needed[i] = partial || i == count - 1 || feeds(graph, i, needed, count);
        if (needed[i] && shows_a_map(node, classes)) *value = node->out[0];
    }
    free(needed);
    if (*value) return status_ok();
    return status_error(
        STATUS_BAD_INPUT,
        "the network has no convolution whose map is larger than 1x1: name a layer");
}

Status network_layer(const Network *network, const Graph *graph, const char *name, Value **value)
{
    if (strcmp(name, "auto") == 0) return last_map(graph, value);
    OnnxFoldRecord record;
    for (int i = 0; onnx_fold_record(network->model, graph, i, &record); i++) {
        if (strcmp(name, record.name) == 0) name = record.output;
        if (strcmp(name, record.into) != 0 && strcmp(name, record.into_output) != 0) continue;
        return status_error(STATUS_BAD_INPUT,
                            "what convolution '%s' gives is not there, because the normalisation "
                            "'%s' was folded into it: build the graph with '%s' kept",
                            record.into, record.name, record.into_output);
    }
    Value *found = graph_find(graph, name);
    if (!found) {
        return status_error(STATUS_BAD_INPUT,
                            "the network has no layer '%s': take a name from its list of layers",
                            name);
    }
    if (found->constant) {
        return status_error(STATUS_BAD_INPUT, "'%s' is a weight, not a layer", name);
    }
    *value = found;
    return status_ok();
}

/* ---- targets ---- */

static bool parse_index(const char *text, int *index)
{
    char *end;
    if (*text < '0' || *text > '9') return false;
    long value = strtol(text, &end, 10);
    if (*end || value > INT32_MAX) return false;
    *index = (int)value;
    return true;
}

/* Whether one of the comma-separated names of a label, after a WordNet number, is the text. */
static bool label_matches(const char *label, const char *text)
{
    const size_t length = strlen(text);
    if (strcasecmp(label, text) == 0) return true;
    if (label[0] == 'n' && strspn(label + 1, "0123456789") == 8 && label[9] == ' ') label += 10;
    while (*label) {
        const size_t part = strcspn(label, ",");
        if (part == length && strncasecmp(label, text, length) == 0) return true;
        label += part + (label[part] == ',');
        while (*label == ' ') label++;
    }
    return false;
}

static Status top_class(const Graph *graph, int *index)
{
    const int count = network_class_count(graph);
    const Value *logits = network_logits(graph);
    if (!logits->data)
        return status_error(STATUS_BAD_INPUT, "class:top needs a picture to have been looked at");
    *index = 0;
    float best = score(logits, 0, 0);
    for (int c = 1; c < count; c++) {
        const float s = score(logits, 0, c);
        if (!ranks_higher(s, best)) continue;
        best = s;
        *index = c;
    }
    return status_ok();
}

static Status class_target(const Network *network, const Graph *graph, const char *text,
                           Objective *term)
{
    const int count = network_class_count(graph);
    if (graph_is_partial(graph)) return network_lacks(network, "the class scores");
    term->kind = OBJECTIVE_CHANNEL;
    term->value = network_logits(graph);
    if (count == 0 || term->value->shape.rank < 2 || term->value->constant) {
        return status_error(STATUS_BAD_INPUT,
                            "the network gives no class scores: use layer:, channel: or neuron:");
    }
    if (strcmp(text, "top") == 0) return top_class(graph, &term->channel);
    if (parse_index(text, &term->channel)) {
        if (term->channel < count) return status_ok();
        return status_error(STATUS_BAD_INPUT, "there is no class %d: the network has 0 to %d",
                            term->channel, count - 1);
    }
    for (int i = 0; i < network->label_count && i < count; i++) {
        if (!label_matches(network->labels[i], text)) continue;
        term->channel = i;
        return status_ok();
    }
    return status_error(
        STATUS_BAD_INPUT,
        network->label_count
            ? "there is no class '%s': give a number or a name from the labels"
            : "there is no class '%s', and the network has no labels: give a number",
        text);
}

/* Cuts `count` numbers from the end of text, which is changed: "conv1:3:10:12" leaves "conv1". */
static bool cut_numbers(char *text, int count, int *numbers)
{
    for (int i = count - 1; i >= 0; i--) {
        char *colon = strrchr(text, ':');
        if (!colon || !parse_index(colon + 1, &numbers[i])) return false;
        *colon = '\0';
    }
    return true;
}

static Status check_position(const Value *value, const char *layer, const Objective *term)
{
    char text[SHAPE_TEXT_BYTES];
    const Shape *shape = &value->shape;
    const int height = shape->rank == 4 ? shape->dim[2] : 1;
    const int width = shape->rank == 4 ? shape->dim[3] : 1;
    if ((shape->rank == 4 || shape->rank == 2) && term->channel < shape->dim[1] &&
        term->y < height && term->x < width)
        return status_ok();
    return status_error(
        STATUS_BAD_INPUT,
        "layer '%s' has the shape %s: channel %d, row %d, column %d is outside of it", layer,
        shape_text(shape, text), term->channel, term->y, term->x);
}

static Status layer_target(const Network *network, const Graph *graph, char *text, int numbers,
                           Objective *term)
{
    int number[3] = {0};
    if (!cut_numbers(text, numbers, number)) {
        return status_error(STATUS_BAD_INPUT,
                            "the target '%s' lacks its numbers: write channel:NODE:C or "
                            "neuron:NODE:C:Y:X",
                            text);
    }
    TRY(network_layer(network, graph, text, &term->value));
    term->channel = number[0];
    term->y = number[1];
    term->x = number[2];
    return numbers ? check_position(term->value, text, term) : status_ok();
}

/* text is one term alone, and is changed. */
static Status term_target(const Network *network, const Graph *graph, char *text, Objective *term)
{
    const SpecKind *kind = spec_kind(text);
    if (!kind) {
        return status_error(STATUS_BAD_INPUT,
                            "the target '%s' is not understood: write class:N, class:top, "
                            "channel:NODE:C, neuron:NODE:C:Y:X, layer:NODE or gram:NODE, or a mix: "
                            "class:N + 0.5*channel:NODE:C",
                            text);
    }
    term->kind = kind->kind;
    char *name = text + strlen(kind->prefix);
    if (strcmp(kind->prefix, "class:") == 0) return class_target(network, graph, name, term);
    TRY(layer_target(network, graph, name, kind->numbers, term));
    if (kind->kind != OBJECTIVE_GRAM_ENERGY || term->value->shape.rank == 4) return status_ok();
    return status_error(STATUS_BAD_INPUT, "'%s' is no map: a Gram matrix needs one", name);
}

Status network_objective(const Network *network, const Graph *graph, const char *spec,
                         Objective *term)
{
    Arena *arena = graph_arena((Graph *)graph);
    Objective *last = NULL;
    SpecTerm next = {.text = spec}; /* an empty SPEC is a term that is not understood */
    while (spec_next(&spec, &next) || !last) {
        Objective *own = last ? arena_alloc(arena, sizeof *own) : term;
        char *text = malloc(next.length + 1);
        if (!own || !text) {
            free(text);
            return status_no_memory("the target", next.length);
        }
        memcpy(text, next.text, next.length);
        text[next.length] = '\0';
        *own = (Objective){.weight = next.weight};
        const Status status = term_target(network, graph, text, own);
        free(text);
        TRY(status);
        if (last) last->plus = own;
        last = own;
    }
    return status_ok();
}
