#include "image/max_flow.h"

#include <limits.h>
#include <stdlib.h>

#include "base/clock.h"

/* What a node's parent may be instead of an arc. */
enum { FREE = -1, TERMINAL = -2, ORPHAN = -3, NOWHERE = -1, FAR = INT_MAX };

/* Two search trees grow, from the source and from the sink, until they touch. */
typedef struct FlowNode {
    int first;           /* arc out of it */
    int parent;          /* arc to the parent in its tree */
    int next;            /* in the queue of active nodes; itself: the last; NOWHERE: in no queue */
    int stamp, distance; /* distance to the terminal, known to hold at time `stamp` */
    int32_t excess;      /* what is left from the source; negative: to the sink */
    bool sink_tree;
} FlowNode;

/* Arc i and arc i ^ 1 are the two directions of an edge. */
typedef struct Arc {
    int head, next;
    int32_t left; /* of the capacity */
} Arc;

struct MaxFlow {
    FlowNode *nodes;
    Arc *arcs;
    int *orphans; /* a ring */
    int node_count, arc_count;
    int orphan_first, orphan_count;
    int queue_first, queue_last;
    int now, current;
    int64_t value;
    bool begun;
};

Status max_flow_create(MaxFlow **flow, int nodes, int edges)
{
    const size_t bytes =
        (size_t)nodes * (sizeof(FlowNode) + sizeof(int)) + 2 * (size_t)edges * sizeof(Arc);
    MaxFlow *created = calloc(1, sizeof *created);
    if (!created) return status_no_memory("the cut", bytes);
    created->nodes = calloc((size_t)nodes + 1, sizeof *created->nodes);
    created->arcs = malloc((2 * (size_t)edges + 1) * sizeof *created->arcs);
    created->orphans = malloc(((size_t)nodes + 1) * sizeof *created->orphans);
    if (!created->nodes || !created->arcs || !created->orphans) {
        max_flow_destroy(created);
        return status_no_memory("the cut", bytes);
    }
    created->node_count = nodes;
    created->queue_first = created->queue_last = created->current = NOWHERE;
    for (int i = 0; i < nodes; i++)
        created->nodes[i] = (FlowNode){.first = NOWHERE, .parent = FREE, .next = NOWHERE};
    *flow = created;
    return status_ok();
}

void max_flow_destroy(MaxFlow *flow)
{
    if (!flow) return;
    free(flow->nodes);
    free(flow->arcs);
    free(flow->orphans);
    free(flow);
}

void max_flow_terminals(MaxFlow *flow, int node, int32_t source, int32_t sink)
{
    /* What can go straight through goes at once. */
    flow->value += source < sink ? source : sink;
    flow->nodes[node].excess = source - sink;
}

static void add_arc(MaxFlow *flow, int from, int to, int32_t capacity)
{
    flow->arcs[flow->arc_count] = (Arc){to, flow->nodes[from].first, capacity};
    flow->nodes[from].first = flow->arc_count++;
}

void max_flow_edge(MaxFlow *flow, int a, int b, int32_t forward, int32_t backward)
{
    add_arc(flow, a, b, forward);
    add_arc(flow, b, a, backward);
}

/* ---- active nodes: those that may still grow ---- */

static void activate(MaxFlow *flow, int i)
{
    FlowNode *node = &flow->nodes[i];
    if (node->next != NOWHERE) return;
    node->next = i;
    if (flow->queue_last == NOWHERE)
        flow->queue_first = i;
    else
        flow->nodes[flow->queue_last].next = i;
    flow->queue_last = i;
}

/* The next active node that is still in a tree; NOWHERE: there is none. */
static int next_active(MaxFlow *flow)
{
    while (flow->queue_first != NOWHERE) {
        const int i = flow->queue_first;
        FlowNode *node = &flow->nodes[i];
        flow->queue_first = node->next == i ? NOWHERE : node->next;
        if (flow->queue_first == NOWHERE) flow->queue_last = NOWHERE;
        node->next = NOWHERE;
        if (node->parent != FREE) return i;
    }
    return NOWHERE;
}

static void begin(MaxFlow *flow)
{
    flow->begun = true;
    for (int i = 0; i < flow->node_count; i++) {
        FlowNode *node = &flow->nodes[i];
        if (node->excess == 0) continue;
        node->sink_tree = node->excess < 0;
        node->parent = TERMINAL;
        node->distance = 1;
        activate(flow, i);
    }
}

/* ---- growth ---- */

/* Arc `a` leads away from the root of a tree when flow can follow it from the source, or against it to the
 * sink. */
static int32_t left_outward(const MaxFlow *flow, int a, bool sink_tree)
{
    return flow->arcs[sink_tree ? a ^ 1 : a].left;
}

/* Grows the tree of i by its neighbours; the arc from the source's to the sink's tree where they touch, or
 * NOWHERE. */
static int grow(MaxFlow *flow, int i)
{
    const FlowNode *node = &flow->nodes[i];
    for (int a = node->first; a != NOWHERE; a = flow->arcs[a].next) {
        if (left_outward(flow, a, node->sink_tree) == 0) continue;
        const int j = flow->arcs[a].head;
        FlowNode *other = &flow->nodes[j];
        if (other->parent == FREE) {
            other->sink_tree = node->sink_tree;
            activate(flow, j);
        } else if (other->sink_tree != node->sink_tree) {
            return node->sink_tree ? a ^ 1 : a;
        } else if (other->stamp > node->stamp || other->distance <= node->distance) {
            continue;
        }
        /* New, or nearer to the root this way. */
        other->parent = a ^ 1;
        other->stamp = node->stamp;
        other->distance = node->distance + 1;
    }
    return NOWHERE;
}

