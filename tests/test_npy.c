#include "npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

/* A file in memory: header, then values. */
typedef struct File {
    char bytes[1024];
    size_t size;
} File;

static File file_of(const char *descr, const char *order, const char *shape, int version,
                    size_t values)
{
    File file = {{0}, 0};
    char text[256];
    const int length =
        snprintf(text, sizeof text, "{'descr': %s, 'fortran_order': %s, 'shape': %s, }\n", descr,
                 order, shape);
    const int start = version == 1 ? 10 : 12;
    memcpy(file.bytes, "\x93NUMPY", 6);
    file.bytes[6] = (char)version;
    file.bytes[8] = (char)length;
    memcpy(file.bytes + start, text, (size_t)length);
    file.size = (size_t)(start + length);
    for (size_t i = 0; i < values; i++) {
        const float value = (float)i;
        memcpy(file.bytes + file.size, &value, sizeof value);
        file.size += sizeof value;
    }
    return file;
}

static Status parse(const File *file, Tensor *tensor)
{
    *tensor = (Tensor){0};
    /* A copy of exactly its size, so that a sanitizer sees a step outside. */
    void *copy = malloc(file->size ? file->size : 1);
    if (!copy) abort();
    memcpy(copy, file->bytes, file->size);
    Status status = npy_parse(copy, file->size, "x.npy", tensor);
    free(copy);
    return status;
}

static void header_and_parse_are_inverse(void)
{
    const Shape shapes[] = {
        {0},
        {.rank = 1, .dim = {5}},
        {.rank = 4, .dim = {1, 3, 2, 4}},
        {.rank = 8, .dim = {1, 1, 1, 2, 1, 1, 3, 1}},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        File file = {{0}, 0};
        file.size = npy_header(&shapes[i], file.bytes);
        CHECK(file.size % 64 == 0);
        CHECK(file.bytes[file.size - 1] == '\n');
        const size_t count = shape_elements(&shapes[i]);
        for (size_t k = 0; k < count; k++) {
            const float value = 0.5F * (float)k - 1;
            memcpy(file.bytes + file.size, &value, sizeof value);
            file.size += sizeof value;
        }
        Tensor tensor;
        CHECK_OK(parse(&file, &tensor));
        CHECK(shape_equal(&tensor.shape, &shapes[i]));
        for (size_t k = 0; tensor.data && k < count; k++)
            CHECK(tensor.data[k] == 0.5F * (float)k - 1);
        tensor_release(&tensor);
    }
    const Shape widest = {
        .rank = 8, .dim = {1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30}};
    char header[NPY_HEADER_BYTES];
    CHECK(npy_header(&widest, header) <= NPY_HEADER_BYTES);
}

static void versions_and_spellings_are_read(void)
{
    for (int version = 1; version <= 3; version++) {
        Tensor tensor;
        File file = file_of("'<f4'", "False", "(2, 3)", version, 6);
        CHECK_OK(parse(&file, &tensor));
        CHECK(tensor.data && tensor.data[5] == 5);
        tensor_release(&tensor);
    }
    static const char *const shapes[] = {"(6,)", "(6L,)", "( 2 , 3 )", "(1, 6, 1,)"};
    for (int i = 0; i < 4; i++) {
        Tensor tensor;
        File file = file_of("\"<f4\"", "False", shapes[i], 1, 6);
        CHECK_OK(parse(&file, &tensor));
        tensor_release(&tensor);
    }
    Tensor tensor;
    File file = file_of("'<f4'", "True", "(4,)", 1, 4);
    CHECK_OK(parse(&file, &tensor)); /* one dimension has no order */
    tensor_release(&tensor);
}

static void refuses(const char *descr, const char *order, const char *shape, size_t values,
                    const char *word)
{
    Tensor tensor;
    File file = file_of(descr, order, shape, 1, values);
    CHECK_FAILS(parse(&file, &tensor), word);
    CHECK(!tensor.data);
}

