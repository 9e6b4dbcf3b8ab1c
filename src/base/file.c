#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

/* ---- reading ---- */

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
    huge_pages(buffer, length);
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

/* ---- writing ---- */

static Status file_error(const char *path)
{
    return status_error(STATUS_IO,
                        "cannot write '%s': %s; choose a file in a folder you may write to", path,
                        strerror(errno));
}

static bool write_parts(FILE *file, const FilePart *parts, int count)
{
    bool written = true;
    for (int i = 0; i < count && written; i++) {
        written = parts[i].size == 0 || fwrite(parts[i].bytes, parts[i].size, 1, file) == 1;
    }
    /* A full disk may be noticed only here. */
    int error = written ? 0 : errno;
    if (fclose(file) != 0 && !error) error = errno;
    errno = error;
    return error == 0;
}

static bool is_no_plain_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

/* A name beside path that nobody has; the file is made at once, so that it stays ours. */
static FILE *open_beside(const char *path, char *name, size_t size)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        snprintf(name, size, "%s.%ld-%d.part", path, (long)getpid(), attempt);
        int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (descriptor >= 0) return fdopen(descriptor, "wb");
        if (errno != EEXIST) break;
    }
    return NULL;
}

static Status replace(const char *path, const FilePart *parts, int count)
{
    const size_t size = strlen(path) + 48;
    char *name = malloc(size);
    if (!name) return status_no_memory("a file name", size);
    Status status = status_ok();
    FILE *file = open_beside(path, name, size);
    if (!file) {
        status = file_error(path);
    } else if (!write_parts(file, parts, count) || rename(name, path) != 0) {
        status = file_error(path);
        remove(name);
    }
    free(name);
    return status;
}

Status file_write(const char *path, const FilePart *parts, int count)
{
    if (is_no_plain_file(path)) {
        FILE *file = fopen(path, "wb");
        if (!file || !write_parts(file, parts, count)) return file_error(path);
        return status_ok();
    }
    /* What a symbolic link points to is replaced, not the link. */
    char *real = realpath(path, NULL);
    Status status = replace(real ? real : path, parts, count);
    free(real);
    return status;
}

Status file_write_text(const char *path, Text *text)
{
    const FilePart part = {text->bytes, text->length};
    const Status status =
        text->failed ? status_no_memory(path, text->length) : file_write(path, &part, 1);
    text_release(text);
    return status;
}

/* ---- names ---- */

bool has_ending(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    return length >= tail && strcasecmp(path + length - tail, ending) == 0;
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
