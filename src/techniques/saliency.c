#include "techniques/saliency.h"

Status saliency_begin(Run *run, const BackwardRule *rule)
{
    Saliency *s = run_state(run);
    s->rule = rule;
    TRY(subject_begin(run, &s->subject));
    TRY(run_floats(run, s->subject.plane, &s->map));
    TRY(run_floats(run, 3 * s->subject.plane, &s->rgb));
    run_tell_progress(run, 0, 0.33);
    return status_ok();
}

Status saliency_step(Run *run)
{
    Saliency *s = run_state(run);
    Subject *subject = &s->subject;
    if (!s->forward_done) {
        s->forward_done = true;
        TRY(subject_resolve(run, subject));
        run_ask_backward(run, subject->graph, &subject->term, 1, s->rule);
        run_tell_progress(run, 0.33, 1);
        return status_ok();
    }
    TRY(check_gradient(subject->graph, subject->input, subject->target, s->rule));
    s->done = true;
    run_tell_version(run);
    run_finish(run);
    return status_ok();
}

void saliency_add_facts(Run *run, Result *result)
{
    const Saliency *s = run_state(run);
    subject_add_target(&s->subject, result);
    subject_add_class(run, &s->subject, result);
}

Status saliency_picture_result(Run *run, Result *result)
{
    const Saliency *s = run_state(run);
    if (!s->done) return nothing_yet("the backward pass");
    const Value *input = s->subject.input;
    const float scale = show_signal(run, input->grad, &input->shape, s->rgb);
    magnitude_map(input->grad, input->shape.dim[1], s->subject.plane, s->map);
    add_signal(result, &input->shape, s->rgb, s->map, input->grad);
    saliency_add_facts(run, result);
    result_fact(result, "scale", "Value shown as full black or white", scale, "");
    return status_ok();
}
