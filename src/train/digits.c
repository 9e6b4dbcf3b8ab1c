#include "train/digits.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/random.h"
#include "parallel.h"

/* One file holds the rasteriser; nobody else uses it. */
#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <stb/stb_truetype.h>

enum { DIGITS = 10, DEEPEST = 8, HELD_OUT_EVERY = 5, GRAIN = 64 };

typedef struct Font {
    char *path;
    uint8_t *bytes;
    stbtt_fontinfo info;
} Font;

typedef struct Fonts {
    Font *font;
    int count, capacity;
} Fonts;

/* ---- which fonts there are ---- */

static void fonts_release(Fonts *fonts)
{
    for (int i = 0; i < fonts->count; i++) {
        free(fonts->font[i].path);
        free(fonts->font[i].bytes);
    }
    free(fonts->font);
    *fonts = (Fonts){0};
}

static bool has_digits(const stbtt_fontinfo *info)
{
    for (int digit = 0; digit < DIGITS; digit++) {
        const int glyph = stbtt_FindGlyphIndex(info, '0' + digit);
        if (glyph == 0 || stbtt_IsGlyphEmpty(info, glyph)) return false;
    }
    return true;
}

/* A font that has no digits, or cannot be read, is left out. */
static Status add_font(Fonts *fonts, const char *path)
{
    if (fonts->count == fonts->capacity) {
        const int capacity = fonts->capacity ? 2 * fonts->capacity : 64;
        Font *grown = realloc(fonts->font, (size_t)capacity * sizeof *grown);
        if (!grown) return status_no_memory("the fonts", (size_t)capacity * sizeof *grown);
        fonts->font = grown;
        fonts->capacity = capacity;
    }
    Font font = {0};
    size_t size;
    TRY(file_read(path, "the font", &font.bytes, &size));
    const int offset = stbtt_GetFontOffsetForIndex(font.bytes, 0);
    if (offset < 0 || !stbtt_InitFont(&font.info, font.bytes, offset) || !has_digits(&font.info)) {
        free(font.bytes);
        return status_ok();
    }
    font.path = strdup(path);
    fonts->font[fonts->count++] = font;
    return font.path ? status_ok() : status_no_memory("the fonts", strlen(path));
}

static Status find_fonts(Fonts *fonts, const char *folder, int depth)
{
    DIR *directory = opendir(folder);
    if (!directory) return status_error(STATUS_IO, "cannot read the folder '%s'", folder);
    Status status = status_ok();
    for (struct dirent *entry; status.code == STATUS_OK && (entry = readdir(directory));) {
        char path[PATH_BYTES];
        struct stat info;
        if (entry->d_name[0] == '.' ||
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= PATH_BYTES)
            continue;
        if (stat(path, &info) != 0) continue;
        if (S_ISDIR(info.st_mode)) {
            if (depth < DEEPEST) status = find_fonts(fonts, path, depth + 1);
        } else if (has_ending(path, ".ttf") || has_ending(path, ".otf")) {
            status = add_font(fonts, path);
        }
    }
    closedir(directory);
    return status;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const Font *)a)->path, ((const Font *)b)->path);
}

/* Leaves every fifth font, or the others. */
static void keep_part(Fonts *fonts, bool held_out)
{
    int kept = 0;
    for (int i = 0; i < fonts->count; i++) {
        const bool wanted = (i % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) == held_out;
        if (wanted) {
            fonts->font[kept++] = fonts->font[i];
        } else {
            free(fonts->font[i].path);
            free(fonts->font[i].bytes);
        }
    }
    fonts->count = kept;
}

static size_t folder_length(const Font *font)
{
    return (size_t)(strrchr(font->path, '/') - font->path);
}

/* The first font of the folder behind that of font i. */
static int next_folder(const Fonts *fonts, int i)
{
    const size_t length = folder_length(&fonts->font[i]);
    int k = i + 1;
    while (k < fonts->count && folder_length(&fonts->font[k]) == length &&
           strncmp(fonts->font[k].path, fonts->font[i].path, length) == 0)
        k++;
    return k;
}

