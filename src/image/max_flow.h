/*
 * The largest flow from a source to a sink, and with it the cheapest cut between them (Boykov & Kolmogorov 2004,
 * An Experimental Comparison of Min-Cut/Max-Flow Algorithms, section 3).
 *
 *     MaxFlow *flow; TRY(max_flow_create(&flow, pixels, edges));
 *     max_flow_terminals(flow, p, from_source, to_sink);
 *     max_flow_edge(flow, p, q, forward, backward);
 *     while (!max_flow_advance(flow, 0.02)) ...
 *     max_flow_is_source(flow, p)                               // p's side of the cut
 *     max_flow_destroy(flow);
 */
#ifndef CONVOSCOPE_IMAGE_MAX_FLOW_H
#define CONVOSCOPE_IMAGE_MAX_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct MaxFlow MaxFlow;

/* Room for that many nodes, numbered from 0, and edges between two of them. */
Status max_flow_create(MaxFlow **flow, int nodes, int edges);
void max_flow_destroy(MaxFlow *flow); /* NULL is fine */

/* Capacities from the source to the node and from the node to the sink, 0 to 2^30; once a node at the most. */
void max_flow_terminals(MaxFlow *flow, int node, int32_t source, int32_t sink);

/* Capacities from a to b and from b to a, 0 to 2^30. */
void max_flow_edge(MaxFlow *flow, int a, int b, int32_t forward, int32_t backward);

/* Works for about `seconds`; true when the flow is the largest. Nothing is added after the first call. */
bool max_flow_advance(MaxFlow *flow, double seconds);

int64_t max_flow_value(const MaxFlow *flow);

/* After that: whether the source still reaches the node. */
bool max_flow_is_source(const MaxFlow *flow, int node);

#endif
