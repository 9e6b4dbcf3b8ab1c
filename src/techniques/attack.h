/* Attacks on a classification: forward passes that judge, backward passes whose gradient moves the picture, at the
 * end the picture as an 8-bit file would keep it, and what is told of all that. fgsm, pgd, fooling and deepfool
 * differ in the start, in what is differentiated and in the move. */
#ifndef CONVOSCOPE_TECHNIQUES_ATTACK_H
#define CONVOSCOPE_TECHNIQUES_ATTACK_H

#include "techniques/subject.h"

typedef struct Attack Attack;

/* A pass is done: of the clean picture, of the one moved last, back from it, of the rounded one. */
typedef enum AttackStage {
    ATTACK_CLEAN,
    ATTACK_MOVED,
    ATTACK_GRADIENT,
    ATTACK_ROUNDED,
    ATTACK_DONE
} AttackStage;

typedef struct Verdict {
    int top;
    float probability, target_probability;
} Verdict;

/* Changes `difference`, in levels. attack.c keeps the picture within black and white. */
typedef void (*AttackMove)(Run *run, Attack *attack);

/* Takes the slope that is there; true when it wants that of another class, which it has put into the
 * subject's term. */
typedef bool (*AttackTake)(Run *run, Attack *attack);

/* What a technique is: set before attack_begin, all else is attack.c's. */
typedef struct AttackPlan {
    const char *id;
    int steps;
    AttackMove start; /* may be NULL: from the clean picture */
    AttackTake take;  /* may be NULL: one slope a step is enough */
    AttackMove move;
    bool aimed;        /* the target is the class to be said, not the one to be left */
    bool logit;        /* the score of the class is differentiated, not the loss */
    bool until_fooled; /* ends as soon as the network is, ... */
    float probability; /* ... and gives the class it shall say at least that */
} AttackPlan;

struct Attack {
    Subject subject; /* its term is what is differentiated next */
    AttackPlan plan;
    AttackStage stage;
    int steps_done;
    int goal;                   /* the target's class */
    float *clean, *adversarial; /* [C,H,W], network's units */
    float *difference;          /* [C,H,W], levels */
    /* [C,H,W]: gradient per level of what is to be raised: the loss, negated where aimed, or the class's score */
    float *slope;
    float *rgb, *shown_difference; /* [3,H,W] */
    float *curve; /* [steps + 1]: probability of the target before each step and after the last */
    Verdict before, after, rounded;
    double changed, l2, linf; /* of the difference, levels */
    float shown;              /* levels that are shown as full black or white */
};

/* The rows `target` and `aim` of a table of parameters. */
#define ATTACK_PARAMS(aim_help)                                                                    \
    TARGET_PARAM(                                                                                  \
        "The class whose score is lowered, class:top being the network's own answer; when aimed, " \
        "the class that the network shall say."),                                                  \
    {                                                                                              \
        .name = "aim", .title = "Aimed", .type = PARAM_FLAG, .initial = "false", .unit = "",       \
        .help = (aim_help)                                                                         \
    }

/* For a technique whose state begins with an Attack. */
Status attack_begin(Run *run, const AttackPlan *plan);
Status attack_step(Run *run);
Status attack_result(Run *run, Result *result);

/* Moves: every value by alpha levels, the way its slope points; along the slope, by the root mean square alpha. */
void attack_move_by_sign(Attack *attack, float alpha);
void attack_move_along(Attack *attack, float alpha);

#endif
