/* Convolution of a batch that is trained: Conv of the graph, by kernels that the page does not carry. */
#ifndef CONVOSCOPE_TRAIN_CONV_H
#define CONVOSCOPE_TRAIN_CONV_H

#include "ops/op.h"

/* Given to the graph as NodeSpec.own. Inputs x and w; no bias. */
extern const Op op_conv_training;

#endif
