/* How alike two maps are. */
#ifndef CONVOSCOPE_TECHNIQUES_SIMILARITY_H
#define CONVOSCOPE_TECHNIQUES_SIMILARITY_H

#include <stddef.h>

#include "base/status.h"

/* Mean structural similarity of two maps [height,width] of values in 0..1: Gaussian windows of 11 x 11 with
 * deviation 1.5, K 0.01 and 0.03 (Wang et al. 2004, section III.C); windows that stick out are cut. 1: equal. */
Status structural_similarity(const float *a, const float *b, int height, int width, double *ssim);

/* Spearman's rank correlation, equal values sharing their mean rank; -1 to 1, 0 where one is flat. */
Status rank_correlation(const float *a, const float *b, size_t count, double *correlation);

/* Positions of the values from the highest to the lowest, equal ones in their order; from malloc. NULL when there
 * is no memory. */
size_t *descending_order(const float *values, size_t count);

#endif
