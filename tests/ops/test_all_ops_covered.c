/* Every line of ops.def has a list of cases in this folder: OP_CASES("Relu", ...). */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/op.h"
#include "support/test.h"

enum { MAX_SOURCE = 1 << 20 };

/* The folder of this file, as the compiler was given it; from the repository root it is found. */
static bool source_folder(char *folder, size_t size)
{
    snprintf(folder, size, "%s", __FILE__);
    char *slash = strrchr(folder, '/');
    if (!slash) return false;
    *slash = '\0';
    return true;
}

static void mark_cases(const char *path, bool *covered)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, MAX_SOURCE + 1);
    if (file && text && fread(text, 1, MAX_SOURCE, file) > 0) {
        for (int i = 0; i < op_count(); i++) {
            char words[96];
            snprintf(words, sizeof words, "OP_CASES(\"%s\",", op_at(i)->name);
            if (strstr(text, words)) covered[i] = true;
        }
    }
    free(text);
    if (file) fclose(file);
}

static void every_op_has_cases(void)
{
    char folder[512], path[1024];
    DIR *directory = source_folder(folder, sizeof folder) ? opendir(folder) : NULL;
    if (!directory) {
        test_skip("the sources of the tests are not at hand (%s)", folder);
        return;
    }
    bool *covered = calloc((size_t)op_count(), sizeof *covered);
    if (!covered) abort();
    for (struct dirent *entry; (entry = readdir(directory));) {
        const size_t length = strlen(entry->d_name);
        if (length < 3 || strcmp(entry->d_name + length - 2, ".c") != 0) continue;
        /* Not this file, whose words prove nothing. */
        if (strstr(__FILE__, entry->d_name)) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        mark_cases(path, covered);
    }
    closedir(directory);
    for (int i = 0; i < op_count(); i++) {
        if (covered[i]) continue;
        test_fail(__FILE__, __LINE__, "%s is in ops.def and no test has OP_CASES(\"%s\", ...)",
                  op_at(i)->name, op_at(i)->name);
    }
    free(covered);
}

static void names_are_unique_and_found(void)
{
    for (int i = 0; i < op_count(); i++) {
        CHECK(op_find(op_at(i)->name) == op_at(i));
        CHECK(op_at(i)->plan && op_at(i)->forward && op_at(i)->backward);
    }
    CHECK(!op_find("relu"));
    CHECK(!op_find(""));
}

static const Test tests[] = {TEST(every_op_has_cases), TEST(names_are_unique_and_found)};
TEST_MAIN(tests)
