#include "techniques/subject.h"

Status subject_begin(Run *run, Subject *s)
{
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    TRY(run_load_picture(run, s->graph, 0, 0));
    s->input = graph_input(s->graph, 0);
    s->size = shape_span(&s->input->shape, 1, 4);
    s->plane = shape_span(&s->input->shape, 2, 4);
    TRY(run_floats(run, (size_t)network_class_count(s->graph), &s->probabilities));
    run_ask_forward(run, s->graph, NULL, 0);
    return status_ok();
}

Status subject_resolve(Run *run, Subject *s)
{
    s->top = top_class(s->graph, 0, s->probabilities);
    TRY(target_resolve(run, s->graph, &s->term, s->target));
    s->value = objective_value(&s->term);
    return status_ok();
}

void subject_add_target(const Subject *s, Result *result)
{
    result_fact_text(result, "target", "Target", s->target);
    result_fact(result, "value", "Value of the target", s->value, "");
}

void subject_add_class(Run *run, const Subject *s, Result *result)
{
    if (s->top < 0) return;
    fact_class(run, result, "class", "Likeliest class", s->top);
    fact_percent(result, "probability", "Its probability", s->probabilities[s->top]);
}
