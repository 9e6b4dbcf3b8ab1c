#include <math.h>
#include <string.h>

#include "techniques/common.h"

typedef enum Stage {
    STAGE_CLEAN,
    STAGE_GRADIENT,
    STAGE_ADVERSARIAL,
    STAGE_ROUNDED,
    STAGE_DONE
} Stage;

typedef struct Verdict {
    int top;
    float probability, target_probability;
} Verdict;

typedef struct Fgsm {
    Stage stage;
    Graph *graph;
    const Value *input;
    Objective term;
    char target[TARGET_TEXT_BYTES];
    bool aimed;
    float *clean, *adversarial, *difference; /* [C,H,W]: network's units, and levels */
    float *rgb, *shown_difference;           /* [3,H,W] */
    float *probabilities;
    Verdict before, after, rounded;
    double changed, l2, linf; /* levels */
} Fgsm;

static const Param params[] = {
    {.name = "eps",
     .title = "Step",
     .type = PARAM_FLOAT,
     .min = 0.1,
     .max = 64,
     .step = 0.1,
     .initial = "2",
     .unit = "levels",
     .help = "How far every pixel moves, in levels of 255; people do not see 2."},
    TARGET_PARAM(
        "The class whose score is lowered, class:top being the network's own answer; when aimed, "
        "the class that the network shall say."),
    {.name = "aim",
     .title = "Aimed",
     .type = PARAM_FLAG,
     .initial = "false",
     .unit = "",
     .help = "Moves towards the target class rather than away from it: harder in one step."},
};

static Status begin(Run *run)
{
    Fgsm *s = run_state(run);
    s->aimed = run_flag(run, "aim");
    if (!target_is_class(run)) {
        return status_error(STATUS_BAD_INPUT,
                            "fgsm fools the classification, so its target has to be a "
                            "class such as class:340, not '%.60s'",
                            run_text(run, "target"));
    }
    if (s->aimed && strcmp(run_text(run, "target"), "class:top") == 0) {
        return status_error(STATUS_BAD_INPUT,
                            "fgsm: aiming needs a class other than the network's own "
                            "answer; set the target, for example class:340");
    }
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    TRY(run_load_picture(run, s->graph, 0, 0));
    s->input = graph_input(s->graph, 0);
    const size_t size = shape_span(&s->input->shape, 1, 4);
    const size_t plane = shape_span(&s->input->shape, 2, 4);
    TRY(run_floats(run, size, &s->clean));
    TRY(run_floats(run, size, &s->adversarial));
    TRY(run_floats(run, size, &s->difference));
    TRY(run_floats(run, 3 * plane, &s->rgb));
    TRY(run_floats(run, 3 * plane, &s->shown_difference));
    TRY(run_floats(run, (size_t)network_class_count(s->graph), &s->probabilities));
    memcpy(s->clean, s->input->data, size * sizeof *s->clean);
    run_ask_forward(run, s->graph, NULL, 0);
    run_tell_progress(run, 0, 0.2);
    return status_ok();
}

static Verdict judge(const Fgsm *s)
{
    Verdict verdict = {.top = top_class(s->graph, 0, s->probabilities)};
    verdict.probability = s->probabilities[verdict.top];
    verdict.target_probability = s->probabilities[s->term.channel];
    return verdict;
}

/* x + eps sign(dL/dx), every pixel within black and white; L is the cross-entropy of the class. */
static void take_step(Run *run)
{
    Fgsm *s = run_state(run);
    const size_t plane = shape_span(&s->input->shape, 2, 4);
    const float eps = run_float(run, "eps");
    double squares = 0;
    for (int c = 0; c < s->input->shape.dim[1]; c++) {
        float black, white, level;
        preprocess_bounds(network_preprocess(run_network(run)), c, &black, &white, &level);
        for (size_t i = (size_t)c * plane; i < (size_t)(c + 1) * plane; i++) {
            const float g = s->aimed ? -s->input->grad[i] : s->input->grad[i];
            const float sign = (float)((g > 0) - (g < 0));
            /* Resampling overshoots nowhere, so the clean pixel itself is valid. */
            const float x = fminf(fmaxf(s->clean[i] + eps * level * sign, black), white);
            const float levels = (x - s->clean[i]) / level;
            s->adversarial[i] = x;
            s->difference[i] = levels;
            squares += (double)levels * levels;
            s->changed += levels != 0;
            s->linf = fmax(s->linf, fabsf(levels));
        }
    }
    s->l2 = sqrt(squares);
    memcpy(s->input->data, s->adversarial,
           shape_span(&s->input->shape, 1, 4) * sizeof *s->adversarial);
}

/* What an 8-bit PNG keeps of it. */
static void round_to_levels(Run *run)
{
    const Fgsm *s = run_state(run);
    const size_t plane = shape_span(&s->input->shape, 2, 4);
    for (int c = 0; c < s->input->shape.dim[1]; c++) {
        float black, white, level;
        preprocess_bounds(network_preprocess(run_network(run)), c, &black, &white, &level);
        for (size_t i = (size_t)c * plane; i < (size_t)(c + 1) * plane; i++)
            s->input->data[i] = black + level * roundf((s->adversarial[i] - black) / level);
    }
}

