#include "techniques/style_layers.h"

#include <string.h>

static int node_index(const Graph *graph, const Node *node)
{
    int index = graph_node_count(graph) - 1;
    while (index >= 0 && graph_node(graph, index) != node) index--;
    return index; /* -1: the input */
}

/* trunk[i]: every later node depends on what comes before node i through its output alone. The branches of a
 * module (the halves of a fire module, a residual's shortcut) are not trunk. */
static Status find_trunk(Run *run, const Graph *graph, const bool **trunk)
{
    const int count = graph_node_count(graph);
    bool *found = arena_alloc(run_arena(run), (size_t)count * sizeof *found);
    int *last_use = arena_alloc(run_arena(run), (size_t)(count + 1) * sizeof *last_use);
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

/* The most channels that an activation on the trunk has among the maps of that height. */
static int widest_of(const Graph *graph, const bool *trunk, int height)
{
    int widest = 0;
    for (int i = 0; i < graph_node_count(graph); i++) {
        const Value *value = graph_node(graph, i)->out[0];
        if (!trunk[i] || !is_map(value) || !is_activation(graph_node(graph, i))) continue;
        if (value->shape.dim[2] == height && value->shape.dim[1] > widest)
            widest = value->shape.dim[1];
    }
    return widest;
}

/* Fills list with the first activation of each map height that has at least half the channels of the widest
 * there: the bottlenecks between modules are narrow. */
static void choose_by_depth(const Graph *graph, const bool *trunk, LayerList *list)
{
    int height = 0;
    for (int i = 0; i < graph_node_count(graph) && list->count < STYLE_MAX_LAYERS; i++) {
        Value *value = graph_node(graph, i)->out[0];
        if (!trunk[i] || !is_map(value) || !is_activation(graph_node(graph, i))) continue;
        if (value->shape.dim[2] == height) continue;
        if (2 * value->shape.dim[1] < widest_of(graph, trunk, value->shape.dim[2])) continue;
        height = value->shape.dim[2];
        list->layer[list->count++] = value;
    }
}

int split_names(Run *run, const char *names, const char **split, int most)
{
    int count = 0;
    while (*names && count < most) {
        names += strspn(names, ", ");
        const size_t length = strcspn(names, ",");
        size_t kept = length;
        while (kept && names[kept - 1] == ' ') kept--;
        if (kept) split[count++] = arena_text(run_arena(run), names, kept);
        if (kept && !split[count - 1]) return count - 1;
        names += length;
    }
    return count;
}

Status style_layers(Run *run, const Graph *graph, const char *names, LayerList *list)
{
    *list = (LayerList){0};
    if (strcmp(names, "auto") == 0) {
        const bool *trunk = NULL;
        TRY(find_trunk(run, graph, &trunk));
        choose_by_depth(graph, trunk, list);
        if (list->count) return status_ok();
        return status_error(
            STATUS_BAD_INPUT,
            "style: '%s' has no layer that suggests itself; name some in style-layers",
            network_name(run_network(run)));
    }
    const char *split[STYLE_MAX_LAYERS];
    const int count = split_names(run, names, split, STYLE_MAX_LAYERS);
    for (int i = 0; i < count; i++) {
        TRY(network_layer(run_network(run), graph, split[i], &list->layer[i]));
        if (is_map(list->layer[i])) continue;
        return status_error(STATUS_BAD_INPUT, "style: layer '%s' is no map; choose a convolution",
                            split[i]);
    }
    list->count = count;
    if (count) return status_ok();
    return status_error(STATUS_BAD_INPUT, "style: style-layers is empty; leave it out for auto");
}

Status content_layer(Run *run, const Graph *graph, const char *name, Value **layer)
{
    if (strcmp(name, "auto") != 0) return network_layer(run_network(run), graph, name, layer);
    LayerList list;
    TRY(style_layers(run, graph, "auto", &list));
    const int side = graph_input(graph, 0)->shape.dim[2];
    *layer = list.layer[list.count - 1];
    for (int i = list.count - 1; i >= 0; i--) {
        if (list.layer[i]->shape.dim[2] * 10 >= side) {
            *layer = list.layer[i];
            break;
        }
    }
    return status_ok();
}
