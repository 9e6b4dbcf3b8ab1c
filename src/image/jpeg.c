#include "image/jpeg.h"

#include <string.h>

enum {
    MARKER_START = 0xD8,
    MARKER_END = 0xD9,
    MARKER_SCAN = 0xDA,
    MARKER_APP1 = 0xE1,
    TAG_ORIENTATION = 0x0112,
    TYPE_SHORT = 3,
};

static unsigned read16(const uint8_t *bytes, bool little)
{
    return little ? bytes[0] | (unsigned)bytes[1] << 8 : (unsigned)bytes[0] << 8 | bytes[1];
}

static uint32_t read32(const uint8_t *bytes, bool little)
{
    uint32_t first = read16(bytes, little), second = read16(bytes + 2, little);
    return little ? first | second << 16 : first << 16 | second;
}

/* Orientation in an Exif segment: a TIFF header and its first directory. 1 where there is none. */
static int exif_orientation(const uint8_t *segment, size_t size)
{
    if (size < 14 || memcmp(segment, "Exif\0\0", 6) != 0) return 1;
    const uint8_t *tiff = segment + 6;
    size -= 6;
    bool little = tiff[0] == 'I';
    if (read16(tiff + 2, little) != 42) return 1;
    uint32_t offset = read32(tiff + 4, little);
    if (offset > size || size - offset < 2) return 1;
    unsigned entries = read16(tiff + offset, little);
    for (unsigned i = 0; i < entries && 12 <= size - offset - 2 - 12 * (size_t)i; i++) {
        const uint8_t *entry = tiff + offset + 2 + 12 * (size_t)i;
        if (read16(entry, little) != TAG_ORIENTATION) continue;
        unsigned value = read16(entry + 8, little);
        bool valid = read16(entry + 2, little) == TYPE_SHORT && value >= 1 && value <= 8;
        return valid ? (int)value : 1;
    }
    return 1;
}

/* Start of frame: 0xC0 to 0xCF but for the tables DHT (C4), JPG (C8) and DAC (CC). */
static bool is_frame(unsigned marker)
{
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

static bool has_end(const uint8_t *bytes, size_t from, size_t size)
{
    for (size_t i = from; i + 1 < size; i++) {
        if (bytes[i] == 0xFF && bytes[i + 1] == MARKER_END) return true;
    }
    return false;
}

bool jpeg_facts(JpegFacts *facts, const uint8_t *bytes, size_t size)
{
    *facts = (JpegFacts){.orientation = 1};
    if (size < 3 || bytes[0] != 0xFF || bytes[1] != MARKER_START || bytes[2] != 0xFF) return false;
    size_t at = 2;
    while (size - at >= 4) {
        if (bytes[at] != 0xFF) break;
        unsigned marker = bytes[at + 1];
        if (marker == 0xFF) { /* fill byte */
            at++;
            continue;
        }
        size_t length = read16(bytes + at + 2, false); /* counts its own two bytes */
        if (length < 2 || length > size - at - 2) break;
        const uint8_t *segment = bytes + at + 4;
        if (marker == MARKER_APP1 && facts->orientation == 1) {
            facts->orientation = exif_orientation(segment, length - 2);
        } else if (is_frame(marker) && length >= 7) {
            facts->height = (int)read16(segment + 1, false);
            facts->width = (int)read16(segment + 3, false);
        } else if (marker == MARKER_SCAN) {
            facts->complete = has_end(bytes, at, size);
            break;
        }
        at += 2 + length;
    }
    return true;
}

void jpeg_turn(int orientation, const uint8_t *from, int width, int height, uint8_t *to)
{
    bool swapped = orientation >= 5;
    bool mirrored_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool mirrored_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int to_width = swapped ? height : width, to_height = swapped ? width : height;
    for (int y = 0; y < to_height; y++) {
        for (int x = 0; x < to_width; x++) {
            int from_x = swapped ? y : x, from_y = swapped ? x : y;
            if (mirrored_x) from_x = width - 1 - from_x;
            if (mirrored_y) from_y = height - 1 - from_y;
            size_t source = ((size_t)from_y * (size_t)width + (size_t)from_x) * 4;
            memcpy(to + ((size_t)y * (size_t)to_width + (size_t)x) * 4, from + source, 4);
        }
    }
}
