/* Cross entropy: its value, its gradient by central differences, and the place of a class. */
#include <math.h>
#include <stddef.h>

#include "support/test.h"
#include "train/loss.h"

enum { CLASSES = 5 };

static const float logits[CLASSES] = {0.5F, -1.25F, 2, 0.75F, -0.5F};

static double log_softmax(int class)
{
    double sum = 0;
    for (int i = 0; i < CLASSES; i++) sum += exp((double)logits[i]);
    return (double)logits[class] - log(sum);
}

static void is_minus_log_probability(void)
{
    CHECK_NEAR(cross_entropy(logits, CLASSES, &(Target){3, 3, 1}, 0, 1, NULL), -log_softmax(3),
               1e-12);
    /* Smoothed, every class has a share; mixed, two have most of it. */
    double expected = 0;
    for (int i = 0; i < CLASSES; i++) {
        const double mixed = i == 0 ? 0.25 : i == 2 ? 0.75 : 0;
        expected -= (0.9 * mixed + 0.1 / CLASSES) * log_softmax(i);
    }
    CHECK_NEAR(cross_entropy(logits, CLASSES, &(Target){0, 2, 0.25F}, 0.1F, 1, NULL), expected,
               1e-7);
}

static void stands_huge_scores(void)
{
    const float huge[2] = {1e30F, -1e30F};
    CHECK(isfinite(cross_entropy(huge, 2, &(Target){0, 0, 1}, 0, 1, NULL)));
    CHECK(cross_entropy(huge, 2, &(Target){1, 1, 1}, 0, 1, NULL) > 1e29);
}

static void has_its_gradient(void)
{
    const Target target = {4, 1, 0.6F};
    float gradient[CLASSES] = {0}, moved[CLASSES];
    gradient[2] = 3; /* it is added */
    cross_entropy(logits, CLASSES, &target, 0.2F, 0.5F, gradient);
    gradient[2] -= 3;
    for (int i = 0; i < CLASSES; i++) {
        double value[2];
        for (int k = 0; k < 2; k++) {
            for (int j = 0; j < CLASSES; j++) moved[j] = logits[j];
            moved[i] += k ? 0x1p-10F : -0x1p-10F;
            value[k] = 0.5 * cross_entropy(moved, CLASSES, &target, 0.2F, 1, NULL);
        }
        CHECK_NEAR(gradient[i], (value[1] - value[0]) / 0x1p-9, 1e-6);
    }
}

static void places_a_class(void)
{
    CHECK(class_place(logits, CLASSES, 2) == 0 && class_place(logits, CLASSES, 3) == 1);
    CHECK(class_place(logits, CLASSES, 1) == 4);
    const float equal[3] = {1, 1, 1};
    CHECK(class_place(equal, 3, 0) == 0 && class_place(equal, 3, 2) == 2);
}

static const Test tests[] = {
    TEST(is_minus_log_probability),
    TEST(stands_huge_scores),
    TEST(has_its_gradient),
    TEST(places_a_class),
};
TEST_MAIN(tests)
