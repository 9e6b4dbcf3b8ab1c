/* Functions of mathematics, one value at a time: Exp, Log, Sqrt, Reciprocal, Erf, Abs, Neg, Sign, and the
 * steps Floor, Ceil and Round, through which no gradient passes. */
#include <math.h>

#include "ops/unary.h"

/* y = exp(x): dx += y dy */
static inline float exp_value(float x, const float *p)
{
    (void)p;
    return expf(x);
}

static inline float exp_slope(float x, float y, const float *p)
{
    (void)x, (void)p;
    return y;
}

UNARY_OP(exp, "Exp", unary_plan)

/* y = log(x): dx += dy / x */
static inline float log_value(float x, const float *p)
{
    (void)p;
    return logf(x);
}

static inline float log_slope(float x, float y, const float *p)
{
    (void)y, (void)p;
    return 1.0F / x;
}

UNARY_OP(log, "Log", unary_plan)

/* y = sqrt(x): dx += dy / (2 y) */
static inline float sqrt_value(float x, const float *p)
{
    (void)p;
    return sqrtf(x);
}

static inline float sqrt_slope(float x, float y, const float *p)
{
    (void)x, (void)p;
    return 0.5F / y;
}

UNARY_OP(sqrt, "Sqrt", unary_plan)

/* y = 1 / x: dx -= y^2 dy */
static inline float reciprocal_value(float x, const float *p)
{
    (void)p;
    return 1.0F / x;
}

static inline float reciprocal_slope(float x, float y, const float *p)
{
    (void)x, (void)p;
    return -y * y;
}

UNARY_OP(reciprocal, "Reciprocal", unary_plan)

/* y = erf(x): dx += 2 / sqrt(pi) exp(-x^2) dy */
static inline float erf_value(float x, const float *p)
{
    (void)p;
    return erff(x);
}

static inline float erf_slope(float x, float y, const float *p)
{
    (void)y, (void)p;
    return 1.12837917F * expf(-x * x);
}

UNARY_OP(erf, "Erf", unary_plan)

/* y = |x|: dx += sign(x) dy */
static inline float sign_value(float x, const float *p)
{
    (void)p;
    if (x > 0.0F) return 1.0F;
    return x < 0.0F ? -1.0F : x; /* not-a-number goes through */
}

static inline float abs_value(float x, const float *p)
{
    (void)p;
    return fabsf(x);
}

static inline float abs_slope(float x, float y, const float *p)
{
    (void)y;
    return sign_value(x, p);
}

UNARY_OP(abs, "Abs", unary_plan)

/* y = -x: dx -= dy */
static inline float neg_value(float x, const float *p)
{
    (void)p;
    return -x;
}

static inline float neg_slope(float x, float y, const float *p)
{
    (void)x, (void)y, (void)p;
    return -1.0F;
}

UNARY_OP(neg, "Neg", unary_plan)

/* ---- steps: the derivative is 0 wherever there is one ---- */

static inline float floor_value(float x, const float *p)
{
    (void)p;
    return floorf(x);
}

static inline float ceil_value(float x, const float *p)
{
    (void)p;
    return ceilf(x);
}

/* Halves go to the even neighbour, as ONNX says. */
static inline float round_value(float x, const float *p)
{
    (void)p;
    return rintf(x);
}

static inline float flat_slope(float x, float y, const float *p)
{
    (void)x, (void)y, (void)p;
    return 0.0F;
}

#define sign_slope  flat_slope
#define floor_slope flat_slope
#define ceil_slope  flat_slope
#define round_slope flat_slope

UNARY_OP(sign, "Sign", unary_plan)
UNARY_OP(floor, "Floor", unary_plan)
UNARY_OP(ceil, "Ceil", unary_plan)
UNARY_OP(round, "Round", unary_plan)
