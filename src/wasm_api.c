#include "wasm_api_internal.h"

#include <stdlib.h>
#include <string.h>

#include "image/colormap.h"
#include "parallel.h"
#include "techniques/technique.h"

#ifndef CONVOSCOPE_VERSION
#define CONVOSCOPE_VERSION "0.1.0"
#endif

/* One instance of the module has one boundary; it is the only state that outlives a call. */
static struct Boundary {
    Status error;
    Text text;
    Handles models;
    uint8_t *colours;
} boundary;

/* ---- what all calls share ---- */

Status handles_add(Handles *handles, void *thing, const char *what, int *handle)
{
    for (int i = 0; i < HANDLES_MAX; i++) {
        if (handles->slot[i].thing) continue;
        handles->slot[i].thing = thing;
        handles->slot[i].handle = ++handles->last;
        *handle = handles->last;
        return status_ok();
    }
    return status_error(STATUS_BAD_INPUT, "%d %s are open, which is the most: close one first",
                        HANDLES_MAX, what);
}

void *handles_find(const Handles *handles, int handle)
{
    for (int i = 0; i < HANDLES_MAX; i++) {
        if (handles->slot[i].thing && handles->slot[i].handle == handle)
            return handles->slot[i].thing;
    }
    return NULL;
}

void handles_remove(Handles *handles, int handle)
{
    for (int i = 0; i < HANDLES_MAX; i++) {
        if (handles->slot[i].handle == handle) handles->slot[i].thing = NULL;
    }
}

int boundary_return(Status status, int value)
{
    if (status.code == STATUS_OK) return value;
    boundary.error = status;
    return -(int)status.code;
}

Text *boundary_text(void)
{
    text_release(&boundary.text);
    return &boundary.text;
}

int boundary_return_text(Status status)
{
    if (status.code == STATUS_OK && boundary.text.failed)
        status = status_no_memory("the answer", boundary.text.capacity);
    return boundary_return(status, 0);
}

Status model_find(int handle, Model **model)
{
    *model = handles_find(&boundary.models, handle);
    if (*model) return status_ok();
    return status_error(STATUS_BAD_INPUT, "network %d is not open", handle);
}

Status model_buffer(Model *model, size_t floats)
{
    free(model->buffer);
    model->buffer = malloc((floats + 1) * sizeof(float));
    if (!model->buffer) return status_no_memory("the answer", floats * sizeof(float));
    return status_ok();
}

void json_array_of(Text *text, const Shape *shape, const float *data)
{
    json_key(text, "shape"), shape_json(text, shape);
    json_key(text, "data"), json_integer(text, (long long)(uintptr_t)data);
}

/* ---- the core ---- */

CONVO_EXPORT const char *convo_version(void)
{
    return CONVOSCOPE_VERSION;
}

CONVO_EXPORT int convo_start(int threads)
{
    return parallel_start(threads);
}

CONVO_EXPORT int convo_expect(int threads)
{
    return parallel_expect(threads);
}

CONVO_EXPORT int convo_self_test(void)
{
    return boundary_return(self_test(), 0);
}

CONVO_EXPORT const char *convo_error_message(void)
{
    return boundary.error.message;
}

CONVO_EXPORT const char *convo_error_code(void)
{
    return status_code_name(boundary.error.code);
}

CONVO_EXPORT const char *convo_text(void)
{
    return boundary.text.bytes ? boundary.text.bytes : "null";
}

CONVO_EXPORT int convo_techniques(void)
{
    techniques_json(boundary_text());
    return boundary_return_text(status_ok());
}

CONVO_EXPORT int convo_colormaps(void)
{
    const int count = colormap_count();
    if (!boundary.colours) boundary.colours = malloc((size_t)count * 768);
    if (!boundary.colours)
        return boundary_return(status_no_memory("the colour maps", (size_t)count * 768), 0);
    Text *text = boundary_text();
    json_object_begin(text);
    for (int i = 0; i < count; i++) {
        uint8_t *table = boundary.colours + i * 768;
        colormap_table(i, table);
        json_key(text, colormap_name(i)), json_integer(text, (long long)(uintptr_t)table);
    }
    json_object_end(text);
    return boundary_return_text(status_ok());
}

/* ---- networks ---- */

void sized_release(Sized *sized)
{
    graph_destroy(sized->graph);
    *sized = (Sized){0};
}

