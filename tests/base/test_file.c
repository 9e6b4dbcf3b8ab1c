#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

static char folder[256];

static bool enter_folder(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/convoscope-file-XXXXXX", parent ? parent : "/tmp");
    if (mkdtemp(folder)) return true;
    test_skip("no folder for files of the test");
    return false;
}

static const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static Status write_text(const char *path, const char *text)
{
    const FilePart part = {text, strlen(text)};
    return file_write(path, &part, 1);
}

static bool file_holds(const char *path, const char *text)
{
    char read[64] = {0};
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    size_t length = fread(read, 1, sizeof read - 1, file);
    fclose(file);
    return length == strlen(text) && strcmp(read, text) == 0;
}

static void parts_are_joined_and_replace(void)
{
    if (!enter_folder()) return;
    const FilePart parts[3] = {{"ab", 2}, {NULL, 0}, {"cde", 3}};
    CHECK_OK(file_write(in_folder("x"), parts, 3));
    CHECK(file_holds(in_folder("x"), "abcde"));
    CHECK_OK(write_text(in_folder("x"), "f"));
    CHECK(file_holds(in_folder("x"), "f"));
    CHECK(remove(in_folder("x")) == 0);
    CHECK(remove(folder) == 0); /* nothing else was left */
}

static void failure_leaves_things_as_they_were(void)
{
    if (!enter_folder()) return;
    CHECK_FAILS(write_text(in_folder("none/x"), "f"), "none/x");
    CHECK(mkdir(in_folder("sub"), 0777) == 0);
    CHECK_FAILS(write_text(in_folder("sub"), "f"), "sub");
    CHECK(remove(in_folder("sub")) == 0);
    CHECK(remove(folder) == 0);
}

static void links_and_devices_stay(void)
{
    if (!enter_folder()) return;
    char target[512];
    snprintf(target, sizeof target, "%s", in_folder("target"));
    CHECK_OK(write_text(target, "old"));
    CHECK(symlink(target, in_folder("link")) == 0);
    CHECK_OK(write_text(in_folder("link"), "new"));
    CHECK(file_holds(target, "new"));
    struct stat info;
    CHECK(lstat(in_folder("link"), &info) == 0 && S_ISLNK(info.st_mode));
    CHECK(remove(in_folder("link")) == 0 && remove(target) == 0 && remove(folder) == 0);
    CHECK_OK(write_text("/dev/null", "nothing"));
    CHECK(stat("/dev/null", &info) == 0 && !S_ISREG(info.st_mode));
    if (stat("/dev/full", &info) == 0) CHECK_FAILS(write_text("/dev/full", "much"), "/dev/full");
}

static void names_are_taken_apart(void)
{
    CHECK(has_ending("a/b.JPG", ".jpg") && has_ending(".jpg", ".jpg"));
    CHECK(!has_ending("jpg", ".jpg") && !has_ending("a.jpg.txt", ".jpg"));
    CHECK(strcmp(path_name("a/b/c.png"), "c.png") == 0 && strcmp(path_name("c"), "c") == 0);
    CHECK(*path_name("a/") == '\0');
}

static void a_file_is_read_whole(void)
{
    if (!enter_folder()) return;
    uint8_t *bytes;
    size_t size;
    CHECK_OK(write_text(in_folder("x"), "abc"));
    CHECK_OK(file_read(in_folder("x"), "the text", &bytes, &size));
    CHECK(size == 3 && memcmp(bytes, "abc", 4) == 0);
    free(bytes);
    CHECK(remove(in_folder("x")) == 0);
    CHECK_FAILS(file_read(in_folder("x"), "the text", &bytes, &size), "the text");
    CHECK_FAILS(file_read(folder, "the text", &bytes, &size), folder);
    CHECK(remove(folder) == 0);
}

static const Test tests[] = {
    TEST(names_are_taken_apart),        TEST(a_file_is_read_whole),
    TEST(parts_are_joined_and_replace), TEST(failure_leaves_things_as_they_were),
    TEST(links_and_devices_stay),
};
TEST_MAIN(tests)
