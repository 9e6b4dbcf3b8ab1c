#include <string.h>

#include "base/random.h"
#include "techniques/common.h"

typedef struct Smoothgrad {
    Graph *graph;
    const Value *input;
    size_t size, plane;  /* values of the input, of one channel */
    float *clean;        /* [C,H,W] */
    float *sum, *square; /* [C,H,W]: of the gradients so far, of their squares */
    float *raw;          /* [C,H,W] */
    float *map;          /* [H,W] */
    float *probabilities;
    Objective term;
    char target[TARGET_TEXT_BYTES];
    int top, samples, done;
    float sigma; /* in the input's units */
    double value;
    bool started;
    Random random;
} Smoothgrad;

static const Param params[] = {
    TARGET_PARAM("What is explained: the score of a class (class:340, class:top), or any unit of "
                 "the network (channel:NODE:C, neuron:NODE:C:Y:X, layer:NODE)."),
    {.name = "form",
     .title = "Form",
     .type = PARAM_CHOICE,
     .initial = "mean",
     .choices = "mean|squared|variance",
     .unit = "",
     .help = "What is made of the gradients at each pixel: their mean (the paper), the mean of "
             "their squares, or their variance. The last two are clearer and lose the sign."},
    {.name = "samples",
     .title = "Samples",
     .type = PARAM_INT,
     .min = 2,
     .max = 1000,
     .step = 1,
     .initial = "50",
     .unit = "",
     .help = "Noisy copies of the picture; after 50 little changes."},
    {.name = "sigma",
     .title = "Noise",
     .type = PARAM_FLOAT,
     .min = 0.1,
     .max = 100,
     .step = 0.5,
     .initial = "15",
     .unit = "%",
     .help = "Standard deviation of the noise, as a share of the picture's range of values; 10 to "
             "20 suit most pictures, and more loses the object."},
    SEED_PARAM("Of the noise: the same number gives the same map."),
};

static Status begin(Run *run)
{
    Smoothgrad *s = run_state(run);
    s->samples = run_int(run, "samples");
    s->random = random_seeded((uint64_t)run_int(run, "seed"));
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    TRY(run_load_picture(run, s->graph, 0, 0));
    s->input = graph_input(s->graph, 0);
    s->size = shape_span(&s->input->shape, 1, 4);
    s->plane = shape_span(&s->input->shape, 2, 4);
    TRY(run_floats(run, s->size, &s->clean));
    TRY(run_floats(run, s->size, &s->sum));
    TRY(run_floats(run, s->size, &s->square));
    TRY(run_floats(run, s->size, &s->raw));
    TRY(run_floats(run, s->plane, &s->map));
    TRY(run_floats(run, (size_t)network_class_count(s->graph), &s->probabilities));
    memcpy(s->clean, s->input->data, s->size * sizeof *s->clean);
    const TensorStats stats = tensor_stats(s->clean, s->size);
    s->sigma = run_float(run, "sigma") / 100 * (stats.max - stats.min);
    run_ask_forward(run, s->graph, NULL, 0);
    run_tell_progress(run, 0, 1.0 / (s->samples + 1));
    return status_ok();
}

static void ask_sample(Run *run)
{
    Smoothgrad *s = run_state(run);
    for (size_t i = 0; i < s->size; i++)
        s->input->data[i] = s->clean[i] + s->sigma * random_normal(&s->random);
    run_ask_gradient(run, s->graph, &s->term, 1, &backward_exact);
    run_tell_progress(run, (s->done + 1.0) / (s->samples + 1), (s->done + 2.0) / (s->samples + 1));
}

static Status step(Run *run)
{
    Smoothgrad *s = run_state(run);
    if (!s->started) {
        s->started = true;
        TRY(check_activations(s->graph));
        s->top = top_class(s->graph, 0, s->probabilities);
        TRY(target_resolve(run, s->graph, &s->term, s->target));
        s->value = objective_value(&s->term);
        ask_sample(run);
        return status_ok();
    }
    for (size_t i = 0; i < s->size; i++) {
        const float g = s->input->grad[i];
        s->sum[i] += g;
        s->square[i] += g * g;
    }
    s->done++;
    if (s->done > 1) run_tell_version(run);
    if (s->done < s->samples) {
        ask_sample(run);
        return status_ok();
    }
    if (max_abs(s->sum, s->size) == 0)
        TRY(check_gradient(s->graph, s->input, s->target, &backward_exact));
    run_finish(run);
    return status_ok();
}

static Status result(Run *run, Result *out)
{
    Smoothgrad *s = run_state(run);
    if (s->done < 2) return nothing_yet("smoothgrad");
    const bool squared = run_choice(run, "form", "squared");
    const bool mean = run_choice(run, "form", "mean");
    const float share = 1 / (float)s->done;
    for (size_t i = 0; i < s->size; i++) {
        const float g = share * s->sum[i], g2 = share * s->square[i];
        const float spread = g2 > g * g ? g2 - g * g : 0;
        s->raw[i] = mean ? g : squared ? g2 : spread;
    }
    magnitude_map(s->raw, s->input->shape.dim[1], s->plane, s->map);
    result_add(out, (ResultItem){.name = "map",
                                 .title = "Largest magnitude over the channels",
                                 .kind = RESULT_MAP,
                                 .shape = shape_make(2, s->input->shape.dim + 2),
                                 .data = s->map,
                                 .colormap = "inferno"});
    result_add(out, (ResultItem){.name = "raw",
                                 .title = "The same per channel of the network's input",
                                 .kind = RESULT_TILES,
                                 .shape = shape_make(3, s->input->shape.dim + 1),
                                 .data = s->raw,
                                 .is_signed = mean,
                                 .colormap = mean ? "rdbu" : "inferno"});
    result_fact_text(out, "target", "Target", s->target);
    result_fact(out, "value", "Value of the target", s->value, "");
    result_fact(out, "samples", "Noisy copies so far", s->done, "");
    result_fact(out, "sigma", "Deviation of the noise, in the units of the input", s->sigma, "");
    if (s->top < 0) return status_ok();
    fact_class(run, out, "class", "Likeliest class", s->top);
    fact_percent(out, "probability", "Its probability", s->probabilities[s->top]);
    return status_ok();
}

const Technique technique_smoothgrad = {
    .id = "smoothgrad",
    .title = "SmoothGrad",
    .question = "why",
    .sentence = "The gradient averaged over many copies of the picture with noise added.",
    .read = "Bright pixels matter to the score wherever the noise puts the picture: the object "
            "comes out of the gradient's grain.",
    .limits = "The map is of the noisy neighbourhood, not of the picture alone, and how much noise "
              "is a matter of taste.",
    .ask = "Does the noise not hide what matters?",
    .answer = "The network sees past noise of this strength, while the facets on which "
              "the slope changes are narrower than it. So the grain, which differs from "
              "copy to copy, cancels, and what the copies agree on stays. With too much "
              "noise the network no longer recognises the picture, and the map becomes a "
              "blur.",
    .paper = "Smilkov et al. 2017, SmoothGrad: removing noise by adding noise, section 2; Adebayo "
             "et al. 2018 for the variance",
    .pictures = 1,
    .returns = "map",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Smoothgrad),
    .begin = begin,
    .step = step,
    .result = result,
};
