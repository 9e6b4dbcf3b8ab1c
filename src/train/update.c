#include "train/update.h"

#include <math.h>

#include "parallel.h"

enum { GRAIN = 1 << 14 };

#define ADAM_EPSILON 1e-8F

typedef struct Span {
    const Update *update;
    const float *g;
    float *x, *first, *second;
} Span;

static void sgd_span(const Span *s, size_t begin, size_t end)
{
    const float rate = s->update->rate, momentum = s->update->momentum, decay = s->update->decay;
    const float *restrict g = s->g;
    float *restrict x = s->x, *restrict velocity = s->first;
    for (size_t i = begin; i < end; i++) {
        const float gradient = g[i] + decay * x[i];
        velocity[i] = momentum * velocity[i] + gradient;
        x[i] -= rate * (gradient + momentum * velocity[i]);
    }
}

static void adam_span(const Span *s, size_t begin, size_t end)
{
    const Update *u = s->update;
    const bool apart = u->kind == UPDATE_ADAMW;
    const float added = apart ? 0 : u->decay, kept = apart ? 1 - u->rate * u->decay : 1;
    const float b1 = u->momentum, b2 = u->second;
    const float rate = u->rate / (float)(1 - pow((double)b1, (double)u->step));
    const float correction = (float)(1 / (1 - pow((double)b2, (double)u->step)));
    const float *restrict g = s->g;
    float *restrict x = s->x, *restrict first = s->first, *restrict second = s->second;
    for (size_t i = begin; i < end; i++) {
        const float gradient = g[i] + added * x[i];
        first[i] = b1 * first[i] + (1 - b1) * gradient;
        second[i] = b2 * second[i] + (1 - b2) * gradient * gradient;
        x[i] = kept * x[i] - rate * first[i] / (sqrtf(second[i] * correction) + ADAM_EPSILON);
    }
}

static void update_span(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Span *span = context;
    if (span->update->kind == UPDATE_SGD) {
        sgd_span(span, begin, end);
    } else {
        adam_span(span, begin, end);
    }
}

void update_step(const Update *update, size_t count, const float *g, float *x, float *first,
                 float *second)
{
    Span span = {update, g, x, first, second};
    parallel_for(count, GRAIN, update_span, &span);
}

void update_parameters(const Update *update, Parameters *parameters)
{
    for (int i = 0; i < parameters->count; i++) {
        Parameter *p = &parameters->items[i];
        if (!parameter_is_learned(p)) continue;
        Update own = *update;
        if (p->kind != PARAMETER_WEIGHT) own.decay = 0;
        update_step(&own, p->count, p->value->grad, p->data, p->first, p->second);
    }
}

static void move_towards(float share, size_t count, const float *restrict to, float *restrict x)
{
    for (size_t i = 0; i < count; i++) x[i] += share * (to[i] - x[i]);
}

void update_statistics(float momentum, Parameters *parameters)
{
    for (int i = 0; i < parameters->count; i++) {
        Parameter *p = &parameters->items[i];
        if (!parameter_is_learned(p)) move_towards(1 - momentum, p->count, p->value->data, p->data);
    }
}

void update_average(float decay, long step, Parameters *parameters)
{
    const float early = (1 + (float)step) / (10 + (float)step);
    const float share = 1 - (decay < early ? decay : early);
    for (int i = 0; i < parameters->count; i++) {
        Parameter *p = &parameters->items[i];
        move_towards(share, p->count, p->data, p->average);
    }
}

double schedule_factor(ScheduleKind kind, double warm_up, double done)
{
    static const double pi = 3.14159265358979323846;
    const double start = kind == SCHEDULE_ONECYCLE ? 1.0 / 25 : 0;
    const double last = kind == SCHEDULE_ONECYCLE ? 1e-4 : 0;
    if (done < warm_up) {
        const double rise = done / warm_up;
        return kind == SCHEDULE_ONECYCLE ? start + (1 - start) * (1 - cos(pi * rise)) / 2 : rise;
    }
    if (kind == SCHEDULE_CONSTANT) return 1;
    const double fall = warm_up < 1 ? (done - warm_up) / (1 - warm_up) : 1;
    return last + (1 - last) * (1 + cos(pi * fall)) / 2;
}
