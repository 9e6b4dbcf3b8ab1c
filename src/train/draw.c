#include "train/draw.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "parallel.h"

/* Mixes the bits of what a draw depends on (splitmix64, Steele et al. 2014). */
Random draw_random(int seed, DrawKind kind, int64_t epoch, int64_t index)
{
    uint64_t z = (uint64_t)seed;
    const uint64_t words[] = {(uint64_t)kind, (uint64_t)epoch, (uint64_t)index};
    for (int i = 0; i < 3; i++) {
        z += words[i] + 0x9E3779B97F4A7C15ULL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        z ^= z >> 31;
    }
    return random_seeded(z);
}

Status order_create(Order *order, size_t count)
{
    *order = (Order){.picture = malloc(count * sizeof(int)), .epoch = -1, .count = (int)count};
    return order->picture ? status_ok()
                          : status_no_memory("the order of the pictures", count * sizeof(int));
}

void order_release(Order *order)
{
    free(order->picture);
    *order = (Order){0};
}

void order_draw(Order *order, int seed, int64_t epoch)
{
    if (order->epoch == epoch) return;
    Random random = draw_random(seed, DRAW_ORDER, epoch, 0);
    for (int i = 0; i < order->count; i++) order->picture[i] = i;
    random_shuffle(&random, order->picture, order->count);
    order->epoch = epoch;
}

typedef struct Drawing {
    const PictureDraw *draw;
    float *to;
    atomic_flag failed;
    Status status;
} Drawing;

static void draw_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    Drawing *drawing = context;
    const PictureDraw *d = drawing->draw;
    const Dataset *data = d->data;
    const size_t one = (size_t)data->channels * (size_t)d->size * (size_t)d->size;
    for (size_t i = begin; i < end; i++) {
        const int64_t at = d->first + (int64_t)i;
        const uint8_t *pixels = dataset_pixels(data, (size_t)d->order->picture[at]);
        Random random = draw_random(d->seed, DRAW_PICTURE, d->order->epoch, at);
        const Status status = augment(d->augmentation, d->scaling, pixels, data->channels,
                                      data->size, d->size, &random, drawing->to + i * one);
        if (status.code != STATUS_OK && !atomic_flag_test_and_set(&drawing->failed))
            drawing->status = status;
    }
}

Status draw_pictures(const PictureDraw *draw, float *to)
{
    Drawing drawing = {draw, to, ATOMIC_FLAG_INIT, status_ok()};
    parallel_for((size_t)draw->count, 4, draw_span, &drawing);
    return drawing.status;
}
