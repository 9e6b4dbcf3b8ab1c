/*
 * OnnxModel: an ONNX file as plain structs, parsed once, checked, its nodes in topological order. Names are
 * copied; weights stay where they lie in the file.
 *
 *     OnnxModel *model;
 *     TRY(onnx_open(&model, bytes, size));   // bytes are borrowed, may be changed, must outlive the model
 *     ...                                    // onnx_build (import.h) makes graphs of it
 *     onnx_free(model);
 *
 * Source: onnx.proto of the ONNX project, IR version 3 and later.
 */
#ifndef CONVOSCOPE_ONNX_MODEL_H
#define CONVOSCOPE_ONNX_MODEL_H

#include "onnx/names.h"
#include "onnx/wire.h"
#include "tensor.h"

typedef enum OnnxType { /* TensorProto.DataType */
                        ONNX_FLOAT = 1,
                        ONNX_UINT8 = 2,
                        ONNX_INT8 = 3,
                        ONNX_UINT16 = 4,
                        ONNX_INT16 = 5,
                        ONNX_INT32 = 6,
                        ONNX_INT64 = 7,
                        ONNX_STRING = 8,
                        ONNX_BOOL = 9,
                        ONNX_FLOAT16 = 10,
                        ONNX_DOUBLE = 11,
                        ONNX_UINT32 = 12,
                        ONNX_UINT64 = 13,
                        ONNX_BFLOAT16 = 16,
} OnnxType;

/* A tensor of the file. Its size has been checked against its shape. */
typedef struct OnnxTensor {
    const char *name;
    OnnxType type;
    int rank;
    int64_t dim[SHAPE_MAX_RANK]; /* 0 is possible here */
    uint64_t count;              /* product of the dimensions */
    size_t raw, raw_start;       /* offset of the values, and of the tag and length before them */
    bool is_raw;                 /* values lie at raw as little-endian numbers of the type */
    const char *location;        /* of the file that holds the values; NULL: this one */
    uint8_t *outside;            /* the values in it; NULL until onnx_attach */
    Wire body;                   /* else: the message, whose field `list` holds them */
    uint32_t list;
    float *floats; /* converted, on first use */
    int64_t *ints;
} OnnxTensor;

/* A tensor whose values lie in another file. */
typedef struct OnnxExternal {
    struct OnnxExternal *next;
    OnnxTensor *tensor;
    uint64_t offset, bytes;
    bool to_end; /* the file does not give a length: the values end where it does */
} OnnxExternal;

typedef enum OnnxAttrType { /* AttributeProto.AttributeType */
                            ONNX_ATTR_FLOAT = 1,
                            ONNX_ATTR_INT = 2,
                            ONNX_ATTR_STRING = 3,
                            ONNX_ATTR_TENSOR = 4,
                            ONNX_ATTR_GRAPH = 5,
                            ONNX_ATTR_FLOATS = 6,
                            ONNX_ATTR_INTS = 7,
                            ONNX_ATTR_STRINGS = 8,
                            ONNX_ATTR_GRAPHS = 10,
} OnnxAttrType;

typedef struct OnnxAttr {
    const char *name;
    int type; /* OnnxAttrType, or another number that is not read */
    float f;
    int64_t i;
    const char *s;
    OnnxTensor *tensor;
    int count;
    float *floats;
    int64_t *ints;
} OnnxAttr;

typedef struct OnnxNode {
    const char *name; /* unique; an unnamed node has the name of its first output */
    const char *op, *domain;
    const char **in_name, **out_name; /* "" for an absent one */
    int *in, *out;                    /* indices of values; -1 for an absent one */
    int in_count, out_count;
    OnnxAttr *attr;
    int attr_count;
    bool supported;
    bool dynamic; /* its result depends on the values of the picture, not only on its size */
    int fold;     /* a BatchNormalization: index of the Conv that it can be folded into; a Conv: of
                     the BatchNormalization; else -1 */
} OnnxNode;

typedef struct OnnxInput {
    const char *name;
    int type;                             /* OnnxType; 0 when the file does not say */
    int rank;                             /* -1 when the file does not say */
    int64_t dim[SHAPE_MAX_RANK];          /* -1: symbolic or unknown */
    const char *dim_name[SHAPE_MAX_RANK]; /* of a symbolic one; NULL */
} OnnxInput;

/* Whatever has a name that a node can read. */
typedef struct OnnxValue {
    const char *name;
    OnnxTensor *tensor; /* an initializer; else NULL */
    int producer;       /* index of a node; -1 */
    int input;          /* index of an input; -1 */
    int readers;        /* nodes that are used and read it */
    bool output, dynamic;
} OnnxValue;

