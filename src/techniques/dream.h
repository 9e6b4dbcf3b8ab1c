/* Inside of DeepDream: dream.c (parameters, film, result), dream_guide.c and dream_octave.c (the dreaming itself). */
#ifndef CONVOSCOPE_TECHNIQUES_DREAM_H
#define CONVOSCOPE_TECHNIQUES_DREAM_H

#include "techniques/common.h"

enum { DREAM_LEAST_SIDE = 64, DREAM_MAX_OCTAVES = 10 };

typedef struct Octave {
    int height, width;
} Octave;

typedef struct Dream {
    Graph *graph; /* of the octave at work */
    Value *input;
    Objective term;
    Octave octaves[DREAM_MAX_OCTAVES]; /* smallest first */
    int octave_count, octave;          /* octave: at work */
    int iterations, done;              /* of this octave */
    int channels, height, width;       /* of the result */
    float *original;                   /* [C,H,W] in levels, at full size */
    float *base;                       /* [C,h,w]: the same at the octave's size */
    float *dreamt;                     /* [C,h,w]: with what was dreamt */
    float *detail;                     /* [C,H,W]: dreamt - base, at the size of that octave */
    float *gradient;                   /* [C,h,w], per level */
    float *shown, *rgb;                /* [C,H,W], [3,H,W] */
    int from_height, from_width;       /* size of detail */
    int shift_y, shift_x;              /* of the picture in the network's input */
    float black[PREPROCESS_MAX_CHANNELS], level[PREPROCESS_MAX_CHANNELS];
    float contrast[PREPROCESS_MAX_CHANNELS]; /* of the picture: a film keeps near to it */
    float *curve; /* the objective at each iteration, relative to that at the start of its octave */
    int curve_count;
    const float *guide; /* [C,positions]: features of the second picture; NULL without one */
    Graph *guide_graph; /* until they are there */
    float *scratch;     /* of the guide's objective */
    int guide_positions;
    int frame, frame_count; /* frame: at work */
    float *film;            /* [frames,3,H,W]; NULL for one */
    double first, last;     /* the objective at the start and the end of this octave */
    char layer[TARGET_TEXT_BYTES];
    bool allocated, started; /* this octave */
    Random random;
} Dream;

/* Values of the picture at that size. */
size_t dream_values(const Dream *dream, int height, int width);

/* Plans the graph of the octave at work, and finds the layer in it. */
Status dream_plan(Run *run);
Status dream_plan_octaves(Run *run);

/* The picture at this octave's size, with the detail of the one before; called again until `started`. */
Status dream_start_octave(Run *run);
void dream_ask_gradient(Run *run);
Status dream_take_step(Run *run);

/* Runs the guide picture through the layer: called until `guide` is there. */
Status dream_step_guide(Run *run);

#endif
