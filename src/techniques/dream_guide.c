#include "techniques/dream.h"

enum { GUIDE_SIDE = 256 };

static Status plan_guide(Run *run)
{
    Dream *s = run_state(run);
    GraphRequest request = {0};
    fit_picture(run_picture(run, 1), GUIDE_SIDE, DREAM_LEAST_SIDE, &request.height, &request.width);
    return plan_sized(run, &request, &s->guide_graph);
}

/* Copies every step-th row and column of the layer's map, so that there are not too many places. */
static Status take_features(Run *run, const Value *layer)
{
    Dream *s = run_state(run);
    const Shape *shape = &layer->shape;
    const int channels = shape->dim[1];
    const int height = shape->rank == 4 ? shape->dim[2] : 1,
              width = shape->rank == 4 ? shape->dim[3] : 1;
    int step = 1;
    while (((height - 1) / step + 1) * ((width - 1) / step + 1) > OBJECTIVE_MAX_GUIDE) step++;
    s->guide_positions = ((height - 1) / step + 1) * ((width - 1) / step + 1);
    float *features;
    TRY(run_floats(run, (size_t)channels * (size_t)s->guide_positions, &features));
    TRY(run_floats(run, objective_scratch(OBJECTIVE_GUIDE, shape), &s->scratch));
    s->guide = features;
    for (int c = 0; c < channels; c++) {
        for (int y = 0; y < height; y += step) {
            for (int x = 0; x < width; x += step)
                *features++ = layer->data[((size_t)c * (size_t)height + (size_t)y) * (size_t)width +
                                          (size_t)x];
        }
    }
    return status_ok();
}

Status dream_step_guide(Run *run)
{
    Dream *s = run_state(run);
    if (!s->guide_graph) {
        TRY(plan_guide(run));
        return graph_allocate(s->guide_graph, GRAPH_FORWARD);
    }
    Value *layer = graph_find(s->guide_graph, s->layer);
    if (!layer) {
        return status_error(STATUS_BAD_INPUT,
                            "dream: there is no layer '%s' at the size of the guide", s->layer);
    }
    if (!s->allocated) {
        s->allocated = true;
        TRY(load_whole(run, s->guide_graph, run_picture(run, 1)));
        run_ask_forward(run, s->guide_graph, &layer, 1);
        return status_ok();
    }
    s->allocated = false;
    TRY(check_activations(s->guide_graph));
    TRY(take_features(run, layer));
    run_drop(run, s->guide_graph);
    s->guide_graph = NULL;
    /* The octave's objective is made again, now with the guide. */
    run_drop(run, s->graph);
    s->graph = NULL;
    return status_ok();
}
