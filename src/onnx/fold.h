/*
 * Constant folding: what exporters leave behind to calculate shapes, pads and axes, evaluated while a graph
 * is built for one input shape.
 */
#ifndef CONVOSCOPE_ONNX_FOLD_H
#define CONVOSCOPE_ONNX_FOLD_H

#include "onnx/model.h"

/* The most elements that a result may have. */
enum { FOLD_MAX_ELEMENTS = 1 << 20 };

/* A constant: floats are float32 whatever the file's type, integers and bools are int64. */
typedef struct ConstTensor {
    OnnxType type;
    int rank;
    int64_t dim[SHAPE_MAX_RANK];
    uint64_t count;
    OnnxTensor *source; /* where the values are when data is NULL; NULL for an empty tensor */
    const void *data;
    bool lasting; /* data lives as long as the model */
} ConstTensor;

typedef struct Fold {
    OnnxModel *model;
    Arena *arena; /* for results; lives until the graph is built */
    const OnnxNode *node;
    int index;        /* of the node */
    ConstTensor **in; /* NULL where absent; for Shape and Size only the dimensions count */
    ConstTensor **out;
} Fold;

/* True for operators that fold_node evaluates. */
bool fold_knows(const char *op);

/* True for operators that only rename, reshape or make data, so that size does not matter. */
bool fold_is_view(const char *op);

/* Evaluates a node all of whose inputs are constants. */
Status fold_node(Fold *fold);

/* ---- for each other ---- */

typedef Status (*FoldFunction)(Fold *fold);

FoldFunction fold_find_math(const char *op); /* fold_math.c: element by element, and reductions */
FoldFunction fold_find_data(const char *op); /* fold_data.c: moves elements */

bool const_is_float(const ConstTensor *t);
ConstTensor const_of_tensor(OnnxTensor *tensor);

/* Loads the values; integers at most FOLD_MAX_ELEMENTS. */
Status const_load(OnnxModel *model, ConstTensor *t);
const int64_t *const_ints(const ConstTensor *t); /* after const_load */
const float *const_floats(const ConstTensor *t);

/* Input i, loaded; fails when it is absent. */
Status fold_input(Fold *fold, int i, ConstTensor **t);

/* The integers of input i, or where it is absent of the attribute, or none. */
Status fold_ints(Fold *fold, int i, const char *attr, const int64_t **values, int *count);

int64_t fold_int_attr(const Fold *fold, const char *name, int64_t otherwise);

/* Sets out[i] to a new tensor; *data is float * or int64_t *. */
Status fold_result(Fold *fold, int i, OnnxType type, int rank, const int64_t *dim, void **data);

/* STATUS_BAD_MODEL: "OP 'node': what". */
Status fold_error(const Fold *fold, const char *what);

/* Counts a negative axis from the end; fails outside of [0, rank). */
Status fold_axis(const Fold *fold, int64_t given, int rank, int *axis);

/* Converts one integer to a type's range, as a C cast does. */
int64_t const_narrow(int64_t value, OnnxType type);

#endif
