/* Readers of pictures: folders per class, contact sheets, a picture per class; and drawn digits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/picture.h"
#include "support/shared.h"
#include "support/test.h"
#include "train/dataset.h"
#include "train/dataset_files.h"
#include "train/digits.h"

static char root[64];

static void make_folder(const char *name, char path[256])
{
    snprintf(path, 256, "%s/%s", root, name);
    mkdir(path, 0777);
}

/* A picture of one colour with a white column of pixels in the middle. */
static void make_picture(const char *folder, const char *name, int width, int height, float red)
{
    char path[512];
    float *rgb = calloc(3 * (size_t)width * (size_t)height, sizeof *rgb);
    for (int i = 0; i < width * height; i++) {
        const int middle = i % width == width / 2;
        rgb[i] = middle ? 1 : red;
        rgb[width * height + i] = rgb[2 * width * height + i] = (float)middle;
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_OK(picture_write_png(path, rgb, 3, height, width));
    free(rgb);
}

static void remove_all(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    if (system(command) != 0) test_fail(__FILE__, __LINE__, "cannot remove %s", root);
}

static void set_up(void)
{
    snprintf(root, sizeof root, "/tmp/convoscope-dataset-%ld", (long)getpid());
    mkdir(root, 0777);
}

static void reads_a_folder_per_class(void)
{
    char a[256], b[256], hidden[256];
    set_up();
    make_folder("beta", b);
    make_folder("alpha", a);
    make_folder(".hidden", hidden);
    make_picture(a, "2.png", 8, 8, 0.25F);
    make_picture(a, "1.png", 20, 10, 0.5F);
    make_picture(b, "x.PNG", 5, 16, 1);
    Dataset data;
    CHECK_OK(dataset_read(&data, root, &(DatasetRequest){.size = 8, .channels = 3}));
    CHECK(data.count == 3 && data.classes == 2);
    CHECK_TEXT(data.name[0], "alpha");
    CHECK(data.label[0] == 0 && data.label[1] == 0 && data.label[2] == 1);
    CHECK(dataset_pixels(&data, 0)[0] == 128 && dataset_pixels(&data, 1)[0] == 64);
    /* The middle of the wide one is kept: its white column is in the middle of the square too. */
    const uint8_t *green = dataset_pixels(&data, 0) + 64;
    CHECK(green[4] > 100 && green[0] == 0 && green[7] == 0);
    dataset_release(&data);

    CHECK_OK(dataset_read(&data, root,
                          &(DatasetRequest){.size = 4, .channels = 1, .classes = "beta,alpha"}));
    CHECK(data.label[0] == 0 && data.count == 3);
    CHECK_TEXT(data.name[0], "beta");
    dataset_release(&data);
    CHECK_FAILS(dataset_read(&data, root,
                             &(DatasetRequest){.size = 4, .channels = 3, .classes = "beta,gamma"}),
                "no class 'gamma'");
    CHECK_FAILS(
        dataset_read(&data, root, &(DatasetRequest){.size = 4, .channels = 3, .classes = "beta"}),
        "single class");
    remove_all();
    CHECK_FAILS(dataset_read(&data, root, &(DatasetRequest){.size = 4, .channels = 3}), root);
}

static void refuses_bad_folders(void)
{
    char a[256], b[256], path[512];
    Dataset data;
    set_up();
    CHECK_FAILS(dataset_read(&data, root, &(DatasetRequest){.size = 8, .channels = 3}), "neither");
    make_folder("a", a);
    make_folder("b", b);
    make_picture(a, "1.png", 8, 8, 1);
    CHECK_FAILS(dataset_read(&data, root, &(DatasetRequest){.size = 8, .channels = 3}),
                "no JPEG or PNG");
    snprintf(path, sizeof path, "%s/broken.jpg", b);
    FILE *file = fopen(path, "wb");
    fputs("no picture", file);
    fclose(file);
    CHECK_FAILS(dataset_read(&data, root, &(DatasetRequest){.size = 8, .channels = 3}),
                "broken.jpg");
    remove_all();
}

/* Tiles against the sheet itself, decoded whole. */
static void reads_contact_sheets(void)
{
    const char *shared = shared_folder();
    if (!shared) return;
    char folder[512], path[600];
    snprintf(folder, sizeof folder, "%s/data/tiny-imagenet/val", shared);
    snprintf(path, sizeof path, "data/tiny-imagenet/val/n02129165.jpg");
    Dataset data;
    const DatasetRequest request = {.size = 64, .channels = 3, .classes = "goldfish,n02129165"};
    CHECK_OK(dataset_read(&data, folder, &request));
    CHECK(data.count == 100 && data.label[49] == 0 && data.label[50] == 1);
    CHECK_TEXT(data.name[1], "lion");
    size_t size;
    Picture sheet;
    uint8_t *bytes = shared_read(path, &size);
    CHECK_OK(picture_decode(&sheet, bytes, size, path));
    CHECK(sheet.width == 640 && sheet.height == 320);
    for (int picture = 0; picture < 50; picture++) {
        const uint8_t *pixels = dataset_pixels(&data, 50 + (size_t)picture);
        for (int i = 0; i < 3 * 64 * 64; i += 97) {
            const int c = i / 4096, y = picture / 10 * 64 + i / 64 % 64,
                      x = picture % 10 * 64 + i % 64;
            CHECK(pixels[i] == sheet.rgba[(y * 640 + x) * 4 + c]);
        }
    }
    picture_release(&sheet);
    free(bytes);
    dataset_release(&data);
}

/* Without a table every file is a class of its own. */
static void counts_a_picture_per_class(void)
{
    const char *shared = shared_folder();
    if (!shared) return;
    char folder[512];
    snprintf(folder, sizeof folder, "%s/data/photos", shared);
    ClassFiles files;
    size_t count;
    CHECK_OK(class_files_list(&files, folder, NULL));
    CHECK_OK(class_files_count(&files, &count));
    CHECK(files.class_count == 1000 && count == 1000 && files.file[999].class == 999);
    class_files_release(&files);
}

static void draws_digits(void)
{
    static const char fonts[] = "/usr/share/fonts/truetype/dejavu";
    Dataset data, again;
    const DigitsRequest request = {.size = 28, .count = 200, .seed = 5};
    const Status status = digits_draw(&data, fonts, &request);
    if (status.code != STATUS_OK) {
        test_skip("no fonts in %s", fonts);
        return;
    }
    CHECK(data.count == 200 && data.classes == 10 && data.channels == 1);
    CHECK_OK(digits_draw(&again, fonts, &request));
    CHECK(memcmp(data.pixels, again.pixels, 200 * 28 * 28) == 0);
    dataset_release(&again);
    CHECK_OK(digits_draw(&again, fonts,
                         &(DigitsRequest){.size = 28, .count = 200, .seed = 5, .held_out = true}));
    CHECK(memcmp(data.pixels, again.pixels, 200 * 28 * 28) != 0);
    int bright = 0;
    for (size_t i = 0; i < 200; i++) {
        const uint8_t *pixels = dataset_pixels(&data, i);
        int border = 0, ink = 0;
        CHECK(data.label[i] == i % 10);
        for (int k = 0; k < 28; k++) border += pixels[k] + pixels[27 * 28 + k];
        bright += border / 56 > 128;
        for (int k = 0; k < 28 * 28; k++) ink += abs(pixels[k] - border / 56) > 60;
        /* Something is drawn, and it is not everywhere. */
        CHECK(ink > 15 && ink < 400);
    }
    CHECK(bright > 60 && bright < 140);
    dataset_release(&again);
    dataset_release(&data);
    CHECK_FAILS(digits_draw(&data, "/usr/include/stb", &request), "fonts with digits");
}

static const Test tests[] = {
    TEST(reads_a_folder_per_class),   TEST(refuses_bad_folders), TEST(reads_contact_sheets),
    TEST(counts_a_picture_per_class), TEST(draws_digits),
};
TEST_MAIN(tests)
