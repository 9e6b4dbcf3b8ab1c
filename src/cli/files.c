#include "cli/files.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Status file_read_picture(const char *path, Picture *picture)
{
    uint8_t *bytes;
    size_t size;
    *picture = (Picture){0};
    TRY(file_read(path, "the picture", &bytes, &size));
    Status status = picture_decode(picture, bytes, size, path);
    free(bytes);
    return status;
}

Status file_check_writable(const char *path)
{
    char folder[PATH_BYTES] = ".";
    const char *slash = strrchr(path, '/');
    size_t length = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
    int error = 0;
    if (*path == '\0' || length >= PATH_BYTES - 32) {
        error = *path ? ENAMETOOLONG : ENOENT;
    } else {
        if (slash) memcpy(folder, path, length), folder[length] = '\0';
        if (is_folder(path)) {
            error = EISDIR;
        } else if (access(folder, F_OK) == 0 && !is_folder(folder)) {
            error = ENOTDIR;
        } else if (access(folder, W_OK | X_OK) != 0) {
            /* A device in a folder that may not be written to can be written to all the same. */
            error = access(path, W_OK) == 0 ? 0 : errno;
        }
    }
    if (!error) return status_ok();
    return status_error(STATUS_IO,
                        "cannot write '%s': %s; choose a file in a folder you may write to", path,
                        strerror(error));
}

Status folder_make(const char *path)
{
    if (mkdir(path, 0777) == 0) return status_ok();
    int error = errno;
    if (error == EEXIST && is_folder(path) && access(path, W_OK | X_OK) == 0) return status_ok();
    if (error == EEXIST && is_folder(path)) error = EACCES;
    return status_error(STATUS_IO, "cannot write into the folder '%s': %s", path, strerror(error));
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Where the ending of the file's name begins: at its last dot, or at its end. */
static size_t ending_start(const char *path)
{
    const char *name = path_name(path);
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? (size_t)(dot - path) : strlen(path);
}

static Status path_made(int length, const char *path)
{
    if (length > 0 && length < PATH_BYTES) return status_ok();
    return status_error(STATUS_BAD_INPUT, "the path '%s' is too long", path);
}

Status path_with_name(const char *path, const char *name, char result[PATH_BYTES])
{
    int start = (int)ending_start(path);
    return path_made(snprintf(result, PATH_BYTES, "%.*s.%s%s", start, path, name, path + start),
                     path);
}

Status path_with_ending(const char *path, const char *ending, char result[PATH_BYTES])
{
    int start = (int)ending_start(path);
    return path_made(snprintf(result, PATH_BYTES, "%.*s%s", start, path, ending), path);
}

void safe_name(const char *name, char result[160])
{
    size_t length = 0;
    for (; *name && length < 150; name++) {
        unsigned char c = (unsigned char)*name;
        bool safe = isalnum(c) || c == '-' || c == '_' || (c == '.' && length > 0);
        result[length++] = safe ? (char)c : '_';
    }
    if (length == 0) result[length++] = '_';
    result[length] = '\0';
}
