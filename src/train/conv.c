#include "train/conv.h"

#include "kernels/conv2d.h"
#include "kernels/winograd_batch.h"

enum { X, W }; /* inputs */

static Status conv_plan(Node *n)
{
    TRY(node_inputs(n, 2, 2));
    TRY(op_find("Conv")->plan(n));
    const Conv2d *c = n->params;
    if (!winograd_batch_fits(c)) return status_ok();
    const size_t bytes = winograd_batch_scratch_bytes(c);
    if (bytes > n->scratch_bytes) n->scratch_bytes = bytes;
    return status_ok();
}

static void conv_forward(const Node *n)
{
    const Conv2d *c = n->params;
    const float *x = n->in[X]->data, *w = n->in[W]->data;
    if (winograd_batch_fits(c)) {
        winograd_batch_forward(c, x, w, n->out[0]->data, n->scratch);
    } else {
        conv2d_forward(c, x, w, NULL, n->out[0]->data, false, n->scratch);
    }
}

/* y = W x: dx += W' dy, dW += dy x'. */
static void conv_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const Conv2d *c = n->params;
    const float *x = n->in[X]->data, *w = n->in[W]->data, *dy = n->out[0]->grad;
    float *dx = n->in[X]->grad, *dw = n->in[W]->grad;
    if (winograd_batch_fits(c)) {
        winograd_batch_gradients(c, x, w, dy, dx, dw, n->scratch);
        return;
    }
    if (dx) conv2d_input_gradient(c, w, dy, dx, n->scratch);
    if (dw) conv2d_weight_gradient(c, x, dy, dw, n->scratch);
}

const Op op_conv_training = {"Conv", conv_plan, conv_forward, conv_backward};
