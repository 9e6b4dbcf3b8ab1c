#include "ops/op.h"

#include <limits.h>
#include <string.h>

const BackwardRule backward_exact = {"exact", .gate_activation = true};
const BackwardRule backward_guided = {"guided", .gate_activation = true, .gate_gradient = true};
const BackwardRule backward_deconvnet = {"deconvnet", .gate_gradient = true};
const BackwardRule backward_redirected = {"redirected", .gate_activation = true, .redirect = true};

#define OP(identifier, onnx_name, since, limits) extern const Op op_##identifier;
#include "ops/ops.def"
#undef OP

static const Op *const ops[] = {
#define OP(identifier, onnx_name, since, limits) &op_##identifier,
#include "ops/ops.def"
#undef OP
};

enum { OP_COUNT = sizeof ops / sizeof *ops };

const Op *op_find(const char *name)
{
    for (int i = 0; i < OP_COUNT; i++) {
        if (strcmp(ops[i]->name, name) == 0) return ops[i];
    }
    return NULL;
}

int op_count(void)
{
    return OP_COUNT;
}

const Op *op_at(int index)
{
    return ops[index];
}

const BackwardRule *backward_rule_find(const char *name)
{
    static const BackwardRule *const rules[] = {&backward_exact, &backward_guided,
                                                &backward_deconvnet, &backward_redirected};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (strcmp(rules[i]->name, name) == 0) return rules[i];
    }
    return NULL;
}

const BackwardRule *rule_of_item(const BackwardRule *rule, const float *y, const float *dy,
                                 size_t count)
{
    if (!rule->redirect) return rule;
    for (size_t i = 0; i < count; i++) {
        if (y[i] > 0.0F && dy[i] != 0.0F) return &backward_exact;
    }
    return &backward_deconvnet;
}

Status node_params(Node *n, size_t bytes)
{
    n->params = arena_alloc(n->arena, bytes);
    return n->params ? status_ok() : status_no_memory("the parameters of a node", bytes);
}

Status node_inputs(const Node *n, int least, int most)
{
    if (n->in_count < least || n->in_count > most) {
        return status_error(STATUS_BAD_MODEL, "%s '%s' has %d inputs, it takes %d to %d",
                            n->op->name, n->name, n->in_count, least, most);
    }
    for (int i = 0; i < least; i++) {
        if (!n->in[i]) {
            return status_error(STATUS_BAD_MODEL, "%s '%s' lacks its input %d", n->op->name,
                                n->name, i);
        }
    }
    return status_ok();
}

Status node_outputs(const Node *n, int most)
{
    if (n->out_count >= 1 && n->out_count <= most) return status_ok();
    return status_error(STATUS_BAD_MODEL, "%s '%s' has %d outputs, it gives 1 to %d", n->op->name,
                        n->name, n->out_count, most);
}

const Attr *attr_find(const Node *n, const char *name)
{
    for (int i = 0; i < n->attr_count; i++) {
        if (strcmp(n->attr[i].name, name) == 0) return &n->attr[i];
    }
    return NULL;
}

static Status attr_wrong_kind(const Node *n, const char *name, const char *expected)
{
    return status_error(STATUS_BAD_MODEL, "%s '%s': attribute '%s' is not %s", n->op->name, n->name,
                        name, expected);
}

static Status attr_narrow(const Node *n, const char *name, int64_t wide, int *value)
{
    if (wide < INT_MIN || wide > INT_MAX) {
        return status_error(STATUS_BAD_MODEL,
                            "%s '%s': attribute '%s' has the value %lld, out of range", n->op->name,
                            n->name, name, (long long)wide);
    }
    *value = (int)wide;
    return status_ok();
}

Status attr_int(const Node *n, const char *name, int *value)
{
    const Attr *attr = attr_find(n, name);
    if (!attr) return status_ok();
    if (attr->kind != ATTR_INT) return attr_wrong_kind(n, name, "an integer");
    return attr_narrow(n, name, attr->i, value);
}

Status attr_float(const Node *n, const char *name, float *value)
{
    const Attr *attr = attr_find(n, name);
    if (!attr) return status_ok();
    if (attr->kind != ATTR_FLOAT) return attr_wrong_kind(n, name, "a number");
    *value = attr->f;
    return status_ok();
}

Status attr_string(const Node *n, const char *name, const char **value)
{
    const Attr *attr = attr_find(n, name);
    if (!attr) return status_ok();
    if (attr->kind != ATTR_STRING) return attr_wrong_kind(n, name, "a text");
    *value = attr->s;
    return status_ok();
}

static Status attr_too_many(const Node *n, const Attr *attr, int most)
{
    return status_error(STATUS_BAD_MODEL,
                        "%s '%s': attribute '%s' has %d values, at most %d make sense", n->op->name,
                        n->name, attr->name, attr->count, most);
}

Status attr_ints(const Node *n, const char *name, int most, int *values, int *count)
{
    *count = 0;
    const Attr *attr = attr_find(n, name);
    if (!attr) return status_ok();
    if (attr->kind != ATTR_INTS) return attr_wrong_kind(n, name, "a list of integers");
    if (attr->count > most) return attr_too_many(n, attr, most);
    for (int i = 0; i < attr->count; i++) TRY(attr_narrow(n, name, attr->ints[i], &values[i]));
    *count = attr->count;
    return status_ok();
}

Status attr_floats(const Node *n, const char *name, int most, float *values, int *count)
{
    *count = 0;
    const Attr *attr = attr_find(n, name);
    if (!attr) return status_ok();
    if (attr->kind != ATTR_FLOATS) return attr_wrong_kind(n, name, "a list of numbers");
    if (attr->count > most) return attr_too_many(n, attr, most);
    if (attr->count) memcpy(values, attr->floats, (size_t)attr->count * sizeof *values);
    *count = attr->count;
    return status_ok();
}

Status node_axis(const Node *n, const char *name, int rank, int *axis)
{
    int given = *axis;
    if (*axis < 0) *axis += rank;
    if (*axis >= 0 && *axis < rank) return status_ok();
    return status_error(STATUS_BAD_MODEL, "%s '%s': %s is %d, the tensor has %d dimensions",
                        n->op->name, n->name, name, given, rank);
}
