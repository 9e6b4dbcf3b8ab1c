/*
 * Op: what one node of a graph computes, and how its gradient flows back.
 *
 * One file, one `const Op`, one line in ops.def. A node that ONNX writes is turned by the importer into
 * this canonical form: every integer or configuration input (axes, pads, shape, scales, min, max, ...) is
 * an attribute, and only float tensors are inputs.
 */
#ifndef CONVOSCOPE_OPS_OP_H
#define CONVOSCOPE_OPS_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "kernels/clamp.h"
#include "tensor.h"

typedef struct Node Node;
typedef struct Op Op;

/* An edge of the graph: a float tensor with a name. */
typedef struct Value {
    const char *name;
    Shape shape;
    float *data; /* 4-byte aligned for constants, 64-byte aligned otherwise; NULL until planned */
    float *grad; /* as data, same shape; NULL where no gradient is wanted */
    Node *producer;   /* NULL for inputs and constants */
    bool constant;    /* a weight: data is borrowed from the model's file, or folded */
    bool reached;     /* backward pass: something was added to grad */
    int readers;      /* nodes that it is an input of */
    bool overwritten; /* backward pass: its only reader writes grad rather than adds to it */

    /* While memory is shared out. */
    int unread;   /* readers to come */
    Node *reader; /* the last one */
    bool placed;  /* data is known */
    bool awaited; /* data is known, and what is joined there lies there before the node runs */
    bool inside;  /* it lies in a value that joins it with others, and has no memory of its own */
} Value;

typedef enum AttrKind { ATTR_INT, ATTR_FLOAT, ATTR_STRING, ATTR_INTS, ATTR_FLOATS } AttrKind;

typedef struct Attr {
    const char *name;
    AttrKind kind;
    int count; /* of ints or floats */
    int64_t i;
    float f;
    const char *s;
    const int64_t *ints;
    const float *floats;
} Attr;

/* How a gradient passes a rectifier. Data, handed down the call; see the four constants below. R pushes up: it
 * is the gradient of what is to grow. */
typedef struct BackwardRule {
    const char *name;
    bool gate_activation; /* factor 1[f > 0]: f is what went forward */
    bool gate_gradient;   /* factor 1[R > 0]: R is what comes back */
    bool
        redirect; /* where nothing of an item of the batch comes through: R > 0 passes shut units too */
} BackwardRule;

extern const BackwardRule backward_exact;     /* the derivative */
extern const BackwardRule backward_guided;    /* Springenberg et al. 2015: 1[f>0] 1[R>0] R */
extern const BackwardRule backward_deconvnet; /* Zeiler & Fergus 2014: 1[R>0] R */
extern const BackwardRule
    backward_redirected; /* Olah et al. 2017, Lucid: what is dead can be pushed back to life */

/* "exact", "guided", "deconvnet", "redirected"; NULL for any other name. */
const BackwardRule *backward_rule_find(const char *name);

struct Node {
    const Op *op;
    const char *name;
    Value **in; /* an optional input that is absent is NULL */
    int in_count;
    Value **out;
    int out_count;
    const Attr *attr;
    int attr_count;
    int opset;
    Arena *arena; /* lives as long as the graph; for params */

    /* Written by plan. */
    void *params;         /* what plan made of the attributes; from node_params */
    size_t cache_bytes;   /* what forward leaves for backward, e.g. max-pool switches */
    size_t scratch_bytes; /* working memory while forward or backward runs */
    uint64_t macs;        /* multiply-accumulates of one forward */
    bool in_place;        /* forward may write the output where in[0] lies */
    const Clamp *clamp; /* where forward clamps in[0], and nothing else: to that; NULL elsewhere */
    bool adds;          /* forward adds two tensors of one shape, and nothing else */
    bool joins;      /* forward lays its inputs one after another, but for those that lie there */
    bool finishes;   /* forward heeds `after` and `onto` */
    char detail[48]; /* for people: "3x3, stride 2, pad 1" */

    /* Written by the graph before the first forward; 64-byte aligned. */
    void *cache;
    void *scratch;

    /* Written by the graph where only its answer is looked at, and one forward does the work of several. */
    Node *done_by;      /* a node before does what this one would; NULL: it does it itself */
    const Clamp *after; /* the range that forward brings its output into; NULL: none */
    bool onto;          /* forward adds to what its output holds */

    /* The pass under way. */
    bool wanted; /* in the pass that was begun last */
    bool ran;    /* its outputs hold what a forward pass gave */
};

/*
 * plan: checks the inputs and attributes, sets the shapes of all outputs, cache and scratch sizes. The
 *       only place where an op may fail; its message names the node, the field and the remedy. What a file
 *       can contain is checked here: rank, counts, signs, ranges, overflow.
 * forward: reads in[i]->data, writes out[i]->data entirely (it may hold anything before).
 * backward: for each i with in[i] && in[i]->grad: in[i]->grad += what out[j]->grad brings. Always
 *       accumulates. Parameters (weights, bias) are inputs like others: their grad is NULL unless asked for.
 *       out[j]->grad is never NULL, and is zero where nothing came back.
 * Kernels called by forward and backward never allocate and never fail.
 */
struct Op {
    const char *name; /* ONNX's operator type */
    Status (*plan)(Node *n);
    void (*forward)(const Node *n);
    void (*backward)(const Node *n, const BackwardRule *rule);
};

/* The table made from ops.def; NULL when there is no such op. */
const Op *op_find(const char *name);
int op_count(void);
const Op *op_at(int index);

/* The rule for `count` values of one item that a rectifier gave, y: one that redirects is resolved to the exact
 * one or, where that lets nothing through, to the one that asks for R > 0 only. */
const BackwardRule *rule_of_item(const BackwardRule *rule, const float *y, const float *dy,
                                 size_t count);

/* Zeroed bytes for n->params, from the graph's arena. */
Status node_params(Node *n, size_t bytes);

/* Fails unless least <= in_count <= most and the first `least` inputs are there. */
Status node_inputs(const Node *n, int least, int most);

/* Fails unless 1 <= out_count <= most. */
Status node_outputs(const Node *n, int most);

/* Attributes by name. The optional forms leave *value alone when the attribute is absent; a wrong kind,
 * or an integer outside 32 bits, is an error that names node and attribute. */
const Attr *attr_find(const Node *n, const char *name);
Status attr_int(const Node *n, const char *name, int *value);
Status attr_float(const Node *n, const char *name, float *value);
Status attr_string(const Node *n, const char *name, const char **value);
/* Reads at most `most` integers to values and their number to *count; absent: *count is 0. */
Status attr_ints(const Node *n, const char *name, int most, int *values, int *count);
Status attr_floats(const Node *n, const char *name, int most, float *values, int *count);

/* Makes a negative axis count from the end; fails unless it lies within [0, rank). */
Status node_axis(const Node *n, const char *name, int rank, int *axis);

#endif
