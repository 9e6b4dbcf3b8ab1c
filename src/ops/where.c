#include "ops/op.h"

/* Where(condition, a, b): a where the condition is not 0, else b. The importer hands the condition, which has
 * to be a constant, over as floats. */
enum { CONDITION, A, B, INPUTS };

/* A step is 0 where an input repeats. */
typedef struct Where {
    size_t step[INPUTS][SHAPE_MAX_RANK];
} Where;

static Status where_plan(Node *n)
{
    TRY(node_inputs(n, INPUTS, INPUTS));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Where)));
    Shape y = {0};
    for (int k = 0; k < INPUTS; k++) {
        if (n->in[k]->shape.rank > y.rank) y.rank = n->in[k]->shape.rank;
    }
    for (int d = 0; d < y.rank; d++) {
        y.dim[d] = 1;
        for (int k = 0; k < INPUTS; k++) {
            const Shape *x = &n->in[k]->shape;
            const int own = d - (y.rank - x->rank), dim = own < 0 ? 1 : x->dim[own];
            if (y.dim[d] == 1) y.dim[d] = dim;
            if (dim != 1 && dim != y.dim[d]) {
                char text[SHAPE_TEXT_BYTES];
                return status_error(
                    STATUS_BAD_MODEL,
                    "Where '%s': the shape %s does not fit the other inputs; is the "
                    "network made for another size of picture?",
                    n->name, shape_text(x, text));
            }
        }
    }
    TRY(shape_validate(&y, n->name));
    Where *w = n->params;
    for (int k = 0; k < INPUTS; k++) {
        const Shape *x = &n->in[k]->shape;
        for (int d = y.rank - x->rank; d < y.rank; d++) {
            const int own = d - (y.rank - x->rank);
            w->step[k][d] = x->dim[own] == 1 ? 0 : shape_span(x, own + 1, x->rank);
        }
    }
    n->out[0]->shape = y;
    return status_ok();
}

/* Where each input's value for element i of the output lies. */
static void places(const Node *n, size_t i, size_t at[INPUTS])
{
    const Where *w = n->params;
    const Shape *y = &n->out[0]->shape;
    at[CONDITION] = at[A] = at[B] = 0;
    for (int d = y->rank - 1; d >= 0; d--) {
        const size_t digit = i % (size_t)y->dim[d];
        i /= (size_t)y->dim[d];
        for (int k = 0; k < INPUTS; k++) at[k] += digit * w->step[k][d];
    }
}

static void where_forward(const Node *n)
{
    const size_t count = shape_elements(&n->out[0]->shape);
    for (size_t i = 0; i < count; i++) {
        size_t at[INPUTS];
        places(n, i, at);
        const int taken = n->in[CONDITION]->data[at[CONDITION]] != 0.0F ? A : B;
        n->out[0]->data[i] = n->in[taken]->data[at[taken]];
    }
}

/* dy goes to the one taken; to the condition, a step, nothing. */
static void where_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const size_t count = shape_elements(&n->out[0]->shape);
    for (size_t i = 0; i < count; i++) {
        size_t at[INPUTS];
        places(n, i, at);
        const int taken = n->in[CONDITION]->data[at[CONDITION]] != 0.0F ? A : B;
        if (n->in[taken]->grad) n->in[taken]->grad[at[taken]] += n->out[0]->grad[i];
    }
}

const Op op_where = {"Where", where_plan, where_forward, where_backward};
