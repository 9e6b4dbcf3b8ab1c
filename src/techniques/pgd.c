#include <math.h>

#include "base/random.h"
#include "techniques/attack.h"

static const Param params[] = {
    {.name = "norm",
     .title = "Norm",
     .type = PARAM_CHOICE,
     .initial = "linf",
     .choices = "linf|l2",
     .unit = "",
     .help = "What is bounded: the change of every single value (linf), or the root mean square of "
             "all changes (l2), so that single pixels may move further."},
    {.name = "eps",
     .title = "Bound",
     .type = PARAM_FLOAT,
     .min = 0.1,
     .max = 64,
     .step = 0.1,
     .initial = "8",
     .unit = "levels",
     .help = "How far the picture may move, in levels of 255; with l2, 1 is plenty. "
             "People begin to see 8."},
    {.name = "alpha",
     .title = "Step",
     .type = PARAM_FLOAT,
     .min = 0.01,
     .max = 64,
     .step = 0.1,
     .initial = "2",
     .unit = "levels",
     .help = "How far one step moves, measured as the bound is; about twice the bound divided by "
             "the steps reaches every place."},
    {.name = "steps",
     .title = "Steps",
     .type = PARAM_INT,
     .min = 1,
     .max = 1000,
     .step = 1,
     .initial = "10",
     .unit = "",
     .help = "How often the gradient is taken anew; more make it surer, above all when aimed."},
    ATTACK_PARAMS("Moves towards the target class rather than away from it; some classes need more "
                  "steps."),
    {.name = "random-start",
     .title = "Random start",
     .type = PARAM_FLAG,
     .initial = "true",
     .unit = "",
     .help = "Begins at a random picture within the bound rather than at the picture itself, where "
             "the gradient can be misleading.",
     .advanced = true},
    SEED_PARAM("Of the random start: the same number gives the same picture."),
};

/* A random point of the ball: uniform for linf, a random direction of full length for l2, where in so many
 * dimensions nearly all of the volume lies. */
static void start(Run *run, Attack *s)
{
    const float eps = run_float(run, "eps");
    const bool l2 = run_choice(run, "norm", "l2");
    Random random = random_seeded((uint64_t)run_int(run, "seed"));
    for (size_t i = 0; i < s->subject.size; i++) {
        s->difference[i] = l2 ? random_normal(&random) : eps * (2 * random_uniform(&random) - 1);
    }
    if (!l2) return;
    const float factor = (float)(eps / sqrt(mean_square(s->difference, s->subject.size)));
    for (size_t i = 0; i < s->subject.size; i++) s->difference[i] *= factor;
}

/* Steepest ascent of the norm, then back onto its ball. */
static void move(Run *run, Attack *s)
{
    const float eps = run_float(run, "eps"), alpha = run_float(run, "alpha");
    if (run_choice(run, "norm", "linf")) {
        attack_move_by_sign(s, alpha);
        for (size_t i = 0; i < s->subject.size; i++)
            s->difference[i] = fminf(fmaxf(s->difference[i], -eps), eps);
        return;
    }
    attack_move_along(s, alpha);
    const double length = sqrt(mean_square(s->difference, s->subject.size));
    if (length <= eps) return;
    for (size_t i = 0; i < s->subject.size; i++) s->difference[i] *= (float)(eps / length);
}

static Status begin(Run *run)
{
    return attack_begin(run, &(AttackPlan){.id = "pgd",
                                           .steps = run_int(run, "steps"),
                                           .start = run_flag(run, "random-start") ? start : NULL,
                                           .move = move,
                                           .aimed = run_flag(run, "aim")});
}

const Technique technique_pgd = {
    .id = "pgd",
    .title = "Projected gradient descent",
    .question = "fool",
    .sentence =
        "Looks for the most misleading picture within a small distance of this one, in many "
        "small steps along the gradient.",
    .read = "Compare the class before and after, and watch the target's probability step by step: "
            "the picture looks the same, the change is only visible magnified.",
    .limits = "It needs the weights and finds a bad case, not the worst: that it fails proves "
              "nothing, and printing or another network often breaks the spell.",
    .ask = "Is the network simply bad, or would one that saw better be safe?",
    .answer = "Networks of every size and accuracy are fooled like this. Training on such"
              " pictures helps, at the cost of some accuracy, and makes the gradients "
              "look like the objects: a network that cannot be fooled cheaply uses what "
              "people see too.",
    .paper = "Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks, "
             "section 2.1",
    .pictures = 1,
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Attack),
    .begin = begin,
    .step = attack_step,
    .result = attack_result,
};
