/*
 * The techniques on SqueezeNet and the zebra: against PyTorch (shared/reference/README.md), and what has to
 * hold whatever the network.
 */
#include <math.h>
#include <stdio.h>
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
        /* Only what sees the patch is computed anew up to some layer, and nothing differs. */
        CHECK(fact_named(&result, "work")->value < 70);
        CHECK_NEAR(distance_to(raw, "occlusion"), 0, 2e-3);
        for (int i = 0; i < 169; i++) CHECK_NEAR(raw->data[i], expected.data[i], 2e-6);
        run_destroy(run);
    }
    tensor_release(&expected);
}

/* Each gradient alone is within 1e-6, but along the path a rectifier or a maximum now and then lies within
 * rounding of its kink, and then a patch of one of the 32 gradients differs: points moved by 2e-6 of
 * themselves change this very map by 5e-4. So the tolerance is that of the map, not of a gradient. */
static void integrated_gradients_match_pytorch(void)
{
    if (!there) return;
    Result result;
    Run *run = zebra_result(&zebra, "integrated-gradients", no_params, &result);
    if (!run) return;
    CHECK_NEAR(distance_to(item_named(&result, "raw"), "integrated_gradients"), 0, 1e-3);
    /* ig_sum and ig_delta of reference.json, added up in 32 bits. */
    CHECK_NEAR(fact_named(&result, "sum")->value, 19.8120174, 2e-3);
    CHECK_NEAR(fact_named(&result, "difference")->value, 20.5630798, 1e-4);
    const ResultItem *map = item_named(&result, "map");
    double sum = 0;
    for (size_t i = 0; i < shape_elements(&map->shape); i++) sum += map->data[i];
    CHECK_NEAR(sum, fact_named(&result, "sum")->value, 1e-3);
    run_destroy(run);
}

/* The rectifiers make the path's gradient jump: 32 steps from black leave 3.7 %, as PyTorch's do. */
static void integrated_gradients_are_complete(void)
{
    if (!there) return;
    static const char *const baselines[] = {"black", "white", "blur", "noise"};
    for (int i = 0; i < 4; i++) {
        const char *const params[] = {"baseline", baselines[i], "steps", i ? "64" : "128", NULL};
        Result result;
        Run *run = zebra_result(&zebra, "integrated-gradients", params, &result);
        if (!run) continue;
        const double error = fact_named(&result, "completeness-error")->value;
        printf("# %s: completeness error %.3g %%\n", baselines[i], error);
        CHECK(error < 2);
        run_destroy(run);
    }
}

/* Copies the map of a run with these parameters, [227,227]. */
static void map_of(const char *technique, const char *const *params, float *map)
{
    Result result;
    Run *run = zebra_result(&zebra, technique, params, &result);
    if (!run) return;
    memcpy(map, item_named(&result, "map")->data, 227 * 227 * sizeof *map);
    run_destroy(run);
}

static void smoothgrad_is_smoother_and_repeats(void)
{
    if (!there) return;
    static float map[4][227 * 227];
    static const char *const few[] = {"samples", "8", NULL};
    static const char *const other[] = {"samples", "8", "seed", "2", NULL};
    map_of("smoothgrad", few, map[0]);
    map_of("smoothgrad", few, map[1]);
    map_of("smoothgrad", other, map[2]);
    CHECK(memcmp(map[0], map[1], sizeof *map) == 0);
    const double between = relative_error(map[0], map[2], 227 * 227);
    CHECK(between > 0.05 && between < 1);
    /* With hardly any noise it is the gradient. */
    static const char *const faint[] = {"samples", "2", "sigma", "0.1", NULL};
    map_of("smoothgrad", faint, map[2]);
    map_of("gradient", no_params, map[3]);
    const double near = relative_error(map[2], map[3], 227 * 227);
    const double far = relative_error(map[0], map[3], 227 * 227);
    printf("# distance to the gradient: %.3g at 0.1 %%, %.3g at 15 %%\n", near, far);
    CHECK(near < 0.5 * far);
    static const char *const squared[] = {"samples", "8", "form", "squared", NULL};
    static const char *const variance[] = {"samples", "8", "form", "variance", NULL};
    map_of("smoothgrad", squared, map[2]);
    map_of("smoothgrad", variance, map[3]);
    /* Largest over channels of E g^2 is at least that of E g^2 - (E g)^2. */
    for (int i = 0; i < 227 * 227; i++) CHECK(map[3][i] >= 0 && map[3][i] <= map[2][i] * 1.00001F);
}

