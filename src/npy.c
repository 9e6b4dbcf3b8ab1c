#include "npy.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are copied as they are");

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

/* A longer header holds no shape that a tensor may have. */
enum { PREFIX_BYTES = 12, MAX_HEADER = 64 * 1024 };

/* ---- the header: a Python dictionary ---- */

typedef struct Cursor {
    const char *at, *end;
} Cursor;

static void skip_spaces(Cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n')) c->at++;
}

static bool skip_word(Cursor *c, const char *word)
{
    skip_spaces(c);
    const size_t length = strlen(word);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0) return false;
    c->at += length;
    return true;
}

/* A quoted text of less than 16 bytes. */
static bool read_text(Cursor *c, char text[16])
{
    skip_spaces(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) return false;
    const char quote = *c->at++;
    size_t length = 0;
    while (c->at < c->end && *c->at != quote && length < 15) text[length++] = *c->at++;
    text[length] = '\0';
    return c->at < c->end && *c->at++ == quote;
}

/* A dimension; more than an int holds becomes 0, which no shape may have. */
static bool read_number(Cursor *c, int *number)
{
    skip_spaces(c);
    const char *start = c->at;
    int64_t value = 0;
    bool fits = true;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        value = 10 * value + (*c->at++ - '0');
        if (value > INT32_MAX) {
            fits = false;
            value = 0;
        }
    }
    if (c->at < c->end && *c->at == 'L') c->at++; /* Python 2 */
    *number = fits ? (int)value : 0;
    return c->at > start;
}

/* (1, 3, 224, 224), or (5,), or () */
static bool read_shape(Cursor *c, Shape *shape)
{
    *shape = (Shape){0};
    if (!skip_word(c, "(")) return false;
    while (!skip_word(c, ")")) {
        if (shape->rank == SHAPE_MAX_RANK || !read_number(c, &shape->dim[shape->rank]))
            return false;
        shape->rank++;
        if (skip_word(c, ",")) continue;
        return skip_word(c, ")");
    }
    return true;
}

static Status npy_damaged(const char *name)
{
    return status_error(STATUS_BAD_INPUT,
                        "'%s' is a damaged .npy file: save it again with numpy.save", name);
}

typedef struct Fields {
    char descr[16];
    bool fortran, has_descr, has_order, has_shape;
    Shape shape;
} Fields;

static bool read_fields(Cursor *c, Fields *fields)
{
    char key[16];
    if (!skip_word(c, "{")) return false;
    while (!skip_word(c, "}")) {
        if (!read_text(c, key) || !skip_word(c, ":")) return false;
        if (strcmp(key, "descr") == 0) {
            fields->has_descr = read_text(c, fields->descr);
            if (!fields->has_descr) return false;
        } else if (strcmp(key, "fortran_order") == 0) {
            fields->fortran = skip_word(c, "True");
            fields->has_order = fields->fortran || skip_word(c, "False");
            if (!fields->has_order) return false;
        } else if (strcmp(key, "shape") == 0) {
            fields->has_shape = read_shape(c, &fields->shape);
            if (!fields->has_shape) return false;
        } else {
            return false;
        }
        skip_word(c, ",");
    }
    return fields->has_descr && fields->has_order && fields->has_shape;
}

static Status read_header(const char *text, size_t length, const char *name, Shape *shape)
{
    Fields fields = {0};
    Cursor cursor = {text, text + length};
    if (!read_fields(&cursor, &fields)) return npy_damaged(name);
    if (strcmp(fields.descr, "<f4") != 0) {
        return status_error(STATUS_BAD_INPUT,
                            "'%s' holds values of the type '%s', not float32: save x.astype('<f4')",
                            name, fields.descr);
    }
    if (fields.fortran && fields.shape.rank > 1) {
        return status_error(STATUS_BAD_INPUT,
                            "'%s' is in Fortran order: save numpy.ascontiguousarray(x)", name);
    }
    *shape = fields.shape;
    return shape_validate(shape, name);
}

/* Length of the header with what precedes it, 0 if these are not the first bytes of such a file. */
static size_t header_length(const uint8_t *bytes, size_t size, size_t *start)
{
    if (size < PREFIX_BYTES || memcmp(bytes, magic, sizeof magic) != 0) return 0;
    const int version = bytes[6];
    size_t length = bytes[8] | (size_t)bytes[9] << 8;
    *start = 10;
    if (version < 1 || version > 3) return 0;
    if (version > 1) {
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
        *start = 12;
    }
    return length > MAX_HEADER ? 0 : *start + length;
}

