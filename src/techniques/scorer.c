#include "techniques/scorer.h"

/* More than a few bring no speed, and the memory is bounded. */
enum { MAX_BATCH = 8, MAX_BATCH_BYTES = 256 << 20 };

Status build_batch(Run *run, int most, Graph **graph, int *batch)
{
    Graph *several;
    TRY(run_plan(run, &(GraphRequest){0}, graph));
    const uint64_t fit = MAX_BATCH_BYTES / (graph_memory(*graph, GRAPH_FORWARD).total + 1);
    *batch = fit < 1 ? 1 : fit < (uint64_t)most ? (int)fit : most;
    if (*batch == 1) return status_ok();
    const Status status = run_plan(run, &(GraphRequest){.batch = *batch}, &several);
    if (status.code == STATUS_OK && graph_input(several, 0)->shape.dim[0] == *batch) {
        run_drop(run, *graph);
        *graph = several;
    } else {
        *batch = 1;
    }
    return status_ok();
}

Status scorer_create(Run *run, Scorer *s)
{
    s->is_class = target_is_class(run);
    TRY(build_batch(run, s->is_class ? MAX_BATCH : 1, &s->graph, &s->batch));
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
