#include "techniques/saliency.h"

static const Param params[] = {
    SUBJECT_PARAM,
};

static Status begin(Run *run)
{
    return saliency_begin(run, &backward_guided);
}

const Technique technique_guided_backprop = {
    .id = "guided-backprop",
    .title = "Guided backprop",
    .question = "why",
    .sentence =
        "The gradient that passes a rectifier only where the unit fired and the signal that comes "
        "back is positive.",
    .read =
        "Grey is nothing; the sharp lines and colours are the parts of the picture that excite the "
        "target.",
    .limits =
        "It draws the picture's edges even when the later weights are random: it shows what could "
        "be seen, not what decided (Adebayo et al. 2018).",
    .ask = "It is the sharpest map of all: is it the best?",
    .answer = "Sharp is not true. Cutting every negative signal reconstructs edges of the"
              " picture almost whatever the target is: aim at another class and little "
              "changes. Try the sanity check, which it is known to fail.",
    .paper =
        "Springenberg et al. 2015, Striving for Simplicity: The All Convolutional Net, section 3.4",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Saliency),
    .begin = begin,
    .step = saliency_step,
    .result = saliency_picture_result,
};
