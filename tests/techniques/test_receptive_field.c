/* A unit's gradient lies within its frame, wherever it is averaged; the frame is what the layers say. */
#include <math.h>
#include <string.h>

#include "support/test.h"
#include "support/zebra.h"

/* relu2 of the tiny network: 3 x 3, 2 x 2 with stride 2, 3 x 3 make 8 pixels, 2 apart, the first from -3 on. */
static void check(const Zebra *tiny, const char *const *params, int top, int left)
{
    Result result;
    Run *run = zebra_result(tiny, "receptive-field", params, &result);
    if (!run) return;
    const ResultItem *map = item_named(&result, "map");
    double inside = 0, outside = 0;
    for (int i = 0; i < 256; i++) {
        const int y = i / 16 - top, x = i % 16 - left;
        *(y >= 0 && y < 8 && x >= 0 && x < 8 ? &inside : &outside) += map->data[i];
    }
    CHECK(outside == 0);
    CHECK_NEAR(inside, 1, 1e-5);
    CHECK_TEXT(fact_named(&result, "theoretical")->text, "8 x 8");
    run_destroy(run);
}

static void within_the_frame(void)
{
    static const char *const one[] = {"layer", "relu2", "y", "4", "x", "3", "samples", "1", NULL};
    static const char *const many[] = {"layer", "relu2", "samples", "20", NULL};
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    check(&tiny, one, 4 * 2 - 3, 3 * 2 - 3);
    check(&tiny, many, 4 * 2 - 3, 4 * 2 - 3);
    zebra_close(&tiny);
}

static void what_has_no_field_is_refused(void)
{
    static const char *const cases[][4] = {{"layer", "flat", "y", "0"},
                                           {"layer", "relu2", "y", "8"},
                                           {"layer", "relu2", "channel", "8"}};
    static const char *const words[] = {"sees all of", "there is no 8", "there is no 8"};
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    for (int i = 0; i < 3; i++) {
        Run *run = NULL;
        CHECK_OK(run_create(&run, technique_find("receptive-field"), tiny.network));
        CHECK_OK(run_set_picture(run, 0, &tiny.picture));
        for (int k = 0; k < 4; k += 2) CHECK_OK(run_set(run, cases[i][k], cases[i][k + 1]));
        CHECK_FAILS(run_begin(run), words[i]);
        run_destroy(run);
    }
    zebra_close(&tiny);
}

static const Test tests[] = {TEST(within_the_frame), TEST(what_has_no_field_is_refused)};
TEST_MAIN(tests)
