#include "image/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

Status picture_copy(Picture *picture, int width, int height, const uint8_t *rgba)
{
    *picture = (Picture){0};
    if (width < 1 || height < 1 || (long long)width * height > PICTURE_MAX_PIXELS) {
        return status_error(STATUS_BAD_INPUT,
                            "the picture is %d x %d pixels; it must have 1 to 64 million of them",
                            width, height);
    }
    size_t bytes = (size_t)width * (size_t)height * 4;
    uint8_t *copy = malloc(bytes);
    if (!copy) return status_no_memory("the picture", bytes);
    memcpy(copy, rgba, bytes);
    *picture = (Picture){.width = width, .height = height, .rgba = copy};
    return status_ok();
}

void picture_release(Picture *picture)
{
    free(picture->rgba);
    *picture = (Picture){0};
}

/* Planes of bytes are resampled as floats: 4 planes of the picture, then those of the smaller one. */
static Status shrink_to(const Picture *picture, Picture *smaller, float *from, float *to)
{
    const size_t pixels = (size_t)picture->width * (size_t)picture->height;
    const size_t kept = (size_t)smaller->width * (size_t)smaller->height;
    for (size_t i = 0; i < pixels; i++) {
        for (size_t c = 0; c < 4; c++) from[c * pixels + i] = picture->rgba[4 * i + c];
    }
    TRY(resample(from, 4, picture->height, picture->width, to, smaller->height, smaller->width));
    for (size_t i = 0; i < kept; i++) {
        for (size_t c = 0; c < 4; c++)
            smaller->rgba[4 * i + c] = (uint8_t)(to[c * kept + i] + 0.5F);
    }
    return status_ok();
}

Status picture_shrink(Picture *picture, double most_pixels)
{
    const double pixels = (double)picture->width * picture->height;
    if (pixels <= most_pixels) return status_ok();
    const double scale = sqrt(most_pixels / pixels);
    Picture smaller = {.width = (int)fmax(1, floor(picture->width * scale)),
                       .height = (int)fmax(1, floor(picture->height * scale))};
    const size_t kept = (size_t)smaller.width * (size_t)smaller.height;
    float *from = malloc(4 * (size_t)pixels * sizeof *from), *to = malloc(4 * kept * sizeof *to);
    smaller.rgba = malloc(4 * kept);
    Status status = from && to && smaller.rgba
                        ? shrink_to(picture, &smaller, from, to)
                        : status_no_memory("the picture", 4 * (size_t)pixels * sizeof *from);
    free(from);
    free(to);
    if (status.code != STATUS_OK) {
        picture_release(&smaller);
        return status;
    }
    picture_release(picture);
    *picture = smaller;
    return status;
}
