#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/model.h"
#include "npy.h"

const Option gradient_options[] = {
    {"target", "SPEC",
     "class:340, class:top, class:LABEL, channel:NODE:C, neuron:NODE:C:Y:X, layer:NODE, "
     "gram:NODE, or a mix: \"class:340 + 0.5*channel:NODE:C\" (default class:top)"},
    {"rule", "RULE",
     "how it passes a ReLU: exact, guided, deconvnet or redirected (default exact)"},
    {"input", "X.npy", "an input as the network takes it, without any preprocessing"},
    {"out", "G.npy", "write the gradient, in the input's shape and channel order"},
    {0},
};

typedef struct Derivative {
    Network *network;
    ModelInput input;
    Graph *graph;
    float *scratch;
    const BackwardRule *rule;
    double value;
} Derivative;

static void derivative_release(Derivative *d)
{
    graph_destroy(d->graph);
    aligned_free(d->scratch);
    model_input_release(&d->input);
    network_close(d->network);
}

static Status set_up(const Args *args, Derivative *d)
{
    const char *out = args_option(args, "out"), *rule = args_option(args, "rule");
    const char *target = args_option(args, "target");
    if (!rule) rule = "exact";
    d->rule = backward_rule_find(rule);
    if (!d->rule) {
        return status_error(
            STATUS_BAD_INPUT,
            "--rule is '%.40s', but has to be exact, guided, deconvnet or redirected", rule);
    }
    if (out) TRY(file_check_writable(out));
    TRY(model_open(args, &d->network));
    TRY(model_input_read(args, &d->input));
    SpecNodes nodes;
    network_spec_nodes(target ? target : "class:top", &nodes);
    return model_graph(d->network, &d->input, nodes.name, nodes.count, GRAPH_INPUT_GRADIENT,
                       &d->graph);
}

static Status derive(const Args *args, Derivative *d)
{
    const char *target = args_option(args, "target");
    TRY(set_up(args, d));
    graph_forward(d->graph);
    Objective term = {0};
    TRY(network_objective(d->network, d->graph, target ? target : "class:top", &term));
    size_t scratch = objectives_scratch(&term);
    if (scratch > 0) {
        d->scratch = aligned_alloc_zeroed(scratch * sizeof *d->scratch);
        if (!d->scratch) return status_no_memory("the objective", scratch * sizeof *d->scratch);
        objectives_give_scratch(&term, d->scratch);
    }
    graph_zero_gradients(d->graph);
    d->value = objectives_seed(&term, 1, d->graph);
    graph_backward(d->graph, d->rule);
    return status_ok();
}

static Status report(const Args *args, const Derivative *d, Text *text)
{
    const Value *input = graph_input(d->graph, 0);
    const char *out = args_option(args, "out");
    size_t count = shape_elements(&input->shape);
    TensorStats stats = tensor_stats(input->grad, count);
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)input->grad[i] * input->grad[i];
    if (stats.nonfinite > 0) {
        const Node *node = graph_first_nonfinite(d->graph);
        return status_error(
            STATUS_BAD_INPUT,
            "the gradient has %zu values that are no finite numbers, from layer '%s' on",
            stats.nonfinite, node ? node->name : "input");
    }
    if (out) TRY(npy_write(out, &input->shape, input->grad));
    if (args_flag(args, "json")) {
        json_object_begin(text);
        json_key(text, "value"), json_number(text, d->value);
        json_key(text, "norm"), json_number(text, sqrt(sum));
        json_key(text, "min"), json_number(text, stats.min);
        json_key(text, "max"), json_number(text, stats.max);
        json_key(text, "shape"), shape_json(text, &input->shape);
        json_key(text, "rule"), json_string(text, d->rule->name);
        json_object_end(text);
    } else {
        char shape[SHAPE_TEXT_BYTES];
        text_format(text, "value of the target %.6g\ngradient %s: %.6g to %.6g, L2 norm %.6g",
                    d->value, shape_text(&input->shape, shape), (double)stats.min,
                    (double)stats.max, sqrt(sum));
    }
    if (sum == 0)
        cli_note("the gradient is zero everywhere: the target does not depend on the input");
    return status_ok();
}

int command_gradient(const Args *args)
{
    if (args->word_count < 2 && !args_option(args, "input")) {
        return cli_usage("gradient", "gradient needs a picture or --input X.npy");
    }
    Derivative derivative = {0};
    Text text = {0};
    Status status = derive(args, &derivative);
    if (status.code == STATUS_OK) status = report(args, &derivative, &text);
    int result = status.code == STATUS_OK ? cli_print(&text) : cli_fail(status);
    text_release(&text);
    derivative_release(&derivative);
    return result;
}
