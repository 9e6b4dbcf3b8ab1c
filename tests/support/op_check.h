/*
 * op_check: one list of cases per op serves the comparison with a naive double-precision reference, the
 * gradient check, the refusals and the timing.
 *
 *     static void relu_reference(const OpCase *c, const OpArray *x, OpArray *y)
 *     {
 *         (void)c;
 *         for (size_t i = 0; i < op_array_count(y); i++) y->data[i] = fmax(x->data[i], 0);
 *     }
 *     static const OpCase relu_cases[] = {
 *         {.name = "odd size", .in = {{SHAPE(1, 3, 5, 7), .kinks = {0}, .kink_count = 1}}},
 *         {.name = "two inputs", .in = {{SHAPE(4)}, {SHAPE(4)}}, .refused = "takes 1"},
 *     };
 *     static const OpSuite suites[] = {
 *         {OP_CASES("Relu", relu_cases), .reference = relu_reference, .rectifier = true},
 *     };
 *     OP_TEST_MAIN(suites)
 *
 * Each case: a one-node graph is planned; forward runs on random inputs with every buffer of exactly its
 * size (so that a sanitizer sees a step outside), the output, cache and scratch filled with NaN; constants
 * are only 4-byte aligned. Backward is compared with central differences of a random linear functional of
 * the reference, for every coordinate of every input and parameter; it must accumulate, leave its inputs
 * alone, do without the gradients that are not wanted, and heed BackwardRule only in a rectifier.
 *
 * Arguments of a test program: part of a case's name (runs those), --seed N, --list, --time.
 */
#ifndef CONVOSCOPE_TESTS_SUPPORT_OP_CHECK_H
#define CONVOSCOPE_TESTS_SUPPORT_OP_CHECK_H

#include "graph.h"

enum { OP_CASE_INPUTS = 6, OP_CASE_OUTPUTS = 4, OP_CASE_ATTRS = 10, OP_CASE_KINKS = 2 };

/* .shape from its dimensions, in an OpInput or as .out of an OpCase: {SHAPE(1, 3, 5, 5)}. */
#define SHAPE(...) .shape = DIMS(__VA_ARGS__)
#define DIMS(...)                                                                                  \
    {                                                                                              \
        .rank = (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), .dim = { __VA_ARGS__ }          \
    }

/* Attributes of a case. */
#define INT(attribute, value)                                                                      \
    {                                                                                              \
        .name = (attribute), .kind = ATTR_INT, .i = (value)                                        \
    }
#define FLOAT(attribute, value)                                                                    \
    {                                                                                              \
        .name = (attribute), .kind = ATTR_FLOAT, .f = (value)                                      \
    }
#define TEXT(attribute, value)                                                                     \
    {                                                                                              \
        .name = (attribute), .kind = ATTR_STRING, .s = (value)                                     \
    }
#define NO_INTS(attribute)                                                                         \
    {                                                                                              \
        .name = (attribute), .kind = ATTR_INTS                                                     \
    }
#define INTS(attribute, ...)                                                                       \
    {                                                                                              \
        .name = (attribute), .kind = ATTR_INTS, .ints = (const int64_t[]){__VA_ARGS__},            \
        .count = (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))                         \
    }
#define FLOATS(attribute, ...)                                                                     \
    {                                                                                              \
        .name = (attribute), .kind = ATTR_FLOATS, .floats = (const float[]){__VA_ARGS__},          \
        .count = (int)(sizeof((float[]){__VA_ARGS__}) / sizeof(float))                             \
    }

typedef struct OpInput {
    Shape shape;
    bool constant;               /* a weight: gradient only with GRAPH_PARAMETER_GRADIENTS */
    bool absent;                 /* an optional input that is not given */
    bool scalar;                 /* rank 0 */
    bool distinct;               /* no two values within 1e-4 x range, e.g. for a maximum */
    double low, high;            /* range of the values; both 0: -1 to 1 */
    double kinks[OP_CASE_KINKS]; /* values to stay away from by 0.01 */
    int kink_count;
} OpInput;

typedef struct OpCase {
    const char *name;
    OpInput in[OP_CASE_INPUTS]; /* ends at the first all-zero entry */
    int out_count;              /* 0: 1 */
    struct {
        Shape shape;
    } out[OP_CASE_OUTPUTS]; /* what plan has to say; all zero: the shape of in[0] */
    Attr attr[OP_CASE_ATTRS];
    int opset;           /* 0: 13 */
    const char *refused; /* plan must fail, with this word in the sentence */
    double tolerance;    /* of values and gradients relative to their maximum; 0: 1e-5 */
    int sampled;         /* for large shapes: so many coordinates per input, not all */
    bool no_gradient;    /* forward only (the reason in a comment) */
    /* Room that a sweep may point attributes and the name to. */
    char text[96];
    int64_t ints[32];
    float floats[16];
} OpCase;

typedef struct OpArray {
    Shape shape;
    double *data; /* NULL where the input is absent */
} OpArray;

/* Writes y[0] to y[out_count - 1] from x; the shapes of y are set. */
typedef void (*OpReference)(const OpCase *c, const OpArray *x, OpArray *y);

/* Fills *c (zeroed) with the case of that index; false past the last. */
typedef bool (*OpSweep)(int index, OpCase *c);

typedef struct OpSuite {
    const char *op;
    const OpCase *cases;
    int count;
    OpSweep sweep; /* more cases, generated; may be NULL */
    OpReference reference;
    const Op *instead; /* run after the op's own plan: for the test of the harness itself */
    bool rectifier; /* heeds BackwardRule: open where the derivative is 1, see rectifier_expected */
} OpSuite;

/* test_all_ops_covered looks for these words in the sources. */
#define OP_CASES(onnx_name, list)                                                                  \
    .op = (onnx_name), .cases = (list), .count = (int)(sizeof(list) / sizeof *(list))

int op_check_main(int argc, char **argv, const OpSuite *suites, int count);

/* One line without its end: op, name, shapes, attributes. */
void op_case_print(const OpSuite *suite, const OpCase *c);

#define OP_TEST_MAIN(suites)                                                                       \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return op_check_main(argc, argv, suites, (int)(sizeof suites / sizeof *suites));           \
    }

/* For references: attributes of the case, or the fallback. */
const Attr *op_case_attr(const OpCase *c, const char *name);
int64_t op_case_int(const OpCase *c, const char *name, int64_t fallback);
double op_case_float(const OpCase *c, const char *name, double fallback);
/* The index-th of a list. */
int64_t op_case_ints(const OpCase *c, const char *name, int index, int64_t fallback);

size_t op_array_count(const OpArray *array);

/* Row-major position of an index with shape.rank entries, and back. */
size_t op_offset(const Shape *shape, const int *index);
void op_index(const Shape *shape, size_t offset, int *index);

#endif
