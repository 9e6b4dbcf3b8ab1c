/*
 * What a layer says of each of the run's pictures, as a row of numbers. Rows are kept with the network, so that the
 * next technique on the same pictures begins at once.
 *
 *     begin:  TRY(features_begin(run, f));
 *     step:   TRY(features_step(run, f, &there));    // until `there`
 *             f->rows                                // [count,width]
 */
#ifndef CONVOSCOPE_TECHNIQUES_FEATURES_H
#define CONVOSCOPE_TECHNIQUES_FEATURES_H

#include "techniques/technique.h"

#define FEATURE_PARAMS                                                                             \
    {.name = "layer",                                                                              \
     .title = "Layer",                                                                             \
     .type = PARAM_LAYER,                                                                          \
     .initial = "auto",                                                                            \
     .unit = "",                                                                                   \
     .help = "Whose activations describe a picture; auto takes the last one with maps. Early "     \
             "layers see colours and edges, late ones objects."},                                  \
    {                                                                                              \
        .name = "pool", .title = "Maps", .type = PARAM_CHOICE, .initial = "mean",                  \
        .choices = "mean|max|whole", .unit = "",                                                   \
        .help = "A map counts as its mean, as its maximum, or with every cell, so that place "     \
                "matters too.",                                                                    \
        .advanced = true                                                                           \
    }

typedef struct Features {
    Graph *graph;
    Value *layer, *logits; /* logits: NULL where the network has none */
    int count, width;
    float *rows;  /* [count,width] */
    int *classes; /* [count] likeliest class, -1 where the network has none */
    float *scores;
    int done;      /* pictures */
    int computed;  /* of these, by a pass of this run */
    bool asked;    /* a pass for picture `done` is under way */
    uint64_t hash; /* of picture `done` */
    const char *table;
} Features;

/* Makes the network's table that the rows are kept in: what is added to it before the first step need not be computed.
 * The features of all pictures take `share` of the run's progress. */
Status features_begin(Run *run, Features *features);
Status features_step(Run *run, Features *features, double share, bool *there);
/* The layer, how many numbers a picture has, and how many pictures had to be looked at. */
void features_facts(const Features *features, Result *result);

/* Classes of the pictures: those that they were given, else, where the network names classes, what it takes them
 * for; the rarer ones of these are one class, "other". */
typedef struct Groups {
    ResultPoints points;
    int *index; /* [count], as points.group */
    bool given;
} Groups;

Status groups_make(Run *run, const Features *features, Groups *groups);

#endif