static void model_destroy(Model *model)
{
    if (!model) return;
    sized_release(&model->look);
    sized_release(&model->gradient);
    network_close(model->network);
    for (int i = 0; i < model->keep_count; i++) free(model->keep[i]);
    free(model->target);
    aligned_free(model->scratch);
    free(model->buffer);
    free(model);
}

CONVO_EXPORT int convo_network_open(const char *name, uint8_t *bytes, size_t size)
{
    Model *model = calloc(1, sizeof *model);
    if (!model) {
        free(bytes);
        return boundary_return(status_no_memory("the network", sizeof *model), 0);
    }
    int handle = 0;
    Status status = network_open(&model->network, name, bytes, size);
    if (status.code != STATUS_OK) {
        free(model);
        return boundary_return(status_error(status.code, "%s: %s", name, status.message), 0);
    }
    status = handles_add(&boundary.models, model, "networks", &handle);
    if (status.code != STATUS_OK) model_destroy(model);
    return boundary_return(status, handle);
}

CONVO_EXPORT int convo_network_missing(int handle)
{
    Model *model;
    Text *text = boundary_text();
    const Status status = model_find(handle, &model);
    if (status.code == STATUS_OK) json_string(text, network_missing(model->network));
    return boundary_return_text(status);
}

CONVO_EXPORT int convo_network_attach(int handle, const char *location, uint8_t *bytes, size_t size)
{
    Model *model;
    const Status status = model_find(handle, &model);
    if (status.code == STATUS_OK)
        return boundary_return(network_attach(model->network, location, bytes, size), 0);
    free(bytes);
    return boundary_return(status, 0);
}

CONVO_EXPORT int convo_network_close(int handle)
{
    Model *model;
    Status status = model_find(handle, &model);
    if (status.code == STATUS_OK) {
        boundary_close_runs(handle);
        handles_remove(&boundary.models, handle);
        model_destroy(model);
    }
    return boundary_return(status, 0);
}

static Status network_change(int handle, const char *key, const char *value)
{
    Model *model;
    TRY(model_find(handle, &model));
    TRY(network_set(model->network, key, value));
    if (strcmp(key, "labels") == 0) return status_ok();
    /* The size, and what a picture becomes, may be other than what the graphs were made for. */
    sized_release(&model->look);
    sized_release(&model->gradient);
    model->seen = model->derived = false;
    model->job = JOB_NONE;
    return status_ok();
}

CONVO_EXPORT int convo_network_set(int handle, const char *key, const char *value)
{
    return boundary_return(network_change(handle, key, value), 0);
}

Status sized_plan(const Network *network, Sized *sized, int height, int width,
                  const char *const *keep, int keep_count)
{
    if (sized->graph && sized->height == height && sized->width == width) return status_ok();
    const GraphRequest request = {
        .height = height, .width = width, .keep = keep, .keep_count = keep_count, .partial = true};
    Graph *graph;
    TRY(network_build(network, &request, &graph));
    sized_release(sized);
    *sized = (Sized){.graph = graph, .height = height, .width = width};
    return status_ok();
}

Status look_plan(Model *model, int height, int width)
{
    const Graph *before = model->look.graph;
    TRY(sized_plan(model->network, &model->look, height, width, (const char *const *)model->keep,
                   model->keep_count));
    if (model->look.graph == before) return status_ok();
    model->seen = false;
    if (model->job == JOB_LOOK) model->job = JOB_NONE;
    return status_ok();
}

Status sized_allocate(Sized *sized, unsigned flags)
{
    if (sized->allocated) return status_ok();
    TRY(graph_allocate(sized->graph, flags));
    sized->allocated = true;
    return status_ok();
}

Status look_allocate(Model *model)
{
    Sized *look = &model->look;
    if (look->allocated) return status_ok();
    look->answers = !model->keeps && !graph_is_partial(look->graph);
    if (!look->answers) return sized_allocate(look, GRAPH_FORWARD);
    TRY(graph_allocate_answer(look->graph, network_logits(look->graph)));
    look->allocated = true;
    return status_ok();
}

static Status network_describe(int handle, Text *text)
{
    Model *model;
    TRY(model_find(handle, &model));
    const Status planned = look_plan(model, 0, 0);
    if (planned.code == STATUS_UNSUPPORTED) {
        network_json(model->network, NULL, planned.message, text);
        return status_ok();
    }
    TRY(planned);
    const Status whole = network_supported(model->network);
    network_json(model->network, model->look.graph, whole.code ? whole.message : NULL, text);
    return status_ok();
}

CONVO_EXPORT int convo_network_describe(int handle)
{
    return boundary_return_text(network_describe(handle, boundary_text()));
}
