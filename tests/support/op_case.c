#include <stdio.h>
#include <string.h>

#include "support/op_check.h"

const Attr *op_case_attr(const OpCase *c, const char *name)
{
    for (int i = 0; i < OP_CASE_ATTRS && c->attr[i].name; i++) {
        if (strcmp(c->attr[i].name, name) == 0) return &c->attr[i];
    }
    return NULL;
}

int64_t op_case_int(const OpCase *c, const char *name, int64_t fallback)
{
    const Attr *attr = op_case_attr(c, name);
    return attr ? attr->i : fallback;
}

double op_case_float(const OpCase *c, const char *name, double fallback)
{
    const Attr *attr = op_case_attr(c, name);
    return attr ? (double)attr->f : fallback;
}

int64_t op_case_ints(const OpCase *c, const char *name, int index, int64_t fallback)
{
    const Attr *attr = op_case_attr(c, name);
    return attr && index < attr->count ? attr->ints[index] : fallback;
}

size_t op_array_count(const OpArray *array)
{
    return shape_elements(&array->shape);
}

size_t op_offset(const Shape *shape, const int *index)
{
    size_t offset = 0;
    for (int i = 0; i < shape->rank; i++)
        offset = offset * (size_t)shape->dim[i] + (size_t)index[i];
    return offset;
}

void op_index(const Shape *shape, size_t offset, int *index)
{
    for (int i = shape->rank - 1; i >= 0; i--) {
        index[i] = (int)(offset % (size_t)shape->dim[i]);
        offset /= (size_t)shape->dim[i];
    }
}

static void print_list(const Attr *attr)
{
    for (int i = 0; i < attr->count; i++) {
        if (attr->kind == ATTR_INTS) printf("%s%lld", i ? "," : "", (long long)attr->ints[i]);
        if (attr->kind == ATTR_FLOATS) printf("%s%g", i ? "," : "", (double)attr->floats[i]);
    }
}

void op_case_print(const OpSuite *suite, const OpCase *c)
{
    char buffer[SHAPE_TEXT_BYTES];
    printf("%s \"%s\"", suite->op, c->name);
    for (int i = 0; i < OP_CASE_INPUTS; i++) {
        const OpInput *in = &c->in[i];
        if (in->absent) {
            printf(" -");
        } else if (in->shape.rank || in->scalar) {
            printf(" %s%s", shape_text(&in->shape, buffer), in->constant ? "(constant)" : "");
        }
    }
    for (int i = 0; i < OP_CASE_ATTRS && c->attr[i].name; i++) {
        const Attr *attr = &c->attr[i];
        printf(" %s=", attr->name);
        if (attr->kind == ATTR_INT) printf("%lld", (long long)attr->i);
        if (attr->kind == ATTR_FLOAT) printf("%g", (double)attr->f);
        if (attr->kind == ATTR_STRING) printf("%s", attr->s);
        print_list(attr);
    }
}
