#include "techniques/explanation.h"

#include <stdio.h>
#include <string.h>

Status explanation_ask(Run *run, const Objective *term, int redrawn)
{
    Run *nested;
    TRY(run_nest(run, run_text(run, "method"), &nested));
    if (target_is_class(run)) {
        /* class:top may be another class for the nested run, whose weights may be others. */
        char spec[32];
        snprintf(spec, sizeof spec, "class:%d", term->channel);
        TRY(run_set(nested, "target", spec));
    } else {
        TRY(run_set(nested, "target", run_text(run, "target")));
    }
    if (redrawn) run_redraw(nested, redrawn, (uint64_t)run_int(run, "seed"));
    run_ask_nested(run);
    return status_ok();
}

Status explanation_take(Run *run, int height, int width, float *map)
{
    Result result;
    TRY(run_nested_result(run, &result));
    for (int i = 0; i < result.item_count; i++) {
        const ResultItem *item = &result.items[i];
        const bool fits =
            item->kind == RESULT_MAP && item->shape.dim[0] == height && item->shape.dim[1] == width;
        if (!fits || strcmp(item->name, "map") != 0) continue;
        memcpy(map, item->data, (size_t)height * (size_t)width * sizeof *map);
        return status_ok();
    }
    return status_error(STATUS_UNSUPPORTED, "%s makes no map of the picture's pixels here",
                        run_text(run, "method"));
}
