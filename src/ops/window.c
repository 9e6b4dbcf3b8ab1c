#include "ops/window.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static Status check_range(const Node *n, const char *name, const int *values, int count, int least)
{
    for (int i = 0; i < count; i++) {
        if (values[i] >= least && values[i] <= WINDOW_LARGEST) continue;
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': %s has the value %d, it must lie within %d to %d",
                            n->op->name, n->name, name, values[i], least, WINDOW_LARGEST);
    }
    return status_ok();
}

/* A list of `count` integers from the attribute, or, where it is absent, as it was. */
static Status read_list(const Node *n, const char *name, int count, int least, int *values,
                        bool *given)
{
    int read[4] = {0}, found = 0;
    TRY(attr_ints(n, name, 4, read, &found));
    *given = attr_find(n, name) != NULL;
    if (!*given) return status_ok();
    if (found != count) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': %s has %d values, the input's shape asks for %d", n->op->name,
                            n->name, name, found, count);
    }
    TRY(check_range(n, name, read, count, least));
    memcpy(values, read, (size_t)count * sizeof *values);
    return status_ok();
}

static Status read_kernel(const Node *n, const int *kernel, int dimensions, int *values)
{
    bool given;
    TRY(read_list(n, "kernel_shape", dimensions, 1, values, &given));
    if (!kernel) {
        if (given) return status_ok();
        return status_error(STATUS_BAD_MODEL, "%s '%s' lacks the attribute 'kernel_shape'",
                            n->op->name, n->name);
    }
    for (int i = 0; i < dimensions; i++) {
        if (given && values[i] != kernel[i]) {
            return status_error(STATUS_BAD_MODEL,
                                "%s '%s': kernel_shape has the value %d where the weight has %d",
                                n->op->name, n->name, values[i], kernel[i]);
        }
        values[i] = kernel[i];
    }
    return check_range(n, "the weight's kernel", values, dimensions, 1);
}

Status window_auto_pad(const Node *n, const char **auto_pad)
{
    static const char *const known[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    *auto_pad = known[0];
    TRY(attr_string(n, "auto_pad", auto_pad));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(*auto_pad, known[i]) == 0) return status_ok();
    }
    return status_error(STATUS_BAD_MODEL,
                        "%s '%s': auto_pad is '%s', not NOTSET, VALID, SAME_UPPER or SAME_LOWER",
                        n->op->name, n->name, *auto_pad);
}

Status window_read(const Node *n, const Shape *x, const int *kernel, Window *w)
{
    if (x->rank != 3 && x->rank != 4) {
        char text[SHAPE_TEXT_BYTES];
        return status_error(
            STATUS_UNSUPPORTED,
            "%s '%s': the input has the shape %s, only [N,C,W] and [N,C,H,W] are supported",
            n->op->name, n->name, shape_text(x, text));
    }
    const int count = x->rank - 2, first = 2 - count;
    *w = (Window){.dimensions = count,
                  .in = {1, 1},
                  .out = {1, 1},
                  .kernel = {1, 1},
                  .stride = {1, 1},
                  .dilation = {1, 1}};
    memcpy(&w->in[first], &x->dim[2], (size_t)count * sizeof(int));
    bool given;
    int pads[4] = {0};
    const char *auto_pad;
    TRY(read_kernel(n, kernel, count, &w->kernel[first]));
    TRY(read_list(n, "strides", count, 1, &w->stride[first], &given));
    TRY(read_list(n, "dilations", count, 1, &w->dilation[first], &given));
    TRY(read_list(n, "pads", 2 * count, 0, pads, &given));
    TRY(window_auto_pad(n, &auto_pad));
    for (int i = 0; i < count && strcmp(auto_pad, "NOTSET") == 0; i++) {
        w->pad[first + i] = pads[i];
        w->pad_end[first + i] = pads[count + i];
    }
    return status_ok();
}

static int64_t extent(const Window *w, int i)
{
    return (int64_t)(w->kernel[i] - 1) * w->dilation[i] + 1;
}

