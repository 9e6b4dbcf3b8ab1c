#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/axis.h"
#include "image/picture.h"

static double triangle(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* Weights of one output position; Pillow's choice of the first and last input position. */
static void axis_weights(Axis *axis, int index, double center, double scale, int from)
{
    int first = (int)(center - scale + 0.5), end = (int)(center + scale + 0.5);
    if (first < 0) first = 0;
    if (end > from) end = from;
    /* Rows of equal width: where the filter ends at the border, zeros stand before it. */
    int start = first + axis->width <= from ? first : from - axis->width;
    float *weight = axis->weight + (size_t)index * (size_t)axis->width;
    double sum = 0;
    for (int x = first; x < end; x++) sum += triangle((x + 0.5 - center) / scale);
    for (int x = first; x < end; x++) {
        weight[x - start] = (float)(triangle((x + 0.5 - center) / scale) / sum);
    }
    axis->first[index] = start;
}

Status axis_create(Axis *axis, int from, int to, int offset, int count)
{
    double ratio = (double)from / to, scale = ratio > 1 ? ratio : 1;
    int width = (int)ceil(scale) * 2 + 1;
    if (width > from) width = from;
    *axis = (Axis){.count = count, .width = width};
    size_t weights = (size_t)count * (size_t)width;
    axis->first = calloc((size_t)count, sizeof *axis->first);
    axis->weight = calloc(weights, sizeof *axis->weight);
    if (!axis->first || !axis->weight) {
        axis_release(axis);
        return status_no_memory("resampling the picture", weights * sizeof(float));
    }
    for (int i = 0; i < count; i++) axis_weights(axis, i, (offset + i + 0.5) * ratio, scale, from);
    return status_ok();
}

void axis_release(Axis *axis)
{
    free(axis->first);
    free(axis->weight);
    *axis = (Axis){0};
}

/* One row: out[count] from row[from]. */
static void axis_apply_row(const Axis *axis, const float *row, float *out)
{
    for (int i = 0; i < axis->count; i++) {
        const float *weight = axis->weight + (size_t)i * (size_t)axis->width;
        const float *x = row + axis->first[i];
        float sum = 0;
        for (int k = 0; k < axis->width; k++) sum += weight[k] * x[k];
        out[i] = sum;
    }
}

/* Along y: adds what the row at input position `y` gives to out[count,columns], zeroed before. Rows come in
 * ascending order; *reached is 0 before the first. Rows that no output needs add nothing. */
static void axis_add_row(const Axis *axis, int y, const float *row, int columns, int *reached,
                         float *out)
{
    while (*reached < axis->count && axis->first[*reached] + axis->width <= y) ++*reached;
    for (int i = *reached; i < axis->count && axis->first[i] <= y; i++) {
        float weight = axis->weight[(size_t)i * (size_t)axis->width + (size_t)(y - axis->first[i])];
        if (weight == 0) continue;
        float *to = out + (size_t)i * (size_t)columns;
        for (int x = 0; x < columns; x++) to[x] += weight * row[x];
    }
}

static Status check_sizes(int channels, int from_height, int from_width, int height, int width)
{
    bool valid = channels >= 1 && from_height >= 1 && from_width >= 1 && height >= 1 && width >= 1;
    if (valid) return status_ok();
    return status_error(STATUS_BAD_INPUT, "cannot resample %d planes of %d x %d pixels to %d x %d",
                        channels, from_width, from_height, width, height);
}

static void resample_plane(const Axis *across, const Axis *down, const float *from, int from_height,
                           int from_width, float *row, float *to)
{
    int reached = 0;
    memset(to, 0, (size_t)down->count * (size_t)across->count * sizeof *to);
    for (int y = 0; y < from_height; y++) {
        axis_apply_row(across, from + (size_t)y * (size_t)from_width, row);
        axis_add_row(down, y, row, across->count, &reached, to);
    }
}

Status resample(const float *from, int channels, int from_height, int from_width, float *to,
                int height, int width)
{
    TRY(check_sizes(channels, from_height, from_width, height, width));
    size_t from_pixels = (size_t)from_height * (size_t)from_width;
    size_t pixels = (size_t)height * (size_t)width, bytes = (size_t)width * sizeof(float);
    Axis across = {0}, down = {0};
    TRY(axis_create(&across, from_width, width, 0, width));
    Status status = axis_create(&down, from_height, height, 0, height);
    float *row = malloc(bytes);
    if (status.code == STATUS_OK && !row) status = status_no_memory("scaling the picture", bytes);
    for (size_t c = 0; status.code == STATUS_OK && c < (size_t)channels; c++) {
        resample_plane(&across, &down, from + c * from_pixels, from_height, from_width, row,
                       to + c * pixels);
    }
    free(row);
    axis_release(&across);
    axis_release(&down);
    return status;
}
