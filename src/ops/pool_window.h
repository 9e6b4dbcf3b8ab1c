/* What MaxPool and AveragePool read from a node alike. */
#ifndef CONVOSCOPE_OPS_POOL_WINDOW_H
#define CONVOSCOPE_OPS_POOL_WINDOW_H

#include "kernels/pool.h"
#include "ops/op.h"

/* Checks inputs and attributes; sets out[0]'s shape, params (a Pool2d), scratch_bytes, macs and detail. */
Status pool_window_plan(Node *n, Pool2d **pool);

#endif