static void pad_same(Window *w, int i, bool upper)
{
    const int out = (w->in[i] - 1) / w->stride[i] + 1;
    int64_t total = (int64_t)(out - 1) * w->stride[i] + extent(w, i) - w->in[i];
    if (total < 0) total = 0;
    if (total > INT_MAX / 2) total = INT_MAX / 2; /* then window_slide refuses the size */
    w->pad[i] = (int)(upper ? total / 2 : total - total / 2);
    w->pad_end[i] = (int)total - w->pad[i];
}

Status window_slide(const Node *n, WindowRounding rounding, Window *w)
{
    const char *auto_pad;
    TRY(window_auto_pad(n, &auto_pad));
    for (int i = 2 - w->dimensions; i < 2; i++) {
        if (strncmp(auto_pad, "SAME", 4) == 0) pad_same(w, i, strcmp(auto_pad, "SAME_UPPER") == 0);
        const int64_t padded = (int64_t)w->in[i] + w->pad[i] + w->pad_end[i];
        const int64_t room = padded - extent(w, i);
        if (room < 0 || padded > (int64_t)TENSOR_MAX_ELEMENTS) {
            return status_error(
                STATUS_BAD_INPUT,
                "%s '%s': a window over %lld positions does not fit the %lld that the input "
                "has with its padding: use a %s picture",
                n->op->name, n->name, (long long)extent(w, i), (long long)padded,
                room < 0 ? "larger" : "smaller");
        }
        int64_t out = room / w->stride[i] + 1;
        if (rounding == WINDOW_CEIL && room % w->stride[i] != 0) {
            /* The last window must start inside the input or the padding before it. */
            if (out * w->stride[i] < (int64_t)w->in[i] + w->pad[i]) out++;
        }
        w->out[i] = (int)out;
    }
    return status_ok();
}

Shape window_shape(const Window *w, const Shape *x, int channels)
{
    Shape shape = *x;
    shape.dim[1] = channels;
    for (int i = 0; i < w->dimensions; i++) shape.dim[2 + i] = w->out[2 - w->dimensions + i];
    return shape;
}

static size_t append_pair(char *detail, size_t bytes, size_t used, const char *label,
                          const int *values)
{
    if (used >= bytes) return used;
    const bool same = values[0] == values[1];
    const int written =
        same ? snprintf(detail + used, bytes - used, "%s%d", label, values[0])
             : snprintf(detail + used, bytes - used, "%s%dx%d", label, values[0], values[1]);
    return used + (size_t)(written > 0 ? written : 0);
}

void window_detail(const Window *w, char *detail, size_t bytes)
{
    if (w->dimensions == 1) {
        int used = snprintf(detail, bytes, "%d", w->kernel[1]);
        size_t at = (size_t)(used > 0 ? used : 0);
        const int stride[2] = {w->stride[1], w->stride[1]},
                  dilation[2] = {w->dilation[1], w->dilation[1]};
        const int pad[2] = {w->pad[1], w->pad[1]};
        if (stride[1] > 1) at = append_pair(detail, bytes, at, ", stride ", stride);
        if (pad[1] > 0) at = append_pair(detail, bytes, at, ", pad ", pad);
        if (dilation[1] > 1) append_pair(detail, bytes, at, ", dilation ", dilation);
        return;
    }
    int used = snprintf(detail, bytes, "%dx%d", w->kernel[0], w->kernel[1]);
    size_t at = (size_t)(used > 0 ? used : 0);
    if (w->stride[0] > 1 || w->stride[1] > 1)
        at = append_pair(detail, bytes, at, ", stride ", w->stride);
    if (w->pad[0] > 0 || w->pad[1] > 0) at = append_pair(detail, bytes, at, ", pad ", w->pad);
    if (w->dilation[0] > 1 || w->dilation[1] > 1) {
        append_pair(detail, bytes, at, ", dilation ", w->dilation);
    }
}
