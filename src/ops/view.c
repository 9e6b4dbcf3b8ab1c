/* Parts of a tensor and other orders of it: Transpose, Slice, Split. Each output is a strided view. */
#include <stdio.h>
#include <string.h>

#include "kernels/strided.h"
#include "ops/op.h"

/* n->params is one Strided per output. */

/* The whole of a tensor as a view. */
static Strided view_of(const Shape *shape)
{
    Strided view = {.rank = shape->rank};
    for (int d = 0; d < shape->rank; d++) {
        view.dim[d] = (size_t)shape->dim[d];
        view.step[d] = (ptrdiff_t)shape_span(shape, d + 1, shape->rank);
    }
    return view;
}

static void view_forward(const Node *n)
{
    const Strided *views = n->params;
    for (int j = 0; j < n->out_count; j++)
        strided_gather(&views[j], n->in[0]->data, n->out[j]->data);
}

/* y[k] = x[place(k)]: dx[place(k)] += dy[k]. */
static void view_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const Strided *views = n->params;
    if (!n->in[0]->grad) return;
    for (int j = 0; j < n->out_count; j++) {
        strided_scatter_add(&views[j], n->out[j]->grad, n->in[0]->grad);
    }
}

/* ---- Transpose ---- */

static Status transpose_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Strided)));
    const Shape *from = &n->in[0]->shape;
    int perm[SHAPE_MAX_RANK], count;
    TRY(attr_ints(n, "perm", SHAPE_MAX_RANK, perm, &count));
    if (!attr_find(n, "perm")) {
        for (count = 0; count < from->rank; count++) perm[count] = from->rank - 1 - count;
    }
    const Strided whole = view_of(from);
    Strided *view = n->params;
    view->rank = from->rank;
    unsigned seen = 0;
    Shape shape = {.rank = from->rank};
    for (int d = 0; d < count && count == from->rank; d++) {
        if (perm[d] < 0 || perm[d] >= from->rank) break;
        seen |= 1U << perm[d];
        shape.dim[d] = from->dim[perm[d]];
        view->dim[d] = whole.dim[perm[d]];
        view->step[d] = whole.step[perm[d]];
    }
    if (seen != (1U << from->rank) - 1) {
        return status_error(
            STATUS_BAD_MODEL,
            "Transpose '%s': perm is no order of the %d dimensions of its input: export again",
            n->name, from->rank);
    }
    strided_merge(view);
    n->out[0]->shape = shape;
    return status_ok();
}

const Op op_transpose = {"Transpose", transpose_plan, view_forward, view_backward};

/* ---- Slice ---- */

typedef struct SliceLists {
    const int64_t *starts, *ends, *axes, *steps; /* axes and steps may be NULL */
    int count;
} SliceLists;

/* Exporters write INT64_MAX for "to the end", so these lists are read as they are. */
static Status slice_list(const Node *n, const char *name, bool needed, int *count,
                         const int64_t **list)
{
    *list = NULL;
    const Attr *attr = attr_find(n, name);
    if (!attr && !needed) return status_ok();
    if (!attr || attr->kind != ATTR_INTS) {
        return status_error(STATUS_BAD_MODEL,
                            "Slice '%s': %s has to be a constant list of integers", n->name, name);
    }
    if (*count >= 0 && attr->count != *count) {
        return status_error(STATUS_BAD_MODEL,
                            "Slice '%s': %s has %d values, starts has %d: export again", n->name,
                            name, attr->count, *count);
    }
    *count = attr->count;
    *list = attr->ints;
    return status_ok();
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* ONNX, Slice: negative positions count from the end; then both are clamped to what the step can reach. */
static Status slice_dimension(const Node *n, int d, int64_t start, int64_t end, int64_t step,
                              Strided *view, Shape *shape)
{
    const int64_t size = shape->dim[d];
    if (step == 0) {
        return status_error(STATUS_BAD_MODEL,
                            "Slice '%s': steps has a 0 for dimension %d: export again", n->name, d);
    }
    if (start < 0) start = start < -size ? -1 : start + size;
    if (end < 0) end = end < -size ? -1 : end + size;
    int64_t length;
    if (step > 0) {
        start = clamp(start, 0, size);
        end = clamp(end, 0, size);
        length = end > start ? (end - start - 1) / step + 1 : 0;
    } else {
        start = clamp(start, 0, size - 1);
        end = clamp(end, -1, size - 1);
        /* -(step + 1) and not -step: the least integer has no opposite. */
        length = start > end
                     ? (int64_t)((uint64_t)(start - end - 1) / ((uint64_t) - (step + 1) + 1)) + 1
                     : 0;
    }
    if (length < 1) {
        return status_error(
            STATUS_BAD_MODEL,
            "Slice '%s': starts and ends leave nothing of dimension %d, which has %lld; is "
            "the network made for another size of picture?",
            n->name, d, (long long)size);
    }
    view->offset += (ptrdiff_t)start * view->step[d];
    /* A single value needs no step; a longer row bounds it by the size. */
    view->step[d] *= length == 1 ? 0 : (ptrdiff_t)step;
    view->dim[d] = (size_t)length;
    shape->dim[d] = (int)length;
    return status_ok();
}

static Status slice_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Strided)));
    SliceLists lists = {.count = -1};
    TRY(slice_list(n, "starts", true, &lists.count, &lists.starts));
    TRY(slice_list(n, "ends", true, &lists.count, &lists.ends));
    TRY(slice_list(n, "axes", false, &lists.count, &lists.axes));
    TRY(slice_list(n, "steps", false, &lists.count, &lists.steps));
    Shape shape = n->in[0]->shape;
    if (lists.count > shape.rank) {
        return status_error(STATUS_BAD_MODEL,
                            "Slice '%s': starts has %d values for a tensor with %d dimensions",
                            n->name, lists.count, shape.rank);
    }
    Strided view = view_of(&shape);
    bool seen[SHAPE_MAX_RANK] = {false};
    for (int i = 0; i < lists.count; i++) {
        int64_t wide = lists.axes ? lists.axes[i] : i;
        int axis = (int)clamp(wide, -SHAPE_MAX_RANK - 1, SHAPE_MAX_RANK + 1);
        TRY(node_axis(n, "axes", shape.rank, &axis));
        if (seen[axis]) {
            return status_error(STATUS_BAD_MODEL,
                                "Slice '%s': axes names dimension %d twice: export again", n->name,
                                axis);
        }
        seen[axis] = true;
        TRY(slice_dimension(n, axis, lists.starts[i], lists.ends[i],
                            lists.steps ? lists.steps[i] : 1, &view, &shape));
    }
    strided_merge(&view);
    *(Strided *)n->params = view;
    n->out[0]->shape = shape;
    return status_ok();
}

