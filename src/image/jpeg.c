#include "image/jpeg.h"

#include <string.h>

enum {
    MARKER_PROGRESSIVE = 0xC2,
    MARKER_TABLES = 0xC4,
    MARKER_RESTART = 0xD0, /* to 0xD7 */
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

/* The walk over the markers. */
typedef struct Walk {
    JpegFacts *facts;
    bool progressive;
    unsigned dc, ac; /* bit t: Huffman table t was defined */
} Walk;

/* Huffman tables, each a byte of class and number, sixteen counts, and as many symbols. The decoder trusts
 * the counts: more than 256 symbols would be written past its arrays. */
static bool walk_tables(Walk *walk, const uint8_t *segment, size_t size)
{
    while (size > 0) {
        unsigned number = segment[0] & 15, symbols = 0;
        if (size < 17 || segment[0] > 0x1F || number > 3) return false;
        for (int i = 1; i <= 16; i++) symbols += segment[i];
        if (symbols > 256 || symbols > size - 17) return false;
        *(segment[0] >> 4 ? &walk->ac : &walk->dc) |= 1U << number;
        segment += 17 + symbols;
        size -= 17 + symbols;
    }
    return true;
}

/* A scan may use only tables that were defined: the decoder's are not cleared. */
static bool walk_scan(const Walk *walk, const uint8_t *segment, size_t size)
{
    unsigned count = size > 0 ? segment[0] : 0;
    if (count < 1 || count > 4 || size != 4 + 2 * (size_t)count) return false;
    const uint8_t *spectral = segment + 1 + 2 * (size_t)count; /* start, end, high and low bit */
    bool first_bits = spectral[2] >> 4 == 0, dc_only = count > 1 || spectral[0] == 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned tables = segment[2 + 2 * (size_t)i];
        bool dc = tables >> 4 <= 3 && walk->dc >> (tables >> 4) & 1;
        bool ac = (tables & 15) <= 3 && walk->ac >> (tables & 15) & 1;
        bool needs_dc = !walk->progressive || (dc_only && first_bits);
        bool needs_ac = !walk->progressive || !dc_only;
        if ((needs_dc && !dc) || (needs_ac && !ac)) return false;
    }
    return true;
}

static bool walk_segment(Walk *walk, unsigned marker, const uint8_t *segment, size_t size)
{
    JpegFacts *facts = walk->facts;
    if (marker == MARKER_TABLES) return walk_tables(walk, segment, size);
    if (marker == MARKER_SCAN) return walk_scan(walk, segment, size);
    if (marker == MARKER_APP1 && facts->orientation == 1) {
        facts->orientation = exif_orientation(segment, size);
    } else if (is_frame(marker)) {
        if (size < 6 || facts->width != 0) return false;
        facts->height = (int)read16(segment + 1, false);
        facts->width = (int)read16(segment + 3, false);
        walk->progressive = marker == MARKER_PROGRESSIVE;
    }
    return true;
}

/* Past compressed data: to the next 0xFF that begins a marker. 0xFF00 is data, restarts belong to the scan. */
static size_t skip_data(const uint8_t *bytes, size_t at, size_t size)
{
    for (; at + 1 < size; at++) {
        unsigned next = bytes[at + 1];
        bool restart = next >= MARKER_RESTART && next < MARKER_START;
        if (bytes[at] == 0xFF && next != 0 && next != 0xFF && !restart) break;
    }
    return at;
}

bool jpeg_facts(JpegFacts *facts, const uint8_t *bytes, size_t size)
{
    *facts = (JpegFacts){.orientation = 1, .fault = "was cut short"};
    if (size < 3 || bytes[0] != 0xFF || bytes[1] != MARKER_START || bytes[2] != 0xFF) return false;
    Walk walk = {.facts = facts};
    for (size_t at = 2; size - at >= 2;) {
        unsigned marker = bytes[at + 1];
        if (bytes[at] != 0xFF || marker == 0) {
            facts->fault = "is damaged";
            break;
        }
        if (marker == 0xFF) { /* fill byte */
            at++;
            continue;
        }
        if (marker == MARKER_END) {
            facts->fault = NULL;
            break;
        }
        if (size - at < 4) break;
        size_t length = read16(bytes + at + 2, false); /* counts its own two bytes */
        if (length > size - at - 2) break;
        if (length < 2 || !walk_segment(&walk, marker, bytes + at + 4, length - 2)) {
            facts->fault = "is damaged";
            break;
        }
        at += 2 + length;
        if (marker == MARKER_SCAN) at = skip_data(bytes, at, size);
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
