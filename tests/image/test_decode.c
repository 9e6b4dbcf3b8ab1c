/* Pictures from files: what is read is what was written; what is wrong is named and never crashes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "image/picture.h"
#include "support/test.h"

enum { FILE_BYTES = 1 << 16 };

typedef struct File {
    uint8_t bytes[FILE_BYTES];
    size_t size;
} File;

static void put(File *file, const void *bytes, size_t size)
{
    if (file->size + size > FILE_BYTES) {
        test_fail(__FILE__, __LINE__, "the test's file is full");
        return;
    }
    if (size > 0) memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
}

static void put32(File *file, uint32_t value)
{
    uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                       (uint8_t)value};
    put(file, bytes, 4);
}

static void put_chunk(File *file, const char *type, const uint8_t *bytes, size_t size)
{
    put32(file, (uint32_t)size);
    size_t start = file->size;
    put(file, type, 4);
    put(file, bytes, size);
    uint32_t crc = ~0U;
    for (size_t i = start; i < file->size; i++) {
        crc ^= file->bytes[i];
        for (int k = 0; k < 8; k++) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320U : crc >> 1;
    }
    put32(file, ~crc);
}

typedef struct Png {
    uint32_t width, height;
    uint8_t depth, type; /* 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA */
    const uint8_t *rows; /* each begins with its filter byte */
    size_t row_bytes;
} Png;

/* A PNG whose rows are stored, not compressed. */
static void put_png(File *file, const Png *png)
{
    *file = (File){0};
    put(file, "\x89PNG\r\n\x1A\n", 8);
    uint8_t header[13] = {0};
    for (int i = 0; i < 4; i++) {
        header[i] = (uint8_t)(png->width >> (24 - 8 * i));
        header[4 + i] = (uint8_t)(png->height >> (24 - 8 * i));
    }
    header[8] = png->depth, header[9] = png->type;
    put_chunk(file, "IHDR", header, sizeof header);
    static const uint8_t palette[] = {255, 0, 0, 0, 255, 0, 0, 0, 255}, alphas[] = {255, 128, 0};
    if (png->type == 3) {
        put_chunk(file, "PLTE", palette, sizeof palette);
        put_chunk(file, "tRNS", alphas, sizeof alphas);
    }
    uint8_t data[1024] = {0x78, 0x01, 1};
    size_t size = png->row_bytes * (png->height < 8 ? png->height : 8);
    data[3] = (uint8_t)size, data[4] = (uint8_t)(size >> 8);
    data[5] = (uint8_t)~data[3], data[6] = (uint8_t)~data[4];
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < size; i++) {
        data[7 + i] = png->rows[i];
        a = (a + png->rows[i]) % 65521, b = (b + a) % 65521;
    }
    uint8_t sum[] = {(uint8_t)(b >> 8), (uint8_t)b, (uint8_t)(a >> 8), (uint8_t)a};
    memcpy(data + 7 + size, sum, 4);
    put_chunk(file, "IDAT", data, size + 11);
    put_chunk(file, "IEND", NULL, 0);
}

static void check_rgba(const File *file, int width, int height, const uint8_t *rgba)
{
    Picture picture;
    Status status = picture_decode(&picture, file->bytes, file->size, "x.png");
    CHECK_OK(status);
    if (status.code != STATUS_OK) return;
    CHECK(picture.width == width && picture.height == height);
    if (picture.width == width && picture.height == height) {
        for (int i = 0; i < width * height * 4; i++) {
            if (picture.rgba[i] != rgba[i]) {
                test_fail(__FILE__, __LINE__, "byte %d is %d, not %d", i, picture.rgba[i], rgba[i]);
            }
        }
    }
    picture_release(&picture);
}

