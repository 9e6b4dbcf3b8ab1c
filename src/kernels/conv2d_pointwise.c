#include "kernels/conv2d_shape.h"
#include "kernels/gather.h"
#include "kernels/panel_gemm.h"

static bool is_zero(const float *x, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (x[i] != 0.0F) return false;
    }
    return true;
}

/* The planes from the first to the last that hold anything: a class's score reaches one of as many as there are classes. */
static void planes_that_count(const float *x, size_t pixels, int *first, int *end)
{
    while (*first < *end && is_zero(x + (size_t)*first * pixels, pixels)) ++*first;
    while (*first < *end && is_zero(x + (size_t)(*end - 1) * pixels, pixels)) --*end;
}

void pointwise(const Conv2d *c, bool turned, const float *w, const float *x, const float *bias,
               float *y, bool accumulate, const Clamp *clamp, void *scratch)
{
    const int in = in_per_group(c), out = out_per_group(c), pixels = (int)in_plane(c);
    const int m = turned ? in : out, k = turned ? out : in;
    GatherPlain right = {.row_step = (size_t)pixels};
    PanelGemm g = {
        .m = m,
        .n = pixels,
        .k = k,
        .left = {.row = turned ? 1 : in, .count = {1, 1}, .step = {turned ? in : 1, 0, 0}},
        .right = &right,
        .pack = gather_pack_plain,
        .plain_row = pixels,
        .c_row = pixels,
        .accumulate = accumulate,
        .clamp = clamp,
        .threads = c->threads,
    };
    for (int image = 0; image < c->batch; image++) {
        for (int group = 0; group < c->groups; group++) {
            const size_t channel = (size_t)image * (size_t)c->groups + (size_t)group;
            const float *from = x + channel * (size_t)k * (size_t)pixels;
            int first = 0, end = k;
            if (turned && accumulate) planes_that_count(from, (size_t)pixels, &first, &end);
            if (first == end) continue;
            g.k = end - first;
            right.source = from + (size_t)first * (size_t)pixels;
            g.plain = right.source;
            g.left.data = w + (size_t)group * (size_t)out * (size_t)in +
                          (size_t)first * (size_t)(turned ? in : 1);
            g.c = y + channel * (size_t)m * (size_t)pixels;
            g.bias = bias ? bias + (size_t)group * (size_t)out : NULL;
            panel_gemm(&g, scratch);
        }
    }
}
