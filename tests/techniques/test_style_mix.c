/* Style transfer with several styles, masks and kept colours, on a network that is made up. */
#include <math.h>
#include <string.h>

#include "image/colours.h"
#include "support/test.h"
#include "support/zebra.h"

enum { SIZE = 64, PICTURES = 4 };

typedef struct Studio {
    Zebra tiny;
    Picture content, warm, cold, black, white;
} Studio;

static void paint_picture(Picture *picture, int kind)
{
    enum { SIDE = 40 };
    uint8_t rgba[SIDE * SIDE * 4];
    for (int i = 0; i < SIDE * SIDE; i++) {
        const int x = i % SIDE, y = i / SIDE;
        const int value = kind == 0   ? 3 * x + 2 * y
                          : kind == 1 ? (x / 3 % 2) * 150 + 60
                                      : (y / 2 % 2) * 90 + (x / 5 % 2) * 70;
        rgba[4 * i] = (uint8_t)(kind == 3 ? 0 : kind == 4 ? 255 : kind == 2 ? value / 3 : value);
        rgba[4 * i + 1] = (uint8_t)(kind == 3 ? 0 : kind == 4 ? 255 : value * 2 / 3);
        rgba[4 * i + 2] = (uint8_t)(kind == 3 ? 0 : kind == 4 ? 255 : kind == 1 ? 20 : value);
        rgba[4 * i + 3] = 255;
    }
    CHECK_OK(picture_copy(picture, SIDE, SIDE, rgba));
}

static bool studio_open(Studio *s)
{
    *s = (Studio){0};
    if (!tiny_open(&s->tiny)) return false;
    Picture *const pictures[] = {&s->content, &s->warm, &s->cold, &s->black, &s->white};
    for (int i = 0; i < 5; i++) paint_picture(pictures[i], i);
    return true;
}

static void studio_close(Studio *s)
{
    Picture *const pictures[] = {&s->content, &s->warm, &s->cold, &s->black, &s->white};
    for (int i = 0; i < 5; i++) picture_release(pictures[i]);
    zebra_close(&s->tiny);
}

static Run *begun(const Studio *s, const Picture *const pictures[PICTURES],
                  const char *const *params, Status *status)
{
    Run *run = NULL;
    CHECK_OK(run_create(&run, technique_find("style"), s->tiny.network));
    CHECK_OK(run_set(run, "size", "64"));
    CHECK_OK(run_set(run, "steps", "4"));
    for (; *params; params += 2) CHECK_OK(run_set(run, params[0], params[1]));
    for (int i = 0; i < PICTURES && pictures[i]; i++)
        CHECK_OK(run_set_picture(run, i, pictures[i]));
    *status = run_begin(run);
    return run;
}

/* The picture [3,SIZE,SIZE]. */
static void painted(const Studio *s, const Picture *const pictures[PICTURES],
                    const char *const *params, float *rgb)
{
    Status status;
    Result result;
    Run *run = begun(s, pictures, params, &status);
    if (status.code == STATUS_OK) status = run_to_end(run);
    if (status.code == STATUS_OK) status = run_result(run, &result);
    CHECK_OK(status);
    if (status.code == STATUS_OK)
        memcpy(rgb, item_named(&result, "image")->data, 3 * SIZE * SIZE * sizeof *rgb);
    run_destroy(run);
}

static double difference(const float *a, const float *b)
{
    double most = 0;
    for (int i = 0; i < 3 * SIZE * SIZE; i++) most = fmax(most, fabs((double)a[i] - b[i]));
    return most;
}

static const char *const none[] = {NULL};
static float one[3 * SIZE * SIZE], two[3 * SIZE * SIZE], both[3 * SIZE * SIZE];

/* All of one and nothing of the other is the one alone; half of each is neither. */
static void styles_are_weighted(void)
{
    static const char *const first[] = {"style-weights", "2, 0", NULL};
    Studio s;
    if (!studio_open(&s)) return;
    const Picture *const pair[PICTURES] = {&s.content, &s.warm, &s.cold, NULL};
    painted(&s, (const Picture *const[PICTURES]){&s.content, &s.warm}, none, one);
    painted(&s, (const Picture *const[PICTURES]){&s.content, &s.cold}, none, two);
    painted(&s, pair, first, both);
    CHECK_NEAR(difference(one, both), 0, 0);
    painted(&s, pair, none, both);
    CHECK(difference(one, both) > 0.02 && difference(two, both) > 0.02);
    studio_close(&s);
}