/* ---- augmentation ---- */

static void orphan(MaxFlow *flow, int i)
{
    flow->nodes[i].parent = ORPHAN;
    const int at = (flow->orphan_first + flow->orphan_count++) % flow->node_count;
    flow->orphans[at] = i;
}

/* The least that the path from i to its root lets through. */
static int32_t path_capacity(const MaxFlow *flow, int i, int32_t least)
{
    const bool sink_tree = flow->nodes[i].sink_tree;
    while (flow->nodes[i].parent != TERMINAL) {
        const int a = flow->nodes[i].parent;
        const int32_t left = left_outward(flow, a ^ 1, sink_tree);
        if (left < least) least = left;
        i = flow->arcs[a].head;
    }
    const int32_t excess = abs(flow->nodes[i].excess);
    return excess < least ? excess : least;
}

static void push_along(MaxFlow *flow, int i, int32_t amount)
{
    const bool sink_tree = flow->nodes[i].sink_tree;
    while (flow->nodes[i].parent != TERMINAL) {
        const int a = flow->nodes[i].parent, used = sink_tree ? a : a ^ 1,
                  parent = flow->arcs[a].head;
        flow->arcs[used].left -= amount;
        flow->arcs[used ^ 1].left += amount;
        if (flow->arcs[used].left == 0) orphan(flow, i);
        i = parent;
    }
    flow->nodes[i].excess += sink_tree ? amount : -amount;
    if (flow->nodes[i].excess == 0) orphan(flow, i);
}

static void augment(MaxFlow *flow, int bridge)
{
    const int to = flow->arcs[bridge].head, from = flow->arcs[bridge ^ 1].head;
    int32_t amount = path_capacity(flow, from, flow->arcs[bridge].left);
    amount = path_capacity(flow, to, amount);
    flow->arcs[bridge].left -= amount;
    flow->arcs[bridge ^ 1].left += amount;
    push_along(flow, from, amount);
    push_along(flow, to, amount);
    flow->value += amount;
}

/* ---- adoption ---- */

/* Distance of a node to its root, FAR where the way ends at an orphan; what is found is stamped. */
static int distance_to_root(MaxFlow *flow, int i)
{
    int distance = 0, k = i;
    for (;; k = flow->arcs[flow->nodes[k].parent].head) {
        FlowNode *node = &flow->nodes[k];
        if (node->stamp == flow->now) {
            distance += node->distance;
            break;
        }
        distance++;
        if (node->parent == ORPHAN) return FAR;
        if (node->parent != TERMINAL) continue;
        node->stamp = flow->now;
        node->distance = 1;
        break;
    }
    int below = distance;
    for (k = i; flow->nodes[k].stamp != flow->now; k = flow->arcs[flow->nodes[k].parent].head) {
        flow->nodes[k].stamp = flow->now;
        flow->nodes[k].distance = below--;
    }
    return distance;
}

/* Nobody adopts i: its children are orphans, and its neighbours may take it when they grow. */
static void set_free(MaxFlow *flow, int i)
{
    FlowNode *node = &flow->nodes[i];
    node->parent = FREE;
    for (int a = node->first; a != NOWHERE; a = flow->arcs[a].next) {
        const int j = flow->arcs[a].head;
        const FlowNode *other = &flow->nodes[j];
        if (other->parent == FREE || other->sink_tree != node->sink_tree) continue;
        if (left_outward(flow, a ^ 1, node->sink_tree) > 0) activate(flow, j);
        if (other->parent >= 0 && flow->arcs[other->parent].head == i) orphan(flow, j);
    }
}

static void adopt(MaxFlow *flow, int i)
{
    FlowNode *node = &flow->nodes[i];
    int nearest = FAR, best = NOWHERE;
    for (int a = node->first; a != NOWHERE; a = flow->arcs[a].next) {
        const int j = flow->arcs[a].head;
        const FlowNode *other = &flow->nodes[j];
        if (left_outward(flow, a ^ 1, node->sink_tree) == 0) continue;
        if (other->parent == FREE || other->sink_tree != node->sink_tree) continue;
        const int distance = distance_to_root(flow, j);
        if (distance >= nearest) continue;
        nearest = distance;
        best = a;
    }
    if (best == NOWHERE) {
        set_free(flow, i);
        return;
    }
    node->parent = best;
    node->stamp = flow->now;
    node->distance = nearest + 1;
}

/* ---- the whole ---- */

bool max_flow_advance(MaxFlow *flow, double seconds)
{
    enum { PATHS_A_LOOK = 256 };
    const double until = clock_seconds() + seconds;
    if (!flow->begun) begin(flow);
    for (int paths = 1;; paths++) {
        if (flow->current == NOWHERE || flow->nodes[flow->current].parent == FREE)
            flow->current = next_active(flow);
        if (flow->current == NOWHERE) return true;
        const int bridge = grow(flow, flow->current);
        flow->now++;
        if (bridge == NOWHERE) {
            flow->current = NOWHERE;
        } else {
            augment(flow, bridge);
            while (flow->orphan_count > 0) {
                const int i = flow->orphans[flow->orphan_first];
                flow->orphan_first = (flow->orphan_first + 1) % flow->node_count;
                flow->orphan_count--;
                adopt(flow, i);
            }
        }
        if (paths % PATHS_A_LOOK == 0 && clock_seconds() >= until) return false;
    }
}

int64_t max_flow_value(const MaxFlow *flow)
{
    return flow->value;
}

bool max_flow_is_source(const MaxFlow *flow, int node)
{
    return flow->nodes[node].parent != FREE && !flow->nodes[node].sink_tree;
}