static const Font *draw_font(const Fonts *fonts, Random *random)
{
    int folders = 0, first = 0;
    for (int i = 0; i < fonts->count; i = next_folder(fonts, i)) folders++;
    for (int skip = (int)random_below(random, (uint32_t)folders); skip > 0; skip--)
        first = next_folder(fonts, first);
    const int count = next_folder(fonts, first) - first;
    return &fonts->font[first + (int)random_below(random, (uint32_t)count)];
}

/* ---- one digit ---- */

/* Where an outline goes: in units of its own height around its middle, affine, then bent by a wave. */
typedef struct Distortion {
    float x_middle, y_middle, unit; /* of the outline, in font units */
    float xx, xy, yx, yy;
    float bend[2], length[2], phase[2]; /* per axis: height, length and phase of the wave */
} Distortion;

enum { UNITS = 4096 }; /* of the distorted outline: its height is about that many */

static Distortion draw_distortion(const stbtt_vertex *outline, int count, Random *random)
{
    float low[2] = {1e9F, 1e9F}, high[2] = {-1e9F, -1e9F};
    for (int i = 0; i < count; i++) {
        const float at[2] = {outline[i].x, outline[i].y};
        for (int k = 0; k < 2; k++) {
            low[k] = fminf(low[k], at[k]);
            high[k] = fmaxf(high[k], at[k]);
        }
    }
    const float turn = random_between(random, -0.2F, 0.2F),
                slant = random_between(random, -0.3F, 0.3F);
    const float width = random_between(random, 0.75F, 1.2F);
    Distortion d = {.x_middle = (low[0] + high[0]) / 2,
                    .y_middle = (low[1] + high[1]) / 2,
                    .unit = fmaxf(fmaxf(high[1] - low[1], 0.8F * (high[0] - low[0])), 1)};
    d.xx = width * cosf(turn);
    d.yx = width * sinf(turn);
    d.xy = slant * cosf(turn) - sinf(turn);
    d.yy = slant * sinf(turn) + cosf(turn);
    for (int k = 0; k < 2; k++) {
        d.bend[k] = random_between(random, 0, 0.06F);
        d.length[k] = random_between(random, 3, 7);
        d.phase[k] = random_between(random, 0, 6.28F);
    }
    return d;
}

static void distort(const Distortion *d, short *x, short *y)
{
    const float u = ((float)*x - d->x_middle) / d->unit, v = ((float)*y - d->y_middle) / d->unit;
    float a = d->xx * u + d->xy * v, b = d->yx * u + d->yy * v;
    const float a_bent = a + d->bend[0] * sinf(d->length[0] * b + d->phase[0]);
    b += d->bend[1] * sinf(d->length[1] * a + d->phase[1]);
    *x = (short)lroundf(UNITS * a_bent);
    *y = (short)lroundf(UNITS * b);
}

/* Coverage 0 to 255 of the digit, [size,size]. */
static void draw_outline(const Font *font, int digit, int size, Random *random, uint8_t *coverage)
{
    stbtt_vertex *outline;
    const int glyph = stbtt_FindGlyphIndex(&font->info, '0' + digit);
    const int count = stbtt_GetGlyphShape(&font->info, glyph, &outline);
    const Distortion d = draw_distortion(outline, count, random);
    for (int i = 0; i < count; i++) {
        distort(&d, &outline[i].x, &outline[i].y);
        if (outline[i].type >= STBTT_vcurve) distort(&d, &outline[i].cx, &outline[i].cy);
        if (outline[i].type == STBTT_vcubic) distort(&d, &outline[i].cx1, &outline[i].cy1);
    }
    const float side = (float)size, height = side * random_between(random, 0.55F, 0.85F);
    const float room = (side - height) / 2, scale = height / UNITS;
    const float x = side / 2 + random_between(random, -0.8F, 0.8F) * room;
    const float y = side / 2 + random_between(random, -0.8F, 0.8F) * room;
    stbtt__bitmap bitmap = {size, size, size, coverage};
    memset(coverage, 0, (size_t)size * (size_t)size);
    stbtt_Rasterize(&bitmap, 0.35F, outline, count, scale, scale, x, y, 0, 0, 1, NULL);
    stbtt_FreeShape(&font->info, outline);
}

