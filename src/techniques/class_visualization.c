#include <math.h>
#include <string.h>

#include "base/random.h"
#include "techniques/common.h"

enum { BLUR_EVERY = 10, MAX_TRIES = 10 };

typedef struct ClassVisualization {
    Graph *graph;
    const Value *input;
    size_t size, plane; /* values of the input, of one channel */
    int channels, height, width;
    Objective term;
    char target[TARGET_TEXT_BYTES];
    float *z;        /* [C,H,W]: levels from mid-grey, -127.5 to 127.5 */
    float *gradient; /* [C,H,W], per level */
    float *scratch;  /* [C,H,W] */
    float *rgb;      /* [3,H,W] */
    float *probabilities;
    float *curve; /* [steps]: value of the target */
    int steps, done, tries;
    int shift_y, shift_x; /* of the picture in the network's input */
    float black[PREPROCESS_MAX_CHANNELS], level[PREPROCESS_MAX_CHANNELS];
    bool started, judging, judged;
    int top;
    Random random;
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
    {.name = "step",
     .title = "Step",
     .type = PARAM_FLOAT,
     .min = 0.01,
     .max = 100,
     .step = 0.5,
     .initial = "6",
     .unit = "levels",
     .help =
         "Root mean square change of a pixel in the first step; it falls to a tenth at the end.",
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

/* Levels from mid-grey to the network's units. */
static void to_input(const ClassVisualization *s, float *input)
{
    for (size_t i = 0; i < s->size; i++)
        input[i] = s->black[i / s->plane] + s->level[i / s->plane] * (127.5F + input[i]);
}

static void paint(Run *run)
{
    ClassVisualization *s = run_state(run);
    const int jitter = s->judging ? 0 : run_int(run, "jitter");
    s->shift_y = random_shift(&s->random, jitter, s->height);
    s->shift_x = random_shift(&s->random, jitter, s->width);
    roll_planes(s->z, s->input->data, s->channels, s->height, s->width, s->shift_y, s->shift_x);
    to_input(s, s->input->data);
}

static void draw_noise(ClassVisualization *s, float deviation)
{
    for (size_t i = 0; i < s->size; i++) s->z[i] = deviation * random_normal(&s->random);
}

static Status begin(Run *run)
{
    ClassVisualization *s = run_state(run);
    s->steps = run_int(run, "steps");
    s->random = random_seeded((uint64_t)run_int(run, "seed"));
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    s->input = graph_input(s->graph, 0);
    const Shape *shape = &s->input->shape;
    const Preprocess *preprocess = network_preprocess(run_network(run));
    if (shape->rank != 4 || shape->dim[1] != preprocess_channels(preprocess)) {
        return status_error(STATUS_UNSUPPORTED,
                            "class-visualization: the input '%s' holds no picture", s->input->name);
    }
    s->channels = shape->dim[1], s->height = shape->dim[2], s->width = shape->dim[3];
    s->size = shape_span(shape, 1, 4), s->plane = shape_span(shape, 2, 4);
    TRY(run_floats(run, s->size, &s->z));
    TRY(run_floats(run, s->size, &s->gradient));
    TRY(run_floats(run, s->size, &s->scratch));
    TRY(run_floats(run, 3 * s->plane, &s->rgb));
    TRY(run_floats(run, (size_t)network_class_count(s->graph), &s->probabilities));
    TRY(run_floats(run, (size_t)s->steps, &s->curve));
    for (int c = 0; c < s->channels; c++) {
        float white;
        preprocess_bounds(preprocess, c, &s->black[c], &white, &s->level[c]);
    }
    draw_noise(s, 10);
    paint(run);
    run_ask_forward(run, s->graph, NULL, 0);
    return status_ok();
}

static void ask_gradient(Run *run)
{
    ClassVisualization *s = run_state(run);
    paint(run);
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

/* Ascent of S - lambda |I|^2 with the gradient of S normalised. */
static Status take_step(Run *run)
{
    ClassVisualization *s = run_state(run);
    TRY(check_gradient(s->graph, s->input, s->target, &backward_exact));
    roll_planes(s->input->grad, s->gradient, s->channels, s->height, s->width,
                (s->height - s->shift_y) % s->height, (s->width - s->shift_x) % s->width);
    double squares = 0;
    for (size_t i = 0; i < s->size; i++) {
        s->gradient[i] *= s->level[i / s->plane];
        squares += (double)s->gradient[i] * s->gradient[i];
    }
    const double cooled = 1 - 0.9 * s->done / s->steps;
    const float step = (float)(run_float(run, "step") * cooled / sqrt(squares / (double)s->size));
    const float keep = 1 - run_float(run, "decay");
    for (size_t i = 0; i < s->size; i++)
        s->z[i] = fminf(fmaxf(keep * s->z[i] + step * s->gradient[i], -127.5F), 127.5F);
    s->curve[s->done++] = (float)run_objective(run);
    if (s->done % BLUR_EVERY == 0 && s->done < 0.8 * s->steps)
        soften(s->z, s->scratch, s->channels, s->height, s->width);
    run_tell_version(run);
    return status_ok();
}

static Status step(Run *run)
{
    ClassVisualization *s = run_state(run);
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
    if (s->done == 0 && s->tries < MAX_TRIES && max_abs(s->input->grad, s->size) == 0) {
        draw_noise(s, 10 + 5 * (float)++s->tries);
        ask_gradient(run);
        return status_ok();
    }
    TRY(take_step(run));
    if (s->done < s->steps) {
        ask_gradient(run);
        return status_ok();
    }
    s->judging = true;
    paint(run);
    run_ask_forward(run, s->graph, NULL, 0);
    return status_ok();
}

static Status result(Run *run, Result *out)
{
    ClassVisualization *s = run_state(run);
    if (!s->done) return nothing_yet("class-visualization");
    const float scale = quantile_abs(s->z, s->size, 0.992);
    preprocess_reorder(network_preprocess(run_network(run)), s->z, s->height, s->width, s->rgb);
    around_grey(s->rgb, 3 * s->plane, scale, s->rgb);
    result_add(out, (ResultItem){.name = "image",
                                 .title = "What the target wants to see, its contrast stretched",
                                 .kind = RESULT_IMAGE,
                                 .shape = shape_make(3, (int[]){3, s->height, s->width}),
                                 .data = s->rgb});
    result_add(out, (ResultItem){.name = "objective",
                                 .title = "Value of the target, step by step",
                                 .kind = RESULT_CURVE,
                                 .shape = shape_make(1, &s->done),
                                 .data = s->curve});
    result_fact_text(out, "target", "Target", s->target);
    result_fact(out, "value", "Value of the target", s->curve[s->done - 1], "");
    result_fact(out, "contrast", "Contrast stretched", scale > 0 ? 127.5 / scale : 0, "x");
    if (!s->judged || s->top < 0) return status_ok();
    fact_class(run, out, "class", "What the network takes it for, unstretched", s->top);
    fact_percent(out, "probability", "Its probability", s->probabilities[s->top]);
    return status_ok();
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
};
