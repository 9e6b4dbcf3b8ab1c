/* Gradient of the input: rows of A are pixels of one phase of the stride, k runs over channels and taps. */
#include <string.h>

#include "kernels/conv2d_batch_work.h"
#include "kernels/loose_gemm.h"
#include "kernels/phases.h"
#include "kernels/sizes.h"
#include "kernels/transpose.h"

typedef struct PhasePair {
    Phase y, x;
    int residue_y, residue_x;
    ptrdiff_t filters, rows; /* where those of the phase begin */
} PhasePair;

/* The first phase of the stride that taps reach, or the next; false after the last. */
static bool phase_next(const Work *work, PhasePair *p, bool first)
{
    const Conv2d *c = work->c;
    if (first) {
        *p = (PhasePair){0};
    } else {
        p->filters += (ptrdiff_t)p->y.taps * p->x.taps * c->out_channels *
                      round_up(c->in_channels, LOOSE_PANEL);
        p->rows += (ptrdiff_t)work->l.group * p->y.count * p->x.count;
        p->residue_x++;
    }
    for (; p->residue_y < at_most(c->stride_y, c->in_height); p->residue_y++, p->residue_x = 0) {
        p->y = phase_make(p->residue_y, c->in_height, c->stride_y, c->pad_top, 1, c->kernel_height);
        for (; p->y.taps && p->residue_x < at_most(c->stride_x, c->in_width); p->residue_x++) {
            p->x =
                phase_make(p->residue_x, c->in_width, c->stride_x, c->pad_left, 1, c->kernel_width);
            if (p->x.taps) return true;
        }
    }
    return false;
}

/* Filters [phase][panels][out and taps][LOOSE_PANEL], by groups of channels of the input. */
static void read_filters_turned(void *context, size_t item, size_t end, int thread)
{
    const Work *work = context;
    const Conv2d *c = work->c;
    const int size = kernel_size(c);
    float *taps = result_of(work, thread);
    for (; item < end; item++) {
        const int k = (int)item * VF_LANES, channels = at_most(VF_LANES, c->in_channels - k);
        memset(taps, 0, (size_t)size * VF_LANES * sizeof *taps);
        for (int m = 0; m < c->out_channels; m++) {
            transpose(channels, size, work->w + ((ptrdiff_t)m * c->in_channels + k) * size, size,
                      taps, VF_LANES);
            PhasePair p;
            for (bool any = phase_next(work, &p, true); any; any = phase_next(work, &p, false)) {
                const int of_phase = p.y.taps * p.x.taps;
                float *to =
                    work->filters + p.filters +
                    ((ptrdiff_t)(k / LOOSE_PANEL) * c->out_channels + m) * of_phase * LOOSE_PANEL +
                    k % LOOSE_PANEL;
                for (int i = 0; i < of_phase; i++, to += LOOSE_PANEL) {
                    const int ty = p.y.first_tap + i / p.x.taps * p.y.tap_step,
                              tx = p.x.first_tap + i % p.x.taps * p.x.tap_step;
                    vf_store(to, vf_load(taps + (ptrdiff_t)(ty * c->kernel_width + tx) * VF_LANES));
                }
            }
        }
    }
}

static ptrdiff_t *places_of(const Work *work)
{
    return work->table + (size_t)work->l.group * in_plane(work->c);
}

/* Where the pixels of a phase look, and where they lie. */
static void table_of_phase(const Work *work, const PhasePair *p)
{
    const Conv2d *c = work->c;
    const Padding *pad = &work->l.out;
    const ptrdiff_t image = (ptrdiff_t)((size_t)c->out_channels * padded_plane(pad));
    ptrdiff_t *look = work->table + p->rows, *place = places_of(work) + p->rows;
    for (int i = 0; i < work->l.group; i++) {
        for (int t = 0; t < p->y.count; t++) {
            for (int u = 0; u < p->x.count; u++) {
                const int y = i * c->in_height + t * c->stride_y + p->residue_y,
                          x = u * c->stride_x + p->residue_x;
                *look++ = i * image + (ptrdiff_t)(t + p->y.first + pad->top) * pad->width + u +
                          p->x.first + pad->left;
                *place++ = ((ptrdiff_t)y * c->in_width + x) * work->l.in_row;
            }
        }
    }
}

static void multiply_phase(const Work *work, const PhasePair *p, int count, const float *a,
                           float *result)
{
    const Conv2d *c = work->c;
    const Padding *pad = &work->l.out;
    loose_gemm(&(LooseGemm){
        .m = count * p->y.count * p->x.count,
        .n = work->l.in_row,
        .count = {c->out_channels, p->y.taps, p->x.taps},
        .a = a,
        .rows = work->table + p->rows,
        .a_step = {(ptrdiff_t)padded_plane(pad), (ptrdiff_t)p->y.step * pad->width, p->x.step},
        .b = work->filters + p->filters,
        .b_row = LOOSE_PANEL,
        .b_panel = (ptrdiff_t)p->y.taps * p->x.taps * c->out_channels * LOOSE_PANEL,
        .c = result,
        .c_rows = places_of(work) + p->rows,
    });
}

static void input_gradient_images(void *context, size_t item, size_t end, int thread)
{
    const Work *work = context;
    const Conv2d *c = work->c;
    const Layout *l = &work->l;
    const int pixels = (int)in_plane(c);
    float *padded = padded_of(work, thread), *result = result_of(work, thread);
    for (; item < end; item++) {
        const int first = (int)item * l->group, count = at_most(l->group, c->batch - first);
        const float *a = padded_planes(
            &l->out, (size_t)count * (size_t)c->out_channels, c->out_height, c->out_width,
            work->dy + (size_t)first * (size_t)c->out_channels * out_plane(c), padded);
        memset(result, 0, (size_t)count * in_plane(c) * (size_t)l->in_row * sizeof *result);
        PhasePair p;
        for (bool any = phase_next(work, &p, true); any; any = phase_next(work, &p, false))
            multiply_phase(work, &p, count, a, result);
        for (int i = 0; i < count; i++) {
            (work->add ? transpose_add : transpose)(
                pixels, c->in_channels, result + (ptrdiff_t)i * pixels * l->in_row, l->in_row,
                work->dx + (size_t)(first + i) * (size_t)c->in_channels * in_plane(c), pixels);
        }
    }
}

void conv2d_batch_input_gradient(Work *work)
{
    const Conv2d *c = work->c;
    if (lies_well(c)) {
        pointwise_input_gradient(work);
        return;
    }
    each(work, divide_up(c->in_channels, VF_LANES), read_filters_turned);
    PhasePair p;
    for (bool any = phase_next(work, &p, true); any; any = phase_next(work, &p, false))
        table_of_phase(work, &p);
    each(work, divide_up(c->batch, work->l.group), input_gradient_images);
}