static void other_files_are_refused(void)
{
    refuses("'<f8'", "False", "(2, 3)", 6, "float32");
    refuses("'>f4'", "False", "(2, 3)", 6, "float32");
    refuses("[('a', '<f4')]", "False", "(2, 3)", 6, "damaged");
    refuses("'<f4'", "True", "(2, 3)", 6, "Fortran");
    refuses("'<f4'", "Maybe", "(2, 3)", 6, "damaged");
    refuses("'<f4'", "False", "(2, 3", 6, "damaged");
    refuses("'<f4'", "False", "(2, -3)", 6, "damaged");
    refuses("'<f4'", "False", "(2, 3)", 5, "cut off");
    refuses("'<f4'", "False", "(2, 3)", 7, "24");
    refuses("'<f4'", "False", "(2, 0)", 0, "empty");
    refuses("'<f4'", "False", "(99999999999999999999999, 2)", 6, "x.npy");
    refuses("'<f4'", "False", "(65536, 65536, 65536, 65536)", 6, "values possible");
    refuses("'<f4'", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", 1, "damaged");
    Tensor tensor;
    File file = {"PK\3\4 and something more", 24};
    CHECK_FAILS(parse(&file, &tensor), "not a .npy");
    file.size = 0;
    CHECK_FAILS(parse(&file, &tensor), "not a .npy");
}

static void truncation_at_every_byte_is_refused(void)
{
    const File whole = file_of("'<f4'", "False", "(2, 3)", 1, 6);
    for (size_t size = 0; size < whole.size; size++) {
        Tensor tensor;
        File file = whole;
        file.size = size;
        CHECK(parse(&file, &tensor).code != STATUS_OK);
    }
}

static void mutations_never_break(void)
{
    Random random = random_seeded(7);
    const File whole = file_of("'<f4'", "False", "(2, 3)", 1, 6);
    int accepted = 0;
    for (int round = 0; round < 10000; round++) {
        Tensor tensor;
        File file = whole;
        for (uint32_t i = 0; i <= random_below(&random, 3); i++) {
            file.bytes[random_below(&random, (uint32_t)whole.size)] = (char)random_bits(&random);
        }
        if (parse(&file, &tensor).code != STATUS_OK) continue;
        accepted++;
        tensor_release(&tensor);
    }
    CHECK(accepted > 0 && accepted < 10000);
}

/* A folder of its own under TMPDIR; empty when it cannot be made. */
static const char *own_folder(void)
{
    static char folder[256];
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/convoscope-npy-XXXXXX", parent ? parent : "/tmp");
    return mkdtemp(folder) ? folder : "";
}

static void files_are_written_and_read(void)
{
    const char *folder = own_folder();
    if (!*folder) {
        test_skip("no folder for files of the test");
        return;
    }
    char path[300], cut[300];
    snprintf(path, sizeof path, "%s/y.npy", folder);
    snprintf(cut, sizeof cut, "%s/cut.npy", folder);
    const Shape shape = {.rank = 2, .dim = {2, 3}};
    const float values[6] = {1, -2, 3.5F, 0, 1e30F, -0.0F};
    for (int round = 0; round < 2; round++) { /* the second replaces the first */
        CHECK_OK(npy_write(path, &shape, values));
        Tensor tensor = {0};
        CHECK_OK(npy_read(path, &tensor));
        CHECK(shape_equal(&tensor.shape, &shape));
        CHECK(tensor.data && memcmp(tensor.data, values, sizeof values) == 0);
        tensor_release(&tensor);
    }
    FILE *file = fopen(cut, "wb");
    char header[NPY_HEADER_BYTES];
    const size_t length = npy_header(&shape, header);
    CHECK(file && fwrite(header, length, 1, file) == 1 && fwrite(values, 20, 1, file) == 1);
    if (file) fclose(file);
    Tensor tensor = {0};
    CHECK_FAILS(npy_read(cut, &tensor), "cut off");
    CHECK_FAILS(npy_read(folder, &tensor), folder);
    remove(cut);
    remove(path);
    CHECK_FAILS(npy_read(path, &tensor), "y.npy");
    CHECK(remove(folder) == 0); /* fails if anything was left beside the files */
}

static const Test tests[] = {
    TEST(header_and_parse_are_inverse), TEST(versions_and_spellings_are_read),
    TEST(other_files_are_refused),      TEST(truncation_at_every_byte_is_refused),
    TEST(mutations_never_break),        TEST(files_are_written_and_read),
};
TEST_MAIN(tests)
