/*
 * NumPy's .npy files: float32, little-endian, C order; versions 1, 2 and 3 of the header.
 *
 *     Tensor x;
 *     TRY(npy_read("x.npy", &x));
 *     TRY(npy_write("y.npy", &shape, data));
 *     tensor_release(&x);
 *
 * Source: NumPy, numpy.lib.format.
 */
#ifndef CONVOSCOPE_NPY_H
#define CONVOSCOPE_NPY_H

#include "tensor.h"

enum { NPY_HEADER_BYTES = 256 };

/* Reads a file; the tensor is the caller's, to be freed with tensor_release. The length of the file is
 * compared with its shape before anything is allocated. */
Status npy_read(const char *path, Tensor *tensor);

/* The same from memory; name stands in the sentences about what is wrong. */
Status npy_parse(const void *bytes, size_t size, const char *name, Tensor *tensor);

/* Writes a file, whole or not at all. */
Status npy_write(const char *path, const Shape *shape, const float *data);

/* The header of a file with that shape; returns its length, a multiple of 64. */
size_t npy_header(const Shape *shape, char header[NPY_HEADER_BYTES]);

#endif
