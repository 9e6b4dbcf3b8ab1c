#include "techniques/scorer.h"

/* More than a few bring no speed, and the memory is bounded. */
enum { MAX_BATCH = 8, MAX_BATCH_BYTES = 256 << 20 };

int plan_batch(Run *run, int most, unsigned flags, Graph **graph)
{
    const Shape *one = &graph_input(*graph, 0)->shape;
    const uint64_t fit = MAX_BATCH_BYTES / (graph_memory(*graph, flags).total + 1);
    GraphRequest request = {.height = one->dim[2], .width = one->dim[3]};
    request.batch = fit < 1 ? 1 : fit < (uint64_t)most ? (int)fit : most;
    Graph *several;
    if (request.batch == 1 || run_plan(run, &request, &several).code != STATUS_OK) return 1;
    if (graph_input(several, 0)->shape.dim[0] != request.batch) return 1;
    run_drop(run, *graph);
    *graph = several;
    return request.batch;
}

Status scorer_create(Run *run, Scorer *s)
{
    s->is_class = target_is_class(run);
    TRY(run_plan(run, &(GraphRequest){0}, &s->graph));
    s->batch = plan_batch(run, s->is_class ? MAX_BATCH : 1, GRAPH_FORWARD, &s->graph);
    s->input = graph_input(s->graph, 0);
    TRY(run_floats(run, (size_t)network_class_count(s->graph), &s->probabilities));
    return graph_allocate(s->graph, GRAPH_FORWARD);
}

Status scorer_resolve(Run *run, Scorer *s)
{
    return target_resolve(run, s->graph, &s->term, s->target);
}

double scorer_score(const Scorer *s, int item)
{
    if (!s->is_class) return objective_value(&s->term);
    network_scores(s->graph, item, NULL, s->probabilities);
    return s->probabilities[s->term.channel];
}
