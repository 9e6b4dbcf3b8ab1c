#include "techniques/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "image/colormap.h"

enum { GAP = 8, FRAME = 3 };

static const float ground = 0.09F;

Status sheet_create(Run *run, int rows, int columns, int side, Sheet *sheet)
{
    *sheet = (Sheet){.rows = rows, .columns = columns, .side = side};
    sheet->height = rows * (side + GAP) + GAP;
    sheet->width = columns * (side + GAP) + GAP;
    const size_t count = 3 * (size_t)sheet->height * (size_t)sheet->width;
    TRY(run_floats(run, count, &sheet->rgb));
    for (size_t i = 0; i < count; i++) sheet->rgb[i] = ground;
    return status_ok();
}

/* The first value of a cell in the red plane. */
static float *cell_at(const Sheet *sheet, int row, int column)
{
    const int y = GAP + row * (sheet->side + GAP), x = GAP + column * (sheet->side + GAP);
    return sheet->rgb + (size_t)y * (size_t)sheet->width + (size_t)x;
}

Status sheet_put(Sheet *sheet, int row, int column, const float *rgb, int height, int width)
{
    const size_t side = (size_t)sheet->side;
    const size_t plane = (size_t)sheet->height * (size_t)sheet->width;
    float *scaled = malloc(3 * side * side * sizeof *scaled);
    if (!scaled) return status_no_memory("the sheet", 3 * side * side * sizeof *scaled);
    const Status status = resample(rgb, 3, height, width, scaled, sheet->side, sheet->side);
    for (size_t c = 0; c < 3 && status.code == STATUS_OK; c++) {
        float *to = cell_at(sheet, row, column) + c * plane;
        for (size_t y = 0; y < side; y++)
            memcpy(to + y * (size_t)sheet->width, scaled + (c * side + y) * side,
                   side * sizeof *to);
    }
    free(scaled);
    return status;
}

Status picture_square(const Picture *picture, int side, float *rgb)
{
    const int cut = picture->width < picture->height ? picture->width : picture->height;
    const size_t left = (size_t)(picture->width - cut) / 2,
                 top = (size_t)(picture->height - cut) / 2;
    const size_t plane = (size_t)cut * (size_t)cut;
    float *square = malloc(3 * plane * sizeof *square);
    if (!square) return status_no_memory("a thumbnail", 3 * plane * sizeof *square);
    for (size_t y = 0; y < (size_t)cut; y++) {
        const uint8_t *p = picture->rgba + 4 * ((y + top) * (size_t)picture->width + left);
        for (size_t x = 0; x < (size_t)cut; x++, p += 4) {
            /* Over white where it is transparent. */
            const float alpha = (float)p[3] / 255;
            for (size_t c = 0; c < 3; c++)
                square[c * plane + y * (size_t)cut + x] = 1 - alpha + alpha * (float)p[c] / 255;
        }
    }
    const Status status = resample(square, 3, cut, cut, rgb, side, side);
    free(square);
    return status;
}

Status sheet_put_picture(Sheet *sheet, int row, int column, const Picture *picture)
{
    const size_t count = 3 * (size_t)sheet->side * (size_t)sheet->side;
    float *rgb = malloc(count * sizeof *rgb);
    if (!rgb) return status_no_memory("a thumbnail", count * sizeof *rgb);
    Status status = picture_square(picture, sheet->side, rgb);
    if (status.code == STATUS_OK)
        status = sheet_put(sheet, row, column, rgb, sheet->side, sheet->side);
    free(rgb);
    return status;
}

void sheet_frame(Sheet *sheet, int row, int column, int group)
{
    if (group < 0) return;
    float rgb[3];
    colormap_category_rgb(group, rgb);
    const size_t plane = (size_t)sheet->height * (size_t)sheet->width;
    for (int y = -FRAME; y < sheet->side + FRAME; y++) {
        for (int x = -FRAME; x < sheet->side + FRAME; x++) {
            const bool within = y >= 0 && x >= 0 && y < sheet->side && x < sheet->side;
            if (within) continue;
            float *at = cell_at(sheet, row, column) + y * (ptrdiff_t)sheet->width + x;
            for (size_t c = 0; c < 3; c++) at[c * plane] = rgb[c];
        }
    }
}

void sheet_add(Result *result, const Sheet *sheet, const char *title)
{
    result_image(result, "image", title, sheet->height, sheet->width, sheet->rgb);
}
