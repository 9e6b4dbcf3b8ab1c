/*
 * Batch normalisation while training: the statistics are those of the batch, and the gradient flows through
 * them (Ioffe & Szegedy 2015, algorithm 1). Not in the table of operators: only the trainer builds it.
 *
 *     inputs   x [N,C,...], scale [C], bias [C]
 *     outputs  y as x, mean [C], variance [C] (of the sample, divided by count - 1): for running averages
 *     "rectify" 1 applies max(0, .) to y, so that the activation is touched once.
 */
#ifndef CONVOSCOPE_TRAIN_BATCH_NORM_H
#define CONVOSCOPE_TRAIN_BATCH_NORM_H

#include "ops/op.h"

/* Added to the variance; the same while training and in the network that is written. */
#define BATCH_NORM_EPSILON 1e-5F

extern const Op op_batch_norm_training;

#endif
