#include <math.h>
#include <string.h>

#include "techniques/dream.h"
#include "transformation.h"

static const Param params[] = {
    {.name = "layer",
     .title = "Layer",
     .type = PARAM_LAYER,
     .initial = "auto",
     .unit = "",
     .help = "Whose activations are driven up: early ones give strokes and textures, late ones "
             "eyes, faces and things; auto takes one in the later middle."},
    {.name = "channel",
     .title = "Channel",
     .type = PARAM_INT,
     .min = -1,
     .max = 65535,
     .step = 1,
     .initial = "-1",
     .unit = "",
     .help = "One channel of the layer, to dream of one thing only; -1 takes all."},
    {.name = "size",
     .title = "Size",
     .type = PARAM_INT,
     .min = 64,
     .max = 2048,
     .step = 16,
     .initial = "448",
     .unit = "px",
     .help = "Longer side of the result; twice the size is four times the work and shows more, "
             "smaller things."},
    {.name = "octaves",
     .title = "Octaves",
     .type = PARAM_INT,
     .min = 1,
     .max = DREAM_MAX_OCTAVES,
     .step = 1,
     .initial = "4",
     .unit = "",
     .help = "Sizes at which it dreams, smallest first: more make larger things."},
    {.name = "iterations",
     .title = "Iterations",
     .type = PARAM_INT,
     .min = 1,
     .max = 500,
     .step = 1,
     .initial = "10",
     .unit = "",
     .help = "Steps at each size; more make the dream stronger."},
    {.name = "frames",
     .title = "Frames",
     .type = PARAM_INT,
     .min = 1,
     .max = 200,
     .step = 1,
     .initial = "1",
     .unit = "",
     .help =
         "More than 1 make a film: dream, go nearer by the zoom, dream again; each frame takes as "
         "long as one picture."},
    {.name = "zoom",
     .title = "Zoom",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 50,
     .step = 0.5,
     .initial = "5",
     .unit = "%",
     .help = "Of a film: how much nearer each frame goes.",
     .advanced = true},
    {.name = "ratio",
     .title = "Ratio",
     .type = PARAM_FLOAT,
     .min = 1.05,
     .max = 3,
     .step = 0.05,
     .initial = "1.4",
     .unit = "x",
     .help = "From one size to the next.",
     .advanced = true},
    {.name = "step",
     .title = "Step",
     .type = PARAM_FLOAT,
     .min = 0.01,
     .max = 50,
     .step = 0.1,
     .initial = "1.5",
     .unit = "levels",
     .help = "How far the average pixel value moves in one iteration.",
     .advanced = true},
    {.name = "jitter",
     .title = "Jitter",
     .type = PARAM_INT,
     .min = 0,
     .max = 256,
     .step = 1,
     .initial = "32",
     .unit = "px",
     .help = "Each iteration shifts the picture by up to as much, so that no grid of the network's "
             "strides appears.",
     .advanced = true},
    SEED_PARAM("Of the shifts: the same number gives the same picture."),
};

/* ---- begin ---- */

static Status allocate(Run *run)
{
    Dream *s = run_state(run);
    const size_t count = dream_values(s, s->height, s->width);
    float **const buffers[] = {&s->original, &s->base,  &s->dreamt, &s->detail,
                               &s->gradient, &s->shown, &s->rgb};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        TRY(run_floats(run, count, buffers[i]));
    const size_t frames = (size_t)s->frame_count;
    if (frames > 1) TRY(run_floats(run, frames * count, &s->film));
    return run_floats(run, frames * (size_t)(s->octave_count * s->iterations), &s->curve);
}

static Status begin(Run *run)
{
    Dream *s = run_state(run);
    if (run_picture_count(run) > 1 && run_int(run, "channel") >= 0) {
        return status_error(
            STATUS_BAD_INPUT,
            "dream: a guide picture leads all channels of a layer; leave channel at "
            "-1, or the guide out");
    }
    s->iterations = run_int(run, "iterations");
    s->random = random_seeded((uint64_t)run_int(run, "seed"));
    s->frame_count = run_int(run, "frames");
    TRY(dream_plan_octaves(run));
    s->channels = s->input->shape.dim[1];
    const Preprocess *preprocess = network_preprocess(run_network(run));
    for (int c = 0; c < s->channels; c++) {
        float white;
        preprocess_bounds(preprocess, c, &s->black[c], &white, &s->level[c]);
    }
    TRY(allocate(run));
    TRY(preprocess_apply_whole(preprocess, run_picture(run, 0), s->height, s->width, s->original));
    const size_t plane = (size_t)s->height * (size_t)s->width;
    for (size_t i = 0; i < (size_t)s->channels * plane; i++)
        s->original[i] = (s->original[i] - s->black[i / plane]) / s->level[i / plane];
    for (int c = 0; c < s->channels; c++)
        s->contrast[c] = tensor_stats(s->original + (size_t)c * plane, plane).deviation;
    return status_ok();
}

/* ---- frames ---- */

