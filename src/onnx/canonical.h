/* A node of the file on its way to a NodeSpec: constant inputs become attributes. For import*.c. */
#ifndef CONVOSCOPE_ONNX_CANONICAL_H
#define CONVOSCOPE_ONNX_CANONICAL_H

#include "onnx/fold.h"
#include "onnx/import.h"

/* What stands for a value of the file in this build: a tensor of the graph, a constant, or both. */
typedef struct Binding {
    Value *value;
    ConstTensor *constant;
} Binding;

typedef struct Import {
    OnnxModel *model;
    Graph *graph;
    Arena *arena;      /* until the graph is built */
    Binding *bindings; /* by index of the value */
    OnnxBuildOptions options;
    int file_batch,
        batch; /* of the input: what the file says (0: anything) and what is asked for */

    /* The node under way. */
    const OnnxNode *node;
    int index;
    const char *op;
    const int *in; /* values of the file; -1: absent */
    int in_count, out_count;
    Attr *attr;
    int attr_count;
} Import;

enum { IMPORT_MAX_NEW_ATTRIBUTES = 8 };

/* Rewrites op, in, out_count and attr of the node under way into the canonical form of ops/op.h. */
Status canonicalise(Import *import);

/* The operator that a node of the file becomes; that of its links where it becomes a chain (Sum). */
const char *canonical_op(const char *op);

/* Adds what the node under way becomes to the graph, or makes constants of its outputs. */
Status import_node(Import *import);

/* Whether the node is one of a Conv and a BatchNormalization that become one. */
bool import_folds(const Import *import, const OnnxNode *node);

/* The shape of a value that is there already. */
Status import_shape(const Import *import, int value, Shape *shape);

/* The graph's value for a value of the file, made from its constant where needed. */
Status import_value(Import *import, int value, Value **result);

/* The loaded constant of a value of the file; NULL when the value depends on the picture. */
Status import_constant(Import *import, int value, ConstTensor **constant);

/* True where the node under way takes any number of inputs, and the operator that it becomes takes two: Sum,
 * Mean, Min, Max. */
bool import_is_chain(const Import *import);

/* Adds such a node, whose inputs are in spec, as operators of two inputs. */
Status import_chain(Import *import, const NodeSpec *spec);

/* "OP 'node': ..." */
Status import_error(const Import *import, StatusCode code, const char *what);

/* Weights of the Conv with the BatchNormalization folded in, as constants of the graph. */
Status import_folded_conv(Import *import, const OnnxNode *conv, Value **weight, Value **bias);

#endif
