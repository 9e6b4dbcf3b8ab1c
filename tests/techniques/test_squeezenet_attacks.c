/* Attacks on SqueezeNet and the zebra that end when it is fooled. */
#include <string.h>

#include "support/test.h"
#include "support/zebra.h"

static Zebra zebra;
static bool there;

static void deepfool_is_shorter_than_the_sign(void)
{
    Result deep, sign;
    if (!there) return;
    Run *a = zebra_result(&zebra, "deepfool", NULL, &deep);
    Run *b = zebra_result(&zebra, "fgsm", NULL, &sign);
    if (a && b) {
        CHECK_TEXT(fact_named(&deep, "fooled")->text, "yes");
        CHECK_TEXT(fact_named(&sign, "fooled")->text, "yes");
        /* FGSM's 2 levels are too many for this picture. */
        CHECK(fact_named(&deep, "l2")->value < 0.3 * fact_named(&sign, "l2")->value);
        CHECK(fact_named(&deep, "steps")->value < 20);
        /* Just over the boundary. */
        CHECK(fact_named(&deep, "target-after")->value > 40);
    }
    run_destroy(a);
    run_destroy(b);
}

static void any_class_is_reached(void)
{
    static const char *const cases[][2] = {{"class:1", "1 "}, {"class:top", "554 "}};
    for (int i = 0; i < 2 && there; i++) {
        const char *const params[] = {"target", cases[i][0], "probability", "90", NULL};
        Result result;
        Run *run = zebra_result(&zebra, "fooling", params, &result);
        if (!run) continue;
        const char *after = fact_named(&result, "after")->text;
        CHECK(strcmp(after, "1") == 0 || strcmp(after, "554") == 0 ||
              strncmp(after, cases[i][1], strlen(cases[i][1])) == 0);
        CHECK(fact_named(&result, "target-after")->value >= 90);
        CHECK_TEXT(fact_named(&result, "survives")->text, "yes");
        const ResultItem *curve = item_named(&result, "probability");
        const int last = curve->shape.dim[0] - 1;
        /* It ends as soon as that is reached. */
        CHECK(curve->data[last] >= 0.9F && curve->data[last - 1] < 0.9F);
        run_destroy(run);
    }
}

int main(int argc, char **argv)
{
    static const Test tests[] = {TEST(deepfool_is_shorter_than_the_sign),
                                 TEST(any_class_is_reached)};
    there = zebra_open(&zebra);
    const int status = test_run(argc, argv, tests, (int)(sizeof tests / sizeof *tests));
    if (there) zebra_close(&zebra);
    return status;
}
