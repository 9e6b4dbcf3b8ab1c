/* Which files there are: a folder of pictures per class, or contact sheets with their table. */
#include "train/dataset_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

enum { CLASSES_MOST = 65535 };

void class_files_release(ClassFiles *files)
{
    for (int i = 0; i < files->class_count; i++) {
        free(files->name[i]);
        free(files->identifier[i]);
    }
    for (int i = 0; i < files->file_count; i++) free(files->file[i].path);
    free(files->name);
    free(files->identifier);
    free(files->file);
    *files = (ClassFiles){0};
}

/* ---- names in a folder ---- */

typedef struct Names {
    char **item;
    int count, capacity;
} Names;

static Status names_add(Names *names, const char *name, size_t length)
{
    if (names->count == names->capacity) {
        const int capacity = names->capacity ? 2 * names->capacity : 64;
        char **grown = realloc(names->item, (size_t)capacity * sizeof *grown);
        if (!grown) return status_no_memory("the list of files", (size_t)capacity);
        names->item = grown;
        names->capacity = capacity;
    }
    char *copy = strndup(name, length);
    if (!copy) return status_no_memory("the list of files", length);
    names->item[names->count++] = copy;
    return status_ok();
}

static void names_release(Names *names)
{
    for (int i = 0; i < names->count; i++) free(names->item[i]);
    free(names->item);
    *names = (Names){0};
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The pictures of a folder, or its folders, sorted; hidden ones are left out. */
static Status names_list(Names *names, const char *folder, bool pictures)
{
    *names = (Names){0};
    DIR *directory = opendir(folder);
    if (!directory) {
        return status_error(STATUS_IO, "cannot read the folder '%s': %s", folder, strerror(errno));
    }
    Status status = status_ok();
    for (struct dirent *entry; status.code == STATUS_OK && (entry = readdir(directory));) {
        char path[PATH_BYTES];
        struct stat info;
        const char *name = entry->d_name;
        if (name[0] == '.' || snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH_BYTES)
            continue;
        if (stat(path, &info) != 0) continue;
        const bool wanted = pictures ? S_ISREG(info.st_mode) && picture_is_named(name)
                                     : (S_ISDIR(info.st_mode)) != 0;
        if (wanted) status = names_add(names, name, strlen(name));
    }
    closedir(directory);
    if (status.code != STATUS_OK) {
        names_release(names);
    } else if (names->count) {
        qsort(names->item, (size_t)names->count, sizeof *names->item, by_name);
    }
    return status;
}

/* ---- classes.tsv ---- */

typedef struct ClassTable {
    char *text; /* its lines and fields end with zeros */
    size_t size;
    bool validation; /* which of the two counts is meant */
} ClassTable;

typedef struct ClassRow {
    const char *name;
    size_t pictures;
} ClassRow;

/* Reads the table beside the folder, if there is one. */
static Status table_read(ClassTable *table, const char *folder)
{
    *table = (ClassTable){0};
    char path[PATH_BYTES];
    struct stat info;
    if (snprintf(path, sizeof path, "%s/../classes.tsv", folder) >= PATH_BYTES) return status_ok();
    if (stat(path, &info) != 0) return status_ok();
    uint8_t *bytes;
    TRY(file_read(path, "the table of classes", &bytes, &table->size));
    table->text = (char *)bytes;
    size_t end = strlen(folder);
    while (end > 0 && folder[end - 1] == '/') end--;
    table->validation = end >= 3 && strncmp(folder + end - 3, "val", 3) == 0;
    return status_ok();
}

/* The row of an identifier: index, identifier, name (as far as the first comma), two counts. */
static bool table_find(const ClassTable *table, const char *identifier, char name[128],
                       size_t *pictures)
{
    const size_t length = strlen(identifier);
    for (const char *line = table->text; line && *line; line = strchr(line, '\n')) {
        if (*line == '\n' && *++line == '\0') break;
        const char *field = strchr(line, '\t');
        if (!field || strncmp(field + 1, identifier, length) != 0 || field[1 + length] != '\t')
            continue;
        unsigned long train, validation;
        if (sscanf(field + 2 + length, "%127[^\t]\t%lu\t%lu", name, &train, &validation) != 3)
            return false;
        name[strcspn(name, ",")] = '\0';
        *pictures = table->validation ? validation : train;
        return true;
    }
    return false;
}

/* ---- choosing classes ---- */

/* Is it that name, or a file of it? */
static bool is_called(const char *item, const char *name, size_t length)
{
    return strncmp(item, name, length) == 0 && (item[length] == '\0' || item[length] == '.');
}

/* Makes `found` what the list names, in its order; shown: names for people, beside `found`, or NULL. */
static Status choose(Names *found, Names *shown, const char *list, const char *folder)
{
    Names chosen = {0}, chosen_shown = {0};
    Status status = status_ok();
    for (const char *at = list; status.code == STATUS_OK && *at;) {
        const size_t length = strcspn(at, ",");
        int match = -1;
        for (int i = 0; i < found->count && match < 0; i++) {
            if (is_called(found->item[i], at, length) || is_called(shown->item[i], at, length))
                match = i;
        }
        if (match < 0) {
            status =
                status_error(STATUS_BAD_INPUT, "'%s' has no class '%.*s'", folder, (int)length, at);
        } else {
            status = names_add(&chosen, found->item[match], strlen(found->item[match]));
            if (status.code == STATUS_OK)
                status = names_add(&chosen_shown, shown->item[match], strlen(shown->item[match]));
        }
        at += length + (at[length] == ',');
    }
    names_release(found);
    names_release(shown);
    *found = chosen;
    *shown = chosen_shown;
    return status;
}

/* ---- listing ---- */

static Status add_file(ClassFiles *files, const char *path, int class, size_t pictures)
{
    if (files->file_count == files->file_capacity) {
        const int capacity = files->file_capacity ? 2 * files->file_capacity : 256;
        ClassFile *grown = realloc(files->file, (size_t)capacity * sizeof *grown);
        if (!grown) return status_no_memory("the list of files", (size_t)capacity);
        files->file = grown;
        files->file_capacity = capacity;
    }
    ClassFile *file = &files->file[files->file_count];
    *file = (ClassFile){.path = strdup(path), .class = class, .pictures = pictures};
    if (!file->path) return status_no_memory("the list of files", strlen(path));
    files->file_count++;
    return status_ok();
}

static Status add_class_folder(ClassFiles *files, const char *folder, int class)
{
    char path[PATH_BYTES], file[PATH_BYTES];
    Names names;
    snprintf(path, sizeof path, "%s/%s", folder, files->identifier[class]);
    TRY(names_list(&names, path, true));
    Status status = status_ok();
    if (names.count == 0)
        status = status_error(STATUS_BAD_INPUT, "the folder '%s' has no JPEG or PNG files", path);
    for (int i = 0; i < names.count && status.code == STATUS_OK; i++) {
        if (snprintf(file, sizeof file, "%s/%s", path, names.item[i]) >= PATH_BYTES) continue;
        status = add_file(files, file, class, 1);
    }
    names_release(&names);
    return status;
}

/* What the classes are called: as their folder, or as the table says, or as their file without its ending. */
static Status name_classes(Names *found, Names *shown, bool folders, const ClassTable *table)
{
    for (int i = 0; i < found->count; i++) {
        char identifier[PATH_BYTES], name[128];
        size_t pictures;
        snprintf(identifier, sizeof identifier, "%s", found->item[i]);
        if (!folders) *strrchr(identifier, '.') = '\0';
        const bool known = !folders && table_find(table, identifier, name, &pictures);
        TRY(names_add(shown, known ? name : identifier, strlen(known ? name : identifier)));
    }
    return status_ok();
}

static Status list_files(ClassFiles *files, const char *folder, bool folders,
                         const ClassTable *table)
{
    for (int class = 0; class < files->class_count; class ++) {
        if (folders) {
            TRY(add_class_folder(files, folder, class));
            continue;
        }
        char path[PATH_BYTES], identifier[PATH_BYTES], name[128];
        size_t pictures = files->sheets ? ALL_TILES : 1;
        snprintf(identifier, sizeof identifier, "%s", files->identifier[class]);
        *strrchr(identifier, '.') = '\0';
        (void)table_find(table, identifier, name, &pictures);
        if (snprintf(path, sizeof path, "%s/%s", folder, files->identifier[class]) >= PATH_BYTES)
            return status_error(STATUS_BAD_INPUT, "the path of '%s' is too long", identifier);
        TRY(add_file(files, path, class, pictures));
    }
    return status_ok();
}

static Status list_classes(ClassFiles *files, const char *folder, const char *classes, Names *found,
                           Names *shown, ClassTable *table, bool *folders)
{
    TRY(names_list(found, folder, false));
    *folders = found->count > 0;
    if (!*folders) {
        TRY(names_list(found, folder, true));
        TRY(table_read(table, folder));
        files->sheets = table->text != NULL;
    }
    if (found->count == 0 || found->count > CLASSES_MOST) {
        return status_error(STATUS_BAD_INPUT,
                            "'%s' has neither a folder of pictures per class nor contact sheets",
                            folder);
    }
    TRY(name_classes(found, shown, *folders, table));
    if (classes) TRY(choose(found, shown, classes, folder));
    if (found->count >= 2) return status_ok();
    return status_error(STATUS_BAD_INPUT, "'%s' has a single class: two are the least", folder);
}

Status class_files_list(ClassFiles *files, const char *folder, const char *classes)
{
    *files = (ClassFiles){0};
    Names found = {0}, shown = {0};
    ClassTable table = {0};
    bool folders;
    Status status = list_classes(files, folder, classes, &found, &shown, &table, &folders);
    if (status.code == STATUS_OK) {
        files->identifier = found.item;
        files->name = shown.item;
        files->class_count = found.count;
        status = list_files(files, folder, folders, &table);
        if (status.code != STATUS_OK) class_files_release(files);
    } else {
        names_release(&found);
        names_release(&shown);
    }
    free(table.text);
    return status;
}
