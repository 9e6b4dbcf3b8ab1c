#include "kernels/pool.h"
#include "ops/op.h"
#include "ops/pool_window.h"

static Status max_pool_plan(Node *n)
{
    Pool2d *pool;
    int storage_order = 0;
    if (n->out_count > 1) {
        return status_error(
            STATUS_UNSUPPORTED,
            "%s '%s' has the output Indices, which is not supported: export without "
            "return_indices",
            n->op->name, n->name);
    }
    TRY(attr_int(n, "storage_order", &storage_order));
    if (storage_order != 0) {
        return status_error(STATUS_UNSUPPORTED,
                            "%s '%s': storage_order %d is not supported, only 0 is", n->op->name,
                            n->name, storage_order);
    }
    return pool_window_plan(n, &pool);
}

static void max_pool_forward(const Node *n)
{
    max_pool2d_forward(n->params, n->in[0]->data, n->out[0]->data, n->scratch);
}

/* y = x[at], the maximum: dx[at] += dy */
static void max_pool_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    if (!n->in[0]->grad) return;
    max_pool2d_backward(n->params, n->in[0]->data, n->out[0]->grad, n->in[0]->grad, n->scratch);
}

const Op op_max_pool = {"MaxPool", max_pool_plan, max_pool_forward, max_pool_backward};
