#include <math.h>
#include <string.h>

#include "image/colours.h"
#include "techniques/common.h"
#include "techniques/matcher.h"
#include "techniques/style_reference.h"

/* Painted around the texture and cut off: at the border the network sees less. */
enum { MARGIN = 16, MAX_OCTAVES = 4, LEAST_COARSE = 48 };

typedef enum Stage { STAGE_PLAN, STAGE_REFERENCE, STAGE_ALLOCATE, STAGE_START, STAGE_PAINT } Stage;

typedef struct TextureGram {
    Stage stage;
    int octave, octave_count;  /* at work: coarsest first */
    int height, width, margin; /* of the texture; of what is painted around it at every size */
    int steps;
    Graph *graph; /* of the octave */
    LayerList list;
    StyleReference reference;
    Matcher matcher;
    int painted_height, painted_width; /* with the margin; of the last result */
    float *painted, *levels;           /* [3,h,w] with the margin: RGB in 0..1; scratch */
    float *cut, *rgb;                  /* [3,h,w] without it; [3,H,W]: the result */
    float *sample;                     /* RGB [3,h,w] */
    int sample_height, sample_width;
    Colours colours; /* of the sample */
    float *losses;   /* [octaves,steps] */
    int loss_count;
    Random random;
} TextureGram;

static const Param params[] = {
    {.name = "width",
     .title = "Width",
     .type = PARAM_INT,
     .min = 32,
     .max = 1024,
     .step = 16,
     .initial = "256",
     .unit = "px",
     .help = "Of the new texture; it may be larger than the sample."},
    {.name = "height",
     .title = "Height",
     .type = PARAM_INT,
     .min = 32,
     .max = 1024,
     .step = 16,
     .initial = "256",
     .unit = "px",
     .help = "Of the new texture."},
    {.name = "sample",
     .title = "Sample",
     .type = PARAM_INT,
     .min = 64,
     .max = 1024,
     .step = 16,
     .initial = "256",
     .unit = "px",
     .help = "Longer side that the picture is scaled to: smaller makes the pattern finer, and lets "
             "the network see larger parts of it."},
    {.name = "steps",
     .title = "Steps",
     .type = PARAM_INT,
     .min = 1,
     .max = 2000,
     .step = 10,
     .initial = "100",
     .unit = "",
     .help = "How often the picture is improved at each size."},
    {.name = "octaves",
     .title = "Sizes",
     .type = PARAM_INT,
     .min = 1,
     .max = MAX_OCTAVES,
     .step = 1,
     .initial = "3",
     .unit = "",
     .help = "It begins small and doubles the size, so that large parts of the pattern find their "
             "shape; 1 is the paper's way."},
    TEXTURE_LAYERS_PARAM("layers", "Layers"),
    {.name = "tv-weight",
     .title = "Smoothness",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 100,
     .step = 0.01,
     .initial = "0.01",
     .unit = "",
     .help = "Weight of the total variation: takes away noise that the network does not see.",
     .advanced = true},
    {.name = "centred",
     .title = "Centred",
     .type = PARAM_FLAG,
     .initial = "true",
     .unit = "",
     .help = "Takes the sample's mean activations off before the Gram matrices are made, so that "
             "these tell of the pattern rather than of its brightness; off is the paper's way.",
     .advanced = true},
    OPTIMISER_PARAM,
    SEED_PARAM("Of the noise at the start: the same number gives the same picture."),
};

/* ---- sizes ---- */

static double shrink(const TextureGram *s)
{
    return ldexp(1, s->octave - s->octave_count + 1);
}

static Status load_sample(Run *run)
{
    TextureGram *s = run_state(run);
    static const Preprocess plain = {.channels = "RGB", .range = 1, .std = {1, 1, 1, 1}};
    fit_picture(run_picture(run, 0), run_int(run, "sample"), STYLE_LEAST_SIDE, &s->sample_height,
                &s->sample_width);
    const size_t pixels = (size_t)s->sample_height * (size_t)s->sample_width;
    TRY(run_floats(run, 3 * pixels, &s->sample));
    TRY(preprocess_apply_whole(&plain, run_picture(run, 0), s->sample_height, s->sample_width,
                               s->sample));
    s->colours = colours_of(s->sample, pixels);
    return status_ok();
}

static Status allocate(Run *run)
{
    TextureGram *s = run_state(run);
    const size_t pixels = (size_t)s->height * (size_t)s->width;
    const size_t whole = (size_t)(s->height + 2 * s->margin) * (size_t)(s->width + 2 * s->margin);
    TRY(run_floats(run, 3 * whole, &s->painted));
    TRY(run_floats(run, 3 * whole, &s->levels));
    TRY(run_floats(run, 3 * whole, &s->cut));
    TRY(run_floats(run, 3 * pixels, &s->rgb));
    return run_floats(run, (size_t)s->octave_count * (size_t)s->steps, &s->losses);
}

