#include <math.h>
#include <string.h>

#include "cli/render.h"

enum { CHART_WIDTH = 720, CHART_HEIGHT = 400, CHART_MARGIN = 24, CHART_GRID_LINES = 4 };

static const float background = 1, frame_colour = 0.35F, grid_colour = 0.87F, zero_colour = 0.6F;
/* Two strong ones, then the same pale: what they are compared with. */
static const float line_colours[][3] = {
    {0.12F, 0.35F, 0.65F}, {0.85F, 0.37F, 0.05F}, {0.60F, 0.74F, 0.90F}, {0.98F, 0.75F, 0.52F}};
enum { COLOURS = sizeof line_colours / sizeof *line_colours };

/* Mixes a colour into one pixel; share 0 to 1. */
static void mix(Drawing *drawing, int y, int x, const float colour[3], float share)
{
    if (y < 0 || x < 0 || y >= drawing->height || x >= drawing->width) return;
    size_t pixels = (size_t)drawing->height * (size_t)drawing->width;
    size_t at = (size_t)y * (size_t)drawing->width + (size_t)x;
    for (size_t c = 0; c < 3; c++) {
        float *value = &drawing->rgb[c * pixels + at];
        *value += share * (colour[c] - *value);
    }
}

static void horizontal(Drawing *drawing, double y, float grey)
{
    const float colour[3] = {grey, grey, grey};
    for (int x = CHART_MARGIN; x < CHART_WIDTH - CHART_MARGIN; x++) {
        mix(drawing, (int)lround(y), x, colour, 1);
    }
}

static void vertical(Drawing *drawing, double x, float grey)
{
    const float colour[3] = {grey, grey, grey};
    for (int y = CHART_MARGIN; y < CHART_HEIGHT - CHART_MARGIN; y++) {
        mix(drawing, y, (int)lround(x), colour, 1);
    }
}

/* Height of a value in pixels from the top. */
static double value_y(float value, float low, float high)
{
    double share = high > low ? ((double)value - low) / ((double)high - low) : 0.5;
    return CHART_HEIGHT - CHART_MARGIN - 1 - share * (CHART_HEIGHT - 2 * CHART_MARGIN - 1);
}

/* A column of the line: covers what the line passes within it, two pixels strong, edges by coverage. */
static void line_column(Drawing *drawing, int x, double from, double to, const float colour[3])
{
    double top = fmin(from, to) - 1, bottom = fmax(from, to) + 1;
    for (int y = (int)floor(top); y <= (int)floor(bottom); y++) {
        double covered = fmin(bottom, y + 1) - fmax(top, y);
        mix(drawing, y, x, colour, (float)fmin(1, fmax(0, covered)));
    }
}

/* The curve at a place between its values. */
static double at(const float *values, int count, double place, float low, float high)
{
    int index = (int)place;
    if (index >= count - 1) return value_y(values[count - 1], low, high);
    double share = place - index;
    return value_y(values[index], low, high) * (1 - share) +
           value_y(values[index + 1], low, high) * share;
}

static void draw_line(Drawing *drawing, const float *values, int count, float low, float high,
                      const float colour[3])
{
    int left = CHART_MARGIN, columns = CHART_WIDTH - 2 * CHART_MARGIN;
    double step = (double)(count - 1) / columns;
    for (int x = 0; x < columns; x++) {
        double from = at(values, count, x * step, low, high);
        double top = from, bottom = from;
        /* More values than pixels: all of the column's are covered. */
        for (int i = (int)ceil(x * step); i <= (x + 1) * step && i < count; i++) {
            double y = value_y(values[i], low, high);
            top = fmin(top, y), bottom = fmax(bottom, y);
        }
        double to = at(values, count, (x + 1) * step, low, high);
        line_column(drawing, left + x, fmin(top, to), fmax(bottom, to), colour);
    }
}

Status chart_draw(const float *values, int lines, int count, Drawing *drawing)
{
    TRY(drawing_create(drawing, CHART_HEIGHT, CHART_WIDTH));
    size_t all = 3 * (size_t)CHART_HEIGHT * CHART_WIDTH;
    for (size_t i = 0; i < all; i++) drawing->rgb[i] = background;
    TensorStats stats = tensor_stats(values, (size_t)lines * (size_t)count);
    drawing->low = stats.min, drawing->high = stats.max;
    for (int i = 0; i <= CHART_GRID_LINES; i++) {
        float value = stats.min + (stats.max - stats.min) * (float)i / CHART_GRID_LINES;
        horizontal(drawing, value_y(value, stats.min, stats.max), grid_colour);
        vertical(drawing,
                 CHART_MARGIN + (double)(CHART_WIDTH - 2 * CHART_MARGIN - 1) * i / CHART_GRID_LINES,
                 grid_colour);
    }
    if (stats.min < 0 && stats.max > 0) {
        horizontal(drawing, value_y(0, stats.min, stats.max), zero_colour);
    }
    vertical(drawing, CHART_MARGIN, frame_colour);
    horizontal(drawing, CHART_HEIGHT - CHART_MARGIN - 1, frame_colour);
    /* The first on top. */
    for (int k = count > 0 ? lines - 1 : -1; k >= 0; k--) {
        draw_line(drawing, values + (size_t)k * (size_t)count, count, stats.min, stats.max,
                  line_colours[k % COLOURS]);
    }
    return status_ok();
}

Status chart_draw_pairs(const float *values, int count, Drawing *drawing)
{
    enum { CHARTS = 2, LINES = 2 };
    const size_t plane = (size_t)CHART_HEIGHT * CHART_WIDTH;
    TRY(drawing_create(drawing, CHARTS * CHART_HEIGHT, CHART_WIDTH));
    for (size_t i = 0; i < CHARTS; i++) {
        Drawing one = {0};
        Status status = chart_draw(values + i * LINES * (size_t)count, LINES, count, &one);
        for (size_t c = 0; c < 3 && status.code == STATUS_OK; c++) {
            memcpy(drawing->rgb + (c * CHARTS + i) * plane, one.rgb + c * plane,
                   plane * sizeof *one.rgb);
        }
        drawing_release(&one);
        if (status.code != STATUS_OK) return status;
    }
    return status_ok();
}
