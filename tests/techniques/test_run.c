/* The runner on a network that is made up: parameters, slices, progress, partial results, refusals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/zebra.h"

static Run *created(const Zebra *tiny, const char *technique)
{
    Run *run = NULL;
    CHECK_OK(run_create(&run, technique_find(technique), tiny->network));
    return run;
}

static void parameters_are_checked(void)
{
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    Run *run = created(&tiny, "occlusion");
    CHECK(run_int(run, "patch") == 2); /* 32 for 224 pixels, here for 16 */
    CHECK(run_int(run, "stride") == 1);
    CHECK_FAILS(run_set(run, "pach", "3"), "target, patch, stride");
    CHECK_FAILS(run_set(run, "patch", "0"), "between 1 and 512");
    CHECK_FAILS(run_set(run, "patch", "three"), "whole number");
    CHECK_FAILS(run_set(run, "patch", "3.5"), "whole number");
    CHECK_FAILS(run_set(run, "patch", "nan"), "number");
    CHECK_FAILS(run_set(run, "patch", "1e99"), "between");
    CHECK_FAILS(run_set(run, "patch", ""), "number");
    CHECK_FAILS(run_set(run, "colour", "pink"), "black|grey|mean|blur");
    CHECK_FAILS(run_set(run, "colour", "black|grey"), "one of");
    CHECK_FAILS(run_set(run, "target", ""), "empty");
    CHECK(run_int(run, "patch") == 2); /* what was refused changed nothing */
    CHECK_OK(run_set(run, "patch", "7"));
    CHECK(run_int(run, "patch") == 7);
    run_destroy(run);
    run = created(&tiny, "fgsm");
    CHECK_FAILS(run_set(run, "aim", "maybe"), "true or false");
    CHECK_OK(run_set(run, "aim", "yes"));
    CHECK(run_flag(run, "aim"));
    run_destroy(run);
    zebra_close(&tiny);
}

static void what_is_missing_is_said(void)
{
    Zebra tiny;
    Result result;
    if (!tiny_open(&tiny)) return;
    Run *run = created(&tiny, "gradient");
    CHECK_FAILS(run_result(run, &result), "not begun");
    CHECK_FAILS(run_begin(run), "needs a picture");
    CHECK_FAILS(run_set_picture(run, 1, &tiny.picture), "takes 1 picture");
    CHECK_OK(run_set_picture(run, 0, &tiny.picture));
    CHECK_OK(run_begin(run));
    CHECK_FAILS(run_result(run, &result), "nothing to show yet");
    run_destroy(run);
    run = created(&tiny, "style");
    CHECK_OK(run_set_picture(run, 0, &tiny.picture));
    CHECK_FAILS(run_begin(run), "picture 2 is missing");
    run_destroy(run);
    CHECK(technique_find("nonsense") == NULL);
    run_destroy(NULL);
    zebra_close(&tiny);
}

/* Ends in an error that has that word, at the beginning or on the way. */
static void refused(const Zebra *tiny, const char *technique, const char *param, const char *value,
                    const char *word)
{
    Run *run = created(tiny, technique);
    Status status = run_set(run, param, value);
    if (status.code == STATUS_OK)
        status = give_pictures(run, technique_find(technique), &tiny->picture);
    if (status.code == STATUS_OK) status = run_begin(run);
    if (status.code == STATUS_OK) status = run_to_end(run);
    CHECK_FAILS(status, word);
    run_destroy(run);
}

static void what_does_not_exist_is_refused(void)
{
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    static const char *const explaining[] = {"gradient",   "deconvnet",    "guided-backprop",
                                             "gradcam",    "fgsm",         "integrated-gradients",
                                             "smoothgrad", "gradcam++",    "guided-gradcam",
                                             "scorecam",   "sanity-check", "fooling",
                                             "deepfool",   "segment",      "deletion-insertion"};
    for (size_t i = 0; i < sizeof explaining / sizeof *explaining; i++) {
        refused(&tiny, explaining[i], "target", "class:3", "class");
    }
    refused(&tiny, "gradient", "target", "channel:conv9:0", "conv9");
    refused(&tiny, "gradient", "target", "channel:conv1:6", "6");
    refused(&tiny, "gradcam", "layer", "conv9", "conv9");
    refused(&tiny, "gradcam", "layer", "flat", "layer of maps");
    refused(&tiny, "scorecam", "layer", "flat", "layer of maps");
    refused(&tiny, "activations", "layer", "conv9", "conv9");
    refused(&tiny, "filters", "layer", "pool", "choose a convolution");
    refused(&tiny, "occlusion", "patch", "17", "does not fit");
    refused(&tiny, "fgsm", "target", "layer:conv1", "has to be a class");
    refused(&tiny, "fgsm", "aim", "true", "other than");
    refused(&tiny, "dream", "layer", "conv9", "conv9");
    refused(&tiny, "dream", "channel", "60", "no channel 60");
    refused(&tiny, "deepfool", "target", "layer:conv1", "has to be a class");
    refused(&tiny, "segment", "strokes", "here", "is not understood");
    refused(&tiny, "pgd", "target", "layer:conv1", "has to be a class");
    refused(&tiny, "pgd", "target", "class:3", "class");
    refused(&tiny, "texture-pixels", "window", "23", "does not fit");
    refused(&tiny, "texture-pixels", "window", "8", "choose 7 or 9");
    refused(&tiny, "inversion", "layers", "conv9", "conv9");
    refused(&tiny, "inversion", "layers", "flat", "no map");
    refused(&tiny, "texture-gram", "layers", "conv9", "conv9");
    refused(&tiny, "style", "style-layers", "conv9", "conv9");
    refused(&tiny, "style", "style-layers", " , ", "empty");
    zebra_close(&tiny);
}

