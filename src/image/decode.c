#include "image/picture.h"

/* The page decodes with createImageBitmap. */
#ifndef __EMSCRIPTEN__

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "image/jpeg.h"

/* The largest piece of memory that decoding a picture of the largest size takes: 16 bits per channel and a filter byte per row. A file of
 * few pixels whose compressed data unpack to more than that is refused instead of filling the memory. */
enum { DECODE_MAX_BYTES = PICTURE_MAX_PIXELS * 9 + (1 << 20) };

/* Zeroed: a damaged file may leave parts of a picture undecoded. */
static void *decode_malloc(size_t size)
{
    return size <= DECODE_MAX_BYTES ? calloc(1, size) : NULL;
}

static void *decode_realloc(void *pointer, size_t size)
{
    return size <= DECODE_MAX_BYTES ? realloc(pointer, size) : NULL;
}

#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
/* Broken files trip its assertions; what follows them is checked again. */
#define STBI_ASSERT(condition)  ((void)0)
#define STBI_MAX_DIMENSIONS     (1 << 24)
#define STBI_MALLOC(size)       decode_malloc(size)
#define STBI_REALLOC(old, size) decode_realloc(old, size)
#define STBI_FREE(pointer)      free(pointer)
#include <stb/stb_image.h>

/* ---- JPEG with the rounding of libjpeg ---- */

/* Browsers and most training pipelines decode with libjpeg. stb_image computes the same but for the
 * rounding of chroma; in these two kernels, which it calls by pointer, that is libjpeg's as well, so that page
 * and command line see the same levels (IJG libjpeg 6b, jdsample.c and jdcolor.c). */
static stbi_uc *upsample_chroma(stbi_uc *out, stbi_uc *near, stbi_uc *far, int count, int factor)
{
    (void)factor; /* 2, along both axes */
    for (int i = 0; i < count; i++) {
        int before = i > 0 ? i - 1 : i, after = i + 1 < count ? i + 1 : i;
        int sum = 3 * near[i] + far[i];
        int sum_before = 3 * near[before] + far[before], sum_after = 3 * near[after] + far[after];
        out[2 * i] = (stbi_uc)((3 * sum + sum_before + 8) >> 4);
        out[2 * i + 1] = (stbi_uc)((3 * sum + sum_after + 7) >> 4);
    }
    return out;
}

static stbi_uc clamp_level(int level)
{
    return (stbi_uc)(level < 0 ? 0 : level > 255 ? 255 : level);
}

/* JFIF's YCbCr to RGB in 16-bit fixed point. */
static void convert_colours(stbi_uc *out, const stbi_uc *y, const stbi_uc *cb, const stbi_uc *cr,
                            int count, int step)
{
    enum { HALF = 1 << 15, CR_R = 91881, CB_B = 116130, CR_G = 46802, CB_G = 22554 };
    for (int i = 0; i < count; i++, out += step) {
        int blue = cb[i] - 128, red = cr[i] - 128;
        out[0] = clamp_level(y[i] + ((CR_R * red + HALF) >> 16));
        out[1] = clamp_level(y[i] + ((-CB_G * blue - CR_G * red + HALF) >> 16));
        out[2] = clamp_level(y[i] + ((CB_B * blue + HALF) >> 16));
        out[3] = 255;
    }
}

/* As stbi_load_from_memory with four channels. */
static stbi_uc *load_jpeg(const uint8_t *bytes, int size, int *width, int *height)
{
    stbi__context context;
    stbi__start_mem(&context, bytes, size);
    stbi__jpeg *jpeg = decode_malloc(sizeof *jpeg);
    if (!jpeg) return stbi__errpuc("outofmem", "");
    jpeg->s = &context;
    stbi__setup_jpeg(jpeg);
    jpeg->resample_row_hv_2_kernel = upsample_chroma;
    jpeg->YCbCr_to_RGB_kernel = convert_colours;
    int channels;
    stbi_uc *rgba = load_jpeg_image(jpeg, width, height, &channels, 4);
    free(jpeg);
    return rgba;
}

/* ---- what the file is ---- */

/* What a file that is neither JPEG nor PNG begins with. */
typedef struct Signature {
    int offset, length;
    const char *bytes;
    const char *what; /* continues "the file is ..." */
} Signature;

static const Signature signatures[] = {
    {0, 4, "GIF8", "a GIF picture"},
    {8, 4, "WEBP", "a WebP picture"},
    {0, 2, "BM", "a Windows bitmap"},
    {0, 4, "II*\0", "a TIFF picture"},
    {0, 4, "MM\0*", "a TIFF picture"},
    {4, 8, "ftypavif", "an AVIF picture"},
    {4, 7, "ftyphei", "a HEIC picture"},
    {4, 8, "ftypmif1", "a HEIC picture"},
    {4, 4, "ftyp", "a film"},
    {0, 4, "8BPS", "a Photoshop picture"},
    {0, 4, "%PDF", "a PDF document"},
    {0, 6, "\x93NUMPY", "a NumPy array (give it with --input)"},
    {0, 4, "PK\x03\x04", "a zip archive"},
    {0, 7, "version", "a Git LFS pointer, not the picture itself (run git lfs pull)"},
    {0, 4, "<svg", "an SVG drawing"},
    {0, 5, "<?xml", "an XML or SVG file"},
    {0, 1, "<", "an HTML page"},
    {0, 1, "{", "a JSON file"},
};

