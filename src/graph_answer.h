/*
 * Plans a pass of which only the answer is looked at: what nodes give shares memory, and some nodes do the work of those
 * behind them.
 */
#ifndef CONVOSCOPE_GRAPH_ANSWER_H
#define CONVOSCOPE_GRAPH_ANSWER_H

#include "ops/op.h"

/* Until there is memory, data of what a node gives is its distance from the beginning. unread of each value is the
 * number of its readers, and one more where it is looked at afterwards. Returns the bytes that all take. */
uint64_t answer_plan(Node *const *nodes, int count);

/* As if nothing had been planned. */
void answer_forget(Node *const *nodes, int count);

#endif
