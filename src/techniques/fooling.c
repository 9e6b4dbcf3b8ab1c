#include "techniques/attack.h"

static const Param params[] = {
    TARGET_PARAM("The class that the network shall say; class:top, which it says already, takes "
                 "the one that it thinks least likely."),
    {.name = "probability",
     .title = "Probability",
     .type = PARAM_FLOAT,
     .min = 0,
     .max = 99.99,
     .step = 1,
     .initial = "50",
     .unit = "%",
     .help = "Goes on until the class has at least this probability; 0 ends as soon as it is the "
             "answer."},
    {.name = "step",
     .title = "Step",
     .type = PARAM_FLOAT,
     .min = 0.01,
     .max = 64,
     .step = 0.05,
     .initial = "0.2",
     .unit = "levels",
     .help = "How far one step moves the picture: the root mean square over all values, in levels "
             "of 255."},
    {.name = "steps",
     .title = "Steps",
     .type = PARAM_INT,
     .min = 1,
     .max = 1000,
     .step = 1,
     .initial = "100",
     .unit = "",
     .help = "The most steps."},
};

/* x + step g / |g|. */
static void move(Run *run, Attack *s)
{
    attack_move_along(s, run_float(run, "step"));
}

static Status begin(Run *run)
{
    return attack_begin(run, &(AttackPlan){.id = "fooling",
                                           .steps = run_int(run, "steps"),
                                           .move = move,
                                           .aimed = true,
                                           .logit = true,
                                           .until_fooled = true,
                                           .probability = run_float(run, "probability") / 100});
}

const Technique technique_fooling = {
    .id = "fooling",
    .title = "Fooling picture",
    .question = "fool",
    .sentence = "Climbs the score of any class from any picture until the network says that class.",
    .read = "The picture looks as before and the answer is what was asked for; the curve shows how "
            "few steps it takes.",
    .limits = "Nothing bounds the change but that it ends early; for the least that is needed see "
              "DeepFool, for a fixed bound projected gradient descent.",
    .ask = "Can every picture become every class?",
    .answer = "Nearly always, and within a few steps. The network divides a space of 150,000 "
              "numbers, and in so many dimensions a boundary of each class is close to every "
              "point, although none of the pictures people take lies there.",
    .paper = "Szegedy et al. 2014, Intriguing properties of neural networks, section 4; Nguyen, "
             "Yosinski & Clune 2015, Deep Neural Networks are Easily Fooled",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Attack),
    .begin = begin,
    .step = attack_step,
    .result = attack_result,
};
