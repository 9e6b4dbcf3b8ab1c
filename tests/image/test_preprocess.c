/* From pictures to inputs and back: exactness, cutting, transparency, channel orders, and texts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "image/preprocess.h"
#include "support/test.h"

static Preprocess make(const char *channels, const char *mean, const char *std, const char *range)
{
    Preprocess preprocess = {.source = "asked"};
    CHECK_OK(preprocess_set(&preprocess, "channels", channels));
    CHECK_OK(preprocess_set(&preprocess, "mean", mean));
    CHECK_OK(preprocess_set(&preprocess, "std", std));
    CHECK_OK(preprocess_set(&preprocess, "range", range));
    return preprocess;
}

/* Every pixel different, opaque. */
static Picture noise(int width, int height)
{
    Picture picture = {.width = width, .height = height};
    picture.rgba = malloc((size_t)(width * height * 4));
    Random random = random_seeded(11);
    for (int i = 0; i < width * height * 4; i++) {
        picture.rgba[i] = i % 4 == 3 ? 255 : (uint8_t)random_below(&random, 256);
    }
    return picture;
}

static void same_size_is_exact(void)
{
    enum { W = 9, H = 5 };
    Picture picture = noise(W, H);
    Preprocess caffe = make("BGR", "104,117,123", "1", "255");
    float input[3 * W * H];
    CHECK_OK(preprocess_apply(&caffe, &picture, H, W, input));
    static const float mean[] = {104, 117, 123};
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < W * H; i++) {
            CHECK(input[c * W * H + i] == (float)picture.rgba[4 * i + 2 - c] - mean[c]);
        }
    }
    Preprocess torch = make("RGB", "0.485,0.456,0.406", "0.229,0.224,0.225", "1");
    CHECK_OK(preprocess_apply(&torch, &picture, H, W, input));
    float expected = ((float)picture.rgba[4 * 7 + 1] / 255 - 0.456F) / 0.224F;
    CHECK_NEAR(input[W * H + 7], expected, 1e-6);
    picture_release(&picture);
}

/* The value of red at [y,x] of the picture is found at [0,0] of the input. */
static void check_origin(ResizeMode mode, int width, int height, int size, int x, int y)
{
    Picture picture = noise(width, height);
    Preprocess preprocess = make("RGB", "0", "1", "255");
    preprocess.resize = mode;
    float *input = malloc((size_t)(3 * size * size) * sizeof *input);
    CHECK_OK(preprocess_apply(&preprocess, &picture, size, size, input));
    for (int c = 0; c < 3; c++) {
        for (int v = 0; v < size; v++) {
            for (int u = 0; u < size; u++) {
                int from = 4 * ((y + v) * width + x + u) + c;
                CHECK(input[(c * size + v) * size + u] == picture.rgba[from]);
            }
        }
    }
    free(input);
    picture_release(&picture);
}

static void cuts_the_middle(void)
{
    check_origin(RESIZE_SHORT, 256, 256, 227, 14, 14); /* 256 stay 256 for 227 and for 224 */
    check_origin(RESIZE_SHORT, 256, 256, 224, 16, 16);
    check_origin(RESIZE_SHORT, 300, 256, 224, 38, 16);
    check_origin(RESIZE_SHORT, 256, 400, 224, 16, 88);
    check_origin(RESIZE_SHORT, 342, 342, 299, 22, 22); /* 21.5, half to even */
    check_origin(RESIZE_SHORT, 224, 224, 224, 0, 0);   /* already the network's size */
    check_origin(RESIZE_NONE, 40, 30, 20, 10, 5);
    check_origin(RESIZE_STRETCH, 20, 20, 20, 0, 0);
}