typedef struct OnnxEntry {
    const char *key, *value;
} OnnxEntry;

/* A node whose operator is not there. */
typedef struct OnnxUnsupported {
    const char *op, *node, *domain;
    int opset;
    const char *remedy; /* what could be done: "export the network without it" */
} OnnxUnsupported;

/* Weights of a Conv with a BatchNormalization folded in, and constant fills; see weights.h. */
typedef struct OnnxFolded {
    const float *weight, *bias;
} OnnxFolded;

typedef struct OnnxFill {
    struct OnnxFill *next;
    float value;
    size_t count;
    float *data;
} OnnxFill;

typedef struct OnnxModel {
    Arena *arena;
    uint8_t *bytes; /* borrowed */
    size_t size;
    int ir_version, opset; /* of the default domain */
    const char *producer;

    OnnxEntry *metadata;
    int metadata_count;
    OnnxTensor *tensors; /* initializers */
    int tensor_count;
    OnnxNode *nodes; /* as in the file */
    int node_count;
    int *order; /* indices of the nodes that the outputs need, in topological order */
    int order_count;
    OnnxInput *inputs; /* without those that are initializers */
    int input_count;
    const char **outputs;
    int *output_values;
    int output_count;
    OnnxValue *values;
    int value_count;
    Names names; /* of values */

    OnnxUnsupported *unsupported;
    int unsupported_count;

    OnnxExternal *external;
    OnnxFolded *folded; /* by index of the Conv */
    OnnxFill *fills;
} OnnxModel;

/* Parses and checks. Fails with STATUS_BAD_MODEL on what is not ONNX, naming what it is, or on a damaged
 * file; with STATUS_UNSUPPORTED on control flow and types that cannot be read. Operators that are not
 * supported do not make it fail: see onnx_unsupported; nor does a file of weights: see onnx_missing. */
Status onnx_open(OnnxModel **model, uint8_t *bytes, size_t size);
void onnx_free(OnnxModel *model); /* NULL is fine; graphs must be destroyed before */

/* Operators that the network needs and this program lacks, first one first. */
const OnnxUnsupported *onnx_unsupported(const OnnxModel *model, int *count);

/* OK, or the sentence that names the first of them and the number of others. */
Status onnx_supported(const OnnxModel *model);

/* The location, as a relative path, of a file of weights that has not been attached yet; NULL when there is
 * none. It has no `..`, is not absolute, and is safe to look for in the folder of the network. */
const char *onnx_missing(const OnnxModel *model);

/* The sentence for such a file. */
Status onnx_missing_error(const char *location);

/* Gives the bytes of the file of weights at that location, borrowed, and outliving the model. Fails, and
 * attaches nothing, when the file is not as long as its weights need. */
Status onnx_attach(OnnxModel *model, const char *location, uint8_t *bytes, size_t size);

/* The text of a key of metadata_props; NULL when absent. */
const char *onnx_metadata(const OnnxModel *model, const char *key);

/* Bytes taken for structure and converted weights, beside the file. */
size_t onnx_memory(const OnnxModel *model);

/* NULL when the node has no such attribute. */
const OnnxAttr *onnx_attr(const OnnxNode *node, const char *name);

/* ---- parts, for each other and for tests ---- */

/* A sentence for an error of the wire reader; what: "the file". */
Status onnx_wire_error(const Wire *wire, const char *what);
/* The same; kind: "node". */
Status onnx_named_wire_error(const Wire *wire, const char *kind, const char *name);

/* Copies a text field into the model's arena, without control characters. */
Status onnx_text(OnnxModel *model, Wire *wire, const WireField *field, const char **text);

/* Parses a TensorProto; weights are not touched. */
Status onnx_parse_tensor(OnnxModel *model, Wire *wire, OnnxTensor *tensor);
/* Takes down where a tensor's values lie in another file, whose location is checked; length is
 * NULL where the file does not say. */
Status onnx_external(OnnxModel *model, OnnxTensor *tensor, const char *location, uint64_t offset,
                     const uint64_t *length);
Status onnx_parse_node(OnnxModel *model, Wire *wire, OnnxNode *node);

/* Resolves names, sorts, finds what is dynamic, what can be folded and what is not supported. */
Status onnx_order(OnnxModel *model);
Status onnx_find_unsupported(OnnxModel *model);

/* A model without nodes, to hold tensors of .pb files: parse with onnx_parse_tensor. */
Status onnx_open_empty(OnnxModel **model, uint8_t *bytes, size_t size);

#endif
