/* The boundary to JavaScript, called natively: handles, slices, answers, and what it refuses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/picture.h"
#include "support/api.h"
#include "support/shared.h"

static void finish(int model)
{
    int code;
    while ((code = convo_advance(model, 0)) == 0) continue;
    if (code != 1) test_fail(__FILE__, __LINE__, "advance: %s", convo_error_message());
}

/* A picture whose left half is red and whose right half is white. */
static void look(int model)
{
    uint8_t rgba[API_SIDE * API_SIDE * 4];
    for (int i = 0; i < API_SIDE * API_SIDE; i++) {
        const uint8_t other = i % API_SIDE < API_SIDE / 2 ? 0 : 255;
        memcpy(rgba + 4 * i, (const uint8_t[]){255, other, other, 255}, 4);
    }
    CHECK(convo_look_picture(model, API_SIDE, API_SIDE, rgba) == 0);
    finish(model);
}

/* ---- tests ---- */

static void starts(void)
{
    CHECK(convo_start(2) >= 1);
    if (convo_self_test() != 0) test_fail(__FILE__, __LINE__, "%s", convo_error_message());
    CHECK(convo_techniques() == 0 && api_says("\"id\":\"occlusion\""));
    CHECK(convo_colormaps() == 0 && api_says("\"viridis\":"));
    CHECK(strlen(convo_version()) > 0);
}

static void refuses_handles_and_files_that_are_not(void)
{
    CHECK_REFUSED(convo_advance(99, 1), "99");
    CHECK_REFUSED(convo_network_close(0), "0");
    CHECK_REFUSED(convo_network_describe(-1), "-1");
    CHECK_REFUSED(convo_run_advance(7, 1), "7");
    CHECK_REFUSED(convo_run_create(7, "gradient"), "7");
    uint8_t *bytes = calloc(1, 64);
    CHECK_REFUSED(convo_network_open("zeros.onnx", bytes, 64), "zeros.onnx");
    CHECK_TEXT(convo_error_code(), "bad-model");
    const int model = api_small_network();
    CHECK(convo_network_close(model) == 0);
    CHECK_REFUSED(convo_scores(model, 1), "not open");
    const int next = api_small_network();
    CHECK(next > model);
    convo_network_close(next);
}

static void has_no_files_beside_it(void)
{
    const int model = api_small_network();
    CHECK(convo_network_missing(model) == 0);
    CHECK_TEXT(convo_text(), "null");
    CHECK_REFUSED(convo_network_attach(model, "w.bin", calloc(1, 8), 8), "w.bin");
    CHECK_REFUSED(convo_network_attach(99, "w.bin", calloc(1, 8), 8), "99");
    CHECK_REFUSED(convo_network_missing(99), "99");
    convo_network_close(model);
}

static void describes_and_looks(void)
{
    const int model = api_small_network();
    CHECK(convo_network_describe(model) == 0 && api_says("\"name\":\"relu\""));
    CHECK_REFUSED(convo_scores(model, 1), "look");
    CHECK_REFUSED(convo_activation(model, "relu"), "look");
    look(model);
    CHECK(convo_scores(model, 5) == 0 && api_says("\"label\":\"dark\""));
    /* Red everywhere is 1, so class 0 is (2 - 1) / 2 + 0.5 = 1; class 1 is 0 left, (2 - 1) / 2 right. */
    CHECK(api_says("{\"index\":0,\"label\":\"dark\",\"probability\":"));
    CHECK(convo_output(model) == 0);
    const float *scores = api_array("shape");
    CHECK_NEAR(scores[0], 1.0, 1e-6);
    CHECK_NEAR(scores[1], 0.25, 1e-6);
    CHECK(convo_scores(model, 1) == 0);
    const float *rgb = api_array("\"input\":");
    CHECK_NEAR(rgb[0], 1.0, 1e-6);
    CHECK_NEAR(rgb[API_SIDE * API_SIDE], 0.0, 1e-6);
    CHECK_NEAR(rgb[API_SIDE * API_SIDE + API_SIDE - 1], 1.0, 1e-6);
    convo_network_close(model);
}

