/*
 * Small ONNX files made in C, for tests of what reads them.
 *
 *     Text graph = {0}, attrs = {0};
 *     write_ints(&attrs, "pads", 4, (int64_t[]){1, 1, 1, 1});
 *     write_node(&graph, "Conv", "conv1", "x w", "y", &attrs);       // attrs are taken and released
 *     write_tensor(&graph, "w", ONNX_FLOAT, 4, (int64_t[]){4, 3, 3, 3}, data, bytes);
 *     write_input(&graph, "x", 4, (int64_t[]){1, 3, 8, 8});
 *     write_output(&graph, "y");
 *     Text model = write_model(&graph, 13);                          // graph is taken and released
 */
#ifndef CONVOSCOPE_TESTS_SUPPORT_ONNX_WRITER_H
#define CONVOSCOPE_TESTS_SUPPORT_ONNX_WRITER_H

#include "base/text.h"
#include "onnx/model.h"

/* ---- protobuf ---- */
void pb_number(Text *out, uint32_t field, uint64_t value);
void pb_float(Text *out, uint32_t field, float value);
void pb_bytes(Text *out, uint32_t field, const void *bytes, size_t length);
void pb_text(Text *out, uint32_t field, const char *text);
/* Takes the inner message and releases it. */
void pb_message(Text *out, uint32_t field, Text *inner);

/* ---- ONNX ---- */
void write_int(Text *attrs, const char *name, int64_t value);
void write_float(Text *attrs, const char *name, float value);
void write_string(Text *attrs, const char *name, const char *value);
void write_ints(Text *attrs, const char *name, int count, const int64_t *values);

/* A TensorProto with raw data. */
Text tensor_message(const char *name, OnnxType type, int rank, const int64_t *dim, const void *data,
                    size_t bytes);

/* Names are separated by spaces; "-" stands for an absent one; attrs may be NULL. */
void write_node(Text *graph, const char *op, const char *name, const char *in, const char *out,
                Text *attrs);
void write_tensor(Text *graph, const char *name, OnnxType type, int rank, const int64_t *dim,
                  const void *data, size_t bytes);
/* Float weights drawn from a fixed seed, of the size of He et al. */
void write_weights(Text *graph, const char *name, int rank, const int64_t *dim);
/* Integers of an int64 list. */
void write_int64s(Text *graph, const char *name, int count, const int64_t *values);
void write_input(Text *graph, const char *name, int rank, const int64_t *dim); /* -1: symbolic */
void write_output(Text *graph, const char *name);
Text write_model(Text *graph, int opset);

/* ---- examples ---- */

enum { EXAMPLE_MODELS = 4 };

/* 0: Conv, BatchNormalization, pooling, Gemm, Softmax. 1: shape arithmetic around Reshape, Pad, Resize.
 * 2: int8 and float16 weights, branches, Sum. 3: typed data instead of raw data, old opset. */
Text example_model(int index);

#endif
