#include "techniques/saliency.h"

Status saliency_begin(Run *run, const BackwardRule *rule)
{
    Saliency *s = run_state(run);
    s->rule = rule;
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    TRY(run_load_picture(run, s->graph, 0, 0));
    s->input = graph_input(s->graph, 0);
    const size_t plane = shape_span(&s->input->shape, 2, 4);
    TRY(run_floats(run, plane, &s->map));
    TRY(run_floats(run, 3 * plane, &s->rgb));
    TRY(run_floats(run, (size_t)network_class_count(s->graph), &s->probabilities));
    /* Everything, not the target alone: class:top is only known then, and the class is worth a fact. */
    run_ask_forward(run, s->graph, NULL, 0);
    run_tell_progress(run, 0, 0.33);
    return status_ok();
}

Status saliency_step(Run *run)
{
    Saliency *s = run_state(run);
    if (!s->forward_done) {
        s->forward_done = true;
        s->top = top_class(s->graph, 0, s->probabilities);
        TRY(target_resolve(run, s->graph, &s->term, s->target));
        run_ask_backward(run, s->graph, &s->term, 1, s->rule);
        run_tell_progress(run, 0.33, 1);
        return status_ok();
    }
    s->value = run_objective(run);
    TRY(check_gradient(s->graph, s->input, s->target, s->rule));
    s->done = true;
    run_tell_version(run);
    run_finish(run);
    return status_ok();
}

void saliency_add_facts(Run *run, Result *result)
{
    const Saliency *s = run_state(run);
    result_fact_text(result, "target", "Target", s->target);
    result_fact(result, "value", "Value of the target", s->value, "");
    if (s->top < 0) return;
    fact_class(run, result, "class", "Likeliest class", s->top);
    fact_percent(result, "probability", "Its probability", s->probabilities[s->top]);
}

Status saliency_picture_result(Run *run, Result *result)
{
    const Saliency *s = run_state(run);
    if (!s->done) return nothing_yet("the backward pass");
    const Shape *shape = &s->input->shape;
    const float scale = show_signal(run, s->input->grad, shape, s->rgb);
    magnitude_map(s->input->grad, shape->dim[1], shape_span(shape, 2, 4), s->map);
    add_signal(result, shape, s->rgb, s->map, s->input->grad);
    saliency_add_facts(run, result);
    result_fact(result, "scale", "Value shown as full black or white", scale, "");
    return status_ok();
}
