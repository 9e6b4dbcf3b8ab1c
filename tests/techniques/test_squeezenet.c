/*
 * The techniques on SqueezeNet and the zebra: against PyTorch (shared/reference/README.md), and what has to
 * hold whatever the network.
 */
#include <math.h>
#include <string.h>

#include "support/shared.h"
#include "support/test.h"
#include "support/zebra.h"

static Zebra zebra;
static bool there;

static const char *const *const no_params = NULL;

static void saliency_matches_pytorch(void)
{
    if (!there) return;
    static const char *const ids[][2] = {{"gradient", "grad_logit"},
                                         {"guided-backprop", "guided_backprop"}};
    for (int i = 0; i < 2; i++) {
        Result result;
        Run *run = zebra_result(&zebra, ids[i][0], no_params, &result);
        if (!run) continue;
        CHECK_NEAR(distance_to(item_named(&result, "raw"), ids[i][1]), 0, 1e-4);
        CHECK(strncmp(fact_named(&result, "class")->text, "340", 3) == 0);
        CHECK_NEAR(fact_named(&result, "probability")->value, 99.98, 0.01);
        run_destroy(run);
    }
}

/* PyTorch's deconvnet signal of the zebra's class is zero everywhere as well: said, not shown. */
static void a_vanished_signal_is_named(void)
{
    if (!there) return;
    Run *run = zebra_run(&zebra, "deconvnet", no_params);
    if (!run) return;
    CHECK_FAILS(run_to_end(run), "zero everywhere");
    run_destroy(run);
}

static void deconvnet_shows_a_unit(void)
{
    if (!there) return;
    static const char *const params[] = {"target", "channel:/features/features.7/Concat:5", NULL};
    Result result;
    Run *run = zebra_result(&zebra, "deconvnet", params, &result);
    if (!run) return;
    const ResultItem *image = item_named(&result, "image");
    const TensorStats stats = tensor_stats(image->data, shape_elements(&image->shape));
    CHECK(stats.min >= 0 && stats.max <= 1 && stats.deviation > 0.01F);
    CHECK_NEAR(stats.mean, 0.5, 0.1);
    run_destroy(run);
}

static void gradcam_matches_pytorch(void)
{
    if (!there) return;
    Result result;
    Run *run = zebra_result(&zebra, "gradcam", no_params, &result);
    if (!run) return;
    CHECK_NEAR(distance_to(item_named(&result, "raw"), "gradcam_fire9"), 0, 1e-4);
    const ResultItem *map = item_named(&result, "map");
    CHECK(map->shape.dim[0] == 227 && map->shape.dim[1] == 227);
    /* The zebra's head, not the grass in the corner. */
    CHECK(map->data[120 * 227 + 120] > 2 * map->data[10 * 227 + 215]);
    run_destroy(run);
}

/* The reference rounds its probabilities, near 1, to 32 bits after a softmax in 32 bits: they are off by up
 * to 7e-7, while drops are 2e-3 at the most. */
static void occlusion_matches_pytorch(void)
{
    if (!there) return;
    Tensor expected;
    Result result;
    if (!shared_npy("reference/squeezenet_zebra/occlusion.npy", &expected)) return;
    Run *run = zebra_result(&zebra, "occlusion", no_params, &result);
    if (run) {
        const ResultItem *raw = item_named(&result, "raw");
        CHECK(raw->shape.dim[0] == 13 && raw->shape.dim[1] == 13);
        CHECK_NEAR(distance_to(raw, "occlusion"), 0, 2e-3);
        for (int i = 0; i < 169; i++) CHECK_NEAR(raw->data[i], expected.data[i], 2e-6);
        run_destroy(run);
    }
    tensor_release(&expected);
}

