#include "graph.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "graph_internal.h"

static Status list_push(List *list, void *item)
{
    if (list->count == list->capacity) {
        int capacity = list->capacity ? 2 * list->capacity : 64;
        void **items = realloc(list->items, (size_t)capacity * sizeof *items);
        if (!items) return status_no_memory("the graph", (size_t)capacity * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
    return status_ok();
}

Status graph_create(Graph **graph)
{
    Graph *created = calloc(1, sizeof *created);
    if (created) created->arena = arena_create();
    if (!created || !created->arena) {
        free(created);
        return status_no_memory("the graph", sizeof *created);
    }
    *graph = created;
    return status_ok();
}

void graph_destroy(Graph *graph)
{
    if (!graph) return;
    free(graph->nodes.items);
    free(graph->inputs.items);
    free(graph->outputs.items);
    free(graph->values.items);
    aligned_free(graph->memory);
    arena_destroy(graph->arena);
    free(graph);
}

/* ---- building ---- */

static Status value_create(Graph *graph, const char *name, Value **value)
{
    Value *created = arena_alloc(graph->arena, sizeof *created);
    if (!created) return status_no_memory("the graph", sizeof *created);
    created->name = arena_text(graph->arena, name, strlen(name));
    if (!created->name) return status_no_memory("the graph", strlen(name));
    TRY(list_push(&graph->values, created));
    *value = created;
    return status_ok();
}

Status graph_add_input(Graph *graph, const char *name, Shape shape, Value **value)
{
    TRY(shape_validate(&shape, name));
    Value *created;
    TRY(value_create(graph, name, &created));
    created->shape = shape;
    TRY(list_push(&graph->inputs, created));
    *value = created;
    return status_ok();
}

Status graph_add_constant(Graph *graph, const char *name, Shape shape, const float *data,
                          Value **value)
{
    TRY(shape_validate(&shape, name));
    assert(((uintptr_t)data & 3) == 0);
    Value *created;
    TRY(value_create(graph, name, &created));
    created->shape = shape;
    created->constant = true;
    /* Ops never write to a constant; the trainer, which does, owns the memory behind it. */
    created->data = (float *)(uintptr_t)data;
    *value = created;
    return status_ok();
}

static Status attrs_copy(Graph *graph, const Attr *from, int count, const Attr **to)
{
    Attr *copy = arena_alloc(graph->arena, (size_t)count * sizeof *copy);
    if (!copy) return status_no_memory("the graph", (size_t)count * sizeof *copy);
    for (int i = 0; i < count; i++) {
        copy[i] = from[i];
        bool failed = false;
        copy[i].name = arena_text(graph->arena, from[i].name, strlen(from[i].name));
        if (from[i].s) {
            copy[i].s = arena_text(graph->arena, from[i].s, strlen(from[i].s));
            failed = !copy[i].s;
        }
        if (from[i].ints) {
            size_t bytes = (size_t)from[i].count * sizeof *from[i].ints;
            int64_t *ints = arena_alloc(graph->arena, bytes);
            if (ints) memcpy(ints, from[i].ints, bytes);
            copy[i].ints = ints;
            failed |= !ints;
        }
        if (from[i].floats) {
            size_t bytes = (size_t)from[i].count * sizeof *from[i].floats;
            float *floats = arena_alloc(graph->arena, bytes);
            if (floats) memcpy(floats, from[i].floats, bytes);
            copy[i].floats = floats;
            failed |= !floats;
        }
        if (failed || !copy[i].name)
            return status_no_memory("the attributes of a node", sizeof *copy);
    }
    *to = copy;
    return status_ok();
}

static void value_is_read(Value *value, bool overwrites)
{
    value->readers++;
    value->overwritten = value->readers == 1 && overwrites && !value->constant;
}

static Status node_create(Graph *graph, const NodeSpec *spec, const Op *op, Node **node)
{
    Node *n = arena_alloc(graph->arena, sizeof *n);
    if (!n) return status_no_memory("the graph", sizeof *n);
    n->op = op;
    n->opset = spec->opset;
    n->arena = graph->arena;
    n->name = arena_text(graph->arena, spec->name, strlen(spec->name));
    n->in = arena_alloc(graph->arena, (size_t)spec->in_count * sizeof *n->in);
    n->out = arena_alloc(graph->arena, (size_t)spec->out_count * sizeof *n->out);
    if (!n->name || !n->in || !n->out) return status_no_memory("the graph", sizeof *n);
    for (int i = 0; i < spec->in_count; i++) {
        n->in[i] = spec->in[i];
        if (n->in[i]) value_is_read(n->in[i], spec->overwrites);
    }
    n->in_count = spec->in_count;
    n->out_count = spec->out_count;
    n->attr_count = spec->attr_count;
    TRY(attrs_copy(graph, spec->attr, spec->attr_count, &n->attr));
    for (int i = 0; i < spec->out_count; i++) {
        TRY(value_create(graph, spec->out[i], &n->out[i]));
        n->out[i]->producer = n;
    }
    *node = n;
    return status_ok();
}

/* Runs a node on constants at once. Its scratch and cache are not kept. */
static Status node_fold(Graph *graph, Node *n)
{
    Status status = status_ok();
    for (int i = 0; i < n->out_count; i++) {
        size_t bytes = shape_elements(&n->out[i]->shape) * sizeof(float);
        n->out[i]->data = arena_alloc(graph->arena, bytes);
        if (!n->out[i]->data) return status_no_memory(n->name, bytes);
    }
    n->cache = aligned_alloc_zeroed(n->cache_bytes);
    n->scratch = aligned_alloc_zeroed(n->scratch_bytes);
    if (n->cache && n->scratch) {
        n->op->forward(n);
    } else {
        status = status_no_memory(n->name, n->cache_bytes + n->scratch_bytes);
    }
    aligned_free(n->cache);
    aligned_free(n->scratch);
    for (int i = 0; i < n->out_count; i++) {
        n->out[i]->constant = true;
        n->out[i]->producer = NULL;
    }
    return status;
}

static bool all_inputs_constant(const Node *n)
{
    int constants = 0;
    for (int i = 0; i < n->in_count; i++) {
        if (!n->in[i]) continue;
        if (!n->in[i]->constant) return false;
        constants++;
    }
    return constants > 0;
}

Status graph_add_node(Graph *graph, const NodeSpec *spec, Node **node)
{
    const Op *op = spec->own ? spec->own : op_find(spec->op);
    if (!op) {
        return status_error(STATUS_UNSUPPORTED,
                            "node '%s' needs the operator %s (opset %d), which is not supported",
                            spec->name, spec->op, spec->opset);
    }
    if (spec->out_count < 1) {
        return status_error(STATUS_BAD_MODEL, "%s '%s' has no output: the file is damaged",
                            spec->op, spec->name);
    }
    Node *n = NULL;
    TRY(node_create(graph, spec, op, &n));
    TRY(op->plan(n));
    for (int i = 0; i < n->out_count; i++) TRY(shape_validate(&n->out[i]->shape, n->name));
    if (node) *node = NULL;
    if (all_inputs_constant(n)) return node_fold(graph, n);
    TRY(list_push(&graph->nodes, n));
    if (node) *node = n;
    return status_ok();
}

Status graph_own_constant(Graph *graph, Node *node, int input, float **data)
{
    const Value *shared = node->in[input];
    assert(shared->constant && !graph->memory);
    const size_t bytes = shape_elements(&shared->shape) * sizeof(float);
    *data = arena_alloc(graph->arena, bytes);
    if (!*data) return status_no_memory(shared->name, bytes);
    memcpy(*data, shared->data, bytes);
    return graph_add_constant(graph, shared->name, shared->shape, *data, &node->in[input]);
}

Arena *graph_arena(Graph *graph)
{
    return graph->arena;
}

Status graph_mark_output(Graph *graph, Value *value)
{
    return list_push(&graph->outputs, value);
}

void graph_mark_partial(Graph *graph)
{
    graph->partial = true;
}

bool graph_is_partial(const Graph *graph)
{
    return graph->partial;
}

/* ---- access ---- */

int graph_node_count(const Graph *graph)
{
    return graph->nodes.count;
}

Node *graph_node(const Graph *graph, int index)
{
    return graph->nodes.items[index];
}

int graph_input_count(const Graph *graph)
{
    return graph->inputs.count;
}

Value *graph_input(const Graph *graph, int index)
{
    return graph->inputs.items[index];
}

int graph_output_count(const Graph *graph)
{
    return graph->outputs.count;
}

Value *graph_output(const Graph *graph, int index)
{
    return graph->outputs.items[index];
}

Value *graph_find(const Graph *graph, const char *name)
{
    for (int i = 0; i < graph->values.count; i++) {
        Value *value = graph->values.items[i];
        if (strcmp(value->name, name) == 0) return value;
    }
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *n = graph->nodes.items[i];
        if (strcmp(n->name, name) == 0) return n->out[0];
    }
    return NULL;
}
