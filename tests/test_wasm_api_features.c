/* Features of pictures through the boundary to JavaScript: handed out, and taken back by a later core. */
#include <stdio.h>
#include <string.h>

#include "support/api.h"

enum {
    PICTURES = 5,
    WORDS = 3 + API_CLASSES
}; /* of a record: a hash, a class, the mean of each map */

/* A run of principal components of PICTURES pictures, from number `from` on; begun. */
static int components_begun(int model, int from)
{
    const int run = convo_run_create(model, "pca");
    CHECK(convo_run_set(run, "layer", "relu") == 0);
    for (int n = 0; n < PICTURES; n++) {
        uint8_t rgba[API_SIDE * API_SIDE * 4];
        for (int i = 0; i < API_SIDE * API_SIDE * 4; i++)
            rgba[i] = i % 4 == 3 ? 255 : (uint8_t)((n + from) * 31 + i * (n + from + 3));
        CHECK(convo_run_picture(run, n, API_SIDE, API_SIDE, rgba) == 0);
    }
    if (convo_run_begin(run) != 0) test_fail(__FILE__, __LINE__, "%s", convo_error_message());
    return run;
}

/* Ends the run, which must have computed the features of so many pictures. */
static void components_ended(int run, int computed, float *points)
{
    int code;
    while ((code = convo_run_advance(run, 0)) == 0) continue;
    if (code != 1) test_fail(__FILE__, __LINE__, "%s", convo_error_message());
    char fact[80];
    snprintf(fact, sizeof fact, "now, the rest was kept\",\"value\":%d,", computed);
    CHECK(convo_run_result(run) == 0 && api_says(fact));
    memcpy(points, api_array("\"points\""), 2 * PICTURES * sizeof *points);
    convo_run_close(run);
}

/* How many records the newest table has; its name, and a copy of them. */
static int newest_table(int model, char *name, size_t size, uint32_t *records)
{
    int count = 0, words = 0;
    CHECK(convo_features(model) == 0);
    const char *end = strstr(convo_text(), "\",\"shape\":[");
    if (!end || sscanf(end, "\",\"shape\":[%d,%d]", &count, &words) != 2) {
        test_fail(__FILE__, __LINE__, "no table in %.300s", convo_text());
        return 0;
    }
    CHECK(words == WORDS && count <= PICTURES + 1);
    size_t length = 0; /* the name has quotes, which are escaped */
    for (const char *c = convo_text() + strlen("[{\"name\":\""); c < end && length < size - 1;
         c++) {
        if (*c != '\\') name[length++] = *c;
    }
    name[length] = 0;
    if (count) memcpy(records, api_array("shape"), (size_t)count * WORDS * sizeof *records);
    return count;
}

static void hands_features_out_and_takes_them_back(void)
{
    static char name[1024];
    static uint32_t records[(PICTURES + 1) * WORDS], again[(PICTURES + 1) * WORDS];
    float first[2 * PICTURES], second[2 * PICTURES];
    const int model = api_small_network();
    CHECK(convo_features(model) == 0);
    CHECK_TEXT(convo_text(), "[]");
    const int run = components_begun(model, 0);
    CHECK(newest_table(model, name, sizeof name, records) == 0);
    components_ended(run, PICTURES, first);
    CHECK(newest_table(model, name, sizeof name, records) == PICTURES);
    CHECK(strncmp(name, "relu_out mean ", 14) == 0 && records[2] < API_CLASSES);
    components_ended(components_begun(model, 0), 0, second);
    CHECK(memcmp(first, second, sizeof first) == 0);
    convo_network_close(model);

    /* Another day, in two pieces that share a record; then with a picture that is not among them. */
    const int later = api_small_network(), restored = components_begun(later, 0);
    CHECK(convo_features_add(later, name, 2, WORDS, records) == 0);
    CHECK(convo_features_add(later, name, PICTURES - 1, WORDS, records + WORDS) == 0);
    components_ended(restored, 0, second);
    CHECK(memcmp(first, second, sizeof first) == 0);
    CHECK(newest_table(later, name, sizeof name, again) == PICTURES);
    CHECK(memcmp(records, again, PICTURES * WORDS * sizeof *records) == 0);
    components_ended(components_begun(later, 1), 1, second);
    CHECK(newest_table(later, name, sizeof name, again) == PICTURES + 1);
    convo_network_close(later);

    /* A class that the network does not have was never its answer. */
    const int other = api_small_network(), doubted = components_begun(other, 0);
    records[2] = API_CLASSES;
    CHECK(convo_features_add(other, name, PICTURES, WORDS, records) == 0);
    components_ended(doubted, 1, second);
    CHECK(memcmp(first, second, sizeof first) == 0);
    CHECK_REFUSED(convo_features(99), "99");
    CHECK_REFUSED(convo_features_add(99, name, 1, WORDS, records), "99");
    CHECK_REFUSED(convo_features_add(other, name, -1, WORDS, records), "-1");
    CHECK_REFUSED(convo_features_add(other, name, 1, 3, records), "no features");
    convo_network_close(other);
}

static const Test tests[] = {
    TEST(hands_features_out_and_takes_them_back),
};

TEST_MAIN(tests)