/* Every technique, with its default parameters where they fit a picture of 16 x 16. */
static Run *any_run(const Zebra *tiny, const Technique *technique)
{
    static const char *const occlusion[] = {"patch", "4", "stride", "3", NULL};
    static const char *const style[] = {"size", "64", "steps", "5", NULL};
    static const char *const dream[] = {"size", "96", "iterations", "3", NULL};
    static const char *const pixels[] = {"window", "5", "width", "16", "height", "16", NULL};
    static const char *const inversion[] = {"steps", "3", NULL};
    static const char *const gram[] = {"width", "64", "height",  "48", "sample", "64",
                                       "steps", "3",  "octaves", "2",  NULL};
    static const char *const segment[] = {"certain", "true", NULL};
    const char *const *params = NULL;
    /* Needs a network that gives a picture: test_style_fast.c. */
    if (strcmp(technique->id, "style-fast") == 0) return NULL;
    if (strcmp(technique->id, "occlusion") == 0) params = occlusion;
    if (strcmp(technique->id, "style") == 0) params = style;
    if (strcmp(technique->id, "dream") == 0) params = dream;
    if (strcmp(technique->id, "inversion") == 0) params = inversion;
    if (strcmp(technique->id, "texture-gram") == 0) params = gram;
    if (strcmp(technique->id, "texture-pixels") == 0) params = pixels;
    if (strcmp(technique->id, "segment") == 0) params = segment;
    return zebra_run(tiny, technique->id, params);
}

/* In the smallest slices: progress and version never go back, partial results are finite or refused. */
static void every_technique_goes_in_slices(void)
{
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    for (int i = 0; i < technique_count(); i++) {
        const Technique *t = technique_at(i);
        Run *run = any_run(&tiny, t);
        if (!run) continue;
        double progress = 0;
        int version = 0, slices = 0, partial = 0;
        bool done = false;
        Status status = status_ok();
        Result result;
        while (!done && status.code == STATUS_OK && slices < 100000) {
            status = run_advance(run, 0, &done);
            slices++;
            const double now = run_progress(run);
            if (now < progress || now > 1)
                test_fail(__FILE__, __LINE__, "%s: %g to %g", t->id, progress, now);
            progress = now;
            CHECK(run_version(run) >= version);
            if (run_version(run) > version) partial += run_result(run, &result).code == STATUS_OK;
            version = run_version(run);
        }
        CHECK_OK(status);
        CHECK(done && progress == 1 && version > 0 && partial > 0);
        CHECK_OK(run_result(run, &result));
        CHECK(result.item_count > 0 && result.fact_count > 0);
        for (int k = 0; k < result.item_count; k++) {
            const ResultItem *item = &result.items[k];
            const size_t count = shape_elements(&item->shape);
            const TensorStats stats = tensor_stats(item->data, count);
            CHECK(count > 0 && stats.nonfinite == 0 && item->title[0]);
            if (item->kind == RESULT_IMAGE) {
                CHECK(item->shape.rank == 3 &&
                      (item->shape.dim[0] == 3 || item->shape.dim[0] == 4));
            }
            if (item->kind == RESULT_MAP) CHECK(item->shape.rank == 2);
        }
        run_destroy(run);
    }
    zebra_close(&tiny);
}

/* A run that is dropped half way leaves nothing behind (the sanitizers look). */
static void a_run_can_be_dropped(void)
{
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    for (int i = 0; i < technique_count(); i++) {
        Run *run = any_run(&tiny, technique_at(i));
        bool done = false;
        for (int k = 0; k < 4 && !done && run; k++) CHECK_OK(run_advance(run, 0, &done));
        run_destroy(run);
    }
    zebra_close(&tiny);
}

static void a_network_that_overflows_is_named(void)
{
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    CHECK_OK(network_set(tiny.network, "range", "255"));
    CHECK_OK(network_set(tiny.network, "std", "1e-38,1e-38,1e-38"));
    static const char *const ids[] = {
        "gradient",   "guided-backprop", "gradcam",        "fgsm",     "integrated-gradients",
        "smoothgrad", "gradcam++",       "guided-gradcam", "scorecam", "pgd"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        Run *run = zebra_run(&tiny, ids[i], NULL);
        if (!run) continue;
        Result result;
        Status status = run_to_end(run);
        if (status.code == STATUS_OK) status = run_result(run, &result);
        CHECK_FAILS(status, "finite");
        run_destroy(run);
    }
    zebra_close(&tiny);
}

