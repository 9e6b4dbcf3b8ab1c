#include <math.h>
#include <string.h>

#include "base/random.h"
#include "techniques/common.h"

typedef enum Stage { STAGE_PICTURE, STAGE_BASELINE, STAGE_PATH } Stage;

typedef struct Integrated {
    Stage stage;
    Graph *graph;
    const Value *input;
    size_t size, plane;  /* values of the input, of one channel */
    float *clean, *base; /* [C,H,W] */
    float *sum;          /* [C,H,W]: of the gradients so far */
    float *raw;          /* [C,H,W]: (x - x') times their mean */
    float *map;          /* [H,W]: summed over the channels */
    float *probabilities;
    Objective term;
    char target[TARGET_TEXT_BYTES];
    int top, steps, done;
    double value, base_value; /* of the target */
} Integrated;

static const Param params[] = {
    TARGET_PARAM("What is explained: the score of a class (class:340, class:top), or any unit of "
                 "the network (channel:NODE:C, neuron:NODE:C:Y:X, layer:NODE)."),
    {.name = "baseline",
     .title = "Baseline",
     .type = PARAM_CHOICE,
     .initial = "black",
     .choices = "black|white|blur|noise",
     .unit = "",
     .help = "The picture that counts as nothing: black, white, the picture strongly blurred, or "
             "random pixels. What has the baseline's colour gets nothing: a black picture never "
             "explains black parts."},
    {.name = "steps",
     .title = "Steps",
     .type = PARAM_INT,
     .min = 1,
     .max = 1000,
     .step = 1,
     .initial = "32",
     .unit = "",
     .help = "Pictures between baseline and picture at which the gradient is taken; more lower the "
             "completeness error."},
    SEED_PARAM("Of the noise of the baseline: the same number gives the same map."),
};

static void make_baseline(Run *run)
{
    Integrated *s = run_state(run);
    const Shape *shape = &s->input->shape;
    const int height = shape->dim[2], width = shape->dim[3];
    if (run_choice(run, "baseline", "blur")) {
        const int shorter = height < width ? height : width;
        memcpy(s->base, s->clean, s->size * sizeof *s->base);
        blur_planes(s->base, s->map, shape->dim[1], height, width, shorter / 10 + 1);
        return;
    }
    const bool white = run_choice(run, "baseline", "white");
    const bool noise = run_choice(run, "baseline", "noise");
    Random random = random_seeded((uint64_t)run_int(run, "seed"));
    for (int c = 0; c < shape->dim[1]; c++) {
        float low, high, level;
        preprocess_bounds(network_preprocess(run_network(run)), c, &low, &high, &level);
        for (size_t i = (size_t)c * s->plane; i < (size_t)(c + 1) * s->plane; i++) {
            const float share = noise ? random_uniform(&random) : white ? 1 : 0;
            s->base[i] = low + share * (high - low);
        }
    }
}

static Status begin(Run *run)
{
    Integrated *s = run_state(run);
    s->steps = run_int(run, "steps");
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    TRY(run_load_picture(run, s->graph, 0, 0));
    s->input = graph_input(s->graph, 0);
    s->size = shape_span(&s->input->shape, 1, 4);
    s->plane = shape_span(&s->input->shape, 2, 4);
    TRY(run_floats(run, s->size, &s->clean));
    TRY(run_floats(run, s->size, &s->base));
    TRY(run_floats(run, s->size, &s->sum));
    TRY(run_floats(run, s->size, &s->raw));
    TRY(run_floats(run, s->plane, &s->map));
    TRY(run_floats(run, (size_t)network_class_count(s->graph), &s->probabilities));
    memcpy(s->clean, s->input->data, s->size * sizeof *s->clean);
    make_baseline(run);
    run_ask_forward(run, s->graph, NULL, 0);
    run_tell_progress(run, 0, 0.5 / (s->steps + 1));
    return status_ok();
}

/* The gradient at the middle of the next piece of the straight line from the baseline to the picture. */
static void ask_gradient(Run *run)
{
    Integrated *s = run_state(run);
    const float share = ((float)s->done + 0.5F) / (float)s->steps;
    for (size_t i = 0; i < s->size; i++)
        s->input->data[i] = s->base[i] + share * (s->clean[i] - s->base[i]);
    run_ask_gradient(run, s->graph, &s->term, 1, &backward_exact);
    run_tell_progress(run, (s->done + 1.0) / (s->steps + 1), (s->done + 2.0) / (s->steps + 1));
}

