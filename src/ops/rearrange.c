/* DepthToSpace, SpaceToDepth, Tile, Expand: each output is a strided view of the input. */
#include <stdio.h>
#include <string.h>

#include "kernels/strided.h"
#include "ops/op.h"

/* n->params is the Strided; a step of 0 repeats. */

static void rearrange_forward(const Node *n)
{
    strided_gather(n->params, n->in[0]->data, n->out[0]->data);
}

/* y[k] = x[place(k)]: dx[place(k)] += dy[k]. */
static void rearrange_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    if (n->in[0]->grad) strided_scatter_add(n->params, n->out[0]->grad, n->in[0]->grad);
}

/* ---- DepthToSpace, SpaceToDepth ---- */

/* Sets the view: the input seen with these six dimensions, in the order `perm`. */
static void view_of_six(Node *n, const size_t dim[6], const int perm[6])
{
    ptrdiff_t step[6] = {0, 0, 0, 0, 0, 1};
    for (int d = 4; d >= 0; d--) step[d] = step[d + 1] * (ptrdiff_t)dim[d + 1];
    Strided *view = n->params;
    view->rank = 6;
    for (int d = 0; d < 6; d++) {
        view->dim[d] = dim[perm[d]];
        view->step[d] = step[perm[d]];
    }
    strided_merge(view);
}

/* Checks what both have alike; the dimensions given have to be multiples of the block's size. */
static Status block_plan(Node *n, int *block)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Strided)));
    const Shape *x = &n->in[0]->shape;
    *block = 0;
    TRY(attr_int(n, "blocksize", block));
    char text[SHAPE_TEXT_BYTES];
    if (x->rank != 4) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': the input has the shape %s, it needs [N,C,H,W]", n->op->name,
                            n->name, shape_text(x, text));
    }
    if (*block < 1 || *block > 1 << 14) {
        return status_error(STATUS_BAD_MODEL, "%s '%s': blocksize is %d: export again", n->op->name,
                            n->name, *block);
    }
    snprintf(n->detail, sizeof n->detail, "blocks of %dx%d", *block, *block);
    return status_ok();
}

static Status block_error(const Node *n, int block)
{
    char text[SHAPE_TEXT_BYTES];
    return status_error(STATUS_BAD_INPUT,
                        "%s '%s': the input's shape %s does not part into blocks of %dx%d; is the "
                        "network made for another size of picture?",
                        n->op->name, n->name, shape_text(&n->in[0]->shape, text), block, block);
}

static Status depth_to_space_plan(Node *n)
{
    static const int by_depth[] = {0, 3, 4, 1, 5, 2}, by_column[] = {0, 1, 4, 2, 5, 3};
    int b;
    TRY(block_plan(n, &b));
    const char *mode = "DCR";
    TRY(attr_string(n, "mode", &mode));
    const bool column = strcmp(mode, "CRD") == 0;
    if (!column && strcmp(mode, "DCR") != 0) {
        return status_error(STATUS_BAD_MODEL,
                            "DepthToSpace '%s': mode is '%.40s', it may be DCR or CRD", n->name,
                            mode);
    }
    const Shape *x = &n->in[0]->shape;
    if (x->dim[1] % (b * b) != 0) return block_error(n, b);
    const size_t block = (size_t)b, depth = (size_t)(x->dim[1] / (b * b));
    const size_t images = (size_t)x->dim[0], height = (size_t)x->dim[2], width = (size_t)x->dim[3];
    const size_t depth_last[] = {images, block, block, depth, height, width};
    const size_t depth_first[] = {images, depth, block, block, height, width};
    view_of_six(n, column ? depth_first : depth_last, column ? by_column : by_depth);
    n->out[0]->shape = (Shape){4, {x->dim[0], (int)depth, x->dim[2] * b, x->dim[3] * b}};
    return status_ok();
}

static Status space_to_depth_plan(Node *n)
{
    static const int perm[] = {0, 3, 5, 1, 2, 4};
    int b;
    TRY(block_plan(n, &b));
    const Shape *x = &n->in[0]->shape;
    if (x->dim[2] % b != 0 || x->dim[3] % b != 0) return block_error(n, b);
    const size_t block = (size_t)b;
    const size_t dim[] = {(size_t)x->dim[0],       (size_t)x->dim[1],
                          (size_t)(x->dim[2] / b), block,
                          (size_t)(x->dim[3] / b), block};
    view_of_six(n, dim, perm);
    n->out[0]->shape = (Shape){4, {x->dim[0], x->dim[1] * b * b, x->dim[2] / b, x->dim[3] / b}};
    return status_ok();
}

