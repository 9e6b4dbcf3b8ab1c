/* Runs of a technique. */
#include "wasm_api_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "techniques/technique.h"

typedef struct OpenRun {
    Run *run;
    int model;
} OpenRun;

/* As in wasm_api.c: the one state that outlives a call. */
static Handles runs;

static Status run_find(int handle, Run **run)
{
    const OpenRun *open = handles_find(&runs, handle);
    *run = open ? open->run : NULL;
    if (open) return status_ok();
    return status_error(STATUS_BAD_INPUT, "run %d is not open", handle);
}

static void run_close(int handle)
{
    OpenRun *open = handles_find(&runs, handle);
    if (!open) return;
    handles_remove(&runs, handle);
    run_destroy(open->run);
    free(open);
}

void boundary_close_runs(int model)
{
    for (int i = 0; i < HANDLES_MAX; i++) {
        const OpenRun *open = runs.slot[i].thing;
        if (open && open->model == model) run_close(runs.slot[i].handle);
    }
}

static Status run_open(int model, const char *id, int *handle)
{
    Model *owner;
    TRY(model_find(model, &owner));
    const Technique *technique = technique_find(id);
    if (!technique) return status_error(STATUS_BAD_INPUT, "there is no technique '%s'", id);
    OpenRun *open = calloc(1, sizeof *open);
    if (!open) return status_no_memory("the run", sizeof *open);
    open->model = model;
    Status status = run_create(&open->run, technique, owner->network);
    if (status.code == STATUS_OK) {
        status = handles_add(&runs, open, "runs", handle);
        if (status.code != STATUS_OK) run_destroy(open->run);
    }
    if (status.code != STATUS_OK) free(open);
    return status;
}

CONVO_EXPORT int convo_run_create(int model, const char *technique)
{
    int handle = 0;
    Status status = run_open(model, technique, &handle);
    return boundary_return(status, handle);
}

CONVO_EXPORT int convo_run_set(int handle, const char *param, const char *value)
{
    Run *run;
    Status status = run_find(handle, &run);
    if (status.code == STATUS_OK) status = run_set(run, param, value);
    return boundary_return(status, 0);
}

CONVO_EXPORT int convo_run_picture(int handle, int index, int width, int height,
                                   const uint8_t *rgba)
{
    Run *run;
    Status status = run_find(handle, &run);
    const Picture picture = {width, height, (uint8_t *)(uintptr_t)rgba};
    if (status.code == STATUS_OK) status = run_set_picture(run, index, &picture);
    return boundary_return(status, 0);
}

CONVO_EXPORT int convo_run_name_picture(int handle, int index, const char *name, const char *group)
{
    Run *run;
    Status status = run_find(handle, &run);
    if (status.code == STATUS_OK) status = run_name_picture(run, index, name, group);
    return boundary_return(status, 0);
}

CONVO_EXPORT int convo_run_begin(int handle)
{
    Run *run;
    Status status = run_find(handle, &run);
    if (status.code == STATUS_OK) status = run_begin(run);
    return boundary_return(status, 0);
}

CONVO_EXPORT int convo_run_advance(int handle, double seconds)
{
    Run *run;
    bool done = false;
    Status status = run_find(handle, &run);
    if (status.code == STATUS_OK) status = run_advance(run, seconds, &done);
    return boundary_return(status, done);
}

CONVO_EXPORT double convo_run_progress(int handle)
{
    Run *run;
    return run_find(handle, &run).code == STATUS_OK ? run_progress(run) : 0;
}

CONVO_EXPORT int convo_run_version(int handle)
{
    Run *run;
    Status status = run_find(handle, &run);
    return boundary_return(status, status.code == STATUS_OK ? run_version(run) : 0);
}

CONVO_EXPORT int convo_run_close(int handle)
{
    Run *run;
    Status status = run_find(handle, &run);
    run_close(handle);
    return boundary_return(status, 0);
}

/* ---- the result ---- */

static bool in_colour(const ResultItem *item)
{
    const Shape *shape = &item->shape;
    return item->kind == RESULT_IMAGE || item->kind == RESULT_FILM ||
           (item->kind == RESULT_TILES && shape->rank == 4 && shape->dim[1] == 3);
}

/* The values that the two ends of the colour map stand for. */
static void item_bounds(const ResultItem *item, double *low, double *high)
{
    *low = 0;
    *high = 1;
    if (in_colour(item)) return;
    const TensorStats stats = tensor_stats(item->data, shape_elements(&item->shape));
    *low = stats.min;
    *high = stats.max;
    if (!item->is_signed) return;
    *high = fmax(fabs(*low), fabs(*high));
    *low = -*high;
}

static void item_json(const ResultItem *item, Text *text)
{
    double low, high;
    item_bounds(item, &low, &high);
    json_object_begin(text);
    json_key(text, "name"), json_string(text, item->name);
    json_key(text, "title"), json_string(text, item->title);
    json_key(text, "kind"), json_string(text, result_kind_name(item->kind));
    json_array_of(text, &item->shape, item->data);
    json_key(text, "signed"), json_bool(text, item->is_signed);
    json_key(text, "colormap"), json_string(text, item->colormap);
    if (item->lines) json_key(text, "lines"), choices_json(text, item->lines);
    json_key(text, "low"), json_number(text, low);
    json_key(text, "high"), json_number(text, high);
    if (item->kind == RESULT_FILM) {
        const float suggested = item->frames_per_second;
        json_key(text, "framesPerSecond");
        json_number(text, suggested > 0 ? suggested : FILM_FRAMES_PER_SECOND);
    }
    if (item->kind == RESULT_POINTS) {
        json_key(text, "group");
        json_object_begin(text);
        json_array_of(text, &(Shape){.rank = 1, .dim = {item->shape.dim[0]}}, item->points->group);
        json_object_end(text);
    }
    result_details_json(item, text);
    json_object_end(text);
}

static void fact_json(const ResultFact *fact, Text *text)
{
    json_object_begin(text);
    json_key(text, "name"), json_string(text, fact->name);
    json_key(text, "label"), json_string(text, fact->label);
    json_key(text, "value");
    if (fact->text[0]) {
        json_string(text, fact->text);
    } else {
        json_number(text, fact->value);
    }
    json_key(text, "unit"), json_string(text, fact->unit ? fact->unit : "");
    json_object_end(text);
}

static Status result_json(int handle, Text *text)
{
    Run *run;
    TRY(run_find(handle, &run));
    Result result;
    memset(&result, 0, sizeof result);
    TRY(run_result(run, &result));
    json_object_begin(text);
    json_key(text, "items"), json_array_begin(text);
    for (int i = 0; i < result.item_count; i++) item_json(&result.items[i], text);
    json_array_end(text);
    json_key(text, "facts"), json_array_begin(text);
    for (int i = 0; i < result.fact_count; i++) fact_json(&result.facts[i], text);
    json_array_end(text);
    json_object_end(text);
    return status_ok();
}

CONVO_EXPORT int convo_run_result(int handle)
{
    return boundary_return_text(result_json(handle, boundary_text()));
}
