/*
 * Smooth activations: Elu, Selu, Celu, HardSigmoid, HardSwish, Gelu, Softplus, Softsign, Mish. None of them
 * is a rectifier: the rules of guided backpropagation leave them alone.
 */
#include <math.h>
#include <string.h>

#include "ops/unary.h"

/* ---- Elu: x, or alpha (exp(x) - 1) below 0 ---- */

static Status elu_plan(Node *n)
{
    return unary_plan_with(n, &(UnaryAttr){"alpha", 1.0F}, 1);
}

static inline float elu_value(float x, const float *p)
{
    return x < 0.0F ? p[0] * expm1f(x) : x;
}

static inline float elu_slope(float x, float y, const float *p)
{
    return x < 0.0F ? y + p[0] : 1.0F;
}

UNARY_OP(elu, "Elu", elu_plan)

/* ---- Selu: gamma times Elu ---- */

static Status selu_plan(Node *n)
{
    static const UnaryAttr attr[] = {{"alpha", 1.67326319F}, {"gamma", 1.05070102F}};
    return unary_plan_with(n, attr, 2);
}

static inline float selu_value(float x, const float *p)
{
    return p[1] * (x < 0.0F ? p[0] * expm1f(x) : x);
}

static inline float selu_slope(float x, float y, const float *p)
{
    return x < 0.0F ? y + p[0] * p[1] : p[1];
}

UNARY_OP(selu, "Selu", selu_plan)

/* ---- Celu: max(0, x) + min(0, alpha (exp(x / alpha) - 1)) ---- */

static Status celu_plan(Node *n)
{
    TRY(unary_plan_with(n, &(UnaryAttr){"alpha", 1.0F}, 1));
    if (*(const float *)n->params != 0.0F) return status_ok();
    return status_error(STATUS_BAD_MODEL, "Celu '%s': alpha is 0, and x is divided by it", n->name);
}

/* With alpha below 0 the exponential belongs to x > 0 as well: so the definition, not a case of it. */
static inline float celu_value(float x, const float *p)
{
    return fmaxf(0.0F, x) + fminf(0.0F, p[0] * expm1f(x / p[0]));
}

static inline float celu_slope(float x, float y, const float *p)
{
    (void)y;
    const float e = p[0] * expm1f(x / p[0]);
    return (x > 0.0F ? 1.0F : 0.0F) + (e < 0.0F ? expf(x / p[0]) : 0.0F);
}

UNARY_OP(celu, "Celu", celu_plan)

/* ---- HardSigmoid: alpha x + beta, within 0 and 1 ---- */

static Status hard_sigmoid_plan(Node *n)
{
    static const UnaryAttr attr[] = {{"alpha", 0.2F}, {"beta", 0.5F}};
    return unary_plan_with(n, attr, 2);
}

static inline float hard_sigmoid_value(float x, const float *p)
{
    const float line = p[0] * x + p[1], raised = line < 0.0F ? 0.0F : line;
    return raised > 1.0F ? 1.0F : raised;
}

static inline float hard_sigmoid_slope(float x, float y, const float *p)
{
    (void)x;
    const float below = y < 1.0F ? p[0] : 0.0F;
    return y > 0.0F ? below : 0.0F;
}

UNARY_OP(hard_sigmoid, "HardSigmoid", hard_sigmoid_plan)

/* ---- HardSwish: x HardSigmoid(x) with alpha 1/6, beta 1/2 ---- */

static inline float hard_swish_value(float x, const float *p)
{
    (void)p;
    const float line = x + 3.0F, raised = line < 0.0F ? 0.0F : line;
    return x * (raised > 6.0F ? 6.0F : raised) * (1.0F / 6.0F);
}

static inline float hard_swish_slope(float x, float y, const float *p)
{
    (void)y, (void)p;
    const float below = x < 3.0F ? (2.0F * x + 3.0F) * (1.0F / 6.0F) : 1.0F;
    return x > -3.0F ? below : 0.0F;
}

UNARY_OP(hard_swish, "HardSwish", unary_plan)

/* ---- Gelu: x times the normal distribution at x, exact or by tanh ---- */

#define SQRT_HALF        0.70710678F
#define SQRT_TWO_BY_PI   0.79788456F
#define INVERSE_SQRT_2PI 0.39894228F
#define GELU_CUBE        0.044715F

static Status gelu_plan(Node *n)
{
    TRY(unary_plan(n));
    TRY(node_params(n, UNARY_PARAMETERS * sizeof(float)));
    const char *approximate = "none";
    TRY(attr_string(n, "approximate", &approximate));
    const bool by_tanh = strcmp(approximate, "tanh") == 0;
    if (!by_tanh && strcmp(approximate, "none") != 0) {
        return status_error(STATUS_BAD_MODEL,
                            "Gelu '%s': approximate is '%.40s', it may be none or tanh", n->name,
                            approximate);
    }
    *(float *)n->params = by_tanh ? 1.0F : 0.0F;
    return status_ok();
}

static inline float gelu_value(float x, const float *p)
{
    if (p[0] == 0.0F) return 0.5F * x * (1.0F + erff(x * SQRT_HALF));
    return 0.5F * x * (1.0F + tanhf(SQRT_TWO_BY_PI * (x + GELU_CUBE * x * x * x)));
}

static inline float gelu_slope(float x, float y, const float *p)
{
    (void)y;
    if (p[0] == 0.0F) {
        return 0.5F * (1.0F + erff(x * SQRT_HALF)) + x * INVERSE_SQRT_2PI * expf(-0.5F * x * x);
    }
    const float t = tanhf(SQRT_TWO_BY_PI * (x + GELU_CUBE * x * x * x));
    const float inner = SQRT_TWO_BY_PI * (1.0F + 3.0F * GELU_CUBE * x * x);
    return 0.5F * (1.0F + t) + 0.5F * x * (1.0F - t * t) * inner;
}

UNARY_OP(gelu, "Gelu", gelu_plan)

/* ---- Softplus: log(1 + exp(x)) ---- */

/* The larger part is taken out, so that exp cannot overflow. */
static inline float softplus_value(float x, const float *p)
{
    (void)p;
    return (x < 0.0F ? 0.0F : x) + log1pf(expf(-fabsf(x)));
}

static inline float softplus_slope(float x, float y, const float *p)
{
    (void)y, (void)p;
    return 1.0F / (1.0F + expf(-x));
}

UNARY_OP(softplus, "Softplus", unary_plan)

/* ---- Softsign: x / (1 + |x|) ---- */

static inline float softsign_value(float x, const float *p)
{
    (void)p;
    return x / (1.0F + fabsf(x));
}

static inline float softsign_slope(float x, float y, const float *p)
{
    (void)y, (void)p;
    const float below = 1.0F + fabsf(x);
    return 1.0F / (below * below);
}

UNARY_OP(softsign, "Softsign", unary_plan)

/* ---- Mish: x tanh(Softplus(x)) ---- */

static inline float mish_value(float x, const float *p)
{
    return x * tanhf(softplus_value(x, p));
}

static inline float mish_slope(float x, float y, const float *p)
{
    const float t = tanhf(softplus_value(x, p));
    return t + x * (1.0F - t * t) * softplus_slope(x, y, p);
}

UNARY_OP(mish, "Mish", unary_plan)
