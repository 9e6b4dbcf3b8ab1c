#include "support/shared.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "onnx/weights.h"
#include "support/test.h"

const char *shared_folder(void)
{
    const char *folder = getenv("CONVOSCOPE_SHARED");
    if (!folder || !folder[0]) folder = "../shared";
    struct stat info;
    if (stat(folder, &info) == 0) return folder;
    test_skip("there is no folder %s (set CONVOSCOPE_SHARED)", folder);
    return NULL;
}

uint8_t *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    uint8_t *bytes = length >= 0 ? malloc((size_t)length + 1) : NULL;
    if (bytes && fread(bytes, 1, (size_t)length, file) != (size_t)length) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    *size = (size_t)length;
    return bytes;
}

uint8_t *shared_read(const char *path, size_t *size)
{
    const char *folder = shared_folder();
    if (!folder) return NULL;
    char full[1024];
    snprintf(full, sizeof full, "%s/%s", folder, path);
    uint8_t *bytes = read_whole(full, size);
    if (!bytes) test_fail(__FILE__, __LINE__, "%s cannot be read", full);
    return bytes;
}

/* NumPy's format, version 1: magic, version, header length (2 bytes), header text, values. */
static bool npy_parse(const uint8_t *bytes, size_t size, Tensor *tensor)
{
    if (size < 10 || memcmp(bytes, "\x93NUMPY\x01", 7) != 0) return false;
    size_t header = 10 + (size_t)(bytes[8] | bytes[9] << 8);
    char text[512] = "";
    if (header > size || header >= sizeof text + 10) return false;
    memcpy(text, bytes + 10, header - 10);
    const char *shape_at = strstr(text, "'shape': (");
    if (!strstr(text, "'<f4'") || !strstr(text, "False") || !shape_at) return false;
    Shape shape = {0};
    for (const char *s = shape_at + 10; *s && *s != ')';) {
        char *end;
        long dim = strtol(s, &end, 10);
        if (end == s) {
            s++;
        } else {
            shape.dim[shape.rank++] = (int)dim;
            s = end;
        }
    }
    if (tensor_alloc(tensor, shape, "a .npy file").code != STATUS_OK) return false;
    if (size - header != shape_elements(&shape) * sizeof(float)) return false;
    memcpy(tensor->data, bytes + header, size - header);
    return true;
}

bool shared_npy(const char *path, Tensor *tensor)
{
    size_t size;
    uint8_t *bytes = shared_read(path, &size);
    if (!bytes) return false;
    *tensor = (Tensor){0};
    bool good = npy_parse(bytes, size, tensor);
    if (!good) test_fail(__FILE__, __LINE__, "%s is no float32 .npy file", path);
    free(bytes);
    return good;
}

static Status read_pb(OnnxModel *model, Tensor *tensor)
{
    Wire wire = wire_open(model->bytes, model->size);
    OnnxTensor proto = {0};
    TRY(onnx_parse_tensor(model, &wire, &proto));
    Shape shape = {.rank = proto.rank};
    for (int i = 0; i < proto.rank; i++) shape.dim[i] = (int)proto.dim[i];
    TRY(tensor_alloc(tensor, shape, "a .pb file"));
    const float *floats;
    TRY(onnx_floats(model, &proto, &floats));
    memcpy(tensor->data, floats, (size_t)proto.count * sizeof *floats);
    return status_ok();
}

bool shared_pb(const char *path, Tensor *tensor)
{
    size_t size;
    uint8_t *bytes = shared_read(path, &size);
    if (!bytes) return false;
    *tensor = (Tensor){0};
    OnnxModel *model;
    Status status = onnx_open_empty(&model, bytes, size);
    if (status.code == STATUS_OK) {
        status = read_pb(model, tensor);
        onnx_free(model);
    }
    free(bytes);
    if (status.code != STATUS_OK) test_fail(__FILE__, __LINE__, "%s: %s", path, status.message);
    return status.code == STATUS_OK;
}

bool shared_open(const char *path, SharedModel *shared)
{
    size_t size;
    *shared = (SharedModel){0};
    shared->bytes = shared_read(path, &size);
    if (!shared->bytes) return false;
    Status status = onnx_open(&shared->model, shared->bytes, size);
    if (status.code == STATUS_OK) return true;
    test_fail(__FILE__, __LINE__, "%s: %s", path, status.message);
    shared_close(shared);
    return false;
}

void shared_close(SharedModel *shared)
{
    onnx_free(shared->model);
    free(shared->bytes);
    *shared = (SharedModel){0};
}

double relative_error(const float *a, const float *b, size_t count)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        norm += (double)b[i] * (double)b[i];
    }
    return norm > 0 ? sqrt(difference / norm) : sqrt(difference);
}
