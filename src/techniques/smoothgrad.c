#include "base/random.h"
#include "techniques/samples.h"

typedef struct Smoothgrad {
    Samples samples; /* first: samples.c takes the state for its own */
    float *raw;      /* [C,H,W] */
    float *map;      /* [H,W] */
    float sigma;     /* in the input's units */
    bool started;
    Random random;
} Smoothgrad;

static const Param params[] = {
    SUBJECT_PARAM,
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

static void add_noise(Run *run)
{
    Smoothgrad *s = run_state(run);
    const Subject *subject = &s->samples.subject;
    for (size_t i = 0; i < subject->size; i++)
        subject->input->data[i] = s->samples.clean[i] + s->sigma * random_normal(&s->random);
}

static Status begin(Run *run)
{
    Smoothgrad *s = run_state(run);
    s->random = random_seeded((uint64_t)run_int(run, "seed"));
    TRY(samples_begin(run, &(SamplesPlan){.count = run_int(run, "samples"),
                                          .least = 2,
                                          .squares = !run_choice(run, "form", "mean"),
                                          .make = add_noise}));
    const Subject *subject = &s->samples.subject;
    TRY(run_floats(run, subject->size, &s->raw));
    TRY(run_floats(run, subject->plane, &s->map));
    const TensorStats stats = tensor_stats(s->samples.clean, subject->size);
    s->sigma = run_float(run, "sigma") / 100 * (stats.max - stats.min);
    return status_ok();
}

static Status step(Run *run)
{
    Smoothgrad *s = run_state(run);
    if (s->started) return samples_take(run);
    s->started = true;
    TRY(check_activations(s->samples.subject.graph));
    TRY(subject_resolve(run, &s->samples.subject));
    samples_ask(run);
    return status_ok();
}

/* The mean, the mean of the squares, or the variance of the gradients, of each value. */
static void make_raw(Run *run)
{
    const Smoothgrad *s = run_state(run);
    const Samples *samples = &s->samples;
    const bool squared = run_choice(run, "form", "squared");
    const float share = 1 / (float)samples->done;
    for (size_t i = 0; i < samples->subject.size; i++) {
        const float g = share * samples->sum[i];
        const float g2 = samples->squares ? share * samples->squares[i] : 0;
        const float spread = g2 > g * g ? g2 - g * g : 0;
        s->raw[i] = !samples->squares ? g : squared ? g2 : spread;
    }
}

static Status result(Run *run, Result *out)
{
    const Smoothgrad *s = run_state(run);
    const Subject *subject = &s->samples.subject;
    const Shape *shape = &subject->input->shape;
    if (s->samples.done < 2) return nothing_yet("smoothgrad");
    const bool mean = !s->samples.squares;
    make_raw(run);
    magnitude_map(s->raw, shape->dim[1], subject->plane, s->map);
    result_add(out, (ResultItem){.name = "map",
                                 .title = "Largest magnitude over the channels",
                                 .kind = RESULT_MAP,
                                 .shape = shape_make(2, shape->dim + 2),
                                 .data = s->map,
                                 .colormap = "inferno"});
    result_add(out, (ResultItem){.name = "raw",
                                 .title = "The same per channel of the network's input",
                                 .kind = RESULT_TILES,
                                 .shape = shape_make(3, shape->dim + 1),
                                 .data = s->raw,
                                 .is_signed = mean,
                                 .colormap = mean ? "rdbu" : "inferno"});
    subject_add_target(subject, out);
    result_fact(out, "samples", "Noisy copies so far", s->samples.done, "");
    result_fact(out, "sigma", "Deviation of the noise, in the units of the input", s->sigma, "");
    subject_add_class(run, subject, out);
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
