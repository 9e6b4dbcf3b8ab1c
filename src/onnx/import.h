/*
 * From an OnnxModel to a Graph for one input shape.
 *
 *     Graph *graph;
 *     Shape shape = shape_4d(1, 0, 224, 224);     // 0: what the file says
 *     TRY(onnx_build(model, &shape, (OnnxBuildOptions){0}, &graph));
 */
#ifndef CONVOSCOPE_ONNX_IMPORT_H
#define CONVOSCOPE_ONNX_IMPORT_H

#include "graph.h"
#include "onnx/model.h"

/* An input of the network that is given once, as a constant; data is borrowed and outlives the graph. */
typedef struct OnnxBound {
    const char *name;
    Shape shape;
    const float *data;
} OnnxBound;

typedef struct OnnxBuildOptions {
    const char *const *keep; /* outputs or names of Convs whose BatchNormalization stays apart */
    int keep_count;
    bool no_fold;
    const char
        *until;   /* the name of a value: the graph ends when that is there; NULL: at the outputs */
    bool partial; /* leave out what is not supported, and all that depends on it */
    const OnnxBound *bound; /* every input but one */
    int bound_count;
} OnnxBuildOptions;

/* A planned graph, not yet allocated, with one input. input_shape may be NULL; a dimension of 0 takes the
 * file's, or where that is symbolic 1, 3, 224, 224. The graph borrows the weights: destroy it before the
 * model. Fails with STATUS_UNSUPPORTED naming the first operator that is missing, with STATUS_BAD_INPUT when
 * the network cannot take that size. A partial graph of a network with unsupported operators has the
 * network's first output, if that is there (else graph_is_partial), and the values that no node of it
 * reads as outputs. */
Status onnx_build(OnnxModel *model, const Shape *input_shape, OnnxBuildOptions options,
                  Graph **graph);

/* The input that takes the picture: the only one that the nodes read. NULL when there are none or several. */
const OnnxInput *onnx_picture_input(const OnnxModel *model);

/* A BatchNormalization that was folded into a Conv when the graph was built. */
typedef struct OnnxFoldRecord {
    const char *name, *output;      /* of the BatchNormalization, which the Conv now has */
    const char *into, *into_output; /* name of the Conv, and of the output that it had */
} OnnxFoldRecord;

/* Record number `index` of the graph; false when there are no more. */
bool onnx_fold_record(const OnnxModel *model, const Graph *graph, int index,
                      OnnxFoldRecord *record);

#endif
