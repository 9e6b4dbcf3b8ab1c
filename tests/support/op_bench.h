/* The bench of op_check: one case's planned node, its buffers, and the same numbers in double. */
#ifndef CONVOSCOPE_TESTS_SUPPORT_OP_BENCH_H
#define CONVOSCOPE_TESTS_SUPPORT_OP_BENCH_H

#include "base/random.h"
#include "support/op_check.h"

enum { BENCH_MAX_BLOCKS = 96 };

typedef struct Bench {
    const OpSuite *suite;
    const OpCase *c;
    uint64_t seed;
    Random random;
    int failures;

    Graph *graph;
    Node *node;
    int in_count, out_count;
    Value *in[OP_CASE_INPUTS];
    OpArray x[OP_CASE_INPUTS], y[OP_CASE_OUTPUTS];
    double *w[OP_CASE_OUTPUTS];      /* the linear functional: L = sum of w y */
    float *expected[OP_CASE_INPUTS]; /* dL/dx as the first backward gave it */

    void *blocks[BENCH_MAX_BLOCKS];
    int block_count;
} Bench;

/* Plans the node of the case on random inputs; the error, if any, is plan's. */
Status bench_build(Bench *b);

/* The buffers of forward and backward, each of exactly its size and full of NaN, and the functional. */
void bench_allocate(Bench *b);
void bench_release(Bench *b);

/* Memory that lasts as long as the bench, `shift` bytes past a multiple of 64, full of NaN. */
void *bench_block(Bench *b, size_t bytes, size_t shift);
float *bench_floats(Bench *b, const Shape *shape);
double *bench_doubles(Bench *b, const Shape *shape);

/* The gradients of all inputs are 0 again. */
void bench_clear_gradients(Bench *b);

/* Counts a failure and prints it with op, shapes, attributes and seed. */
void bench_fail(Bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Runs all checks of the case; returns the number of failures. op_check.c */
int op_check_case(const OpSuite *suite, const OpCase *c, uint64_t seed);

#endif
