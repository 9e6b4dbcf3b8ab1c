/* The reference data that lies beside the project (CONVOSCOPE_SHARED, else ../shared). */
#ifndef CONVOSCOPE_TESTS_SUPPORT_SHARED_H
#define CONVOSCOPE_TESTS_SUPPORT_SHARED_H

#include <stdint.h>

#include "onnx/import.h"

/* Where the data are; the test is marked as skipped, and NULL returned, when they are not there. */
const char *shared_folder(void);

/* The bytes of a file, from malloc; NULL when it cannot be read. */
uint8_t *read_whole(const char *path, size_t *size);

/* The same for a path under the shared folder; a file that is missing there is a failure. */
uint8_t *shared_read(const char *path, size_t *size);

/* A float32 .npy file under the shared folder, to be released with tensor_release. */
bool shared_npy(const char *path, Tensor *tensor);

/* A TensorProto (.pb) under the shared folder, its values as floats. */
bool shared_pb(const char *path, Tensor *tensor);

/* A network under the shared folder with its bytes, opened; close it with shared_close. */
typedef struct SharedModel {
    OnnxModel *model;
    uint8_t *bytes;
} SharedModel;

bool shared_open(const char *path, SharedModel *shared);
void shared_close(SharedModel *shared);

/* |a - b| / |b|, Euclidean. */
double relative_error(const float *a, const float *b, size_t count);

#endif
