/* What the rules of canonical.c do with the node under way: its attributes, and inputs that become attributes. */
#ifndef CONVOSCOPE_ONNX_IMPORT_ATTRS_H
#define CONVOSCOPE_ONNX_IMPORT_ATTRS_H

#include "onnx/canonical.h"

/* The attribute of that name, new and empty when there was none; at most IMPORT_MAX_NEW_ATTRIBUTES new ones. */
Attr *import_set_attr(Import *import, const char *name);

/* NULL when there is none. */
const Attr *import_get_attr(const Import *import, const char *name);
void import_drop_attr(Import *import, const char *name);

/* Values are borrowed until the node has been added. */
void import_set_int(Import *import, const char *name, int64_t value);
void import_set_string(Import *import, const char *name, const char *value);
void import_set_ints(Import *import, const char *name, const int64_t *values, int count);
void import_set_floats(Import *import, const char *name, const float *values, int count);

bool import_has_input(const Import *import, int i);

/* The constant of input i; NULL when the input is absent; an error when it depends on the picture. */
Status import_constant_input(Import *import, int i, const char *what, ConstTensor **t);

/* Input i, when it is there, becomes the attribute `name`. */
Status import_input_to_ints(Import *import, int i, const char *name);
Status import_input_to_floats(Import *import, int i, const char *name);
Status import_input_to_float(Import *import, int i, const char *name);

/* Dimensions of the first input. */
Status import_input_rank(Import *import, int *rank);

/* The graph sees input i as floats, also where the file has a constant of integers or truth values. */
Status import_input_as_floats(Import *import, int i);

#endif
