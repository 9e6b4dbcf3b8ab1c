/* Feature and class visualization, filter patterns: ascent raises what it climbs, seeds repeat, series and partial results
 * have what they promise. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/shared.h"
#include "support/test.h"
#include "support/zebra.h"

static Zebra tiny;

/* A result of feature-visualization on the tiny network; NULL ends the parameters. */
static Run *visualized(const char *const *params, Result *result)
{
    return zebra_result(&tiny, "feature-visualization", params, result);
}

static void every_kind_of_target_is_climbed(void)
{
    static const char *const targets[] = {
        "class:1",
        "channel:conv2:3",
        "neuron:relu2:2:4:5",
        "layer:relu1",
        "class:2 - 0.5*channel:conv1:1",
        "-channel:conv2:0",
        "2 * gram:relu2",
    };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        const char *const params[] = {"target", targets[i], "steps", "60", NULL};
        Result result;
        Run *run = visualized(params, &result);
        if (!run) continue;
        const ResultItem *curve = item_named(&result, "objective");
        CHECK(curve->shape.dim[0] == 60);
        const double start = curve->data[0], end = fact_named(&result, "value")->value;
        printf("# %s: %.3g to %.3g\n", targets[i], start, end);
        CHECK(end > start + 0.2 * fabs(start));
        CHECK_TEXT(fact_named(&result, "target")->text, targets[i]);
        run_destroy(run);
    }
}

static void classes_are_climbed_in_both_spaces(void)
{
    static const char *const spaces[] = {"waves", "pixels"};
    for (int i = 0; i < 2; i++) {
        const char *const params[] = {"target", "class:1", "space", spaces[i], "steps", "40", NULL};
        Result result;
        Run *run = zebra_result(&tiny, "class-visualization", params, &result);
        if (!run) continue;
        const ResultItem *curve = item_named(&result, "objective");
        const double start = curve->data[0], last = curve->data[39];
        printf("# %s: %.3g to %.3g\n", spaces[i], start, last);
        CHECK(last > start + 0.2 * fabs(start));
        CHECK(strncmp(fact_named(&result, "class")->text, "1", 1) == 0);
        run_destroy(run);
    }
}

static void the_seed_decides(void)
{
    static const char *const seeds[] = {"1", "1", "2"};
    static float picture[3][3 * 16 * 16];
    for (int i = 0; i < 3; i++) {
        const char *const params[] = {"target", "class:1", "steps", "20", "seed", seeds[i], NULL};
        Result result;
        Run *run = visualized(params, &result);
        if (!run) continue;
        const ResultItem *image = item_named(&result, "image");
        CHECK(shape_elements(&image->shape) == 3 * 16 * 16);
        memcpy(picture[i], image->data, sizeof picture[i]);
        run_destroy(run);
    }
    CHECK(memcmp(picture[0], picture[1], sizeof *picture) == 0);
    CHECK(memcmp(picture[0], picture[2], sizeof *picture) != 0);
}

/* The steps named, up to the last, of every picture; the last ones are what the sheet shows. */
static void the_series_is_kept(void)
{
    static const char *const params[] = {"target", "class:0", "steps",       "12", "pictures",
                                         "2",      "series",  "1, 5,11, 40", NULL};
    Result result;
    Run *run = visualized(params, &result);
    if (!run) return;
    const ResultItem *series = item_named(&result, "series");
    const ResultItem *sheet = item_named(&result, "image");
    CHECK(series->shape.dim[0] == 4 * 2 && series->shape.dim[1] == 3);
    CHECK(sheet->shape.dim[1] == 16 && sheet->shape.dim[2] == 32);
    const float *last = series->data + 6 * 3 * 256;
    for (int i = 0; i < 3 * 256; i++) {
        const int at = i / 16 * 32 + i % 16;
        CHECK(sheet->data[at] == last[i] && sheet->data[at + 16] == last[i + 3 * 256]);
    }
    run_destroy(run);
}

static double likeness(const char *diversity)
{
    const char *const params[] = {"target", "channel:relu2:3", "steps",   "80", "pictures",
                                  "3",      "diversity",       diversity, NULL};
    Result result;
    Run *run = visualized(params, &result);
    if (!run) return 0;
    const double value = fact_named(&result, "likeness")->value;
    run_destroy(run);
    return value;
}

static void diversity_keeps_pictures_apart(void)
{
    const double alike = likeness("0"), apart = likeness("4");
    printf("# likeness %.3f, with diversity %.3f\n", alike, apart);
    CHECK(apart < alike - 0.01 && apart > -1 && alike <= 1);
}

static void a_stopped_run_shows_what_it_has(void)
{
    static const char *const ids[] = {"feature-visualization", "filter-patterns"};
    static const char *const params[] = {"series", "1", "steps", "4000", NULL};
    static const char *const patterns[] = {"layer", "conv2", "steps", "20", NULL};
    for (int i = 0; i < 2; i++) {
        Run *run = zebra_run(&tiny, ids[i], i ? patterns : params);
        bool done = false;
        Result result;
        CHECK(run_result(run, &result).code != STATUS_OK);
        for (int k = 0; k < 100000 && run_version(run) == 0; k++)
            CHECK_OK(run_advance(run, 0, &done));
        CHECK(!done && run_progress(run) < 1);
        CHECK_OK(run_result(run, &result));
        CHECK(result.item_count >= 2);
        run_destroy(run);
    }
}

