#include "techniques/style_reference.h"

#include <stdio.h>

#include "techniques/common.h"

Status plan_layers(Run *run, const char *names, int height, int width, Graph **graph)
{
    const char *keep[STYLE_MAX_LAYERS];
    GraphRequest request = {.height = height, .width = width, .keep = keep};
    request.keep_count = split_names(names, run_arena(run), keep, STYLE_MAX_LAYERS);
    return plan_sized(run, &request, graph);
}

static Status same_layers(const LayerList *list, const Graph *graph, LayerList *same)
{
    same->count = list->count;
    for (int i = 0; i < list->count; i++) {
        same->layer[i] = graph_find(graph, list->layer[i]->name);
        if (same->layer[i]) continue;
        return status_error(STATUS_BAD_INPUT, "there is no layer '%s' at the size of the style",
                            list->layer[i]->name);
    }
    return status_ok();
}

Status reference_begin(Run *run, StyleReference *r, const Picture *picture, int height, int width,
                       const char *names, const LayerList *layers)
{
    *r = (StyleReference){.picture = picture};
    TRY(plan_layers(run, names, height, width, &r->graph));
    return same_layers(layers, r->graph, &r->list);
}

static void channel_means(const Value *layer, float *mean)
{
    const size_t positions = shape_span(&layer->shape, 2, 4);
    for (size_t c = 0; c < (size_t)layer->shape.dim[1]; c++) {
        double sum = 0;
        for (size_t i = 0; i < positions; i++) sum += layer->data[c * positions + i];
        mean[c] = (float)(sum / (double)positions);
    }
}

/* One Gram matrix a call. */
static Status next_gram(Run *run, StyleReference *r)
{
    const Value *layer = r->list.layer[r->count];
    const size_t channels = (size_t)layer->shape.dim[1];
    float **shift = &r->shift[r->count], *scratch;
    TRY(run_floats(run, channels * channels, &r->gram[r->count]));
    TRY(run_floats(run, objective_scratch(OBJECTIVE_GRAM_REGION, &layer->shape), &scratch));
    if (r->centred) {
        TRY(run_floats(run, channels, shift));
        channel_means(layer, *shift);
    }
    gram_region(layer, *shift, NULL, r->gram[r->count++], scratch);
    return status_ok();
}

Status reference_step(Run *run, StyleReference *r, bool *done)
{
    if (!r->allocated) {
        /* A step of its own, for zeroing the memory takes as long as a layer. */
        r->allocated = true;
        return graph_allocate(r->graph, GRAPH_FORWARD);
    }
    if (!r->asked) {
        TRY(load_whole(run, r->graph, r->picture));
        run_ask_forward(run, r->graph, r->list.layer, r->list.count);
        r->asked = true;
        return status_ok();
    }
    if (r->count == 0) TRY(check_activations(r->graph));
    TRY(next_gram(run, r));
    *done = r->count == r->list.count;
    if (!*done) return status_ok();
    run_drop(run, r->graph);
    r->graph = NULL;
    return status_ok();
}

void fact_layers(Result *result, const char *name, const char *label, const LayerList *list)
{
    char names[1024] = "";
    size_t length = 0;
    for (int i = 0; i < list->count && length < sizeof names - 1; i++) {
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i ? ", " : "",
                                   list->layer[i]->name);
    }
    result_fact_text(result, name, label, names);
}
