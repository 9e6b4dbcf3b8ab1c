#include "cli/files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static Status read_failed(const char *path, const char *what, int error)
{
    return status_error(STATUS_IO, "cannot read %s '%s': %s", what, path, strerror(error));
}

static Status read_open(FILE *file, const char *path, const char *what, uint8_t **bytes,
                        size_t *size)
{
    struct stat info;
    if (fstat(fileno(file), &info) != 0) return read_failed(path, what, errno);
    if (S_ISDIR(info.st_mode)) return read_failed(path, what, EISDIR);
    if (!S_ISREG(info.st_mode)) {
        return status_error(STATUS_IO, "cannot read %s '%s': it is no ordinary file", what, path);
    }
    size_t length = (size_t)info.st_size;
    uint8_t *buffer = malloc(length + 1);
    if (!buffer) return status_no_memory(path, length);
    errno = 0;
    if (fread(buffer, 1, length, file) != length) {
        free(buffer);
        return read_failed(path, what, errno ? errno : EIO);
    }
    buffer[length] = 0;
    *bytes = buffer;
    *size = length;
    return status_ok();
}

Status file_read(const char *path, const char *what, uint8_t **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    FILE *file = fopen(path, "rb");
    if (!file) return read_failed(path, what, errno);
    Status status = read_open(file, path, what, bytes, size);
    fclose(file);
    return status;
}

/* Opens a path part by part below an open folder, which it closes; -1 and errno. */
static int open_below(int folder, const char *path)
{
    while (folder >= 0) {
        char part[PATH_BYTES];
        const size_t length = strcspn(path, "/");
        const bool last = path[length] == '\0';
        const bool outside = length == 0 || length >= sizeof part || strncmp(path, "..", 3) == 0 ||
                             strncmp(path, "../", 3) == 0;
        memcpy(part, path, outside ? 0 : length);
        part[outside ? 0 : length] = '\0';
        /* Without O_NONBLOCK a pipe would be waited for. */
        const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | (last ? 0 : O_DIRECTORY);
        const int next = outside ? -1 : openat(folder, part, flags);
        const int error = outside ? EACCES : errno;
        close(folder);
        errno = error;
        folder = next;
        if (last) break;
        path += length + 1;
    }
    return folder;
}

Status file_read_below(const char *folder, const char *path, const char *what, uint8_t **bytes,
                       size_t *size)
{
    char full[PATH_BYTES];
    *bytes = NULL;
    *size = 0;
    snprintf(full, sizeof full, "%s%s%s", folder, *folder ? "/" : "", path);
    const int descriptor = open_below(open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY), path);
    if (descriptor < 0 && errno == ELOOP) {
        return status_error(STATUS_IO,
                            "cannot read %s '%s': it is a symbolic link, which is not followed",
                            what, full);
    }
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
    if (!file) {
        const int error = errno;
        if (descriptor >= 0) close(descriptor);
        return read_failed(full, what, error);
    }
    Status status = read_open(file, full, what, bytes, size);
    fclose(file);
    return status;
}

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

bool has_ending(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    return length >= tail && strcasecmp(path + length - tail, ending) == 0;
}

/* Where the ending of the file's name begins: at its last dot, or at its end. */
static size_t ending_start(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
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
