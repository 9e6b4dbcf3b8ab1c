#include <string.h>

#include "ops/op.h"

/* Every input is [outer, its own block]; an output row is the blocks side by side. */
typedef struct Concat {
    int axis;
    size_t outer, row;
} Concat;

static Status concat_check(const Node *n, int i, int axis)
{
    const Shape *first = &n->in[0]->shape, *shape = &n->in[i]->shape;
    bool fits = shape->rank == first->rank;
    for (int d = 0; fits && d < shape->rank; d++)
        fits = d == axis || shape->dim[d] == first->dim[d];
    if (fits) return status_ok();
    char a[SHAPE_TEXT_BYTES], b[SHAPE_TEXT_BYTES];
    return status_error(
        STATUS_BAD_MODEL,
        "Concat '%s': input 0 is %s, input %d is %s; they may differ only along axis %d", n->name,
        shape_text(first, a), i, shape_text(shape, b), axis);
}

static Status concat_plan(Node *n)
{
    TRY(node_inputs(n, n->in_count > 0 ? n->in_count : 1, n->in_count > 0 ? n->in_count : 1));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Concat)));
    if (!attr_find(n, "axis")) {
        return status_error(STATUS_BAD_MODEL, "Concat '%s' lacks its attribute axis: export again",
                            n->name);
    }
    Concat *concat = n->params;
    TRY(attr_int(n, "axis", &concat->axis));
    Shape shape = n->in[0]->shape;
    TRY(node_axis(n, "axis", shape.rank, &concat->axis));
    int64_t along = 0;
    for (int i = 0; i < n->in_count; i++) {
        TRY(concat_check(n, i, concat->axis));
        along += n->in[i]->shape.dim[concat->axis];
        if (along > (int64_t)TENSOR_MAX_ELEMENTS) {
            return status_error(STATUS_BAD_MODEL,
                                "Concat '%s': the inputs together are too long along axis %d",
                                n->name, concat->axis);
        }
    }
    shape.dim[concat->axis] = (int)along;
    TRY(shape_validate(&shape, n->name));
    concat->outer = shape_span(&shape, 0, concat->axis);
    concat->row = shape_span(&shape, concat->axis, shape.rank);
    n->joins = concat->outer == 1;
    n->out[0]->shape = shape;
    return status_ok();
}

static void concat_forward(const Node *n)
{
    const Concat *c = n->params;
    float *y = n->out[0]->data;
    for (int i = 0; i < n->in_count; i++) {
        const Shape *shape = &n->in[i]->shape;
        const size_t block = shape_span(shape, c->axis, shape->rank);
        const float *x = n->in[i]->data;
        for (size_t k = 0; k < c->outer && x != y; k++) {
            memcpy(y + k * c->row, x + k * block, block * sizeof *y);
        }
        y += block;
    }
}

/* y = [x_0 x_1 ...]: dx_i += the part of dy that x_i went to. */
static void concat_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const Concat *c = n->params;
    const float *dy = n->out[0]->grad;
    for (int i = 0; i < n->in_count; i++) {
        const Shape *shape = &n->in[i]->shape;
        const size_t block = shape_span(shape, c->axis, shape->rank);
        float *dx = n->in[i]->grad;
        for (size_t k = 0; dx && k < c->outer; k++) {
            if (n->in[i]->overwritten) {
                memcpy(dx + k * block, dy + k * c->row, block * sizeof *dx);
                continue;
            }
            for (size_t j = 0; j < block; j++) dx[k * block + j] += dy[k * c->row + j];
        }
        dy += block;
    }
}

const Op op_concat = {"Concat", concat_plan, concat_forward, concat_backward};
