/* The largest flow against augmenting paths found one by one, on random graphs and grids. */
#include "image/max_flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

enum { MOST = 40 }; /* with source and sink */

/* ---- the other solver: shortest augmenting paths (Edmonds & Karp 1972) on a matrix ---- */

static int32_t capacity[MOST][MOST];

static bool find_path(int count, int source, int sink, int *parent)
{
    int queue[MOST], first = 0, last = 0;
    for (int i = 0; i < count; i++) parent[i] = -1;
    parent[source] = source;
    queue[last++] = source;
    while (first < last && parent[sink] < 0) {
        const int i = queue[first++];
        for (int j = 0; j < count; j++) {
            if (capacity[i][j] <= 0 || parent[j] >= 0) continue;
            parent[j] = i;
            queue[last++] = j;
        }
    }
    return parent[sink] >= 0;
}

static int64_t naive_flow(int count, int source, int sink)
{
    int parent[MOST];
    int64_t total = 0;
    while (find_path(count, source, sink, parent)) {
        int32_t amount = INT32_MAX;
        for (int i = sink; i != source; i = parent[i])
            if (capacity[parent[i]][i] < amount) amount = capacity[parent[i]][i];
        for (int i = sink; i != source; i = parent[i]) {
            capacity[parent[i]][i] -= amount;
            capacity[i][parent[i]] += amount;
        }
        total += amount;
    }
    return total;
}

/* ---- both on one graph ---- */

typedef struct Edge {
    int a, b;
    int32_t forward, backward;
} Edge;

/* What the cut between the sides that the flow found costs. */
static int64_t cut_cost(const MaxFlow *flow, int nodes, int32_t (*terminal)[2], const Edge *edges,
                        int edge_count)
{
    int64_t cost = 0;
    for (int i = 0; i < nodes; i++) cost += terminal[i][max_flow_is_source(flow, i)];
    for (int e = 0; e < edge_count; e++) {
        const bool a = max_flow_is_source(flow, edges[e].a);
        const bool b = max_flow_is_source(flow, edges[e].b);
        if (a && !b) cost += edges[e].forward;
        if (b && !a) cost += edges[e].backward;
    }
    return cost;
}

static void compare(uint64_t seed, int nodes, int32_t (*terminal)[2], const Edge *edges,
                    int edge_count)
{
    MaxFlow *flow = NULL;
    CHECK_OK(max_flow_create(&flow, nodes, edge_count));
    memset(capacity, 0, sizeof capacity);
    for (int i = 0; i < nodes; i++) {
        max_flow_terminals(flow, i, terminal[i][0], terminal[i][1]);
        capacity[nodes][i] = terminal[i][0];
        capacity[i][nodes + 1] = terminal[i][1];
    }
    for (int e = 0; e < edge_count; e++) {
        max_flow_edge(flow, edges[e].a, edges[e].b, edges[e].forward, edges[e].backward);
        capacity[edges[e].a][edges[e].b] += edges[e].forward;
        capacity[edges[e].b][edges[e].a] += edges[e].backward;
    }
    while (!max_flow_advance(flow, 0)) continue;
    const int64_t expected = naive_flow(nodes + 2, nodes, nodes + 1);
    const int64_t cost = cut_cost(flow, nodes, terminal, edges, edge_count);
    if (max_flow_value(flow) != expected || cost != expected) {
        test_fail(__FILE__, __LINE__, "seed %d: %d nodes, %d edges: flow %d, cut %d, expected %d",
                  (int)seed, nodes, edge_count, (int)max_flow_value(flow), (int)cost,
                  (int)expected);
    }
    max_flow_destroy(flow);
}

static int32_t random_capacity(Random *random)
{
    /* Often 0, often small and equal, sometimes large. */
    const uint32_t kind = random_below(random, 4);
    return kind == 0 ? 0 : (int32_t)random_below(random, kind == 1 ? 4 : kind == 2 ? 50 : 1000000);
}

static void random_graphs(void)
{
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        Random random = random_seeded(seed);
        int32_t terminal[MOST][2];
        Edge edges[200];
        const int nodes = 1 + (int)random_below(&random, MOST - 2);
        const int edge_count = nodes > 1 ? (int)random_below(&random, 200) : 0;
        for (int i = 0; i < nodes; i++) {
            terminal[i][0] = random_capacity(&random);
            terminal[i][1] = random_capacity(&random);
        }
        for (int e = 0; e < edge_count; e++) {
            const int a = (int)random_below(&random, (uint32_t)nodes);
            const int b = (a + 1 + (int)random_below(&random, (uint32_t)nodes - 1)) % nodes;
            edges[e] = (Edge){a, b, random_capacity(&random), random_capacity(&random)};
        }
        compare(seed, nodes, terminal, edges, edge_count);
    }
}

/* Grids with eight neighbours, as pictures are, and terminals at opposite ends: long paths. */
static void grids(void)
{
    enum { SIDE = 6 };
    for (uint64_t seed = 1; seed <= 500; seed++) {
        Random random = random_seeded(seed);
        int32_t terminal[MOST][2] = {{0}};
        Edge edges[4 * SIDE * SIDE];
        int count = 0;
        for (int i = 0; i < SIDE * SIDE; i++) {
            static const int dy[] = {0, 1, 1, 1}, dx[] = {1, -1, 0, 1};
            if (i < SIDE) terminal[i][0] = (int32_t)random_below(&random, 1000);
            if (i >= SIDE * (SIDE - 1)) terminal[i][1] = (int32_t)random_below(&random, 1000);
            for (int k = 0; k < 4; k++) {
                const int y = i / SIDE + dy[k], x = i % SIDE + dx[k];
                if (y >= SIDE || x < 0 || x >= SIDE) continue;
                const int32_t c = (int32_t)random_below(&random, 200);
                edges[count++] = (Edge){i, y * SIDE + x, c, c};
            }
        }
        compare(seed, SIDE * SIDE, terminal, edges, count);
    }
}

static void no_edges(void)
{
    MaxFlow *flow = NULL;
    CHECK_OK(max_flow_create(&flow, 2, 0));
    max_flow_terminals(flow, 0, 7, 3);
    max_flow_terminals(flow, 1, 2, 9);
    CHECK(max_flow_advance(flow, 0) && max_flow_value(flow) == 5);
    CHECK(max_flow_is_source(flow, 0) && !max_flow_is_source(flow, 1));
    max_flow_destroy(flow);
    max_flow_destroy(NULL);
}

static const Test tests[] = {TEST(random_graphs), TEST(grids), TEST(no_edges)};
TEST_MAIN(tests)
