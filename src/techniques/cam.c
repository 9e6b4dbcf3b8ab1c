#include "techniques/cam.h"

Status cam_layer(Run *run, const Graph *graph, Value **layer)
{
    TRY(network_layer(run_network(run), graph, run_text(run, "layer"), layer));
    if ((*layer)->shape.rank == 4 && !(*layer)->constant) return status_ok();
    char text[SHAPE_TEXT_BYTES];
    return status_error(STATUS_BAD_INPUT,
                        "class activation maps need a layer of maps, but '%s' is %s; choose a "
                        "convolution",
                        (*layer)->name, shape_text(&(*layer)->shape, text));
}

double cam_mean_gradient(const float *a, const float *da, size_t plane)
{
    (void)a;
    double mean = 0;
    for (size_t i = 0; i < plane; i++) mean += da[i];
    return mean / (double)plane;
}

Status cam_begin(Run *run, CamWeight weight)
{
    Cam *s = run_state(run);
    s->weight = weight;
    TRY(subject_begin(run, &s->subject));
    TRY(cam_layer(run, s->subject.graph, &s->layer));
    TRY(run_floats(run, shape_span(&s->layer->shape, 2, 4), &s->coarse));
    TRY(run_floats(run, s->subject.plane, &s->full));
    run_tell_progress(run, 0, 0.6);
    return status_ok();
}

void cam_add(float *map, double weight, const float *a, size_t plane)
{
    for (size_t i = 0; i < plane; i++) map[i] += (float)weight * a[i];
}

void cam_rectify(float *map, size_t plane)
{
    for (size_t i = 0; i < plane; i++) {
        if (map[i] < 0) map[i] = 0;
    }
}

Status cam_enlarge(const Graph *graph, const Value *layer, const char *target, const float *coarse,
                   float *full)
{
    const Shape *shape = &layer->shape, *input = &graph_input(graph, 0)->shape;
    if (max_abs(coarse, shape_span(shape, 2, 4)) == 0) {
        TRY(check_activations(graph));
        return status_error(
            STATUS_BAD_INPUT,
            "the map of %s at '%s' is zero everywhere: no place in the picture speaks for the "
            "target",
            target, layer->name);
    }
    return resample(coarse, 1, shape->dim[2], shape->dim[3], full, input->dim[2], input->dim[3]);
}

Status cam_step(Run *run, double share)
{
    Cam *s = run_state(run);
    Subject *subject = &s->subject;
    if (!s->forward_done) {
        s->forward_done = true;
        TRY(subject_resolve(run, subject));
        graph_stop_backward_at(subject->graph, s->layer);
        run_ask_backward(run, subject->graph, &subject->term, 1, &backward_exact);
        run_tell_progress(run, 0.6, share);
        return status_ok();
    }
    TRY(check_gradient(subject->graph, s->layer, subject->target, &backward_exact));
    const size_t plane = shape_span(&s->layer->shape, 2, 4);
    for (size_t k = 0; k < (size_t)s->layer->shape.dim[1]; k++) {
        const float *a = s->layer->data + k * plane;
        cam_add(s->coarse, s->weight(a, s->layer->grad + k * plane, plane), a, plane);
    }
    cam_rectify(s->coarse, plane);
    TRY(cam_enlarge(subject->graph, s->layer, subject->target, s->coarse, s->full));
    s->done = true;
    run_tell_version(run);
    return status_ok();
}

void cam_add_maps(const Graph *graph, const Value *layer, const float *coarse, const float *full,
                  Result *result)
{
    result_add(result, (ResultItem){.name = "map",
                                    .title = "Where the layer speaks for the target",
                                    .kind = RESULT_MAP,
                                    .shape = shape_make(2, graph_input(graph, 0)->shape.dim + 2),
                                    .data = full,
                                    .colormap = "inferno"});
    result_add(result, (ResultItem){.name = "raw",
                                    .title = "The same as the layer has it, not enlarged",
                                    .kind = RESULT_MAP,
                                    .shape = shape_make(2, layer->shape.dim + 2),
                                    .data = coarse,
                                    .colormap = "inferno"});
}

void cam_add_facts(Run *run, Result *result)
{
    const Cam *s = run_state(run);
    subject_add_target(&s->subject, result);
    result_fact_text(result, "layer", "Layer", s->layer->name);
    result_fact(result, "channels", "Maps weighed", s->layer->shape.dim[1], "");
    subject_add_class(run, &s->subject, result);
}

Status cam_result(Run *run, Result *result)
{
    const Cam *s = run_state(run);
    if (!s->done) return nothing_yet("the class activation map");
    cam_add_maps(s->subject.graph, s->layer, s->coarse, s->full, result);
    cam_add_facts(run, result);
    return status_ok();
}
