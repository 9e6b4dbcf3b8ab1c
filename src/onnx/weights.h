/* Numbers of an ONNX file: used where they lie when they are float32, converted once when they are not. */
#ifndef CONVOSCOPE_ONNX_WEIGHTS_H
#define CONVOSCOPE_ONNX_WEIGHTS_H

#include "onnx/model.h"

/* Bytes of one element; 0 for a type that is not read. */
size_t onnx_type_size(OnnxType type);
bool onnx_type_is_float(OnnxType type);
/* "float16" */
const char *onnx_type_name(int type);

/* The field of TensorProto that holds values of a type when raw_data does not, and its wire type. */
uint32_t onnx_list_field(OnnxType type, WireType *element);

/* The values of a tensor of any numeric type as float32 [count], 4-byte aligned: in the file where they are
 * float32 already, else in the model's arena. NULL data for an empty tensor. */
Status onnx_floats(OnnxModel *model, OnnxTensor *tensor, const float **data);

/* The values of an integer or bool tensor, at most `most`, in the model's arena. */
Status onnx_ints(OnnxModel *model, OnnxTensor *tensor, uint64_t most, const int64_t **data);

/* `count` times the same value, shared by all who ask for it; owned by the model. */
Status onnx_fill(OnnxModel *model, float value, size_t count, const float **data);

/* Moves float32 weights that are not 4-byte aligned down by up to 3 bytes, over their own length prefix. */
void onnx_align(OnnxModel *model, OnnxTensor *tensor);

float float_from_half(uint16_t half);

#endif
