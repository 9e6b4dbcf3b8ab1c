/* What the builders of networks share: parameters that are made once and taken in the same order ever after, and
 * nodes that have one output of their own name. */
#ifndef CONVOSCOPE_TRAIN_NODES_H
#define CONVOSCOPE_TRAIN_NODES_H

#include "train/parameters.h"

/* What a network says to be made with: opset 13 knows all of it. */
enum { BUILDER_OPSET = 13, BUILDER_NAME_BYTES = 64 };

typedef struct Builder {
    Graph *graph;
    Parameters *parameters;
    Random *random; /* draws parameters where there are none yet */
    bool training;  /* parameters are told their values */
    bool average;   /* the moving average of the parameters rather than themselves */
    int next;       /* parameter */
} Builder;

/* The next parameter, "layer.what", made where there is none yet. Others may move when one is made. */
Status builder_take(Builder *b, const char *layer, const char *what, ParameterKind kind,
                    Shape shape, float start, Parameter **parameter);

const float *builder_numbers(const Builder *b, const Parameter *parameter);

/* A parameter as it is. */
Status builder_value(Builder *b, Parameter *parameter, Value **value);

/* The spec lacks name, outputs and opset. */
Status builder_node(Builder *b, NodeSpec spec, const char *name, const char *output, Value **out);

/* One input, no attributes. */
Status builder_simple(Builder *b, const char *op, const char *name, Value *in, Value **out);

#endif
