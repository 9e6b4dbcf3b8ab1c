/* Points as a picture: each is the picture that it stands for, small, framed in the colour of its class. */
#include <math.h>
#include <stdlib.h>

#include "cli/render.h"
#include "image/colormap.h"

enum { SCATTER_SIDE = 1400, SCATTER_MARGIN = 24, THUMB_LEAST = 10, THUMB_MOST = 72, FRAME = 2 };

static const float background_level = 0.09F;

/* Grey where it is of no class. */
static void colour_of(const ResultItem *item, int point, float rgb[3])
{
    const int group = (int)item->points->group[point];
    for (int c = 0; c < 3; c++) rgb[c] = 176.0F / 255;
    if (group >= 0) colormap_category_rgb(group, rgb);
}

static void put(Drawing *drawing, int y, int x, const float rgb[3])
{
    if (y < 0 || x < 0 || y >= drawing->height || x >= drawing->width) return;
    const size_t pixels = (size_t)drawing->height * (size_t)drawing->width;
    const size_t at = (size_t)y * (size_t)drawing->width + (size_t)x;
    for (size_t c = 0; c < 3; c++) drawing->rgb[c * pixels + at] = rgb[c];
}

/* The mean of the picture's pixels below one pixel of the thumbnail, the middle square of it. */
static void sample(const Picture *picture, int side, int v, int u, float rgb[3])
{
    const int cut = picture->width < picture->height ? picture->width : picture->height;
    const int left = (picture->width - cut) / 2, top = (picture->height - cut) / 2;
    const int y0 = top + v * cut / side, y1 = top + (v + 1) * cut / side;
    const int x0 = left + u * cut / side, x1 = left + (u + 1) * cut / side;
    float sum[3] = {0, 0, 0};
    int count = 0;
    for (int y = y0; y < y1 || y == y0; y++) {
        for (int x = x0; x < x1 || x == x0; x++, count++) {
            const uint8_t *p = picture->rgba + 4 * ((size_t)y * (size_t)picture->width + (size_t)x);
            for (int c = 0; c < 3; c++) sum[c] += p[c];
        }
    }
    for (int c = 0; c < 3; c++) rgb[c] = sum[c] / (255 * (float)count);
}

static void put_thumb(Drawing *drawing, const Picture *picture, int y, int x, int side,
                      const float frame[3])
{
    for (int v = 0; v < side; v++) {
        for (int u = 0; u < side; u++) {
            const bool edge = v < FRAME || u < FRAME || v >= side - FRAME || u >= side - FRAME;
            float rgb[3] = {frame[0], frame[1], frame[2]};
            if (picture && !edge) sample(picture, side, v, u, rgb);
            put(drawing, y - side / 2 + v, x - side / 2 + u, rgb);
        }
    }
}

Status scatter_draw(const ResultItem *item, const Run *run, Drawing *drawing)
{
    const int n = item->shape.dim[0], step = item->shape.dim[1];
    float low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    TRY(drawing_create(drawing, SCATTER_SIDE, SCATTER_SIDE));
    for (size_t i = 0; i < (size_t)3 * SCATTER_SIDE * SCATTER_SIDE; i++)
        drawing->rgb[i] = background_level;
    for (int i = 0; i < n; i++) {
        for (int a = 0; a < 2; a++) {
            low[a] = fminf(low[a], item->data[i * step + a]);
            high[a] = fmaxf(high[a], item->data[i * step + a]);
        }
    }
    int side = (int)(SCATTER_SIDE / sqrt((double)n) * 0.8);
    side = side < THUMB_LEAST ? THUMB_LEAST : side > THUMB_MOST ? THUMB_MOST : side;
    const float extent = fmaxf(fmaxf(high[0] - low[0], high[1] - low[1]), 1e-20F);
    const float scale = (float)(SCATTER_SIDE - 2 * SCATTER_MARGIN - side) / extent;
    for (int i = 0; i < n; i++) {
        float frame[3];
        colour_of(item, i, frame);
        /* The middle of the points is the middle of the picture; the second axis points up. */
        const float x = (item->data[i * step] - (low[0] + high[0]) / 2) * scale;
        const float y = (item->data[i * step + 1] - (low[1] + high[1]) / 2) * scale;
        put_thumb(drawing, run ? run_picture(run, i) : NULL, SCATTER_SIDE / 2 - (int)lroundf(y),
                  SCATTER_SIDE / 2 + (int)lroundf(x), side, frame);
    }
    return status_ok();
}