const Op op_slice = {"Slice", slice_plan, view_forward, view_backward};

/* ---- Split ---- */

/* The lengths of the parts: `split`, or equal ones; num_outputs (opset 18) lets the last be shorter. */
static Status split_lengths(const Node *n, int size, int *length)
{
    const Attr *given = attr_find(n, "split");
    if (given) {
        int count;
        if (given->count != n->out_count) {
            return status_error(STATUS_BAD_MODEL,
                                "Split '%s': split has %d values for %d outputs: export again",
                                n->name, given->count, n->out_count);
        }
        return attr_ints(n, "split", n->out_count, length, &count);
    }
    const int each = (size - 1) / n->out_count + 1;
    if (size % n->out_count && !attr_find(n, "num_outputs")) {
        return status_error(
            STATUS_BAD_MODEL,
            "Split '%s': %d values do not part into %d equal outputs, and split is not given",
            n->name, size, n->out_count);
    }
    for (int j = 0; j < n->out_count; j++) {
        const int64_t left = (int64_t)size - (int64_t)j * each;
        length[j] = (int)clamp(left, 0, each);
    }
    return status_ok();
}

static Status split_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, (int)TENSOR_MAX_ELEMENTS));
    TRY(node_params(n, (size_t)n->out_count * sizeof(Strided)));
    const Shape *from = &n->in[0]->shape;
    int axis = 0;
    TRY(attr_int(n, "axis", &axis));
    TRY(node_axis(n, "axis", from->rank, &axis));
    int *length = arena_alloc(n->arena, (size_t)n->out_count * sizeof *length);
    if (!length) return status_no_memory("the parameters of a node", (size_t)n->out_count);
    TRY(split_lengths(n, from->dim[axis], length));
    Strided *views = n->params;
    int64_t start = 0;
    for (int j = 0; j < n->out_count; j++) {
        if (length[j] < 1) {
            return status_error(STATUS_BAD_MODEL,
                                "Split '%s': split gives output %d the length %d: export again",
                                n->name, j, length[j]);
        }
        views[j] = view_of(from);
        views[j].offset = (ptrdiff_t)start * views[j].step[axis];
        views[j].dim[axis] = (size_t)length[j];
        start += length[j];
        if (start > from->dim[axis]) break;
        strided_merge(&views[j]);
        n->out[j]->shape = *from;
        n->out[j]->shape.dim[axis] = length[j];
    }
    if (start != from->dim[axis]) {
        return status_error(
            STATUS_BAD_MODEL,
            "Split '%s': the lengths in split do not add up to the %d values of dimension %d",
            n->name, from->dim[axis], axis);
    }
    snprintf(n->detail, sizeof n->detail, "%d parts, axis %d", n->out_count, axis);
    return status_ok();
}

const Op op_split = {"Split", split_plan, view_forward, view_backward};
