#include "techniques/matcher.h"

#include <math.h>

#include "base/clock.h"
#include "techniques/common.h"

/* First steps in levels, before the canvas widens them. */
static const float ADAM_STEP = 3.0F, LBFGS_STEP = 0.5F;
enum { LBFGS_PAIRS = 20 };

Status matcher_create(Run *run, Matcher *p, Graph *graph, int steps)
{
    const bool adam = run_choice(run, "optimiser", "adam");
    OptimOptions options = optim_defaults(adam ? OPTIM_ADAM : OPTIM_LBFGS);
    options.step = adam ? ADAM_STEP : LBFGS_STEP;
    options.pairs = LBFGS_PAIRS;
    *p = (Matcher){.graph = graph, .input = graph_input(graph, 0), .steps = steps};
    p->count = shape_elements(&p->input->shape);
    TRY(run_floats(run, p->count, &p->z));
    TRY(run_floats(run, p->count, &p->gradient));
    TRY(run_floats(run, (size_t)steps, &p->losses));
    TRY(canvas_create(run, p->input, &p->canvas));
    p->started = clock_seconds();
    return optim_create(&p->optim, adam ? OPTIM_ADAM : OPTIM_LBFGS, p->count, &options);
}

void matcher_destroy(Matcher *p)
{
    optim_destroy(p->optim);
    p->optim = NULL;
}

/* ---- the loss ---- */

Objective *matcher_add(Matcher *p, ObjectiveKind kind, Value *value, double weight)
{
    Objective *term = &p->terms[p->term_count++];
    *term = (Objective){.kind = kind, .value = value, .weight = (float)weight};
    return term;
}

void matcher_add_gram(Matcher *p, Value *layer, GramTarget target, double weight)
{
    const size_t channels = (size_t)layer->shape.dim[1];
    const ObjectiveKind kind =
        target.shift || target.mask ? OBJECTIVE_GRAM_REGION : OBJECTIVE_GRAM_MATCH;
    double norm = 0;
    for (size_t i = 0; i < channels * channels; i++)
        norm += (double)target.gram[i] * target.gram[i];
    Objective *term = matcher_add(p, kind, layer, weight / fmax(norm, 1e-12));
    term->reference = target.gram;
    term->shift = target.shift;
    term->mask = target.mask;
}

void matcher_add_variation(Run *run, Matcher *p, double weight)
{
    float black, white, level;
    preprocess_bounds(network_preprocess(run_network(run)), 0, &black, &white, &level);
    const double range = (double)white - black;
    matcher_add(p, OBJECTIVE_TOTAL_VARIATION, p->input, 100 * weight / (range * range));
}

/* ---- painting ---- */

static Status take_scratch(Run *run, Matcher *p)
{
    size_t most = 0;
    for (int i = 0; i < p->term_count; i++) {
        const size_t size = objective_scratch(p->terms[i].kind, &p->terms[i].value->shape);
        if (size > most) most = size;
    }
    TRY(run_floats(run, most, &p->scratch));
    for (int i = 0; i < p->term_count; i++) p->terms[i].scratch = p->scratch;
    return status_ok();
}

Status matcher_ask(Run *run, Matcher *p)
{
    if (!p->scratch) TRY(take_scratch(run, p));
    canvas_paint(p->canvas, p->z, p->input->data);
    run_ask_gradient(run, p->graph, p->terms, p->term_count, &backward_exact);
    return status_ok();
}

Status matcher_step(Run *run, Matcher *p, bool *done)
{
    const double loss = run_objective(run);
    canvas_gradient(p->canvas, p->input->grad, p->gradient);
    if (p->evaluations++ == 0 && !isfinite(loss)) {
        TRY(check_activations(p->graph));
        return status_error(STATUS_BAD_INPUT,
                            "the loss is not a finite number: the Gram matrices of '%s' overflow",
                            network_name(run_network(run)));
    }
    if (optim_tell(p->optim, p->z, loss, p->gradient)) {
        p->losses[p->steps_done++] = (float)loss;
        p->seconds = clock_seconds() - p->started;
        run_tell_version(run);
    }
    /* A line search that never succeeds has to end as well. */
    *done = p->steps_done >= p->steps || p->evaluations > 4 * p->steps + 50 ||
            optim_converged(p->optim);
    return *done ? status_ok() : matcher_ask(run, p);
}

void matcher_rgb(Run *run, const Matcher *p, float *levels, float *rgb)
{
    canvas_levels(p->canvas, optim_best(p->optim, NULL), levels);
    preprocess_reorder(network_preprocess(run_network(run)), levels, p->canvas->height,
                       p->canvas->width, rgb);
    for (size_t i = 0; i < p->count; i++) rgb[i] /= 255;
}
