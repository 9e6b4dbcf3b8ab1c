/* Passes over an opened network: forward, for a look, and forward and backward, for a gradient. */
#include "wasm_api_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "profile.h"

void look_begin(Model *model, bool picture)
{
    model->picture = picture;
    model->seen = false;
    model->seconds = 0;
    model->job = JOB_LOOK;
    graph_begin_forward(model->look.graph, NULL, 0);
}

static Status picture_shape(const Model *model, const Value *input)
{
    const int channels = preprocess_channels(network_preprocess(model->network));
    char shape[SHAPE_TEXT_BYTES];
    if (input->shape.rank == 4 && input->shape.dim[1] == channels) return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "the input '%s' of the network is %s, which does not fit a picture of %d "
                        "channels: set the channels of its preprocessing",
                        input->name, shape_text(&input->shape, shape), channels);
}

static Status look_picture(int handle, int width, int height, const uint8_t *rgba)
{
    Model *model;
    TRY(model_find(handle, &model));
    TRY(look_plan(model, 0, 0));
    Value *input = graph_input(model->look.graph, 0);
    TRY(picture_shape(model, input));
    TRY(look_allocate(model));
    model->seen = false;
    const Picture picture = {width, height, (uint8_t *)(uintptr_t)rgba};
    TRY(preprocess_apply(network_preprocess(model->network), &picture, input->shape.dim[2],
                         input->shape.dim[3], input->data));
    look_begin(model, true);
    return status_ok();
}

CONVO_EXPORT int convo_look_picture(int handle, int width, int height, const uint8_t *rgba)
{
    return boundary_return(look_picture(handle, width, height, rgba), 0);
}

static Status input_fits(const Value *input, size_t count)
{
    char shape[SHAPE_TEXT_BYTES];
    const size_t elements = shape_elements(&input->shape);
    if (count != elements) {
        return status_error(STATUS_BAD_INPUT,
                            "the network's input '%s' is %s, which is %zu numbers, but %zu were "
                            "given",
                            input->name, shape_text(&input->shape, shape), elements, count);
    }
    return status_ok();
}

static Status look_tensor(int handle, int height, int width, const float *data, size_t count)
{
    Model *model;
    TRY(model_find(handle, &model));
    TRY(look_plan(model, height, width));
    const Value *input = graph_input(model->look.graph, 0);
    TRY(input_fits(input, count));
    TRY(look_allocate(model));
    memcpy(input->data, data, count * sizeof *data);
    look_begin(model, false);
    return status_ok();
}

CONVO_EXPORT int convo_look_tensor(int handle, int height, int width, const float *data,
                                   size_t count)
{
    return boundary_return(look_tensor(handle, height, width, data, count), 0);
}

/* ---- gradient ---- */

/* Makes sure of a planned graph in which the target can be reached. */
static Status gradient_plan(Model *model, const char *target, int height, int width)
{
    SpecNodes nodes;
    network_spec_nodes(target, &nodes);
    if (memcmp(nodes.text, model->kept.text, sizeof nodes.text) != 0)
        sized_release(&model->gradient);
    network_spec_nodes(target, &model->kept);
    return sized_plan(model->network, &model->gradient, height, width, model->kept.name,
                      model->kept.count);
}

/* Forward as far as the layers that the target names; all the way where it is, or may be, of a class. */
static void gradient_forward(Model *model)
{
    Graph *graph = model->gradient.graph;
    const SpecNodes *nodes = &model->kept;
    Value *values[SPEC_MAX_NODES];
    int count =
        strstr(model->target, "class:") || nodes->count == SPEC_MAX_NODES ? 0 : nodes->count;
    for (int i = 0; i < count; i++) {
        values[i] = graph_find(graph, nodes->name[i]);
        if (!values[i]) count = 0;
    }
    graph_begin_forward(graph, values, count);
}

static Status gradient_begin(int handle, int height, int width, const float *data, size_t count,
                             const char *target, const char *rule)
{
    Model *model;
    TRY(model_find(handle, &model));
    model->derived = false;
    model->job = JOB_NONE;
    model->seconds = 0;
    model->rule = backward_rule_find(rule);
    if (!model->rule) {
        return status_error(STATUS_BAD_INPUT,
                            "there is no rule '%s': say exact, guided, deconvnet or redirected",
                            rule);
    }
    free(model->target);
    model->target = strdup(target);
    if (!model->target) return status_no_memory("the target", strlen(target));
    TRY(gradient_plan(model, target, height, width));
    const Value *input = graph_input(model->gradient.graph, 0);
    TRY(input_fits(input, count));
    TRY(sized_allocate(&model->gradient, GRAPH_INPUT_GRADIENT));
    memcpy(input->data, data, count * sizeof *data);
    gradient_forward(model);
    model->job = JOB_GRADIENT_FORWARD;
    return status_ok();
}

