#include "image/picture.h"

/* Writing PNG and JPEG files. The page makes its own with a canvas. */
#ifndef __EMSCRIPTEN__

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

enum { PATH_BYTES = 4096 };

static Status write_failed(const char *path, int error)
{
    return status_error(STATUS_IO,
                        "cannot write '%s': %s; choose a file in a folder you may write to", path,
                        strerror(error));
}

/* Devices and pipes are written to as they are: renaming over them would replace them. */
static bool is_special(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

static Status write_whole(const char *path, const void *bytes, size_t size)
{
    char temporary[PATH_BYTES];
    bool special = is_special(path);
    int length =
        snprintf(temporary, sizeof temporary, special ? "%s" : "%s.%ld.part", path, (long)getpid());
    if (length < 0 || length >= PATH_BYTES) return write_failed(path, ENAMETOOLONG);
    FILE *file = fopen(temporary, "wb");
    if (!file) return write_failed(path, errno);
    int error = fwrite(bytes, 1, size, file) == size ? 0 : errno ? errno : EIO;
    if (fclose(file) != 0 && !error) error = errno;
    if (special) return error ? write_failed(path, error) : status_ok();
    if (!error && rename(temporary, path) != 0) error = errno;
    if (!error) return status_ok();
    remove(temporary);
    return write_failed(path, error);
}

/* 0..1 to 0..255; the comparison is false for not-a-number too. */
static uint8_t level(float value)
{
    if (!(value > 0)) return 0;
    return value >= 1 ? 255 : (uint8_t)lrintf(value * 255);
}

Status picture_write_png(const char *path, const float *planes, int channels, int height, int width)
{
    size_t pixels = (size_t)height * (size_t)width;
    if (height < 1 || width < 1 || pixels > PICTURE_MAX_PIXELS) {
        return status_error(STATUS_BAD_INPUT,
                            "'%s' would be %d x %d pixels; at most %d megapixels can be written",
                            path, width, height, PICTURE_MAX_PIXELS / 1000000);
    }
    const size_t count = (size_t)channels;
    uint8_t *levels = malloc(pixels * count);
    if (!levels) return status_no_memory("the PNG picture", pixels * count);
    for (size_t i = 0; i < pixels; i++) {
        for (size_t c = 0; c < count; c++) levels[count * i + c] = level(planes[c * pixels + i]);
    }
    int size = 0;
    unsigned char *png =
        stbi_write_png_to_mem(levels, width * channels, width, height, channels, &size);
    free(levels);
    if (!png) return status_no_memory("the PNG file", pixels * count);
    Status status = write_whole(path, png, (size_t)size);
    free(png);
    return status;
}

/* What the encoder has written so far. */
typedef struct Bytes {
    unsigned char *data;
    size_t size, room;
    bool failed;
} Bytes;

static void take_bytes(void *context, void *data, int size)
{
    Bytes *bytes = context;
    const size_t more = (size_t)size;
    if (bytes->failed) return;
    if (bytes->size + more > bytes->room) {
        const size_t room = 2 * (bytes->size + more);
        unsigned char *grown = realloc(bytes->data, room);
        if (!grown) {
            bytes->failed = true;
            return;
        }
        bytes->data = grown;
        bytes->room = room;
    }
    memcpy(bytes->data + bytes->size, data, more);
    bytes->size += more;
}

Status picture_write_jpeg(const char *path, const uint8_t *levels, int height, int width,
                          int quality)
{
    Bytes bytes = {0};
    stbi_write_jpg_to_func(take_bytes, &bytes, width, height, 3, levels, quality);
    Status status = bytes.failed ? status_no_memory("the JPEG file", 2 * bytes.room)
                                 : write_whole(path, bytes.data, bytes.size);
    free(bytes.data);
    return status;
}

#endif