static Status begin(Run *run)
{
    TextureGram *s = run_state(run);
    s->height = run_int(run, "height"), s->width = run_int(run, "width");
    s->margin = MARGIN;
    s->steps = run_int(run, "steps");
    s->random = random_seeded((uint64_t)run_int(run, "seed"));
    const int shorter = s->height < s->width ? s->height : s->width;
    s->octave_count = run_int(run, "octaves");
    while (s->octave_count > 1 && shorter >> (s->octave_count - 1) < LEAST_COARSE)
        s->octave_count--;
    return load_sample(run);
}

/* The graph of this octave, and the reference at the same scale. */
static Status plan(Run *run)
{
    TextureGram *s = run_state(run);
    const char *names = run_text(run, "layers");
    const int height = (int)lround(shrink(s) * s->height) + 2 * s->margin;
    const int width = (int)lround(shrink(s) * s->width) + 2 * s->margin;
    TRY(plan_layers(run, names, height, width, &s->graph));
    const Value *input = graph_input(s->graph, 0);
    TRY(check_colour_input(run, "texture-gram", input));
    if (input->shape.dim[2] != height || input->shape.dim[3] != width) {
        /* A network of one size. */
        s->octave_count = 1;
        s->margin = 0;
        s->height = input->shape.dim[2], s->width = input->shape.dim[3];
    }
    if (s->octave == 0) TRY(allocate(run));
    TRY(style_layers(run_network(run), s->graph, names, run_arena(run), &s->list));
    int sample_height, sample_width;
    fit_picture(run_picture(run, 0), shrink(s) * run_int(run, "sample"), STYLE_LEAST_SIDE,
                &sample_height, &sample_width);
    s->stage = STAGE_REFERENCE;
    TRY(reference_begin(run, &s->reference, run_picture(run, 0), sample_height, sample_width, names,
                        &s->list));
    s->reference.centred = run_flag(run, "centred");
    return status_ok();
}

/* ---- the start of an octave ---- */

/* Pixels of the sample in any order, with a third of their contrast. */
static void draw_noise(TextureGram *s, float *rgb, size_t pixels)
{
    const size_t known = (size_t)s->sample_height * (size_t)s->sample_width;
    for (size_t i = 0; i < pixels; i++) {
        const size_t at = random_below(&s->random, (uint32_t)known);
        for (size_t c = 0; c < 3; c++) {
            const float mean = (float)s->colours.mean[c];
            rgb[c * pixels + i] = mean + (s->sample[c * known + at] - mean) / 3;
        }
    }
}

/* Copies the middle [3,to_height,to_width] of planes [3,height,width]. */
static void cut_middle(const float *from, int height, int width, float *to, int to_height,
                       int to_width)
{
    const int top = (height - to_height) / 2, left = (width - to_width) / 2;
    for (int c = 0; c < 3; c++) {
        for (int y = 0; y < to_height; y++, to += to_width) {
            const size_t row = (size_t)c * (size_t)height + (size_t)(top + y);
            memcpy(to, from + row * (size_t)width + left, (size_t)to_width * sizeof *to);
        }
    }
}

/* The middle of what was painted at half the size, doubled. */
static Status enlarge(TextureGram *s, float *rgb, int height, int width)
{
    const int half_height = (height + 1) / 2, half_width = (width + 1) / 2;
    cut_middle(s->painted, s->painted_height, s->painted_width, s->cut, half_height, half_width);
    return resample(s->cut, 3, half_height, half_width, rgb, height, width);
}

static Status start_octave(Run *run)
{
    TextureGram *s = run_state(run);
    const Preprocess *preprocess = network_preprocess(run_network(run));
    const Value *input = graph_input(s->graph, 0);
    const int height = input->shape.dim[2], width = input->shape.dim[3];
    const size_t pixels = (size_t)height * (size_t)width;
    if (s->octave == 0) {
        draw_noise(s, s->levels, pixels);
    } else {
        TRY(enlarge(s, s->levels, height, width));
    }
    /* Three channels are put in order as they are put back. */
    preprocess_reorder(preprocess, s->levels, height, width, input->data);
    for (size_t i = 0; i < 3 * pixels; i++) {
        float black, white, level;
        preprocess_bounds(preprocess, (int)(i / pixels), &black, &white, &level);
        input->data[i] = black + (white - black) * input->data[i];
    }
    matcher_destroy(&s->matcher);
    TRY(matcher_create(run, &s->matcher, s->graph, s->steps));
    for (int i = 0; i < s->list.count; i++) {
        const GramTarget target = {.gram = s->reference.gram[i], .shift = s->reference.shift[i]};
        matcher_add_gram(&s->matcher, s->list.layer[i], target, 100.0 / s->list.count);
    }
    matcher_add_variation(run, &s->matcher, run_float(run, "tv-weight"));
    return status_ok();
}

/* ---- painting ---- */

