/*
 * What a step of a training draws. Every draw comes from a generator made of the seed, a kind, the epoch and the
 * place in it, so that it depends on nothing that went before: a training that was stopped needs no generators.
 */
#ifndef CONVOSCOPE_TRAIN_DRAW_H
#define CONVOSCOPE_TRAIN_DRAW_H

#include "train/augment.h"
#include "train/dataset.h"

/* Generators that have nothing to do with each other. */
typedef enum DrawKind { DRAW_ORDER = 1, DRAW_PICTURE, DRAW_MIX, DRAW_DROPOUT } DrawKind;

Random draw_random(int seed, DrawKind kind, int64_t epoch, int64_t index);

/* The order in which an epoch shows the pictures. */
typedef struct Order {
    int *picture; /* [count] */
    int64_t epoch;
    int count;
} Order;

Status order_create(Order *order, size_t count);
void order_release(Order *order);

/* Makes it the order of that epoch. */
void order_draw(Order *order, int seed, int64_t epoch);

/* Some pictures of an epoch, as the network is to see them. */
typedef struct PictureDraw {
    const Dataset *data;
    const Order *order; /* of the epoch */
    const Augmentation *augmentation;
    const Scaling *scaling;
    int seed, size;
    int64_t first; /* place in the order */
    int count;
} PictureDraw;

/* to: [count,C,size,size] */
Status draw_pictures(const PictureDraw *draw, float *to);

#endif