static Status begin_gradient(Run *run)
{
    Fgsm *s = run_state(run);
    TRY(target_resolve(run, s->graph, &s->term, s->target));
    s->term.kind = OBJECTIVE_CROSS_ENTROPY;
    s->before = judge(s);
    /* Only signs count: a loss scaled up to slopes of about 1 does not vanish where the class is certain. */
    double others = 0;
    for (int c = 0; c < network_class_count(s->graph); c++) {
        if (c != s->term.channel) others += s->probabilities[c];
    }
    s->term.weight = (float)(1 / fmax(others, 1e-30));
    run_ask_backward(run, s->graph, &s->term, 1, &backward_exact);
    run_tell_progress(run, 0.2, 0.6);
    return status_ok();
}

static void show(Run *run)
{
    Fgsm *s = run_state(run);
    const Preprocess *preprocess = network_preprocess(run_network(run));
    const int height = s->input->shape.dim[2], width = s->input->shape.dim[3];
    preprocess_invert(preprocess, s->adversarial, height, width, s->rgb);
    preprocess_reorder(preprocess, s->difference, height, width, s->shown_difference);
    around_grey(s->shown_difference, 3 * (size_t)height * (size_t)width, (float)s->linf,
                s->shown_difference);
    run_tell_version(run);
}

static Status step(Run *run)
{
    Fgsm *s = run_state(run);
    s->stage++;
    switch (s->stage) {
    case STAGE_CLEAN: break;
    case STAGE_GRADIENT: return begin_gradient(run);
    case STAGE_ADVERSARIAL:
        TRY(check_gradient(s->graph, s->input, s->target, &backward_exact));
        take_step(run);
        run_ask_forward(run, s->graph, &s->term.value, 1);
        run_tell_progress(run, 0.6, 0.8);
        break;
    case STAGE_ROUNDED:
        s->after = judge(s);
        show(run);
        round_to_levels(run);
        run_ask_forward(run, s->graph, &s->term.value, 1);
        run_tell_progress(run, 0.8, 1);
        break;
    case STAGE_DONE:
        s->rounded = judge(s);
        run_finish(run);
        break;
    }
    return status_ok();
}

static bool is_fooled(const Fgsm *s, const Verdict *verdict)
{
    return s->aimed ? verdict->top == s->term.channel : verdict->top != s->before.top;
}

static void add_facts(Run *run, Result *out)
{
    const Fgsm *s = run_state(run);
    result_fact_text(out, "target", "Target", s->target);
    fact_class(run, out, "before", "Class before", s->before.top);
    fact_percent(out, "before-probability", "Its probability", s->before.probability);
    fact_class(run, out, "after", "Class after", s->after.top);
    fact_percent(out, "after-probability", "Its probability", s->after.probability);
    fact_percent(out, "target-before", "Probability of the target before",
                 s->before.target_probability);
    fact_percent(out, "target-after", "Probability of the target after",
                 s->after.target_probability);
    result_fact_text(out, "fooled", "Fooled", is_fooled(s, &s->after) ? "yes" : "no");
    if (s->stage == STAGE_DONE) {
        fact_class(run, out, "saved", "Class after saving as 8-bit PNG", s->rounded.top);
        result_fact_text(out, "survives", "Still fooled then",
                         is_fooled(s, &s->rounded) ? "yes" : "no");
    }
    result_fact(out, "l0", "Values changed (L0)", s->changed, "");
    result_fact(out, "l2", "Length of the change (L2)", s->l2, "levels");
    result_fact(out, "linf", "Largest change (L-infinity)", s->linf, "levels");
    result_fact(out, "factor", "Change magnified by", s->linf > 0 ? 127.5 / s->linf : 0, "x");
}

static Status result(Run *run, Result *out)
{
    const Fgsm *s = run_state(run);
    if (s->stage < STAGE_ROUNDED) return nothing_yet("fgsm");
    const Shape image = shape_make(3, (int[]){3, s->input->shape.dim[2], s->input->shape.dim[3]});
    const Shape raw = shape_make(3, s->input->shape.dim + 1);
    result_add(out, (ResultItem){.name = "adversarial",
                                 .title = "The picture that shall fool it",
                                 .kind = RESULT_IMAGE,
                                 .shape = image,
                                 .data = s->rgb});
    result_add(out, (ResultItem){.name = "perturbation",
                                 .title = "The change, magnified around mid-grey",
                                 .kind = RESULT_IMAGE,
                                 .shape = image,
                                 .data = s->shown_difference});
    result_add(out,
               (ResultItem){.name = "difference",
                            .title = "The change per channel of the network's input, in levels",
                            .kind = RESULT_TILES,
                            .shape = raw,
                            .data = s->difference,
                            .is_signed = true,
                            .colormap = "rdbu"});
    result_add(out,
               (ResultItem){.name = "raw",
                            .title = "The picture that shall fool it, as the network receives it",
                            .kind = RESULT_TILES,
                            .shape = raw,
                            .data = s->adversarial,
                            .is_signed = true,
                            .colormap = "rdbu"});
    add_facts(run, out);
    return status_ok();
}

const Technique technique_fgsm = {
    .id = "fgsm",
    .title = "Fast gradient sign",
    .question = "fool",
    .sentence =
        "Moves every pixel by the same small step in the direction that most raises the loss of a "
        "class.",
    .read =
        "Compare the class before and after: the second picture looks the same, the change is only "
        "visible magnified.",
    .limits =
        "One step along a straight line: that it fails does not make a network robust, stronger "
        "attacks exist.",
    .paper = "Goodfellow, Shlens & Szegedy 2015, Explaining and Harnessing Adversarial Examples, "
             "section 4",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Fgsm),
    .begin = begin,
    .step = step,
    .result = result,
};
