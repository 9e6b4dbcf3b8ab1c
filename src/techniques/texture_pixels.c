#include <math.h>

#include "image/texture.h"
#include "techniques/common.h"

typedef struct TexturePixels {
    Texture *texture;
    int height, width, sample_height, sample_width;
    float *sample;       /* RGB [3,h,w] in 0..1 */
    float *rgb, *whence; /* [3,H,W] */
} TexturePixels;

static const Param params[] = {
    {.name = "window",
     .title = "Window",
     .type = PARAM_INT,
     .min = 5,
     .max = 23,
     .step = 2,
     .initial = "11",
     .unit = "px",
     .help =
         "Side of the neighbourhood that has to fit: as large as the largest thing that repeats; "
         "too small gives disorder, too large copies the sample."},
    {.name = "width",
     .title = "Width",
     .type = PARAM_INT,
     .min = 16,
     .max = 512,
     .step = 16,
     .initial = "192",
     .unit = "px",
     .help = "Of the new texture."},
    {.name = "height",
     .title = "Height",
     .type = PARAM_INT,
     .min = 16,
     .max = 512,
     .step = 16,
     .initial = "192",
     .unit = "px",
     .help = "Of the new texture."},
    {.name = "sample",
     .title = "Sample",
     .type = PARAM_INT,
     .min = 16,
     .max = 256,
     .step = 16,
     .initial = "128",
     .unit = "px",
     .help =
         "The picture is scaled down until its longer side is this long; the time grows with the "
         "square."},
    {.name = "tolerance",
     .title = "Tolerance",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 2,
     .step = 0.05,
     .initial = "0.1",
     .unit = "",
     .help = "A pixel is drawn from all places whose error exceeds the best one's by at most this "
             "share: 0 copies, more invents.",
     .advanced = true},
    SEED_PARAM("Of the first pixels and of every choice: the same number gives the same picture."),
};

/* The whole picture, no larger than asked. */
static Status load_sample(Run *run)
{
    TexturePixels *s = run_state(run);
    static const Preprocess plain = {.channels = "RGB", .range = 1, .std = {1, 1, 1, 1}};
    const Picture *picture = run_picture(run, 0);
    const int longer = picture->height > picture->width ? picture->height : picture->width;
    const int wanted = run_int(run, "sample");
    fit_picture(picture, wanted < longer ? wanted : longer, 1, &s->sample_height, &s->sample_width);
    TRY(run_floats(run, 3 * (size_t)s->sample_height * (size_t)s->sample_width, &s->sample));
    return preprocess_apply_whole(&plain, picture, s->sample_height, s->sample_width, s->sample);
}

static Status check_window(Run *run, int window)
{
    const TexturePixels *s = run_state(run);
    if (window % 2 == 0) {
        return status_error(STATUS_BAD_INPUT,
                            "texture-pixels: a window of %d has no middle; choose %d or %d", window,
                            window - 1, window + 1);
    }
    if (window <= s->sample_height && window <= s->sample_width) return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "texture-pixels: a window of %d does not fit into the sample of %d x %d "
                        "pixels; choose a smaller window, or a larger picture or sample",
                        window, s->sample_width, s->sample_height);
}

static Status begin(Run *run)
{
    TexturePixels *s = run_state(run);
    const int window = run_int(run, "window");
    TRY(load_sample(run));
    TRY(check_window(run, window));
    s->height = run_int(run, "height");
    s->width = run_int(run, "width");
    const size_t count = 3 * (size_t)s->height * (size_t)s->width;
    TRY(run_floats(run, count, &s->rgb));
    TRY(run_floats(run, count, &s->whence));
    return texture_create(&s->texture, &(TextureOptions){.sample = s->sample,
                                                         .sample_height = s->sample_height,
                                                         .sample_width = s->sample_width,
                                                         .height = s->height,
                                                         .width = s->width,
                                                         .window = window,
                                                         .tolerance = run_float(run, "tolerance"),
                                                         .threshold = 0.3F,
                                                         .seed = (uint64_t)run_int(run, "seed")});
}

