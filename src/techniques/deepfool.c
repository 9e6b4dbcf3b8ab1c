#include "techniques/attack.h"
#include "techniques/boundary.h"

typedef struct Deepfool {
    Attack attack; /* first: attack.c takes the state for its own */
    Boundary boundary;
    float *sum; /* [C,H,W]: of the steps, levels, without the overshoot */
    bool begun; /* the boundary of this step */
} Deepfool;

static const Param params[] = {
    TARGET_PARAM("The class to be left; class:top is the network's own answer."),
    {.name = "overshoot",
     .title = "Overshoot",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 1,
     .step = 0.01,
     .initial = "0.02",
     .unit = "",
     .help = "How much further than to the boundary the picture is moved, as a share of the way."},
    {.name = "rounds",
     .title = "Rounds",
     .type = PARAM_INT,
     .min = 1,
     .max = 500,
     .step = 1,
     .initial = "50",
     .unit = "",
     .help = "The most steps; two or three are enough for most pictures."},
};

/* The slopes of ten classes at the same picture, one after the other. */
static bool take(Run *run, Attack *a)
{
    Deepfool *s = run_state(run);
    if (!s->begun) {
        s->begun = true;
        network_scores(a->subject.graph, 0, a->subject.probabilities, NULL);
        boundary_begin(&s->boundary, a->subject.probabilities,
                       network_class_count(a->subject.graph), a->goal);
    }
    return boundary_take(&s->boundary, a->slope, &a->subject.term.channel);
}

static void move(Run *run, Attack *a)
{
    Deepfool *s = run_state(run);
    const float factor = 1 + run_float(run, "overshoot");
    for (size_t i = 0; i < a->subject.size; i++) {
        s->sum[i] += s->boundary.step[i];
        a->difference[i] = factor * s->sum[i];
    }
    a->subject.term.channel = a->goal;
    s->begun = false;
}

static Status begin(Run *run)
{
    Deepfool *s = run_state(run);
    TRY(attack_begin(run, &(AttackPlan){.id = "deepfool",
                                        .steps = run_int(run, "rounds"),
                                        .take = take,
                                        .move = move,
                                        .logit = true,
                                        .until_fooled = true}));
    TRY(run_floats(run, s->attack.subject.size, &s->sum));
    return boundary_create(run, s->attack.subject.size, &s->boundary);
}

const Technique technique_deepfool = {
    .id = "deepfool",
    .title = "DeepFool",
    .question = "fool",
    .sentence = "Looks for the smallest change that makes the network say another class: straight "
                "to the nearest boundary, again and again.",
    .read = "The length of the change is the distance from the picture to where the answer tips: "
            "the smaller, the less the network was sure of what you see.",
    .limits = "The boundary is taken for straight in each step, so that the way found is short, "
              "not proven to be the shortest; it is so small that saving as 8-bit PNG often undoes "
              "it.",
    .ask = "Why are these changes so much smaller than those of the gradient's sign?",
    .answer = "The sign moves every pixel equally far, whether it helps or not. DeepFool moves "
              "each pixel in proportion to what it brings and stops at the boundary. The price is "
              "ten gradients a step instead of one.",
    .paper = "Moosavi-Dezfooli, Fawzi & Frossard 2016, DeepFool: a simple and accurate method to "
             "fool deep neural networks, algorithm 2",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Deepfool),
    .begin = begin,
    .step = attack_step,
    .result = attack_result,
};
