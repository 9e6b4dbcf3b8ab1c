#include "image/picture.h"

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
