/* Textures by Gram matrices on a network that is made up: what has to hold whatever the network. */
#include <math.h>
#include <string.h>

#include "support/test.h"
#include "support/zebra.h"

static void the_loss_falls_at_each_size(void)
{
    static const char *const optimisers[] = {"lbfgs", "adam"};
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    for (int k = 0; k < 2; k++) {
        const char *const params[] = {"width",     "112",         "height", "96",    "sample",
                                      "64",        "octaves",     "2",      "steps", "25",
                                      "optimiser", optimisers[k], NULL};
        Result result;
        Run *run = zebra_result(&tiny, "texture-gram", params, &result);
        if (run) {
            const ResultItem *image = item_named(&result, "image"),
                             *loss = item_named(&result, "loss");
            CHECK(image->shape.dim[1] == 96 && image->shape.dim[2] == 112);
            CHECK(loss->shape.dim[0] == 50);
            CHECK(loss->data[24] < 0.3F * loss->data[0]);
            CHECK(loss->data[49] < loss->data[25]);
            CHECK_NEAR(fact_named(&result, "sizes")->value, 2, 0);
        }
        run_destroy(run);
    }
    zebra_close(&tiny);
}

static void the_seed_decides(void)
{
    const char *params[] = {"width", "48", "height", "48", "sample", "64",
                            "steps", "3",  "seed",   "5",  NULL};
    Zebra tiny;
    Result results[3];
    Run *runs[3];
    if (!tiny_open(&tiny)) return;
    for (int i = 0; i < 3; i++) {
        if (i == 2) params[9] = "6";
        runs[i] = zebra_result(&tiny, "texture-gram", params, &results[i]);
    }
    if (runs[0] && runs[1] && runs[2]) {
        const size_t bytes = 3 * 48 * 48 * sizeof(float);
        const float *first = item_named(&results[0], "image")->data;
        CHECK(memcmp(first, item_named(&results[1], "image")->data, bytes) == 0);
        CHECK(memcmp(first, item_named(&results[2], "image")->data, bytes) != 0);
    }
    for (int i = 0; i < 3; i++) run_destroy(runs[i]);
    zebra_close(&tiny);
}

/* The colours of a grey sample are grey: so is the texture, whatever the network sees. */
static void a_grey_sample_gives_grey(void)
{
    static const char *const params[] = {"width", "48",    "height", "48", "sample",
                                         "64",    "steps", "4",      NULL};
    Zebra tiny;
    Result result;
    if (!tiny_open(&tiny)) return;
    for (int i = 0; i < tiny.picture.width * tiny.picture.height; i++)
        memset(tiny.picture.rgba + 4 * i, tiny.picture.rgba[4 * i], 3);
    Run *run = zebra_result(&tiny, "texture-gram", params, &result);
    if (run) {
        const float *image = item_named(&result, "image")->data;
        for (int i = 0; i < 48 * 48; i++) {
            CHECK_NEAR(image[48 * 48 + i], image[i], 2e-3);
            CHECK_NEAR(image[2 * 48 * 48 + i], image[i], 2e-3);
        }
        CHECK(tensor_stats(image, 48 * 48).deviation > 0.05F);
    }
    run_destroy(run);
    zebra_close(&tiny);
}

/* Stopped at the first size, the picture is already as large as it is to become. */
static void a_partial_result_has_the_size(void)
{
    static const char *const params[] = {"width",   "96", "height", "96", "sample", "64",
                                         "octaves", "2",  "steps",  "50", NULL};
    Zebra tiny;
    Result result;
    if (!tiny_open(&tiny)) return;
    Run *run = zebra_run(&tiny, "texture-gram", params);
    bool done = false;
    while (run && run_version(run) == 0 && !done) CHECK_OK(run_advance(run, 0, &done));
    if (run) {
        CHECK_OK(run_result(run, &result));
        const ResultItem *image = item_named(&result, "image");
        CHECK(image->shape.dim[1] == 96 && image->shape.dim[2] == 96);
        CHECK(run_progress(run) < 0.2);
    }
    run_destroy(run);
    zebra_close(&tiny);
}

static const Test tests[] = {
    TEST(the_loss_falls_at_each_size),
    TEST(the_seed_decides),
    TEST(a_grey_sample_gives_grey),
    TEST(a_partial_result_has_the_size),
};
TEST_MAIN(tests)
