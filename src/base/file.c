#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Status file_error(const char *path)
{
    return status_error(STATUS_IO, "cannot write '%s': %s", path, strerror(errno));
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