/* ---- Tile, Expand ---- */

/* A list of integers that has to be there, at most SHAPE_MAX_RANK of them. */
static Status needed_list(const Node *n, const char *name, int *values, int *count)
{
    TRY(attr_ints(n, name, SHAPE_MAX_RANK, values, count));
    if (attr_find(n, name)) return status_ok();
    return status_error(STATUS_BAD_MODEL, "%s '%s' lacks its %s", n->op->name, n->name, name);
}

/* Appends a dimension unless it is 1, and merges it with the one before where both are one piece. */
static Status view_append(const Node *n, Strided *view, int dim, ptrdiff_t step)
{
    if (dim == 1) return status_ok();
    const int last = view->rank - 1;
    if (last >= 0 && view->step[last] == step * (ptrdiff_t)dim) {
        view->dim[last] *= (size_t)dim;
        view->step[last] = step;
        return status_ok();
    }
    if (view->rank == STRIDED_MAX_RANK) {
        return status_error(STATUS_UNSUPPORTED,
                            "%s '%s' repeats along too many dimensions, which is not supported",
                            n->op->name, n->name);
    }
    view->dim[view->rank] = (size_t)dim;
    view->step[view->rank++] = step;
    return status_ok();
}

/* The shape is checked before it is used: the file may ask for anything. */
static Status repeated_shape(const Node *n, const char *name, int d, int64_t wide, Shape *shape)
{
    if (wide < 1 || wide > (int64_t)TENSOR_MAX_ELEMENTS) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': with its %s, dimension %d becomes %lld: export again",
                            n->op->name, n->name, name, d, (long long)wide);
    }
    shape->dim[d] = (int)wide;
    return status_ok();
}

static Status tile_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Strided)));
    const Shape *x = &n->in[0]->shape;
    int repeats[SHAPE_MAX_RANK], count;
    TRY(needed_list(n, "repeats", repeats, &count));
    if (count != x->rank) {
        return status_error(STATUS_BAD_MODEL,
                            "Tile '%s': repeats has %d values for a tensor with %d dimensions",
                            n->name, count, x->rank);
    }
    Shape shape = *x;
    for (int d = 0; d < count; d++)
        TRY(repeated_shape(n, "repeats", d, (int64_t)repeats[d] * x->dim[d], &shape));
    TRY(shape_validate(&shape, n->name));
    for (int d = 0; d < count; d++) {
        TRY(view_append(n, n->params, repeats[d], 0));
        TRY(view_append(n, n->params, x->dim[d], (ptrdiff_t)shape_span(x, d + 1, x->rank)));
    }
    n->out[0]->shape = shape;
    return status_ok();
}

/* As NumPy's rules would have it: a 1 on either side takes the other's size. */
static Status expand_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Strided)));
    const Shape *x = &n->in[0]->shape;
    int asked[SHAPE_MAX_RANK], count;
    TRY(needed_list(n, "shape", asked, &count));
    Shape shape = {.rank = count > x->rank ? count : x->rank};
    for (int d = 0; d < shape.rank; d++) {
        const int own = d - (shape.rank - x->rank), other = d - (shape.rank - count);
        const int have = own < 0 ? 1 : x->dim[own], want = other < 0 ? 1 : asked[other];
        if (have != want && have != 1 && want != 1) {
            char text[SHAPE_TEXT_BYTES];
            return status_error(STATUS_BAD_MODEL,
                                "Expand '%s': dimension %d of the input's shape %s cannot become "
                                "%d; is the network made for another size of picture?",
                                n->name, own, shape_text(x, text), want);
        }
        TRY(repeated_shape(n, "shape", d, have == 1 ? want : have, &shape));
    }
    TRY(shape_validate(&shape, n->name));
    for (int d = 0; d < shape.rank; d++) {
        const int own = d - (shape.rank - x->rank);
        const bool repeats = own < 0 || x->dim[own] == 1;
        const ptrdiff_t step = repeats ? 0 : (ptrdiff_t)shape_span(x, own + 1, x->rank);
        TRY(view_append(n, n->params, shape.dim[d], step));
    }
    n->out[0]->shape = shape;
    return status_ok();
}

const Op op_depth_to_space = {"DepthToSpace", depth_to_space_plan, rearrange_forward,
                              rearrange_backward};
const Op op_space_to_depth = {"SpaceToDepth", space_to_depth_plan, rearrange_forward,
                              rearrange_backward};
const Op op_tile = {"Tile", tile_plan, rearrange_forward, rearrange_backward};
const Op op_expand = {"Expand", expand_plan, rearrange_forward, rearrange_backward};