static void reaches_a_folded_layer(void)
{
    const int model = api_small_network();
    look(model);
    int code = convo_activation(model, "conv_out");
    if (code < 0) test_fail(__FILE__, __LINE__, "%s", convo_error_message());
    if (code == 1) {
        finish(model);
        code = convo_activation(model, "conv_out");
    }
    CHECK(code == 0);
    const float *maps = api_array("shape");
    CHECK_NEAR(maps[0], 1.0, 1e-6);
    CHECK_NEAR(maps[API_SIDE * API_SIDE], 0.0, 1e-6);
    CHECK_NEAR(maps[API_SIDE * API_SIDE + API_SIDE - 1], 2.0, 1e-6);
    CHECK(convo_output(model) == 0);
    CHECK_NEAR(api_array("shape")[1], 0.25, 1e-6);
    /* What is refused leaves what was seen. */
    CHECK_REFUSED(convo_activation(model, "nowhere"), "nowhere");
    CHECK_REFUSED(convo_look_tensor(model, 0, 0, maps, 3), "3");
    CHECK(convo_activation(model, "relu") == 0 && api_says("\"nonfinite\":0"));
    CHECK(convo_weights(model, "conv") == 0);
    CHECK_NEAR(api_array("shape")[0], 2, 1e-6);
    CHECK(convo_weights(model, "relu") == 0 && api_says("null"));
    convo_network_close(model);
}

static void keeps_what_layers_give_when_somebody_asks(void)
{
    const int model = api_small_network();
    look(model);
    CHECK(convo_scores(model, 2) == 0);
    char *first = strdup(convo_text());
    CHECK(convo_activation(model, "relu") == 1);
    CHECK_REFUSED(convo_scores(model, 2), "look");
    finish(model);
    CHECK(convo_activation(model, "relu") == 0);
    CHECK_NEAR(api_array("shape")[API_SIDE * API_SIDE + API_SIDE - 1], 0.5, 1e-6);
    /* The same answer but for its time and places; from now on looks keep it. */
    CHECK(convo_scores(model, 2) == 0);
    const size_t classes = (size_t)(strstr(first, "\"seconds\"") - first);
    CHECK(strncmp(first, convo_text(), classes) == 0);
    free(first);
    look(model);
    CHECK(convo_activation(model, "relu") == 0);
    convo_network_close(model);
}

/* Which layer went wrong is known once all of them were kept. */
static void names_the_layer_that_is_not_finite(void)
{
    const int model = api_small_network();
    float input[3 * API_SIDE * API_SIDE];
    for (size_t i = 0; i < sizeof input / sizeof *input; i++) input[i] = (float)INFINITY;
    CHECK(convo_look_tensor(model, 0, 0, input, sizeof input / sizeof *input) == 0);
    finish(model);
    CHECK(convo_scores(model, 1) == 1);
    finish(model);
    CHECK(convo_scores(model, 1) == 0);
    CHECK(api_says("\"nonfinite\":\"conv\""));
    convo_network_close(model);
}

static void draws_the_liveliest_map(void)
{
    const int model = api_small_network();
    look(model);
    CHECK(convo_thumbnails(model) == 1);
    finish(model);
    CHECK(convo_thumbnails(model) == 0 && api_says("\"name\":\"relu\",\"width\":8,\"height\":8"));
    /* Channel 0 is the same everywhere; channel 1 is 0 left and 0.5 right. */
    const float *map = api_array("\"name\":\"relu\"");
    CHECK_NEAR(map[0], 0.0, 1e-6);
    CHECK_NEAR(map[API_SIDE - 1], 0.5, 1e-6);
    CHECK(!strstr(convo_text(), "\"name\":\"pool\""));
    convo_network_close(model);
}

