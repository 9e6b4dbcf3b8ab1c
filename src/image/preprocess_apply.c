/* From the 8-bit picture to the network's input: scale, cut out, order and normalise in one go, so that
 * a large photograph never stands in memory as floats. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/apart.h"
#include "base/arena.h"
#include "image/axis.h"
#include "image/preprocess.h"
#include "simd.h"

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

/* ---- one pass: each row of the picture is read once, each row of the input written once ---- */

/* Where the network's channels lie in a pixel, whose R, G, B and A are the lanes of a quad. */
typedef struct Layout {
    int channels, lane[PREPROCESS_MAX_CHANNELS];
    bool grey, with_alpha;
} Layout;

static Layout layout_of(const Preprocess *preprocess)
{
    const char *channels = preprocess->channels;
    const bool turned = strcmp(channels, "BGR") == 0;
    return (Layout){.channels = preprocess_channels(preprocess),
                    .lane = {turned ? 2 : 0, 1, turned ? 0 : 2, 3},
                    .grey = strcmp(channels, "GRAY") == 0,
                    .with_alpha = strcmp(channels, "RGBA") == 0};
}

/* 0 to 255. RGBA keeps the colours as they are; all others stand on white. */
static quad load_pixel(const uint8_t *pixel, const Layout *layout)
{
    quad value = {pixel[0], pixel[1], pixel[2], pixel[3]};
    const float alpha = pixel[3];
    if (alpha < 255 && !layout->with_alpha) value = (value * alpha + 255 * (255 - alpha)) / 255;
    return value;
}

/* ITU-R BT.601 luma, in doubles so that grey stays exactly itself. */
static quad load_grey(const uint8_t *pixel)
{
    double value = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
    const int alpha = pixel[3];
    if (alpha < 255) value = (value * alpha + 255.0 * (255 - alpha)) / 255;
    return (quad){(float)value};
}

/* Pixels [from, end) of a row. */
static APART void load_row(const Picture *picture, int y, int from, int end, const Layout *layout,
                           quad *row)
{
    const uint8_t *pixel = picture->rgba + ((size_t)y * (size_t)picture->width + (size_t)from) * 4;
    if (layout->grey) {
        for (int x = from; x < end; x++, pixel += 4) *row++ = load_grey(pixel);
    } else {
        for (int x = from; x < end; x++, pixel += 4) *row++ = load_pixel(pixel, layout);
    }
}

/* `row` begins at the first pixel that `across` needs. */
static APART void scale_row(const Axis *across, const quad *row, quad *scaled)
{
    for (int i = 0; i < across->count; i++) {
        const float *weight = across->weight + (size_t)i * (size_t)across->width;
        const quad *from = row + (across->first[i] - across->first[0]);
        quad sum = {0};
        for (int k = 0; k < across->width; k++) sum += weight[k] * from[k];
        scaled[i] = sum;
    }
}

/* Adds a row that counts for `weight`. */
static APART void add_row(quad *sum, const quad *row, float weight, int count)
{
    if (weight == 0) return;
    for (int x = 0; x < count; x++) sum[x] += weight * row[x];
}

/* To planes that are `pixels` apart. */
static APART void store_row(const Preprocess *preprocess, const Layout *layout, const quad *row,
                            int count, size_t pixels, float *input)
{
    quad mean = {0}, std = {1, 1, 1, 1};
    for (int c = 0; c < layout->channels; c++) {
        mean[layout->lane[c]] = preprocess->mean[c];
        std[layout->lane[c]] = preprocess->std[c];
    }
    for (int x = 0; x < count; x++) {
        float lane[4];
        /* Divided by 255 rather than multiplied by its inverse: that is what a tensor of 0..1 is made by. */
        quad_store(lane, (row[x] * preprocess->range / 255 - mean) / std);
        for (int c = 0; c < layout->channels; c++) {
            input[(size_t)c * pixels + (size_t)x] = lane[layout->lane[c]];
        }
    }
}

static int axis_end(const Axis *axis)
{
    return axis->first[axis->count - 1] + axis->width;
}

/* The most output positions that one input position adds to. */
static int axis_most_at_once(const Axis *axis)
{
    int most = 0;
    for (int i = 0, end = 0; i < axis->count; i++) {
        while (end < axis->count && axis->first[end] < axis->first[i] + axis->width) end++;
        if (end - i > most) most = end - i;
    }
    return most;
}

/* Only rows of the input to which rows of the picture still add are held as sums, row i at i modulo their number. */
static Status apply_axes(const Preprocess *preprocess, const Picture *picture, const Axis *down,
                         const Axis *across, float *input)
{
    const Layout layout = layout_of(preprocess);
    const int left = across->first[0], right = axis_end(across), end = axis_end(down);
    const size_t width = (size_t)across->count, held = (size_t)axis_most_at_once(down);
    const size_t bytes = ((size_t)(right - left) + (held + 1) * width) * sizeof(quad);
    quad *row = aligned_alloc_uninitialized(bytes);
    if (!row) return status_no_memory("scaling the picture", bytes);
    quad *scaled = row + (right - left), *sums = scaled + width;
    int done = 0, begun = 0;
    for (int y = down->first[0]; y < end; y++) {
        load_row(picture, y, left, right, &layout, row);
        scale_row(across, row, scaled);
        for (; begun < down->count && down->first[begun] <= y; begun++) {
            memset(sums + (size_t)begun % held * width, 0, width * sizeof *sums);
        }
        for (int i = done; i < begun; i++) {
            const int k = y - down->first[i];
            add_row(sums + (size_t)i % held * width, scaled,
                    down->weight[(size_t)i * (size_t)down->width + (size_t)k], across->count);
        }
        for (; done < begun && down->first[done] + down->width <= y + 1; done++) {
            store_row(preprocess, &layout, sums + (size_t)done % held * width, across->count,
                      (size_t)down->count * width, input + (size_t)done * width);
        }
    }
    aligned_free(row);
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