static void fgsm_matches_pytorch(void)
{
    if (!there) return;
    Tensor expected;
    Result result;
    if (!shared_npy("reference/squeezenet_zebra/fgsm_2.npy", &expected)) return;
    Run *run = zebra_result(&zebra, "fgsm", no_params, &result);
    if (run) {
        const ResultItem *raw = item_named(&result, "raw");
        size_t different = 0, count = shape_elements(&raw->shape);
        for (size_t i = 0; i < count; i++)
            different += fabsf(raw->data[i] - expected.data[i]) > 1e-3F;
        CHECK((double)different <= 0.001 * (double)count);
        CHECK(strncmp(fact_named(&result, "after")->text, "109", 3) == 0);
        CHECK_NEAR(fact_named(&result, "target-after")->value, 0.184, 0.01);
        CHECK_NEAR(fact_named(&result, "linf")->value, 2, 1e-4);
        CHECK_TEXT(fact_named(&result, "survives")->text, "yes");
        run_destroy(run);
    }
    tensor_release(&expected);
}

static void aimed_fgsm_moves_towards_its_class(void)
{
    if (!there) return;
    static const char *const params[] = {"target", "class:292", "aim", "true", "eps", "4", NULL};
    Result result;
    Run *run = zebra_result(&zebra, "fgsm", params, &result);
    if (!run) return;
    CHECK(fact_named(&result, "target-after")->value > fact_named(&result, "target-before")->value);
    CHECK(fact_named(&result, "linf")->value <= 4.0001);
    run_destroy(run);
}

static void filters_need_no_picture(void)
{
    if (!there) return;
    Result result;
    Run *run = zebra_result(&zebra, "filters", no_params, &result);
    if (!run) return;
    const Shape expected = shape_make(4, (int[]){96, 3, 7, 7});
    const ResultItem *tiles = item_named(&result, "filters");
    CHECK(shape_equal(&tiles->shape, &expected));
    /* Each by its own range: black or white somewhere, grey on the average. */
    for (int i = 0; i < 96; i++) {
        const TensorStats stats = tensor_stats(tiles->data + i * 147, 147);
        CHECK_NEAR(fmax(0.5 - stats.min, stats.max - 0.5), 0.5, 1e-6);
    }
    run_destroy(run);
}

static void activations_scale_as_told(void)
{
    if (!there) return;
    static const char *const scales[] = {"unit", "layer", "network"};
    float highest[3];
    for (int i = 0; i < 3; i++) {
        const char *const params[] = {"layer", "/features/features.3/Concat", "scale", scales[i],
                                      NULL};
        Result result;
        Run *run = zebra_result(&zebra, "activations", params, &result);
        if (!run) return;
        const ResultItem *tiles = item_named(&result, "activations");
        CHECK(tiles->shape.dim[0] == 128);
        highest[i] = tensor_stats(tiles->data, shape_elements(&tiles->shape)).max;
        run_destroy(run);
    }
    CHECK_NEAR(highest[0], 1, 1e-6);
    CHECK_NEAR(highest[1], 1, 1e-6);
    CHECK(highest[2] < 1);
}

static void style_lowers_its_loss(void)
{
    if (!there) return;
    static const char *const optimisers[] = {"lbfgs", "adam"};
    for (int i = 0; i < 2; i++) {
        const char *const params[] = {"size",  "96",        "steps",       "12", "start",
                                      "noise", "optimiser", optimisers[i], NULL};
        Result result;
        Run *run = zebra_result(&zebra, "style", params, &result);
        if (!run) return;
        const ResultItem *loss = item_named(&result, "loss"), *image = item_named(&result, "image");
        CHECK(loss->data[11] < 0.7F * loss->data[0]);
        const TensorStats stats = tensor_stats(image->data, shape_elements(&image->shape));
        CHECK(stats.min >= 0 && stats.max <= 1);
        run_destroy(run);
    }
}

static const Test tests[] = {
    TEST(saliency_matches_pytorch),
    TEST(a_vanished_signal_is_named),
    TEST(deconvnet_shows_a_unit),
    TEST(gradcam_matches_pytorch),
    TEST(occlusion_matches_pytorch),
    TEST(fgsm_matches_pytorch),
    TEST(aimed_fgsm_moves_towards_its_class),
    TEST(filters_need_no_picture),
    TEST(activations_scale_as_told),
    TEST(style_lowers_its_loss),
};

int main(int argc, char **argv)
{
    there = zebra_open(&zebra);
    const int status = test_run(argc, argv, tests, (int)(sizeof tests / sizeof *tests));
    if (there) zebra_close(&zebra);
    return there || status ? status : TEST_SKIPPED;
}