static void derives(void)
{
    const int model = api_small_network();
    float input[3 * API_SIDE * API_SIDE];
    for (int i = 0; i < 3 * API_SIDE * API_SIDE; i++) input[i] = 1;
    CHECK_REFUSED(convo_gradient_result(model), "gradient");
    CHECK_REFUSED(convo_gradient(model, 0, 0, input, 5, "class:0", "exact"), "5");
    CHECK_REFUSED(convo_gradient(model, 0, 0, input, 3 * API_SIDE * API_SIDE, "class:0", "wild"),
                  "wild");
    CHECK(convo_gradient(model, 0, 0, input, 3 * API_SIDE * API_SIDE, "class:0", "exact") == 0);
    finish(model);
    CHECK(convo_gradient_result(model) == 0);
    /* d(mean of (2 r - 1) / 2 + 0.5) / dr = 1 / 64. */
    CHECK_NEAR(api_array("shape")[0], 1.0 / (API_SIDE * API_SIDE), 1e-7);
    CHECK_NEAR(api_array("shape")[API_SIDE * API_SIDE], 0.0, 1e-7);
    /* Twice, through the convolution before its normalisation, which has to be kept apart. */
    for (int i = 0; i < 2; i++) {
        CHECK(convo_gradient(model, 0, 0, input, 3 * API_SIDE * API_SIDE, "neuron:conv_out:0:2:3",
                             "exact") == 0);
        finish(model);
        CHECK(convo_gradient_result(model) == 0 && api_says("\"value\":1"));
        CHECK_NEAR(api_array("shape")[2 * API_SIDE + 3], 2.0, 1e-6);
        CHECK_NEAR(api_array("shape")[2 * API_SIDE + 4], 0.0, 1e-6);
    }
    CHECK_REFUSED(convo_profile(model, 0, 0, 0), "0");
    CHECK(convo_profile(model, 0, 0, 2) == 0 && api_says("\"op\":\"Conv\""));
    CHECK(convo_gradient(model, 0, 0, input, 3 * API_SIDE * API_SIDE, "class:9", "exact") == 0);
    int code;
    while ((code = convo_advance(model, 1)) == 0) continue;
    CHECK_REFUSED(code, "9");
    CHECK(convo_look_tensor(model, 0, 0, input, 3 * API_SIDE * API_SIDE) == 0);
    finish(model);
    CHECK(convo_scores(model, 1) == 0 && api_says("\"input\":null"));
    convo_network_close(model);
}

static void changes_the_size(void)
{
    const int model = api_small_network();
    look(model);
    CHECK(convo_network_set(model, "size", "16x12") == 0);
    CHECK_REFUSED(convo_scores(model, 1), "look");
    CHECK_REFUSED(convo_network_set(model, "size", "huge"), "size");
    look(model);
    CHECK(convo_scores(model, 1) == 0 && api_says("[3,16,12]"));
    convo_network_close(model);
}

static void runs_a_technique(void)
{
    const int model = api_small_network();
    uint8_t rgba[API_SIDE * API_SIDE * 4];
    memset(rgba, 200, sizeof rgba);
    CHECK_REFUSED(convo_run_create(model, "alchemy"), "alchemy");
    const int run = convo_run_create(model, "gradient");
    CHECK(run > 0);
    CHECK_REFUSED(convo_run_set(run, "target", ""), "target");
    CHECK_REFUSED(convo_run_set(run, "sorcery", "1"), "sorcery");
    CHECK(convo_run_set(run, "target", "class:0") == 0);
    CHECK(convo_run_picture(run, 0, API_SIDE, API_SIDE, rgba) == 0);
    if (convo_run_begin(run) != 0) test_fail(__FILE__, __LINE__, "%s", convo_error_message());
    int code;
    while ((code = convo_run_advance(run, 0)) == 0) CHECK(convo_run_progress(run) <= 1);
    if (code != 1) test_fail(__FILE__, __LINE__, "%s", convo_error_message());
    CHECK(convo_run_version(run) >= 0);
    CHECK(convo_run_result(run) == 0 && api_says("\"kind\":\"map\""));
    CHECK(api_says("\"low\":"));
    /* A run goes with its network. */
    CHECK(convo_network_close(model) == 0);
    CHECK_REFUSED(convo_run_result(run), "not open");
}

