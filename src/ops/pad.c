#include <stdio.h>
#include <string.h>

#include "ops/op.h"

typedef enum PadMode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE } PadMode;

/* Along each dimension the output shows [low, high) of the input, `before` values into itself. */
typedef struct Pad {
    PadMode mode;
    float value;
    int rank;
    int before[SHAPE_MAX_RANK]; /* above 0: padded, below: cropped */
    int low[SHAPE_MAX_RANK], high[SHAPE_MAX_RANK];
    Shape from, to;
} Pad;

static Status pad_mode(const Node *n, PadMode *mode)
{
    static const char *const names[] = {"constant", "reflect", "edge"};
    const char *name = "constant";
    TRY(attr_string(n, "mode", &name));
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
            *mode = (PadMode)i;
            return status_ok();
        }
    }
    return status_error(STATUS_UNSUPPORTED,
                        "Pad '%s': the mode '%s' is not supported: use constant, reflect or edge",
                        n->name, name);
}

static Status pad_dimension(const Node *n, Pad *pad, int d, int64_t before, int64_t after)
{
    const int64_t size = pad->from.dim[d], length = size + before + after;
    const int64_t low = before < 0 ? -before : 0, high = after < 0 ? size + after : size;
    if (high <= low || length < 1) {
        return status_error(
            STATUS_BAD_MODEL,
            "Pad '%s': pads crop all %lld values of dimension %d; is the network made for "
            "a larger picture?",
            n->name, (long long)size, d);
    }
    if (length > (int64_t)TENSOR_MAX_ELEMENTS) {
        return status_error(STATUS_BAD_MODEL,
                            "Pad '%s': pads make dimension %d %lld long, too long", n->name, d,
                            (long long)length);
    }
    if (pad->mode == PAD_REFLECT && (before >= high - low || after >= high - low)) {
        return status_error(
            STATUS_BAD_INPUT,
            "Pad '%s': pads reflects %lld values at dimension %d, which has only %lld: use "
            "a larger picture",
            n->name, (long long)(before > after ? before : after), d, (long long)(high - low));
    }
    pad->before[d] = (int)before;
    pad->low[d] = (int)low;
    pad->high[d] = (int)high;
    pad->to.dim[d] = (int)length;
    return status_ok();
}

static Status pad_plan(Node *n)
{
    TRY(node_inputs(n, 1, 1));
    TRY(node_outputs(n, 1));
    TRY(node_params(n, sizeof(Pad)));
    Pad *pad = n->params;
    TRY(pad_mode(n, &pad->mode));
    TRY(attr_float(n, "value", &pad->value));
    pad->from = pad->to = n->in[0]->shape;
    const int rank = pad->rank = pad->from.rank;
    int pads[2 * SHAPE_MAX_RANK], count;
    TRY(attr_ints(n, "pads", 2 * SHAPE_MAX_RANK, pads, &count));
    if (count != 2 * rank) {
        return status_error(
            STATUS_BAD_MODEL,
            "Pad '%s': pads has %d values, a tensor with %d dimensions needs %d, as constants",
            n->name, count, rank, 2 * rank);
    }
    for (int d = 0; d < rank; d++) TRY(pad_dimension(n, pad, d, pads[d], pads[rank + d]));
    n->out[0]->shape = pad->to;
    snprintf(n->detail, sizeof n->detail, "%s",
             pad->mode == PAD_REFLECT ? "reflect"
             : pad->mode == PAD_EDGE  ? "edge"
                                      : "constant");
    return status_ok();
}

/* The input index that output index o of dimension d shows; -1 where it is the constant. */
static int pad_source(const Pad *p, int d, int o)
{
    const int low = p->low[d], high = p->high[d];
    int i = o - p->before[d];
    if (i >= low && i < high) return i;
    if (p->mode == PAD_CONSTANT) return -1;
    if (p->mode == PAD_EDGE) return i < low ? low : high - 1;
    return i < low ? 2 * low - i : 2 * (high - 1) - i;
}

/* Where the input row begins that output row `row` shows; false where it is all constant. A row is
 * the last dimension. */
static bool pad_row(const Pad *p, size_t row, size_t *start)
{
    size_t offset = 0, stride = (size_t)p->from.dim[p->rank - 1];
    for (int d = p->rank - 2; d >= 0; d--) {
        const int i = pad_source(p, d, (int)(row % (size_t)p->to.dim[d]));
        if (i < 0) return false;
        row /= (size_t)p->to.dim[d];
        offset += (size_t)i * stride;
        stride *= (size_t)p->from.dim[d];
    }
    *start = offset;
    return true;
}

/* The stretch [*begin, *end) of an output row that is a plain copy. */
static void pad_middle(const Pad *p, int *begin, int *end)
{
    const int d = p->rank - 1;
    *begin = p->low[d] + p->before[d];
    *end = p->high[d] + p->before[d];
}

static void pad_forward(const Node *n)
{
    const Pad *p = n->params;
    if (p->rank == 0) {
        *n->out[0]->data = *n->in[0]->data;
        return;
    }
    const int last = p->rank - 1, width = p->to.dim[last];
    const size_t rows = shape_span(&p->to, 0, last);
    int begin, end;
    pad_middle(p, &begin, &end);
    for (size_t row = 0; row < rows; row++) {
        float *y = n->out[0]->data + row * (size_t)width;
        size_t start;
        if (!pad_row(p, row, &start)) {
            for (int o = 0; o < width; o++) y[o] = p->value;
            continue;
        }
        const float *x = n->in[0]->data + start;
        for (int o = 0; o < begin; o++) {
            const int i = pad_source(p, last, o);
            y[o] = i < 0 ? p->value : x[i];
        }
        memcpy(y + begin, x + p->low[last], (size_t)(end - begin) * sizeof *y);
        for (int o = end; o < width; o++) {
            const int i = pad_source(p, last, o);
            y[o] = i < 0 ? p->value : x[i];
        }
    }
}

/* y[o] = x[source(o)]: dx[source(o)] += dy[o]. */
static void pad_backward(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    const Pad *p = n->params;
    if (!n->in[0]->grad) return;
    if (p->rank == 0) {
        *n->in[0]->grad += *n->out[0]->grad;
        return;
    }
    const int last = p->rank - 1, width = p->to.dim[last];
    const size_t rows = shape_span(&p->to, 0, last);
    int begin, end;
    pad_middle(p, &begin, &end);
    for (size_t row = 0; row < rows; row++) {
        const float *dy = n->out[0]->grad + row * (size_t)width;
        size_t start;
        if (!pad_row(p, row, &start)) continue;
        float *dx = n->in[0]->grad + start;
        for (int o = begin; o < end; o++) dx[o - p->before[last]] += dy[o];
        if (p->mode == PAD_CONSTANT) continue;
        for (int o = 0; o < begin; o++) dx[pad_source(p, last, o)] += dy[o];
        for (int o = end; o < width; o++) dx[pad_source(p, last, o)] += dy[o];
    }
}

const Op op_pad = {"Pad", pad_plan, pad_forward, pad_backward};
