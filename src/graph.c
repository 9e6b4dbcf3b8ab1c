#include "graph.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/clock.h"
#include "graph_answer.h"

/* A list of pointers that grows; the pointees live in the graph's arena. */
typedef struct List {
    void **items;
    int count, capacity;
} List;

typedef enum Direction { IDLE, FORWARD, BACKWARD } Direction;

struct Graph {
    Arena *arena;
    List nodes, inputs, outputs, values;
    unsigned flags;
    bool partial;
    void *memory; /* activations, gradients, caches and scratch in one piece */

    /* The pass under way. */
    Direction direction;
    int cursor;
    int zeroed; /* values whose gradients graph_zero_more has seen */
    const BackwardRule *rule;
    const Value *start, *stop; /* forward begins and backward ends here; NULL: at the inputs */
    uint64_t work_done, work_total;
};

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

/* ---- memory ---- */

static uint64_t padded(uint64_t bytes)
{
    return (bytes + 63) & ~(uint64_t)63;
}

static bool wants_gradient(const Value *value, unsigned flags)
{
    if (value->constant) return (flags & GRAPH_PARAMETER_GRADIENTS) != 0;
    if (!value->producer) return (flags & GRAPH_INPUT_GRADIENT) != 0;
    return flags != GRAPH_FORWARD;
}

GraphMemory graph_memory(const Graph *graph, unsigned flags)
{
    GraphMemory memory = {0};
    for (int i = 0; i < graph->values.count; i++) {
        const Value *value = graph->values.items[i];
        uint64_t bytes = padded(shape_elements(&value->shape) * sizeof(float));
        if (!value->constant) memory.activations += bytes;
        if (wants_gradient(value, flags)) memory.gradients += bytes;
    }
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *n = graph->nodes.items[i];
        memory.caches += padded(n->cache_bytes);
        if (padded(n->scratch_bytes) > memory.scratch) memory.scratch = padded(n->scratch_bytes);
    }
    memory.total = memory.activations + memory.gradients + memory.caches + memory.scratch;
    return memory;
}

static void *take(char **next, uint64_t bytes)
{
    void *pointer = *next;
    *next += padded(bytes);
    return pointer;
}

static void *take_zeroed(char **next, uint64_t bytes)
{
    return memset(take(next, bytes), 0, padded(bytes));
}

static Status reserve(Graph *graph, uint64_t bytes, unsigned flags)
{
    if (bytes > SIZE_MAX / 2) return status_no_memory("the activations", bytes);
    graph->memory = aligned_alloc_uninitialized((size_t)bytes);
    if (!graph->memory) return status_no_memory("the activations", bytes);
    graph->flags = flags;
    return status_ok();
}

Status graph_allocate(Graph *graph, unsigned flags)
{
    assert(!graph->memory);
    GraphMemory memory = graph_memory(graph, flags);
    TRY(reserve(graph, memory.total, flags));
    /* Zeroing all of it would take as long as several layers, and nodes write what they give. */
    char *next = graph->memory;
    void *scratch = take(&next, memory.scratch);
    for (int i = 0; i < graph->values.count; i++) {
        Value *value = graph->values.items[i];
        uint64_t bytes = shape_elements(&value->shape) * sizeof(float);
        if (!value->constant)
            value->data = value->producer ? take(&next, bytes) : take_zeroed(&next, bytes);
        if (wants_gradient(value, flags)) value->grad = take(&next, bytes);
    }
    for (int i = 0; i < graph->nodes.count; i++) {
        Node *n = graph->nodes.items[i];
        n->cache = take_zeroed(&next, n->cache_bytes);
        n->scratch = scratch;
    }
    return status_ok();
}

/* ---- memory of a pass of which only the answer is looked at ---- */

/* Places for what nodes give, in the order in which they run: that of a value whose last reader has run is free. */
static uint64_t values_share(Graph *graph, const Value *answer)
{
    for (int i = 0; i < graph->values.count; i++) {
        Value *value = graph->values.items[i];
        value->unread = value->readers + (value == answer);
    }
    for (int i = 0; i < graph->outputs.count; i++) ((Value *)graph->outputs.items[i])->unread++;
    return answer_plan((Node *const *)graph->nodes.items, graph->nodes.count);
}

Status graph_allocate_answer(Graph *graph, const Value *answer)
{
    assert(!graph->memory);
    GraphMemory memory = graph_memory(graph, GRAPH_FORWARD);
    const uint64_t shared = values_share(graph, answer);
    memory.total = memory.scratch + memory.caches + shared;
    for (int i = 0; i < graph->inputs.count; i++)
        memory.total += answer_value_bytes(graph->inputs.items[i]);
    const Status reserved = reserve(graph, memory.total, GRAPH_FORWARD);
    if (reserved.code != STATUS_OK) {
        answer_forget((Node *const *)graph->nodes.items, graph->nodes.count);
        return reserved;
    }
    char *next = graph->memory;
    void *scratch = take(&next, memory.scratch);
    char *places = take(&next, shared);
    for (int i = 0; i < graph->values.count; i++) {
        Value *value = graph->values.items[i];
        if (value->constant) continue;
        value->data = value->producer ? (float *)(void *)(places + (uintptr_t)value->data)
                                      : take_zeroed(&next, answer_value_bytes(value));
    }
    for (int i = 0; i < graph->nodes.count; i++) {
        Node *n = graph->nodes.items[i];
        n->cache = take_zeroed(&next, n->cache_bytes);
        n->scratch = scratch;
    }
    return status_ok();
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

/* ---- passes ---- */

static uint64_t node_work(const Node *n)
{
    return n->macs + shape_elements(&n->out[0]->shape) + 1;
}

static void pass_begin(Graph *graph, Direction direction, int cursor)
{
    assert(graph->memory);
    graph->direction = direction;
    graph->cursor = cursor;
    graph->work_done = graph->work_total = 0;
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *n = graph->nodes.items[i];
        if (n->wanted) graph->work_total += node_work(n);
    }
}

