/* Operators that calculate with the elements of constants. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "onnx/fold.h"
#include "onnx/weights.h"

/* Integers wrap around, as ONNX's reference does. */
static int64_t wrap_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t wrap_mul(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static int64_t negate(int64_t a)
{
    return (int64_t)((uint64_t)0 - (uint64_t)a);
}

typedef enum Binary {
    ADD,
    SUB,
    MUL,
    DIV,
    MOD,
    FMOD,
    POW,
    MIN,
    MAX,
    EQUAL,
    LESS,
    GREATER,
    LESS_EQUAL,
    GREATER_EQUAL,
    AND,
    OR,
} Binary;

static bool is_comparison(Binary op)
{
    return op >= EQUAL;
}

/* False on a division by zero. */
static bool binary_ints(Binary op, int64_t a, int64_t b, int64_t *result)
{
    int64_t r = 0;
    switch (op) {
    case ADD: r = wrap_add(a, b); break;
    case SUB: r = wrap_add(a, negate(b)); break;
    case MUL: r = wrap_mul(a, b); break;
    case DIV:
        if (b == 0) return false;
        r = b == -1 ? negate(a) : a / b;
        break;
    case MOD:  /* the sign of the divisor */
    case FMOD: /* the sign of the dividend */
        if (b == 0) return false;
        r = b == -1 ? 0 : a % b;
        if (op == MOD && r != 0 && (r < 0) != (b < 0)) r += b;
        break;
    case POW: {
        double p = pow((double)a, (double)b);
        r = p >= -9.2e18 && p <= 9.2e18 ? (int64_t)p : 0;
        break;
    }
    case MIN: r = a < b ? a : b; break;
    case MAX: r = a > b ? a : b; break;
    case EQUAL: r = a == b; break;
    case LESS: r = a < b; break;
    case GREATER: r = a > b; break;
    case LESS_EQUAL: r = a <= b; break;
    case GREATER_EQUAL: r = a >= b; break;
    case AND: r = a && b; break;
    case OR: r = a || b; break;
    }
    *result = r;
    return true;
}

static float binary_floats(Binary op, float a, float b)
{
    switch (op) {
    case ADD: return a + b;
    case SUB: return a - b;
    case MUL: return a * b;
    case DIV: return a / b;
    case MOD:
    case FMOD: return fmodf(a, b);
    case POW: return powf(a, b);
    case MIN: return a < b ? a : b;
    case MAX: return a > b ? a : b;
    case EQUAL: return a == b;
    case LESS: return a < b;
    case GREATER: return a > b;
    case LESS_EQUAL: return a <= b;
    case GREATER_EQUAL: return a >= b;
    case AND:
    case OR: break;
    }
    return 0;
}

/* Dimensions of a and b broadcast against each other. */
static Status broadcast(Fold *fold, const ConstTensor *a, const ConstTensor *b, int *rank,
                        int64_t *dim)
{
    *rank = a->rank > b->rank ? a->rank : b->rank;
    for (int i = 0; i < *rank; i++) {
        int ia = i - (*rank - a->rank), ib = i - (*rank - b->rank);
        int64_t da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];
        if (da != db && da != 1 && db != 1)
            return fold_error(fold, "the shapes of its inputs do not go together");
        dim[i] = da == 1 ? db : da;
    }
    return status_ok();
}

/* The element of t that goes with an element of the broadcast result. */
static uint64_t source_index(const ConstTensor *t, int rank, const int64_t *dim, uint64_t index)
{
    uint64_t result = 0, stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        uint64_t position = index % (uint64_t)dim[i];
        index /= (uint64_t)dim[i];
        int own = i - (rank - t->rank);
        if (own < 0) break;
        if (t->dim[own] != 1) result += position * stride;
        stride *= (uint64_t)t->dim[own];
    }
    return result;
}

static Status binary_pair(Fold *fold, Binary op, const ConstTensor *a, const ConstTensor *b)
{
    if (const_is_float(a) != const_is_float(b))
        return fold_error(fold, "its inputs are of different types");
    const bool floats = const_is_float(a);
    int rank;
    int64_t dim[SHAPE_MAX_RANK];
    void *data;
    TRY(broadcast(fold, a, b, &rank, dim));
    TRY(fold_result(fold, 0, is_comparison(op) ? ONNX_BOOL : a->type, rank, dim, &data));
    for (uint64_t i = 0; i < fold->out[0]->count; i++) {
        uint64_t ia = source_index(a, rank, dim, i), ib = source_index(b, rank, dim, i);
        if (!floats) {
            int64_t result;
            if (!binary_ints(op, const_ints(a)[ia], const_ints(b)[ib], &result))
                return fold_error(fold, "it divides an integer by zero");
            ((int64_t *)data)[i] = const_narrow(result, fold->out[0]->type);
            continue;
        }
        float result = binary_floats(op, const_floats(a)[ia], const_floats(b)[ib]);
        if (is_comparison(op)) {
            ((int64_t *)data)[i] = result != 0;
        } else {
            ((float *)data)[i] = result;
        }
    }
    return status_ok();
}

