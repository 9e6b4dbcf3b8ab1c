#include "cli/gif.h"

#include <gif_lib.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum {
    COLOURS = 256,
    CELL_BITS = 6, /* of a channel, in the table of nearest colours */
    CELLS = 1 << 3 * CELL_BITS,
    SLOTS = 1024,
    BAYER = 8,
    DITHER = 12, /* levels from the least to the largest threshold */
    ROUNDS = 2,
};

typedef struct Palette {
    GifColorType colour[COLOURS];
    int count;
    bool exact;             /* every pixel's colour is in it */
    int16_t slot[SLOTS];    /* where to find an exact colour; -1: empty */
    int16_t nearest[CELLS]; /* colour of a cell; -1: not yet looked for */
} Palette;

Status frames_create(Frames *frames, int count, int height, int width)
{
    const size_t pixels = (size_t)count * (size_t)height * (size_t)width;
    *frames = (Frames){.count = count, .height = height, .width = width};
    if (height > UINT16_MAX || width > UINT16_MAX || pixels > INT32_MAX) {
        return status_error(STATUS_BAD_INPUT,
                            "a GIF cannot have %d pictures of %d x %d pixels: write a PNG, or make "
                            "the picture smaller",
                            count, width, height);
    }
    uint8_t *planes = calloc(pixels, 3);
    if (!planes) return status_no_memory("the GIF", 3 * pixels);
    for (size_t c = 0; c < 3; c++) frames->plane[c] = planes + c * pixels;
    return status_ok();
}

void frames_release(Frames *frames)
{
    free(frames->plane[0]);
    *frames = (Frames){0};
}

static size_t frame_pixels(const Frames *frames)
{
    return (size_t)frames->height * (size_t)frames->width;
}

void frames_set(Frames *frames, int index, const float *rgb)
{
    const size_t pixels = frame_pixels(frames);
    for (size_t c = 0; c < 3; c++) {
        uint8_t *to = frames->plane[c] + (size_t)index * pixels;
        for (size_t i = 0; i < pixels; i++)
            to[i] = (uint8_t)lrintf(fminf(fmaxf(rgb[c * pixels + i], 0), 1) * 255);
    }
}

/* ---- palette ---- */

static int cell_of(int r, int g, int b)
{
    const int shift = 8 - CELL_BITS;
    return (r >> shift << CELL_BITS | g >> shift) << CELL_BITS | b >> shift;
}

static int nearest_colour(const Palette *palette, int r, int g, int b)
{
    int best = 0, least = INT32_MAX;
    for (int i = 0; i < palette->count; i++) {
        const GifColorType *colour = &palette->colour[i];
        const int dr = r - colour->Red, dg = g - colour->Green, db = b - colour->Blue;
        /* The eye is most exact in green. */
        const int distance = 2 * dr * dr + 4 * dg * dg + 3 * db * db;
        if (distance < least) least = distance, best = i;
    }
    return best;
}

static int cell_colour(Palette *palette, int r, int g, int b)
{
    int16_t *known = &palette->nearest[cell_of(r, g, b)];
    if (*known < 0) *known = (int16_t)nearest_colour(palette, r, g, b);
    return *known;
}

/* Where the colour is in an exact palette; it is added when it is new. COLOURS: there is no more room. */
static int exact_colour(Palette *palette, GifColorType colour)
{
    const unsigned key = (unsigned)colour.Red << 16 | (unsigned)colour.Green << 8 | colour.Blue;
    for (unsigned at = key * 2654435761U >> 22;; at = (at + 1) % SLOTS) {
        const int index = palette->slot[at];
        if (index < 0 && palette->count == COLOURS) return COLOURS;
        if (index < 0) {
            palette->slot[at] = (int16_t)palette->count;
            palette->colour[palette->count] = colour;
            return palette->count++;
        }
        if (memcmp(&palette->colour[index], &colour, sizeof colour) == 0) return index;
    }
}

static GifColorType pixel(const Frames *frames, size_t i)
{
    return (GifColorType){frames->plane[0][i], frames->plane[1][i], frames->plane[2][i]};
}

/* The colours of the pictures as they are; false when there are too many. */
static bool exact_palette(const Frames *frames, Palette *palette)
{
    const size_t pixels = (size_t)frames->count * frame_pixels(frames);
    memset(palette->slot, -1, sizeof palette->slot);
    palette->count = 0;
    for (size_t i = 0; i < pixels; i++) {
        if (exact_colour(palette, pixel(frames, i)) == COLOURS) return false;
    }
    return true;
}

/* Moves every colour to the mean of the pixels that it is nearest to. */
static void improve(const Frames *frames, Palette *palette)
{
    struct {
        uint64_t sum[3], count;
    } means[COLOURS] = {0};
    const size_t pixels = (size_t)frames->count * frame_pixels(frames);
    memset(palette->nearest, -1, sizeof palette->nearest);
    for (size_t i = 0; i < pixels; i++) {
        const int index =
            cell_colour(palette, frames->plane[0][i], frames->plane[1][i], frames->plane[2][i]);
        for (int c = 0; c < 3; c++) means[index].sum[c] += frames->plane[c][i];
        means[index].count++;
    }
    for (int i = 0; i < palette->count; i++) {
        const uint64_t count = means[i].count;
        if (!count) continue;
        const uint64_t *sum = means[i].sum, half = count / 2;
        palette->colour[i] = (GifColorType){(GifByteType)((sum[0] + half) / count),
                                            (GifByteType)((sum[1] + half) / count),
                                            (GifByteType)((sum[2] + half) / count)};
    }
}

