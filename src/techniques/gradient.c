#include "techniques/saliency.h"

#define TITLE_MAGNITUDE "Largest magnitude over the channels"
#define TITLE_SIGNED    "Sum over the channels"
#define TITLE_PRODUCT   "Gradient times input, summed over the channels"

static const Param params[] = {
    SUBJECT_PARAM,
    {.name = "view",
     .title = "View",
     .type = PARAM_CHOICE,
     .initial = "abs-max",
     .choices = "abs-max|signed|times-input",
     .unit = "",
     .help =
         "How the channels become one number per pixel: the largest magnitude (the paper), their "
         "signed sum, or the sum of gradient times input, which says how much each pixel "
         "contributes."},
};

static Status begin(Run *run)
{
    return saliency_begin(run, &backward_exact);
}

static void sum_map(const Value *input, bool times_input, float *map)
{
    const size_t plane = shape_span(&input->shape, 2, 4);
    for (size_t i = 0; i < plane; i++) map[i] = 0;
    for (size_t c = 0; c < (size_t)input->shape.dim[1]; c++) {
        const float *x = input->data + c * plane, *dx = input->grad + c * plane;
        for (size_t i = 0; i < plane; i++) map[i] += times_input ? dx[i] * x[i] : dx[i];
    }
}

static Status result(Run *run, Result *out)
{
    const Saliency *s = run_state(run);
    if (!s->done) return nothing_yet("gradient");
    const Value *input = s->subject.input;
    const Shape *shape = &input->shape;
    ResultItem item = {.name = "map",
                       .kind = RESULT_MAP,
                       .shape = shape_make(2, shape->dim + 2),
                       .data = s->map,
                       .is_signed = true,
                       .colormap = "rdbu"};
    if (run_choice(run, "view", "abs-max")) {
        item.title = TITLE_MAGNITUDE;
        item.is_signed = false;
        item.colormap = "inferno";
        magnitude_map(input->grad, shape->dim[1], s->subject.plane, s->map);
    } else {
        const bool product = run_choice(run, "view", "times-input");
        item.title = product ? TITLE_PRODUCT : TITLE_SIGNED;
        sum_map(input, product, s->map);
    }
    result_add(out, item);
    add_raw(out, shape, input->grad, "What came back, per channel of the network's input");
    saliency_add_facts(run, out);
    return status_ok();
}

const Technique technique_gradient = {
    .id = "gradient",
    .title = "Gradient",
    .question = "why",
    .sentence = "How much the target's score would change if one pixel changed a little.",
    .read =
        "Bright pixels are those to which the score is most sensitive; in a signed view red raises "
        "the score and blue lowers it.",
    .limits = "It describes tiny changes of this very picture: a part that is certain to be seen "
              "can have "
              "a small gradient, and single pixels are noisy.",
    .ask = "Why does the map look like grain and not like the animal?",
    .answer = "Rectifiers and pooling make the score a surface of many small facets, and "
              "the gradient is the slope of the one facet on which this picture lies: "
              "next to it the slopes differ. SmoothGrad averages over them.",
    .paper = "Simonyan, Vedaldi & Zisserman 2014, Deep Inside Convolutional Networks, section 3",
    .pictures = 1,
    .returns = "map",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Saliency),
    .begin = begin,
    .step = saliency_step,
    .result = result,
};