static void every_kind_of_png(void)
{
    File *file = malloc(sizeof *file);
    static const uint8_t grey[] = {0, 0, 100, 0, 200, 255};
    put_png(file, &(Png){2, 2, 8, 0, grey, 3});
    check_rgba(
        file, 2, 2,
        (uint8_t[]){0, 0, 0, 255, 100, 100, 100, 255, 200, 200, 200, 255, 255, 255, 255, 255});
    static const uint8_t grey16[] = {0, 0x12, 0x34, 0xFF, 0xFF};
    put_png(file, &(Png){2, 1, 16, 0, grey16, 5});
    check_rgba(file, 2, 1, (uint8_t[]){0x12, 0x12, 0x12, 255, 255, 255, 255, 255});
    static const uint8_t grey_alpha[] = {0, 50, 0, 60, 128};
    put_png(file, &(Png){2, 1, 8, 4, grey_alpha, 5});
    check_rgba(file, 2, 1, (uint8_t[]){50, 50, 50, 0, 60, 60, 60, 128});
    static const uint8_t rgba[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    put_png(file, &(Png){2, 1, 8, 6, rgba, 9});
    check_rgba(file, 2, 1, (uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8});
    static const uint8_t palette[] = {0, 0, 1, 2};
    put_png(file, &(Png){3, 1, 8, 3, palette, 4});
    check_rgba(file, 3, 1, (uint8_t[]){255, 0, 0, 255, 0, 255, 0, 128, 0, 0, 255, 0});
    static const uint8_t bits[] = {0, 0xA0};
    put_png(file, &(Png){3, 1, 1, 0, bits, 2});
    check_rgba(file, 3, 1, (uint8_t[]){255, 255, 255, 255, 0, 0, 0, 255, 255, 255, 255, 255});
    free(file);
}

static void refuses_large_before_decoding(void)
{
    static const uint8_t rows[8] = {0};
    static const uint32_t sizes[][2] = {
        {20000, 20000}, {8001, 8000}, {64000001, 1}, {0xFFFFFFFF, 0xFFFFFFFF}, {1 << 30, 4}};
    File *file = malloc(sizeof *file);
    Picture picture;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        put_png(file, &(Png){sizes[i][0], sizes[i][1], 8, 2, rows, 1});
        CHECK_FAILS(picture_decode(&picture, file->bytes, file->size, "big.png"), "megapixels");
        CHECK(picture.rgba == NULL);
    }
    put_png(file, &(Png){20000, 20000, 8, 2, rows, 1});
    CHECK_FAILS(picture_decode(&picture, file->bytes, file->size, "big.png"), "20000 x 20000");
    put_png(file, &(Png){0, 7, 8, 2, rows, 1});
    CHECK_FAILS(picture_decode(&picture, file->bytes, file->size, "none.png"), "0 x 7");
    free(file);
}

static void names_what_is_no_picture(void)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *word;
    } cases[] = {
        {"", 0, "empty"},
        {"GIF89a......", 12, "GIF"},
        {"RIFF....WEBPVP8 ", 16, "WebP"},
        {"BM............", 14, "bitmap"},
        {"....ftypavif....", 16, "AVIF"},
        {"%PDF-1.4", 8, "PDF"},
        {"<!DOCTYPE html>", 15, "HTML"},
        {"version https://git-lfs", 23, "LFS"},
        {"\x93NUMPY\x01\x00", 8, "--input"},
        {"hello, world", 12, "a text"},
        {"\x08\x03\x12\x07onnx\x00", 9, "something else"},
        {"\x89PNG\r\n\x1A\n", 8, "within its header"},
        {"\xFF\xD8\xFF\xE0", 4, "without a frame header"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* Exactly as large as it says, so that a sanitizer sees a step outside. */
        uint8_t *bytes = malloc(cases[i].size ? cases[i].size : 1);
        memcpy(bytes, cases[i].bytes, cases[i].size);
        Picture picture;
        CHECK_FAILS(picture_decode(&picture, bytes, cases[i].size, "it"), cases[i].word);
        free(bytes);
    }
}

/* A JPEG file written by hand, 32 x 16, one flat block for each 8 x 8 pixels. Colours by quarter: red, green /
 * blue, white. */
