#include "techniques/inversion_prior.h"

#include <math.h>

/* pow, but quick for the published exponents: of the sixth, and of none. */
static double power_of(double x, double exponent)
{
    if (exponent == 6) return x * x * x * (x * x * x);
    return exponent == 0 ? 1 : pow(x, exponent);
}

double alpha_norm(const float *x, size_t count, float alpha, double weight, float *dx)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const float size = fabsf(x[i]);
        if (size == 0) continue;
        const double power = power_of(size, alpha);
        sum += power;
        dx[i] += (float)(weight * alpha * power / x[i]);
    }
    return weight * sum;
}

double tv_beta(const float *x, int channels, int height, int width, float beta, double weight,
               float *dx)
{
    const size_t w = (size_t)width, plane = (size_t)height * w;
    double sum = 0;
    for (size_t c = 0; c < (size_t)channels; c++) {
        for (size_t i = 0; i < plane; i++) {
            const size_t at = c * plane + i;
            const size_t right = (i + 1) % w ? at + 1 : at, below = i + w < plane ? at + w : at;
            const double across = (double)x[right] - x[at], down = (double)x[below] - x[at];
            const double square = across * across + down * down;
            if (square == 0) continue;
            const double power = power_of(square, beta / 2.0 - 1);
            sum += power * square;
            const double slope = weight * beta * power;
            dx[right] += (float)(slope * across);
            dx[below] += (float)(slope * down);
            dx[at] -= (float)(slope * (across + down));
        }
    }
    return weight * sum;
}
