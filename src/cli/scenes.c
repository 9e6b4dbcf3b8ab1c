/* The pictures that the project draws itself, as a folder of classes or as contact sheets for the page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/model.h"
#include "scene/scene.h"

enum { QUALITY = 88, SHEET_COLUMNS = 6 };

const Option scenes_options[] = {
    {"size", "N", "width and height of a picture, in pixels; 128 unless given"},
    {"count", "N", "pictures of each class; 18 unless given"},
    {"sheets", NULL,
     "one contact sheet for each class, and index.json, instead of a file for each picture"},
    {0},
};

typedef struct Scenes {
    const char *folder;
    int size, count;
} Scenes;

static Status path_in(const char *folder, const char *name, const char *ending,
                      char path[PATH_BYTES])
{
    const int length = snprintf(path, PATH_BYTES, "%s/%s%s", folder, name, ending);
    if (length >= 0 && length < PATH_BYTES) return status_ok();
    return status_error(STATUS_BAD_INPUT, "the name of the folder '%.80s...' is too long", folder);
}

/* FOLDER/CLASS/01.jpg and so on. */
static Status write_pictures(const Scenes *s, int index, uint8_t *levels)
{
    char folder[PATH_BYTES], path[PATH_BYTES], name[16];
    TRY(path_in(s->folder, scene_class_name(index), "", folder));
    TRY(folder_make(folder));
    for (int i = 0; i < s->count; i++) {
        snprintf(name, sizeof name, "%02d", i + 1);
        TRY(path_in(folder, name, ".jpg", path));
        scene_render(index, (uint32_t)i, s->size, levels);
        TRY(picture_write_jpeg(path, levels, s->size, s->size, QUALITY));
    }
    return status_ok();
}

static int sheet_rows(const Scenes *s)
{
    return (s->count + SHEET_COLUMNS - 1) / SHEET_COLUMNS;
}

/* FOLDER/CLASS.jpg: rows of SHEET_COLUMNS pictures, in reading order. */
static Status write_sheet(const Scenes *s, int index, uint8_t *levels, uint8_t *sheet)
{
    const size_t size = (size_t)s->size, row = 3 * size, sheet_row = SHEET_COLUMNS * row;
    memset(sheet, 0, (size_t)sheet_rows(s) * size * sheet_row);
    for (int i = 0; i < s->count; i++) {
        scene_render(index, (uint32_t)i, s->size, levels);
        uint8_t *corner = sheet + (size_t)(i / SHEET_COLUMNS) * size * sheet_row +
                          (size_t)(i % SHEET_COLUMNS) * row;
        for (size_t y = 0; y < size; y++) memcpy(corner + y * sheet_row, levels + y * row, row);
    }
    char path[PATH_BYTES];
    TRY(path_in(s->folder, scene_class_name(index), ".jpg", path));
    return picture_write_jpeg(path, sheet, sheet_rows(s) * s->size, SHEET_COLUMNS * s->size,
                              QUALITY);
}

static Status write_index(const Scenes *s)
{
    Text text = {0};
    text_format(&text, "{\"size\": %d, \"columns\": %d, \"count\": %d, \"classes\": [", s->size,
                SHEET_COLUMNS, s->count);
    for (int i = 0; i < scene_class_count(); i++)
        text_format(&text, "%s\"%s\"", i ? ", " : "", scene_class_name(i));
    text_format(&text, "]}\n");
    char path[PATH_BYTES];
    Status status = path_in(s->folder, "index", ".json", path);
    if (status.code == STATUS_OK) status = file_write_text(path, &text);
    text_release(&text);
    return status;
}

static Status write_scenes(const Args *args)
{
    Scenes s = {.folder = args->words[0]};
    TRY(args_int(args, "size", 16, 1024, 128, &s.size));
    TRY(args_int(args, "count", 1, 500, 18, &s.count));
    TRY(folder_make(s.folder));
    const bool sheets = args_flag(args, "sheets");
    const size_t one = 3 * (size_t)s.size * (size_t)s.size;
    const size_t all = sheets ? one * SHEET_COLUMNS * (size_t)sheet_rows(&s) : 1;
    uint8_t *levels = malloc(one + all);
    if (!levels) return status_no_memory("the pictures", one + all);
    Status status = status_ok();
    for (int i = 0; i < scene_class_count() && status.code == STATUS_OK; i++)
        status = sheets ? write_sheet(&s, i, levels, levels + one) : write_pictures(&s, i, levels);
    free(levels);
    if (status.code == STATUS_OK && sheets) status = write_index(&s);
    return status;
}

int command_scenes(const Args *args)
{
    start_all_threads();
    const Status status = write_scenes(args);
    return status.code == STATUS_OK ? EXIT_DONE : cli_fail(status);
}
