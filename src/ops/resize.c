#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ops/op.h"
#include "parallel.h"

typedef enum Coordinates { HALF_PIXEL, PYTORCH_HALF_PIXEL, ALIGN_CORNERS, ASYMMETRIC } Coordinates;
typedef enum Rounding { ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, FLOOR, CEIL } Rounding;

/* Output value k of an axis lies between inputs low and high; high has this weight. */
typedef struct Tap {
    int low, high;
    float weight;
} Tap;

/* One resized axis. An axis of length 1 to 1 stands where there is none. */
typedef struct Axis {
    int from, to;
    float scale;
} Axis;

/* The input as [outer, a.from, middle, b.from, inner]; for a picture a = H, b = W, middle = inner = 1. */
typedef struct Resize {
    bool linear;
    Coordinates coordinates;
    Rounding rounding;
    Axis a, b;
    size_t outer, middle, inner;
} Resize;

/* ---- plan ---- */

static Status choose(const Node *n, const char *attribute, const char *const *names, int count,
                     int *chosen)
{
    const char *name = names[*chosen];
    TRY(attr_string(n, attribute, &name));
    for (int i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            *chosen = i;
            return status_ok();
        }
    }
    return status_error(STATUS_UNSUPPORTED,
                        "Resize '%s': %s '%s' is not supported: export with '%s'", n->name,
                        attribute, name, names[count - 1]);
}

static Status resize_modes(Node *n, Resize *resize)
{
    static const char *const modes[] = {"nearest", "linear"};
    static const char *const coordinates[] = {"half_pixel", "pytorch_half_pixel", "align_corners",
                                              "asymmetric"};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil"};
    static const char *const policies[] = {"stretch"};
    int mode = 0, coordinate = HALF_PIXEL, rounding = ROUND_PREFER_FLOOR, policy = 0, antialias = 0;
    TRY(choose(n, "mode", modes, 2, &mode));
    TRY(choose(n, "coordinate_transformation_mode", coordinates, 4, &coordinate));
    TRY(choose(n, "nearest_mode", roundings, 4, &rounding));
    TRY(choose(n, "keep_aspect_ratio_policy", policies, 1, &policy));
    TRY(attr_int(n, "antialias", &antialias));
    if (antialias) {
        return status_error(STATUS_UNSUPPORTED,
                            "Resize '%s': antialias is not supported: export without it", n->name);
    }
    resize->linear = mode == 1;
    resize->coordinates = (Coordinates)coordinate;
    resize->rounding = (Rounding)rounding;
    snprintf(n->detail, sizeof n->detail, "%s, %s", modes[mode], coordinates[coordinate]);
    return status_ok();
}

static Status resize_count(const Node *n, const char *attribute, int count, int rank)
{
    if (count == rank) return status_ok();
    return status_error(STATUS_BAD_MODEL,
                        "Resize '%s': %s has %d values, the tensor has %d dimensions", n->name,
                        attribute, count, rank);
}

/* Fills axes, one per dimension, from `sizes` or `scales`. */
static Status resize_axes(const Node *n, Axis axes[SHAPE_MAX_RANK])
{
    const Shape *from = &n->in[0]->shape;
    int sizes[SHAPE_MAX_RANK], count;
    float scales[SHAPE_MAX_RANK];
    TRY(attr_ints(n, "sizes", SHAPE_MAX_RANK, sizes, &count));
    const bool sized = count > 0;
    if (sized) {
        TRY(resize_count(n, "sizes", count, from->rank));
    } else {
        TRY(attr_floats(n, "scales", SHAPE_MAX_RANK, scales, &count));
        TRY(resize_count(n, "scales", count, from->rank));
    }
    for (int d = 0; d < from->rank; d++) {
        const int size = from->dim[d];
        if (!sized && !(scales[d] > 0 && isfinite(scales[d]))) {
            return status_error(
                STATUS_BAD_MODEL,
                "Resize '%s': scales has %g for dimension %d, it takes numbers above 0", n->name,
                (double)scales[d], d);
        }
        const float to = sized ? (float)sizes[d] : floorf((float)size * scales[d]);
        if (!(to >= 1 && to <= (float)TENSOR_MAX_ELEMENTS)) {
            return status_error(STATUS_BAD_MODEL,
                                "Resize '%s': %s makes dimension %d %.0f long, it takes 1 to %llu",
                                n->name, sized ? "sizes" : "scales", d, (double)to,
                                (unsigned long long)TENSOR_MAX_ELEMENTS);
        }
        axes[d] = (Axis){size, sized ? sizes[d] : (int)to,
                         sized ? (float)sizes[d] / (float)size : scales[d]};
    }
    return status_ok();
}

