/*
 * Principal components by subspace iteration from a random start (Halko, Martinsson & Tropp 2011, Finding
 * structure with randomness, algorithm 4.4), until the variances stand.
 *
 *     Pca *pca;
 *     TRY(pca_create(&pca, points, n, d, 50, seed));   // points [n,d], their mean taken off before
 *     while (!pca_advance(pca)) ...;
 *     pca_project(pca, 50, out);                       // [n,50]
 *     pca_destroy(pca);
 */
#ifndef CONVOSCOPE_EMBED_PCA_H
#define CONVOSCOPE_EMBED_PCA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct Pca Pca;

/* Borrows the points [n,d], whose mean is zero. Where there are fewer components than asked for (n - 1 or d)
 * they are fewer. */
Status pca_create(Pca **pca, const float *points, int n, int d, int components, uint64_t seed);
void pca_destroy(Pca *pca); /* NULL is fine */

/* One round; true when it is done. */
bool pca_advance(Pca *pca);
int pca_rounds(const Pca *pca);

int pca_components(const Pca *pca);
/* Directions [components,d] of length 1, the strongest first, each signed so that its largest part is positive. */
const float *pca_directions(const Pca *pca);
/* Variance along each of them, and along all directions there are. */
const float *pca_variances(const Pca *pca);
double pca_total_variance(const Pca *pca);

/* Coordinates along the first `count` components, [n,count]. */
void pca_project(const Pca *pca, int count, float *out);

#endif