/* A picture that is linear in x and y stays linear wherever it is scaled to, away from the border. */
static void check_linear(ResizeMode mode, int width, int height, int size, double scale_x,
                         double scale_y)
{
    Picture picture = noise(width, height);
    for (int i = 0; i < width * height; i++) {
        picture.rgba[4 * i] = (uint8_t)(i % width);
        picture.rgba[4 * i + 1] = (uint8_t)(i / width);
    }
    Preprocess preprocess = make("RGB", "0", "1", "255");
    preprocess.resize = mode;
    float *input = malloc((size_t)(3 * size * size) * sizeof *input);
    CHECK_OK(preprocess_apply(&preprocess, &picture, size, size, input));
    int middle = size / 2;
    const float *x = input + (size_t)middle * (size_t)size, *y = x + (size_t)size * (size_t)size;
    CHECK_NEAR(x[middle + 3] - x[middle - 3], 6 * scale_x, 0.02);
    CHECK_NEAR(y[middle + 3 * size] - y[middle - 3 * size], 6 * scale_y, 0.02);
    CHECK_NEAR(x[middle], width / 2.0 - 0.5, 2);
    CHECK_NEAR(y[middle], height / 2.0 - 0.5, 2);
    free(input);
    picture_release(&picture);
}

static void scales(void)
{
    check_linear(RESIZE_SHORT, 200, 100, 112, 100.0 / 128, 100.0 / 128);
    check_linear(RESIZE_SHORT, 100, 200, 28, 100.0 / 32, 100.0 / 32);
    check_linear(RESIZE_STRETCH, 200, 100, 50, 4, 2);
    check_linear(RESIZE_NONE, 20, 10, 40, 0.25,
                 0.25); /* smaller than the network: scaled up first */
    check_linear(RESIZE_NONE, 200, 100, 50, 1, 1);
}

static void whole_ignores_the_mode(void)
{
    Picture picture = noise(17, 31);
    Preprocess preprocess = make("RGB", "0", "1", "255");
    float whole[3 * 64], stretched[3 * 64];
    preprocess.resize = RESIZE_STRETCH;
    CHECK_OK(preprocess_apply(&preprocess, &picture, 8, 8, stretched));
    preprocess.resize = RESIZE_SHORT;
    CHECK_OK(preprocess_apply_whole(&preprocess, &picture, 8, 8, whole));
    CHECK(memcmp(whole, stretched, sizeof whole) == 0);
    picture_release(&picture);
}

/* Thin pictures of many pixels must neither overflow nor ask for much memory. */
static void extreme_aspect(void)
{
    enum { LONG = 3 * 1000 * 1000 };
    Preprocess preprocess = make("RGB", "0", "1", "255");
    float input[3 * 64];
    for (int i = 0; i < 2; i++) {
        Picture picture = {.width = i ? LONG : 1, .height = i ? 1 : LONG};
        picture.rgba = malloc((size_t)LONG * 4);
        memset(picture.rgba, 200, (size_t)LONG * 4);
        for (int mode = RESIZE_SHORT; mode <= RESIZE_NONE; mode++) {
            preprocess.resize = (ResizeMode)mode;
            CHECK_OK(preprocess_apply(&preprocess, &picture, 8, 8, input));
            double expected = (200.0 * 200 + 255.0 * 55) / 255;
            for (int k = 0; k < 3 * 64; k++) CHECK_NEAR(input[k], expected, 1e-2);
        }
        picture_release(&picture);
    }
}

static void transparent_stands_on_white(void)
{
    uint8_t rgba[] = {10, 20, 30, 0, 10, 20, 30, 255, 100, 0, 200, 51};
    Picture picture = {.width = 3, .height = 1, .rgba = rgba};
    float input[12];
    Preprocess rgb = make("RGB", "0", "1", "255");
    CHECK_OK(preprocess_apply(&rgb, &picture, 1, 3, input));
    static const double expected[] = {255, 10, 224, 255, 20, 204, 255, 30, 244};
    for (int i = 0; i < 9; i++) CHECK_NEAR(input[i], expected[i], 1e-4);
    Preprocess with_alpha = make("RGBA", "0", "1", "255");
    CHECK_OK(preprocess_apply(&with_alpha, &picture, 1, 3, input));
    CHECK(input[0] == 10 && input[8] == 200 && input[9] == 0 && input[10] == 255);
}

