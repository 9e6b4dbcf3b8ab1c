/* A run within a run. */
#include <assert.h>

#include "techniques/run.h"

Status run_nest(Run *run, const char *technique, Run **nested)
{
    const Technique *found = technique_find(technique);
    if (!found) return status_error(STATUS_BAD_INPUT, "there is no technique '%s'", technique);
    run_destroy(run->nested);
    run->nested = NULL;
    TRY(run_create(&run->nested, found, run->network));
    TRY(run_set_picture(run->nested, 0, run_picture(run, 0)));
    *nested = run->nested;
    return status_ok();
}

void run_redraw(Run *nested, int layers, uint64_t seed)
{
    nested->redrawn = layers;
    nested->redraw_seed = seed;
}

void run_ask_nested(Run *run)
{
    assert(run->phase == PHASE_IDLE);
    run->nested_status = run_begin(run->nested);
    run->phase = PHASE_NESTED;
    run->before = run->after;
}

bool nested_advance(Run *run, double seconds)
{
    bool done = false;
    if (run->nested_status.code == STATUS_OK)
        run->nested_status = run_advance(run->nested, seconds, &done);
    if (run->nested_status.code == STATUS_OK && !done) return false;
    run->phase = PHASE_IDLE;
    return true;
}

Status run_nested_result(Run *run, Result *result)
{
    TRY(run->nested_status);
    return run_result(run->nested, result);
}
