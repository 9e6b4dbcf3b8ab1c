/* The boundary to JavaScript, called natively: handles, slices, answers, and what it refuses. */
#include "wasm_api.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/picture.h"
#include "support/shared.h"
#include "support/test.h"

/* ---- a small network: Conv, BatchNormalization, Relu, GlobalAveragePool, Flatten ---- */

typedef struct Bytes {
    uint8_t data[4096];
    size_t size;
} Bytes;

static void put_varint(Bytes *to, uint64_t value)
{
    for (; value > 127; value >>= 7) to->data[to->size++] = (uint8_t)(value | 128);
    to->data[to->size++] = (uint8_t)value;
}

static void put_number(Bytes *to, unsigned field, uint64_t value)
{
    put_varint(to, field << 3);
    put_varint(to, value);
}

static void put_bytes(Bytes *to, unsigned field, const void *data, size_t size)
{
    put_varint(to, field << 3 | 2);
    put_varint(to, size);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void put_text(Bytes *to, unsigned field, const char *text)
{
    put_bytes(to, field, text, strlen(text));
}

static void put_node(Bytes *graph, const char *op, const char *name, const char *const *in,
                     int in_count, const char *out)
{
    Bytes node = {.size = 0};
    for (int i = 0; i < in_count; i++) put_text(&node, 1, in[i]);
    put_text(&node, 2, out);
    put_text(&node, 3, name);
    put_text(&node, 4, op);
    put_bytes(graph, 1, node.data, node.size);
}

static void put_weights(Bytes *graph, const char *name, const float *values, int rank,
                        const int *dims)
{
    Bytes tensor = {.size = 0};
    size_t count = 1;
    for (int i = 0; i < rank; i++) {
        put_number(&tensor, 1, (uint64_t)dims[i]);
        count *= (size_t)dims[i];
    }
    put_number(&tensor, 2, 1); /* float */
    put_text(&tensor, 8, name);
    put_bytes(&tensor, 9, values, count * sizeof *values);
    put_bytes(graph, 5, tensor.data, tensor.size);
}

/* ValueInfoProto of a float tensor. */
static void put_edge(Bytes *graph, unsigned field, const char *name, int rank, const int *dims)
{
    Bytes shape = {.size = 0}, tensor = {.size = 0}, type = {.size = 0}, edge = {.size = 0};
    for (int i = 0; i < rank; i++) {
        Bytes dim = {.size = 0};
        put_number(&dim, 1, (uint64_t)dims[i]);
        put_bytes(&shape, 1, dim.data, dim.size);
    }
    put_number(&tensor, 1, 1);
    put_bytes(&tensor, 2, shape.data, shape.size);
    put_bytes(&type, 1, tensor.data, tensor.size);
    put_text(&edge, 1, name);
    put_bytes(&edge, 2, type.data, type.size);
    put_bytes(graph, field, edge.data, edge.size);
}

enum { SIDE = 8, CLASSES = 2 };

/* The convolution gives 2 r - 1 and g + b; the normalisation makes them (v - mean) / 2 + beta. */
static const float weights[] = {2, 0, 0, 0, 1, 1}, bias[] = {-1, 0}, gamma_[] = {1, 1},
                   beta[] = {0.5F, 0}, mean[] = {0, 1}, variance[] = {4, 4};

/* The operator `pool` comes after the activation; where it is none that exists, the answer is out of reach. */
static int network_with(const char *pool)
{
    static const int two[] = {2}, kernel[] = {2, 3, 1, 1};
    static const int input[] = {1, 3, SIDE, SIDE}, output[] = {1, CLASSES};
    Bytes *graph = calloc(1, sizeof *graph), *model = calloc(1, sizeof *model);
    if (!graph || !model) abort();
    put_node(graph, "Conv", "conv", (const char *const[]){"x", "w", "b"}, 3, "conv_out");
    put_node(graph, "BatchNormalization", "norm",
             (const char *const[]){"conv_out", "gamma", "beta", "mean", "variance"}, 5, "norm_out");
    put_node(graph, "Relu", "relu", (const char *const[]){"norm_out"}, 1, "relu_out");
    put_node(graph, pool, "pool", (const char *const[]){"relu_out"}, 1, "pool_out");
    put_node(graph, "Flatten", "flat", (const char *const[]){"pool_out"}, 1, "scores");
    put_text(graph, 2, "small");
    put_weights(graph, "w", weights, 4, kernel);
    put_weights(graph, "b", bias, 1, two);
    put_weights(graph, "gamma", gamma_, 1, two);
    put_weights(graph, "beta", beta, 1, two);
    put_weights(graph, "mean", mean, 1, two);
    put_weights(graph, "variance", variance, 1, two);
    put_edge(graph, 11, "x", 4, input);
    put_edge(graph, 12, "scores", 2, output);
    put_number(model, 1, 8);
    put_bytes(model, 7, graph->data, graph->size);
    Bytes opset = {.size = 0};
    put_number(&opset, 2, 13);
    put_bytes(model, 8, opset.data, opset.size);

    uint8_t *bytes = malloc(model->size);
    if (!bytes) abort();
    memcpy(bytes, model->data, model->size);
    const int handle = convo_network_open("small.onnx", bytes, model->size);
    free(graph);
    free(model);
    if (handle <= 0) test_fail(__FILE__, __LINE__, "open: %s", convo_error_message());
    static const char *const settings[][2] = {{"channels", "RGB"}, {"mean", "0,0,0"},
                                              {"std", "1,1,1"},    {"range", "1"},
                                              {"size", "8x8"},     {"labels", "dark\nlight"}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        CHECK(convo_network_set(handle, settings[i][0], settings[i][1]) == 0);
    return handle;
}

static int small_network(void)
{
    return network_with("GlobalAveragePool");
}

/* ---- reading answers ---- */

static bool says(const char *text)
{
    if (strstr(convo_text(), text)) return true;
    test_fail(__FILE__, __LINE__, "'%s' is not in %.300s", text, convo_text());
    return false;
}

/* The array that stands behind `data` in the answer, from the given member on. */
static const float *array_at(const char *member)
{
    const char *from = strstr(convo_text(), member);
    const char *data = from ? strstr(from, "\"data\":") : NULL;
    if (data) return (const float *)(uintptr_t)strtoull(data + 7, NULL, 10);
    test_fail(__FILE__, __LINE__, "%s has no array: %.300s", member, convo_text());
    static const float nothing[1];
    return nothing;
}

static void finish(int model)
{
    int code;
    while ((code = convo_advance(model, 0)) == 0) continue;
    if (code != 1) test_fail(__FILE__, __LINE__, "advance: %s", convo_error_message());
}

#define CHECK_REFUSED(call, word)                                                                  \
    do {                                                                                           \
        CHECK((call) < 0);                                                                         \
        if (!strstr(convo_error_message(), word))                                                  \
            test_fail(__FILE__, __LINE__, "'%s' is not in '%s'", word, convo_error_message());     \
    } while (0)

/* A picture whose left half is red and whose right half is white. */
static void look(int model)
{
    uint8_t rgba[SIDE * SIDE * 4];
    for (int i = 0; i < SIDE * SIDE; i++) {
        const uint8_t other = i % SIDE < SIDE / 2 ? 0 : 255;
        memcpy(rgba + 4 * i, (const uint8_t[]){255, other, other, 255}, 4);
    }
    CHECK(convo_look_picture(model, SIDE, SIDE, rgba) == 0);
    finish(model);
}

/* ---- tests ---- */

static void starts(void)
{
    CHECK(convo_start(2) >= 1);
    if (convo_self_test() != 0) test_fail(__FILE__, __LINE__, "%s", convo_error_message());
    CHECK(convo_techniques() == 0 && says("\"id\":\"occlusion\""));
    CHECK(convo_colormaps() == 0 && says("\"viridis\":"));
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
    const int model = small_network();
    CHECK(convo_network_close(model) == 0);
    CHECK_REFUSED(convo_scores(model, 1), "not open");
    const int next = small_network();
    CHECK(next > model);
    convo_network_close(next);
}

static void has_no_files_beside_it(void)
{
    const int model = small_network();
    CHECK(convo_network_missing(model) == 0);
    CHECK_TEXT(convo_text(), "null");
    CHECK_REFUSED(convo_network_attach(model, "w.bin", calloc(1, 8), 8), "w.bin");
    CHECK_REFUSED(convo_network_attach(99, "w.bin", calloc(1, 8), 8), "99");
    CHECK_REFUSED(convo_network_missing(99), "99");
    convo_network_close(model);
}

static void describes_and_looks(void)
{
    const int model = small_network();
    CHECK(convo_network_describe(model) == 0 && says("\"name\":\"relu\""));
    CHECK_REFUSED(convo_scores(model, 1), "look");
    CHECK_REFUSED(convo_activation(model, "relu"), "look");
    look(model);
    CHECK(convo_scores(model, 5) == 0 && says("\"label\":\"dark\""));
    /* Red everywhere is 1, so class 0 is (2 - 1) / 2 + 0.5 = 1; class 1 is 0 left, (2 - 1) / 2 right. */
    CHECK(says("{\"index\":0,\"label\":\"dark\",\"probability\":"));
    CHECK(convo_output(model) == 0);
    const float *scores = array_at("shape");
    CHECK_NEAR(scores[0], 1.0, 1e-6);
    CHECK_NEAR(scores[1], 0.25, 1e-6);
    CHECK(convo_scores(model, 1) == 0);
    const float *rgb = array_at("\"input\":");
    CHECK_NEAR(rgb[0], 1.0, 1e-6);
    CHECK_NEAR(rgb[SIDE * SIDE], 0.0, 1e-6);
    CHECK_NEAR(rgb[SIDE * SIDE + SIDE - 1], 1.0, 1e-6);
    convo_network_close(model);
}

static void reaches_a_folded_layer(void)
{
    const int model = small_network();
    look(model);
    int code = convo_activation(model, "conv_out");
    if (code < 0) test_fail(__FILE__, __LINE__, "%s", convo_error_message());
    if (code == 1) {
        finish(model);
        code = convo_activation(model, "conv_out");
    }
    CHECK(code == 0);
    const float *maps = array_at("shape");
    CHECK_NEAR(maps[0], 1.0, 1e-6);
    CHECK_NEAR(maps[SIDE * SIDE], 0.0, 1e-6);
    CHECK_NEAR(maps[SIDE * SIDE + SIDE - 1], 2.0, 1e-6);
    CHECK(convo_output(model) == 0);
    CHECK_NEAR(array_at("shape")[1], 0.25, 1e-6);
    /* What is refused leaves what was seen. */
    CHECK_REFUSED(convo_activation(model, "nowhere"), "nowhere");
    CHECK_REFUSED(convo_look_tensor(model, 0, 0, maps, 3), "3");
    CHECK(convo_activation(model, "relu") == 0 && says("\"nonfinite\":0"));
    CHECK(convo_weights(model, "conv") == 0);
    CHECK_NEAR(array_at("shape")[0], weights[0], 1e-6);
    CHECK(convo_weights(model, "relu") == 0 && says("null"));
    convo_network_close(model);
}

static void draws_the_liveliest_map(void)
{
    const int model = small_network();
    look(model);
    CHECK(convo_thumbnails(model) == 0 && says("\"name\":\"relu\",\"width\":8,\"height\":8"));
    /* Channel 0 is the same everywhere; channel 1 is 0 left and 0.5 right. */
    const float *map = array_at("\"name\":\"relu\"");
    CHECK_NEAR(map[0], 0.0, 1e-6);
    CHECK_NEAR(map[SIDE - 1], 0.5, 1e-6);
    CHECK(!strstr(convo_text(), "\"name\":\"pool\""));
    convo_network_close(model);
}

static void derives(void)
{
    const int model = small_network();
    float input[3 * SIDE * SIDE];
    for (int i = 0; i < 3 * SIDE * SIDE; i++) input[i] = 1;
    CHECK_REFUSED(convo_gradient_result(model), "gradient");
    CHECK_REFUSED(convo_gradient(model, 0, 0, input, 5, "class:0", "exact"), "5");
    CHECK_REFUSED(convo_gradient(model, 0, 0, input, 3 * SIDE * SIDE, "class:0", "wild"), "wild");
    CHECK(convo_gradient(model, 0, 0, input, 3 * SIDE * SIDE, "class:0", "exact") == 0);
    finish(model);
    CHECK(convo_gradient_result(model) == 0);
    /* d(mean of (2 r - 1) / 2 + 0.5) / dr = 1 / 64. */
    CHECK_NEAR(array_at("shape")[0], 1.0 / (SIDE * SIDE), 1e-7);
    CHECK_NEAR(array_at("shape")[SIDE * SIDE], 0.0, 1e-7);
    /* Twice, through the convolution before its normalisation, which has to be kept apart. */
    for (int i = 0; i < 2; i++) {
        CHECK(convo_gradient(model, 0, 0, input, 3 * SIDE * SIDE, "neuron:conv_out:0:2:3",
                             "exact") == 0);
        finish(model);
        CHECK(convo_gradient_result(model) == 0 && says("\"value\":1"));
        CHECK_NEAR(array_at("shape")[2 * SIDE + 3], 2.0, 1e-6);
        CHECK_NEAR(array_at("shape")[2 * SIDE + 4], 0.0, 1e-6);
    }
    CHECK_REFUSED(convo_profile(model, 0, 0, 0), "0");
    CHECK(convo_profile(model, 0, 0, 2) == 0 && says("\"op\":\"Conv\""));
    CHECK(convo_gradient(model, 0, 0, input, 3 * SIDE * SIDE, "class:9", "exact") == 0);
    int code;
    while ((code = convo_advance(model, 1)) == 0) continue;
    CHECK_REFUSED(code, "9");
    CHECK(convo_look_tensor(model, 0, 0, input, 3 * SIDE * SIDE) == 0);
    finish(model);
    CHECK(convo_scores(model, 1) == 0 && says("\"input\":null"));
    convo_network_close(model);
}

static void changes_the_size(void)
{
    const int model = small_network();
    look(model);
    CHECK(convo_network_set(model, "size", "16x12") == 0);
    CHECK_REFUSED(convo_scores(model, 1), "look");
    CHECK_REFUSED(convo_network_set(model, "size", "huge"), "size");
    look(model);
    CHECK(convo_scores(model, 1) == 0 && says("[3,16,12]"));
    convo_network_close(model);
}

static void runs_a_technique(void)
{
    const int model = small_network();
    uint8_t rgba[SIDE * SIDE * 4];
    memset(rgba, 200, sizeof rgba);
    CHECK_REFUSED(convo_run_create(model, "alchemy"), "alchemy");
    const int run = convo_run_create(model, "gradient");
    CHECK(run > 0);
    CHECK_REFUSED(convo_run_set(run, "target", ""), "target");
    CHECK_REFUSED(convo_run_set(run, "sorcery", "1"), "sorcery");
    CHECK(convo_run_set(run, "target", "class:0") == 0);
    CHECK(convo_run_picture(run, 0, SIDE, SIDE, rgba) == 0);
    if (convo_run_begin(run) != 0) test_fail(__FILE__, __LINE__, "%s", convo_error_message());
    int code;
    while ((code = convo_run_advance(run, 0)) == 0) CHECK(convo_run_progress(run) <= 1);
    if (code != 1) test_fail(__FILE__, __LINE__, "%s", convo_error_message());
    CHECK(convo_run_version(run) >= 0);
    CHECK(convo_run_result(run) == 0 && says("\"kind\":\"map\""));
    CHECK(says("\"low\":"));
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
    CHECK(convo_network_describe(model) == 0 && says("\"BGR\""));
    uint8_t *png = shared_read("reference/squeezenet_zebra/input.png", &size);
    Picture picture;
    CHECK_OK(picture_decode(&picture, png, size, "input.png"));
    CHECK(convo_look_picture(model, picture.width, picture.height, picture.rgba) == 0);
    finish(model);
    CHECK(convo_scores(model, 1) == 0 && says("\"index\":340"));
    Tensor logits;
    if (shared_npy("reference/squeezenet_zebra/logits.npy", &logits)) {
        CHECK(convo_output(model) == 0);
        const double error =
            relative_error(array_at("shape"), logits.data, shape_elements(&logits.shape));
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
    const int model = network_with("Wobble");
    CHECK(convo_network_describe(model) == 0);
    says("\"unsupported\":[{\"op\":\"Wobble\",\"node\":\"pool\"");
    says("\"opset\":13");
    says("\"error\":\"node 'pool' needs the operator Wobble");
    says("\"name\":\"relu\"");
    CHECK(!strstr(convo_text(), "\"name\":\"flat\""));
    look(model);
    CHECK(convo_scores(model, 2) == 0 && says("\"classes\":[]") && says("\"input\":{"));
    CHECK(convo_activation(model, "relu") == 0);
    CHECK_NEAR(array_at("relu")[0], 1, 1e-4); /* ((2 - 1) - 0) / 2 + 0.5 */
    CHECK(convo_activation(model, "conv") == 1);
    finish(model);
    CHECK(convo_activation(model, "conv") == 0);
    CHECK_NEAR(array_at("conv")[0], 1, 1e-4);
    CHECK(convo_thumbnails(model) == 0 && says("\"relu\""));
    CHECK_REFUSED(convo_output(model), "output cannot be computed: node 'pool' needs");

    static const float input[3 * SIDE * SIDE];
    const size_t count = sizeof input / sizeof *input;
    CHECK(convo_gradient(model, 0, 0, input, count, "channel:relu:0", "exact") == 0);
    finish(model);
    CHECK(convo_gradient_result(model) == 0);
    CHECK(convo_gradient(model, 0, 0, input, count, "class:top", "exact") == 0);
    CHECK_REFUSED(convo_advance(model, 1), "class scores cannot be computed: node 'pool' needs");

    const uint8_t rgba[SIDE * SIDE * 4] = {255, 0, 0, 255};
    static const char *const targets[] = {"channel:relu:0", "class:top"};
    for (int i = 0; i < 2; i++) {
        const int run = convo_run_create(model, "gradient");
        CHECK(convo_run_set(run, "target", targets[i]) == 0);
        CHECK(convo_run_picture(run, 0, SIDE, SIDE, rgba) == 0);
        if (i == 0)
            CHECK(finish_run(run) == 0);
        else
            CHECK_REFUSED(finish_run(run), "class scores cannot be computed: node 'pool'");
        convo_run_close(run);
    }
    convo_network_close(model);
}

/* ---- features ---- */

enum { PICTURES = 5, WORDS = 3 + CLASSES }; /* of a record: a hash, a class, the mean of each map */

/* A run of principal components of PICTURES pictures, from number `from` on; begun. */
static int components_begun(int model, int from)
{
    const int run = convo_run_create(model, "pca");
    CHECK(convo_run_set(run, "layer", "relu") == 0);
    for (int n = 0; n < PICTURES; n++) {
        uint8_t rgba[SIDE * SIDE * 4];
        for (int i = 0; i < SIDE * SIDE * 4; i++)
            rgba[i] = i % 4 == 3 ? 255 : (uint8_t)((n + from) * 31 + i * (n + from + 3));
        CHECK(convo_run_picture(run, n, SIDE, SIDE, rgba) == 0);
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
    CHECK(convo_run_result(run) == 0 && says(fact));
    memcpy(points, array_at("\"points\""), 2 * PICTURES * sizeof *points);
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
    if (count) memcpy(records, array_at("shape"), (size_t)count * WORDS * sizeof *records);
    return count;
}

static void hands_features_out_and_takes_them_back(void)
{
    static char name[1024];
    static uint32_t records[(PICTURES + 1) * WORDS], again[(PICTURES + 1) * WORDS];
    float first[2 * PICTURES], second[2 * PICTURES];
    const int model = small_network();
    CHECK(convo_features(model) == 0);
    CHECK_TEXT(convo_text(), "[]");
    const int run = components_begun(model, 0);
    CHECK(newest_table(model, name, sizeof name, records) == 0);
    components_ended(run, PICTURES, first);
    CHECK(newest_table(model, name, sizeof name, records) == PICTURES);
    CHECK(strncmp(name, "relu_out mean ", 14) == 0 && records[2] < CLASSES);
    components_ended(components_begun(model, 0), 0, second);
    CHECK(memcmp(first, second, sizeof first) == 0);
    convo_network_close(model);

    /* Another day, in two pieces that share a record; then with a picture that is not among them. */
    const int later = small_network(), restored = components_begun(later, 0);
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
    const int other = small_network(), doubted = components_begun(other, 0);
    records[2] = CLASSES;
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
    TEST(starts),
    TEST(refuses_handles_and_files_that_are_not),
    TEST(has_no_files_beside_it),
    TEST(describes_and_looks),
    TEST(reaches_a_folded_layer),
    TEST(draws_the_liveliest_map),
    TEST(derives),
    TEST(changes_the_size),
    TEST(runs_a_technique),
    TEST(shows_what_can_run),
    TEST(hands_features_out_and_takes_them_back),
    TEST(sees_the_zebra),
};

TEST_MAIN(tests)
