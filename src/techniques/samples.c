#include "techniques/samples.h"

#include <string.h>

Status samples_begin(Run *run, const SamplesPlan *plan)
{
    Samples *s = run_state(run);
    s->plan = *plan;
    TRY(subject_begin(run, &s->subject));
    const size_t size = s->subject.size;
    TRY(run_floats(run, size, &s->clean));
    TRY(run_floats(run, size, &s->sum));
    if (plan->squares) TRY(run_floats(run, size, &s->squares));
    memcpy(s->clean, s->subject.input->data, size * sizeof *s->clean);
    run_tell_progress(run, 0, 1.0 / (plan->count + 1));
    return status_ok();
}

void samples_ask(Run *run)
{
    const Samples *s = run_state(run);
    s->plan.make(run);
    run_ask_gradient(run, s->subject.graph, &s->subject.term, 1, &backward_exact);
    const double all = s->plan.count + 1;
    run_tell_progress(run, (s->done + 1) / all, (s->done + 2) / all);
}

Status samples_take(Run *run)
{
    Samples *s = run_state(run);
    const Subject *subject = &s->subject;
    const float *g = subject->input->grad;
    for (size_t i = 0; i < subject->size; i++) s->sum[i] += g[i];
    for (size_t i = 0; s->squares && i < subject->size; i++) s->squares[i] += g[i] * g[i];
    if (++s->done >= s->plan.least) run_tell_version(run);
    if (s->done < s->plan.count) {
        samples_ask(run);
        return status_ok();
    }
    /* Some pictures may let nothing through, such as one that is nearly black; all of them may not. */
    if (max_abs(s->sum, subject->size) == 0)
        TRY(check_gradient(subject->graph, subject->input, subject->target, &backward_exact));
    run_finish(run);
    return status_ok();
}
