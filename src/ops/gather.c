#include <string.h>

#include "ops/op.h"

/* The input as [outer, size, inner], the output as [outer, count, inner]. */
typedef struct Gather {
    size_t outer, size, inner, count;
    int *index; /* [count], each in [0, size) */
} Gather;

static Status gather_indices(Node *n, Gather *gather, int axis)
{
    const Attr *attr = attr_find(n, "indices");
    if (!attr || attr->kind != ATTR_INTS || attr->count < 1) {
        return status_error(
            STATUS_UNSUPPORTED,
            "Gather '%s': indices has to be a constant: only constant indices are supported",
            n->name);
    }
    gather->count = (size_t)attr->count;
    gather->index = arena_alloc(n->arena, gather->count * sizeof *gather->index);
    if (!gather->index)
        return status_no_memory("the indices of a Gather", gather->count * sizeof(int));
    const int64_t size = (int64_t)gather->size;
    for (int i = 0; i < attr->count; i++) {
        const int64_t index = attr->ints[i];
        if (index < -size || index >= size) {
            return status_error(STATUS_BAD_MODEL,
                                "Gather '%s': indices has %lld, dimension %d has only %lld values",
                                n->name, (long long)index, axis, (long long)size);
        }
        gather->index[i] = (int)(index < 0 ? index + size : index);
    }
    return status_ok();
}

static Status gather_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Gather)));
    const Shape *from = &n->in[0]->shape;
    Gather *gather = n->params;
    int axis = 0;
    TRY(attr_int(n, "axis", &axis));
    TRY(node_axis(n, "axis", from->rank, &axis));
    gather->outer = shape_span(from, 0, axis);
    gather->size = (size_t)from->dim[axis];
    gather->inner = shape_span(from, axis + 1, from->rank);
    TRY(gather_indices(n, gather, axis));

    Shape indices = {0};
    TRY(attr_ints(n, "indices_shape", SHAPE_MAX_RANK, indices.dim, &indices.rank));
    if (!attr_find(n, "indices_shape")) indices = (Shape){.rank = 1, .dim = {(int)gather->count}};
    TRY(shape_validate(&indices, n->name));
    if (shape_elements(&indices) != gather->count ||
        from->rank - 1 + indices.rank > SHAPE_MAX_RANK) {
        char text[SHAPE_TEXT_BYTES];
        return status_error(
            STATUS_BAD_MODEL,
            "Gather '%s': indices_shape %s does not fit %zu indices and %d dimensions: "
            "export again",
            n->name, shape_text(&indices, text), gather->count, from->rank);
    }
    Shape shape = {.rank = from->rank - 1 + indices.rank};
    memcpy(shape.dim, from->dim, (size_t)axis * sizeof(int));
    memcpy(shape.dim + axis, indices.dim, (size_t)indices.rank * sizeof(int));
    memcpy(shape.dim + axis + indices.rank, from->dim + axis + 1,
           (size_t)(from->rank - axis - 1) * sizeof(int));
    n->out[0]->shape = shape;
    return status_ok();
}

static void gather_forward(const Node *n)
{
    const Gather *g = n->params;
    const float *x = n->in[0]->data;
    float *y = n->out[0]->data;
    for (size_t o = 0; o < g->outer; o++, x += g->size * g->inner) {
        for (size_t i = 0; i < g->count; i++, y += g->inner) {
            memcpy(y, x + (size_t)g->index[i] * g->inner, g->inner * sizeof *y);
        }
    }
}

/* y[i] = x[index[i]]: dx[index[i]] += dy[i]. */
static void gather_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const Gather *g = n->params;
    const float *dy = n->out[0]->grad;
    float *dx = n->in[0]->grad;
    if (!dx) return;
    for (size_t o = 0; o < g->outer; o++, dx += g->size * g->inner) {
        for (size_t i = 0; i < g->count; i++, dy += g->inner) {
            float *to = dx + (size_t)g->index[i] * g->inner;
            for (size_t k = 0; k < g->inner; k++) to[k] += dy[k];
        }
    }
}

const Op op_gather = {"Gather", gather_plan, gather_forward, gather_backward};