static void sees_the_zebra(void)
{
    size_t size;
    uint8_t *bytes = shared_folder() ? shared_read("data/models/squeezenet1_0.onnx", &size) : NULL;
    if (!bytes) return;
    const int model = convo_network_open("squeezenet1_0.onnx", bytes, size);
    CHECK(model > 0);
    CHECK(convo_network_describe(model) == 0 && api_says("\"BGR\""));
    uint8_t *png = shared_read("reference/squeezenet_zebra/input.png", &size);
    Picture picture;
    CHECK_OK(picture_decode(&picture, png, size, "input.png"));
    CHECK(convo_look_picture(model, picture.width, picture.height, picture.rgba) == 0);
    finish(model);
    CHECK(convo_scores(model, 1) == 0 && api_says("\"index\":340"));
    Tensor logits;
    if (shared_npy("reference/squeezenet_zebra/logits.npy", &logits)) {
        CHECK(convo_output(model) == 0);
        const double error =
            relative_error(api_array("shape"), logits.data, shape_elements(&logits.shape));
        CHECK_NEAR(error, 0, 1e-5);
        tensor_release(&logits);
    }
    picture_release(&picture);
    free(png);
    convo_network_close(model);
}

/* Begins the run and ends it; 0, or what fails. */
static int finish_run(int run)
{
    int code = convo_run_begin(run);
    while (code == 0) code = convo_run_advance(run, 0.01);
    return code < 0 ? code : 0;
}

static void shows_what_can_run(void)
{
    const int model = api_network("Wobble");
    CHECK(convo_network_describe(model) == 0);
    api_says("\"unsupported\":[{\"op\":\"Wobble\",\"node\":\"pool\"");
    api_says("\"opset\":13");
    api_says("\"error\":\"node 'pool' needs the operator Wobble");
    api_says("\"name\":\"relu\"");
    CHECK(!strstr(convo_text(), "\"name\":\"flat\""));
    look(model);
    CHECK(convo_scores(model, 2) == 0 && api_says("\"classes\":[]") && api_says("\"input\":{"));
    CHECK(convo_activation(model, "relu") == 0);
    CHECK_NEAR(api_array("relu")[0], 1, 1e-4); /* ((2 - 1) - 0) / 2 + 0.5 */
    CHECK(convo_activation(model, "conv") == 1);
    finish(model);
    CHECK(convo_activation(model, "conv") == 0);
    CHECK_NEAR(api_array("conv")[0], 1, 1e-4);
    CHECK(convo_thumbnails(model) == 0 && api_says("\"relu\""));
    CHECK_REFUSED(convo_output(model), "output cannot be computed: node 'pool' needs");

    static const float input[3 * API_SIDE * API_SIDE];
    const size_t count = sizeof input / sizeof *input;
    CHECK(convo_gradient(model, 0, 0, input, count, "channel:relu:0", "exact") == 0);
    finish(model);
    CHECK(convo_gradient_result(model) == 0);
    CHECK(convo_gradient(model, 0, 0, input, count, "class:top", "exact") == 0);
    CHECK_REFUSED(convo_advance(model, 1), "class scores cannot be computed: node 'pool' needs");

    const uint8_t rgba[API_SIDE * API_SIDE * 4] = {255, 0, 0, 255};
    static const char *const targets[] = {"channel:relu:0", "class:top"};
    for (int i = 0; i < 2; i++) {
        const int run = convo_run_create(model, "gradient");
        CHECK(convo_run_set(run, "target", targets[i]) == 0);
        CHECK(convo_run_picture(run, 0, API_SIDE, API_SIDE, rgba) == 0);
        if (i == 0)
            CHECK(finish_run(run) == 0);
        else
            CHECK_REFUSED(finish_run(run), "class scores cannot be computed: node 'pool'");
        convo_run_close(run);
    }
    convo_network_close(model);
}

static const Test tests[] = {
    TEST(starts),
    TEST(refuses_handles_and_files_that_are_not),
    TEST(has_no_files_beside_it),
    TEST(describes_and_looks),
    TEST(reaches_a_folded_layer),
    TEST(keeps_what_layers_give_when_somebody_asks),
    TEST(names_the_layer_that_is_not_finite),
    TEST(draws_the_liveliest_map),
    TEST(derives),
    TEST(changes_the_size),
    TEST(runs_a_technique),
    TEST(shows_what_can_run),
    TEST(sees_the_zebra),
};

TEST_MAIN(tests)
