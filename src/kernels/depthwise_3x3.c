#include "kernels/depthwise_3x3.h"

#include <string.h>

#include "kernels/conv2d_shape.h"
#include "kernels/copy.h"
#include "kernels/sizes.h"
#include "simd.h"

/*
 * Rows of the plane are copied between zeros that stay, a strip at a time. A vector of the output is read from three of
 * them, by the stride taken apart in registers, and written where it belongs, with what lies behind the end of its row:
 * what belongs there comes later and is written over that.
 */
enum { TAPS = 3, STRIP_FLOATS = 4096, WIDEST = 1 << 14 };

/* Floats of a padded row: as far as the last vector looks. */
static int row_floats(const Conv2d *c)
{
    return round_up(round_up(c->out_width, VF_LANES) * c->stride_x + TAPS - 1, 16);
}

/* Rows of the output in a strip. */
static int strip_rows(const Conv2d *c)
{
    const int rows = (STRIP_FLOATS / row_floats(c) - TAPS) / c->stride_y + 1;
    return at_most(at_least(rows, 1), c->out_height);
}

static int source_rows(const Conv2d *c, int rows)
{
    return (rows - 1) * c->stride_y + TAPS;
}

bool depthwise_3x3_fits(const Conv2d *c)
{
    return c->kernel_height == TAPS && c->kernel_width == TAPS && c->stride_y == c->stride_x &&
           c->stride_x <= 2 && c->dilation_y == 1 && c->dilation_x == 1 && c->out_width <= WIDEST &&
           c->pad_left >= 0 && c->pad_left < TAPS;
}

size_t depthwise_3x3_floats(const Conv2d *c)
{
    return (size_t)source_rows(c, strip_rows(c)) * (size_t)row_floats(c);
}

void depthwise_3x3_begin(const Conv2d *c, float *scratch)
{
    memset(scratch, 0, depthwise_3x3_floats(c) * sizeof *scratch);
}

static void fill(const Conv2d *c, const float *x, int first, int rows, float *to)
{
    const int step = row_floats(c), count = at_most(c->in_width, step - c->pad_left);
    to += c->pad_left;
    for (int y = first; y < first + rows; y++, to += step) {
        if (y < 0 || y >= c->in_height) {
            zero_floats(to, count);
        } else {
            copy_floats(to, x + (size_t)y * (size_t)c->in_width, count);
        }
    }
}

/* The pixels under the three taps of a row, for neighbouring outputs. */
static inline __attribute__((always_inline)) void pixels_load(int stride, const float *from,
                                                              vf pixel[TAPS])
{
    if (stride == 1) {
        for (int i = 0; i < TAPS; i++) pixel[i] = vf_load(from + i);
    } else {
        const vf a = vf_load(from), b = vf_load(from + VF_LANES);
        pixel[0] = vf_even(a, b);
        pixel[1] = vf_odd(a, b);
        pixel[2] = vf_even(vf_load(from + 2), vf_load(from + 2 + VF_LANES));
    }
}

static inline __attribute__((always_inline)) vf add_taps(const vf *w, const vf pixel[TAPS], vf sum)
{
    for (int i = 0; i < TAPS; i++) sum = vf_fma(w[i], pixel[i], sum);
    return sum;
}

/* Of a vector that belongs at `to`, what lies within `room` floats and the row. */
static inline void column_store(float *to, vf sum, int columns, size_t room)
{
    if (room >= VF_LANES) {
        vf_store(to, sum);
        return;
    }
    float lanes[VF_LANES];
    vf_store(lanes, sum);
    for (int i = 0; i < columns && i < VF_LANES; i++) to[i] = lanes[i];
}

/* `rows` rows from strip to y, of which `room` floats are left of the plane; inlined with a constant stride. A vector of
 * columns goes down the strip and takes each row of pixels once, for all outputs that look at it: `above` has what the
 * rows so far bring to the next output, `below` to the one after. The last columns come first: the first ones write
 * over what those left at the beginnings of rows. */
static inline __attribute__((always_inline)) void rows_make(int stride, int rows, int columns,
                                                            const float *strip, int step,
                                                            const float *w, float bias, float *y,
                                                            size_t room)
{
    vf weight[TAPS * TAPS], pixel[TAPS];
    for (int i = 0; i < TAPS * TAPS; i++) weight[i] = vf_splat(w[i]);
    const vf start = vf_splat(bias);
    for (int j = (columns - 1) / VF_LANES * VF_LANES; j >= 0; j -= VF_LANES) {
        const float *from = strip + j * stride;
        vf above, below = start;
        pixels_load(stride, from, pixel);
        above = add_taps(weight, pixel, start);
        for (int row = 0; row < rows; row++) {
            if (stride == 2 || row == 0) {
                pixels_load(stride, from += step, pixel);
                above = add_taps(weight + TAPS, pixel, above);
                below = add_taps(weight, pixel, start);
            }
            pixels_load(stride, from += step, pixel);
            const size_t at = (size_t)row * (size_t)columns + (size_t)j;
            column_store(y + at, add_taps(weight + 2 * TAPS, pixel, above), columns - j, room - at);
            above = stride == 2 ? add_taps(weight, pixel, start)
                                : add_taps(weight + TAPS, pixel, below);
            below = add_taps(weight, pixel, start);
        }
    }
}

void depthwise_3x3_plane(const Conv2d *c, const float *x, const float *w, float bias, float *y,
                         float *scratch)
{
    const int most = strip_rows(c), step = row_floats(c);
    for (int i = 0; i < c->out_height; i += most) {
        const int rows = at_most(most, c->out_height - i);
        fill(c, x, i * c->stride_y - c->pad_top, source_rows(c, rows), scratch);
        float *to = y + (size_t)i * (size_t)c->out_width;
        const size_t room = out_plane(c) - (size_t)i * (size_t)c->out_width;
        if (c->stride_x == 1) {
            rows_make(1, rows, c->out_width, scratch, step, w, bias, to, room);
        } else {
            rows_make(2, rows, c->out_width, scratch, step, w, bias, to, room);
        }
    }
}