/* A mask that is black all over means the first of two styles everywhere, a white one the second. */
static void a_mask_chooses_the_style(void)
{
    static const char *const mask[] = {"mask", "true", NULL};
    Studio s;
    if (!studio_open(&s)) return;
    painted(&s, (const Picture *const[PICTURES]){&s.content, &s.warm}, none, one);
    painted(&s, (const Picture *const[PICTURES]){&s.content, &s.cold}, none, two);
    painted(&s, (const Picture *const[PICTURES]){&s.content, &s.warm, &s.cold, &s.black}, mask,
            both);
    CHECK_NEAR(difference(one, both), 0, 5e-3);
    painted(&s, (const Picture *const[PICTURES]){&s.content, &s.warm, &s.cold, &s.white}, mask,
            both);
    CHECK_NEAR(difference(two, both), 0, 5e-3);
    /* With one style black stays as it was. */
    painted(&s, (const Picture *const[PICTURES]){&s.content, &s.warm, &s.white}, mask, both);
    CHECK_NEAR(difference(one, both), 0, 5e-3);
    painted(&s, (const Picture *const[PICTURES]){&s.content, &s.warm, &s.black}, mask, both);
    static const Preprocess plain = {.channels = "RGB", .range = 1, .std = {1, 1, 1, 1}};
    CHECK_OK(preprocess_apply_whole(&plain, &s.content, SIZE, SIZE, one));
    CHECK_NEAR(difference(one, both), 0, 1e-4);
    studio_close(&s);
}

/* Either way the colours come nearer to the content's. */
static void colours_are_kept(void)
{
    static const char *const methods[] = {"luminance", "match"};
    Studio s;
    if (!studio_open(&s)) return;
    const Picture *const pictures[PICTURES] = {&s.content, &s.cold};
    static const Preprocess plain = {.channels = "RGB", .range = 1, .std = {1, 1, 1, 1}};
    const char *const strong[] = {"style-weight", "10000", "content-weight", "0", NULL};
    CHECK_OK(preprocess_apply_whole(&plain, &s.content, SIZE, SIZE, one));
    painted(&s, pictures, strong, two);
    const Colours content = colours_of(one, SIZE * SIZE), free = colours_of(two, SIZE * SIZE);
    for (int k = 0; k < 2; k++) {
        const char *const params[] = {
            "style-weight", "10000",         "content-weight", "0", "keep-colours",
            "true",         "colour-method", methods[k],       NULL};
        painted(&s, pictures, params, both);
        const Colours kept = colours_of(both, SIZE * SIZE);
        /* Red against blue, which brightness says nothing of. */
        const double wanted = content.mean[0] - content.mean[2];
        CHECK(fabs(kept.mean[0] - kept.mean[2] - wanted) <
              0.7 * fabs(free.mean[0] - free.mean[2] - wanted));
    }
    studio_close(&s);
}

static void refused(const Studio *s, const Picture *const pictures[PICTURES], const char *param,
                    const char *value, const char *word)
{
    const char *const params[] = {param, value, NULL};
    Status status;
    Run *run = begun(s, pictures, params, &status);
    CHECK_FAILS(status, word);
    run_destroy(run);
}

static void what_does_not_fit_is_said(void)
{
    Studio s;
    if (!studio_open(&s)) return;
    const Picture *const pair[PICTURES] = {&s.content, &s.warm, &s.cold, NULL};
    const Picture *const single[PICTURES] = {&s.content, &s.warm, NULL, NULL};
    refused(&s, pair, "style-weights", "1", "2 numbers");
    refused(&s, pair, "style-weights", "1,2,3", "2 numbers");
    refused(&s, pair, "style-weights", "1,-2", "from 0 on");
    refused(&s, pair, "style-weights", "0,0", "not all 0");
    refused(&s, pair, "style-weights", "nan,1", "2 numbers");
    refused(&s, single, "style-weights", "a", "1 number");
    refused(&s, single, "mask", "true", "the mask");
    studio_close(&s);
}

static const Test tests[] = {
    TEST(styles_are_weighted),
    TEST(a_mask_chooses_the_style),
    TEST(colours_are_kept),
    TEST(what_does_not_fit_is_said),
};
TEST_MAIN(tests)
