/*
 * Gram matrices of a picture, a piece of work at a time; the graph is there only as long as they are computed.
 *
 *     TRY(reference_begin(run, &r, picture, height, width, names, &layers));
 *     each step: TRY(reference_step(run, &r, &done));
 */
#ifndef CONVOSCOPE_TECHNIQUES_STYLE_REFERENCE_H
#define CONVOSCOPE_TECHNIQUES_STYLE_REFERENCE_H

#include "network_layers.h"
#include "techniques/technique.h"

enum { STYLE_LEAST_SIDE = 32 };

/* The row of a table of parameters that names the layers whose Gram matrices are compared. */
#define TEXTURE_LAYERS_PARAM(row_name, row_title)                                                  \
    {                                                                                              \
        .name = (row_name), .title = (row_title), .type = PARAM_TEXT, .initial = "auto",           \
        .unit = "",                                                                                \
        .help = "Where textures are compared: names separated by commas, or auto for one or two "  \
                "layers of each size of map.",                                                     \
        .advanced = true                                                                           \
    }

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

/* A graph of that size (0: the network's), as plan_sized has it, with the layers of these names kept apart. */
Status plan_layers(Run *run, const char *names, int height, int width, Graph **graph);

/* picture is borrowed. names as style_layers takes them; layers: those of the list, of a graph of another size. */
Status reference_begin(Run *run, StyleReference *reference, const Picture *picture, int height,
                       int width, const char *names, const LayerList *layers);
Status reference_step(Run *run, StyleReference *reference, bool *done);

/* Adds the fact that names the layers. */
void fact_layers(Result *result, const char *name, const char *label, const LayerList *list);

#endif
