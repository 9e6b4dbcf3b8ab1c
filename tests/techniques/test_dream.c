/* DeepDream with a guide and as a film, on a network that is made up. */
#include <math.h>
#include <string.h>

#include "support/test.h"
#include "support/zebra.h"

enum { SIDE = 64 };

/* A second picture, unlike the first: stripes of another colour. */
static void paint_guide(Picture *picture)
{
    uint8_t rgba[SIDE * SIDE * 4];
    for (int i = 0; i < SIDE * SIDE; i++) {
        const int x = i % SIDE, y = i / SIDE;
        rgba[4 * i] = (uint8_t)((x + y) / 4 % 2 * 200);
        rgba[4 * i + 1] = (uint8_t)(2 * y);
        rgba[4 * i + 2] = (uint8_t)(x / 8 % 2 * 120 + 40);
        rgba[4 * i + 3] = 255;
    }
    CHECK_OK(picture_copy(picture, SIDE, SIDE, rgba));
}

static Run *dreamt(const Zebra *tiny, const Picture *guide, const char *const *params,
                   Result *result)
{
    Run *run = NULL;
    CHECK_OK(run_create(&run, technique_find("dream"), tiny->network));
    CHECK_OK(run_set(run, "size", "96"));
    for (; *params; params += 2) CHECK_OK(run_set(run, params[0], params[1]));
    CHECK_OK(run_set_picture(run, 0, &tiny->picture));
    if (guide) CHECK_OK(run_set_picture(run, 1, guide));
    Status status = run_begin(run);
    if (status.code == STATUS_OK) status = run_to_end(run);
    if (status.code == STATUS_OK) status = run_result(run, result);
    CHECK_OK(status);
    if (status.code == STATUS_OK) return run;
    run_destroy(run);
    return NULL;
}

/* The guided objective rises in each octave, and leads elsewhere than without a guide. */
static void a_guide_leads(void)
{
    static const char *const params[] = {"size", "160",   "octaves", "2", "iterations",
                                         "6",    "layer", "relu2",   NULL};
    Zebra tiny;
    Picture guide = {0};
    Result plain, guided;
    if (!tiny_open(&tiny)) return;
    paint_guide(&guide);
    Run *run = dreamt(&tiny, NULL, params, &plain);
    Run *led = dreamt(&tiny, &guide, params, &guided);
    if (run && led) {
        const ResultItem *curve = item_named(&guided, "objective");
        CHECK(curve->shape.dim[0] == 12);
        CHECK(curve->data[5] > 1.05F && curve->data[11] > 1.02F);
        const ResultItem *a = item_named(&plain, "image"), *b = item_named(&guided, "image");
        double difference = 0;
        const size_t count = shape_elements(&a->shape);
        for (size_t i = 0; i < count; i++) difference += fabs((double)a->data[i] - b->data[i]);
        CHECK(difference / (double)count > 0.01);
        CHECK(tensor_stats(b->data, count).deviation > 0.05F);
    }
    run_destroy(run);
    run_destroy(led);
    picture_release(&guide);
    zebra_close(&tiny);
}

/* The first frame is the picture dreamt without a film, the last one the main result. */
static void a_film_goes_on_from_the_picture(void)
{
    static const char *const still[] = {"octaves", "2", "iterations", "3", NULL};
    static const char *const moving[] = {"octaves", "2",    "iterations", "3", "frames",
                                         "4",       "zoom", "10",         NULL};
    Zebra tiny;
    Result one, film;
    if (!tiny_open(&tiny)) return;
    Run *run = dreamt(&tiny, NULL, still, &one), *long_run = dreamt(&tiny, NULL, moving, &film);
    if (run && long_run) {
        const ResultItem *picture = item_named(&one, "image"), *last = item_named(&film, "image");
        const ResultItem *frames = item_named(&film, "film");
        const size_t count = shape_elements(&picture->shape);
        CHECK(frames->kind == RESULT_FILM && frames->shape.rank == 4);
        CHECK(frames->shape.dim[0] == 4 && shape_elements(&frames->shape) == 4 * count);
        CHECK(memcmp(frames->data, picture->data, count * sizeof(float)) == 0);
        CHECK(memcmp(frames->data + 3 * count, last->data, count * sizeof(float)) == 0);
        CHECK(memcmp(frames->data + 2 * count, last->data, count * sizeof(float)) != 0);
        const float picture_contrast = tensor_stats(picture->data, count).deviation;
        CHECK(tensor_stats(last->data, count).deviation < 1.6F * picture_contrast);
    }
    run_destroy(run);
    run_destroy(long_run);
    zebra_close(&tiny);
}

/* Hardly dreamt at all, the second frame is the first one seen from half as far. */
static void the_zoom_goes_to_the_middle(void)
{
    static const char *const params[] = {"octaves", "1", "iterations", "1",  "step", "0.01",
                                         "frames",  "2", "zoom",       "50", NULL};
    Zebra tiny;
    Result film;
    if (!tiny_open(&tiny)) return;
    Run *run = dreamt(&tiny, NULL, params, &film);
    if (run) {
        const ResultItem *frames = item_named(&film, "film");
        const int height = frames->shape.dim[2], width = frames->shape.dim[3];
        const float *first = frames->data, *second = first + (size_t)(3 * height * width);
        double error = 0;
        int count = 0;
        for (int y = 1; y < height; y += 3) {
            for (int x = 1; x < width; x += 3, count++) {
                const double fy = (y - (height - 1) / 2.0) / 1.5 + (height - 1) / 2.0;
                const double fx = (x - (width - 1) / 2.0) / 1.5 + (width - 1) / 2.0;
                error += fabs((double)second[y * width + x] -
                              first[(int)lround(fy) * width + (int)lround(fx)]);
            }
        }
        CHECK(error / count < 0.03);
    }
    run_destroy(run);
    zebra_close(&tiny);
}

static void a_channel_needs_no_guide(void)
{
    Zebra tiny;
    Picture guide = {0};
    Run *run = NULL;
    if (!tiny_open(&tiny)) return;
    paint_guide(&guide);
    CHECK_OK(run_create(&run, technique_find("dream"), tiny.network));
    CHECK_OK(run_set(run, "channel", "2"));
    CHECK_OK(run_set_picture(run, 0, &tiny.picture));
    CHECK_OK(run_set_picture(run, 1, &guide));
    CHECK_FAILS(run_begin(run), "leave channel at -1");
    run_destroy(run);
    picture_release(&guide);
    zebra_close(&tiny);
}

static const Test tests[] = {
    TEST(a_guide_leads),
    TEST(a_film_goes_on_from_the_picture),
    TEST(the_zoom_goes_to_the_middle),
    TEST(a_channel_needs_no_guide),
};
TEST_MAIN(tests)
