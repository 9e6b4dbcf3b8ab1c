/* Inside of a Run, for the files that make it up: run.c (driver) and params.c (parameters). */
#ifndef CONVOSCOPE_TECHNIQUES_RUN_H
#define CONVOSCOPE_TECHNIQUES_RUN_H

#include "techniques/technique.h"

enum { RUN_MAX_GRAPHS = 8, RUN_MAX_KEPT = 32 };

typedef enum Phase { PHASE_IDLE, PHASE_FORWARD, PHASE_SEED, PHASE_BACKWARD, PHASE_NESTED } Phase;

typedef struct ParamValue {
    const char *text; /* in the run's arena, or the default */
    double number;
} ParamValue;

typedef struct RunPicture {
    Picture picture;
    const char *name, *group; /* in the run's arena; NULL: none */
} RunPicture;

struct Run {
    const Technique *technique;
    Network *network;
    Arena *arena;
    void *state;
    ParamValue *values;   /* as technique->params */
    RunPicture *pictures; /* from malloc */
    int picture_count, picture_room;
    size_t pixels; /* of all of them */
    Graph *graphs[RUN_MAX_GRAPHS];
    int graph_count;

    /* The pass under way. */
    Phase phase;
    Graph *graph;
    Objective terms[RUN_MAX_TERMS];
    int term_count, next_term;
    bool zeroed;          /* the gradients, before the first term */
    Run *nested;          /* the run within this one, or NULL */
    Status nested_status; /* how it ended */
    int redrawn;          /* of every graph that is built: GraphRequest */
    uint64_t redraw_seed;
    bool gradient; /* seeds and backward follow */
    const BackwardRule *rule;
    double objective, term_values[RUN_MAX_TERMS];

    double before, after; /* told progress */
    int version;
    bool begun, finished;
};

/* Goes on with the nested run for about `seconds`; true when it is over, nested_status being how. */
bool nested_advance(Run *run, double seconds);

/* Sets every parameter to its default. */
Status params_create(Run *run);

/* Names of the layers that the parameters speak of, at most `most`; returns their number. */
int params_layers(Run *run, const char **names, int most);

#endif