CONVO_EXPORT int convo_gradient(int handle, int height, int width, const float *data, size_t count,
                                const char *target, const char *rule)
{
    return boundary_return(gradient_begin(handle, height, width, data, count, target, rule), 0);
}

static Status gradient_turn(Model *model)
{
    Graph *graph = model->gradient.graph;
    Objective term;
    TRY(network_objective(model->network, graph, model->target, &term));
    const size_t floats = objectives_scratch(&term);
    aligned_free(model->scratch);
    model->scratch = aligned_alloc_zeroed((floats + 1) * sizeof(float));
    if (!model->scratch) return status_no_memory("the target", floats * sizeof(float));
    objectives_give_scratch(&term, model->scratch);
    graph_zero_gradients(graph);
    model->value = objectives_seed(&term, 1, graph);
    graph_begin_backward(graph, model->rule);
    model->job = JOB_GRADIENT_BACKWARD;
    return status_ok();
}

static Status gradient_json(int handle, Text *text)
{
    Model *model;
    TRY(model_find(handle, &model));
    if (!model->derived)
        return status_error(STATUS_BAD_INPUT, "there is no gradient yet: ask for one first");
    const Value *input = graph_input(model->gradient.graph, 0);
    json_object_begin(text);
    json_array_of(text, &input->shape, input->grad);
    json_key(text, "value"), json_number(text, model->value);
    json_object_end(text);
    return status_ok();
}

CONVO_EXPORT int convo_gradient_result(int handle)
{
    return boundary_return_text(gradient_json(handle, boundary_text()));
}

/* ---- slices ---- */

static Status model_advance(int handle, double seconds, int *done)
{
    Model *model;
    TRY(model_find(handle, &model));
    *done = 1;
    if (model->job == JOB_NONE) return status_ok();
    const double start = clock_seconds();
    const bool look = model->job == JOB_LOOK;
    const bool over = graph_advance(look ? model->look.graph : model->gradient.graph, seconds);
    model->seconds += clock_seconds() - start;
    *done = 0;
    if (!over) return status_ok();
    if (model->job == JOB_GRADIENT_FORWARD) {
        model->job = JOB_NONE;
        return gradient_turn(model);
    }
    *(look ? &model->seen : &model->derived) = true;
    model->job = JOB_NONE;
    *done = 1;
    return status_ok();
}

CONVO_EXPORT int convo_advance(int handle, double seconds)
{
    int done = 0;
    Status status = model_advance(handle, seconds, &done);
    return boundary_return(status, done);
}

/* ---- the time of each layer ---- */

static Status profile(int handle, int height, int width, int runs, Text *text)
{
    Model *model;
    TRY(model_find(handle, &model));
    if (runs < 1 || runs > PROFILE_MAX_RUNS)
        return status_error(STATUS_BAD_INPUT, "a profile has 1 to %d runs, not %d",
                            PROFILE_MAX_RUNS, runs);
    Graph *graph;
    TRY(network_build(model->network, &(GraphRequest){.height = height, .width = width}, &graph));
    Status status = graph_allocate(graph, GRAPH_INPUT_GRADIENT);
    const size_t bytes = (size_t)graph_node_count(graph) * sizeof(NodeTime);
    NodeTime *times = malloc(bytes + 1);
    if (status.code == STATUS_OK && !times) status = status_no_memory("the profile", bytes);
    if (status.code == STATUS_OK) {
        const Value *input = graph_input(graph, 0);
        Random random = random_seeded(1);
        for (size_t i = 0; i < shape_elements(&input->shape); i++)
            input->data[i] = random_normal(&random);
        status = graph_profile(graph, runs, times);
    }
    if (status.code == STATUS_OK) profile_json(graph, times, peak_flops(), text);
    free(times);
    graph_destroy(graph);
    return status;
}

CONVO_EXPORT int convo_profile(int handle, int height, int width, int runs)
{
    return boundary_return_text(profile(handle, height, width, runs, boundary_text()));
}
