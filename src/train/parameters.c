#include "train/parameters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

Status parameters_create(Parameters *parameters)
{
    *parameters = (Parameters){.arena = arena_create()};
    return parameters->arena ? status_ok() : status_no_memory("the weights", 0);
}

void parameters_release(Parameters *parameters)
{
    arena_destroy(parameters->arena);
    free(parameters->items);
    *parameters = (Parameters){0};
}

static Status grow(Parameters *parameters)
{
    if (parameters->count < parameters->capacity) return status_ok();
    const int capacity = parameters->capacity ? 2 * parameters->capacity : 64;
    const size_t bytes = (size_t)capacity * sizeof *parameters->items;
    Parameter *items = realloc(parameters->items, bytes);
    if (!items) return status_no_memory("the weights", bytes);
    parameters->items = items;
    parameters->capacity = capacity;
    return status_ok();
}

static void draw(Parameter *parameter, float start, Random *random)
{
    const bool normal = parameter->kind == PARAMETER_WEIGHT;
    const bool filled = parameter->kind == PARAMETER_SCALE || parameter->kind == PARAMETER_VARIANCE;
    const size_t fan_in = shape_span(&parameter->shape, 1, parameter->shape.rank);
    const float deviation = sqrtf(2.0F / (float)fan_in);
    for (size_t i = 0; i < parameter->count; i++) {
        parameter->data[i] = normal ? deviation * random_normal(random) : filled ? start : 0.0F;
    }
    memcpy(parameter->average, parameter->data, parameter->count * sizeof(float));
}

Status parameters_add(Parameters *parameters, const char *name, ParameterKind kind, Shape shape,
                      float start, Random *random)
{
    TRY(shape_validate(&shape, name));
    TRY(grow(parameters));
    Parameter *parameter = &parameters->items[parameters->count];
    const size_t count = shape_elements(&shape), bytes = count * sizeof(float);
    *parameter = (Parameter){.kind = kind, .shape = shape, .count = count};
    parameter->name = arena_text(parameters->arena, name, strlen(name));
    parameter->data = arena_alloc(parameters->arena, bytes);
    parameter->average = arena_alloc(parameters->arena, bytes);
    parameter->first = arena_alloc(parameters->arena, bytes);
    parameter->second = arena_alloc(parameters->arena, bytes);
    if (!parameter->name || !parameter->data || !parameter->average || !parameter->first ||
        !parameter->second) {
        return status_no_memory("the weights", 4 * bytes);
    }
    draw(parameter, start, random);
    parameters->count++;
    return status_ok();
}

size_t parameters_total(const Parameters *parameters)
{
    size_t total = 0;
    for (int i = 0; i < parameters->count; i++) {
        const Parameter *parameter = &parameters->items[i];
        /* Folded, a normalisation leaves a bias per filter; the rest goes into the weights. */
        const bool kept = parameter->kind == PARAMETER_WEIGHT || parameter->kind == PARAMETER_BIAS;
        if (kept) total += parameter->count;
    }
    return total;
}
