#include "image/colours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/preprocess.h"

/* Added to the variances, so that flat pictures have an inverse: a tenth of a level. */
static const double LEAST_VARIANCE = 1.5e-7;

Colours colours_of(const float *rgb, size_t pixels)
{
    Colours colours = {0};
    for (size_t c = 0; c < 3; c++) {
        for (size_t i = 0; i < pixels; i++) colours.mean[c] += rgb[c * pixels + i];
        colours.mean[c] /= (double)pixels;
    }
    for (size_t a = 0; a < 3; a++) {
        for (size_t b = 0; b <= a; b++) {
            double sum = 0;
            for (size_t i = 0; i < pixels; i++)
                sum += (rgb[a * pixels + i] - colours.mean[a]) *
                       (rgb[b * pixels + i] - colours.mean[b]);
            colours.covariance[3 * a + b] = colours.covariance[3 * b + a] = sum / (double)pixels;
        }
    }
    return colours;
}

Status colours_of_picture(const Picture *picture, Colours *colours)
{
    enum { MOST = 256 };
    static const Preprocess plain = {.channels = "RGB", .range = 1, .std = {1, 1, 1, 1}};
    const int height = picture->height < MOST ? picture->height : MOST;
    const int width = picture->width < MOST ? picture->width : MOST;
    const size_t pixels = (size_t)height * (size_t)width;
    float *rgb = malloc(3 * pixels * sizeof *rgb);
    if (!rgb) return status_no_memory("the colours", 3 * pixels * sizeof *rgb);
    const Status status = preprocess_apply_whole(&plain, picture, height, width, rgb);
    if (status.code == STATUS_OK) *colours = colours_of(rgb, pixels);
    free(rgb);
    return status;
}

/* ---- symmetric 3 x 3 matrices ---- */

static void multiply(const double a[9], const double b[9], double product[9])
{
    double result[9];
    for (int i = 0; i < 9; i++) {
        result[i] = 0;
        for (int k = 0; k < 3; k++) result[i] += a[i / 3 * 3 + k] * b[3 * k + i % 3];
    }
    memcpy(product, result, sizeof result);
}

/* Turns a until a[p][q] is zero, and the axes with it (Jacobi 1846). */
static void rotate(double a[9], double axes[9], int p, int q)
{
    if (a[3 * p + q] == 0) return;
    const double angle = 0.5 * atan2(2 * a[3 * p + q], a[3 * q + q] - a[3 * p + p]);
    double turn[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, back[9];
    turn[3 * p + p] = turn[3 * q + q] = cos(angle);
    turn[3 * p + q] = sin(angle);
    turn[3 * q + p] = -sin(angle);
    for (int i = 0; i < 9; i++) back[i] = turn[i % 3 * 3 + i / 3];
    multiply(back, a, a);
    multiply(a, turn, a);
    multiply(axes, turn, axes);
}

/* a to the power, for a that is nowhere negative: its axes stay, their lengths are raised. */
static void power_of(const double a[9], double exponent, double out[9])
{
    enum { SWEEPS = 12 };
    double lengths[9], axes[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, back[9], raised[9] = {0};
    memcpy(lengths, a, sizeof lengths);
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        rotate(lengths, axes, 0, 1);
        rotate(lengths, axes, 0, 2);
        rotate(lengths, axes, 1, 2);
    }
    for (int i = 0; i < 3; i++) raised[4 * i] = pow(fmax(lengths[4 * i], 1e-18), exponent);
    for (int i = 0; i < 9; i++) back[i] = axes[i % 3 * 3 + i / 3];
    multiply(axes, raised, out);
    multiply(out, back, out);
}

/* T = A^-1/2 (A^1/2 B A^1/2)^1/2 A^-1/2: symmetric, and T A T = B. */
ColourMap colours_map(const Colours *from, const Colours *to)
{
    ColourMap map;
    double covariance[9], root[9], inverse[9], inner[9];
    memcpy(map.from, from->mean, sizeof map.from);
    memcpy(map.mean, to->mean, sizeof map.mean);
    memcpy(covariance, from->covariance, sizeof covariance);
    for (int i = 0; i < 3; i++) covariance[4 * i] += LEAST_VARIANCE;
    power_of(covariance, 0.5, root);
    power_of(covariance, -0.5, inverse);
    multiply(root, to->covariance, inner);
    multiply(inner, root, inner);
    power_of(inner, 0.5, inner);
    multiply(inverse, inner, map.matrix);
    multiply(map.matrix, inverse, map.matrix);
    return map;
}

static void map_colour(const ColourMap *map, double colour[3])
{
    const double old[3] = {colour[0] - map->from[0], colour[1] - map->from[1],
                           colour[2] - map->from[2]};
    for (int c = 0; c < 3; c++) {
        const double *row = map->matrix + 3 * c;
        colour[c] = map->mean[c] + row[0] * old[0] + row[1] * old[1] + row[2] * old[2];
    }
}

void colours_apply(const ColourMap *map, float *rgb, size_t pixels)
{
    for (size_t i = 0; i < pixels; i++) {
        double colour[3] = {rgb[i], rgb[pixels + i], rgb[2 * pixels + i]};
        map_colour(map, colour);
        for (size_t c = 0; c < 3; c++) rgb[c * pixels + i] = (float)colour[c];
    }
}

void colours_apply_to_picture(const ColourMap *map, Picture *picture)
{
    const size_t pixels = (size_t)picture->width * (size_t)picture->height;
    for (uint8_t *pixel = picture->rgba; pixel < picture->rgba + 4 * pixels; pixel += 4) {
        double colour[3] = {pixel[0] / 255.0, pixel[1] / 255.0, pixel[2] / 255.0};
        map_colour(map, colour);
        for (int c = 0; c < 3; c++) pixel[c] = (uint8_t)lround(255 * fmin(fmax(colour[c], 0), 1));
    }
}