static Status resize_layout(const Node *n, const Axis axes[SHAPE_MAX_RANK], Resize *resize)
{
    const Shape *from = &n->in[0]->shape;
    int resized[2], count = 0;
    for (int d = 0; d < from->rank; d++) {
        if (axes[d].scale == 1.0F && axes[d].to == axes[d].from) continue;
        if (count == 2) {
            return status_error(
                STATUS_UNSUPPORTED,
                "Resize '%s': scales changes more than two dimensions: only pictures are supported",
                n->name);
        }
        resized[count++] = d;
    }
    const int b = count ? resized[count - 1] : from->rank, a = count == 2 ? resized[0] : b;
    resize->a = count == 2 ? axes[a] : (Axis){1, 1, 1.0F};
    resize->b = count ? axes[b] : (Axis){1, 1, 1.0F};
    resize->outer = shape_span(from, 0, a);
    resize->middle = count == 2 ? shape_span(from, a + 1, b) : 1;
    resize->inner = count ? shape_span(from, b + 1, from->rank) : 1;
    return status_ok();
}

static Status resize_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Resize)));
    Resize *resize = n->params;
    TRY(resize_modes(n, resize));
    Axis axes[SHAPE_MAX_RANK];
    TRY(resize_axes(n, axes));
    Shape shape = n->in[0]->shape;
    for (int d = 0; d < shape.rank; d++) shape.dim[d] = axes[d].to;
    TRY(shape_validate(&shape, n->name));
    TRY(resize_layout(n, axes, resize));
    const uint64_t taps = ((uint64_t)resize->a.to + (uint64_t)resize->b.to) * sizeof(Tap);
    if (taps > SIZE_MAX / 2) return status_no_memory(n->name, taps);
    n->scratch_bytes = (size_t)taps;
    n->out[0]->shape = shape;
    if (resize->linear) n->macs = 4 * (uint64_t)shape_elements(&shape);
    return status_ok();
}

/* ---- taps ---- */

/* Where output k lies on the input, in input values. ONNX, Resize, coordinate_transformation_mode;
 * lengths are whole, as in PyTorch. */
static double coordinate_of(Coordinates coordinates, const Axis *axis, int k)
{
    switch (coordinates) {
    case HALF_PIXEL: break;
    case PYTORCH_HALF_PIXEL:
        if (axis->to == 1) return 0;
        break;
    case ALIGN_CORNERS: return axis->to == 1 ? 0 : (double)k * (axis->from - 1) / (axis->to - 1);
    case ASYMMETRIC: return (double)k / (double)axis->scale;
    }
    return (k + 0.5) / (double)axis->scale - 0.5;
}

/* A scale such as 1/3 is not exact in a file, and 2.9999999 means 3: so close to a whole or a half, x is
 * that. */
static int nearest_of(Rounding rounding, double x)
{
    const double half = round(2 * x) / 2;
    const double near = fabs(x - half) < 1e-6 * (1 + x) ? half : x;
    switch (rounding) {
    case ROUND_PREFER_FLOOR: return (int)ceil(near - 0.5);
    case ROUND_PREFER_CEIL: return (int)floor(near + 0.5);
    case FLOOR: return (int)floor(near);
    case CEIL: return (int)ceil(near);
    }
    return 0;
}

static void fill_taps(const Resize *r, const Axis *axis, Tap *taps)
{
    const int last = axis->from - 1;
    for (int k = 0; k < axis->to; k++) {
        double x = coordinate_of(r->coordinates, axis, k);
        x = x < 0 ? 0 : x > last ? last : x;
        if (r->linear) {
            const int low = (int)x;
            taps[k] = (Tap){low, low < last ? low + 1 : last, (float)(x - low)};
        } else {
            int near = nearest_of(r->rounding, x);
            near = near < 0 ? 0 : near > last ? last : near;
            taps[k] = (Tap){near, near, 0.0F};
        }
    }
}

/* ---- forward and backward ---- */

typedef struct Pass {
    const Resize *r;
    const Tap *a, *b;
    const float *from; /* x forward, dy backward */
    float *to;         /* y forward, dx backward */
} Pass;

static Pass pass_begin(const Node *n)
{
    const Resize *r = n->params;
    Tap *taps = n->scratch;
    fill_taps(r, &r->a, taps);
    fill_taps(r, &r->b, taps + r->a.to);
    return (Pass){.r = r, .a = taps, .b = taps + r->a.to};
}