/* The score at the picture less that at the picture with the patch, computed here from the graph. */
static void occlusion_is_what_it_says(void)
{
    Zebra tiny;
    Result result;
    if (!tiny_open(&tiny)) return;
    static const char *const params[] = {"patch", "5",      "stride",  "4", "colour",
                                         "grey",  "target", "class:1", NULL};
    Run *run = zebra_result(&tiny, "occlusion", params, &result);
    Graph *graph = NULL;
    CHECK_OK(network_build(tiny.network, &(GraphRequest){0}, &graph));
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    Value *input = graph_input(graph, 0);
    const Preprocess *preprocess = network_preprocess(tiny.network);
    float before[3], after[3];
    CHECK_OK(preprocess_apply(preprocess, &tiny.picture, 16, 16, input->data));
    graph_forward(graph);
    network_scores(graph, 0, NULL, before);
    for (int c = 0; c < 3; c++) {
        float black, white, level;
        preprocess_bounds(preprocess, c, &black, &white, &level);
        for (int y = 8; y < 13; y++) {
            for (int x = 4; x < 9; x++) input->data[(c * 16 + y) * 16 + x] = 0.5F * (black + white);
        }
    }
    graph_forward(graph);
    network_scores(graph, 0, NULL, after);
    if (run) {
        const ResultItem *raw = item_named(&result, "raw"), *map = item_named(&result, "map");
        CHECK(raw->shape.dim[0] == 3 && raw->shape.dim[1] == 3);
        CHECK_NEAR(raw->data[2 * 3 + 1], before[1] - after[1], 1e-6);
        /* (0, 0) lies in one patch, (4, 4) in four, (15, 15) in none. */
        CHECK_NEAR(map->data[0], raw->data[0], 1e-7);
        CHECK_NEAR(map->data[4 * 16 + 4],
                   0.25 * (raw->data[0] + raw->data[1] + raw->data[3] + raw->data[4]), 1e-7);
        CHECK_NEAR(map->data[255], 0, 0);
    }
    run_destroy(run);
    graph_destroy(graph);
    zebra_close(&tiny);
}

/* The change of the score along a small step is what the gradient says. */
static void the_gradient_predicts(void)
{
    Zebra tiny;
    Result result;
    if (!tiny_open(&tiny)) return;
    static const char *const params[] = {"target", "class:2", NULL};
    Run *run = zebra_result(&tiny, "gradient", params, &result);
    Graph *graph = NULL;
    CHECK_OK(network_build(tiny.network, &(GraphRequest){0}, &graph));
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    Value *input = graph_input(graph, 0);
    CHECK_OK(
        preprocess_apply(network_preprocess(tiny.network), &tiny.picture, 16, 16, input->data));
    graph_forward(graph);
    const double before = network_logits(graph)->data[2];
    const ResultItem *raw = run ? item_named(&result, "raw") : NULL;
    double expected = 0;
    const float h = 1e-3F;
    for (int i = 0; raw && i < 768; i++) {
        const float sign = i % 3 ? h : -h;
        input->data[i] += sign;
        expected += (double)sign * raw->data[i];
    }
    graph_forward(graph);
    CHECK_NEAR((network_logits(graph)->data[2] - before) / expected, 1, 0.05);
    run_destroy(run);
    graph_destroy(graph);
    zebra_close(&tiny);
}

static void the_table_is_complete(void)
{
    Text json = {0};
    techniques_json(&json);
    CHECK(!json.failed && json.bytes[0] == '[' && json.bytes[json.length - 1] == ']');
    text_release(&json);
    static const char *const questions = "see why want fool paint alike";
    for (int i = 0; i < technique_count(); i++) {
        const Technique *t = technique_at(i);
        const char *const texts[] = {t->title,  t->sentence, t->read,
                                     t->limits, t->paper,    t->returns};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) CHECK(texts[k] && texts[k][0]);
        CHECK(t->ask && t->ask[strlen(t->ask) - 1] == '?');
        CHECK(t->answer && strlen(t->answer) > 80);
        CHECK(strstr(questions, t->question) != NULL);
        CHECK(technique_find(t->id) == t);
        for (int p = 0; p < t->param_count; p++) {
            const Param *param = &t->params[p];
            CHECK(param->title && param->help && strlen(param->help) > 10);
            CHECK((param->type == PARAM_CHOICE) == (param->choices != NULL));
            if (param->type == PARAM_INT || param->type == PARAM_FLOAT)
                CHECK(param->min < param->max && param->step > 0);
        }
    }
}

static const Test tests[] = {
    TEST(parameters_are_checked),         TEST(what_is_missing_is_said),
    TEST(what_does_not_exist_is_refused), TEST(every_technique_goes_in_slices),
    TEST(a_run_can_be_dropped),           TEST(a_network_that_overflows_is_named),
    TEST(occlusion_is_what_it_says),      TEST(the_gradient_predicts),
    TEST(the_table_is_complete),
};
TEST_MAIN(tests)
