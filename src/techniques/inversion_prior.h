/* What inversion knows of natural pictures: values stay in range, neighbours are alike (Mahendran & Vedaldi 2015,
 * section 2). Each returns its value and adds weight times its gradient to dx. */
#ifndef CONVOSCOPE_TECHNIQUES_INVERSION_PRIOR_H
#define CONVOSCOPE_TECHNIQUES_INVERSION_PRIOR_H

#include <stddef.h>

/* weight times the sum of |x|^alpha, alpha at least 1. */
double alpha_norm(const float *x, size_t count, float alpha, double weight, float *dx);

/* weight times the sum over [channels,height,width] of (dx^2 + dy^2)^(beta / 2), of the differences to the right and
 * lower neighbour; one beyond the border is 0. beta at least 1. */
double tv_beta(const float *x, int channels, int height, int width, float beta, double weight,
               float *dx);

#endif
