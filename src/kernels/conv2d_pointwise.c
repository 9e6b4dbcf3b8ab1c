#include "kernels/conv2d_shape.h"
#include "kernels/gather.h"
#include "kernels/panel_gemm.h"

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
            right.source = x + channel * (size_t)k * (size_t)pixels;
            g.plain = right.source;
            g.left.data = w + (size_t)group * (size_t)out * (size_t)in;
            g.c = y + channel * (size_t)m * (size_t)pixels;
            g.bias = bias ? bias + (size_t)group * (size_t)out : NULL;
            panel_gemm(&g, scratch);
        }
    }
}
