/*
 * Gram matrices of a picture, a piece of work at a time; the graph is there only as long as they are computed.
 *
 *     TRY(reference_begin(run, &r, picture, height, width, names, &layers));
 *     each step: TRY(reference_step(run, &r, &done));
 */
#ifndef CONVOSCOPE_TECHNIQUES_STYLE_REFERENCE_H
#define CONVOSCOPE_TECHNIQUES_STYLE_REFERENCE_H

#include "techniques/style_layers.h"

typedef struct StyleReference {
    const Picture *picture;
    Graph *graph;
    LayerList list;
    float *gram[STYLE_MAX_LAYERS]; /* [C,C] each, in the order of the layers; memory is the run's */
    float *shift
        [STYLE_MAX_LAYERS]; /* [C]: means of the channels, which were taken off; NULL when not centred */
    int count;              /* how many there are */
    bool centred;           /* set before the first step */
    bool allocated, asked;
} StyleReference;

/* Height and width of a picture whose longer side becomes `side`; neither is below 32. */
void fit_picture(const Picture *picture, double side, int *height, int *width);

/* A graph of that size with the layers of these names kept apart; a network that ends in a dense layer has only
 * one size, then that. */
Status plan_layers(Run *run, const char *names, int height, int width, Graph **graph);

/* The whole picture, scaled to the graph's input. */
Status load_whole(Run *run, Graph *graph, const Picture *picture);

/* picture is borrowed. names as style_layers takes them; layers: those of the list, of a graph of another size. */
Status reference_begin(Run *run, StyleReference *reference, const Picture *picture, int height,
                       int width, const char *names, const LayerList *layers);
Status reference_step(Run *run, StyleReference *reference, bool *done);

#endif
