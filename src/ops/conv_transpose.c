#include <string.h>

#include "kernels/conv2d.h"
#include "ops/op.h"
#include "ops/window.h"
#include "parallel.h"

/*
 * The transposed convolution is the input gradient of the convolution that makes x from y; its gradient is
 * that convolution's forward pass. So `in` of the Conv2d is y, and `out` is x.
 */

enum { X, W, B }; /* inputs; W is [C, M/group, kernel] */

/* A list of one integer per dimension, each at least 0; absent: as it was. */
static Status read_sizes(const Node *n, const char *name, const Window *w, int *values, bool *given)
{
    int read[2] = {0}, count = 0;
    TRY(attr_ints(n, name, 2, read, &count));
    *given = count > 0;
    if (!*given) return status_ok();
    if (count != w->dimensions) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': %s has %d values, the input's shape asks for %d", n->op->name,
                            n->name, name, count, w->dimensions);
    }
    for (int i = 0; i < count; i++) {
        if (read[i] < 0 || (uint64_t)read[i] > TENSOR_MAX_ELEMENTS) {
            return status_error(STATUS_BAD_MODEL, "%s '%s': %s has the value %d, out of range",
                                n->op->name, n->name, name, read[i]);
        }
        values[2 - count + i] = read[i];
    }
    return status_ok();
}

/* Sets out and pad. */
static Status transpose_size(const Node *n, Window *w)
{
    const char *auto_pad;
    int extra[2] = {0, 0}, wanted[2] = {0, 0};
    bool given, sized;
    TRY(window_auto_pad(n, &auto_pad));
    TRY(read_sizes(n, "output_padding", w, extra, &given));
    TRY(read_sizes(n, "output_shape", w, wanted, &sized));
    const bool same = strncmp(auto_pad, "SAME", 4) == 0,
               upper = strcmp(auto_pad, "SAME_UPPER") == 0;
    for (int i = 2 - w->dimensions; i < 2; i++) {
        const int64_t full = (int64_t)(w->in[i] - 1) * w->stride[i] + extra[i] +
                             (int64_t)(w->kernel[i] - 1) * w->dilation[i] + 1;
        int64_t out = full - w->pad[i] - w->pad_end[i];
        if (sized) out = wanted[i];
        if (same && !sized) out = (int64_t)w->in[i] * w->stride[i];
        if (out < 1 || out > (int64_t)TENSOR_MAX_ELEMENTS) {
            return status_error(STATUS_BAD_INPUT, "%s '%s': the output would have the size %lld",
                                n->op->name, n->name, (long long)out);
        }
        if (sized || same) {
            const int64_t total = full > out ? full - out : 0;
            if (total > WINDOW_LARGEST) {
                return status_error(STATUS_BAD_MODEL,
                                    "%s '%s': an output of %lld asks for a padding of %lld",
                                    n->op->name, n->name, (long long)out, (long long)total);
            }
            w->pad[i] = (int)(upper ? total / 2 : total - total / 2);
        }
        w->out[i] = (int)out;
    }
    return status_ok();
}

static Status transpose_check(const Node *n, int groups)
{
    const Shape *x = &n->in[X]->shape, *w = &n->in[W]->shape;
    if (w->rank != x->rank) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': weight has %d dimensions, the tensor has %d", n->op->name,
                            n->name, w->rank, x->rank);
    }
    if (w->dim[0] != x->dim[1]) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': weight has %d input channels, the tensor has %d", n->op->name,
                            n->name, w->dim[0], x->dim[1]);
    }
    if (groups < 1 || x->dim[1] % groups != 0) {
        return status_error(STATUS_BAD_MODEL, "%s '%s': %d channels cannot be split into %d groups",
                            n->op->name, n->name, x->dim[1], groups);
    }
    const int64_t filters = (int64_t)w->dim[1] * groups;
    if (filters > (int64_t)TENSOR_MAX_ELEMENTS) {
        return status_error(STATUS_BAD_MODEL, "%s '%s': %lld output channels are too many",
                            n->op->name, n->name, (long long)filters);
    }
    if (n->in_count <= B || !n->in[B]) return status_ok();
    const Shape *b = &n->in[B]->shape;
    if (b->rank == 1 && b->dim[0] == filters) return status_ok();
    char text[SHAPE_TEXT_BYTES];
    return status_error(STATUS_BAD_MODEL,
                        "%s '%s': bias has the shape %s, %lld filters need as many values",
                        n->op->name, n->name, shape_text(b, text), (long long)filters);
}

static Status transpose_plan(Node *n)
{
    TRY(node_inputs(n, 2, 3));
    TRY(node_outputs(n, 1));
    const Shape *x = &n->in[X]->shape, *w = &n->in[W]->shape;
    int groups = 1;
    TRY(attr_int(n, "group", &groups));
    TRY(transpose_check(n, groups));
    Window window;
    TRY(window_read(n, x, &w->dim[2], &window));
    TRY(transpose_size(n, &window));
    n->out[0]->shape = window_shape(&window, x, w->dim[1] * groups);
    TRY(shape_validate(&n->out[0]->shape, n->name));

    TRY(node_params(n, sizeof(Conv2d)));
    Conv2d *c = n->params;
    *c = (Conv2d){
        .batch = x->dim[0],
        .in_channels = w->dim[1] * groups,
        .in_height = window.out[0],
        .in_width = window.out[1],
        .out_channels = x->dim[1],
        .out_height = window.in[0],
        .out_width = window.in[1],
        .groups = groups,
        .kernel_height = window.kernel[0],
        .kernel_width = window.kernel[1],
        .stride_y = window.stride[0],
        .stride_x = window.stride[1],
        .dilation_y = window.dilation[0],
        .dilation_x = window.dilation[1],
        .pad_top = window.pad[0],
        .pad_left = window.pad[1],
        .threads = parallel_threads(),
    };
    n->scratch_bytes = conv2d_scratch_bytes(c);
    n->macs = (uint64_t)shape_elements(x) * shape_span(w, 1, w->rank);
    window_detail(&window, n->detail, sizeof n->detail);
    return status_ok();
}

static void transpose_forward(const Node *n)
{
    const Conv2d *c = n->params;
    const float *bias = n->in_count > B && n->in[B] ? n->in[B]->data : NULL;
    const size_t plane = (size_t)c->in_height * (size_t)c->in_width;
    float *y = n->out[0]->data;
    for (size_t p = 0; p < (size_t)c->batch * (size_t)c->in_channels; p++) {
        const float start = bias ? bias[p % (size_t)c->in_channels] : 0.0F;
        for (size_t i = 0; i < plane; i++) y[p * plane + i] = start;
    }
    conv2d_input_gradient(c, n->in[W]->data, n->in[X]->data, y, n->scratch);
}

/* y = W' x + b: dx += W dy, dW += x dy', db += sum of dy. */
static void transpose_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const Conv2d *c = n->params;
    const float *dy = n->out[0]->grad;
    if (n->in[X]->grad)
        conv2d_forward(c, dy, n->in[W]->data, NULL, n->in[X]->grad, true, NULL, n->scratch);
    if (n->in[W]->grad) conv2d_weight_gradient(c, dy, n->in[X]->data, n->in[W]->grad, n->scratch);
    if (n->in_count > B && n->in[B] && n->in[B]->grad) {
        conv2d_bias_gradient(c->batch, c->in_channels, (size_t)c->in_height * (size_t)c->in_width,
                             dy, n->in[B]->grad, c->threads);
    }
}

const Op op_conv_transpose = {"ConvTranspose", transpose_plan, transpose_forward,
                              transpose_backward};
