#include "techniques/attack.h"

#include <math.h>
#include <string.h>

static Status check_target(Run *run, const AttackPlan *plan)
{
    if (!target_is_class(run)) {
        return status_error(STATUS_BAD_INPUT,
                            "%s fools the classification, so its target has to be a "
                            "class such as class:340, not '%.60s'",
                            plan->id, run_text(run, "target"));
    }
    if (plan->aimed && !plan->logit && strcmp(run_text(run, "target"), "class:top") == 0) {
        return status_error(STATUS_BAD_INPUT,
                            "%s: aiming needs a class other than the network's own "
                            "answer; set the target, for example class:340",
                            plan->id);
    }
    return status_ok();
}

Status attack_begin(Run *run, const AttackPlan *plan)
{
    Attack *s = run_state(run);
    s->plan = *plan;
    TRY(check_target(run, plan));
    TRY(subject_begin(run, &s->subject));
    TRY(run_floats(run, s->subject.size, &s->clean));
    TRY(run_floats(run, s->subject.size, &s->adversarial));
    TRY(run_floats(run, s->subject.size, &s->difference));
    TRY(run_floats(run, s->subject.size, &s->slope));
    TRY(run_floats(run, 3 * s->subject.plane, &s->rgb));
    TRY(run_floats(run, 3 * s->subject.plane, &s->shown_difference));
    TRY(run_floats(run, (size_t)plan->steps + 1, &s->curve));
    memcpy(s->clean, s->subject.input->data, s->subject.size * sizeof *s->clean);
    run_tell_progress(run, 0, 1.0 / (3 * s->plan.steps + 3));
    return status_ok();
}

static Verdict judge(const Attack *s)
{
    Verdict verdict = {.top = top_class(s->subject.graph, 0, s->subject.probabilities)};
    verdict.probability = s->subject.probabilities[verdict.top];
    verdict.target_probability = s->subject.probabilities[s->goal];
    return verdict;
}

static bool is_fooled(const Attack *s, const Verdict *verdict)
{
    return s->plan.aimed ? verdict->top == s->goal : verdict->top != s->before.top;
}

/* Clean picture and difference to the picture, every pixel within black and white; what that leaves of the
 * difference, and its norms. */
static void apply(Run *run)
{
    Attack *s = run_state(run);
    double squares = 0;
    s->changed = s->linf = 0;
    for (int c = 0; c < s->subject.input->shape.dim[1]; c++) {
        float black, white, level;
        preprocess_bounds(network_preprocess(run_network(run)), c, &black, &white, &level);
        for (size_t i = (size_t)c * s->subject.plane; i < (size_t)(c + 1) * s->subject.plane; i++) {
            /* Resampling overshoots nowhere, so the clean pixel itself is valid. */
            const float x = fminf(fmaxf(s->clean[i] + s->difference[i] * level, black), white);
            const float levels = (x - s->clean[i]) / level;
            s->adversarial[i] = x;
            s->difference[i] = levels;
            squares += (double)levels * levels;
            s->changed += levels != 0;
            s->linf = fmax(s->linf, fabsf(levels));
        }
    }
    s->l2 = sqrt(squares);
    memcpy(s->subject.input->data, s->adversarial, s->subject.size * sizeof *s->adversarial);
}

/* A step is a forward pass and a backward pass that costs two; before and after come one forward pass each, and
 * perhaps one at the start. */
static void tell_progress(Run *run, int passes)
{
    const Attack *s = run_state(run);
    const double all = 3.0 * s->plan.steps + 3;
    const double done = 3.0 * s->steps_done + (passes == 1 ? 1 : 2);
    run_tell_progress(run, done / all, (done + passes) / all);
}

static void ask_forward(Run *run)
{
    Attack *s = run_state(run);
    run_ask_objective(run, s->subject.graph, &s->subject.term);
    tell_progress(run, 1);
}

static void ask_backward(Run *run)
{
    Attack *s = run_state(run);
    if (!s->plan.logit) {
        /* Moves count directions only: a loss scaled up to slopes of about 1 does not vanish where the class is
         * certain. */
        double others = 0;
        for (int c = 0; c < network_class_count(s->subject.graph); c++) {
            if (c != s->subject.term.channel) others += s->subject.probabilities[c];
        }
        s->subject.term.weight = (float)(1 / fmax(others, 1e-30));
    }
    s->stage = ATTACK_GRADIENT;
    run_ask_backward(run, s->subject.graph, &s->subject.term, 1, &backward_exact);
    tell_progress(run, 2);
}

/* Whoever aims at class:top, which the network says already, aims at the class that it thinks least likely. */
static void choose_goal(Run *run)
{
    Attack *s = run_state(run);
    s->goal = s->subject.term.channel;
    if (!s->plan.aimed || strcmp(run_text(run, "target"), "class:top") != 0) return;
    network_scores(s->subject.graph, 0, NULL, s->subject.probabilities);
    for (int c = 0; c < network_class_count(s->subject.graph); c++) {
        if (s->subject.probabilities[c] < s->subject.probabilities[s->goal]) s->goal = c;
    }
    s->subject.term.channel = s->goal;
    target_name(run, s->goal, s->subject.target);
}

static Status clean_is_judged(Run *run)
{
    Attack *s = run_state(run);
    TRY(subject_resolve(run, &s->subject));
    choose_goal(run);
    if (!s->plan.logit) s->subject.term.kind = OBJECTIVE_CROSS_ENTROPY;
    s->before = judge(s);
    s->curve[0] = s->before.target_probability;
    if (s->plan.start) {
        s->plan.start(run, s);
        apply(run);
        s->stage = ATTACK_MOVED;
        ask_forward(run);
    } else {
        ask_backward(run);
    }
    return status_ok();
}

