#include "techniques/scorer.h"

/* More than a few bring no speed, and the memory is bounded. */
enum { MAX_BATCH = 8, MAX_BATCH_BYTES = 256 << 20 };

Status scorer_create(Run *run, Scorer *s)
{
    s->is_class = target_is_class(run);
    Graph *one;
    TRY(run_plan(run, &(GraphRequest){0}, &one));
    const uint64_t bytes = graph_memory(one, GRAPH_FORWARD).total;
    const uint64_t fit = MAX_BATCH_BYTES / (bytes + 1);
    s->batch = !s->is_class || fit < 1 ? 1 : fit < MAX_BATCH ? (int)fit : MAX_BATCH;
    s->graph = one;
    if (s->batch > 1) {
        Graph *several;
        const Status status = run_plan(run, &(GraphRequest){.batch = s->batch}, &several);
        if (status.code == STATUS_OK && graph_input(several, 0)->shape.dim[0] == s->batch) {
            run_drop(run, one);
            s->graph = several;
        } else {
            s->batch = 1;
        }
    }
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
