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

Status pool_window_plan(Node *n, Pool2d **pool)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    const Shape *x = &n->in[0]->shape;
    Window w;
    int ceil_mode = 0;
    TRY(window_read(n, x, NULL, &w));
    TRY(attr_int(n, "ceil_mode", &ceil_mode));
    TRY(window_slide(n, ceil_mode ? WINDOW_CEIL : WINDOW_FLOOR, &w));
    TRY(check_pads(n, &w));
    n->out[0]->shape = window_shape(&w, x, x->dim[1]);
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
