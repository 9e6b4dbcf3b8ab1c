#include "techniques/strokes.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct Brush {
    uint8_t value;
    double radius; /* pixels */
} Brush;

/* Every pixel whose middle is within the radius of the line from (ax,ay) to (bx,by), or the one under the end. */
static void draw_line(const Brush *brush, double ax, double ay, double bx, double by,
                      uint8_t *hints, int height, int width)
{
    const double r = fmax(brush->radius, 0.5), dx = bx - ax, dy = by - ay;
    const double length2 = dx * dx + dy * dy;
    const int top = (int)fmax(floor(fmin(ay, by) - r), 0);
    const int bottom = (int)fmin(ceil(fmax(ay, by) + r), height - 1);
    const int left = (int)fmax(floor(fmin(ax, bx) - r), 0);
    const int right = (int)fmin(ceil(fmax(ax, bx) + r), width - 1);
    for (int y = top; y <= bottom; y++) {
        for (int x = left; x <= right; x++) {
            const double px = x + 0.5 - ax, py = y + 0.5 - ay;
            double along = length2 > 0 ? (px * dx + py * dy) / length2 : 0;
            along = fmin(fmax(along, 0), 1);
            const double ex = px - along * dx, ey = py - along * dy;
            if (ex * ex + ey * ey <= r * r)
                hints[(size_t)y * (size_t)width + (size_t)x] = brush->value;
        }
    }
}

/* A number from 0 to 1000; moves *text behind it. */
static bool read_number(const char **text, double *value)
{
    char *end;
    *value = strtod(*text, &end);
    const bool is_number = end != *text && *value >= 0 && *value <= 1000;
    *text = end;
    return is_number;
}

static bool read_point(const char **text, double *x, double *y)
{
    return read_number(text, x) && *(*text)++ == ',' && read_number(text, y);
}

/* One stroke; moves *text behind it. */
static bool draw_stroke(const char **text, uint8_t object, uint8_t background, uint8_t *hints,
                        int height, int width)
{
    const double across = width / 1000.0, down = height / 1000.0;
    const char sign = *(*text)++;
    double radius, x, y;
    if ((sign != '+' && sign != '-') || !read_number(text, &radius)) return false;
    const Brush brush = {sign == '+' ? object : background, radius * across};
    if (*(*text)++ != ':' || !read_point(text, &x, &y)) return false;
    draw_line(&brush, x * across, y * down, x * across, y * down, hints, height, width);
    while (**text == ' ') {
        const double from_x = x, from_y = y;
        (*text)++;
        if (!read_point(text, &x, &y)) return false;
        draw_line(&brush, from_x * across, from_y * down, x * across, y * down, hints, height,
                  width);
    }
    return **text == ';' || **text == '\0';
}

Status strokes_draw(const char *text, uint8_t object, uint8_t background, uint8_t *hints,
                    int height, int width)
{
    for (int stroke = 1; *text; stroke++) {
        const char *from = text;
        if (!draw_stroke(&text, object, background, hints, height, width)) {
            return status_error(STATUS_BAD_INPUT,
                                "stroke %d, '%.40s', is not understood: write +12:500,400 510,420 "
                                "(object, radius, points) or - for the background, in thousandths "
                                "of the picture, strokes parted by ;",
                                stroke, from);
        }
        if (*text == ';') text++;
    }
    return status_ok();
}