/* What is dreamt so far, at full size: the detail over the picture, sharp from the first octave on. */
static Status show(Run *run, float *rgb)
{
    Dream *s = run_state(run);
    TRY(resample(s->detail, s->channels, s->from_height, s->from_width, s->shown, s->height,
                 s->width));
    const size_t plane = (size_t)s->height * (size_t)s->width;
    for (size_t i = 0; i < (size_t)s->channels * plane; i++) {
        const float levels = fminf(fmaxf(s->shown[i] + s->original[i], 0), 255);
        s->shown[i] = s->black[i / plane] + s->level[i / plane] * levels;
    }
    preprocess_invert(network_preprocess(run_network(run)), s->shown, s->height, s->width, rgb);
    return status_ok();
}

/* Every frame adds contrast: without a limit a long film burns out. */
static void limit_contrast(const Dream *s)
{
    static const float MOST = 1.2F; /* times that of the picture */
    const size_t plane = (size_t)s->height * (size_t)s->width;
    for (int c = 0; c < s->channels; c++) {
        float *levels = s->original + (size_t)c * plane;
        const TensorStats stats = tensor_stats(levels, plane);
        const float scale = MOST * s->contrast[c] / fmaxf(stats.deviation, 1);
        for (size_t i = 0; i < plane && scale < 1; i++)
            levels[i] = stats.mean + scale * (levels[i] - stats.mean);
    }
}

/* The next frame begins with what was dreamt, seen from a little nearer. */
static void go_nearer(Run *run)
{
    Dream *s = run_state(run);
    const double scale = 1 / (1 + run_float(run, "zoom") / 100.0);
    const Transformation nearer = {
        .height = s->height,
        .width = s->width,
        .to_height = s->height,
        .to_width = s->width,
        .y = {scale, 0, (1 - scale) * (s->height - 1) / 2},
        .x = {0, scale, (1 - scale) * (s->width - 1) / 2},
    };
    transformation_apply(&nearer, s->dreamt, s->channels, s->original);
    limit_contrast(s);
}

static Status finish_frame(Run *run)
{
    Dream *s = run_state(run);
    TRY(show(run, s->rgb));
    const size_t count = dream_values(s, s->height, s->width);
    if (s->film) memcpy(s->film + (size_t)s->frame * count, s->rgb, count * sizeof *s->film);
    if (++s->frame == s->frame_count) {
        run_finish(run);
        return status_ok();
    }
    go_nearer(run);
    s->octave = 0;
    return status_ok();
}

static Status step(Run *run)
{
    Dream *s = run_state(run);
    if (run_picture_count(run) > 1 && !s->guide) return dream_step_guide(run);
    if (!s->started) {
        TRY(dream_start_octave(run));
        if (s->started) dream_ask_gradient(run);
        return status_ok();
    }
    TRY(dream_take_step(run));
    if (s->done < s->iterations) {
        dream_ask_gradient(run);
        return status_ok();
    }
    run_drop(run, s->graph);
    s->graph = NULL;
    s->allocated = s->started = false;
    return ++s->octave == s->octave_count ? finish_frame(run) : status_ok();
}

/* ---- result ---- */

static Status result(Run *run, Result *out)
{
    Dream *s = run_state(run);
    if (!s->curve_count) return nothing_yet("dream");
    /* Before the first iteration of a frame the last one's picture stands. */
    if (s->octave || (s->started && s->done)) TRY(show(run, s->rgb));
    result_image(out, "image", "The picture, dreamt on", s->height, s->width, s->rgb);
    if (s->film && s->frame) {
        result_add(out, (ResultItem){.name = "film",
                                     .title = "Deeper and deeper into the dream",
                                     .kind = RESULT_FILM,
                                     .shape = shape_4d(s->frame, 3, s->height, s->width),
                                     .data = s->film});
    }
    result_curve(out, "objective", "Activation, times that at the start of its octave",
                 s->curve_count, s->curve);
    result_fact_text(out, "layer", "Layer", s->layer);
    if (s->film) result_fact(out, "frames", "Frames", s->frame, "");
    result_fact(out, "octave", "Octave", s->octave < s->octave_count ? s->octave + 1 : s->octave,
                "");
    result_fact(out, "octaves", "Octaves", s->octave_count, "");
    result_fact(out, "iterations", "Iterations so far", s->curve_count, "");
    result_fact(out, "gain", "Activation, times that at the start of this octave",
                s->curve[s->curve_count - 1], "x");
    return status_ok();
}

const Technique technique_dream = {
    .id = "dream",
    .title = "DeepDream",
    .question = "paint",
    .sentence = "Changes the picture so that a layer responds more and more to what it already "
                "believes to see.",
    .read = "What appears is what the layer knows, at places where the picture resembled it a "
            "little: textures from early layers, parts of animals and things from late ones. A "
            "second picture guides it: then the features of that picture are sought in the first.",
    .limits = "It exaggerates many units at once, so no single pattern says what one unit does.",
    .ask = "Why dogs and eyes everywhere?",
    .answer = "About one in eight ImageNet classes is a breed of dog, so that many units "
              "care for snouts, fur and eyes. Where a cloud resembles one a little, each "
              "step makes it resemble it more, and the next step finds more to amplify. "
              "Another network dreams of other things.",
    .paper = "Mordvintsev, Olah & Tyka 2015, Inceptionism: Going Deeper into Neural Networks",
    .pictures = 1,
    .most_pictures = 2,
    .images = "IMAGE [GUIDE_IMAGE]",
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Dream),
    .begin = begin,
    .step = step,
    .result = result,
};