static Status step(Run *run)
{
    Integrated *s = run_state(run);
    switch (s->stage) {
    case STAGE_PICTURE:
        TRY(check_activations(s->graph));
        s->top = top_class(s->graph, 0, s->probabilities);
        TRY(target_resolve(run, s->graph, &s->term, s->target));
        s->value = objective_value(&s->term);
        memcpy(s->input->data, s->base, s->size * sizeof *s->base);
        s->stage = STAGE_BASELINE;
        run_ask_objective(run, s->graph, &s->term);
        run_tell_progress(run, 0.5 / (s->steps + 1), 1.0 / (s->steps + 1));
        return status_ok();
    case STAGE_BASELINE:
        s->base_value = objective_value(&s->term);
        s->stage = STAGE_PATH;
        ask_gradient(run);
        return status_ok();
    case STAGE_PATH: break;
    }
    for (size_t i = 0; i < s->size; i++) s->sum[i] += s->input->grad[i];
    s->done++;
    run_tell_version(run);
    if (s->done < s->steps) {
        ask_gradient(run);
        return status_ok();
    }
    /* Near a black baseline no unit may be on; at the end something has to have come through. */
    if (max_abs(s->sum, s->size) == 0)
        TRY(check_gradient(s->graph, s->input, s->target, &backward_exact));
    run_finish(run);
    return status_ok();
}

/* (x - x') times the mean gradient, equation 3; returns its sum. */
static double integrate(Integrated *s)
{
    double total = 0;
    memset(s->map, 0, s->plane * sizeof *s->map);
    for (size_t i = 0; i < s->size; i++) {
        s->raw[i] = (s->clean[i] - s->base[i]) * s->sum[i] / (float)s->done;
        s->map[i % s->plane] += s->raw[i];
        total += s->raw[i];
    }
    return total;
}

static void add_facts(Run *run, Result *out, double total)
{
    const Integrated *s = run_state(run);
    const double difference = s->value - s->base_value;
    result_fact_text(out, "target", "Target", s->target);
    result_fact(out, "value", "Value of the target", s->value, "");
    result_fact(out, "baseline-value", "Its value at the baseline", s->base_value, "");
    result_fact(out, "sum", "Sum of the map", total, "");
    result_fact(out, "difference", "What it should sum to", difference, "");
    if (s->done == s->steps && difference != 0) {
        result_fact(out, "completeness-error", "Completeness error",
                    100 * fabs(total / difference - 1), "%");
    }
    result_fact(out, "steps", "Gradients taken", s->done, "");
    if (s->top < 0) return;
    fact_class(run, out, "class", "Likeliest class", s->top);
    fact_percent(out, "probability", "Its probability", s->probabilities[s->top]);
}

static Status result(Run *run, Result *out)
{
    Integrated *s = run_state(run);
    if (!s->done) return nothing_yet("integrated-gradients");
    const double total = integrate(s);
    result_add(out, (ResultItem){.name = "map",
                                 .title = "What each pixel adds to the score",
                                 .kind = RESULT_MAP,
                                 .shape = shape_make(2, s->input->shape.dim + 2),
                                 .data = s->map,
                                 .is_signed = true,
                                 .colormap = "rdbu"});
    add_raw(out, &s->input->shape, s->raw, "The same per channel of the network's input");
    add_facts(run, out, total);
    return status_ok();
}

const Technique technique_integrated_gradients = {
    .id = "integrated-gradients",
    .title = "Integrated gradients",
    .question = "why",
    .sentence = "Shares the difference between the target's score for the picture and for a "
                "baseline out among the pixels.",
    .read = "Red pixels raise the score and blue ones lower it; all of them together sum to the "
            "difference of the two scores, up to the completeness error.",
    .limits = "The answer depends on the baseline, and single pixels are noisy: it says how much, "
              "not which shape.",
    .ask = "Why not simply multiply the gradient by the picture?",
    .answer = "Where the score is saturated the gradient is nearly zero although the part"
              " matters: a score that is already certain does not grow. Walking there "
              "from a picture without information collects the slope on the whole way, "
              "and the shares add up to the score, which gradient times input does not "
              "promise.",
    .paper = "Sundararajan, Taly & Yan 2017, Axiomatic Attribution for Deep Networks, sections 3 "
             "and 5",
    .pictures = 1,
    .returns = "map",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Integrated),
    .begin = begin,
    .step = step,
    .result = result,
};