static void refused(const char *technique, const char *param, const char *value, const char *word)
{
    Run *run = NULL;
    CHECK_OK(run_create(&run, technique_find(technique), tiny.network));
    Status status = run_set(run, param, value);
    if (status.code == STATUS_OK) status = run_begin(run);
    if (status.code == STATUS_OK) status = run_to_end(run);
    CHECK_FAILS(status, word);
    run_destroy(run);
}

static void what_makes_no_sense_is_refused(void)
{
    refused("feature-visualization", "series", "3, 2", "'2'");
    refused("feature-visualization", "series", "3, x", "'x'");
    refused("feature-visualization", "series", "1,2,3,4,5,6,7,8,9", "more than");
    refused("feature-visualization", "target", "class:1 + class:7", "no class 7");
    refused("feature-visualization", "target", "channel:nowhere:0", "nowhere");
    refused("filter-patterns", "first", "8", "8 channels");
    refused("filter-patterns", "layer", "nowhere", "nowhere");
    refused("filter-patterns", "series", "5,5", "growing");
}

/* A range of a layer, the whole of it, and what longer ascent brings. */
static void patterns_climb(void)
{
    static const char *const steps[] = {"2", "30"};
    float reached[2][8];
    for (int i = 0; i < 2; i++) {
        const char *const params[] = {"layer", "relu2", "channels", "0",      "series", "1",
                                      "size",  "32",    "steps",    steps[i], NULL};
        Result result;
        Run *run = zebra_result(&tiny, "filter-patterns", params, &result);
        if (!run) continue;
        const ResultItem *tiles = item_named(&result, "patterns");
        CHECK(tiles->shape.dim[0] == 8 && tiles->shape.dim[2] == 24);
        CHECK(item_named(&result, "after-1") != NULL && result.item_count == 3);
        memcpy(reached[i], item_named(&result, "reached")->data, sizeof reached[i]);
        for (int k = 0; k < 8; k++) {
            const TensorStats stats = tensor_stats(tiles->data + k * 1728, 1728);
            if (i == 1) CHECK(fabsf(stats.mean - 0.5F) < 0.1F && stats.deviation < 0.25F);
            if (i == 1) CHECK(stats.deviation > 0.08F || reached[i][k] == 0);
        }
        run_destroy(run);
    }
    for (int k = 0; k < 8; k++) CHECK(reached[1][k] > reached[0][k]);
}

static void a_range_of_channels_is_drawn(void)
{
    static const char *const params[] = {"layer", "conv1", "first", "2", "channels", "3", NULL};
    Result result;
    Run *run = zebra_result(&tiny, "filter-patterns", params, &result);
    if (!run) return;
    CHECK(item_named(&result, "patterns")->shape.dim[0] == 3);
    CHECK(fact_named(&result, "first")->value == 2 && fact_named(&result, "channels")->value == 6);
    run_destroy(run);
}

/* The network takes what was painted for the zebra, without any transformation, for a zebra. */
static void a_class_is_recognised(void)
{
    Zebra zebra;
    if (!zebra_open(&zebra)) return;
    static const char *const params[] = {"target", "class:340", "size", "96", "steps", "48", NULL};
    Result result;
    Run *run = zebra_result(&zebra, "feature-visualization", params, &result);
    if (run) {
        CHECK(strncmp(fact_named(&result, "class")->text, "340", 3) == 0);
        CHECK(fact_named(&result, "probability")->value > 95);
        /* Neither grey nor torn: contrast, and neighbours that are alike. */
        const ResultItem *image = item_named(&result, "image");
        const TensorStats stats = tensor_stats(image->data, 3 * 96 * 96);
        double differences = 0;
        for (int i = 0; i < 3 * 96 * 96 - 1; i++)
            differences += fabs((double)image->data[i + 1] - (double)image->data[i]);
        CHECK(stats.deviation > 0.1F && stats.mean > 0.3F && stats.mean < 0.7F);
        CHECK(differences / (3 * 96 * 96) < 0.75 * (double)stats.deviation);
        printf("# deviation %.3f, step between neighbours %.3f\n", (double)stats.deviation,
               differences / (3 * 96 * 96));
    }
    run_destroy(run);
    zebra_close(&zebra);
}

static const Test tests[] = {
    TEST(every_kind_of_target_is_climbed),
    TEST(classes_are_climbed_in_both_spaces),
    TEST(the_seed_decides),
    TEST(the_series_is_kept),
    TEST(diversity_keeps_pictures_apart),
    TEST(a_stopped_run_shows_what_it_has),
    TEST(what_makes_no_sense_is_refused),
    TEST(patterns_climb),
    TEST(a_range_of_channels_is_drawn),
    TEST(a_class_is_recognised),
};

int main(int argc, char **argv)
{
    if (!tiny_open(&tiny)) return 1;
    const int status = test_run(argc, argv, tests, (int)(sizeof tests / sizeof *tests));
    zebra_close(&tiny);
    return status;
}
