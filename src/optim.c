#include "optim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "optim_lbfgs.h"

struct Optim {
    OptimKind kind;
    size_t count;
    OptimOptions options;
    Arena *arena;

    float *x, *first, *second; /* the last good point; moments, or the velocity in first */
    int steps;                 /* since the start, for Adam's bias correction */
    float shrink;              /* share of the step that is taken after a failed trial */

    float *best;
    double best_f;
    Lbfgs lbfgs;
};

OptimOptions optim_defaults(OptimKind kind)
{
    switch (kind) {
    case OPTIM_ADAM: return (OptimOptions){.step = 0.001F, .beta1 = 0.9F, .beta2 = 0.999F};
    case OPTIM_MOMENTUM: return (OptimOptions){.step = 0.01F, .beta1 = 0.9F};
    case OPTIM_LBFGS: break;
    }
    return (OptimOptions){.step = 1.0F, .pairs = 20};
}

static Status take(Optim *optim, float **floats)
{
    *floats = arena_alloc(optim->arena, optim->count * sizeof(float));
    if (!*floats) return status_no_memory("the optimiser", optim->count * sizeof(float));
    return status_ok();
}

static Status allocate(Optim *optim)
{
    TRY(take(optim, &optim->best));
    if (optim->kind == OPTIM_LBFGS)
        return lbfgs_create(&optim->lbfgs, optim->arena, optim->count, &optim->options);
    TRY(take(optim, &optim->x));
    TRY(take(optim, &optim->first));
    if (optim->kind == OPTIM_ADAM) TRY(take(optim, &optim->second));
    return status_ok();
}

Status optim_create(Optim **optim, OptimKind kind, size_t count, const OptimOptions *options)
{
    Optim *created = calloc(1, sizeof *created);
    if (created) created->arena = arena_create();
    if (!created || !created->arena) {
        free(created);
        return status_no_memory("the optimiser", sizeof *created);
    }
    created->kind = kind;
    created->count = count;
    created->options = options ? *options : optim_defaults(kind);
    created->best_f = INFINITY;
    created->shrink = 1.0F;
    Status status = allocate(created);
    if (status.code != STATUS_OK) {
        optim_destroy(created);
        return status;
    }
    *optim = created;
    return status;
}

void optim_destroy(Optim *optim)
{
    if (!optim) return;
    arena_destroy(optim->arena);
    free(optim);
}

double optim_dot(const float *a, const float *b, size_t count)
{
    /* Four sums, so that one addition need not wait for the other. */
    double sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (size_t j = 0; j < 4; j++) sum[j] += (double)a[i + j] * b[i + j];
    }
    for (; i < count; i++) sum[0] += (double)a[i] * b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void adam_step(Optim *optim, float *x, const float *g)
{
    const float beta1 = optim->options.beta1, beta2 = optim->options.beta2;
    const float correct1 = 1.0F - powf(beta1, (float)optim->steps);
    const float correct2 = 1.0F - powf(beta2, (float)optim->steps);
    const float rate = optim->options.step * optim->shrink / correct1;
    const float scale = 1.0F / correct2;
    for (size_t i = 0; i < optim->count; i++) {
        optim->first[i] = beta1 * optim->first[i] + (1.0F - beta1) * g[i];
        optim->second[i] = beta2 * optim->second[i] + (1.0F - beta2) * g[i] * g[i];
        /* 1e-8 of the paper is meant for gradients of about 1; style gradients are far smaller. */
        x[i] -= rate * optim->first[i] / (sqrtf(optim->second[i] * scale) + 1e-16F);
    }
}

static void momentum_step(Optim *optim, float *x, const float *g)
{
    const float rate = optim->options.step * optim->shrink;
    for (size_t i = 0; i < optim->count; i++) {
        optim->first[i] = optim->options.beta1 * optim->first[i] - rate * g[i];
        x[i] += optim->first[i];
    }
}

/* Back to the last good point, less than half as fast, with the memory of what led here forgotten. */
static void retreat(Optim *optim, float *x)
{
    if (optim->steps) memcpy(x, optim->x, optim->count * sizeof *x);
    memset(optim->first, 0, optim->count * sizeof(float));
    if (optim->second) memset(optim->second, 0, optim->count * sizeof(float));
    optim->shrink *= 0.25F;
    optim->steps = 0;
}

static bool first_order_tell(Optim *optim, float *x, double f, const float *g)
{
    if (!isfinite(f)) {
        retreat(optim, x);
        return false;
    }
    memcpy(optim->x, x, optim->count * sizeof *x);
    optim->steps++;
    if (optim->kind == OPTIM_ADAM) {
        adam_step(optim, x, g);
    } else {
        momentum_step(optim, x, g);
    }
    return true;
}

bool optim_tell(Optim *optim, float *x, double f, const float *g)
{
    if (!isfinite(f) || !isfinite(optim_dot(g, g, optim->count))) f = INFINITY;
    if (f < optim->best_f) {
        memcpy(optim->best, x, optim->count * sizeof *x);
        optim->best_f = f;
    }
    if (optim->kind == OPTIM_LBFGS) return lbfgs_tell(&optim->lbfgs, x, f, g);
    return first_order_tell(optim, x, f, g);
}

const float *optim_best(const Optim *optim, double *f)
{
    if (f) *f = optim->best_f;
    return isfinite(optim->best_f) ? optim->best : NULL;
}

bool optim_converged(const Optim *optim)
{
    return optim->kind == OPTIM_LBFGS && optim->lbfgs.converged;
}
