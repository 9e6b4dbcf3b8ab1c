#include "techniques/cam.h"

typedef struct GuidedGradcam {
    Cam cam;          /* first: cam.c takes the state for its own */
    float *product;   /* [C,H,W] */
    float *map, *rgb; /* [H,W], [3,H,W] */
    bool done;
} GuidedGradcam;

static const Param params[] = {
    CAM_TARGET_PARAM,
    CAM_LAYER_PARAM,
};

static Status begin(Run *run)
{
    GuidedGradcam *s = run_state(run);
    TRY(cam_begin(run, cam_mean_gradient));
    const Subject *subject = &s->cam.subject;
    TRY(run_floats(run, subject->size, &s->product));
    TRY(run_floats(run, subject->plane, &s->map));
    return run_floats(run, 3 * subject->plane, &s->rgb);
}

static Status step(Run *run)
{
    GuidedGradcam *s = run_state(run);
    const Subject *subject = &s->cam.subject;
    if (!s->cam.done) {
        TRY(cam_step(run, 0.7));
        if (!s->cam.done) return status_ok();
        /* From the same forward pass, now with the other rule and down to the picture. */
        graph_stop_backward_at(subject->graph, NULL);
        run_ask_backward(run, subject->graph, &subject->term, 1, &backward_guided);
        run_tell_progress(run, 0.7, 1);
        return status_ok();
    }
    const Value *input = subject->input;
    TRY(check_gradient(subject->graph, input, subject->target, &backward_guided));
    for (size_t i = 0; i < subject->size; i++)
        s->product[i] = input->grad[i] * s->cam.full[i % subject->plane];
    s->done = true;
    run_tell_version(run);
    run_finish(run);
    return status_ok();
}

static Status result(Run *run, Result *out)
{
    const GuidedGradcam *s = run_state(run);
    if (!s->done) return nothing_yet("guided-gradcam");
    const Shape *shape = &s->cam.subject.input->shape;
    const float scale = show_signal(run, s->product, shape, s->rgb);
    magnitude_map(s->product, shape->dim[1], s->cam.subject.plane, s->map);
    add_signal(out, shape, s->rgb, s->map, s->product);
    result_add(out, (ResultItem){.name = "gradcam",
                                 .title = "Grad-CAM, the one factor",
                                 .kind = RESULT_MAP,
                                 .shape = shape_make(2, shape->dim + 2),
                                 .data = s->cam.full,
                                 .colormap = "inferno"});
    cam_add_facts(run, out);
    result_fact(out, "scale", "Value shown as full black or white", scale, "");
    return status_ok();
}

const Technique technique_guided_gradcam = {
    .id = "guided-gradcam",
    .title = "Guided Grad-CAM",
    .question = "why",
    .sentence = "Guided backprop's fine lines, kept only where Grad-CAM finds the target.",
    .read = "Grey is nothing; lines and colours are details in the region that speaks for the "
            "target.",
    .limits = "The lines are guided backprop's, which draws edges whatever the weights; only the "
              "region depends on the class.",
    .ask = "Does multiplying two imperfect maps make a better one?",
    .answer = "It looks better: fine as the one, and specific to the class as the other. "
              "But it explains no more than its parts do. The fine structure is still "
              "that of the picture's edges, and nothing in the region says which of the "
              "lines were used.",
    .paper = "Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks, section 3.2",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(GuidedGradcam),
    .begin = begin,
    .step = step,
    .result = result,
};
