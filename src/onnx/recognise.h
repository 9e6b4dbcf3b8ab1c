/* What a file is that somebody took for an ONNX network. */
#ifndef CONVOSCOPE_ONNX_RECOGNISE_H
#define CONVOSCOPE_ONNX_RECOGNISE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* OK when the bytes may be an ONNX network; else a sentence that says what they are and what to do. Also
 * tells a file that was cut off, naming the weight in which it ends. */
Status onnx_recognise(const uint8_t *bytes, size_t size);

#endif
