/* From an architecture and its parameters to a graph: for training, or as what is evaluated and written. */
#ifndef CONVOSCOPE_TRAIN_BUILDER_H
#define CONVOSCOPE_TRAIN_BUILDER_H

#include "train/architecture.h"
#include "train/parameters.h"

typedef struct BuildRequest {
    int batch, size, classes;
    bool
        training; /* statistics of the batch, dropout; else they are folded into the convolutions */
    bool average; /* not training: the moving average of the weights */
    Random *random; /* draws the parameters where there are none yet; may be NULL after that */
} BuildRequest;

typedef struct Built {
    Graph *graph; /* planned, not allocated; borrows the parameters. Destroy with graph_destroy. */
    Value *input; /* [batch,C,size,size] */
    Value *dropout; /* [batch,features]: factors, to be filled in before each pass; NULL without */
    Value *logits;  /* [batch,classes] */
} Built;

/* Makes the parameters when `parameters` is empty. Of a training graph, parameters know their values. */
Status architecture_build(const Architecture *architecture, Parameters *parameters,
                          const BuildRequest *request, Built *built);

#endif