static const uint8_t flat_jpeg[] = {
    /* start */
    0xFF,
    0xD8,
    /* quantisation: 8 everywhere */
    0xFF,
    0xDB,
    0x00,
    0x43,
    0x00,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    8,
    /* frame: 16 rows of 32, three channels */
    0xFF,
    0xC0,
    0x00,
    0x11,
    0x08,
    0x00,
    0x10,
    0x00,
    0x20,
    0x03,
    0x01,
    0x11,
    0x00,
    0x02,
    0x11,
    0x00,
    0x03,
    0x11,
    0x00,
    /* DC codes: nine of four bits */
    0xFF,
    0xC4,
    0x00,
    0x1C,
    0x00,
    0x00,
    0x00,
    0x00,
    0x09,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x01,
    0x02,
    0x03,
    0x04,
    0x05,
    0x06,
    0x07,
    0x08,
    /* AC codes: end of block alone */
    0xFF,
    0xC4,
    0x00,
    0x14,
    0x10,
    0x01,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    /* scan */
    0xFF,
    0xDA,
    0x00,
    0x0C,
    0x03,
    0x01,
    0x00,
    0x02,
    0x00,
    0x03,
    0x00,
    0x00,
    0x3F,
    0x00,
    0x62,
    0xCC,
    0xA1,
    0xFF,
    0x00,
    0x80,
    0x00,
    0x3C,
    0xA3,
    0x2C,
    0x81,
    0x50,
    0x00,
    0x07,
    0x0C,
    0x8D,
    0x33,
    0xD6,
    0x00,
    0x00,
    0x8E,
    0x23,
    0x80,
    0x2D,
    0x40,
    0x00,
    0x3F,
    /* end */
    0xFF,
    0xD9,
};

static void make_jpeg(File *file)
{
    *file = (File){0};
    put(file, flat_jpeg, sizeof flat_jpeg);
}

/* The same with an Exif segment after the start marker. */
static void add_orientation(File *to, const File *from, uint8_t orientation, bool little)
{
    static const uint8_t big[] = {0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,    'M', 'M',
                                  0,    42,   0, 0,  0,   8,   0,   1,   1, 0x12, 0,   3,
                                  0,    0,    0, 1,  0,   0,   0,   0,   0, 0,    0,   0};
    static const uint8_t small[] = {0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0,    0, 'I', 'I',
                                    42,   0,    8, 0,  0,   0,   1,   0,   0x12, 1, 3,   0,
                                    1,    0,    0, 0,  0,   0,   0,   0,   0,    0, 0,   0};
    uint8_t segment[sizeof big];
    memcpy(segment, little ? small : big, sizeof big);
    segment[little ? 28 : 29] = orientation;
    *to = (File){0};
    put(to, from->bytes, 2);
    put(to, segment, sizeof segment);
    put(to, from->bytes + 2, from->size - 2);
}

/* Which of red, green, blue, white a pixel is: 0 to 3. */
static int colour_at(const Picture *picture, int x, int y)
{
    const uint8_t *p = picture->rgba + 4 * (y * picture->width + x);
    int bits = (p[0] > 128) + 2 * (p[1] > 128) + 4 * (p[2] > 128);
    return bits == 1 ? 0 : bits == 2 ? 1 : bits == 4 ? 2 : bits == 7 ? 3 : -1;
}

static void turns_as_exif_says(void)
{
    /* Colours of the corners (left top, right top, left bottom, right bottom) by orientation. */
    static const int corners[9][4] = {{0},          {0, 1, 2, 3}, {1, 0, 3, 2},
                                      {3, 2, 1, 0}, {2, 3, 0, 1}, {0, 2, 1, 3},
                                      {2, 0, 3, 1}, {3, 1, 2, 0}, {1, 3, 0, 2}};
    File *plain = malloc(sizeof *plain), *turned = malloc(sizeof *turned);
    make_jpeg(plain);
    for (int orientation = 1; orientation <= 8; orientation++) {
        for (int little = 0; little < 2; little++) {
            add_orientation(turned, plain, (uint8_t)orientation, little);
            Picture picture;
            Status status = picture_decode(&picture, turned->bytes, turned->size, "x.jpg");
            CHECK_OK(status);
            if (status.code != STATUS_OK) continue;
            CHECK(picture.width == (orientation < 5 ? 32 : 16));
            for (int k = 0; k < 4; k++) {
                int x = k % 2 ? picture.width - 4 : 3, y = k / 2 ? picture.height - 4 : 3;
                CHECK_NEAR(colour_at(&picture, x, y), corners[orientation][k], 0);
            }
            picture_release(&picture);
        }
    }
    free(plain);
    free(turned);
}

/* The first `size` bytes in memory of exactly that size. */
static Status decode_exactly(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    Picture picture;
    Status status = picture_decode(&picture, copy, size, "x");
    CHECK((status.code == STATUS_OK) == (picture.rgba != NULL));
    picture_release(&picture);
    free(copy);
    return status;
}