static Status step(Run *run)
{
    const TexturePixels *s = run_state(run);
    const bool done = texture_grow(s->texture);
    const double share = texture_filled(s->texture) / ((double)s->height * s->width);
    run_tell_progress(run, share, share);
    run_tell_version(run);
    if (done) run_finish(run);
    return status_ok();
}

/* ---- result ---- */

/* Red grows to the right of the sample, green downwards, blue towards its top left corner: pieces that were copied
 * whole are smooth. */
static void colour_sources(const TexturePixels *s)
{
    const int *source = texture_sources(s->texture);
    const size_t pixels = (size_t)s->height * (size_t)s->width;
    for (size_t i = 0; i < pixels; i++) {
        if (source[i] < 0) continue;
        const float y = (float)(source[i] / s->sample_width) / (float)s->sample_height;
        const float x = (float)(source[i] % s->sample_width) / (float)s->sample_width;
        s->whence[i] = x;
        s->whence[pixels + i] = y;
        s->whence[2 * pixels + i] = 1 - 0.5F * (x + y);
    }
}

/* Share of the pixels that go on where their left neighbour ended in the sample. */
static double copied_share(const TexturePixels *s)
{
    const int *source = texture_sources(s->texture);
    int pairs = 0, copied = 0;
    for (int i = 1; i < s->height * s->width; i++) {
        if (i % s->width == 0 || source[i] < 0 || source[i - 1] < 0) continue;
        pairs++;
        copied += source[i] == source[i - 1] + 1;
    }
    return pairs ? copied / (double)pairs : 0;
}

static Status result(Run *run, Result *out)
{
    const TexturePixels *s = run_state(run);
    texture_rgb(s->texture, s->rgb);
    colour_sources(s);
    result_image(out, "image", "The texture, grown from its middle", s->height, s->width, s->rgb);
    result_image(out, "sample", "The sample that it grew from", s->sample_height, s->sample_width,
                 s->sample);
    result_image(out, "source",
                 "Where in the sample each pixel comes from, as a colour: "
                 "what is smooth was copied in one piece",
                 s->height, s->width, s->whence);
    result_fact(out, "pixels", "Pixels grown", texture_filled(s->texture), "");
    result_fact(out, "copied", "That continue their left neighbour's piece", 100 * copied_share(s),
                "%");
    result_fact(out, "error", "Mean squared difference of the neighbourhoods",
                texture_error(s->texture), "");
    result_fact(out, "threshold", "Largest that was accepted",
                (double)texture_threshold(s->texture), "");
    return status_ok();
}

static void end(Run *run)
{
    TexturePixels *s = run_state(run);
    texture_destroy(s->texture);
}

const Technique technique_texture_pixels = {
    .id = "texture-pixels",
    .title = "Texture, pixel by pixel",
    .question = "paint",
    .sentence =
        "Grows a new texture from a sample, one pixel at a time: each is copied from a place "
        "whose neighbourhood looks like its own.",
    .read =
        "Watch it grow outwards from a seed of 3 x 3 pixels; the coloured map shows where in the "
        "sample each pixel was found. No network takes part: compare with the texture made by "
        "Gram matrices.",
    .limits =
        "It knows nothing beyond its window: too small a window loses the pattern, and now and "
        "then it slips into copying one piece of the sample or into garbage.",
    .ask = "Why is a part of the result an exact copy of the sample?",
    .answer =
        "Where everything known around a pixel fits one place of the sample exactly, that place "
        "is the best one and no other comes near, so that the copy goes on, pixel by pixel, "
        "until it reaches the border of the sample. A smaller window or a larger sample gives "
        "more places that fit; a higher tolerance lets the choice wander.",
    .paper = "Efros & Leung 1999, Texture Synthesis by Non-parametric Sampling",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(TexturePixels),
    .begin = begin,
    .step = step,
    .result = result,
    .end = end,
};
