/*
 * Graph: nodes in topological order, planned for one input shape, run forward and backward in slices.
 *
 *     Graph *graph;
 *     TRY(graph_create(&graph));
 *     Value *x; TRY(graph_add_input(graph, "x", shape, &x));
 *     TRY(graph_add_node(graph, &spec, &node));           // plans it: node->out[0]->shape is known
 *     TRY(graph_allocate(graph, GRAPH_INPUT_GRADIENT));   // graph_memory() tells the size before
 *     memcpy(x->data, ...);
 *     graph_forward(graph);
 *     graph_zero_gradients(graph);
 *     graph_seed(graph, y)[c] = 1;                        // dS/dy
 *     graph_backward(graph, &backward_exact);             // x->grad
 *     graph_destroy(graph);
 *
 * The graph knows no particular op. It is not safe for use by two threads at once.
 */
#ifndef CONVOSCOPE_GRAPH_H
#define CONVOSCOPE_GRAPH_H

#include "ops/op.h"

typedef struct Graph Graph;

typedef enum GraphFlags {
    GRAPH_FORWARD = 0,
    GRAPH_INPUT_GRADIENT = 1, /* inputs, and every value that depends on one, have a gradient */
    GRAPH_PARAMETER_GRADIENTS = 2, /* constants, and every value but the inputs */
} GraphFlags;

typedef struct NodeSpec {
    const char *op; /* ONNX's operator type */
    const Op
        *own; /* instead of the operator of that name: one that only the caller needs; or NULL */
    bool
        overwrites; /* of Concat and the caller's: backward writes the gradient of an input that is `overwritten` */
    const char *name;
    Value *const *in; /* NULL for an optional input that is absent */
    int in_count;
    const char *const *out; /* names */
    int out_count;
    const Attr *attr; /* copied, with what they point to */
    int attr_count;
    int opset;
} NodeSpec;

typedef struct GraphMemory { /* bytes */
    uint64_t activations, gradients, caches, scratch, total;
} GraphMemory;

Status graph_create(Graph **graph);
void graph_destroy(Graph *graph); /* NULL is fine */

/* Names are copied. Fails on a shape that is empty or too large. */
Status graph_add_input(Graph *graph, const char *name, Shape shape, Value **value);

/* data is borrowed, 4-byte aligned, and must outlive the graph. */
Status graph_add_constant(Graph *graph, const char *name, Shape shape, const float *data,
                          Value **value);

/* Plans the node and makes its output values. A node all of whose inputs are constants is run at once, and
 * its outputs become constants: then *node is NULL, and graph_find finds the outputs. node may be NULL. */
Status graph_add_node(Graph *graph, const NodeSpec *spec, Node **node);

/* Lives as long as the graph; for data of constants. */
Arena *graph_arena(Graph *graph);

/* Gives one constant input of a node a copy of its own, for the caller to change before the first pass; other
 * readers of the constant keep it as it is. Before graph_allocate. */
Status graph_own_constant(Graph *graph, Node *node, int input, float **data);

Status graph_mark_output(Graph *graph, Value *value);

/* Of a graph that holds what can run of a network: its outputs are where that ends, not the answer. */
void graph_mark_partial(Graph *graph);
bool graph_is_partial(const Graph *graph);

/* What graph_allocate will take with these flags. */
GraphMemory graph_memory(const Graph *graph, unsigned flags);

/* Takes the memory in one piece; once per graph. Inputs are zero; gradients are not before graph_zero_gradients, nor
 * holds a value anything before a forward pass has reached it. */
Status graph_allocate(Graph *graph, unsigned flags);

/* The same for passes forward of which only the outputs and `answer`, if not NULL, are looked at: other values share
 * memory, stay in the cache, and hold nothing afterwards; convolutions do the work of sums and ranges behind them. */
Status graph_allocate_answer(Graph *graph, const Value *answer);

int graph_node_count(const Graph *graph);
Node *graph_node(const Graph *graph, int index);
int graph_input_count(const Graph *graph);
Value *graph_input(const Graph *graph, int index);
int graph_output_count(const Graph *graph);
Value *graph_output(const Graph *graph, int index);

/* The value of that name, else the first output of the node of that name, else NULL. */
Value *graph_find(const Graph *graph, const char *name);

/* ---- passes, in slices ---- */

/* Forward passes to targets that begin from now on take this value for given, and do not compute it nor what only
 * it needs. NULL: they begin at the inputs. */
void graph_start_forward_at(Graph *graph, const Value *value);

/* Prepares a forward pass that computes the targets and what they need; no targets: everything. */
void graph_begin_forward(Graph *graph, Value *const *targets, int count);

/* Sets all gradients to zero and forgets the seeds. */
void graph_zero_gradients(Graph *graph);

/* The same for about `seconds`, at least one gradient; true when all are zero. */
bool graph_zero_more(Graph *graph, double seconds);

/* The gradient of a value, to which the caller adds a seed, and which the next backward pass starts from.
 * The graph must have been allocated with gradients. */
float *graph_seed(Graph *graph, Value *value);

/* Backward passes that begin from now on end at this value: its gradient is complete, those of what lies
 * before it are not computed. NULL: they go to the inputs. */
void graph_stop_backward_at(Graph *graph, const Value *value);

/* Prepares a backward pass from the seeds to the inputs; only nodes between them are run. */
void graph_begin_backward(Graph *graph, const BackwardRule *rule);

/* Runs nodes of the pass that was begun until it is done or `seconds` are over; at least one node. True
 * when done. */
bool graph_advance(Graph *graph, double seconds);

/* Share of the pass that is done, by multiply-accumulates, 0 to 1. */
double graph_progress(const Graph *graph);

/* The same without slices. */
void graph_forward(Graph *graph);
void graph_backward(Graph *graph, const BackwardRule *rule);

/* The first node, in topological order, whose output holds a value that is not finite; NULL if none. */
const Node *graph_first_nonfinite(const Graph *graph);

#endif
