/* Techniques for sets of pictures on a network that is made up: against passes and sums done here. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/zebra.h"

enum { COUNT = 24 };

/* A run on COUNT pictures of two kinds, the second kind darker; picture 5 is picture 0 once more. */
static Run *set_run(const Zebra *tiny, const char *technique, const char *const *params,
                    bool grouped)
{
    Run *run = NULL;
    CHECK_OK(run_create(&run, technique_find(technique), tiny->network));
    for (int i = 0; i < COUNT; i++) {
        Picture picture;
        char name[16];
        CHECK_OK(picture_variant(&tiny->picture, i == 5 ? 0 : i, &picture));
        for (int p = 0; p < picture.width * picture.height * 4; p++) {
            if (i % 2 && i != 5 && p % 4 != 3) picture.rgba[p] = (uint8_t)(picture.rgba[p] / 6);
        }
        CHECK_OK(run_set_picture(run, i, &picture));
        picture_release(&picture);
        snprintf(name, sizeof name, "%d.png", i);
        CHECK_OK(run_name_picture(run, i, name, grouped ? i % 2 && i != 5 ? "dark" : "light" : ""));
    }
    for (; params && *params; params += 2) CHECK_OK(run_set(run, params[0], params[1]));
    return run;
}

static Run *set_result(const Zebra *tiny, const char *technique, const char *const *params,
                       bool grouped, Result *result)
{
    Run *run = set_run(tiny, technique, params, grouped);
    CHECK_OK(run_begin(run));
    CHECK_OK(run_to_end(run));
    CHECK_OK(run_result(run, result));
    return run;
}

static void the_nearest_of_a_picture_is_its_copy(void)
{
    Zebra tiny;
    Result result;
    if (!tiny_open(&tiny)) return;
    static const char *const params[] = {"count", "3", NULL};
    Run *run = set_result(&tiny, "neighbours", params, true, &result);
    const ResultItem *table = item_named(&result, "table");
    CHECK(table->kind == RESULT_TABLE && table->shape.dim[0] == 3 && table->shape.dim[1] == 7);
    CHECK(strcmp(table->table->cells[1], "5.png") == 0 &&
          strcmp(table->table->cells[4], "5.png") == 0);
    CHECK(strcmp(table->table->cells[2], "light") == 0);
    CHECK(table->data[3] < 1e-3F && table->data[6] < 1e-3F);
    CHECK(table->data[7 + 3] > 0.1F && table->data[14 + 3] >= table->data[7 + 3]);
    CHECK(fact_named(&result, "features-agree")->value > 60);
    CHECK(item_named(&result, "image")->shape.dim[2] > 300);
    run_destroy(run);
    zebra_close(&tiny);
}

/* The mean of each map of the layer, by a pass of its own; the distance of two pictures in the plane of all
 * components is that of their features. */
static void components_are_those_of_the_features(void)
{
    Zebra tiny;
    Result result;
    if (!tiny_open(&tiny)) return;
    static const char *const params[] = {"dimensions", "3", "layer", "conv1", NULL};
    Run *run = set_result(&tiny, "pca", params, false, &result);
    const ResultItem *points = item_named(&result, "points"),
                     *summed = item_named(&result, "summed");
    CHECK(points->kind == RESULT_POINTS && points->shape.dim[0] == COUNT &&
          points->shape.dim[1] == 3);
    const int components = summed->shape.dim[0];
    CHECK(fabsf(summed->data[components - 1] - 1) < 1e-4F);
    CHECK(points->points->group_count > 0); /* what the network takes them for */
    for (int c = 0; c < 3; c++)
        CHECK(fabsf(points->data[c] - points->data[5 * 3 + c]) < 1e-4F); /* the copy */
    double variance[3] = {0};
    for (int i = 0; i < COUNT; i++) {
        for (int c = 0; c < 3; c++) variance[c] += pow((double)points->data[3 * i + c], 2);
    }
    CHECK(variance[0] >= variance[1] && variance[1] >= variance[2]);
    run_destroy(run);
    zebra_close(&tiny);
}

static void features_that_are_kept_give_the_same(void)
{
    Zebra tiny;
    Result first, again;
    if (!tiny_open(&tiny)) return;
    Run *run = set_result(&tiny, "pca", NULL, true, &first);
    Run *second = set_result(&tiny, "pca", NULL, true, &again);
    const ResultItem *a = item_named(&first, "points"), *b = item_named(&again, "points");
    CHECK(memcmp(a->data, b->data, sizeof(float) * 2 * COUNT) == 0);
    CHECK(b->points->group_count == 2 && strcmp(b->points->groups[1], "dark") == 0);
    /* Other preprocessing is another matter. */
    run_destroy(second);
    CHECK_OK(network_set(tiny.network, "mean", "0.1,0.5,0.5"));
    second = set_result(&tiny, "pca", NULL, true, &again);
    b = item_named(&again, "points");
    CHECK(memcmp(a->data, b->data, sizeof(float) * 2 * COUNT) != 0);
    run_destroy(run);
    run_destroy(second);
    zebra_close(&tiny);
}

/* Each finds its own table, also after more have been made than are kept: the points are those of a network that
 * nothing else has run on. */
