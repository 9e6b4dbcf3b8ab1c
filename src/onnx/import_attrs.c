#include "onnx/import_attrs.h"

#include <string.h>

#include "onnx/weights.h"

Attr *import_set_attr(Import *import, const char *name)
{
    Attr *attr = NULL;
    for (int i = 0; i < import->attr_count; i++) {
        if (strcmp(import->attr[i].name, name) == 0) attr = &import->attr[i];
    }
    if (!attr) attr = &import->attr[import->attr_count++];
    *attr = (Attr){.name = name};
    return attr;
}

const Attr *import_get_attr(const Import *import, const char *name)
{
    for (int i = 0; i < import->attr_count; i++) {
        if (strcmp(import->attr[i].name, name) == 0) return &import->attr[i];
    }
    return NULL;
}

void import_drop_attr(Import *import, const char *name)
{
    for (int i = 0; i < import->attr_count; i++) {
        if (strcmp(import->attr[i].name, name) == 0)
            import->attr[i--] = import->attr[--import->attr_count];
    }
}

void import_set_int(Import *import, const char *name, int64_t value)
{
    Attr *attr = import_set_attr(import, name);
    attr->kind = ATTR_INT;
    attr->i = value;
}

void import_set_string(Import *import, const char *name, const char *value)
{
    Attr *attr = import_set_attr(import, name);
    attr->kind = ATTR_STRING;
    attr->s = value;
}

void import_set_ints(Import *import, const char *name, const int64_t *values, int count)
{
    static const int64_t none = 0;
    Attr *attr = import_set_attr(import, name);
    attr->kind = ATTR_INTS;
    attr->count = count;
    attr->ints = values ? values : &none;
}

void import_set_floats(Import *import, const char *name, const float *values, int count)
{
    static const float none = 0;
    Attr *attr = import_set_attr(import, name);
    attr->kind = ATTR_FLOATS;
    attr->count = count;
    attr->floats = values ? values : &none;
}

bool import_has_input(const Import *import, int i)
{
    return i < import->in_count && import->in[i] >= 0;
}

Status import_constant_input(Import *import, int i, const char *what, ConstTensor **t)
{
    *t = NULL;
    if (!import_has_input(import, i)) return status_ok();
    TRY(import_constant(import, import->in[i], t));
    if (*t) return status_ok();
    return status_error(STATUS_UNSUPPORTED,
                        "%s '%s': its %s is calculated from the content of the picture, which is "
                        "not supported: export with fixed values",
                        import->node->op, import->node->name, what);
}

Status import_input_to_ints(Import *import, int i, const char *name)
{
    ConstTensor *t;
    TRY(import_constant_input(import, i, name, &t));
    if (!t) return status_ok();
    if (const_is_float(t) || t->rank > 1)
        return import_error(import, STATUS_BAD_MODEL, "one of its inputs is no list of integers");
    import_set_ints(import, name, const_ints(t), (int)t->count);
    return status_ok();
}

Status import_input_to_floats(Import *import, int i, const char *name)
{
    ConstTensor *t;
    TRY(import_constant_input(import, i, name, &t));
    if (!t || t->count == 0) return status_ok();
    if (!const_is_float(t) || t->rank > 1 || t->count > SHAPE_MAX_RANK)
        return import_error(import, STATUS_BAD_MODEL, "one of its inputs is no list of numbers");
    import_set_floats(import, name, const_floats(t), (int)t->count);
    return status_ok();
}

Status import_input_to_float(Import *import, int i, const char *name)
{
    ConstTensor *t;
    TRY(import_constant_input(import, i, name, &t));
    if (!t) return status_ok();
    if (t->count != 1)
        return import_error(import, STATUS_BAD_MODEL, "one of its inputs is not a single number");
    Attr *attr = import_set_attr(import, name);
    attr->kind = ATTR_FLOAT;
    attr->f = const_is_float(t) ? const_floats(t)[0] : (float)const_ints(t)[0];
    return status_ok();
}

Status import_input_rank(Import *import, int *rank)
{
    Shape shape;
    if (!import_has_input(import, 0))
        return import_error(import, STATUS_BAD_MODEL, "its input is missing");
    TRY(import_shape(import, import->in[0], &shape));
    *rank = shape.rank;
    return status_ok();
}

Status import_input_as_floats(Import *import, int i)
{
    ConstTensor *t;
    if (!import_has_input(import, i)) return status_ok();
    Binding *binding = &import->bindings[import->in[i]];
    TRY(import_constant(import, import->in[i], &t));
    if (!t || const_is_float(t) || binding->value) return status_ok();
    const char *name = import->model->values[import->in[i]].name;
    Shape shape = {0};
    TRY(import_shape(import, import->in[i], &shape));
    TRY(shape_validate(&shape, name));
    float *data = arena_alloc(graph_arena(import->graph), (size_t)t->count * sizeof *data);
    if (!data) return status_no_memory(name, t->count * sizeof *data);
    for (uint64_t k = 0; k < t->count; k++) data[k] = (float)const_ints(t)[k];
    return graph_add_constant(import->graph, name, shape, data, &binding->value);
}
