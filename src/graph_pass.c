/* Passes through a graph, forward and backward, a slice of time at a time. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "graph_internal.h"

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