/* Guided Grad-CAM is the product of what the other two give; the others look at the same place. */
static void the_cams_agree(void)
{
    if (!there) return;
    static float cam[227 * 227], plus[227 * 227], score[227 * 227];
    static const char *const some[] = {"maps", "40", NULL};
    map_of("gradcam", no_params, cam);
    map_of("gradcam++", no_params, plus);
    map_of("scorecam", some, score);
    const float *const others[] = {plus, score};
    for (int k = 0; k < 2; k++) {
        double product = 0, a2 = 0, b2 = 0;
        for (int i = 0; i < 227 * 227; i++) {
            CHECK(others[k][i] >= 0);
            product += (double)cam[i] * others[k][i];
            a2 += (double)cam[i] * cam[i];
            b2 += (double)others[k][i] * others[k][i];
        }
        const double cosine = product / sqrt(a2 * b2);
        printf("# cosine with Grad-CAM: %.3f\n", cosine);
        CHECK(cosine > 0.7 && cosine < 0.99999);
    }
    Result product, guided;
    Run *first = zebra_result(&zebra, "guided-gradcam", no_params, &product);
    Run *second = zebra_result(&zebra, "guided-backprop", no_params, &guided);
    if (first && second) {
        const float *a = item_named(&product, "raw")->data, *b = item_named(&guided, "raw")->data;
        for (int i = 0; i < 3 * 227 * 227; i++)
            CHECK(fabsf(a[i] - b[i] * cam[i % (227 * 227)]) <= 1e-6F * fabsf(a[i]) + 1e-12F);
    }
    run_destroy(first);
    run_destroy(second);
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

static double max_of(const float *values, size_t count)
{
    const TensorStats stats = tensor_stats(values, count);
    return fmax(stats.max, -stats.min);
}

/* Within the bound, fooled at the end, and the same seed gives the same picture. */
static void pgd_fools_within_its_bound(void)
{
    if (!there) return;
    static const char *const cases[][9] = {
        {"eps", "2", "alpha", "0.5", "steps", "5", NULL},
        {"norm", "l2", "eps", "1", "alpha", "0.3", "steps", "6", NULL},
        {"target", "class:292", "aim", "true", NULL},
    };
    static const double bounds[] = {2, 1, 8};
    for (int i = 0; i < 3; i++) {
        Result result;
        Run *run = zebra_result(&zebra, "pgd", cases[i], &result);
        if (!run) continue;
        const ResultItem *difference = item_named(&result, "difference");
        const ResultItem *curve = item_named(&result, "probability");
        const size_t count = shape_elements(&difference->shape);
        const double linf = fact_named(&result, "linf")->value;
        const double l2 = fact_named(&result, "l2")->value;
        CHECK(max_of(difference->data, count) <= linf * 1.0001);
        CHECK((i == 1 ? l2 / sqrt((double)count) : linf) <= bounds[i] * 1.0001);
        CHECK_TEXT(fact_named(&result, "fooled")->text, "yes");
        CHECK_TEXT(fact_named(&result, "survives")->text, "yes");
        const float first = curve->data[0], last = curve->data[curve->shape.dim[0] - 1];
        CHECK(i == 2 ? last > 0.5F && first < 0.01F : last < 0.01F && first > 0.99F);
        run_destroy(run);
    }
}

static void pgd_repeats_with_its_seed(void)
{
    if (!there) return;
    static const char *const seeds[] = {"1", "1", "2"};
    Run *runs[3];
    Result results[3];
    for (int i = 0; i < 3; i++) {
        const char *const params[] = {"steps", "1", "seed", seeds[i], NULL};
        runs[i] = zebra_result(&zebra, "pgd", params, &results[i]);
    }
    if (runs[0] && runs[1] && runs[2]) {
        const ResultItem *a = item_named(&results[0], "raw"), *b = item_named(&results[1], "raw");
        const ResultItem *c = item_named(&results[2], "raw");
        const size_t bytes = shape_elements(&a->shape) * sizeof(float);
        CHECK(memcmp(a->data, b->data, bytes) == 0);
        CHECK(memcmp(a->data, c->data, bytes) != 0);
    }
    for (int i = 0; i < 3; i++) run_destroy(runs[i]);
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

/* Every octave ends with more activation than it began with, and the same seed gives the same picture. */
static void dream_raises_its_layer(void)
{
    if (!there) return;
    static const char *const cases[][7] = {
        {"size", "128", "octaves", "2", "iterations", "6", NULL},
        {"size", "128", "layer", "/features/features.9/Concat", "channel", "7", NULL},
    };
    for (int i = 0; i < 2; i++) {
        Result first, second;
        Run *run = zebra_result(&zebra, "dream", cases[i], &first);
        Run *again = zebra_result(&zebra, "dream", cases[i], &second);
        if (run && again) {
            const ResultItem *curve = item_named(&first, "objective");
            const int octaves = (int)fact_named(&first, "octaves")->value;
            const int each = curve->shape.dim[0] / octaves;
            CHECK(octaves >= 2);
            for (int k = 0; k < octaves; k++)
                CHECK(curve->data[k * each] == 1 && curve->data[(k + 1) * each - 1] > 1.5F);
            const ResultItem *image = item_named(&first, "image");
            const TensorStats stats = tensor_stats(image->data, shape_elements(&image->shape));
            CHECK(stats.min >= 0 && stats.max <= 1 && image->shape.dim[2] == 128);
            CHECK(memcmp(image->data, item_named(&second, "image")->data,
                         shape_elements(&image->shape) * sizeof(float)) == 0);
        }
        run_destroy(run);
        run_destroy(again);
    }
}

static void class_visualization_finds_its_class(void)
{
    if (!there) return;
    static const char *const params[] = {"target", "class:130", "steps", "20", NULL};
    Result first, second;
    Run *run = zebra_result(&zebra, "class-visualization", params, &first);
    Run *again = zebra_result(&zebra, "class-visualization", params, &second);
    if (run && again) {
        const ResultItem *curve = item_named(&first, "objective");
        CHECK(curve->data[19] > curve->data[0] + 20);
        CHECK(strncmp(fact_named(&first, "class")->text, "130", 3) == 0);
        CHECK(memcmp(item_named(&first, "image")->data, item_named(&second, "image")->data,
                     3 * 227 * 227 * sizeof(float)) == 0);
    }
    run_destroy(run);
    run_destroy(again);
}

static const Test tests[] = {
    TEST(saliency_matches_pytorch),
    TEST(a_vanished_signal_is_named),
    TEST(deconvnet_shows_a_unit),
    TEST(gradcam_matches_pytorch),
    TEST(occlusion_matches_pytorch),
    TEST(integrated_gradients_match_pytorch),
    TEST(integrated_gradients_are_complete),
    TEST(smoothgrad_is_smoother_and_repeats),
    TEST(the_cams_agree),
    TEST(fgsm_matches_pytorch),
    TEST(aimed_fgsm_moves_towards_its_class),
    TEST(pgd_fools_within_its_bound),
    TEST(pgd_repeats_with_its_seed),
    TEST(filters_need_no_picture),
    TEST(activations_scale_as_told),
    TEST(dream_raises_its_layer),
    TEST(class_visualization_finds_its_class),
    TEST(style_lowers_its_loss),
};

int main(int argc, char **argv)
{
    there = zebra_open(&zebra);
    const int status = test_run(argc, argv, tests, (int)(sizeof tests / sizeof *tests));
    if (there) zebra_close(&zebra);
    return there || status ? status : TEST_SKIPPED;
}
