/* What stb_image does not tell about a JPEG file, or does not check: its size before decoding, which side is
 * up, whether the file is all there, and whether its Huffman tables fit the decoder's arrays. */
#ifndef CONVOSCOPE_IMAGE_JPEG_H
#define CONVOSCOPE_IMAGE_JPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct JpegFacts {
    int width, height; /* as stored, before any turning; 0: no frame header was found */
    int orientation;   /* 1 to 8 as in Exif 2.3, tag 0x0112; 1 is upright */
    const char *fault; /* continues "the picture ..."; NULL where the markers are in order */
} JpegFacts;

/* False when the bytes do not begin as a JPEG file does. */
bool jpeg_facts(JpegFacts *facts, const uint8_t *bytes, size_t size);

/* Turns or mirrors pixels, 4 bytes each, from [height,width] to what `orientation` says; `to` has as many
 * pixels. The result is [width,height] for the orientations 5 to 8. */
void jpeg_turn(int orientation, const uint8_t *from, int width, int height, uint8_t *to);

#endif
