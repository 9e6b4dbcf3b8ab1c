/* What the files of Network share. */
#ifndef CONVOSCOPE_NETWORK_INTERNAL_H
#define CONVOSCOPE_NETWORK_INTERNAL_H

#include "network.h"
#include "onnx/import.h"

/* The bytes of a file of weights, given by network_attach. */
typedef struct Attached {
    struct Attached *next;
    uint8_t *bytes;
} Attached;

struct Network {
    char *name;
    uint8_t *bytes;
    size_t size, attached_size;
    Attached *attached;
    OnnxModel *model;
    Preprocess preprocess;
    char *label_text; /* lines, each ended with a zero */
    const char **labels;
    int label_count;
    void *kept;
    void (*release_kept)(void *kept);
};

/* A term of a SPEC: its prefix, what it means, and how many numbers follow the node's name. */
typedef struct SpecKind {
    const char *prefix;
    ObjectiveKind kind;
    int numbers;
} SpecKind;

const SpecKind *spec_kind(const char *text); /* NULL: no term begins like this */

typedef struct SpecTerm {
    float weight;
    const char *text; /* in the SPEC: "channel:conv1:3" */
    size_t length;
} SpecTerm;

/* The next term of a SPEC, whose rest is moved on; false at its end. */
bool spec_next(const char **rest, SpecTerm *term);

/* Preprocessing from metadata, else from what such networks usually take. */
Status network_guess(Network *network);

/* Position of a node in the graph; -1. */
int network_node_index(const Graph *graph, const Node *node);

/* Receptive fields of the first outputs of all nodes along one axis; size 0 where undefined. */
void network_receptive_fields(const Graph *graph, int axis, ReceptiveField *fields);

#endif