static Status fold_binary(Fold *fold)
{
    static const char *const ops[] = {"Add",         "Sub",
                                      "Mul",         "Div",
                                      "Mod",         "",
                                      "Pow",         "Min",
                                      "Max",         "Equal",
                                      "Less",        "Greater",
                                      "LessOrEqual", "GreaterOrEqual",
                                      "And",         "Or"};
    int op = 0;
    while (strcmp(ops[op], fold->node->op) != 0) op++;
    if (op == MOD && fold_int_attr(fold, "fmod", 0)) op = FMOD;
    ConstTensor *a, *b;
    TRY(fold_input(fold, 0, &a));
    if (fold->node->in_count == 1) return binary_pair(fold, (Binary)op, a, a);
    for (int i = 1; i < fold->node->in_count; i++) {
        TRY(fold_input(fold, i, &b));
        TRY(binary_pair(fold, (Binary)op, a, b));
        a = fold->out[0];
    }
    return status_ok();
}

static float unary_float(const char *op, float x)
{
    switch (op[0]) {
    case 'N': return -x;
    case 'A': return fabsf(x);
    case 'F': return floorf(x);
    case 'C': return ceilf(x);
    case 'R': return rintf(x);
    default: return sqrtf(x);
    }
}

/* Neg, Abs, Floor, Ceil, Round, Sqrt, Not. */
static Status fold_unary(Fold *fold)
{
    const char *op = fold->node->op;
    ConstTensor *t;
    void *data;
    TRY(fold_input(fold, 0, &t));
    TRY(fold_result(fold, 0, t->type, t->rank, t->dim, &data));
    for (uint64_t i = 0; i < t->count; i++) {
        if (const_is_float(t)) {
            ((float *)data)[i] = unary_float(op, const_floats(t)[i]);
            continue;
        }
        int64_t x = const_ints(t)[i];
        if (strcmp(op, "Not") == 0) {
            x = !x;
        } else if (op[0] == 'N' || (op[0] == 'A' && x < 0)) {
            x = negate(x);
        }
        ((int64_t *)data)[i] = const_narrow(x, t->type);
    }
    return status_ok();
}

/* Truncates; what does not fit becomes the nearest that does. */
static int64_t float_to_int(float x)
{
    if (x >= 9.2233715e18F) return INT64_MAX;
    if (x <= -9.2233715e18F) return INT64_MIN;
    return x == x ? (int64_t)x : 0;
}

static Status cast_from_file(Fold *fold, ConstTensor *from, OnnxType type)
{
    const float *floats;
    TRY(onnx_floats(fold->model, from->source, &floats));
    ConstTensor *t = arena_alloc(fold->arena, sizeof *t);
    if (!t) return status_no_memory(fold->node->name, sizeof *t);
    *t = *from;
    t->type = type;
    t->data = floats;
    t->source = NULL;
    t->lasting = true;
    fold->out[0] = t;
    return status_ok();
}

static Status fold_cast(Fold *fold)
{
    const int64_t to = fold_int_attr(fold, "to", 0);
    const OnnxType type = (OnnxType)(to > 0 && to <= ONNX_BFLOAT16 ? to : 0);
    if (onnx_type_size(type) == 0) return fold_error(fold, "its type is not supported");
    if (fold->node->in_count < 1 || !fold->in[0]) return fold_error(fold, "its input is missing");
    /* Weights of another type become float32 once, whatever their size. */
    if (onnx_type_is_float(type) && fold->in[0]->source && fold->in[0]->count)
        return cast_from_file(fold, fold->in[0], type);
    ConstTensor *t;
    void *data;
    TRY(fold_input(fold, 0, &t));
    TRY(fold_result(fold, 0, type, t->rank, t->dim, &data));
    for (uint64_t i = 0; i < t->count; i++) {
        const bool from_float = const_is_float(t);
        if (onnx_type_is_float(type)) {
            ((float *)data)[i] = from_float ? const_floats(t)[i] : (float)const_ints(t)[i];
        } else if (type == ONNX_BOOL && from_float) {
            ((int64_t *)data)[i] = const_floats(t)[i] != 0;
        } else {
            int64_t x = from_float ? float_to_int(const_floats(t)[i]) : const_ints(t)[i];
            ((int64_t *)data)[i] = const_narrow(x, type);
        }
    }
    return status_ok();
}

