#include <stdio.h>
#include <string.h>

#include "kernels/conv2d.h"
#include "ops/op.h"
#include "ops/window.h"
#include "parallel.h"

enum { X, W, B }; /* inputs */

static Status conv_check(const Node *n, int groups)
{
    const Shape *x = &n->in[X]->shape, *w = &n->in[W]->shape;
    if (groups < 1 || w->dim[0] % groups != 0) {
        return status_error(STATUS_BAD_MODEL, "%s '%s': %d filters cannot be split into %d groups",
                            n->op->name, n->name, w->dim[0], groups);
    }
    if ((int64_t)w->dim[1] * groups != x->dim[1]) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': weight has %lld input channels, the tensor has %d",
                            n->op->name, n->name, (long long)w->dim[1] * groups, x->dim[1]);
    }
    if (n->in_count <= B || !n->in[B]) return status_ok();
    const Shape *b = &n->in[B]->shape;
    if (b->rank == 1 && b->dim[0] == w->dim[0]) return status_ok();
    char text[SHAPE_TEXT_BYTES];
    return status_error(STATUS_BAD_MODEL,
                        "%s '%s': bias has the shape %s, %d filters need as many values",
                        n->op->name, n->name, shape_text(b, text), w->dim[0]);
}

static Status conv_plan(Node *n)
{
    TRY(node_inputs(n, 2, 3));
    TRY(node_outputs(n, 1));
    const Shape *x = &n->in[X]->shape, *w = &n->in[W]->shape;
    if (w->rank != x->rank) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': weight has %d dimensions, the tensor has %d", n->op->name,
                            n->name, w->rank, x->rank);
    }
    Window window;
    int groups = 1;
    TRY(window_read(n, x, &w->dim[2], &window));
    TRY(attr_int(n, "group", &groups));
    TRY(conv_check(n, groups));
    TRY(window_slide(n, WINDOW_FLOOR, &window));
    n->out[0]->shape = window_shape(&window, x, w->dim[0]);
    TRY(shape_validate(&n->out[0]->shape, n->name));

    TRY(node_params(n, sizeof(Conv2d)));
    Conv2d *c = n->params;
    *c = (Conv2d){
        .batch = x->dim[0],
        .in_channels = x->dim[1],
        .in_height = window.in[0],
        .in_width = window.in[1],
        .out_channels = w->dim[0],
        .out_height = window.out[0],
        .out_width = window.out[1],
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
    n->finishes = true;
    n->macs = (uint64_t)shape_elements(&n->out[0]->shape) * shape_span(w, 1, w->rank);
    window_detail(&window, n->detail, sizeof n->detail);
    const size_t used = strlen(n->detail);
    if (groups > 1 && groups == x->dim[1]) {
        snprintf(n->detail + used, sizeof n->detail - used, ", depthwise");
    } else if (groups > 1) {
        snprintf(n->detail + used, sizeof n->detail - used, ", %d groups", groups);
    }
    return status_ok();
}

static void conv_forward(const Node *n)
{
    const float *bias = n->in_count > B && n->in[B] ? n->in[B]->data : NULL;
    conv2d_forward(n->params, n->in[X]->data, n->in[W]->data, bias, n->out[0]->data, n->onto,
                   n->after, n->scratch);
}

/* y = W x + b: dx += W' dy, dW += dy x', db += sum of dy. */
static void conv_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const Conv2d *c = n->params;
    const float *dy = n->out[0]->grad;
    if (n->in[X]->grad) conv2d_input_gradient(c, n->in[W]->data, dy, n->in[X]->grad, n->scratch);
    if (n->in[W]->grad) conv2d_weight_gradient(c, n->in[X]->data, dy, n->in[W]->grad, n->scratch);
    if (n->in_count > B && n->in[B] && n->in[B]->grad) {
        conv2d_bias_gradient(c->batch, c->out_channels,
                             (size_t)c->out_height * (size_t)c->out_width, dy, n->in[B]->grad,
                             c->threads);
    }
}

const Op op_conv = {"Conv", conv_plan, conv_forward, conv_backward};
