/* Fast style on a network that is made up here: it halves the picture, 2 x 2 pixels to their mean, and doubles it
 * again. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/onnx_writer.h"
#include "support/shared.h"
#include "support/test.h"
#include "support/zebra.h"

enum { SIDE = 71 };

static void convolution(Text *graph, const char *op, const char *name, const char *in,
                        const char *out)
{
    Text attrs = {0};
    write_ints(&attrs, "kernel_shape", 2, (int64_t[]){2, 2});
    write_ints(&attrs, "strides", 2, (int64_t[]){2, 2});
    write_node(graph, op, name, in, out, &attrs);
}

/* scale: the value of a white pixel of the output. */
static bool mosaic_open(Zebra *zebra, float scale)
{
    float down[3 * 3 * 4] = {0}, up[3 * 3 * 4] = {0};
    for (int i = 0; i < 12; i++) {
        const int channel = i / 4;
        down[channel * 12 + channel * 4 + i % 4] = 0.25F;
        up[channel * 12 + channel * 4 + i % 4] = scale / 255;
    }
    Text graph = {0};
    *zebra = (Zebra){0};
    convolution(&graph, "Conv", "down", "data w1", "small");
    convolution(&graph, "ConvTranspose", "up", "small w2", "painted");
    write_tensor(&graph, "w1", ONNX_FLOAT, 4, (int64_t[]){3, 3, 2, 2}, down, sizeof down);
    write_tensor(&graph, "w2", ONNX_FLOAT, 4, (int64_t[]){3, 3, 2, 2}, up, sizeof up);
    write_input(&graph, "data", 4, (int64_t[]){1, 3, -1, -1});
    write_output(&graph, "painted");
    const Text model = write_model(&graph, 13);
    CHECK_OK(network_open(&zebra->network, "mosaic.onnx", (uint8_t *)model.bytes, model.length));
    CHECK_OK(network_set(zebra->network, "range", "255"));
    CHECK_OK(network_set(zebra->network, "channels", "RGB"));
    CHECK_OK(network_set(zebra->network, "mean", "0,0,0"));
    CHECK_OK(network_set(zebra->network, "std", "1,1,1"));
    uint8_t rgba[SIDE * SIDE * 4];
    for (int i = 0; i < SIDE * SIDE; i++) {
        rgba[4 * i] = (uint8_t)(3 * (i % SIDE));
        rgba[4 * i + 1] = (uint8_t)(128 + 100 * sin(i));
        rgba[4 * i + 2] = (uint8_t)(2 * (i / SIDE));
        rgba[4 * i + 3] = 255;
    }
    CHECK_OK(picture_copy(&zebra->picture, SIDE, SIDE, rgba));
    return zebra->network && zebra->picture.rgba;
}

/* The mean of the block in which the pixel lies; the last row and column are mirrored. */
static double block_mean(const Picture *picture, int c, int y, int x)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        int row = y / 2 * 2 + i / 2, column = x / 2 * 2 + i % 2;
        if (row == SIDE) row = SIDE - 2;
        if (column == SIDE) column = SIDE - 2;
        sum += picture->rgba[4 * (row * SIDE + column) + c];
    }
    return sum / 4 / 255;
}

/* An odd size is filled up, and cut off again; what the numbers mean is found out. */
static void any_size_comes_back(void)
{
    static const struct {
        float scale;
        const char *range;
    } cases[] = {{255, "input"}, {1, "0 to 1"}};
    static const char *const params[] = {"size", "71", NULL};
    for (int k = 0; k < 2; k++) {
        Zebra mosaic;
        Result result;
        if (!mosaic_open(&mosaic, cases[k].scale)) return;
        Run *run = zebra_result(&mosaic, "style-fast", params, &result);
        if (run) {
            const ResultItem *image = item_named(&result, "image");
            CHECK(image->shape.dim[1] == SIDE && image->shape.dim[2] == SIDE);
            for (int i = 0; i < 3 * SIDE * SIDE; i++) {
                const int c = i / (SIDE * SIDE), y = i / SIDE % SIDE, x = i % SIDE;
                CHECK_NEAR(image->data[i], block_mean(&mosaic.picture, c, y, x), 1e-5);
            }
            CHECK_TEXT(fact_named(&result, "range")->text, cases[k].range);
            CHECK_NEAR(fact_named(&result, "added-right")->value, 1, 0);
        }
        run_destroy(run);
        zebra_close(&mosaic);
    }
}

static void the_range_can_be_told(void)
{
    static const char *const params[] = {"size", "71", "range", "-1 to 1", NULL};
    Zebra mosaic;
    Result result;
    if (!mosaic_open(&mosaic, 1)) return;
    Run *run = zebra_result(&mosaic, "style-fast", params, &result);
    if (run) {
        const double mean = block_mean(&mosaic.picture, 1, 20, 30);
        const ResultItem *image = item_named(&result, "image");
        CHECK_NEAR(image->data[SIDE * SIDE + 20 * SIDE + 30], (mean + 1) / 2, 1e-5);
    }
    run_destroy(run);
    zebra_close(&mosaic);
}

static void classes_are_no_picture(void)
{
    Zebra tiny;
    Run *run = NULL;
    if (!tiny_open(&tiny)) return;
    CHECK_OK(run_create(&run, technique_find("style-fast"), tiny.network));
    CHECK_OK(run_set_picture(run, 0, &tiny.picture));
    CHECK_FAILS(run_begin(run), "gives classes");
    run_destroy(run);
    zebra_close(&tiny);
}

/* A trained network: the same as running it by hand, at a size that it has to be filled up for. */
static void a_trained_network_paints(void)
{
    static const char *const params[] = {"size", "72", NULL};
    size_t size;
    uint8_t *bytes = shared_read("data/models/style_wave.onnx", &size);
    Zebra wave;
    Result result;
    if (!bytes || !mosaic_open(&wave, 1)) return;
    network_close(wave.network);
    CHECK_OK(network_open(&wave.network, "style_wave.onnx", bytes, size));
    Graph *graph = NULL;
    CHECK_OK(network_build(wave.network, &(GraphRequest){.height = 72, .width = 72}, &graph));
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    CHECK_OK(preprocess_apply_whole(network_preprocess(wave.network), &wave.picture, 72, 72,
                                    graph_input(graph, 0)->data));
    graph_forward(graph);
    Run *run = zebra_result(&wave, "style-fast", params, &result);
    if (run) {
        const float *image = item_named(&result, "image")->data,
                    *out = graph_output(graph, 0)->data;
        for (int i = 0; i < 3 * 72 * 72; i++)
            CHECK_NEAR(image[i], fmin(fmax((double)out[i] / 255, 0), 1), 1e-5);
        const TensorStats stats = tensor_stats(image, 3 * 72 * 72);
        CHECK(stats.deviation > 0.05F);
    }
    run_destroy(run);
    graph_destroy(graph);
    zebra_close(&wave);
}

static const Test tests[] = {
    TEST(any_size_comes_back),
    TEST(the_range_can_be_told),
    TEST(classes_are_no_picture),
    TEST(a_trained_network_paints),
};
TEST_MAIN(tests)