static Status fold_where(Fold *fold)
{
    ConstTensor *condition, *a, *b;
    TRY(fold_input(fold, 0, &condition));
    TRY(fold_input(fold, 1, &a));
    TRY(fold_input(fold, 2, &b));
    if (const_is_float(a) != const_is_float(b) || const_is_float(condition))
        return fold_error(fold, "its inputs are of different types");
    int rank;
    int64_t dim[SHAPE_MAX_RANK];
    TRY(broadcast(fold, a, b, &rank, dim));
    ConstTensor both = {.rank = rank};
    memcpy(both.dim, dim, sizeof dim);
    TRY(broadcast(fold, &both, condition, &rank, dim));
    void *data;
    TRY(fold_result(fold, 0, a->type, rank, dim, &data));
    for (uint64_t i = 0; i < fold->out[0]->count; i++) {
        bool yes = const_ints(condition)[source_index(condition, rank, dim, i)] != 0;
        const ConstTensor *from = yes ? a : b;
        uint64_t at = source_index(from, rank, dim, i);
        if (const_is_float(a)) {
            ((float *)data)[i] = const_floats(from)[at];
        } else {
            ((int64_t *)data)[i] = const_ints(from)[at];
        }
    }
    return status_ok();
}

static Status fold_range(Fold *fold)
{
    ConstTensor *start, *limit, *step;
    TRY(fold_input(fold, 0, &start));
    TRY(fold_input(fold, 1, &limit));
    TRY(fold_input(fold, 2, &step));
    const bool floats = const_is_float(start);
    if (start->count != 1 || limit->count != 1 || step->count != 1 ||
        const_is_float(limit) != floats || const_is_float(step) != floats)
        return fold_error(fold, "start, limit and step must be single numbers of one type");
    double a = floats ? const_floats(start)[0] : (double)const_ints(start)[0];
    double b = floats ? const_floats(limit)[0] : (double)const_ints(limit)[0];
    double s = floats ? const_floats(step)[0] : (double)const_ints(step)[0];
    double length = s != 0 ? ceil((b - a) / s) : 0;
    if (!(length <= FOLD_MAX_ELEMENTS)) return fold_error(fold, "the range is too long");
    int64_t count = length > 0 ? (int64_t)length : 0;
    void *data;
    TRY(fold_result(fold, 0, start->type, 1, &count, &data));
    for (int64_t i = 0; i < count; i++) {
        if (floats) {
            ((float *)data)[i] = (float)(a + (double)i * s);
        } else {
            ((int64_t *)data)[i] = wrap_add(const_ints(start)[0], wrap_mul(i, const_ints(step)[0]));
        }
    }
    return status_ok();
}

/* ReduceProd, ReduceSum, ReduceMin, ReduceMax. */
static Status fold_reduce(Fold *fold)
{
    static const struct {
        const char *op;
        Binary binary;
    } table[] = {{"ReduceProd", MUL}, {"ReduceSum", ADD}, {"ReduceMin", MIN}, {"ReduceMax", MAX}};
    int op = 0;
    while (strcmp(table[op].op, fold->node->op) != 0) op++;
    ConstTensor *t;
    const int64_t *axes;
    int axis_count, rank = 0;
    TRY(fold_input(fold, 0, &t));
    TRY(fold_ints(fold, 1, "axes", &axes, &axis_count));
    if (t->count == 0) return fold_error(fold, "it reduces an empty tensor");
    bool reduced[SHAPE_MAX_RANK];
    const bool all = axis_count == 0 && !fold_int_attr(fold, "noop_with_empty_axes", 0);
    for (int i = 0; i < SHAPE_MAX_RANK; i++) reduced[i] = all;
    for (int i = 0; i < axis_count; i++) {
        int axis;
        TRY(fold_axis(fold, axes[i], t->rank, &axis));
        reduced[axis] = true;
    }
    const bool keep = fold_int_attr(fold, "keepdims", 1) != 0;
    int64_t dim[SHAPE_MAX_RANK], full[SHAPE_MAX_RANK];
    for (int i = 0; i < t->rank; i++) {
        full[i] = reduced[i] ? 1 : t->dim[i];
        if (!reduced[i] || keep) dim[rank++] = full[i];
    }
    void *data;
    TRY(fold_result(fold, 0, t->type, rank, dim, &data));
    ConstTensor *out = fold->out[0], wide = {.rank = t->rank, .count = out->count};
    memcpy(wide.dim, full, sizeof full);
    bool *begun = arena_alloc(fold->arena, (size_t)out->count);
    if (!begun) return status_no_memory(fold->node->name, out->count);
    for (uint64_t i = 0; i < t->count; i++) {
        uint64_t to = source_index(&wide, t->rank, t->dim, i);
        if (const_is_float(t)) {
            float *x = &((float *)data)[to], y = const_floats(t)[i];
            *x = begun[to] ? binary_floats(table[op].binary, *x, y) : y;
        } else {
            int64_t *x = &((int64_t *)data)[to], y = const_ints(t)[i];
            if (!begun[to]) *x = y;
            if (begun[to]) binary_ints(table[op].binary, *x, y, x);
            *x = const_narrow(*x, t->type);
        }
        begun[to] = true;
    }
    return status_ok();
}

