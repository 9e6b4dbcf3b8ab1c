#include "techniques/cam.h"

static const Param params[] = {
    CAM_TARGET_PARAM,
    CAM_LAYER_PARAM,
};

static Status begin(Run *run)
{
    return cam_begin(run, cam_mean_gradient);
}

static Status step(Run *run)
{
    const Cam *s = run_state(run);
    TRY(cam_step(run, 1));
    if (s->done) run_finish(run);
    return status_ok();
}

const Technique technique_gradcam = {
    .id = "gradcam",
    .title = "Grad-CAM",
    .question = "why",
    .sentence =
        "Weighs each map of a late layer by how much the target wants it, and adds them up.",
    .read = "Bright regions are where the layer found what speaks for the target.",
    .limits = "It is as coarse as the layer, and what speaks against the target is cut off: a "
              "region, not an outline.",
    .ask = "Why is it so coarse, and why the last convolution?",
    .answer = "Behind the last convolution there is no place any more, and before it the "
              "maps know less of objects: it is the last layer that knows both what and "
              "where. Its maps are about 7 to 14 cells wide, and the smooth map that you "
              "see is interpolated between those.",
    .paper = "Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks, section 3",
    .pictures = 1,
    .returns = "map",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Cam),
    .begin = begin,
    .step = step,
    .result = cam_result,
};

/* ---- Grad-CAM++ ---- */

/* sum_ij alpha_ij ReLU(g_ij) with alpha = g^2 / (2 g^2 + sum(A) g^3), equations 10 and 19, whose derivatives
 * are those of exp(S): its constant factor is left out. */
static double plus_weight(const float *a, const float *da, size_t plane)
{
    double sum = 0, weight = 0;
    for (size_t i = 0; i < plane; i++) sum += a[i];
    for (size_t i = 0; i < plane; i++) {
        const double g = da[i], below = 2 + sum * g;
        /* alpha with g^2 cancelled; below zero only where a map has negative values. */
        if (g > 0 && below > 1e-6) weight += g / below;
    }
    return weight;
}

static Status plus_begin(Run *run)
{
    return cam_begin(run, plus_weight);
}

const Technique technique_gradcam_plus = {
    .id = "gradcam++",
    .title = "Grad-CAM++",
    .question = "why",
    .sentence = "Grad-CAM with each place of a map weighed for itself, so that several objects of "
                "one class, and small ones, all count.",
    .read = "Bright regions are where the layer found what speaks for the target; compare with "
            "Grad-CAM where there is more than one of a kind.",
    .limits = "It is as coarse as the layer, and only what raises the score counts, so that two "
              "classes often get much the same map.",
    .ask = "What goes wrong with Grad-CAM when there are two dogs?",
    .answer = "Grad-CAM averages the gradient over the whole map, so that a small object "
              "counts for less than a large one, and a second one can vanish. Here every "
              "place that raises the score is weighed for itself, so that each of them is"
              " lifted to a like brightness.",
    .paper =
        "Chattopadhay et al. 2018, Grad-CAM++: Generalized Gradient-based Visual Explanations, "
        "section 3",
    .pictures = 1,
    .returns = "map",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Cam),
    .begin = plus_begin,
    .step = step,
    .result = cam_result,
};
