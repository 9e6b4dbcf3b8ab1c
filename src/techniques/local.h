/*
 * What a change of a small square of the picture changes, without computing what it does not: up to some layer
 * only the units that see the square are new. They are computed from a crop of the picture, put among the
 * others as they were, and the pass goes on from there. The numbers are those of the whole pass: a crop has
 * the borders that the picture has, or none that matter.
 *
 *     TRY(local_create(run, whole, logits, patch, &local));       // after a forward pass of the picture
 *     if (local.head) {                                           // else it would not pay
 *         local_crop(&local, n, x, y, x0);                        // for each item: the changed picture
 *         run_ask_forward(run, local.head, &local.part, 1);
 *         ... local_put(&local, n, y, x0) ...; graph_start_forward_at(whole, local.value)
 *     }
 */
#ifndef CONVOSCOPE_TECHNIQUES_LOCAL_H
#define CONVOSCOPE_TECHNIQUES_LOCAL_H

#include "techniques/technique.h"

typedef struct LocalAxis {
    ReceptiveField field; /* of the layer */
    int input, units;     /* size of the input, of the layer */
    int crop, crop_units; /* the same of the crop */
    int stride, patch;
} LocalAxis;

typedef struct Local {
    Graph *head;       /* from the crop to the layer; NULL: does not pay */
    const Value *crop; /* [batch,C,h,w] */
    Value *part;       /* the layer's units in the crop */
    Value *value;      /* the layer in the whole graph */
    float *clean;      /* [C,H,W]: the layer for the picture as it is */
    LocalAxis axis[2]; /* y, x */
    double share;      /* of the multiply-accumulates of a whole pass that remain */
} Local;

/* Chooses the layer before the target that saves most; the first item of the whole graph holds the picture and its
 * values. */
Status local_create(Run *run, Graph *whole, const Value *target, int patch, Local *local);

/* Copies the part of the picture x [C,H,W] around the square at (top, left) to item n of the crop. */
void local_crop(const Local *local, int n, const float *x, int top, int left);

/* After the head's pass: item n of the layer is the clean one with the new units. */
void local_put(const Local *local, int n, int top, int left);

/* Whether the units of item n of the crop are those of the whole pass, the square at (top, left) being unchanged. */
bool local_agrees(const Local *local, int n, int top, int left);

#endif
