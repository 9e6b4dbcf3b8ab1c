#include <math.h>

#include "techniques/common.h"
#include "techniques/painter.h"

enum { BLUR_EVERY = 10, MAX_TRIES = 10 };

/* What a step of as many levels is to Adam in the space of waves: 6 levels are the usual 0.05. */
static const float wave_step = 0.05F / 6;

/* Ten levels. */
static const float pixel_noise = 10.0F / 255;

/* In the space of waves the pictures are turned and scaled as well. */
enum { MAX_MOVES = 3 };

typedef struct ClassVisualization {
    Graph *graph;
    Painter *painter;
    bool pixels; /* the space: pixels, moved by the normalised gradient, or waves, moved by Adam */
    Objective term;
    char target[TARGET_TEXT_BYTES];
    float *scratch; /* [H,W] */
    float *rgb;     /* [3,H,W] */
    float *probabilities;
    float *curve; /* [steps]: value of the target */
    int steps, done, tries;
    bool started, judging, judged;
    int top;
} ClassVisualization;

static const Param params[] = {
    TARGET_PARAM("The class whose picture is looked for (class:340), or any unit of the network; "
                 "class:top is what the network answers to noise, so name one."),
    {.name = "steps",
     .title = "Steps",
     .type = PARAM_INT,
     .min = 1,
     .max = 5000,
     .step = 10,
     .initial = "200",
     .unit = "",
     .help = "Steps along the gradient; after 200 little changes."},
    {.name = "space",
     .title = "Space",
     .type = PARAM_CHOICE,
     .initial = "waves",
     .choices = "waves|pixels",
     .unit = "",
     .help =
         "What is moved: waves and uncorrelated colours, which gives clearer parts, or the pixels "
         "themselves, as in the paper."},
    {.name = "step",
     .title = "Step",
     .type = PARAM_FLOAT,
     .min = 0.01,
     .max = 100,
     .step = 0.5,
     .initial = "6",
     .unit = "levels",
     .help =
         "Pixels: root mean square change in the first step, which falls to a tenth at the end. "
         "Waves: Adam's step of 0.05 counts as 6.",
     .advanced = true},
    {.name = "decay",
     .title = "Decay",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 0.5,
     .step = 0.001,
     .initial = "0.01",
     .unit = "",
     .help = "Share by which each step pulls every pixel back to grey, the L2 penalty: higher is "
             "calmer.",
     .advanced = true},
    {.name = "jitter",
     .title = "Jitter",
     .type = PARAM_INT,
     .min = 0,
     .max = 128,
     .step = 1,
     .initial = "16",
     .unit = "px",
     .help = "Each step shifts the picture by up to as much.",
     .advanced = true},
    SEED_PARAM("Of the noise at the start and of the shifts: the same number gives the same "
               "picture."),
};

/* ---- begin ---- */

static Status create_painter(Run *run)
{
    ClassVisualization *s = run_state(run);
    const float jitter = 2 * run_float(run, "jitter");
    const TransformationStep moves[MAX_MOVES] = {
        {TRANSFORMATION_JITTER, jitter}, {TRANSFORMATION_SCALE, 0.1F}, {TRANSFORMATION_ROTATE, 10}};
    const PainterOptions options = {
        .kind = s->pixels ? PARAMETERISATION_PIXEL : PARAMETERISATION_FOURIER,
        .range = s->pixels ? RANGE_CLIP : RANGE_SIGMOID,
        .falloff = 1.25F,
        .noise = s->pixels ? pixel_noise : 0.01F,
        .step = run_float(run, "step") * wave_step,
        .decay = run_float(run, "decay"),
        .seed = (uint64_t)run_int(run, "seed"),
        .border = BORDER_WRAP,
        .steps = moves,
        .step_count = s->pixels ? 1 : MAX_MOVES,
    };
    return painter_create(run, s->graph, &options, &s->painter);
}

static Status begin(Run *run)
{
    ClassVisualization *s = run_state(run);
    s->steps = run_int(run, "steps");
    s->pixels = run_choice(run, "space", "pixels");
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    TRY(create_painter(run));
    TRY(run_floats(run, s->painter->plane, &s->scratch));
    TRY(run_floats(run, 3 * s->painter->plane, &s->rgb));
    TRY(run_floats(run, (size_t)network_class_count(s->graph), &s->probabilities));
    TRY(run_floats(run, (size_t)s->steps, &s->curve));
    painter_show(s->painter, true);
    run_ask_forward(run, s->graph, NULL, 0);
    return status_ok();
}

/* ---- ascent ---- */

static void ask_gradient(Run *run)
{
    ClassVisualization *s = run_state(run);
    painter_show(s->painter, true);
    run_ask_gradient(run, s->graph, &s->term, 1, &backward_exact);
    run_tell_progress(run, (s->done + 0.0) / (s->steps + 1), (s->done + 1.0) / (s->steps + 1));
}

/* A 1-2-1 kernel each way, for what the penalty leaves of the highest frequencies. */
static void soften(float *z, float *scratch, int channels, int height, int width)
{
    const size_t h = (size_t)height, w = (size_t)width;
    for (size_t k = 0; k < (size_t)channels; k++, z += h * w) {
        for (size_t y = 0; y < h; y++) {
            const float *up = z + (y ? y - 1 : y) * w, *row = z + y * w;
            const float *down = z + (y + 1 < h ? y + 1 : y) * w;
            for (size_t x = 0; x < w; x++)
                scratch[y * w + x] = 0.25F * (up[x] + down[x]) + 0.5F * row[x];
        }
        for (size_t y = 0; y < h; y++) {
            const float *row = scratch + y * w;
            for (size_t x = 0; x < w; x++) {
                const float left = row[x ? x - 1 : x], right = row[x + 1 < w ? x + 1 : x];
                z[y * w + x] = 0.25F * (left + right) + 0.5F * row[x];
            }
        }
    }
}

