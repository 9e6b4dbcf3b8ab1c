#include "ops/pool_window.h"

#include "ops/window.h"
#include "parallel.h"

static Status check_pads(const Node *n, const Window *w)
{
    for (int i = 0; i < 2; i++) {
        const int64_t extent = (int64_t)(w->kernel[i] - 1) * w->dilation[i] + 1;
        if (w->pad[i] < extent && w->pad_end[i] < extent) continue;
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': pads of %d and %d are not below the window's %lld",
                            n->op->name, n->name, w->pad[i], w->pad_end[i], (long long)extent);
    }
    return status_ok();
}

static Status depth_list(const Node *n, const char *name, int count, int low, int *values)
{
    int found;
    TRY(attr_ints(n, name, 6, values, &found));
    for (int i = 0; i < found && found == count; i++) {
        const bool alone = i % 3 == 0; /* the others have to do nothing */
        if (values[i] < low || values[i] > (alone ? WINDOW_LARGEST : low)) found = -1;
    }
    if (found == 0 || found == count) return status_ok();
    return status_error(STATUS_UNSUPPORTED,
                        "%s '%s': pooling of [N,C,D,H,W] is supported along D only, as local "
                        "response normalization has it: %s asks for more",
                        n->op->name, n->name, name);
}

/* [N,C,D,H,W] with a window along D: a picture of D rows, whose columns are the pixels. */
static Status depth_window(Node *n, const Shape *x, Window *w)
{
    int kernel[6] = {0}, stride[6] = {1}, dilation[6] = {1}, pad[6] = {0};
    TRY(depth_list(n, "kernel_shape", 3, 1, kernel));
    TRY(depth_list(n, "strides", 3, 1, stride));
    TRY(depth_list(n, "dilations", 3, 1, dilation));
    TRY(depth_list(n, "pads", 6, 0, pad));
    if (kernel[0] == 0) {
        return status_error(STATUS_BAD_MODEL, "%s '%s' lacks the attribute 'kernel_shape'",
                            n->op->name, n->name);
    }
    *w = (Window){.dimensions = 2,
                  .in = {x->dim[2], (int)shape_span(x, 3, 5)},
                  .kernel = {kernel[0], 1},
                  .stride = {stride[0], 1},
                  .dilation = {dilation[0], 1},
                  .pad = {pad[0], 0},
                  .pad_end = {pad[3], 0}};
    return status_ok();
}

Status pool_window_plan(Node *n, Pool2d **pool)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    const Shape *x = &n->in[0]->shape;
    Window w;
    int ceil_mode = 0;
    const bool deep = x->rank == 5;
    TRY(deep ? depth_window(n, x, &w) : window_read(n, x, NULL, &w));
    TRY(attr_int(n, "ceil_mode", &ceil_mode));
    TRY(window_slide(n, ceil_mode ? WINDOW_CEIL : WINDOW_FLOOR, &w));
    TRY(check_pads(n, &w));
    n->out[0]->shape = deep ? *x : window_shape(&w, x, x->dim[1]);
    if (deep) n->out[0]->shape.dim[2] = w.out[0];
    TRY(shape_validate(&n->out[0]->shape, n->name));
    TRY(node_params(n, sizeof **pool));
    *pool = n->params;
    **pool = (Pool2d){
        .planes = (int)shape_span(x, 0, 2),
        .in_height = w.in[0],
        .in_width = w.in[1],
        .out_height = w.out[0],
        .out_width = w.out[1],
        .kernel_height = w.kernel[0],
        .kernel_width = w.kernel[1],
        .stride_y = w.stride[0],
        .stride_x = w.stride[1],
        .dilation_y = w.dilation[0],
        .dilation_x = w.dilation[1],
        .pad_top = w.pad[0],
        .pad_left = w.pad[1],
        .pad_bottom = w.pad_end[0],
        .pad_right = w.pad_end[1],
        .threads = parallel_threads(),
    };
    n->scratch_bytes = pool2d_scratch_bytes(*pool);
    n->macs = (uint64_t)shape_elements(&n->out[0]->shape) * (uint64_t)(w.kernel[0] + w.kernel[1]);
    window_detail(&w, n->detail, sizeof n->detail);
    return status_ok();
}
