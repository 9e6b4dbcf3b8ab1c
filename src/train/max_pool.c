#include "train/max_pool.h"

#include <string.h>

#include "kernels/max_pool_batch.h"
#include "simd.h"

static Status max_pool_plan(Node *n)
{
    TRY(op_find("MaxPool")->plan(n));
    const size_t bytes = max_pool_batch_scratch_bytes(n->params);
    if (bytes > n->scratch_bytes) n->scratch_bytes = bytes;
    return status_ok();
}

/* Rows that fill vectors are faster as they lie. */
static bool is_narrow(const Pool2d *p)
{
    return p->in_width <= VF_LANES;
}

static void max_pool_forward(const Node *n)
{
    const Pool2d *p = n->params;
    const float *x = n->in[0]->data;
    if (is_narrow(p)) {
        max_pool_batch_forward(p, x, n->out[0]->data, n->scratch);
    } else {
        max_pool2d_forward(p, x, n->out[0]->data, n->scratch);
    }
}

/* y = x[at], the maximum: dx[at] += dy */
static void max_pool_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const Pool2d *p = n->params;
    const Value *x = n->in[0];
    if (!x->grad) return;
    if (is_narrow(p)) {
        max_pool_batch_backward(p, x->data, n->out[0]->grad, x->grad, !x->overwritten, n->scratch);
        return;
    }
    if (x->overwritten) memset(x->grad, 0, shape_elements(&x->shape) * sizeof(float));
    max_pool2d_backward(p, x->data, n->out[0]->grad, x->grad, n->scratch);
}

const Op op_max_pool_training = {"MaxPool", max_pool_plan, max_pool_forward, max_pool_backward};
