/* Whole numbers that sizes are cut by. */
#ifndef CONVOSCOPE_KERNELS_SIZES_H
#define CONVOSCOPE_KERNELS_SIZES_H

#include <stddef.h>

static inline int at_most(int a, int b)
{
    return a < b ? a : b;
}

static inline int at_least(int a, int b)
{
    return a > b ? a : b;
}

static inline int divide_up(int a, int b)
{
    return a / b + (a % b != 0);
}

static inline int round_up(int a, int b)
{
    return divide_up(a, b) * b;
}

static inline size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Floats of so many in whole cache lines. */
static inline size_t whole_lines(size_t floats)
{
    return (floats + 15) & ~(size_t)15;
}

#endif
