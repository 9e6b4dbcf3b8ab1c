/* Sum, Mean, Min and Max of any number of tensors: a chain of operators of two. */
#include <stdio.h>
#include <string.h>

#include "onnx/canonical.h"

bool import_is_chain(const Import *import)
{
    const char *op = import->node->op;
    if (strcmp(op, "Sum") == 0 || strcmp(op, "Mean") == 0) return true;
    return (strcmp(op, "Min") == 0 || strcmp(op, "Max") == 0) && import->in_count != 2;
}

/* A link: `op` of two values, with the names given. */
static Status add_link(Import *import, const NodeSpec *spec, const char *op, const char *name,
                       const char *output, Value *pair[2])
{
    NodeSpec link = *spec;
    link.op = op;
    link.name = name;
    link.in = pair;
    link.in_count = 2;
    link.out = &output;
    link.out_count = 1;
    link.attr_count = 0;
    TRY(graph_add_node(import->graph, &link, NULL));
    pair[0] = graph_find(import->graph, output);
    return status_ok();
}

/* The number of inputs as a constant of the graph. */
static Status add_count(Import *import, const NodeSpec *spec, Value **value)
{
    char name[192];
    snprintf(name, sizeof name, "%.150s/count", spec->out[0]);
    float *count = arena_alloc(graph_arena(import->graph), sizeof *count);
    if (!count) return status_no_memory(spec->name, sizeof *count);
    *count = (float)spec->in_count;
    return graph_add_constant(import->graph, name, (Shape){0}, count, value);
}

Status import_chain(Import *import, const NodeSpec *spec)
{
    const bool mean = strcmp(import->node->op, "Mean") == 0;
    if (spec->in_count < 1) return import_error(import, STATUS_BAD_MODEL, "it has no inputs");
    if (spec->out_count != 1)
        return import_error(import, STATUS_BAD_MODEL, "it has not just one output");
    for (int i = 0; i < spec->in_count; i++) {
        if (!spec->in[i])
            return import_error(import, STATUS_BAD_MODEL, "one of its inputs is missing");
    }
    if (spec->in_count == 1) {
        NodeSpec identity = *spec;
        identity.op = "Identity";
        identity.attr_count = 0;
        return graph_add_node(import->graph, &identity, NULL);
    }
    /* What lies between gets names of its own. */
    Value *pair[2] = {spec->in[0], NULL};
    for (int i = 1; i < spec->in_count; i++) {
        char name[192];
        const bool last = i == spec->in_count - 1 && !mean;
        snprintf(name, sizeof name, "%.150s/%d", spec->out[0], i);
        pair[1] = spec->in[i];
        TRY(add_link(import, spec, spec->op, last ? spec->name : name, last ? spec->out[0] : name,
                     pair));
    }
    if (!mean) return status_ok();
    TRY(add_count(import, spec, &pair[1]));
    return add_link(import, spec, "Div", spec->name, spec->out[0], pair);
}
