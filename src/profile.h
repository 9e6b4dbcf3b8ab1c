/* Where the time of a pass goes: node by node, beside what this machine could do at best. */
#ifndef CONVOSCOPE_PROFILE_H
#define CONVOSCOPE_PROFILE_H

#include "graph.h"

/* Medians in seconds; 0 where the node takes no part. */
typedef struct NodeTime {
    double forward, backward;
} NodeTime;

enum { PROFILE_MAX_RUNS = 100 };

/* Times `runs` passes after one that is not timed. times [nodes of the graph], its inputs are filled. Backward
 * from the first output where the graph was allocated with gradients. Fails where memory runs out. */
Status graph_profile(Graph *graph, int runs, NodeTime *times);

/* Multiplications and additions per second of registers alone, on all threads of the pool: an upper bound. */
double peak_flops(void);

/* The way that a convolution takes forward (0) or backward (1); "" for other nodes. */
const char *profile_algorithm(const Node *node, int backward);

/* Writes {"peak", "layers": [{name, op, detail, macs, algorithm, forward, backward}]}, times in seconds;
 * algorithm is [forward, backward], or absent. */
void profile_json(const Graph *graph, const NodeTime *times, double peak, Text *text);

#endif
