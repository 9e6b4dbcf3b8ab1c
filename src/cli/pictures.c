#include "cli/pictures.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/files.h"
#include "cli/progress.h"

enum {
    DEPTH_MOST = 8, /* of sub-folders: a link may lead back up */
    SET_LEAST = 8,  /* so many pictures are a set, whose members need not keep their size */
    SIDE_LEAST = 256,
};

/* ---- which ---- */

static Status no_memory(void)
{
    return status_no_memory("the list of pictures", sizeof(PicturePath));
}

static Status add_file(PicturePaths *paths, const char *path, const char *group, bool from_folder)
{
    if (paths->count == paths->room) {
        const int room = paths->room ? 2 * paths->room : 64;
        PicturePath *grown = realloc(paths->items, (size_t)room * sizeof *grown);
        if (!grown) return no_memory();
        paths->items = grown;
        paths->room = room;
    }
    PicturePath *item = &paths->items[paths->count++];
    *item = (PicturePath){.path = strdup(path), .from_folder = from_folder};
    if (group) item->group = strdup(group);
    return item->path && (item->group || !group) ? status_ok() : no_memory();
}

static Status add_folder(PicturePaths *paths, const char *folder, const char *group, int depth)
{
    DIR *directory = opendir(folder);
    if (!directory) return status_error(STATUS_IO, "cannot read the folder '%s'", folder);
    const size_t length = strlen(folder);
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    Status status = status_ok();
    for (struct dirent *entry; status.code == STATUS_OK && (entry = readdir(directory));) {
        const char *name = entry->d_name;
        char path[PATH_BYTES];
        if (name[0] == '.') continue;
        if (snprintf(path, sizeof path, "%s%s%s", folder, slash, name) >= PATH_BYTES) continue;
        if (picture_is_named(name) && !is_folder(path)) {
            status = add_file(paths, path, group, true);
        } else if (depth < DEPTH_MOST && is_folder(path)) {
            status = add_folder(paths, path, depth == 0 ? name : group, depth + 1);
        }
    }
    closedir(directory);
    return status;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const PicturePath *)a)->path, ((const PicturePath *)b)->path);
}

/* The last part of a path, without slashes at its end. */
static void folder_name(const char *path, char name[PATH_BYTES])
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') start--;
    snprintf(name, PATH_BYTES, "%.*s", (int)(end - start), path + start);
}

static Status add_whole_folder(PicturePaths *paths, const char *folder, bool one_of_several)
{
    const int first = paths->count;
    char name[PATH_BYTES];
    folder_name(folder, name);
    TRY(add_folder(paths, folder, one_of_several ? name : NULL, 0));
    if (paths->count == first) {
        return status_error(STATUS_BAD_INPUT, "the folder '%s' has no JPEG or PNG files", folder);
    }
    qsort(paths->items + first, (size_t)(paths->count - first), sizeof *paths->items,
          compare_paths);
    return status_ok();
}

Status picture_paths(char *const *words, int count, PicturePaths *paths)
{
    int folders = 0;
    for (int i = 0; i < count; i++) folders += is_folder(words[i]);
    for (int i = 0; i < count; i++) {
        TRY(is_folder(words[i]) ? add_whole_folder(paths, words[i], folders > 1)
                                : add_file(paths, words[i], NULL, false));
    }
    return status_ok();
}

void picture_paths_release(PicturePaths *paths)
{
    for (int i = 0; i < paths->count; i++) {
        free(paths->items[i].path);
        free(paths->items[i].group);
    }
    free(paths->items);
    *paths = (PicturePaths){0};
}

/* ---- reading ---- */

/* The pixels that one of so many may keep. */
static double pixels_each(int count, const Preprocess *preprocess)
{
    if (count < SET_LEAST) return PICTURE_MAX_PIXELS;
    double side = preprocess->height > preprocess->width ? preprocess->height : preprocess->width;
    side = fmax(SIDE_LEAST, side * 1.25);
    return fmin(side * side, (double)RUN_MAX_PIXELS / count);
}

static Status load_one(const PicturePath *item, int index, Run *run, double most)
{
    Picture picture;
    TRY(file_read_picture(item->path, &picture));
    Status status = picture_shrink(&picture, most);
    if (status.code == STATUS_OK) status = run_set_picture(run, index, &picture);
    picture_release(&picture);
    TRY(status);
    return run_name_picture(run, index, path_name(item->path), item->group);
}

Status picture_paths_load(const PicturePaths *paths, Run *run, const Preprocess *preprocess)
{
    const double most = pixels_each(paths->count, preprocess);
    TRY(run_takes_pictures(run, paths->count));
    Progress progress = progress_begin("pictures");
    Status status = status_ok();
    int loaded = 0;
    for (int i = 0; i < paths->count && status.code == STATUS_OK; i++) {
        if (paths->count >= SET_LEAST) progress_show(&progress, (double)i / paths->count);
        Status read = load_one(&paths->items[i], loaded, run, most);
        if (read.code == STATUS_OK) {
            loaded++;
        } else if (paths->items[i].from_folder && read.code != STATUS_NO_MEMORY) {
            cli_note("left out: %s", read.message);
        } else {
            status = read;
        }
        if (progress_interrupted()) {
            status = status_error(STATUS_BAD_INPUT, "stopped while the pictures were read");
        }
    }
    progress_end(&progress);
    return status;
}