static void runs_beside_each_other_keep_their_features_apart(void)
{
    enum { RUNS = 6 };
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    static const char *const params[RUNS][5] = {
        {"layer", "conv1", "pool", "mean"},  {"layer", "auto", "pool", "mean"},
        {"layer", "conv1", "pool", "max"},   {"layer", "auto", "pool", "max"},
        {"layer", "conv1", "pool", "whole"}, {"layer", "auto", "pool", "whole"}};
    Run *runs[RUNS];
    bool done;
    for (int i = 0; i < RUNS; i++) {
        runs[i] = set_run(&tiny, "pca", params[i], true);
        CHECK_OK(run_begin(runs[i]));
        CHECK_OK(run_advance(runs[i], 0, &done));
    }
    for (int i = 0; i < RUNS; i++) {
        Zebra fresh;
        Result beside, alone;
        CHECK_OK(run_to_end(runs[i]));
        CHECK_OK(run_result(runs[i], &beside));
        if (!tiny_open(&fresh)) return;
        Run *reference = set_result(&fresh, "pca", params[i], true, &alone);
        CHECK(memcmp(item_named(&alone, "points")->data, item_named(&beside, "points")->data,
                     sizeof(float) * 2 * COUNT) == 0);
        CHECK(fact_named(&alone, "computed")->value == COUNT - 1); /* one is a copy */
        run_destroy(reference);
        run_destroy(runs[i]);
        zebra_close(&fresh);
    }
    zebra_close(&tiny);
}

static void the_plane_of_t_sne_depends_on_the_seed_alone(void)
{
    Zebra tiny;
    Result first, again;
    if (!tiny_open(&tiny)) return;
    static const char *const params[] = {"iterations", "300", "start", "random", "seed", "3", NULL};
    static const char *const other[] = {"iterations", "300", "start", "random", "seed", "4", NULL};
    Run *a = set_result(&tiny, "tsne", params, true, &first);
    Run *b = set_result(&tiny, "tsne", params, true, &again);
    const float *points = item_named(&first, "points")->data;
    CHECK(memcmp(points, item_named(&again, "points")->data, sizeof(float) * 2 * COUNT) == 0);
    CHECK(fact_named(&first, "plane-agree")->value >
          0.8 * fact_named(&first, "features-agree")->value);
    const ResultItem *curve = item_named(&first, "divergence");
    CHECK(curve->data[curve->shape.dim[0] - 1] < curve->data[0]);
    run_destroy(b);
    b = set_result(&tiny, "tsne", other, true, &again);
    CHECK(memcmp(points, item_named(&again, "points")->data, sizeof(float) * 2 * COUNT) != 0);
    run_destroy(a);
    run_destroy(b);
    zebra_close(&tiny);
}

/* The best of all pictures and places, found by passes of its own. */
static void top_patches_are_the_highest_of_all(void)
{
    Zebra tiny;
    Result result;
    if (!tiny_open(&tiny)) return;
    static const char *const params[] = {"count", "4", "target", "channel:conv1:2", NULL};
    Run *run = set_result(&tiny, "top-patches", params, true, &result);
    const ResultItem *table = item_named(&result, "table");
    CHECK(table->shape.dim[0] == 4);
    Graph *graph;
    Value *value;
    static const char *const keep[] = {"conv1"};
    CHECK_OK(network_build(tiny.network, &(GraphRequest){.keep = keep, .keep_count = 1}, &graph));
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    CHECK_OK(network_layer(tiny.network, graph, "conv1", &value));
    const size_t plane = shape_span(&value->shape, 2, 4);
    float best = -INFINITY;
    int of = -1;
    for (int i = 0; i < COUNT; i++) {
        const Shape *input = &graph_input(graph, 0)->shape;
        CHECK_OK(preprocess_apply(network_preprocess(tiny.network), run_picture(run, i),
                                  input->dim[2], input->dim[3], graph_input(graph, 0)->data));
        graph_forward(graph);
        for (size_t p = 0; p < plane; p++) {
            if (value->data[2 * plane + p] > best) best = value->data[2 * plane + p], of = i;
        }
    }
    char name[16];
    snprintf(name, sizeof name, "%d.png", of);
    CHECK(fabsf(table->data[3] - best) < 1e-4F * fabsf(best));
    CHECK(strcmp(table->table->cells[1], name) == 0);
    CHECK(table->data[6 + 3] <= table->data[3]);
    graph_destroy(graph);
    run_destroy(run);
    zebra_close(&tiny);
}

static void planes_name_the_classes_of_their_corners(void)
{
    Zebra tiny;
    Result result;
    if (!tiny_open(&tiny)) return;
    static const char *const every[] = {"resolution", "24", "every", "true", NULL};
    static const char *const edges[] = {"resolution", "24", NULL};
    const char *const *const ways[] = {every, edges};
    double judged[2];
    for (int way = 0; way < 2; way++) {
        Run *run = zebra_result(&tiny, "decision-plane", ways[way], &result);
        if (!run) return;
        judged[way] = fact_named(&result, "judged")->value;
        const ResultItem *table = item_named(&result, "classes");
        double share = 0;
        for (int r = 0; r < table->shape.dim[0]; r++) share += (double)table->data[4 * r + 2];
        CHECK(fabs(share - 100) < 1e-3);
        CHECK(table->table->cells[0][0] == '#' && strlen(table->table->cells[0]) == 7);
        run_destroy(run);
    }
    CHECK(judged[0] == 24 * 24 && judged[1] <= judged[0]);
    Run *run = NULL;
    CHECK_OK(run_create(&run, technique_find("decision-plane"), tiny.network));
    for (int i = 0; i < 3; i++) CHECK_OK(run_set_picture(run, i, &tiny.picture));
    CHECK_FAILS(run_begin(run), "three different ones");
    run_destroy(run);
    zebra_close(&tiny);
}

static const Test tests[] = {
    TEST(the_nearest_of_a_picture_is_its_copy),
    TEST(components_are_those_of_the_features),
    TEST(features_that_are_kept_give_the_same),
    TEST(runs_beside_each_other_keep_their_features_apart),
    TEST(the_plane_of_t_sne_depends_on_the_seed_alone),
    TEST(top_patches_are_the_highest_of_all),
    TEST(planes_name_the_classes_of_their_corners),
};
TEST_MAIN(tests)
