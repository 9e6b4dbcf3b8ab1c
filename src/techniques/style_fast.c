#include <math.h>

#include "techniques/common.h"

enum { LEAST_SIDE = 32, MOST_MULTIPLE = 64 };

typedef enum Stage { STAGE_ALLOCATE, STAGE_PAINT, STAGE_READ, STAGE_DONE } Stage;

typedef struct StyleFast {
    Graph *graph;
    Value *input, *output;
    int height, width; /* of the picture, without what fills it up to the input's size */
    int shown_height, shown_width;
    float *levels, *original; /* [C,H,W] as the network wants it; RGB [3,H,W] */
    float *whole, *rgb;       /* output as RGB, and cut to the picture */
    const char *range;        /* of the output */
    Stage stage;
} StyleFast;

static const Param params[] = {
    {.name = "size",
     .title = "Size",
     .type = PARAM_INT,
     .min = 64,
     .max = 2048,
     .step = 16,
     .initial = "512",
     .unit = "px",
     .help = "Longer side of the result; strokes keep their size in pixels, so that a small result "
             "has large ones."},
    {.name = "range",
     .title = "Range of the output",
     .type = PARAM_CHOICE,
     .initial = "auto",
     .choices = "auto|input|0 to 255|0 to 1|-1 to 1",
     .unit = "",
     .help =
         "What the network's output means: as its input is, or other numbers from black to white; "
         "auto looks at the values.",
     .advanced = true},
};

/* ---- the graph ---- */

static Status no_picture(Run *run, const Value *output)
{
    const Network *network = run_network(run);
    char text[SHAPE_TEXT_BYTES];
    if (network_label_count(network) || output->shape.rank < 4 || output->shape.dim[2] < 2) {
        return status_error(STATUS_UNSUPPORTED,
                            "style-fast needs a network that gives a picture, but '%s' gives "
                            "classes: open a feed-forward style network, or use style",
                            network_name(network));
    }
    return status_error(STATUS_UNSUPPORTED,
                        "style-fast needs a network that gives a picture, but the output '%s' of "
                        "'%s' is %s and not 1x3xHxW",
                        output->name, network_name(network), shape_text(&output->shape, text));
}

static Status check_graph(Run *run, const Graph *graph)
{
    const Value *input = graph_input(graph, 0);
    if (graph_is_partial(graph)) return network_lacks(run_network(run), "the picture");
    if (graph_output_count(graph) < 1) return no_picture(run, input);
    const Value *output = graph_output(graph, 0);
    const Shape *out = &output->shape;
    if (out->rank != 4 || out->dim[0] != 1 || out->dim[1] != 3 || out->dim[2] < 2 ||
        out->dim[3] < 2)
        return no_picture(run, output);
    return check_colour_input(run, "style-fast", input);
}

/* The picture comes out as large as it went in, or larger by the same whole factor both ways. */
static bool keeps_size(const Graph *graph)
{
    const Shape *in = &graph_input(graph, 0)->shape, *out = &graph_output(graph, 0)->shape;
    return out->dim[2] % in->dim[2] == 0 && out->dim[3] % in->dim[3] == 0 &&
           out->dim[2] / in->dim[2] == out->dim[3] / in->dim[3];
}

static int round_up(int size, int multiple)
{
    return (size + multiple - 1) / multiple * multiple;
}

/* Networks that halve the picture and double it again want a multiple of some power of 2: the smallest with which
 * the result has the picture's size, and else with which it runs at all. */
static Status plan(Run *run)
{
    StyleFast *s = run_state(run);
    Status first = status_ok();
    for (int multiple = 1; multiple <= MOST_MULTIPLE; multiple *= 2) {
        Graph *graph;
        const GraphRequest request = {.height = round_up(s->height, multiple),
                                      .width = round_up(s->width, multiple)};
        const Status status = run_plan(run, &request, &graph);
        if (status.code == STATUS_NO_MEMORY) return status;
        if (status.code != STATUS_OK) {
            if (first.code == STATUS_OK) first = status;
            continue;
        }
        TRY(check_graph(run, graph));
        if (keeps_size(graph)) {
            if (s->graph) run_drop(run, s->graph);
            s->graph = graph;
            return status_ok();
        }
        if (s->graph) {
            run_drop(run, graph);
        } else {
            s->graph = graph;
        }
    }
    if (s->graph) return status_ok();
    /* A network of one size. */
    if (run_plan(run, &(GraphRequest){0}, &s->graph).code != STATUS_OK) return first;
    TRY(check_graph(run, s->graph));
    s->height = graph_input(s->graph, 0)->shape.dim[2];
    s->width = graph_input(s->graph, 0)->shape.dim[3];
    return status_ok();
}

/* ---- the picture ---- */

/* Position i of a line of `size` that is mirrored at its end. */
static int mirrored(int i, int size)
{
    if (size == 1) return 0;
    i %= 2 * (size - 1);
    return i < size ? i : 2 * (size - 1) - i;
}

static void fill_input(const StyleFast *s)
{
    const Shape *shape = &s->input->shape;
    float *to = s->input->data;
    for (int c = 0; c < 3; c++) {
        const float *plane = s->levels + (size_t)c * (size_t)s->height * (size_t)s->width;
        for (int y = 0; y < shape->dim[2]; y++) {
            const float *row = plane + (size_t)mirrored(y, s->height) * (size_t)s->width;
            for (int x = 0; x < shape->dim[3]; x++) *to++ = row[mirrored(x, s->width)];
        }
    }
}