/* The cost of a step goes with the pixels. */
static void tell_progress(Run *run)
{
    const TextureGram *s = run_state(run);
    double before = 0, all = 0;
    for (int i = 0; i < s->octave_count; i++) {
        const double pixels = ldexp(1, 2 * i);
        all += pixels;
        if (i < s->octave) before += pixels;
    }
    const double share = ldexp(1, 2 * s->octave) / s->steps;
    run_tell_progress(run, (before + share * s->matcher.steps_done) / all,
                      (before + share * (s->matcher.steps_done + 1)) / all);
}

static Status finish_octave(Run *run)
{
    TextureGram *s = run_state(run);
    if (++s->octave == s->octave_count) {
        run_finish(run);
        return status_ok();
    }
    run_drop(run, s->graph);
    s->graph = NULL;
    s->stage = STAGE_PLAN;
    return status_ok();
}

static Status paint(Run *run)
{
    TextureGram *s = run_state(run);
    bool done = false;
    const int before = s->matcher.steps_done;
    TRY(matcher_step(run, &s->matcher, &done));
    tell_progress(run);
    if (s->matcher.steps_done > before) {
        s->losses[s->loss_count++] = s->matcher.losses[before];
        matcher_rgb(run, &s->matcher, s->levels, s->painted);
        s->painted_height = s->matcher.canvas->height;
        s->painted_width = s->matcher.canvas->width;
    }
    return done ? finish_octave(run) : status_ok();
}

static Status step(Run *run)
{
    TextureGram *s = run_state(run);
    bool done = false;
    switch (s->stage) {
    case STAGE_PLAN: return plan(run);
    case STAGE_REFERENCE:
        TRY(reference_step(run, &s->reference, &done));
        if (done) s->stage = STAGE_ALLOCATE;
        return status_ok();
    case STAGE_ALLOCATE:
        s->stage = STAGE_START;
        return graph_allocate(s->graph, GRAPH_INPUT_GRADIENT);
    case STAGE_START:
        TRY(start_octave(run));
        s->stage = STAGE_PAINT;
        TRY(matcher_ask(run, &s->matcher));
        tell_progress(run);
        return status_ok();
    case STAGE_PAINT: break;
    }
    return paint(run);
}

/* ---- result ---- */

/* Without the margin, at full size, in the colours of the sample. */
static Status make_result(Run *run)
{
    const TextureGram *s = run_state(run);
    const size_t pixels = (size_t)s->height * (size_t)s->width;
    const int height = s->painted_height - 2 * s->margin, width = s->painted_width - 2 * s->margin;
    cut_middle(s->painted, s->painted_height, s->painted_width, s->cut, height, width);
    TRY(resample(s->cut, 3, height, width, s->rgb, s->height, s->width));
    const Colours colours = colours_of(s->rgb, pixels);
    const ColourMap map = colours_map(&colours, &s->colours);
    colours_apply(&map, s->rgb, pixels);
    for (size_t i = 0; i < 3 * pixels; i++) s->rgb[i] = fminf(fmaxf(s->rgb[i], 0), 1);
    return status_ok();
}

static Status result(Run *run, Result *out)
{
    const TextureGram *s = run_state(run);
    if (!s->loss_count) return nothing_yet("texture-gram");
    TRY(make_result(run));
    result_image(out, "image", "A new texture with the sample's statistics", s->height, s->width,
                 s->rgb);
    result_image(out, "sample", "The sample", s->sample_height, s->sample_width, s->sample);
    result_curve(out, "loss", "Loss by step; it begins anew at each size", s->loss_count,
                 s->losses);
    result_fact(out, "steps", "Steps", s->loss_count, "");
    result_fact(out, "sizes", "Sizes", s->octave_count, "");
    result_fact(out, "loss", "Squared distance of the Gram matrices", s->losses[s->loss_count - 1],
                "%");
    fact_layers(out, "layers", "Layers", &s->list);
    return status_ok();
}

static void end(Run *run)
{
    TextureGram *s = run_state(run);
    matcher_destroy(&s->matcher);
}

const Technique technique_texture_gram = {
    .id = "texture-gram",
    .title = "Texture by Gram matrices",
    .question = "paint",
    .sentence =
        "Makes a new texture, of any size, out of noise: whatever features occur together in "
        "the sample shall occur together in it.",
    .read =
        "What looks the same is what the network's layers tell of a texture; the sample itself is "
        "nowhere copied. Compare with the texture grown pixel by pixel.",
    .limits =
        "Only averages over the whole picture are matched: long lines, exact grids and whatever "
        "is larger than what a layer sees fall apart.",
    .ask = "Why does a wall of bricks fall apart, but not gravel?",
    .answer =
        "The Gram matrices tell which features occur together within what a unit sees, not how "
        "such places lie to each other. Gravel is nothing but such neighbourhoods. Bricks "
        "stand in rows across the whole picture, and no average over places knows of rows; "
        "a smaller sample, or more sizes, brings larger parts into a unit's view.",
    .paper = "Gatys, Ecker & Bethge 2015, Texture Synthesis Using Convolutional Neural Networks",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(TextureGram),
    .begin = begin,
    .step = step,
    .result = result,
    .end = end,
};
