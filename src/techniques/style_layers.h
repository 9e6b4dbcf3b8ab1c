/* Which layers carry the style and the content, by name or by depth. */
#ifndef CONVOSCOPE_TECHNIQUES_STYLE_LAYERS_H
#define CONVOSCOPE_TECHNIQUES_STYLE_LAYERS_H

#include "techniques/technique.h"

enum { STYLE_MAX_LAYERS = 8 };

typedef struct LayerList {
    Value *layer[STYLE_MAX_LAYERS];
    int count;
} LayerList;

/* The style layers of a graph: names separated by commas, or `auto`: on the network's trunk, from the
 * picture down, the first full-width activation of each size of map (relu1_1, relu2_1, ... of a VGG), and the
 * last one too where there are fewer than five sizes. */
Status style_layers(Run *run, const Graph *graph, const char *names, LayerList *list);

/* The content layer: a name, or `auto`: the first style layer whose map is about an eighth of the picture's
 * side, or where all are larger the deepest size (relu4_1 of a VGG). */
Status content_layer(Run *run, const Graph *graph, const char *name, Value **layer);

/* Splits names at the commas; the copies are in the run's arena. Returns their number, at most `most`. */
int split_names(Run *run, const char *names, const char **split, int most);

#endif
