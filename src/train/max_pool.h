/* Maximum pooling of a batch that is trained: MaxPool of the graph, by kernels that the page does not carry. */
#ifndef CONVOSCOPE_TRAIN_MAX_POOL_H
#define CONVOSCOPE_TRAIN_MAX_POOL_H

#include "ops/op.h"

/* Given to the graph as NodeSpec.own. */
extern const Op op_max_pool_training;

#endif
