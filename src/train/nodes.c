#include "train/nodes.h"

#include <stdio.h>
#include <string.h>

Status builder_take(Builder *b, const char *layer, const char *what, ParameterKind kind,
                    Shape shape, float start, Parameter **parameter)
{
    char name[2 * BUILDER_NAME_BYTES];
    snprintf(name, sizeof name, "%s.%s", layer, what);
    if (b->next == b->parameters->count)
        TRY(parameters_add(b->parameters, name, kind, shape, start, b->random));
    *parameter = &b->parameters->items[b->next++];
    if (strcmp((*parameter)->name, name) == 0 && shape_equal(&(*parameter)->shape, &shape))
        return status_ok();
    return status_error(STATUS_BAD_INPUT, "the weights '%s' are not those of this network",
                        (*parameter)->name);
}

const float *builder_numbers(const Builder *b, const Parameter *parameter)
{
    return b->average ? parameter->average : parameter->data;
}

Status builder_value(Builder *b, Parameter *parameter, Value **value)
{
    TRY(graph_add_constant(b->graph, parameter->name, parameter->shape,
                           builder_numbers(b, parameter), value));
    if (b->training) parameter->value = *value;
    return status_ok();
}

Status builder_node(Builder *b, NodeSpec spec, const char *name, const char *output, Value **out)
{
    Node *node;
    spec.name = name;
    spec.out = &output;
    spec.out_count = 1;
    spec.opset = BUILDER_OPSET;
    TRY(graph_add_node(b->graph, &spec, &node));
    *out = node->out[0];
    return status_ok();
}

Status builder_simple(Builder *b, const char *op, const char *name, Value *in, Value **out)
{
    return builder_node(b, (NodeSpec){.op = op, .in = &in, .in_count = 1}, name, name, out);
}
