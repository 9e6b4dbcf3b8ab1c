/*
 * From a Graph to an ONNX file that onnx.checker and onnxruntime accept.
 *
 *     Text bytes = {0};
 *     TRY(onnx_export(graph, &(OnnxExportOptions){.name = "digits", .half = true}, &bytes));
 *     ...                                     // write bytes.bytes, bytes.length
 *     text_release(&bytes);
 *
 * Opset 13, IR version 7. Operators can be exported that the graph writes as ONNX does, and Pad and Resize, whose
 * attributes become constant inputs again; not yet others of that kind (Reshape, Slice, ...).
 */
#ifndef CONVOSCOPE_ONNX_EXPORT_H
#define CONVOSCOPE_ONNX_EXPORT_H

#include "graph.h"

typedef struct OnnxExportEntry {
    const char *key, *value;
} OnnxExportEntry;

typedef struct OnnxExportOptions {
    const char *name; /* of the graph */
    bool
        half; /* weights of two dimensions and more as float16, with a Cast to float32 behind each */
    bool any_size; /* batch, height and width stay open */
    const OnnxExportEntry *metadata;
    int metadata_count;
} OnnxExportOptions;

/* Appends the file to *bytes. Fails where a node cannot be written, a weight does not fit float16, or memory
 * runs out. The graph need not be allocated. */
Status onnx_export(const Graph *graph, const OnnxExportOptions *options, Text *bytes);

/* IEEE 754 binary16, to the nearest, ties to even; too large a value becomes infinite. */
uint16_t half_from_float(float value);

#endif
