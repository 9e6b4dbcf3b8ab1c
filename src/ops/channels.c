#include "ops/channels.h"

enum { LANES = 8 };

static double total(const double lane[LANES])
{
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) +
           ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

double channel_sum(const float *x, size_t count)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (int k = 0; k < LANES; k++) lane[k] += (double)x[i + (size_t)k];
    }
    for (; i < count; i++) lane[0] += (double)x[i];
    return total(lane);
}

double channel_dot(const float *x, float center, const float *y, size_t count)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            lane[k] += (double)(x[i + (size_t)k] - center) * (double)y[i + (size_t)k];
        }
    }
    for (; i < count; i++) lane[0] += (double)(x[i] - center) * (double)y[i];
    return total(lane);
}

Status channel_parameter(const Node *n, int i, const char *what, int channels)
{
    const Shape *shape = &n->in[i]->shape;
    if (shape->rank == 1 && shape->dim[0] == channels) return status_ok();
    char text[SHAPE_TEXT_BYTES];
    return status_error(STATUS_BAD_MODEL,
                        "%s '%s': %s has the shape %s, the tensor has %d channels", n->op->name,
                        n->name, what, shape_text(shape, text), channels);
}