static Status npy_no_file(const char *name)
{
    return status_error(STATUS_BAD_INPUT, "'%s' is not a .npy file: it does not begin like one",
                        name);
}

static Status npy_wrong_length(const char *name, const Shape *shape, uint64_t bytes)
{
    char text[SHAPE_TEXT_BYTES];
    return status_error(STATUS_BAD_INPUT,
                        "'%s' has %llu bytes of values, the shape %s needs %llu: is it cut off?",
                        name, (unsigned long long)bytes, shape_text(shape, text),
                        (unsigned long long)shape_elements(shape) * sizeof(float));
}

Status npy_parse(const void *bytes, size_t size, const char *name, Tensor *tensor)
{
    size_t start = 0;
    const size_t header = header_length(bytes, size, &start);
    if (header == 0) return npy_no_file(name);
    if (header > size) return npy_damaged(name);
    Shape shape;
    TRY(read_header((const char *)bytes + start, header - start, name, &shape));
    const size_t data = shape_elements(&shape) * sizeof(float);
    if (size - header != data) return npy_wrong_length(name, &shape, size - header);
    TRY(tensor_alloc(tensor, shape, name));
    memcpy(tensor->data, (const char *)bytes + header, data);
    return status_ok();
}

/* ---- files ---- */

/* Reads the header; then the position in the file is where the values begin. */
static Status read_file_header(FILE *file, const char *path, Shape *shape)
{
    uint8_t prefix[PREFIX_BYTES];
    size_t start = 0, got = fread(prefix, 1, sizeof prefix, file);
    const size_t header = header_length(prefix, got, &start);
    if (header == 0) return npy_no_file(path);
    const size_t length = header - start;
    char *text = malloc(length + 1);
    if (!text) return status_no_memory("the header of a file", length);
    Status status = npy_damaged(path);
    if (fseek(file, (long)start, SEEK_SET) == 0 && fread(text, 1, length, file) == length) {
        status = read_header(text, length, path, shape);
    }
    free(text);
    return status;
}

static Status read_file_values(FILE *file, const char *path, Shape shape, Tensor *tensor)
{
    const long start = ftell(file);
    const uint64_t bytes = (uint64_t)shape_elements(&shape) * sizeof(float);
    if (start < 0 || fseek(file, 0, SEEK_END) != 0) return npy_damaged(path);
    const long end = ftell(file);
    if (end < start || (uint64_t)(end - start) != bytes) {
        return npy_wrong_length(path, &shape, end < start ? 0 : (uint64_t)(end - start));
    }
    TRY(tensor_alloc(tensor, shape, path));
    if (fseek(file, start, SEEK_SET) == 0 && fread(tensor->data, (size_t)bytes, 1, file) == 1) {
        return status_ok();
    }
    tensor_release(tensor);
    return status_error(STATUS_IO, "cannot read '%s' to its end", path);
}

Status npy_read(const char *path, Tensor *tensor)
{
    FILE *file = fopen(path, "rb");
    if (!file) return status_error(STATUS_IO, "cannot read '%s': %s", path, strerror(errno));
    Shape shape;
    Status status = read_file_header(file, path, &shape);
    if (status.code == STATUS_OK) status = read_file_values(file, path, shape, tensor);
    fclose(file);
    return status;
}

size_t npy_header(const Shape *shape, char header[NPY_HEADER_BYTES])
{
    memset(header, ' ', NPY_HEADER_BYTES);
    memcpy(header, magic, sizeof magic);
    header[6] = 1;
    header[7] = 0;
    int length = 10;
    length += snprintf(header + length, NPY_HEADER_BYTES - 10,
                       "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int d = 0; d < shape->rank; d++) {
        length +=
            snprintf(header + length, (size_t)(NPY_HEADER_BYTES - length), "%d, ", shape->dim[d]);
    }
    length += snprintf(header + length, (size_t)(NPY_HEADER_BYTES - length), "), }");
    header[length] = ' '; /* the zero that snprintf wrote */
    const int total = (length + 1 + 63) / 64 * 64;
    assert(total <= NPY_HEADER_BYTES);
    header[total - 1] = '\n';
    header[8] = (char)((total - 10) & 0xFF);
    header[9] = (char)((total - 10) >> 8);
    return (size_t)total;
}

Status npy_write(const char *path, const Shape *shape, const float *data)
{
    char header[NPY_HEADER_BYTES];
    const FilePart parts[2] = {{header, npy_header(shape, header)},
                               {data, shape_elements(shape) * sizeof *data}};
    return file_write(path, parts, 2);
}