/* Ascent of S - lambda |I|^2 with the gradient of S normalised, in steps that grow shorter. */
static void move_pixels(Run *run)
{
    ClassVisualization *s = run_state(run);
    Painter *p = s->painter;
    painter_gradient(p);
    const double cooled = 1 - 0.9 * s->done / s->steps;
    const double length = run_float(run, "step") / 255 * cooled;
    const float step = (float)(length / sqrt(mean_square(p->dz, p->size)));
    const float keep = 1 - run_float(run, "decay");
    for (size_t i = 0; i < p->size; i++)
        p->z[i] = fminf(fmaxf(keep * p->z[i] - step * p->dz[i], -0.5F), 0.5F);
    if ((s->done + 1) % BLUR_EVERY == 0 && s->done + 1 < 0.8 * s->steps)
        soften(p->z, s->scratch, p->channels, p->height, p->width);
}

static Status take_step(Run *run)
{
    ClassVisualization *s = run_state(run);
    TRY(check_gradient(s->graph, s->painter->input, s->target, &backward_exact));
    if (s->pixels) {
        move_pixels(run);
    } else {
        painter_climb(s->painter, run_objective(run));
    }
    s->curve[s->done++] = (float)run_objective(run);
    run_tell_version(run);
    return status_ok();
}

static Status step(Run *run)
{
    ClassVisualization *s = run_state(run);
    Painter *p = s->painter;
    if (s->judging) {
        s->top = top_class(s->graph, 0, s->probabilities);
        s->judged = true;
        run_tell_version(run);
        run_finish(run);
        return status_ok();
    }
    if (!s->started) {
        s->started = true;
        TRY(target_resolve(run, s->graph, &s->term, s->target));
        ask_gradient(run);
        return status_ok();
    }
    /* Where a rectifier follows the scores, faint noise may leave the target's off. */
    if (s->done == 0 && s->tries < MAX_TRIES && max_abs(p->input->grad, p->size) == 0) {
        painter_begin_again(p, p->options.noise * (1 + 0.5F * (float)++s->tries));
        ask_gradient(run);
        return status_ok();
    }
    TRY(take_step(run));
    if (s->done < s->steps) {
        ask_gradient(run);
        return status_ok();
    }
    s->judging = true;
    painter_show(p, false);
    run_ask_forward(run, s->graph, NULL, 0);
    return status_ok();
}

/* ---- result ---- */

/* What the penalty leaves of a picture of pixels is faint: its contrast is stretched. Returns by how much. */
static double draw(Run *run)
{
    ClassVisualization *s = run_state(run);
    const size_t count = 3 * s->painter->plane;
    painter_rgb(s->painter, network_preprocess(run_network(run)), 0, s->rgb);
    if (!s->pixels) return 1;
    for (size_t i = 0; i < count; i++) s->rgb[i] -= 0.5F;
    const float scale = quantile_abs(s->rgb, count, 0.992);
    around_grey(s->rgb, count, scale, s->rgb);
    return scale > 0 ? 0.5 / (double)scale : 1;
}

static Status result(Run *run, Result *out)
{
    ClassVisualization *s = run_state(run);
    if (!s->done) return nothing_yet("class-visualization");
    const double contrast = draw(run);
    result_image(out, "image", "What the target wants to see", s->painter->height,
                 s->painter->width, s->rgb);
    result_curve(out, "objective", "Value of the target, step by step", s->done, s->curve);
    result_fact_text(out, "target", "Target", s->target);
    result_fact(out, "value", "Value of the target", s->curve[s->done - 1], "");
    if (s->pixels) result_fact(out, "contrast", "Contrast stretched", contrast, "x");
    if (!s->judged || s->top < 0) return status_ok();
    fact_class(run, out, "class", "What the network takes it for", s->top);
    fact_percent(out, "probability", "Its probability", s->probabilities[s->top]);
    return status_ok();
}

static void end(Run *run)
{
    ClassVisualization *s = run_state(run);
    painter_destroy(s->painter);
}

const Technique technique_class_visualization = {
    .id = "class-visualization",
    .title = "Class visualization",
    .question = "want",
    .sentence = "Looks, from noise, for a picture that the network takes for the class as strongly "
                "as possible.",
    .read = "Parts that come again and again, in any place and size, are what the class is "
            "recognised by.",
    .limits = "The network asks for no whole object: such pictures say what suffices, and other "
              "seeds give others.",
    .ask = "If it knows zebras, why does it not draw one?",
    .answer = "It was only asked to tell zebras from 999 other things, and for that "
              "stripes suffice: nothing ever demanded one head and four legs. The picture"
              " also pays for every unnatural frequency that raises the score; blur and "
              "jitter take out some of these.",
    .paper = "Simonyan, Vedaldi & Zisserman 2014, Deep Inside Convolutional Networks, section 2",
    .pictures = 0,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(ClassVisualization),
    .begin = begin,
    .step = step,
    .result = result,
    .end = end,
};
