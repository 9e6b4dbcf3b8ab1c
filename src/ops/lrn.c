#include <math.h>

#include "ops/op.h"
#include "parallel.h"

/*
 * Local response normalisation across channels (Krizhevsky et al. 2012, section 3.3), in ONNX's form:
 *
 *     y = x s^-beta,   s = bias + alpha / size * sum of x^2 over the channels c - below to c + above
 *
 * The cache holds s.
 */
typedef struct Lrn {
    float alpha, beta, bias;
    int below, above; /* below + 1 + above is the size */
    int images, channels;
    size_t pixels;
    float share; /* alpha / size */
} Lrn;

/* Pixels that one piece of work takes through all channels. */
enum { STRIP = 1024 };

static Status lrn_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    const Shape *x = &n->in[0]->shape;
    if (x->rank < 2) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': the input has no channels, it needs [N,C,...]", n->op->name,
                            n->name);
    }
    int size = 0;
    TRY(attr_int(n, "size", &size));
    if (size < 1 || size > 65535) {
        return status_error(STATUS_BAD_MODEL, "%s '%s': size is %d, it must lie within 1 to 65535",
                            n->op->name, n->name, size);
    }
    TRY(node_params(n, sizeof(Lrn)));
    Lrn *p = n->params;
    *p = (Lrn){.alpha = 1e-4F, .beta = 0.75F, .bias = 1.0F};
    TRY(attr_float(n, "alpha", &p->alpha));
    TRY(attr_float(n, "beta", &p->beta));
    TRY(attr_float(n, "bias", &p->bias));
    p->below = (size - 1) / 2;
    p->above = size - 1 - p->below;
    p->images = x->dim[0];
    p->channels = x->dim[1];
    p->pixels = shape_span(x, 2, x->rank);
    p->share = p->alpha / (float)size;
    n->out[0]->shape = *x;
    n->cache_bytes = shape_elements(x) * sizeof(float);
    n->scratch_bytes = n->cache_bytes;
    n->macs = (uint64_t)shape_elements(x) * (uint64_t)(size < x->dim[1] ? size : x->dim[1]);
    return status_ok();
}

static float power(float s, float beta)
{
    if (beta == 0.75F) {
        const float root = sqrtf(s);
        return 1.0F / (root * sqrtf(root));
    }
    return powf(s, -beta);
}

typedef void StripFunction(const Node *n, size_t offset, size_t count, int channel);

/* Calls `function` for each channel of strips of pixels; offset is that of channel 0 in the tensor. */
typedef struct Strips {
    const Node *n;
    StripFunction *function;
} Strips;

static size_t strips_per_image(const Lrn *p)
{
    return (p->pixels + STRIP - 1) / STRIP;
}

static void strips_run(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Strips *strips = context;
    const Lrn *p = strips->n->params;
    for (size_t item = begin; item < end; item++) {
        const size_t image = item / strips_per_image(p), first = item % strips_per_image(p) * STRIP;
        const size_t count = p->pixels - first < STRIP ? p->pixels - first : STRIP;
        for (int channel = 0; channel < p->channels; channel++) {
            strips->function(strips->n, image * (size_t)p->channels * p->pixels + first, count,
                             channel);
        }
    }
}

static void strips_for(const Node *n, StripFunction *function)
{
    const Lrn *p = n->params;
    Strips strips = {n, function};
    parallel_for((size_t)p->images * strips_per_image(p), 1, strips_run, &strips);
}

static void strip_forward(const Node *n, size_t offset, size_t count, int channel)
{
    const Lrn *p = n->params;
    const float *restrict x = n->in[0]->data + offset;
    float *restrict y = n->out[0]->data + offset + (size_t)channel * p->pixels;
    float *restrict s = (float *)n->cache + offset + (size_t)channel * p->pixels;
    const int first = channel > p->below ? channel - p->below : 0;
    const int last = p->channels - 1 - channel < p->above ? p->channels - 1 : channel + p->above;
    for (size_t i = 0; i < count; i++) s[i] = 0.0F;
    for (int c = first; c <= last; c++) {
        const float *plane = x + (size_t)c * p->pixels;
        for (size_t i = 0; i < count; i++) s[i] += plane[i] * plane[i];
    }
    const float *center = x + (size_t)channel * p->pixels;
    for (size_t i = 0; i < count; i++) {
        s[i] = p->bias + p->share * s[i];
        y[i] = center[i] * power(s[i], p->beta);
    }
}

static void lrn_forward(const Node *n)
{
    strips_for(n, strip_forward);
}

/* The scratch: dy y / s. */
static void strip_ratio(const Node *n, size_t offset, size_t count, int channel)
{
    const Lrn *p = n->params;
    offset += (size_t)channel * p->pixels;
    const float *y = n->out[0]->data + offset, *dy = n->out[0]->grad + offset;
    const float *s = (const float *)n->cache + offset;
    float *ratio = (float *)n->scratch + offset;
    for (size_t i = 0; i < count; i++) ratio[i] = dy[i] * y[i] / s[i];
}

/* Channel c is in the windows of channels c - above to c + below:
 * dx += s^-beta dy - 2 beta alpha / size x (sum of dy y / s over those). */
static void strip_backward(const Node *n, size_t offset, size_t count, int channel)
{
    const Lrn *p = n->params;
    const float *restrict ratio = (const float *)n->scratch + offset;
    const int first = channel > p->above ? channel - p->above : 0;
    const int last = p->channels - 1 - channel < p->below ? p->channels - 1 : channel + p->below;
    float sum[STRIP] = {0};
    for (int c = first; c <= last; c++) {
        const float *plane = ratio + (size_t)c * p->pixels;
        for (size_t i = 0; i < count; i++) sum[i] += plane[i];
    }
    offset += (size_t)channel * p->pixels;
    const float *x = n->in[0]->data + offset, *dy = n->out[0]->grad + offset;
    const float *s = (const float *)n->cache + offset;
    float *dx = n->in[0]->grad + offset;
    const float factor = 2.0F * p->beta * p->share;
    for (size_t i = 0; i < count; i++)
        dx[i] += power(s[i], p->beta) * dy[i] - factor * x[i] * sum[i];
}

static void lrn_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    if (!n->in[0]->grad) return;
    strips_for(n, strip_ratio);
    strips_for(n, strip_backward);
}

const Op op_lrn = {"LRN", lrn_plan, lrn_forward, lrn_backward};
