#include "techniques/saliency.h"

static const Param params[] = {
    TARGET_PARAM(
        "What is projected back to the pixels: the score of a class (class:340, class:top), or "
        "any unit of the network (channel:NODE:C, neuron:NODE:C:Y:X, layer:NODE)."),
};

static Status begin(Run *run)
{
    return saliency_begin(run, &backward_deconvnet);
}

const Technique technique_deconvnet = {
    .id = "deconvnet",
    .title = "Deconvnet",
    .question = "why",
    .sentence =
        "Runs the target's signal back through transposed filters and pooling switches, rectified "
        "on the way back.",
    .read =
        "Grey is nothing; edges and colours that stand out are what excites the target where it is "
        "found in the picture.",
    .limits =
        "The rectifiers look at the way back only, not at which units fired, so that strong edges "
        "show even where they do not matter for the target.",
    .ask = "Does this turn the network around and so show the picture that the unit "
           "saw?",
    .answer = "No: a rectifier and a pooling lose what cannot be brought back. The "
              "switches, which remember where each maximum was, come from the very "
              "picture, and much of the sharpness that one sees comes from them. It is a "
              "gradient with one rule changed.",
    .paper =
        "Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks, section 2.1",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Saliency),
    .begin = begin,
    .step = saliency_step,
    .result = saliency_picture_result,
};
