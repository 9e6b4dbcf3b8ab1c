#include "train/conv.h"

#include "kernels/conv2d_batch.h"
#include "kernels/winograd_batch.h"

enum { X, W }; /* inputs */

static size_t scratch_bytes(const Conv2d *c)
{
    return winograd_batch_fits(c) ? winograd_batch_scratch_bytes(c) : conv2d_batch_scratch_bytes(c);
}

static Status conv_plan(Node *n)
{
    TRY(node_inputs(n, 2, 2));
    TRY(op_find("Conv")->plan(n));
    const Conv2d *c = n->params;
    if (!conv2d_batch_fits(c)) {
        return status_error(STATUS_BAD_INPUT, "'%s' cannot be trained: it has groups or dilation",
                            n->name);
    }
    n->scratch_bytes = scratch_bytes(c);
    n->finishes = false;
    return status_ok();
}

static void conv_forward(const Node *n)
{
    const Conv2d *c = n->params;
    const float *x = n->in[X]->data, *w = n->in[W]->data;
    float *y = n->out[0]->data;
    if (winograd_batch_fits(c)) {
        winograd_batch_forward(c, x, w, y, n->scratch);
    } else {
        conv2d_batch_forward(c, x, w, y, n->scratch);
    }
}

/* y = W x: dx += W' dy, dW += dy x'. */
static void conv_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const Conv2d *c = n->params;
    const float *x = n->in[X]->data, *w = n->in[W]->data, *dy = n->out[0]->grad;
    float *dx = n->in[X]->grad, *dw = n->in[W]->grad;
    const bool add = !n->in[X]->overwritten;
    if (winograd_batch_fits(c)) {
        winograd_batch_gradients(c, x, w, dy, dx, add, dw, n->scratch);
    } else {
        conv2d_batch_gradients(c, x, w, dy, dx, add, dw, n->scratch);
    }
}

const Op op_conv_training = {"Conv", conv_plan, conv_forward, conv_backward};