static void grey_is_itself(void)
{
    Preprocess grey = make("gray", "0", "1", "255");
    CHECK(preprocess_channels(&grey) == 1);
    for (int level = 0; level < 256; level++) {
        uint8_t rgba[] = {(uint8_t)level, (uint8_t)level, (uint8_t)level, 255};
        Picture picture = {.width = 1, .height = 1, .rgba = rgba};
        float input = -1, rgb[3];
        CHECK_OK(preprocess_apply(&grey, &picture, 1, 1, &input));
        CHECK(input == (float)level);
        preprocess_invert(&grey, &input, 1, 1, rgb);
        CHECK(rgb[0] == rgb[1] && rgb[1] == rgb[2]);
    }
}

static void inverts(void)
{
    enum { N = 6 * 4 };
    static const char *const orders[] = {"RGB", "BGR"};
    Picture picture = noise(6, 4);
    for (int k = 0; k < 2; k++) {
        Preprocess preprocess = make(orders[k], "0.485,0.456,0.406", "0.229,0.224,0.225", "1");
        float input[3 * N], rgb[3 * N], reordered[3 * N];
        CHECK_OK(preprocess_apply(&preprocess, &picture, 4, 6, input));
        preprocess_invert(&preprocess, input, 4, 6, rgb);
        preprocess_reorder(&preprocess, input, 4, 6, reordered);
        for (int c = 0; c < 3; c++) {
            int channel = k ? 2 - c : c;
            for (int i = 0; i < N; i++) {
                CHECK_NEAR(rgb[c * N + i], picture.rgba[4 * i + c] / 255.0, 1e-6);
                CHECK(reordered[c * N + i] == input[channel * N + i]);
            }
        }
        float black, white, level;
        preprocess_bounds(&preprocess, 1, &black, &white, &level);
        CHECK_NEAR(black, -0.456 / 0.224, 1e-6);
        CHECK_NEAR(white, (1 - 0.456) / 0.224, 1e-6);
        CHECK_NEAR(level, 1 / 255.0 / 0.224, 1e-6);
    }
    picture_release(&picture);
}

static void texts(void)
{
    Preprocess preprocess = make("BGR", "104,117,123", "1", "255");
    CHECK_OK(preprocess_set(&preprocess, "size", "227x300"));
    CHECK(preprocess.height == 227 && preprocess.width == 300);
    CHECK_OK(preprocess_set(&preprocess, "resize", "none"));
    Text text = {0};
    preprocess_json(&text, &preprocess);
    CHECK_TEXT(text.bytes, "{\"size\":\"227x300\",\"channels\":\"BGR\",\"mean\":\"104,117,123\","
                           "\"std\":\"1,1,1\",\"range\":\"255\",\"resize\":\"none\","
                           "\"source\":\"asked\"}");
    text_release(&text);
    CHECK_OK(preprocess_set(&preprocess, "std", "0.229,0.224,0.333333343"));
    preprocess_json(&text, &preprocess);
    CHECK(text.bytes && strstr(text.bytes, "\"0.229,0.224,0.33333334\""));
    text_release(&text);
    CHECK_OK(preprocess_set(&preprocess, "size", "96"));
    CHECK(preprocess.height == 96 && preprocess.width == 96);
    static const char *const wrong[][2] = {
        {"size", "0x5"},    {"size", "5x"},      {"size", "axb"},       {"size", "9999999x3"},
        {"size", "3x4x5"},  {"channels", "XYZ"}, {"mean", "1,,2"},      {"mean", "1,2"},
        {"mean", ""},       {"mean", "1,2,3,"},  {"mean", "1;2;3"},     {"std", "0,1,1"},
        {"std", "-1"},      {"range", "0"},      {"range", "white"},    {"mean", "nan"},
        {"resize", "crop"}, {"colour", "red"},   {"mean", "1,2,3,4,5"}, {"range", "inf"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Preprocess before = preprocess;
        CHECK_FAILS(preprocess_set(&preprocess, wrong[i][0], wrong[i][1]), wrong[i][0]);
        CHECK(memcmp(&before, &preprocess, sizeof before) == 0);
    }
}

static const Test tests[] = {
    TEST(same_size_is_exact),     TEST(cuts_the_middle), TEST(scales),
    TEST(whole_ignores_the_mode), TEST(extreme_aspect),  TEST(transparent_stands_on_white),
    TEST(grey_is_itself),         TEST(inverts),         TEST(texts),
};
TEST_MAIN(tests)
