/* A small network as an ONNX file: for tests that have to run without any other file. */
#ifndef CONVOSCOPE_TESTS_SUPPORT_TINY_NETWORK_H
#define CONVOSCOPE_TESTS_SUPPORT_TINY_NETWORK_H

#include <stddef.h>
#include <stdint.h>

/* conv1 (3 to 6, 3x3) relu1, pool (2x2), conv2 (6 to 8, 3x3) relu2, mean, flat, dense (8 to 3): input `data`
 * [1,3,16,16], output `scores`. Each value has its node's name followed by :0. From malloc. */
uint8_t *tiny_network(size_t *size);

#endif