/* Blurs by the binomial filter 1 2 1 along both axes, as strongly as `share`. */
static void blur(uint8_t *level, int size, float share)
{
    for (int pass = 0; pass < 2; pass++) {
        const int step = pass == 0 ? 1 : size, line = pass == 0 ? size : 1;
        for (int k = 0; k < size; k++) {
            float before = level[k * line];
            for (int i = 0; i < size; i++) {
                uint8_t *at = &level[k * line + i * step];
                const float here = *at, after = i + 1 < size ? at[step] : here;
                *at = (uint8_t)lroundf(here + share * ((before + 2 * here + after) / 4 - here));
                before = here;
            }
        }
    }
}

static void draw_digit(const Fonts *fonts, int digit, int size, Random *random, uint8_t *level)
{
    draw_outline(draw_font(fonts, random), digit, size, random, level);
    blur(level, size, random_between(random, 0, 1));
    /* Ink and paper: bright on dark, or dark on bright. */
    float paper = random_between(random, 0, 0.35F), ink = random_between(random, 0.65F, 1);
    if (random_below(random, 2)) paper = 1 - paper, ink = 1 - ink;
    const float noise = random_between(random, 0, 0.06F);
    for (int i = 0; i < size * size; i++) {
        const float covered = (float)level[i] / 255;
        const float value = paper + (ink - paper) * covered + noise * random_normal(random);
        level[i] = (uint8_t)lroundf(255 * fminf(1, fmaxf(0, value)));
    }
}

/* ---- all of them ---- */

typedef struct Drawing {
    const Fonts *fonts;
    const DigitsRequest *request;
    Dataset *data;
} Drawing;

static void draw_digits(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Drawing *d = context;
    for (size_t i = begin; i < end; i++) {
        const uint64_t seed = (uint64_t)d->request->seed << 32 | (uint64_t)d->request->held_out
                                                                     << 31;
        Random random = random_seeded(seed + i);
        d->data->label[i] = (uint16_t)(i % DIGITS);
        draw_digit(d->fonts, (int)(i % DIGITS), d->request->size, &random,
                   dataset_pixels(d->data, i));
    }
}

static Status draw_all(const Fonts *fonts, const DigitsRequest *request, Dataset *data)
{
    const DatasetRequest room = {.size = request->size, .channels = 1};
    TRY(dataset_create(data, &room, request->count, DIGITS));
    for (int digit = 0; digit < DIGITS; digit++) {
        const char name[2] = {(char)('0' + digit), '\0'};
        data->name[digit] = strdup(name);
        if (!data->name[digit]) {
            dataset_release(data);
            return status_no_memory("the digits", 1);
        }
    }
    Drawing drawing = {fonts, request, data};
    parallel_for(request->count, GRAIN, draw_digits, &drawing);
    return status_ok();
}

Status digits_draw(Dataset *data, const char *folder, const DigitsRequest *request)
{
    Fonts fonts = {0};
    Status status = find_fonts(&fonts, folder, 0);
    if (status.code == STATUS_OK && fonts.count < HELD_OUT_EVERY) {
        status = status_error(STATUS_BAD_INPUT,
                              "there are %d fonts with digits in '%s', %d are the least: install "
                              "some, as fonts-dejavu",
                              fonts.count, folder, HELD_OUT_EVERY);
    }
    if (status.code == STATUS_OK) {
        qsort(fonts.font, (size_t)fonts.count, sizeof *fonts.font, by_path);
        keep_part(&fonts, request->held_out);
        status = draw_all(&fonts, request, data);
    }
    fonts_release(&fonts);
    return status;
}
