#include "kernels/pool.h"
#include "ops/op.h"
#include "ops/pool_window.h"

static Status average_pool_plan(Node *n)
{
    Pool2d *pool;
    int count_include_pad = 0;
    TRY(attr_int(n, "count_include_pad", &count_include_pad));
    TRY(pool_window_plan(n, &pool));
    pool->count_pad = count_include_pad != 0;
    return status_ok();
}

static void average_pool_forward(const Node *n)
{
    average_pool2d_forward(n->params, n->in[0]->data, n->out[0]->data, n->scratch);
}

/* y = sum of x / count: dx += dy / count */
static void average_pool_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    if (n->in[0]->grad)
        average_pool2d_backward(n->params, n->out[0]->grad, n->in[0]->grad, n->scratch);
}

const Op op_average_pool = {"AveragePool", average_pool_plan, average_pool_forward,
                            average_pool_backward};
