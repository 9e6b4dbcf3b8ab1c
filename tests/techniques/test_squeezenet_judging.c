/* What judges and uses the maps of other techniques, on SqueezeNet and the zebra. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/test.h"
#include "support/zebra.h"

static Zebra zebra;
static bool there;

/* Adebayo et al. 2018, figures 2 and 4: guided backprop keeps its likeness although half of the layers are random, the
 * gradient loses it at once. */
static void guided_backprop_fails_and_the_gradient_passes(void)
{
    static const char *const methods[] = {"guided-backprop", "gradient", "gradcam"};
    double ssim[3] = {0}, ranks[3] = {0};
    for (int i = 0; i < 3 && there; i++) {
        const char *const params[] = {"method", methods[i], "stages", "6", NULL};
        Result result;
        Run *run = zebra_result(&zebra, "sanity-check", params, &result);
        if (!run) return;
        const ResultItem *curve = item_named(&result, "similarity");
        CHECK(curve->shape.dim[0] == 2 && curve->shape.dim[1] == 7);
        CHECK_NEAR(curve->data[0], 1, 1e-6);
        CHECK_NEAR(curve->data[7], 1, 1e-6);
        /* Half way: 13 of 26 layers are random. */
        ssim[i] = curve->data[3], ranks[i] = curve->data[7 + 3];
        printf("# %s: SSIM %.3f, rank correlation %.3f\n", methods[i], ssim[i], ranks[i]);
        run_destroy(run);
    }
    if (!there) return;
    CHECK(ssim[0] > 0.7 && ranks[0] > 0.7);
    CHECK(ssim[1] < 0.6 && ranks[1] < 0.6);
    CHECK(ssim[2] < 0.6 && ranks[2] < 0.6);
}

static double fact(const Result *result, const char *name)
{
    const ResultFact *found = fact_named(result, name);
    return found ? found->value : NAN;
}

static void insertion_is_above_chance(void)
{
    static const char *const params[] = {"steps", "16", NULL};
    Result result;
    if (!there) return;
    Run *run = zebra_result(&zebra, "deletion-insertion", params, &result);
    if (!run) return;
    const ResultItem *curves = item_named(&result, "curves");
    const float *deletion = curves->data, *insertion = curves->data + 17;
    /* All there at one end, all gone at the other. */
    CHECK_NEAR(deletion[0], 0.9998, 1e-4);
    CHECK_NEAR(insertion[16], 0.9998, 1e-4);
    CHECK_NEAR(deletion[16], curves->data[2 * 17 + 16], 1e-6);
    CHECK_NEAR(insertion[0], curves->data[3 * 17], 1e-6);
    CHECK(fact(&result, "insertion") > fact(&result, "random-insertion") + 0.2);
    CHECK(fact(&result, "insertion") > fact(&result, "deletion") + 0.2);
    const ResultItem *replay = item_named(&result, "replay");
    CHECK(replay->shape.dim[0] == 16 && replay->shape.dim[2] == 227);
    run_destroy(run);
}

static void the_zebra_is_cut_out(void)
{
    Result result;
    if (!there) return;
    Run *run = zebra_result(&zebra, "segment", NULL, &result);
    if (!run) return;
    const ResultItem *mask = item_named(&result, "mask"), *cut = item_named(&result, "cutout");
    CHECK(cut->shape.dim[0] == 4 && mask->shape.dim[0] == 227);
    const float *m = mask->data;
    /* Neck, cheek and nose; the stone in front of it. */
    CHECK(m[60 * 227 + 60] == 1 && m[110 * 227 + 130] == 1 && m[170 * 227 + 200] == 1);
    CHECK(m[200 * 227 + 90] == 0 && m[180 * 227 + 70] == 0);
    run_destroy(run);
    /* A stroke takes the stone in. */
    static const char *const params[] = {"strokes", "+30:300,900 500,900", NULL};
    run = zebra_result(&zebra, "segment", params, &result);
    if (run) CHECK(item_named(&result, "mask")->data[204 * 227 + 90] == 1);
    run_destroy(run);
}

int main(int argc, char **argv)
{
    static const Test tests[] = {TEST(guided_backprop_fails_and_the_gradient_passes),
                                 TEST(insertion_is_above_chance), TEST(the_zebra_is_cut_out)};
    there = zebra_open(&zebra);
    const int status = test_run(argc, argv, tests, (int)(sizeof tests / sizeof *tests));
    if (there) zebra_close(&zebra);
    return status;
}
