/* What training changes: the weights of a network, with what optimiser and average keep of each. */
#ifndef CONVOSCOPE_TRAIN_PARAMETERS_H
#define CONVOSCOPE_TRAIN_PARAMETERS_H

#include "base/arena.h"
#include "base/random.h"
#include "graph.h"

typedef enum ParameterKind {
    PARAMETER_WEIGHT, /* of a convolution or matrix: the only kind that weight decay is for */
    PARAMETER_SCALE,
    PARAMETER_BIAS,
    PARAMETER_MEAN, /* running statistics of a batch normalisation: averaged, not learned */
    PARAMETER_VARIANCE,
} ParameterKind;

typedef struct Parameter {
    const char *name;
    ParameterKind kind;
    Shape shape;
    size_t count;
    float *data;           /* all four [count] */
    float *average;        /* exponential moving average of data */
    float *first, *second; /* moments: velocity, or Adam's two */
    Value *value;          /* in the training graph; of running statistics: those of the batch */
} Parameter;

typedef struct Parameters {
    Arena *arena;
    Parameter *items;
    int count, capacity;
} Parameters;

Status parameters_create(Parameters *parameters);
void parameters_release(Parameters *parameters);

/* Adds one, drawn from `random`: weights normal with the deviation sqrt(2 / fan_in) (He et al. 2015), scales
 * and variances `start`, the others 0. */
Status parameters_add(Parameters *parameters, const char *name, ParameterKind kind, Shape shape,
                      float start, Random *random);

static inline bool parameter_is_learned(const Parameter *parameter)
{
    return parameter->kind < PARAMETER_MEAN;
}

/* Numbers that the written network has. */
size_t parameters_total(const Parameters *parameters);

#endif