static const char *recognise(const uint8_t *bytes, size_t size)
{
    if (size == 0) return "empty";
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const Signature *s = &signatures[i];
        size_t offset = (size_t)s->offset, length = (size_t)s->length;
        if (size >= offset + length && memcmp(bytes + offset, s->bytes, length) == 0)
            return s->what;
    }
    for (size_t i = 0; i < size && i < 256; i++) {
        bool text = bytes[i] == '\t' || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] >= 0x20;
        if (!text) return "something else";
    }
    return "a text file";
}

static bool is_png(const uint8_t *bytes, size_t size)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    return size >= sizeof signature && memcmp(bytes, signature, sizeof signature) == 0;
}

/* Width and height of the IHDR chunk, which must be the first. */
static bool png_size(const uint8_t *bytes, size_t size, uint32_t *width, uint32_t *height)
{
    if (size < 33 || memcmp(bytes + 12, "IHDR", 4) != 0) return false;
    const uint8_t *b = bytes + 16;
    *width = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    *height = (uint32_t)b[4] << 24 | (uint32_t)b[5] << 16 | (uint32_t)b[6] << 8 | b[7];
    return true;
}

static Status check_size(uint64_t width, uint64_t height, const char *name)
{
    if (width == 0 || height == 0) {
        return status_error(STATUS_BAD_INPUT,
                            "'%s' is damaged: it says that it is %llu x %llu pixels large", name,
                            (unsigned long long)width, (unsigned long long)height);
    }
    if (width * height > PICTURE_MAX_PIXELS) {
        return status_error(STATUS_BAD_INPUT,
                            "'%s' is %llu x %llu pixels, %.0f megapixels: scale it down to at most "
                            "%d megapixels first",
                            name, (unsigned long long)width, (unsigned long long)height,
                            (double)width * (double)height / 1e6, PICTURE_MAX_PIXELS / 1000000);
    }
    return status_ok();
}

/* Reads the size from the header, refuses what is too large or cut short; nothing is decoded yet. */
static Status check_header(const uint8_t *bytes, size_t size, const char *name, int *orientation)
{
    *orientation = 1;
    uint32_t width = 0, height = 0;
    JpegFacts facts;
    if (is_png(bytes, size)) {
        if (!png_size(bytes, size, &width, &height)) {
            return status_error(STATUS_BAD_INPUT,
                                "'%s' is a PNG picture that ends within its header: it is damaged",
                                name);
        }
    } else if (jpeg_facts(&facts, bytes, size)) {
        if (facts.width == 0 && facts.height == 0) {
            return status_error(STATUS_BAD_INPUT,
                                "'%s' is a JPEG picture without a frame header: it is damaged or "
                                "was cut short",
                                name);
        }
        width = (uint32_t)facts.width, height = (uint32_t)facts.height;
        *orientation = facts.orientation;
        TRY(check_size(width, height, name));
        if (facts.fault) {
            return status_error(STATUS_BAD_INPUT,
                                "'%s' is a JPEG picture that %s (%zu bytes): get it again", name,
                                facts.fault, size);
        }
    } else {
        return status_error(
            STATUS_BAD_INPUT,
            "'%s' is no JPEG or PNG picture: the file is %s; give a JPEG or PNG file", name,
            recognise(bytes, size));
    }
    return check_size(width, height, name);
}

/* Replaces the pixels by their upright form. */
static Status make_upright(Picture *picture, int orientation)
{
    if (orientation == 1) return status_ok();
    size_t bytes = (size_t)picture->width * (size_t)picture->height * 4;
    uint8_t *upright = malloc(bytes);
    if (!upright) return status_no_memory("the picture turned upright", bytes);
    jpeg_turn(orientation, picture->rgba, picture->width, picture->height, upright);
    free(picture->rgba);
    picture->rgba = upright;
    if (orientation >= 5) {
        int width = picture->width;
        picture->width = picture->height;
        picture->height = width;
    }
    return status_ok();
}

Status picture_decode(Picture *picture, const uint8_t *bytes, size_t size, const char *name)
{
    *picture = (Picture){0};
    int orientation;
    TRY(check_header(bytes, size, name, &orientation));
    int width = 0, height = 0, channels = 0;
    if (size > INT_MAX) {
        return status_error(STATUS_BAD_INPUT, "'%s' is larger than 2 GB: scale it down first",
                            name);
    }
    if (stbi_info_from_memory(bytes, (int)size, &width, &height, &channels)) {
        TRY(check_size((uint64_t)width, (uint64_t)height, name));
        picture->rgba = is_png(bytes, size)
                            ? stbi_load_from_memory(bytes, (int)size, &width, &height, &channels, 4)
                            : load_jpeg(bytes, (int)size, &width, &height);
    }
    if (!picture->rgba) {
        const char *reason = stbi_failure_reason();
        if (reason && strcmp(reason, "outofmem") == 0) {
            return status_error(STATUS_NO_MEMORY, "not enough memory to decode '%s'", name);
        }
        return status_error(STATUS_BAD_INPUT,
                            "'%s' cannot be decoded, it is damaged or cut short (%s)", name,
                            reason ? reason : "no reason given");
    }
    picture->width = width;
    picture->height = height;
    Status status = make_upright(picture, orientation);
    if (status.code != STATUS_OK) picture_release(picture);
    return status;
}

bool picture_is_named(const char *name)
{
    return has_ending(name, ".jpg") || has_ending(name, ".jpeg") || has_ending(name, ".png");
}

#endif
