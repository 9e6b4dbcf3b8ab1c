/* What building, memory and passes of a graph share (graph*.c). */
#ifndef CONVOSCOPE_GRAPH_INTERNAL_H
#define CONVOSCOPE_GRAPH_INTERNAL_H

#include "graph.h"

/* A list of pointers that grows; the pointees live in the graph's arena. */
typedef struct List {
    void **items;
    int count, capacity;
} List;

typedef enum Direction { IDLE, FORWARD, BACKWARD } Direction;

struct Graph {
    Arena *arena;
    List nodes, inputs, outputs, values;
    unsigned flags;
    bool partial;
    void *memory; /* activations, gradients, caches and scratch in one piece */

    /* The pass under way. */
    Direction direction;
    int cursor;
    int zeroed; /* values whose gradients graph_zero_more has seen */
    const BackwardRule *rule;
    const Value *start, *stop; /* forward begins and backward ends here; NULL: at the inputs */
    uint64_t work_done, work_total;
};

/* In whole cache lines. */
static inline uint64_t padded(uint64_t bytes)
{
    return (bytes + 63) & ~(uint64_t)63;
}

static inline uint64_t value_bytes(const Value *value)
{
    return padded((uint64_t)shape_elements(&value->shape) * sizeof(float));
}

#endif
