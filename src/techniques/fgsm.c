#include "techniques/attack.h"

static const Param params[] = {
    {.name = "eps",
     .title = "Step",
     .type = PARAM_FLOAT,
     .min = 0.1,
     .max = 64,
     .step = 0.1,
     .initial = "2",
     .unit = "levels",
     .help = "How far every pixel moves, in levels of 255; people do not see 2."},
    ATTACK_PARAMS("Moves towards the target class rather than away from it: harder in one step."),
};

/* eps sign(dL/dx); L is the cross-entropy of the class. */
static void move(Run *run, Attack *s)
{
    attack_move_by_sign(s, run_float(run, "eps"));
}

static Status begin(Run *run)
{
    return attack_begin(
        run, &(AttackPlan){.id = "fgsm", .steps = 1, .move = move, .aimed = run_flag(run, "aim")});
}

const Technique technique_fgsm = {
    .id = "fgsm",
    .title = "Fast gradient sign",
    .question = "fool",
    .sentence =
        "Moves every pixel by the same small step in the direction that most raises the loss of a "
        "class.",
    .read =
        "Compare the class before and after: the second picture looks the same, the change is only "
        "visible magnified.",
    .limits =
        "One step along a straight line: that it fails does not make a network robust, stronger "
        "attacks exist.",
    .ask = "How can a change that nobody sees turn a cat into guacamole?",
    .answer = "Each pixel moves by one or two levels only, but all 150,000 of them push "
              "the score in the same direction, and a sum of many small pushes is large. "
              "It is the nearly linear course of the network over so many inputs that "
              "makes it vulnerable, more than its bends.",
    .paper = "Goodfellow, Shlens & Szegedy 2015, Explaining and Harnessing Adversarial Examples, "
             "section 4",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Attack),
    .begin = begin,
    .step = attack_step,
    .result = attack_result,
};
