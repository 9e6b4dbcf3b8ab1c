/*
 * Network: an opened model. It owns the file's bytes, knows preprocessing and labels, and builds graphs for
 * any input size; graphs borrow its weights and must be destroyed before it.
 *
 *     Network *network;
 *     TRY(network_open(&network, "squeezenet.onnx", bytes, size));       // takes the bytes over
 *     Graph *graph;
 *     TRY(network_build(network, &(GraphRequest){.height = 227, .width = 227}, &graph));
 *     Value *logits = network_logits(graph);
 */
#ifndef CONVOSCOPE_NETWORK_H
#define CONVOSCOPE_NETWORK_H

#include "graph.h"
#include "image/preprocess.h"
#include "objective.h"

typedef struct Network Network;

typedef struct GraphRequest {
    int batch;               /* 0: 1 */
    int height, width;       /* 0: the size of the preprocessing, or else what the file says */
    const char *const *keep; /* outputs of convolutions that must not be folded away; may be NULL */
    int keep_count;
    const char *until; /* the name of a value at which the graph ends; NULL: at the outputs */
    bool partial;      /* what can run of a network with unsupported operators; see onnx_build */
    bool no_fold;      /* keep every batch normalisation apart (training) */
    int redrawn;       /* the last so many layers with weights get new ones: network_redraw */
    uint64_t redraw_seed;
} GraphRequest;

/* Parses the file; bytes (from malloc) are taken over, also on failure. A file that is not ONNX is named.
 * Builds nothing yet. Preprocessing comes from the file's metadata, else is guessed (input shape, names). */
Status network_open(Network **network, const char *name, uint8_t *bytes, size_t size);
void network_close(Network *network); /* NULL is fine */

/* A file of weights beside the network that has not been given yet, as a relative path that is safe to look
 * for in the network's folder; NULL when nothing is missing. Until then no graph can be built. */
const char *network_missing(const Network *network);

/* Gives the file of weights at that location; bytes (from malloc) are taken over, also on failure. */
Status network_attach(Network *network, const char *location, uint8_t *bytes, size_t size);

/* Something that is kept with the network and released with it; NULL until there is something. */
void *network_kept(const Network *network);
void network_keep(Network *network, void *kept, void (*release)(void *kept));

const char *network_name(const Network *network);
size_t network_file_bytes(const Network *network); /* with the files of weights */

/* Tells one file from another. */
uint64_t network_checksum(const Network *network);

Preprocess *network_preprocess(Network *network);

/* Key of the preprocessing (size, channels, mean, std, range, resize) or `labels` (one per line). */
Status network_set(Network *network, const char *key, const char *value);

/* NULL when there is no such label. */
const char *network_label(const Network *network, int index);
int network_label_count(const Network *network);

/* Fails with the first operator that is not supported, or the file of weights that is missing. */
Status network_supported(const Network *network);

/* What to say where something lies beyond the operators that are not supported: "the class scores". */
Status network_lacks(const Network *network, const char *what);

/* A planned graph, not yet allocated. A partial one has no logits where it does not reach them. */
Status network_build(const Network *network, const GraphRequest *request, Graph **graph);

/* The class scores before any softmax: the first output, or, where that is a Softmax (perhaps followed or
 * preceded by Reshape, Flatten, Squeeze, Identity, Dropout), what goes into it. [N,C] or [N,C,H,W]. */
Value *network_logits(const Graph *graph);
int network_class_count(const Graph *graph);

/* The layers with weights (convolutions, dense layers), from the picture on: number `index`; NULL past the last. */
const Node *network_weighted(const Graph *graph, int index);

/* Draws the weights of the last `layers` of these anew, as before a training: uniform by He et al. 2015, biases
 * zero, normalisations behind the first of them the identity. A layer gets the same weights however many
 * others are drawn. Before graph_allocate. */
Status network_redraw(Graph *graph, int layers, uint64_t seed);

/* Class scores [C] (mean over space where spatial) and their softmax of batch item n; either may be NULL. */
void network_scores(const Graph *graph, int n, float *logits, float *probabilities);

/* Indices of the `top` highest of scores, highest first. */
void network_top(const float *scores, int count, int top, int *indices);

/* A SPEC of interfaces.md (class:340, class:top, class:LABEL, channel:NODE:C, neuron:NODE:C:Y:X, layer:NODE,
 * gram:NODE) as an objective of this graph, weight 1, or a mix of them: "class:340 + 0.5*channel:NODE:C -
 * class:8". class:top needs a forward pass before and means the highest score. Names may contain colons, and
 * a + or - that no term follows. Terms of a mix live as long as the graph. Fails with a sentence where the
 * class, node, channel or position does not exist. The caller gives the scratch (objectives_scratch). */
Status network_objective(const Network *network, const Graph *graph, const char *spec,
                         Objective *term);

/* The nodes that a SPEC names, for GraphRequest.keep; the first SPEC_MAX_NODES of them. */
enum { SPEC_MAX_NODES = 8 };
typedef struct SpecNodes {
    int count;
    const char *name[SPEC_MAX_NODES]; /* in text */
    char text[1024];
} SpecNodes;
void network_spec_nodes(const char *spec, SpecNodes *nodes);

/* True of one class alone: "class:340", not a mix. */
bool network_spec_is_class(const char *spec);

/* The value of a layer named by its node or output, or by "auto": the last one before the classes whose
 * map is larger than 1x1 and that is the output of a convolution, its activation or a concatenation
 * (Grad-CAM's default). A folded convolution's output is an error that says how to ask for it. */
Status network_layer(const Network *network, const Graph *graph, const char *name, Value **value);

/* Receptive field of one unit of a value in input pixels along one axis: size, distance between
 * neighbouring units (stride), and first pixel of unit 0 (may be negative). False where it is undefined
 * (no spatial shape, global pooling and after). axis 0: y, 1: x. */
typedef struct ReceptiveField {
    double size, stride, start;
} ReceptiveField;
bool network_receptive_field(const Graph *graph, const Value *value, int axis,
                             ReceptiveField *field);

/* Writes the whole description (name, bytes, input, outputs, parameters, macs, memory, layers as in
 * docs/architecture.md with `field`, preprocessing, labels, unsupported operators) as one JSON object.
 * graph may be NULL when it could not be built, or hold what of it can run; then `error` says why. */
void network_json(const Network *network, const Graph *graph, const char *error, Text *text);

#endif
