#include <math.h>
#include <string.h>

#include "base/random.h"
#include "techniques/samples.h"

typedef enum Stage { STAGE_PICTURE, STAGE_BASELINE, STAGE_PATH } Stage;

typedef struct Integrated {
    Samples samples; /* first: samples.c takes the state for its own */
    Stage stage;
    float *base;       /* [C,H,W] */
    float *raw;        /* [C,H,W]: (x - x') times the mean of the gradients */
    float *map;        /* [H,W]: summed over the channels */
    double base_value; /* of the target */
} Integrated;

static const Param params[] = {
    SUBJECT_PARAM,
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
    const Integrated *s = run_state(run);
    const Subject *subject = &s->samples.subject;
    const Shape *shape = &subject->input->shape;
    const int height = shape->dim[2], width = shape->dim[3];
    if (run_choice(run, "baseline", "blur")) {
        const int shorter = height < width ? height : width;
        memcpy(s->base, s->samples.clean, subject->size * sizeof *s->base);
        blur_planes(s->base, s->map, shape->dim[1], height, width, shorter / 10 + 1);
        return;
    }
    const bool white = run_choice(run, "baseline", "white");
    const bool noise = run_choice(run, "baseline", "noise");
    Random random = random_seeded((uint64_t)run_int(run, "seed"));
    for (int c = 0; c < shape->dim[1]; c++) {
        float low, high, level;
        preprocess_bounds(network_preprocess(run_network(run)), c, &low, &high, &level);
        float *base = s->base + (size_t)c * subject->plane;
        for (size_t i = 0; i < subject->plane; i++) {
            const float share = noise ? random_uniform(&random) : white ? 1 : 0;
            base[i] = low + share * (high - low);
        }
    }
}

/* The middle of the next piece of the straight line from the baseline to the picture. */
static void go_on(Run *run)
{
    const Integrated *s = run_state(run);
    const Samples *path = &s->samples;
    const float share = ((float)path->done + 0.5F) / (float)path->plan.count;
    for (size_t i = 0; i < path->subject.size; i++)
        path->subject.input->data[i] = s->base[i] + share * (path->clean[i] - s->base[i]);
}

static Status begin(Run *run)
{
    Integrated *s = run_state(run);
    TRY(samples_begin(run,
                      &(SamplesPlan){.count = run_int(run, "steps"), .least = 1, .make = go_on}));
    TRY(run_floats(run, s->samples.subject.size, &s->base));
    TRY(run_floats(run, s->samples.subject.size, &s->raw));
    TRY(run_floats(run, s->samples.subject.plane, &s->map));
    make_baseline(run);
    return status_ok();
}

static Status step(Run *run)
{
    Integrated *s = run_state(run);
    Subject *subject = &s->samples.subject;
    switch (s->stage) {
    case STAGE_PICTURE:
        TRY(check_activations(subject->graph));
        TRY(subject_resolve(run, subject));
        memcpy(subject->input->data, s->base, subject->size * sizeof *s->base);
        s->stage = STAGE_BASELINE;
        run_ask_objective(run, subject->graph, &subject->term);
        return status_ok();
    case STAGE_BASELINE:
        s->base_value = objective_value(&subject->term);
        s->stage = STAGE_PATH;
        samples_ask(run);
        return status_ok();
    case STAGE_PATH: break;
    }
    return samples_take(run);
}

/* (x - x') times the mean gradient, equation 3; returns its sum. */
static double integrate(const Integrated *s)
{
    const Samples *path = &s->samples;
    const size_t plane = path->subject.plane;
    double total = 0;
    memset(s->map, 0, plane * sizeof *s->map);
    for (size_t i = 0; i < path->subject.size; i++) {
        s->raw[i] = (path->clean[i] - s->base[i]) * path->sum[i] / (float)path->done;
        s->map[i % plane] += s->raw[i];
        total += s->raw[i];
    }
    return total;
}

static void add_facts(Run *run, Result *out, double total)
{
    const Integrated *s = run_state(run);
    const Samples *path = &s->samples;
    const double difference = path->subject.value - s->base_value;
    subject_add_target(&path->subject, out);
    result_fact(out, "baseline-value", "Its value at the baseline", s->base_value, "");
    result_fact(out, "sum", "Sum of the map", total, "");
    result_fact(out, "difference", "What it should sum to", difference, "");
    if (path->done == path->plan.count && difference != 0) {
        result_fact(out, "completeness-error", "Completeness error",
                    100 * fabs(total / difference - 1), "%");
    }
    result_fact(out, "steps", "Gradients taken", path->done, "");
    subject_add_class(run, &path->subject, out);
}

static Status result(Run *run, Result *out)
{
    const Integrated *s = run_state(run);
    const Shape *shape = &s->samples.subject.input->shape;
    if (!s->samples.done) return nothing_yet("integrated-gradients");
    const double total = integrate(s);
    result_add(out, (ResultItem){.name = "map",
                                 .title = "What each pixel adds to the score",
                                 .kind = RESULT_MAP,
                                 .shape = shape_make(2, shape->dim + 2),
                                 .data = s->map,
                                 .is_signed = true,
                                 .colormap = "rdbu"});
    add_raw(out, shape, s->raw, "The same per channel of the network's input");
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