/* ---- DequantizeLinear: (x - zero point) x scale, per tensor or along an axis ---- */

static Status dequantize_check(Fold *fold, ConstTensor *x, ConstTensor *scale, ConstTensor *zero,
                               size_t *inner)
{
    int axis = 0;
    if (!const_is_float(scale)) return fold_error(fold, "its scale is not a float");
    if (zero && (zero->count != scale->count || const_is_float(zero)))
        return fold_error(fold, "its zero point does not fit its scale");
    *inner = (size_t)x->count;
    if (scale->count == 1) return status_ok();
    TRY(fold_axis(fold, fold_int_attr(fold, "axis", 1), x->rank, &axis));
    if (scale->rank != 1 || (int64_t)scale->count != x->dim[axis] || x->count == 0)
        return fold_error(fold, "its scale has not one value for each index of its axis");
    *inner = 1;
    for (int i = axis + 1; i < x->rank; i++) *inner *= (size_t)x->dim[i];
    return status_ok();
}

static Status fold_dequantize(Fold *fold)
{
    ConstTensor *x = fold->in[0], *scale, *zero = NULL;
    TRY(fold_input(fold, 1, &scale));
    if (fold->node->in_count > 2 && fold->in[2]) TRY(fold_input(fold, 2, &zero));
    if (!x || const_is_float(x) || !x->source)
        return fold_error(fold, "it takes integers of the file");
    size_t inner = 1;
    TRY(dequantize_check(fold, x, scale, zero, &inner));
    ConstTensor *t = arena_alloc(fold->arena, sizeof *t);
    if (!t) return status_no_memory(fold->node->name, sizeof *t);
    *t = *x;
    t->type = ONNX_FLOAT;
    t->source = NULL;
    t->lasting = true;
    fold->out[0] = t;
    /* Inputs that come from the file give the same numbers for each graph. */
    OnnxFolded *cached = &fold->model->folded[fold->index];
    const bool lasting = scale->lasting && (!zero || zero->lasting);
    t->data = cached->weight;
    if ((t->data && lasting) || x->count == 0) return status_ok();
    const float *values;
    TRY(onnx_floats(fold->model, x->source, &values));
    float *data = arena_alloc(fold->model->arena, (size_t)x->count * sizeof *data);
    if (!data) return status_no_memory(fold->node->name, x->count * sizeof *data);
    for (size_t i = 0; i < x->count; i++) {
        size_t k = scale->count == 1 ? 0 : i / inner % (size_t)scale->count;
        float offset = zero ? (float)const_ints(zero)[k] : 0;
        data[i] = (values[i] - offset) * const_floats(scale)[k];
    }
    t->data = data;
    if (lasting) cached->weight = data;
    return status_ok();
}

FoldFunction fold_find_math(const char *op)
{
    static const char *const binary[] = {"Add",
                                         "Sub",
                                         "Mul",
                                         "Div",
                                         "Mod",
                                         "Pow",
                                         "Min",
                                         "Max",
                                         "Equal",
                                         "Less",
                                         "Greater",
                                         "LessOrEqual",
                                         "GreaterOrEqual",
                                         "And",
                                         "Or"};
    static const char *const unary[] = {"Neg", "Abs", "Floor", "Ceil", "Round", "Sqrt", "Not"};
    static const char *const reduce[] = {"ReduceProd", "ReduceSum", "ReduceMin", "ReduceMax"};
    for (size_t i = 0; i < sizeof binary / sizeof *binary; i++) {
        if (strcmp(binary[i], op) == 0) return fold_binary;
    }
    for (size_t i = 0; i < sizeof unary / sizeof *unary; i++) {
        if (strcmp(unary[i], op) == 0) return fold_unary;
    }
    for (size_t i = 0; i < sizeof reduce / sizeof *reduce; i++) {
        if (strcmp(reduce[i], op) == 0) return fold_reduce;
    }
    if (strcmp(op, "Cast") == 0) return fold_cast;
    if (strcmp(op, "Where") == 0) return fold_where;
    if (strcmp(op, "Range") == 0) return fold_range;
    if (strcmp(op, "DequantizeLinear") == 0) return fold_dequantize;
    return NULL;
}
