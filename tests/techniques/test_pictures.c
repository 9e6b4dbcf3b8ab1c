/* How many pictures a run takes, their names and classes, on a technique that is made up. */
#include <stdio.h>
#include <string.h>

#include "support/test.h"
#include "support/zebra.h"

static Status begin(Run *run)
{
    run_finish(run);
    return status_ok();
}

static Status nothing(Run *run)
{
    (void)run;
    return status_ok();
}

static Status counted(Run *run, Result *result)
{
    result_fact(result, "pictures", "Pictures", run_picture_count(run), "");
    return status_ok();
}

static const Technique group = {.id = "group",
                                .title = "Group",
                                .pictures = 2,
                                .most_pictures = RUN_MAX_PICTURES,
                                .begin = begin,
                                .step = nothing,
                                .result = counted};

static Run *created(const Zebra *tiny, const Technique *technique)
{
    Run *run = NULL;
    CHECK_OK(run_create(&run, technique, tiny->network));
    return run;
}

static void any_number_is_taken(void)
{
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    Run *run = created(&tiny, &group);
    CHECK(technique_most_pictures(&group) == RUN_MAX_PICTURES);
    CHECK(run_picture_count(run) == 0);
    for (int i = 0; i < 300; i++) {
        char name[16];
        uint8_t rgba[4] = {(uint8_t)i, 0, 0, 255};
        snprintf(name, sizeof name, "%d.png", i);
        CHECK_OK(run_set_picture(run, i, &(Picture){1, 1, rgba}));
        CHECK_OK(run_name_picture(run, i, name, i % 2 ? "odd" : NULL));
    }
    CHECK(run_picture_count(run) == 300);
    CHECK(run_picture(run, 299)->rgba[0] == 299 - 256);
    CHECK(strcmp(run_picture_name(run, 299), "299.png") == 0);
    CHECK(strcmp(run_picture_group(run, 299), "odd") == 0);
    CHECK(strcmp(run_picture_group(run, 298), "") == 0);
    CHECK_OK(
        run_set_picture(run, 7, &tiny.picture)); /* in place of the one before; the name stays */
    CHECK(run_picture(run, 7)->width == tiny.picture.width);
    CHECK(strcmp(run_picture_name(run, 7), "7.png") == 0);
    CHECK_OK(run_begin(run));
    run_destroy(run);
    zebra_close(&tiny);
}

static void too_few_and_too_many_are_refused(void)
{
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    Run *run = created(&tiny, &group);
    CHECK_FAILS(run_begin(run), "at least 2 pictures, and picture 1 is missing");
    CHECK_OK(run_set_picture(run, 0, &tiny.picture));
    CHECK_FAILS(run_begin(run), "picture 2 is missing");
    CHECK_OK(run_set_picture(run, 5, &tiny.picture));
    CHECK(run_picture_count(run) == 6);
    CHECK_FAILS(run_begin(run), "picture 2 is missing");
    CHECK_FAILS(run_set_picture(run, RUN_MAX_PICTURES, &tiny.picture), "at most 20000 pictures");
    CHECK_FAILS(run_takes_pictures(run, 20001), "no picture 20001");
    CHECK_OK(run_takes_pictures(run, 20000));
    CHECK_FAILS(run_set_picture(run, -1, &tiny.picture), "no picture 0");
    CHECK_FAILS(run_name_picture(run, RUN_MAX_PICTURES, "a", "b"), "at most 20000 pictures");
    run_destroy(run);
    zebra_close(&tiny);
}

static void larger_pictures_are_made_smaller(void)
{
    uint8_t rgba[6 * 4 * 4];
    for (int i = 0; i < 6 * 4; i++)
        memcpy(rgba + 4 * i, (uint8_t[]){90, (uint8_t)(40 * (i % 6)), 3, 255}, 4);
    Picture picture;
    CHECK_OK(picture_copy(&picture, 6, 4, rgba));
    CHECK_OK(picture_shrink(&picture, 24));
    CHECK(picture.width == 6 && picture.height == 4);
    CHECK_OK(picture_shrink(&picture, 6));
    CHECK(picture.width == 3 && picture.height == 2);
    const uint8_t *p = picture.rgba;
    CHECK(p[0] == 90 && p[2] == 3 && p[3] == 255);
    CHECK(p[1] < p[5] && p[5] < p[9] && p[5] > 95 && p[5] < 105);
    CHECK_OK(picture_shrink(&picture, 0.001));
    CHECK(picture.width == 1 && picture.height == 1);
    picture_release(&picture);
}

static const Test tests[] = {
    TEST(any_number_is_taken),
    TEST(too_few_and_too_many_are_refused),
    TEST(larger_pictures_are_made_smaller),
};
TEST_MAIN(tests)