static Status allocate(Run *run)
{
    StyleFast *s = run_state(run);
    const Shape *in = &s->input->shape, *out = &s->output->shape;
    const size_t count = 3 * (size_t)s->height * (size_t)s->width;
    const int factor = keeps_size(s->graph) ? out->dim[2] / in->dim[2] : 0;
    s->shown_height = factor ? factor * s->height : out->dim[2];
    s->shown_width = factor ? factor * s->width : out->dim[3];
    TRY(run_floats(run, count, &s->levels));
    TRY(run_floats(run, count, &s->original));
    TRY(run_floats(run, shape_elements(out), &s->whole));
    return run_floats(run, 3 * (size_t)s->shown_height * (size_t)s->shown_width, &s->rgb);
}

static Status begin(Run *run)
{
    StyleFast *s = run_state(run);
    const Picture *picture = run_picture(run, 0);
    fit_picture(picture, run_int(run, "size"), LEAST_SIDE, &s->height, &s->width);
    TRY(plan(run));
    s->input = graph_input(s->graph, 0);
    s->output = graph_output(s->graph, 0);
    TRY(allocate(run));
    const Preprocess *preprocess = network_preprocess(run_network(run));
    TRY(preprocess_apply_whole(preprocess, picture, s->height, s->width, s->levels));
    preprocess_invert(preprocess, s->levels, s->height, s->width, s->original);
    return status_ok();
}

/* ---- the result ---- */

/* To 0..1; numbers up to 1 from a network that takes others were not made by its own preprocessing. */
static Status read_output(Run *run)
{
    StyleFast *s = run_state(run);
    const Preprocess *preprocess = network_preprocess(run_network(run));
    const size_t count = shape_elements(&s->output->shape);
    const TensorStats stats = tensor_stats(s->output->data, count);
    if (stats.nonfinite) TRY(check_activations(s->graph));
    const bool small = stats.max <= 1.05F && stats.min >= -1.05F;
    float black = 0, white = 1;
    s->range = run_text(run, "range");
    if (run_choice(run, "range", "auto")) {
        float input_black, input_white, level;
        preprocess_bounds(preprocess, 0, &input_black, &input_white, &level);
        s->range = !small || input_white - input_black < 8 ? "input"
                   : stats.min < -0.05F                    ? "-1 to 1"
                                                           : "0 to 1";
    }
    switch (s->range[0]) {
    case 'i':
        preprocess_invert(preprocess, s->output->data, s->output->shape.dim[2],
                          s->output->shape.dim[3], s->whole);
        return status_ok();
    case '-': black = -1; break;
    default:
        if (s->range[5] == '2') white = 255;
    }
    preprocess_reorder(preprocess, s->output->data, s->output->shape.dim[2],
                       s->output->shape.dim[3], s->whole);
    for (size_t i = 0; i < count; i++) s->whole[i] = (s->whole[i] - black) / (white - black);
    return status_ok();
}

static void cut(const StyleFast *s)
{
    const size_t height = (size_t)s->output->shape.dim[2], width = (size_t)s->output->shape.dim[3];
    float *to = s->rgb;
    for (size_t c = 0; c < 3; c++) {
        for (size_t y = 0; y < (size_t)s->shown_height; y++) {
            const float *row = s->whole + (c * height + y) * width;
            for (int x = 0; x < s->shown_width; x++) *to++ = fminf(fmaxf(row[x], 0), 1);
        }
    }
}

static Status step(Run *run)
{
    StyleFast *s = run_state(run);
    switch (s->stage) {
    case STAGE_ALLOCATE: s->stage = STAGE_PAINT; return graph_allocate(s->graph, GRAPH_FORWARD);
    case STAGE_PAINT:
        fill_input(s);
        run_ask_forward(run, s->graph, &s->output, 1);
        run_tell_progress(run, 0, 1);
        s->stage = STAGE_READ;
        return status_ok();
    case STAGE_READ:
        TRY(read_output(run));
        cut(s);
        s->stage = STAGE_DONE;
        run_tell_version(run);
        run_finish(run);
        break;
    case STAGE_DONE: break;
    }
    return status_ok();
}

static Status result(Run *run, Result *out)
{
    const StyleFast *s = run_state(run);
    if (s->stage != STAGE_DONE) return nothing_yet("style-fast");
    result_image(out, "image", "The picture as the network paints it", s->shown_height,
                 s->shown_width, s->rgb);
    result_image(out, "original", "What it was given", s->height, s->width, s->original);
    result_fact(out, "width", "Width", s->shown_width, "px");
    result_fact(out, "height", "Height", s->shown_height, "px");
    const int right = s->input->shape.dim[3] - s->width;
    const int below = s->input->shape.dim[2] - s->height;
    if (right > 0) result_fact(out, "added-right", "Mirrored on the right", right, "px");
    if (below > 0) result_fact(out, "added-below", "Mirrored below", below, "px");
    result_fact_text(out, "range", "Range of the output", s->range);
    return status_ok();
}

const Technique technique_style_fast = {
    .id = "style-fast",
    .title = "Fast style transfer",
    .question = "paint",
    .sentence = "Repaints a picture in one pass of a network that was trained for one style.",
    .read =
        "The network learnt what the slow transfer finds by optimising; the same picture always "
        "gives the same result.",
    .limits = "One network knows one style, and paints its habits even where the picture offers "
              "nothing to hold them; strokes have the size that it was trained with.",
    .ask = "Why is it a thousand times as fast as style transfer?",
    .answer = "Style transfer searches one picture by hundreds of passes forward and back. Here "
              "somebody did that search once, for thousands of pictures at the same time, and kept "
              "the result as the weights of a network that needs one pass. What was paid in "
              "training is lost in freedom: another style is another network.",
    .paper = "Johnson, Alahi & Fei-Fei 2016, Perceptual Losses for Real-Time Style Transfer and "
             "Super-Resolution; Ulyanov et al. 2016, Texture Networks",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(StyleFast),
    .begin = begin,
    .step = step,
    .result = result,
};
