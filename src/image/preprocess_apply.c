/* From the 8-bit picture to the network's input: scale, cut out, order and normalise in one go, so that
 * a large photograph never stands in memory as floats. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "image/axis.h"
#include "image/preprocess.h"

/* The whole picture is scaled to full_height x full_width, of which [top, left] with the input's size is
 * kept. */
typedef struct Cut {
    int full_height, full_width, top, left;
} Cut;

/* torchvision's Resize(256) for CenterCrop(224); networks of 227 were trained on pictures of 256 as well. */
static int short_side(int size)
{
    if (size >= 224 && size <= 227) return 256;
    return (int)lround(size * 256.0 / 224.0);
}

/* Scaled to at least `least` along both axes, in proportion; the longer side is cut to an integer. Only
 * parts are ever computed, so the size of what would be the whole is no matter, as long as it is an int. */
static Cut cut_scaled(const Picture *picture, int least_height, int least_width)
{
    double scale =
        fmax((double)least_height / picture->height, (double)least_width / picture->width);
    double height = fmin(floor(picture->height * scale + 1e-9), 1 << 30);
    double width = fmin(floor(picture->width * scale + 1e-9), 1 << 30);
    return (Cut){.full_height = (int)fmax(height, least_height),
                 .full_width = (int)fmax(width, least_width)};
}

static Cut cut_for(ResizeMode mode, const Picture *picture, int height, int width)
{
    bool same = picture->height == height && picture->width == width;
    if (same || mode == RESIZE_STRETCH) return (Cut){.full_height = height, .full_width = width};
    Cut cut = {.full_height = picture->height, .full_width = picture->width};
    if (mode == RESIZE_SHORT) {
        cut = cut_scaled(picture, short_side(height), short_side(width));
    } else if (picture->height < height || picture->width < width) {
        cut = cut_scaled(picture, height, width);
    }
    /* Half to even, as Python's round in torchvision's CenterCrop. */
    cut.top = (int)lrint((cut.full_height - height) / 2.0);
    cut.left = (int)lrint((cut.full_width - width) / 2.0);
    return cut;
}

/* One row of one channel, 0 to 255. RGBA keeps the colours as they are; all others stand on white. */
static void load_row(const Picture *picture, int y, const char *channels, int channel, float *row)
{
    const uint8_t *pixel = picture->rgba + (size_t)y * (size_t)picture->width * 4;
    bool with_alpha = strcmp(channels, "RGBA") == 0, grey = strcmp(channels, "GRAY") == 0;
    int source = strcmp(channels, "BGR") == 0 ? 2 - channel : channel;
    for (int x = 0; x < picture->width; x++, pixel += 4) {
        /* ITU-R BT.601 luma, in doubles so that grey stays exactly itself. */
        double value =
            grey ? 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2] : pixel[source];
        int alpha = pixel[3];
        if (alpha < 255 && !with_alpha) value = (value * alpha + 255.0 * (255 - alpha)) / 255;
        row[x] = (float)value;
    }
}

static void normalise(const Preprocess *preprocess, int channel, float *values, size_t count)
{
    float range = preprocess->range, mean = preprocess->mean[channel];
    float std = preprocess->std[channel];
    /* Divided by 255 rather than multiplied by its inverse: that is what a tensor of 0..1 is made by. */
    for (size_t i = 0; i < count; i++) values[i] = (values[i] * range / 255 - mean) / std;
}

static Status apply_axes(const Preprocess *preprocess, const Picture *picture, const Axis *down,
                         const Axis *across, float *input)
{
    int width = across->count;
    size_t row_bytes = ((size_t)picture->width + (size_t)width) * sizeof(float);
    float *row = malloc(row_bytes);
    if (!row) return status_no_memory("scaling the picture", row_bytes);
    float *scaled = row + picture->width;
    size_t pixels = (size_t)down->count * (size_t)width;
    int end = down->first[down->count - 1] + down->width;
    for (int c = 0; c < preprocess_channels(preprocess); c++) {
        float *plane = input + (size_t)c * pixels;
        int reached = 0;
        memset(plane, 0, pixels * sizeof *plane);
        for (int y = down->first[0]; y < end; y++) {
            load_row(picture, y, preprocess->channels, c, row);
            axis_apply_row(across, row, scaled);
            axis_add_row(down, y, scaled, width, &reached, plane);
        }
        normalise(preprocess, c, plane, pixels);
    }
    free(row);
    return status_ok();
}

static Status apply_cut(const Preprocess *preprocess, const Picture *picture, Cut cut, int height,
                        int width, float *input)
{
    Axis down = {0}, across = {0};
    TRY(axis_create(&down, picture->height, cut.full_height, cut.top, height));
    Status status = axis_create(&across, picture->width, cut.full_width, cut.left, width);
    if (status.code == STATUS_OK) status = apply_axes(preprocess, picture, &down, &across, input);
    axis_release(&down);
    axis_release(&across);
    return status;
}

static Status check_size(const Picture *picture, int height, int width)
{
    if (height < 1 || width < 1) {
        return status_error(STATUS_BAD_INPUT,
                            "the size of the network's input is unknown: give it with --size HxW");
    }
    if (!picture->rgba || picture->width < 1 || picture->height < 1) {
        return status_error(STATUS_BAD_INPUT, "there is no picture yet: give one first");
    }
    return status_ok();
}

Status preprocess_apply(const Preprocess *preprocess, const Picture *picture, int height, int width,
                        float *input)
{
    TRY(check_size(picture, height, width));
    Cut cut = cut_for(preprocess->resize, picture, height, width);
    return apply_cut(preprocess, picture, cut, height, width, input);
}

Status preprocess_apply_whole(const Preprocess *preprocess, const Picture *picture, int height,
                              int width, float *input)
{
    TRY(check_size(picture, height, width));
    Cut cut = cut_for(RESIZE_STRETCH, picture, height, width);
    return apply_cut(preprocess, picture, cut, height, width, input);
}

/* ---- the same part of the picture at another size ---- */

void preprocess_view_size(const Preprocess *preprocess, const Picture *picture, int height,
                          int width, int longest, int *view_height, int *view_width)
{
    const Cut cut = cut_for(preprocess->resize, picture, height, width);
    double scale =
        fmax((double)picture->height / cut.full_height, (double)picture->width / cut.full_width);
    scale = fmin(scale, (double)longest / (height > width ? height : width));
    scale = fmax(scale, 1);
    *view_height = (int)lround(height * scale);
    *view_width = (int)lround(width * scale);
}

Status preprocess_view(const Preprocess *preprocess, const Picture *picture, int height, int width,
                       int view_height, int view_width, float *rgb)
{
    TRY(check_size(picture, height, width));
    const Preprocess plain = {.channels = "RGB", .range = 1, .std = {1, 1, 1}};
    const double down = (double)view_height / height, across = (double)view_width / width;
    const Cut cut = cut_for(preprocess->resize, picture, height, width);
    const Cut view = {.full_height = (int)lround(cut.full_height * down),
                      .full_width = (int)lround(cut.full_width * across),
                      .top = (int)(cut.top * down),
                      .left = (int)(cut.left * across)};
    return apply_cut(&plain, picture, view, view_height, view_width, rgb);
}
