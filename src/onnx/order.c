/* Names become indices, nodes come into topological order, and what depends on the picture is told apart. */
#include <string.h>

#include "onnx/model.h"

static const OnnxValue new_value = {.producer = -1, .input = -1};

static Status add_value(OnnxModel *model, const char *name, OnnxValue **value)
{
    *value = &model->values[model->value_count];
    **value = new_value;
    (*value)->name = name;
    if (!names_add(&model->names, name, model->value_count)) {
        return status_error(STATUS_BAD_MODEL,
                            "the name '%s' is given to two values: the file is damaged", name);
    }
    model->value_count++;
    return status_ok();
}

static Status collect_values(OnnxModel *model)
{
    uint64_t most = (uint64_t)model->tensor_count + (uint64_t)model->input_count;
    for (int i = 0; i < model->node_count; i++) most += (uint64_t)model->nodes[i].out_count;
    model->values = most > INT32_MAX / 4
                        ? NULL
                        : arena_alloc(model->arena, (size_t)most * sizeof *model->values);
    if (!model->values) return status_no_memory("the network", most * sizeof *model->values);
    TRY(names_create(&model->names, model->arena, (int)most));
    OnnxValue *value;
    for (int i = 0; i < model->tensor_count; i++) {
        if (model->tensors[i].name[0] == '\0') continue;
        TRY(add_value(model, model->tensors[i].name, &value));
        value->tensor = &model->tensors[i];
    }
    for (int i = 0; i < model->input_count; i++) {
        TRY(add_value(model, model->inputs[i].name, &value));
        value->input = i;
        value->dynamic = true;
    }
    for (int i = 0; i < model->node_count; i++) {
        OnnxNode *node = &model->nodes[i];
        for (int j = 0; j < node->out_count; j++) {
            node->out[j] = -1;
            if (node->out_name[j][0] == '\0') continue;
            TRY(add_value(model, node->out_name[j], &value));
            value->producer = i;
            node->out[j] = model->value_count - 1;
        }
    }
    return status_ok();
}

static const char *first_output(const OnnxNode *node)
{
    for (int i = 0; i < node->out_count; i++) {
        if (node->out_name[i][0]) return node->out_name[i];
    }
    return "";
}

/* A node without a name, or with the name of another one, takes the name of its first output. */
static Status name_nodes(OnnxModel *model)
{
    Names names;
    TRY(names_create(&names, model->arena, model->node_count));
    for (int i = 0; i < model->node_count; i++) {
        OnnxNode *node = &model->nodes[i];
        if (node->name[0] == '\0' || !names_add(&names, node->name, i))
            node->name = first_output(node);
    }
    return status_ok();
}

static Status resolve_inputs(OnnxModel *model)
{
    for (int i = 0; i < model->node_count; i++) {
        OnnxNode *node = &model->nodes[i];
        for (int j = 0; j < node->in_count; j++) {
            node->in[j] = -1;
            if (node->in_name[j][0] == '\0') continue;
            node->in[j] = names_find(&model->names, node->in_name[j]);
            if (node->in[j] >= 0) continue;
            return status_error(STATUS_BAD_MODEL,
                                "%s '%s' reads '%s', which nothing in the file produces", node->op,
                                node->name, node->in_name[j]);
        }
    }
    model->output_values =
        arena_alloc(model->arena, (size_t)model->output_count * sizeof *model->output_values);
    if (!model->output_values) return status_no_memory("the network", 0);
    for (int i = 0; i < model->output_count; i++) {
        int value = names_find(&model->names, model->outputs[i]);
        model->output_values[i] = value;
        if (value < 0) {
            return status_error(STATUS_BAD_MODEL,
                                "the network's output '%s' is produced by no node",
                                model->outputs[i]);
        }
        model->values[value].output = true;
    }
    return status_ok();
}

enum { UNSEEN, OPEN, DONE };

typedef struct Frame {
    int node, input;
} Frame;

/* Depth first over the inputs, with a stack of its own: a file may chain a hundred thousand nodes. */
static Status visit(OnnxModel *model, char *state, Frame *stack, int start)
{
    int depth = 0;
    stack[depth++] = (Frame){start, 0};
    state[start] = OPEN;
    while (depth) {
        Frame *top = &stack[depth - 1];
        const OnnxNode *node = &model->nodes[top->node];
        if (top->input == node->in_count) {
            state[top->node] = DONE;
            model->order[model->order_count++] = top->node;
            depth--;
            continue;
        }
        int value = node->in[top->input++];
        int next = value < 0 ? -1 : model->values[value].producer;
        if (next < 0 || state[next] == DONE) continue;
        if (state[next] == OPEN) {
            return status_error(STATUS_BAD_MODEL,
                                "node '%s' depends on its own output (through '%s'): the network "
                                "has a cycle, which ONNX does not allow",
                                model->nodes[next].name, node->name);
        }
        state[next] = OPEN;
        stack[depth++] = (Frame){next, 0};
    }
    return status_ok();
}

