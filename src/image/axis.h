/* Weights of the triangle filter along one axis, computed once and used for every row or column. */
#ifndef CONVOSCOPE_IMAGE_AXIS_H
#define CONVOSCOPE_IMAGE_AXIS_H

#include "base/status.h"

typedef struct Axis {
    int count;     /* of output positions */
    int width;     /* weights per output position, those not needed are 0 */
    int *first;    /* [count]: input position of the first weight; first + width <= from */
    float *weight; /* [count,width]: non-negative, their sum is 1 */
} Axis;

/* Positions [offset, offset + count) of `from` positions resampled to `to`; widened when to < from, as
 * Pillow's bilinear filter. Release with axis_release. */
Status axis_create(Axis *axis, int from, int to, int offset, int count);
void axis_release(Axis *axis);

#endif
