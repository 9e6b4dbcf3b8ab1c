#include "network_layers.h"

#include <string.h>

static int node_index(const Graph *graph, const Node *node)
{
    int index = graph_node_count(graph) - 1;
    while (index >= 0 && graph_node(graph, index) != node) index--;
    return index; /* -1: the input */
}

/* trunk[i]: every later node depends on what comes before node i through its output alone. The branches of a
 * module (the halves of a fire module, a residual's shortcut) are not trunk. */
static Status find_trunk(const Graph *graph, Arena *arena, const bool **trunk)
{
    const int count = graph_node_count(graph);
    bool *found = arena_alloc(arena, (size_t)count * sizeof *found);
    int *last_use = arena_alloc(arena, (size_t)(count + 1) * sizeof *last_use);
    if (!found || !last_use) return status_no_memory("style", (size_t)count * sizeof *last_use);
    for (int i = 0; i < count; i++) {
        const Node *node = graph_node(graph, i);
        for (int j = 0; j < node->in_count; j++) {
            const Value *value = node->in[j];
            if (value && !value->constant) last_use[node_index(graph, value->producer) + 1] = i;
        }
    }
    int reach = last_use[0]; /* how far the outputs before node i are used */
    for (int i = 0; i < count; i++) {
        found[i] = reach <= i;
        if (last_use[i + 1] > reach) reach = last_use[i + 1];
    }
    *trunk = found;
    return status_ok();
}

static bool is_activation(const Node *node)
{
    static const char *const kinds[] = {"Relu",    "LeakyRelu", "PRelu",  "Clip",
                                        "Sigmoid", "Tanh",      "Concat", "Add"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(node->op->name, kinds[i]) == 0) return true;
    }
    return false;
}

static bool is_map(const Value *value)
{
    const Shape *shape = &value->shape;
    return shape->rank == 4 && shape->dim[2] > 1 && shape->dim[3] > 1;
}

typedef struct Candidates {
    Value **value; /* activations on the trunk, in topological order */
    int count;
} Candidates;

static Status find_candidates(const Graph *graph, Arena *arena, Candidates *found)
{
    const int nodes = graph_node_count(graph);
    const bool *trunk = NULL;
    TRY(find_trunk(graph, arena, &trunk));
    found->count = 0;
    found->value = arena_alloc(arena, (size_t)nodes * sizeof(Value *));
    if (!found->value) return status_no_memory("style", (size_t)nodes * sizeof(Value *));
    for (int i = 0; i < nodes; i++) {
        const Node *node = graph_node(graph, i);
        if (!trunk[i] || !is_activation(node) || !is_map(node->out[0])) continue;
        /* Maps of the classes are the answer, not a texture. */
        if (node->out[0]->shape.dim[1] == network_class_count(graph)) continue;
        found->value[found->count++] = node->out[0];
    }
    return status_ok();
}

/* The first or the last candidate from `from` on with maps of the same height and at least half the channels
 * of the widest of them: the bottlenecks between modules are narrow. *next: the first of another height. */
static Value *choose(const Candidates *c, int from, bool last, int *next)
{
    const int height = c->value[from]->shape.dim[2];
    int widest = 0, end = from;
    while (end < c->count && c->value[end]->shape.dim[2] == height) {
        const int channels = c->value[end++]->shape.dim[1];
        if (channels > widest) widest = channels;
    }
    Value *chosen = NULL;
    for (int i = from; i < end && (last || !chosen); i++) {
        if (2 * c->value[i]->shape.dim[1] >= widest) chosen = c->value[i];
    }
    *next = end;
    return chosen;
}

static void insert(LayerList *list, int at, Value *value)
{
    memmove(list->layer + at + 1, list->layer + at, (size_t)(list->count - at) * sizeof(Value *));
    list->layer[at] = value;
    list->count++;
}

/* One layer of each size of map; where that makes few, the last of each size as well. */
static void choose_by_depth(const Candidates *c, LayerList *list)
{
    enum { ENOUGH = 5 };
    for (int i = 0; i < c->count && list->count < STYLE_MAX_LAYERS;)
        insert(list, list->count, choose(c, i, false, &i));
    if (list->count >= ENOUGH) return;
    int at = 1;
    for (int i = 0; i < c->count && list->count < STYLE_MAX_LAYERS; at++) {
        Value *last = choose(c, i, true, &i);
        /* The deepest is too near to the classes to be a texture. */
        if (i == c->count || last == list->layer[at - 1]) continue;
        insert(list, at++, last);
    }
}

int split_names(const char *names, Arena *arena, const char **split, int most)
{
    int count = 0;
    while (*names && count < most) {
        names += strspn(names, ", ");
        const size_t length = strcspn(names, ",");
        size_t kept = length;
        while (kept && names[kept - 1] == ' ') kept--;
        if (kept) split[count++] = arena_text(arena, names, kept);
        if (kept && !split[count - 1]) return count - 1;
        names += length;
    }
    return count;
}

Status style_layers(const Network *network, const Graph *graph, const char *names, Arena *arena,
                    LayerList *list)
{
    *list = (LayerList){0};
    if (strcmp(names, "auto") == 0) {
        Candidates candidates;
        TRY(find_candidates(graph, arena, &candidates));
        choose_by_depth(&candidates, list);
        if (list->count) return status_ok();
        return status_error(STATUS_BAD_INPUT,
                            "'%s' has no layer that suggests itself; name some instead of auto",
                            network_name(network));
    }
    const char *split[STYLE_MAX_LAYERS];
    const int count = split_names(names, arena, split, STYLE_MAX_LAYERS);
    for (int i = 0; i < count; i++) {
        TRY(network_layer(network, graph, split[i], &list->layer[i]));
        if (is_map(list->layer[i])) continue;
        return status_error(STATUS_BAD_INPUT, "layer '%s' is no map; choose a convolution",
                            split[i]);
    }
    list->count = count;
    if (count) return status_ok();
    return status_error(STATUS_BAD_INPUT, "the list of layers is empty; leave it out for auto");
}

Status content_layer(const Network *network, const Graph *graph, const char *name, Arena *arena,
                     Value **layer)
{
    if (strcmp(name, "auto") != 0) return network_layer(network, graph, name, layer);
    LayerList list;
    TRY(style_layers(network, graph, "auto", arena, &list));
    const int side = graph_input(graph, 0)->shape.dim[2];
    int at = list.count - 1;
    while (at > 0 && list.layer[at]->shape.dim[2] * 10 < side) at--;
    /* The first of that size: it still has the forms in detail. */
    while (at > 0 && list.layer[at - 1]->shape.dim[2] == list.layer[at]->shape.dim[2]) at--;
    *layer = list.layer[at];
    return status_ok();
}