static void truncated_at_every_byte(void)
{
    File *plain = malloc(sizeof *plain), *file = malloc(sizeof *file);
    make_jpeg(plain);
    add_orientation(file, plain, 6, true);
    CHECK_OK(decode_exactly(file->bytes, file->size));
    for (size_t size = 0; size < file->size; size++) {
        CHECK(decode_exactly(file->bytes, size).code != STATUS_OK);
    }
    static const uint8_t grey[] = {0, 0, 100, 0, 200, 255};
    put_png(file, &(Png){2, 2, 8, 0, grey, 3});
    size_t without_end = file->size - 12;
    for (size_t size = 0; size < without_end; size++) {
        CHECK(decode_exactly(file->bytes, size).code != STATUS_OK);
    }
    free(plain);
    free(file);
}

/* What the decoder would write or read past its arrays. */
static void refuses_bad_huffman_tables(void)
{
    File *file = malloc(sizeof *file);
    size_t tables[2], found = 0;
    for (size_t i = 0; i + 1 < sizeof flat_jpeg && found < 2; i++) {
        if (flat_jpeg[i] == 0xFF && flat_jpeg[i + 1] == 0xC4) tables[found++] = i;
    }
    CHECK(found == 2);
    make_jpeg(file);
    file->bytes[tables[0] + 15] = 255, file->bytes[tables[0] + 16] = 255; /* 519 symbols */
    CHECK_FAILS(decode_exactly(file->bytes, file->size), "damaged");
    for (int class = 0; class < 2; class ++) {
        make_jpeg(file);
        file->bytes[tables[class] + 4] |= 3; /* the scan uses table 0, which stays undefined */
        CHECK_FAILS(decode_exactly(file->bytes, file->size), "damaged");
    }
    free(file);
}

/* Must not crash; whether it decodes is the decoder's business. */
static void mutated(void)
{
    File *plain = malloc(sizeof *plain), *file = malloc(sizeof *file);
    make_jpeg(plain);
    add_orientation(file, plain, 8, false);
    Random random = random_seeded(2);
    for (int i = 0; i < 2000; i++) {
        *plain = *file;
        for (uint32_t k = 0; k < 1 + random_below(&random, 8); k++) {
            /* Four of five changes hit the headers. */
            uint32_t reach = random_below(&random, 5) ? 200 : (uint32_t)plain->size;
            plain->bytes[random_below(&random, reach)] = (uint8_t)random_bits(&random);
        }
        decode_exactly(plain->bytes, plain->size);
    }
    free(plain);
    free(file);
}

static void png_round_trip(void)
{
    enum { W = 7, H = 5, N = W * H };
    float rgb[3 * N];
    uint8_t expected[4 * N];
    for (int i = 0; i < N; i++) {
        for (int c = 0; c < 3; c++) {
            expected[4 * i + c] = (uint8_t)(i * 7 + c * 3);
            rgb[c * N + i] = (float)expected[4 * i + c] / 255;
        }
        expected[4 * i + 3] = 255;
    }
    rgb[0] = -3, expected[0] = 0;
    rgb[1] = 7, expected[4] = 255;
    rgb[2] = NAN, expected[8] = 0;
    char path[] = "/tmp/convoscope_test_XXXXXX";
    int handle = mkstemp(path);
    CHECK(handle >= 0);
    close(handle);
    CHECK_OK(picture_write_png(path, rgb, 3, H, W));
    File *file = malloc(sizeof *file);
    FILE *stream = fopen(path, "rb");
    file->size = stream ? fread(file->bytes, 1, FILE_BYTES, stream) : 0;
    if (stream) fclose(stream);
    check_rgba(file, W, H, expected);
    free(file);
    remove(path);
    CHECK_FAILS(picture_write_png("/tmp/no-such-folder/x.png", rgb, 3, H, W), "no-such-folder");
    CHECK_FAILS(picture_write_png("/tmp", rgb, 3, H, W), "/tmp");
    CHECK_FAILS(picture_write_png("x.png", rgb, 3, 0, W), "0");
    CHECK_OK(picture_write_png("/dev/null", rgb, 3, H, W)); /* a device stays a device */
    struct stat info;
    CHECK(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
}

static const Test tests[] = {
    TEST(every_kind_of_png),
    TEST(refuses_large_before_decoding),
    TEST(names_what_is_no_picture),
    TEST(turns_as_exif_says),
    TEST(truncated_at_every_byte),
    TEST(refuses_bad_huffman_tables),
    TEST(mutated),
    TEST(png_round_trip),
};
TEST_MAIN(tests)
