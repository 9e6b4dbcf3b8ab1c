#include "train/augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/picture.h"

/* ---- which part of the picture ---- */

typedef struct Part {
    int top, left, height, width;
    bool mirrored;
} Part;

/* A share of the area from `crop` to 1 with an aspect ratio from 3/4 to 4/3 (Szegedy et al. 2015). */
static Part draw_part(const Augmentation *a, int side, Random *random)
{
    Part part = {.height = side, .width = side};
    if (a->crop < 1) {
        const float area = random_between(random, a->crop, 1);
        const float aspect = expf(random_between(random, logf(0.75F), -logf(0.75F)));
        const float height = (float)side * sqrtf(area / aspect);
        const float width = (float)side * sqrtf(area * aspect);
        part.height = (int)lroundf(fmaxf(1, fminf((float)side, height)));
        part.width = (int)lroundf(fmaxf(1, fminf((float)side, width)));
        part.top = (int)random_below(random, (uint32_t)(side - part.height + 1));
        part.left = (int)random_below(random, (uint32_t)(side - part.width + 1));
    }
    part.mirrored = a->flip && random_below(random, 2) == 1;
    return part;
}

/* Levels 0 to 1 of the part, [channels,height,width]. */
static void cut_part(const uint8_t *pixels, int channels, int side, const Part *part, float *to)
{
    for (int c = 0; c < channels; c++) {
        for (int y = 0; y < part->height; y++) {
            const uint8_t *row =
                pixels + ((size_t)c * (size_t)side + (size_t)(part->top + y)) * (size_t)side +
                part->left;
            const int last = part->width - 1;
            for (int x = 0; x <= last; x++, to++) {
                *to = (float)row[part->mirrored ? last - x : x] * (1.0F / 255);
            }
        }
    }
}

static Status take_part(const uint8_t *pixels, int channels, int side, const Part *part, int size,
                        float *input)
{
    if (part->height == size && part->width == size) {
        cut_part(pixels, channels, side, part, input);
        return status_ok();
    }
    const size_t bytes =
        (size_t)channels * (size_t)part->height * (size_t)part->width * sizeof(float);
    float *cut = malloc(bytes);
    if (!cut) return status_no_memory("a picture", bytes);
    cut_part(pixels, channels, side, part, cut);
    const Status status = resample(cut, channels, part->height, part->width, input, size, size);
    free(cut);
    return status;
}

/* ---- colour ---- */

static void change_colour(float strength, int channels, size_t count, Random *random, float *input)
{
    const float brightness = random_between(random, 1 - strength, 1 + strength);
    const float contrast = random_between(random, 1 - strength, 1 + strength);
    const float saturation = random_between(random, 1 - strength, 1 + strength);
    double sum = 0;
    for (size_t i = 0; i < (size_t)channels * count; i++) sum += (double)input[i];
    const float middle = (float)(sum / ((double)channels * (double)count));
    for (size_t i = 0; i < count; i++) {
        float grey = 0;
        for (int c = 0; c < channels; c++) grey += input[(size_t)c * count + i] / (float)channels;
        for (int c = 0; c < channels; c++) {
            float *value = &input[(size_t)c * count + i];
            const float coloured = channels == 1 ? *value : grey + saturation * (*value - grey);
            *value = brightness * (middle + contrast * (coloured - middle));
        }
    }
}

/* ---- one picture ---- */

static void cover(float share, int channels, int size, Random *random, float *input)
{
    const int side = (int)lroundf(share * (float)size);
    /* The centre lies anywhere, so that the square may hang over the border. */
    const int top = (int)random_below(random, (uint32_t)size) - side / 2;
    const int left = (int)random_below(random, (uint32_t)size) - side / 2;
    for (int c = 0; c < channels; c++) {
        for (int y = top < 0 ? 0 : top; y < top + side && y < size; y++) {
            for (int x = left < 0 ? 0 : left; x < left + side && x < size; x++) {
                input[((size_t)c * (size_t)size + (size_t)y) * (size_t)size + (size_t)x] = 0;
            }
        }
    }
}

Status augment(const Augmentation *augmentation, const Scaling *scaling, const uint8_t *pixels,
               int channels, int from, int size, Random *random, float *input)
{
    const size_t count = (size_t)size * (size_t)size;
    const Augmentation *a = augmentation;
    const Part part = a ? draw_part(a, from, random) : (Part){.height = from, .width = from};
    TRY(take_part(pixels, channels, from, &part, size, input));
    if (a && a->colour > 0) change_colour(a->colour, channels, count, random, input);
    for (int c = 0; c < channels; c++) {
        float *plane = input + (size_t)c * count;
        const float mean = scaling->mean[c], factor = 1 / scaling->deviation[c];
        for (size_t i = 0; i < count; i++) plane[i] = (plane[i] - mean) * factor;
    }
    if (a && a->cutout > 0) cover(a->cutout, channels, size, random, input);
    return status_ok();
}

/* ---- pairs ---- */

/* Marsaglia & Tsang 2000; a shape below 1 by the power of a uniform number. */
static float draw_gamma(float shape, Random *random)
{
    if (shape < 1) {
        const float u = 1 - random_uniform(random);
        return draw_gamma(shape + 1, random) * powf(u, 1 / shape);
    }
    const float d = shape - 1.0F / 3, c = 1 / sqrtf(9 * d);
    for (;;) {
        const float x = random_normal(random), v = 1 + c * x, cube = v * v * v;
        const float u = 1 - random_uniform(random);
        if (v > 0 && logf(u) < 0.5F * x * x + d - d * cube + d * logf(cube)) return d * cube;
    }
}

Mix mix_draw(MixKind kind, float alpha, int size, Random *random)
{
    Mix mix = {.share = 1};
    if (kind == MIX_NONE) return mix;
    const float a = draw_gamma(alpha, random), b = draw_gamma(alpha, random);
    mix.share = a + b > 0 ? a / (a + b) : 1;
    if (kind == MIX_UP) return mix;
    const int side = (int)((float)size * sqrtf(1 - mix.share));
    const int y = (int)random_below(random, (uint32_t)size);
    const int x = (int)random_below(random, (uint32_t)size);
    mix.top = y - side / 2 < 0 ? 0 : y - side / 2;
    mix.left = x - side / 2 < 0 ? 0 : x - side / 2;
    mix.bottom = y - side / 2 + side > size ? size : y - side / 2 + side;
    mix.right = x - side / 2 + side > size ? size : x - side / 2 + side;
    /* What really is covered: the rectangle may hang over the border. */
    const int area = (mix.bottom - mix.top) * (mix.right - mix.left);
    mix.share = 1 - (float)area / ((float)size * (float)size);
    return mix;
}

void mix_apply(const Mix *mix, int channels, int size, const float *partner, float *picture)
{
    const size_t count = (size_t)channels * (size_t)size * (size_t)size;
    if (mix->bottom == 0) {
        const float share = mix->share;
        for (size_t i = 0; i < count; i++)
            picture[i] = share * picture[i] + (1 - share) * partner[i];
        return;
    }
    for (int c = 0; c < channels; c++) {
        for (int y = mix->top; y < mix->bottom; y++) {
            const size_t row = ((size_t)c * (size_t)size + (size_t)y) * (size_t)size;
            memcpy(picture + row + mix->left, partner + row + mix->left,
                   (size_t)(mix->right - mix->left) * sizeof *picture);
        }
    }
}