static Status make_palette(const Frames *frames, Palette *palette)
{
    palette->exact = exact_palette(frames, palette);
    if (!palette->exact) {
        const size_t pixels = (size_t)frames->count * frame_pixels(frames);
        GifByteType *indices = malloc(pixels);
        palette->count = COLOURS;
        const bool cut =
            indices &&
            GifQuantizeBuffer((unsigned)frames->width, (unsigned)(frames->count * frames->height),
                              &palette->count, frames->plane[0], frames->plane[1], frames->plane[2],
                              indices, palette->colour) == GIF_OK;
        free(indices);
        if (!cut) return status_no_memory("the palette of the GIF", pixels);
        for (int i = 0; i < ROUNDS; i++) improve(frames, palette);
    }
    memset(palette->nearest, -1, sizeof palette->nearest);
    return status_ok();
}

/* ---- pixels ---- */

/* Thresholds of an ordered dither, -DITHER/2 to DITHER/2: bits of x ^ y and y, the lowest first. */
static int threshold(int y, int x)
{
    int value = 0;
    for (int bit = 0; bit < 3; bit++) {
        value = value << 2 | (((x ^ y) >> bit & 1) << 1) | (y >> bit & 1);
    }
    return (value * DITHER + BAYER * BAYER / 2) / (BAYER * BAYER) - DITHER / 2;
}

static int dithered(int level, int by)
{
    const int sum = level + by;
    return sum < 0 ? 0 : sum > 255 ? 255 : sum;
}

static void index_row(const Frames *frames, Palette *palette, int frame, int y, GifByteType *row)
{
    const size_t at = (size_t)frame * frame_pixels(frames) + (size_t)y * (size_t)frames->width;
    for (int x = 0; x < frames->width; x++) {
        const GifColorType colour = pixel(frames, at + (size_t)x);
        const int by = threshold(y, x);
        row[x] = (GifByteType)(palette->exact ? exact_colour(palette, colour)
                                              : cell_colour(palette, dithered(colour.Red, by),
                                                            dithered(colour.Green, by),
                                                            dithered(colour.Blue, by)));
    }
}

/* ---- file ---- */

static int append(GifFileType *gif, const GifByteType *data, int count)
{
    Text *bytes = gif->UserData;
    text_append(bytes, (const char *)data, (size_t)count);
    return bytes->failed ? 0 : count;
}

/* Netscape's extension: for ever. */
static bool put_loop(GifFileType *gif)
{
    static const GifByteType for_ever[] = {1, 0, 0};
    return EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE) == GIF_OK &&
           EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0") == GIF_OK &&
           EGifPutExtensionBlock(gif, sizeof for_ever, for_ever) == GIF_OK &&
           EGifPutExtensionTrailer(gif) == GIF_OK;
}

static bool put_frame(GifFileType *gif, const Frames *frames, Palette *palette, int frame,
                      int hundredths, GifByteType *row)
{
    const GraphicsControlBlock control = {.DisposalMode = DISPOSE_DO_NOT,
                                          .DelayTime = hundredths,
                                          .TransparentColor = NO_TRANSPARENT_COLOR};
    GifByteType extension[4];
    EGifGCBToExtension(&control, extension);
    if (EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof extension, extension) != GIF_OK ||
        EGifPutImageDesc(gif, 0, 0, frames->width, frames->height, false, NULL) != GIF_OK)
        return false;
    for (int y = 0; y < frames->height; y++) {
        index_row(frames, palette, frame, y, row);
        if (EGifPutLine(gif, row, frames->width) != GIF_OK) return false;
    }
    return true;
}

static bool put_all(GifFileType *gif, const Frames *frames, Palette *palette, int hundredths,
                    GifByteType *row)
{
    ColorMapObject *map = GifMakeMapObject(COLOURS, NULL);
    if (!map) return false;
    memcpy(map->Colors, palette->colour, sizeof palette->colour);
    EGifSetGifVersion(gif, true);
    bool done = EGifPutScreenDesc(gif, frames->width, frames->height, 8, 0, map) == GIF_OK;
    GifFreeMapObject(map);
    if (frames->count > 1) done = done && put_loop(gif);
    for (int i = 0; i < frames->count && done; i++)
        done = put_frame(gif, frames, palette, i, hundredths, row);
    return done;
}

Status gif_write(const char *path, const Frames *frames, double frames_per_second)
{
    Palette *palette = calloc(1, sizeof *palette);
    GifByteType *row = malloc((size_t)frames->width);
    Text bytes = {0};
    GifFileType *gif = palette && row ? EGifOpen(&bytes, append, NULL) : NULL;
    Status status =
        gif ? make_palette(frames, palette) : status_no_memory("the GIF", sizeof *palette);
    if (status.code == STATUS_OK) {
        /* Browsers show less than two hundredths as ten. */
        const int hundredths = (int)fmax(2, round(100 / frames_per_second));
        if (!put_all(gif, frames, palette, hundredths, row))
            status = status_no_memory("the GIF", bytes.length);
    }
    if (gif && EGifCloseFile(gif, NULL) != GIF_OK && status.code == STATUS_OK)
        status = status_no_memory("the GIF", bytes.length);
    if (status.code == STATUS_OK) status = file_write_text(path, &bytes);
    text_release(&bytes);
    free(palette);
    free(row);
    return status;
}
