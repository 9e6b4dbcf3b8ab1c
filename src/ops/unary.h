/*
 * Smooth functions of one value. A file states for each function its value and its derivative,
 *
 *     static inline float exp_value(float x, const float *p)
 *     static inline float exp_slope(float x, float y, const float *p)
 *     UNARY_OP(exp, "Exp", unary_plan)
 *
 * where y is the value at x, and p what plan made of the attributes. The macro makes the loops, into which
 * both are inlined. Rectifiers, which heed the BackwardRule, are not made like this.
 */
#ifndef CONVOSCOPE_OPS_UNARY_H
#define CONVOSCOPE_OPS_UNARY_H

#include "ops/op.h"
#include "parallel.h"

enum { UNARY_PARAMETERS = 2 };

typedef struct Unary {
    const float *x, *y, *dy;
    float *out; /* y forward, dx backward */
    float p[UNARY_PARAMETERS];
} Unary;

typedef struct UnaryAttr {
    const char *name;
    float otherwise;
} UnaryAttr;

/* One input, one output of its shape, no attributes. */
Status unary_plan(Node *n);

/* The same with `count` attributes, which become p; they have to be finite. */
Status unary_plan_with(Node *n, const UnaryAttr *attr, int count);

void unary_forward(const Node *n, ParallelFunction *span);
void unary_backward(const Node *n, ParallelFunction *span);

#define UNARY_OP(id, onnx_name, plan)                                                              \
    static void id##_forward_span(void *context, size_t begin, size_t end, int thread)             \
    {                                                                                              \
        (void)thread;                                                                              \
        const Unary *u = context;                                                                  \
        const float *restrict x = u->x;                                                            \
        float *restrict y = u->out;                                                                \
        for (size_t i = begin; i < end; i++) y[i] = id##_value(x[i], u->p);                        \
    }                                                                                              \
    static void id##_forward(const Node *n)                                                        \
    {                                                                                              \
        unary_forward(n, id##_forward_span);                                                       \
    }                                                                                              \
    static void id##_backward_span(void *context, size_t begin, size_t end, int thread)            \
    {                                                                                              \
        (void)thread;                                                                              \
        const Unary *u = context;                                                                  \
        const float *restrict x = u->x, *restrict y = u->y, *restrict dy = u->dy;                  \
        float *restrict dx = u->out;                                                               \
        for (size_t i = begin; i < end; i++) dx[i] += dy[i] * id##_slope(x[i], y[i], u->p);        \
    }                                                                                              \
    static void id##_backward(const Node *n, const BackwardRule *rule)                             \
    {                                                                                              \
        (void)rule;                                                                                \
        unary_backward(n, id##_backward_span);                                                     \
    }                                                                                              \
    const Op op_##id = {onnx_name, plan, id##_forward, id##_backward};

#endif
