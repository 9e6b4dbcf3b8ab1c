/* Which layers carry the style and the content, by name or by depth. What is needed on the way is taken from the
 * arena. */
#ifndef CONVOSCOPE_NETWORK_LAYERS_H
#define CONVOSCOPE_NETWORK_LAYERS_H

#include "network.h"

enum { STYLE_MAX_LAYERS = 8 };

typedef struct LayerList {
    Value *layer[STYLE_MAX_LAYERS];
    int count;
} LayerList;

/* The style layers of a graph: names separated by commas, or `auto`: on the network's trunk, from the
 * picture down, the first full-width activation of each size of map (relu1_1, relu2_1, ... of a VGG), and the
 * last one too where there are fewer than five sizes. */
Status style_layers(const Network *network, const Graph *graph, const char *names, Arena *arena,
                    LayerList *list);

/* The content layer: a name, or `auto`: the first style layer whose map is about an eighth of the picture's
 * side, or where all are larger the deepest size (relu4_1 of a VGG). */
Status content_layer(const Network *network, const Graph *graph, const char *name, Arena *arena,
                     Value **layer);

/* Splits names at the commas; the copies are in the arena. Returns their number, at most `most`. */
int split_names(const char *names, Arena *arena, const char **split, int most);

#endif
