#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "techniques/common.h"
#include "techniques/style.h"

/* First steps in levels, before the canvas widens them. */
static const float ADAM_STEP = 3.0F, LBFGS_STEP = 0.5F;
enum { LBFGS_PAIRS = 20 };

/* ---- the loss ---- */

static double mean_square(const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i] * values[i];
    return sum / (double)count;
}

static Objective *add_term(Style *s, ObjectiveKind kind, Value *value, double weight)
{
    Objective *term = &s->terms[s->term_count++];
    *term = (Objective){.kind = kind, .value = value, .weight = (float)weight};
    return term;
}

static Status make_terms(Run *run)
{
    Style *s = run_state(run);
    const size_t count = shape_elements(&s->content->shape);
    memcpy(s->features, s->content->data, count * sizeof *s->features);
    const double size = fmax(mean_square(s->features, count), 1e-12);
    add_term(s, OBJECTIVE_FEATURE_MATCH, s->content, run_float(run, "content-weight") / size)
        ->reference = s->features;
    for (int i = 0; i < s->list.count; i++) {
        Value *layer = s->list.layer[i];
        const size_t entries = (size_t)layer->shape.dim[1] * (size_t)layer->shape.dim[1];
        const double norm = fmax(mean_square(s->gram[i], entries) * (double)entries, 1e-12);
        Objective *term = add_term(s, OBJECTIVE_GRAM_MATCH, layer,
                                   run_float(run, "style-weight") / (norm * s->list.count));
        term->reference = s->gram[i];
        TRY(run_floats(run, objective_scratch(OBJECTIVE_GRAM_MATCH, &layer->shape),
                       &term->scratch));
    }
    /* Differences as shares of the range from black to white. */
    float black, white, level;
    preprocess_bounds(network_preprocess(run_network(run)), 0, &black, &white, &level);
    const double range = (double)white - black;
    add_term(s, OBJECTIVE_TOTAL_VARIATION, s->input,
             100 * run_float(run, "tv-weight") / (range * range));
    return status_ok();
}

/* ---- painting ---- */

static void ask_evaluation(Run *run)
{
    Style *s = run_state(run);
    canvas_paint(s->canvas, s->z, s->input->data);
    run_ask_gradient(run, s->graph, s->terms, s->term_count, &backward_exact);
    run_tell_progress(run, (s->steps_done + 1.0) / (s->steps + 1),
                      (s->steps_done + 2.0) / (s->steps + 1));
}

Status style_start(Run *run)
{
    Style *s = run_state(run);
    TRY(make_terms(run));
    const bool adam = run_choice(run, "optimiser", "adam");
    OptimOptions options = optim_defaults(adam ? OPTIM_ADAM : OPTIM_LBFGS);
    options.step = adam ? ADAM_STEP : LBFGS_STEP;
    options.pairs = LBFGS_PAIRS;
    TRY(optim_create(&s->optim, adam ? OPTIM_ADAM : OPTIM_LBFGS, s->count, &options));
    TRY(canvas_create(run, s->input, &s->canvas));
    if (run_choice(run, "start", "noise")) {
        Random random = random_seeded((uint64_t)run_int(run, "seed"));
        for (size_t i = 0; i < s->count; i++)
            s->canvas->start[i] = 127.5F + 40 * random_normal(&random);
    }
    s->started = clock_seconds();
    ask_evaluation(run);
    return status_ok();
}

Status style_paint(Run *run)
{
    Style *s = run_state(run);
    const double loss = run_objective(run);
    canvas_gradient(s->canvas, s->input->grad, s->gradient);
    if (s->evaluations++ == 0 && !isfinite(loss)) {
        TRY(check_activations(s->graph));
        return status_error(
            STATUS_BAD_INPUT,
            "style: the loss is not a finite number: the Gram matrices of '%s' overflow",
            network_name(run_network(run)));
    }
    if (optim_tell(s->optim, s->z, loss, s->gradient)) {
        s->losses[s->steps_done++] = (float)loss;
        s->content_loss = run_term(run, 0);
        s->tv_loss = run_term(run, s->term_count - 1);
        s->style_loss = loss - s->content_loss - s->tv_loss;
        s->seconds = clock_seconds() - s->started;
        run_tell_version(run);
    }
    /* A line search that never succeeds has to end as well. */
    const bool stuck = s->evaluations > 4 * s->steps + 50 || optim_converged(s->optim);
    if (s->steps_done < s->steps && !stuck) {
        ask_evaluation(run);
        return status_ok();
    }
    run_finish(run);
    return status_ok();
}