/* Marks the nodes that the outputs need. */
static void mark_needed(const OnnxModel *model, char *needed, int *stack)
{
    int depth = 0;
    for (int i = 0; i < model->output_count; i++) {
        int node = model->values[model->output_values[i]].producer;
        if (node < 0 || needed[node]) continue;
        needed[node] = 1;
        stack[depth++] = node;
    }
    while (depth) {
        const OnnxNode *node = &model->nodes[stack[--depth]];
        for (int i = 0; i < node->in_count; i++) {
            int next = node->in[i] < 0 ? -1 : model->values[node->in[i]].producer;
            if (next < 0 || needed[next]) continue;
            needed[next] = 1;
            stack[depth++] = next;
        }
    }
}

/* Nodes come in the order of the file wherever that is a topological one. */
static Status sort_nodes(OnnxModel *model)
{
    const size_t count = (size_t)model->node_count;
    char *state = arena_alloc(model->arena, count), *needed = arena_alloc(model->arena, count);
    Frame *stack = arena_alloc(model->arena, count * sizeof *stack);
    model->order = arena_alloc(model->arena, count * sizeof *model->order);
    if (!state || !needed || !stack || !model->order)
        return status_no_memory("the network", count * sizeof *stack);
    mark_needed(model, needed, model->order);
    for (int i = 0; i < model->node_count; i++) {
        if (needed[i] && state[i] == UNSEEN) TRY(visit(model, state, stack, i));
    }
    return status_ok();
}

static void find_dynamic(OnnxModel *model)
{
    for (int i = 0; i < model->order_count; i++) {
        OnnxNode *node = &model->nodes[model->order[i]];
        for (int j = 0; j < node->in_count; j++) {
            if (node->in[j] < 0) continue;
            node->dynamic |= model->values[node->in[j]].dynamic;
            model->values[node->in[j]].readers++;
        }
        /* The size of the picture is known when a graph is built. */
        if (strcmp(node->op, "Shape") == 0 || strcmp(node->op, "Size") == 0) node->dynamic = false;
        for (int j = 0; j < node->out_count; j++) {
            if (node->out[j] >= 0) model->values[node->out[j]].dynamic = node->dynamic;
        }
    }
}

static bool constant_inputs(const OnnxModel *model, const OnnxNode *node, int first, int last)
{
    for (int i = first; i < last && i < node->in_count; i++) {
        if (node->in[i] >= 0 && model->values[node->in[i]].dynamic) return false;
    }
    return true;
}

static bool has_inputs(const OnnxNode *node, int count)
{
    if (node->in_count < count) return false;
    for (int i = 0; i < count; i++) {
        if (node->in[i] < 0) return false;
    }
    return true;
}

/* A BatchNormalization whose only source is a Conv that nobody else reads. */
static void find_folds(OnnxModel *model)
{
    for (int i = 0; i < model->order_count; i++) {
        int index = model->order[i];
        OnnxNode *node = &model->nodes[index];
        if (strcmp(node->op, "BatchNormalization") != 0 || node->in_count != 5) continue;
        if (!has_inputs(node, 5) || !constant_inputs(model, node, 1, 5)) continue;
        if (node->out_count < 1 || node->out[0] < 0) continue;
        const OnnxValue *between = &model->values[node->in[0]];
        if (between->producer < 0 || between->readers != 1 || between->output) continue;
        OnnxNode *conv = &model->nodes[between->producer];
        if (strcmp(conv->op, "Conv") != 0 || conv->domain[0] || node->domain[0]) continue;
        if (!has_inputs(conv, 2) || conv->out_count != 1 || !conv->dynamic) continue;
        if (!constant_inputs(model, conv, 1, conv->in_count)) continue;
        node->fold = between->producer;
        conv->fold = index;
    }
}

Status onnx_order(OnnxModel *model)
{
    TRY(collect_values(model));
    TRY(name_nodes(model));
    TRY(resolve_inputs(model));
    TRY(sort_nodes(model));
    find_dynamic(model);
    find_folds(model);
    return status_ok();
}
