#include "image/picture.h"

/* Writing PNG and JPEG files. The page makes its own with a canvas. */
#ifndef __EMSCRIPTEN__

#include <math.h>
#include <stdlib.h>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

#include "base/file.h"

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
    Status status = file_write(path, &(FilePart){png, (size_t)size}, 1);
    free(png);
    return status;
}

/* What the encoder has made, to the end of a text. */
static void take_bytes(void *text, void *data, int size)
{
    text_append(text, data, (size_t)size);
}

Status picture_write_jpeg(const char *path, const uint8_t *levels, int height, int width,
                          int quality)
{
    Text bytes = {0};
    stbi_write_jpg_to_func(take_bytes, &bytes, width, height, 3, levels, quality);
    return file_write_text(path, &bytes);
}

#endif