static Status gradient_is_there(Run *run)
{
    Attack *s = run_state(run);
    TRY(check_gradient(s->subject.graph, s->subject.input, s->subject.target, &backward_exact));
    slope_per_level(run, s->subject.input, s->plan.aimed && !s->plan.logit ? -1 : 1, s->slope);
    if (s->plan.take && s->plan.take(run, s)) {
        ask_backward(run);
        return status_ok();
    }
    s->plan.move(run, s);
    s->steps_done++;
    apply(run);
    s->stage = ATTACK_MOVED;
    ask_forward(run);
    return status_ok();
}

static void moved_is_judged(Run *run)
{
    Attack *s = run_state(run);
    s->after = judge(s);
    s->curve[s->steps_done] = s->after.target_probability;
    run_tell_version(run);
    const bool enough = s->plan.until_fooled && is_fooled(s, &s->after) &&
                        s->after.target_probability >= s->plan.probability;
    if (s->steps_done < s->plan.steps && !enough) {
        ask_backward(run);
        return;
    }
    round_to_levels(run, s->subject.input, s->subject.input->data);
    s->stage = ATTACK_ROUNDED;
    ask_forward(run);
}

Status attack_step(Run *run)
{
    Attack *s = run_state(run);
    switch (s->stage) {
    case ATTACK_CLEAN: return clean_is_judged(run);
    case ATTACK_GRADIENT: return gradient_is_there(run);
    case ATTACK_MOVED: moved_is_judged(run); break;
    case ATTACK_ROUNDED:
        s->rounded = judge(s);
        s->stage = ATTACK_DONE;
        run_finish(run);
        break;
    case ATTACK_DONE: break;
    }
    return status_ok();
}

/* ---- moves ---- */

void attack_move_by_sign(Attack *s, float alpha)
{
    for (size_t i = 0; i < s->subject.size; i++) {
        const float g = s->slope[i];
        s->difference[i] += alpha * (float)((g > 0) - (g < 0));
    }
}

void attack_move_along(Attack *s, float alpha)
{
    const float factor = (float)(alpha / sqrt(mean_square(s->slope, s->subject.size)));
    for (size_t i = 0; i < s->subject.size; i++) s->difference[i] += factor * s->slope[i];
}

/* ---- result ---- */

static void add_facts(Run *run, Result *out)
{
    const Attack *s = run_state(run);
    result_fact_text(out, "target", "Target", s->subject.target);
    fact_class(run, out, "before", "Class before", s->before.top);
    fact_percent(out, "before-probability", "Its probability", s->before.probability);
    fact_class(run, out, "after", "Class after", s->after.top);
    fact_percent(out, "after-probability", "Its probability", s->after.probability);
    fact_percent(out, "target-before", "Probability of the target before",
                 s->before.target_probability);
    fact_percent(out, "target-after", "Probability of the target after",
                 s->after.target_probability);
    result_fact_text(out, "fooled", "Fooled", is_fooled(s, &s->after) ? "yes" : "no");
    if (s->stage == ATTACK_DONE) {
        fact_class(run, out, "saved", "Class after saving as 8-bit PNG", s->rounded.top);
        result_fact_text(out, "survives", "Still fooled then",
                         is_fooled(s, &s->rounded) ? "yes" : "no");
    }
    result_fact(out, "l0", "Values changed (L0)", s->changed, "");
    result_fact(out, "l2", "Length of the change (L2)", s->l2, "levels");
    result_fact(out, "linf", "Largest change (L-infinity)", s->linf, "levels");
    result_fact(out, "factor", "Change magnified by", s->shown > 0 ? 127.5 / s->shown : 0, "x");
    if (s->plan.steps > 1) result_fact(out, "steps", "Steps taken", s->steps_done, "");
}

Status attack_result(Run *run, Result *out)
{
    Attack *s = run_state(run);
    if (s->after.probability == 0) return nothing_yet("the attack");
    const Preprocess *preprocess = network_preprocess(run_network(run));
    const int height = s->subject.input->shape.dim[2], width = s->subject.input->shape.dim[3];
    preprocess_invert(preprocess, s->adversarial, height, width, s->rgb);
    preprocess_reorder(preprocess, s->difference, height, width, s->shown_difference);
    s->shown = quantile_abs(s->shown_difference, 3 * s->subject.plane, CHANGE_SHARE);
    around_grey(s->shown_difference, 3 * s->subject.plane, s->shown, s->shown_difference);
    result_image(out, "adversarial", "The picture that shall fool it", height, width, s->rgb);
    result_image(out, "perturbation", "The change, magnified around mid-grey", height, width,
                 s->shown_difference);
    result_add(out,
               (ResultItem){.name = "difference",
                            .title = "The change per channel of the network's input, in levels",
                            .kind = RESULT_TILES,
                            .shape = shape_make(3, s->subject.input->shape.dim + 1),
                            .data = s->difference,
                            .is_signed = true,
                            .colormap = "rdbu"});
    add_raw(out, &s->subject.input->shape, s->adversarial,
            "The picture that shall fool it, as the network receives it");
    if (s->plan.steps > 1)
        result_curve(out, "probability", "Probability of the target, step by step",
                     s->steps_done + 1, s->curve);
    add_facts(run, out);
    return status_ok();
}