void graph_start_forward_at(Graph *graph, const Value *value)
{
    graph->start = value;
}

void graph_begin_forward(Graph *graph, Value *const *targets, int count)
{
    for (int i = 0; i < graph->nodes.count; i++) {
        Node *n = graph->nodes.items[i];
        n->wanted = count == 0;
    }
    for (int i = 0; i < count; i++) {
        if (targets[i]->producer) targets[i]->producer->wanted = true;
    }
    for (int i = graph->nodes.count - 1; i >= 0; i--) {
        const Node *n = graph->nodes.items[i];
        if (!n->wanted) continue;
        for (int j = 0; j < n->in_count; j++) {
            const Value *value = n->in[j];
            if (value && value->producer && value != graph->start) value->producer->wanted = true;
        }
    }
    pass_begin(graph, FORWARD, 0);
}

bool graph_zero_more(Graph *graph, double seconds)
{
    const double until = clock_seconds() + seconds;
    while (graph->zeroed < graph->values.count) {
        Value *value = graph->values.items[graph->zeroed++];
        value->reached = false;
        if (!value->grad || value->overwritten) continue;
        memset(value->grad, 0, shape_elements(&value->shape) * sizeof(float));
        if (graph->zeroed < graph->values.count && clock_seconds() >= until) return false;
    }
    graph->zeroed = 0;
    return true;
}

void graph_zero_gradients(Graph *graph)
{
    graph->zeroed = 0;
    graph_zero_more(graph, INFINITY);
}

float *graph_seed(Graph *graph, Value *value)
{
    (void)graph;
    assert(value->grad);
    value->reached = true;
    return value->grad;
}

void graph_stop_backward_at(Graph *graph, const Value *value)
{
    graph->stop = value;
}

void graph_begin_backward(Graph *graph, const BackwardRule *rule)
{
    graph->rule = rule;
    bool stopped = false;
    /* A node takes part where a gradient reaches one of its outputs; then it reaches its inputs. */
    for (int i = graph->nodes.count - 1; i >= 0; i--) {
        Node *n = graph->nodes.items[i];
        n->wanted = false;
        /* In topological order, nothing before the producer depends on its output. */
        stopped |= graph->stop && n == graph->stop->producer;
        if (stopped) continue;
        for (int j = 0; j < n->out_count; j++) n->wanted |= n->out[j]->reached;
        if (!n->wanted) continue;
        for (int j = 0; j < n->in_count; j++) {
            if (n->in[j] && n->in[j]->grad) n->in[j]->reached = true;
        }
    }
    pass_begin(graph, BACKWARD, graph->nodes.count - 1);
}

static bool pass_over(const Graph *graph)
{
    return graph->direction == FORWARD ? graph->cursor >= graph->nodes.count : graph->cursor < 0;
}

bool graph_advance(Graph *graph, double seconds)
{
    if (graph->direction == IDLE) return true;
    const double until = clock_seconds() + seconds;
    const int direction = graph->direction == FORWARD ? 1 : -1;
    bool ran = false;
    for (; !pass_over(graph); graph->cursor += direction) {
        Node *n = graph->nodes.items[graph->cursor];
        if (!n->wanted) continue;
        /* Asked before a node and not after it, so that the last one also ends the pass. */
        if (ran && clock_seconds() >= until) break;
        if (graph->direction == FORWARD) {
            if (!n->done_by) n->op->forward(n);
            n->ran = true;
        } else {
            n->op->backward(n, graph->rule);
        }
        graph->work_done += node_work(n);
        ran = true;
    }
    if (!pass_over(graph)) return false;
    graph->direction = IDLE;
    return true;
}

double graph_progress(const Graph *graph)
{
    if (graph->direction == IDLE || graph->work_total == 0) return 1.0;
    return (double)graph->work_done / (double)graph->work_total;
}

void graph_forward(Graph *graph)
{
    graph_begin_forward(graph, NULL, 0);
    graph_advance(graph, INFINITY);
}

void graph_backward(Graph *graph, const BackwardRule *rule)
{
    graph_begin_backward(graph, rule);
    graph_advance(graph, INFINITY);
}

const Node *graph_first_nonfinite(const Graph *graph)
{
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *n = graph->nodes.items[i];
        for (int j = 0; j < n->out_count; j++) {
            const Value *value = n->out[j];
            if (n->ran && !tensor_is_finite(value->data, shape_elements(&value->shape))) return n;
        }
    }
    return NULL;
}
