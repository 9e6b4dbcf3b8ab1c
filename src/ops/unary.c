#include "ops/unary.h"

#include <math.h>
#include <string.h>

enum { GRAIN = 1 << 13 };

Status unary_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    n->out[0]->shape = n->in[0]->shape;
    return status_ok();
}

Status unary_plan_with(Node *n, const UnaryAttr *attr, int count)
{
    TRY(unary_plan(n));
    TRY(node_params(n, UNARY_PARAMETERS * sizeof(float)));
    float *p = n->params;
    for (int i = 0; i < count; i++) {
        p[i] = attr[i].otherwise;
        TRY(attr_float(n, attr[i].name, &p[i]));
        if (!isfinite(p[i])) {
            return status_error(STATUS_BAD_MODEL,
                                "%s '%s': %s is not a finite number: export again", n->op->name,
                                n->name, attr[i].name);
        }
    }
    return status_ok();
}

static Unary unary_begin(const Node *n)
{
    Unary u = {.x = n->in[0]->data, .y = n->out[0]->data};
    if (n->params) memcpy(u.p, n->params, sizeof u.p);
    return u;
}

void unary_forward(const Node *n, ParallelFunction *span)
{
    Unary u = unary_begin(n);
    u.out = n->out[0]->data;
    parallel_for(shape_elements(&n->out[0]->shape), GRAIN, span, &u);
}

void unary_backward(const Node *n, ParallelFunction *span)
{
    if (!n->in[0]->grad) return;
    Unary u = unary_begin(n);
    u.dy = n->out[0]->grad;
    u.out = n->in[0]->grad;
    parallel_for(shape_elements(&n->out[0]->shape), GRAIN, span, &u);
}
