/* The same values under another shape: Reshape, Flatten, Squeeze, Unsqueeze, Identity, Dropout. */
#include <string.h>

#include "ops/op.h"

static Status one_to_one(const Node *n)
{
    TRY(node_inputs(n, 1, 1));
    return node_outputs(n, 1);
}

static void copy_forward(const Node *n)
{
    memcpy(n->out[0]->data, n->in[0]->data, shape_elements(&n->in[0]->shape) * sizeof(float));
}

/* y = x: dx += dy. */
static void copy_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const float *restrict dy = n->out[0]->grad;
    float *restrict dx = n->in[0]->grad;
    if (!dx) return;
    const size_t count = shape_elements(&n->in[0]->shape);
    for (size_t i = 0; i < count; i++) dx[i] += dy[i];
}

/* ---- Reshape ---- */

/* ONNX, Reshape: 0 keeps the dimension of the input, one -1 takes what is left. */
static Status reshape_dimensions(const Node *n, Shape *shape, int *guessed)
{
    const Shape *from = &n->in[0]->shape;
    int allow_zero = 0;
    TRY(attr_int(n, "allowzero", &allow_zero));
    *guessed = -1;
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] == -1 && *guessed < 0) {
            *guessed = i;
            shape->dim[i] = 1;
        } else if (shape->dim[i] == 0 && !allow_zero && i < from->rank) {
            shape->dim[i] = from->dim[i];
        } else if (shape->dim[i] < 1) {
            return status_error(
                STATUS_BAD_MODEL,
                "Reshape '%s': dimension %d of shape is %d; it takes numbers above 0, one -1, "
                "and 0 where the input has that dimension",
                n->name, i, shape->dim[i]);
        }
    }
    return status_ok();
}

static Status reshape_plan(Node *n)
{
    TRY(one_to_one(n));
    if (!attr_find(n, "shape")) {
        return status_error(STATUS_BAD_MODEL,
                            "Reshape '%s' lacks its shape: it has to be a constant", n->name);
    }
    const Shape *from = &n->in[0]->shape;
    Shape shape = {0};
    TRY(attr_ints(n, "shape", SHAPE_MAX_RANK, shape.dim, &shape.rank));
    Shape asked = shape;
    int guessed;
    TRY(reshape_dimensions(n, &shape, &guessed));
    TRY(shape_validate(&shape, n->name));
    const size_t known = shape_elements(&shape), count = shape_elements(from);
    if (guessed >= 0 && count % known == 0) shape.dim[guessed] = (int)(count / known);
    if (shape_elements(&shape) != count) {
        char a[SHAPE_TEXT_BYTES], b[SHAPE_TEXT_BYTES];
        return status_error(
            STATUS_BAD_MODEL,
            "Reshape '%s': %s has %zu values and cannot get the shape %s; is the network "
            "made for another size of picture?",
            n->name, shape_text(from, a), count, shape_text(&asked, b));
    }
    n->out[0]->shape = shape;
    return status_ok();
}

const Op op_reshape = {"Reshape", reshape_plan, copy_forward, copy_backward};

/* ---- Flatten ---- */

static Status flatten_plan(Node *n)
{
    TRY(one_to_one(n));
    const Shape *shape = &n->in[0]->shape;
    int axis = 1;
    TRY(attr_int(n, "axis", &axis));
    /* The axis may be the rank: then everything is in the first dimension. */
    if (axis < -shape->rank || axis > shape->rank) {
        return status_error(STATUS_BAD_MODEL,
                            "Flatten '%s': axis is %d, the tensor has %d dimensions", n->name, axis,
                            shape->rank);
    }
    if (axis < 0) axis += shape->rank;
    const int dims[2] = {(int)shape_span(shape, 0, axis),
                         (int)shape_span(shape, axis, shape->rank)};
    n->out[0]->shape = shape_make(2, dims);
    return status_ok();
}

const Op op_flatten = {"Flatten", flatten_plan, copy_forward, copy_backward};

/* ---- Squeeze and Unsqueeze ---- */

/* Marks the axes of a tensor of that rank; *count is 0 when the attribute is absent. */
static Status marked_axes(const Node *n, int rank, bool marked[SHAPE_MAX_RANK], int *count)
{
    int axes[SHAPE_MAX_RANK];
    TRY(attr_ints(n, "axes", SHAPE_MAX_RANK, axes, count));
    for (int i = 0; i < *count; i++) {
        TRY(node_axis(n, "axes", rank, &axes[i]));
        if (marked[axes[i]]) {
            return status_error(STATUS_BAD_MODEL,
                                "%s '%s': axes names dimension %d twice: export again", n->op->name,
                                n->name, axes[i]);
        }
        marked[axes[i]] = true;
    }
    return status_ok();
}

static Status squeeze_plan(Node *n)
{
    TRY(one_to_one(n));
    const Shape *from = &n->in[0]->shape;
    bool marked[SHAPE_MAX_RANK] = {false};
    int count;
    TRY(marked_axes(n, from->rank, marked, &count));
    Shape shape = {0};
    for (int i = 0; i < from->rank; i++) {
        if (marked[i] && from->dim[i] != 1) {
            return status_error(
                STATUS_BAD_MODEL,
                "Squeeze '%s': axes names dimension %d, which is %d and not 1; is the "
                "network made for another size of picture?",
                n->name, i, from->dim[i]);
        }
        bool dropped = count ? marked[i] : from->dim[i] == 1;
        if (!dropped) shape.dim[shape.rank++] = from->dim[i];
    }
    n->out[0]->shape = shape;
    return status_ok();
}

const Op op_squeeze = {"Squeeze", squeeze_plan, copy_forward, copy_backward};

static Status unsqueeze_plan(Node *n)
{
    TRY(one_to_one(n));
    const Attr *axes = attr_find(n, "axes");
    if (!axes) {
        return status_error(STATUS_BAD_MODEL,
                            "Unsqueeze '%s' lacks its axes: they have to be constants", n->name);
    }
    const Shape *from = &n->in[0]->shape;
    if (axes->count > SHAPE_MAX_RANK - from->rank) {
        return status_error(STATUS_UNSUPPORTED,
                            "Unsqueeze '%s': axes makes more than the %d dimensions possible",
                            n->name, SHAPE_MAX_RANK);
    }
    Shape shape = {.rank = from->rank + axes->count};
    bool marked[SHAPE_MAX_RANK] = {false};
    int count;
    TRY(marked_axes(n, shape.rank, marked, &count));
    for (int i = 0, next = 0; i < shape.rank; i++) shape.dim[i] = marked[i] ? 1 : from->dim[next++];
    n->out[0]->shape = shape;
    return status_ok();
}

const Op op_unsqueeze = {"Unsqueeze", unsqueeze_plan, copy_forward, copy_backward};

/* ---- Identity and Dropout ---- */

static Status identity_plan(Node *n)
{
    TRY(one_to_one(n));
    n->out[0]->shape = n->in[0]->shape;
    return status_ok();
}

const Op op_identity = {"Identity", identity_plan, copy_forward, copy_backward};

static Status dropout_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 2));
    for (int i = 0; i < n->out_count; i++) n->out[i]->shape = n->in[0]->shape;
    return status_ok();
}

/* In inference nothing is dropped: the second output, the mask, is 1 everywhere. */
static void dropout_forward(const Node *n)
{
    copy_forward(n);
    if (n->out_count < 2) return;
    const size_t count = shape_elements(&n->out[1]->shape);
    for (size_t i = 0; i < count; i++) n->out[1]->data[i] = 1.0F;
}

const Op op_dropout = {"Dropout", dropout_plan, dropout_forward, copy_backward};
