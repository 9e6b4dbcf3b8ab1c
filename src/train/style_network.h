/*
 * A feed-forward style network (Johnson et al. 2016, with what was found since): a picture of levels 0 to 255 goes in
 * and comes out painted, of any size whose sides are multiples of STYLE_MULTIPLE.
 *
 *     9x9 convolution, two 3x3 of stride 2; residual blocks of two 3x3; twice nearest-neighbour doubling and a 3x3;
 *     9x9 to RGB, 127.5 (1 + tanh)
 *
 * Borders are mirrored, every convolution but the last has instance normalisation (Ulyanov et al. 2016), and what
 * doubles is no transposed convolution, which leaves checkerboards (Odena et al. 2016).
 */
#ifndef CONVOSCOPE_TRAIN_STYLE_NETWORK_H
#define CONVOSCOPE_TRAIN_STYLE_NETWORK_H

#include "train/parameters.h"

enum { STYLE_MULTIPLE = 4 };

typedef struct StyleNetwork {
    int filters; /* of the first convolution; twice and four times as many of the next two */
    int blocks;  /* residual */
} StyleNetwork;

typedef struct StyleBuildRequest {
    int batch, size;
    bool training;  /* parameters are told their values */
    Random *random; /* draws the parameters where there are none yet; may be NULL after that */
} StyleBuildRequest;

typedef struct StyleGraph {
    Graph *graph; /* planned, not allocated; borrows the parameters. Destroy with graph_destroy. */
    Value *content; /* [batch,3,size,size] */
    Value *styled;  /* the same */
} StyleGraph;

/* Makes the parameters when `parameters` is empty. */
Status style_network_build(const StyleNetwork *network, Parameters *parameters,
                           const StyleBuildRequest *request, StyleGraph *built);

#endif
