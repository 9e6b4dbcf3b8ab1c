/*
 * Networks that were not downloaded completely: every length of those up to 64 KB, 10,000 random lengths of
 * each larger one. Each gives one line, and nothing is left.
 *
 *     test_onnx_truncation small
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "onnx/model.h"
#include "support/shared.h"
#include "support/test.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef WITH_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

enum { SMALL_BYTES = 64 << 10, RANDOM_CUTS = 10000 };

typedef struct Tally {
    int files, cuts, opened;
} Tally;

/* Whether the file ends with a field of ModelProto here, and holds the graph. */
static bool is_whole(const uint8_t *bytes, size_t size)
{
    Wire wire = wire_open(bytes, size);
    WireField f;
    bool graph = false;
    while (wire_next(&wire, &f)) graph |= f.number == 7;
    return graph && !wire.error;
}

/* Opens the first `cut` bytes where they lie: a file that fails to open is not changed. */
static void open_cut(const char *name, uint8_t *bytes, size_t size, size_t cut, Tally *tally)
{
    OnnxModel *model = NULL;
    tally->cuts++;
    if (is_whole(bytes, cut)) {
        /* What follows the graph, such as metadata, may be missing without harm. */
        uint8_t *copy = malloc(cut);
        memcpy(copy, bytes, cut);
        if (onnx_open(&model, copy, cut).code == STATUS_OK) {
            tally->opened++;
            onnx_free(model);
        }
        free(copy);
        return;
    }
    ASAN_POISON_MEMORY_REGION(bytes + cut, size - cut);
    const Status status = onnx_open(&model, bytes, cut);
    ASAN_UNPOISON_MEMORY_REGION(bytes + cut, size - cut);
    if (status.code == STATUS_OK) {
        onnx_free(model);
        test_fail(__FILE__, __LINE__, "%s opens when cut to %zu of %zu bytes", name, cut, size);
    } else if (status.message[0] == '\0' || strchr(status.message, '\n')) {
        test_fail(__FILE__, __LINE__, "%s, cut to %zu bytes: not one line: '%s'", name, cut,
                  status.message);
    }
}

static void cut_file(const char *path, bool small, Tally *tally)
{
    size_t size;
    uint8_t *bytes = shared_read(path, &size);
    if (!bytes) return;
    const bool is_small = size <= SMALL_BYTES;
    if (is_small == small) {
        const int failures = test_failures();
        Random random = random_seeded(size);
        const size_t count = small ? size : RANDOM_CUTS;
        tally->files++;
        for (size_t i = 0; i < count && test_failures() < failures + 5; i++)
            open_cut(path, bytes, size, small ? i : random_below(&random, (uint32_t)size), tally);
    }
    free(bytes);
}

/* FOLDER/NAME.onnx, or FOLDER/NAME/model.onnx. */
static void cut_folder(const char *folder, bool small, Tally *tally)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", shared_folder(), folder);
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        const char *end = strrchr(entry->d_name, '.');
        const bool nested = strcmp(folder, "data/onnx-ops") == 0;
        if (entry->d_name[0] == '.' || (!nested && (!end || strcmp(end, ".onnx") != 0))) continue;
        snprintf(path, sizeof path, "%s/%.300s%s", folder, entry->d_name,
                 nested ? "/model.onnx" : "");
        cut_file(path, small, tally);
    }
    if (directory) closedir(directory);
}

static void cut_all(bool small)
{
    Tally tally = {0};
    if (!shared_folder()) return;
    cut_folder("data/onnx-ops", small, &tally);
    cut_folder("data/onnx-light", small, &tally);
    cut_folder("data/models", small, &tally);
    printf("  %d files, %d cuts, %d of them whole without what follows the graph\n", tally.files,
           tally.cuts, tally.opened);
    CHECK(tally.files > 0 && tally.cuts >= 1000);
}

static void small(void)
{
    cut_all(true);
}

static void large(void)
{
    cut_all(false);
}

static const Test tests[] = {TEST(small), TEST(large)};
TEST_MAIN(tests)