static size_t input_row(const Resize *r, size_t outer, int a, size_t middle)
{
    return ((outer * (size_t)r->a.from + (size_t)a) * r->middle + middle) * (size_t)r->b.from *
           r->inner;
}

static size_t output_row(const Resize *r, size_t outer, int a, size_t middle)
{
    return ((outer * (size_t)r->a.to + (size_t)a) * r->middle + middle) * (size_t)r->b.to *
           r->inner;
}

/* y = x at the nearest place. */
static void nearest_row(const Pass *p, const float *x, float *restrict y)
{
    const size_t inner = p->r->inner;
    for (int k = 0; k < p->r->b.to; k++, y += inner) {
        const float *from = x + (size_t)p->b[k].low * inner;
        for (size_t i = 0; i < inner; i++) y[i] = from[i];
    }
}

/* y = (1 - v) ((1 - u) x00 + u x01) + v ((1 - u) x10 + u x11), v along a, u along b. */
static void linear_row(const Pass *p, const float *x0, const float *x1, float v, float *restrict y)
{
    const size_t inner = p->r->inner;
    for (int k = 0; k < p->r->b.to; k++, y += inner) {
        const size_t low = (size_t)p->b[k].low * inner, high = (size_t)p->b[k].high * inner;
        const float u = p->b[k].weight;
        for (size_t i = 0; i < inner; i++) {
            const float top = x0[low + i] + u * (x0[high + i] - x0[low + i]);
            const float bottom = x1[low + i] + u * (x1[high + i] - x1[low + i]);
            y[i] = top + v * (bottom - top);
        }
    }
}

static void forward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Pass *p = context;
    const Resize *r = p->r;
    for (size_t outer = begin; outer < end; outer++) {
        for (int k = 0; k < r->a.to; k++) {
            for (size_t m = 0; m < r->middle; m++) {
                const Tap tap = p->a[k];
                const float *x0 = p->from + input_row(r, outer, tap.low, m);
                float *y = p->to + output_row(r, outer, k, m);
                if (r->linear) {
                    linear_row(p, x0, p->from + input_row(r, outer, tap.high, m), tap.weight, y);
                } else {
                    nearest_row(p, x0, y);
                }
            }
        }
    }
}

static void resize_forward(const Node *n)
{
    Pass p = pass_begin(n);
    p.from = n->in[0]->data;
    p.to = n->out[0]->data;
    parallel_for(p.r->outer, 1, forward_span, &p);
}

/* dx += dy at the nearest place. */
static void nearest_row_backward(const Pass *p, const float *restrict dy, float *dx)
{
    const size_t inner = p->r->inner;
    for (int k = 0; k < p->r->b.to; k++, dy += inner) {
        float *to = dx + (size_t)p->b[k].low * inner;
        for (size_t i = 0; i < inner; i++) to[i] += dy[i];
    }
}

/* Each of the four neighbours gets dy by its weight; dx0 and dx1 may be the same row. */
static void linear_row_backward(const Pass *p, const float *restrict dy, float v, float *dx0,
                                float *dx1)
{
    const size_t inner = p->r->inner;
    for (int k = 0; k < p->r->b.to; k++, dy += inner) {
        const size_t low = (size_t)p->b[k].low * inner, high = (size_t)p->b[k].high * inner;
        const float u = p->b[k].weight;
        for (size_t i = 0; i < inner; i++) {
            dx0[low + i] += (1 - v) * (1 - u) * dy[i];
            dx0[high + i] += (1 - v) * u * dy[i];
            dx1[low + i] += v * (1 - u) * dy[i];
            dx1[high + i] += v * u * dy[i];
        }
    }
}

static void backward_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Pass *p = context;
    const Resize *r = p->r;
    for (size_t outer = begin; outer < end; outer++) {
        for (int k = 0; k < r->a.to; k++) {
            for (size_t m = 0; m < r->middle; m++) {
                const Tap tap = p->a[k];
                const float *dy = p->from + output_row(r, outer, k, m);
                float *dx0 = p->to + input_row(r, outer, tap.low, m);
                if (r->linear) {
                    linear_row_backward(p, dy, tap.weight, dx0,
                                        p->to + input_row(r, outer, tap.high, m));
                } else {
                    nearest_row_backward(p, dy, dx0);
                }
            }
        }
    }
}

/* Resizing is linear in x: backward is its transpose. */
static void resize_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    if (!n->in[0]->grad) return;
    Pass p = pass_begin(n);
    p.from = n->out[0]->grad;
    p.to = n->in[0]->grad;
    parallel_for(p.r->outer, 1, backward_span, &p);
}

const Op op_resize = {"Resize", resize_plan, resize_forward, resize_backward};
