/* How much memory a graph takes, and where its values lie in it. */
#include <assert.h>
#include <string.h>

#include "graph_answer.h"
#include "graph_internal.h"

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
        const uint64_t bytes = value_bytes(value);
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

/* A cache for each node, and the scratch that all share. */
static void nodes_take(Graph *graph, char **next, void *scratch)
{
    for (int i = 0; i < graph->nodes.count; i++) {
        Node *n = graph->nodes.items[i];
        n->cache = take_zeroed(next, n->cache_bytes);
        n->scratch = scratch;
    }
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
        const uint64_t bytes = value_bytes(value);
        if (!value->constant)
            value->data = value->producer ? take(&next, bytes) : take_zeroed(&next, bytes);
        if (wants_gradient(value, flags)) value->grad = take(&next, bytes);
    }
    nodes_take(graph, &next, scratch);
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
        memory.total += value_bytes(graph->inputs.items[i]);
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
                                      : take_zeroed(&next, value_bytes(value));
    }
    nodes_take(graph, &next, scratch);
    return status_ok();
}
