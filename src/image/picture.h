/* Pictures as people see them: 8-bit sRGB with alpha, rows from the top. */
#ifndef CONVOSCOPE_IMAGE_PICTURE_H
#define CONVOSCOPE_IMAGE_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "tensor.h"

/* The most pixels a picture may have; a larger one is refused before it is decoded. */
#define PICTURE_MAX_PIXELS (64 * 1000 * 1000)

typedef struct Picture {
    int width, height;
    uint8_t *rgba; /* [height,width,4], not premultiplied; owned by whoever says so */
} Picture;

/* Decodes a JPEG or PNG (stb_image; grey, alpha, 16 bit and palettes become 8-bit RGBA). The size is read
 * and checked before anything is decoded; name stands in the messages. Native builds only: the page
 * decodes with createImageBitmap. Release with picture_release. */
Status picture_decode(Picture *picture, const uint8_t *bytes, size_t size, const char *name);

/* Does the file's name end as those of JPEG and PNG files do? Native builds only. */
bool picture_is_named(const char *name);

/* A copy of width x height pixels. */
Status picture_copy(Picture *picture, int width, int height, const uint8_t *rgba);
void picture_release(Picture *picture);

/* Scales it down in place to at most that many pixels; a smaller one is left as it is. */
Status picture_shrink(Picture *picture, double most_pixels);

/* Writes RGB or RGBA [channels,H,W] in 0..1 (values outside are clipped, not-a-number is black) as an 8-bit PNG,
 * first to a temporary name beside `path`, so that nothing is left half written. Native builds only. */
Status picture_write_png(const char *path, const float *planes, int channels, int height,
                         int width);

/* Writes [height,width,3] levels as a JPEG in the same way; quality 1 to 100. Native builds only. */
Status picture_write_jpeg(const char *path, const uint8_t *levels, int height, int width,
                          int quality);

/* Resamples `channels` planes [C,H,W] to [C,height,width]: triangle filter, widened when it shrinks
 * (anti-aliased, as Pillow's bilinear). */
Status resample(const float *from, int channels, int from_height, int from_width, float *to,
                int height, int width);

#endif
