#include "kernels/phases.h"

#include "base/apart.h"
#include "kernels/copy.h"
#include "simd.h"

void phases_copy_padded(const float *row, int width, int x, int count, float *to)
{
    int from = x < 0 ? -x : 0, end = width - x < count ? width - x : count;
    if (from > count) from = count;
    if (end < from) end = from;
    zero_floats(to, from);
    if (end > from) copy_floats(to + from, row + x + from, end - from);
    zero_floats(to + end, count - end);
}

/* What is left of a row from position i on. */
static APART void split_any(const float *line, int i, int count, int stride, float *to,
                            size_t phase_step)
{
    for (; i < count; i++) to[(size_t)(i % stride) * phase_step + (size_t)(i / stride)] = line[i];
}

/* Whole vectors; the position behind them. */
static APART int split_2(const float *line, int count, float *to, size_t phase_step)
{
    int i = 0;
    for (; i + 8 <= count; i += 8) {
        const quad a = quad_load(line + i), b = quad_load(line + i + 4);
        quad_store(to + i / 2, __builtin_shufflevector(a, b, 0, 2, 4, 6));
        quad_store(to + phase_step + i / 2, __builtin_shufflevector(a, b, 1, 3, 5, 7));
    }
    return i;
}

static APART int split_4(const float *line, int count, float *to, size_t phase_step)
{
    int i = 0;
    for (; i + 16 <= count; i += 16) {
        quad pixels[4];
        for (int k = 0; k < 4; k++) pixels[k] = quad_load(line + i + 4 * k);
        quad_transpose(pixels);
        for (int k = 0; k < 4; k++) quad_store(to + (size_t)k * phase_step + i / 4, pixels[k]);
    }
    return i;
}

void phases_split(const float *line, int count, int stride, float *to, size_t phase_step)
{
    if (stride == 1) {
        copy_floats(to, line, count);
        return;
    }
    int done = 0;
    if (stride == 2) done = split_2(line, count, to, phase_step);
    if (stride == 4) done = split_4(line, count, to, phase_step);
    split_any(line, done, count, stride, to, phase_step);
}

void phases_join_4(const float *from, size_t phase_step, int count, float *line)
{
    for (int t = 0; t < count; t += 4) {
        quad pixels[4];
        for (int i = 0; i < 4; i++) pixels[i] = quad_load(from + (size_t)i * phase_step + t);
        quad_transpose(pixels);
        for (int i = 0; i < 4; i++) quad_store(line + 4 * t + 4 * i, pixels[i]);
    }
}

Phase phase_make(int residue, int in, int stride, int pad, int dilation, int kernel)
{
    Phase phase = {.count = residue < in ? (in - 1 - residue) / stride + 1 : 0};
    int a = stride, b = dilation;
    while (b) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    phase.tap_step = stride / a; /* a is the greatest common divisor */
    phase.step = -(dilation / a);
    for (int tap = 0; tap < kernel && tap < phase.tap_step; tap++) {
        const int reach = residue + pad - tap * dilation;
        if (reach % stride != 0) continue;
        phase.first_tap = tap;
        phase.taps = (kernel - 1 - tap) / phase.tap_step + 1;
        phase.first = reach / stride;
        break;
    }
    return phase;
}
