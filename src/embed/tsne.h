/*
 * t-SNE: places points on a plane so that those that are near in many dimensions are near there (van der Maaten
 * & Hinton 2008; Barnes and Hut's sums: van der Maaten 2014).
 *
 *     Tsne *tsne;
 *     TRY(tsne_create(&tsne, points, n, d, &(TsneOptions){.perplexity = 30, .theta = 0.5F, ...}));
 *     while (!tsne_advance(tsne)) draw(tsne_points(tsne));      // [n,2]
 *     tsne_destroy(tsne);
 */
#ifndef CONVOSCOPE_EMBED_TSNE_H
#define CONVOSCOPE_EMBED_TSNE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct Tsne Tsne;

typedef struct TsneOptions {
    float
        perplexity; /* neighbours that count, as an effective number; less where there are too few points */
    float theta;        /* see quadtree.h; 0 is exact */
    float exaggeration; /* the attraction's factor in the first `exaggerated` iterations */
    int exaggerated, iterations;
    float rate; /* of learning; 0: 200, less for few points, n / exaggeration for many (Belkina
                           et al. 2019) */
    const float *start; /* [n,2], scaled to a deviation of 1e-4; NULL: random */
    uint64_t seed;
} TsneOptions;

/* Borrows the points [n,d] until it is destroyed; n is 4 at least. */
Status tsne_create(Tsne **tsne, const float *points, int n, int d, const TsneOptions *options);
void tsne_destroy(Tsne *tsne); /* NULL is fine */

/* A piece of the work: neighbours and affinities of some points, or one iteration. True when all is done. */
bool tsne_advance(Tsne *tsne);

/* Share of the work that is done, 0 to 1, and iterations so far: 0 while neighbours are sought. */
double tsne_progress(const Tsne *tsne);
int tsne_iteration(const Tsne *tsne);

const float *tsne_points(const Tsne *tsne); /* [n,2] */

/* Kullback-Leibler divergence of the plane's affinities from those of the points, as of the last iteration. */
double tsne_divergence(const Tsne *tsne);

/* The affinities of the points are sparse: of row i the entries row[i] to row[i + 1] of column and value, which
 * sum to 1 over all rows; entries that only fill vectors are 0. After the first iteration. */
void tsne_affinities(const Tsne *tsne, const int **row, const int **column, const float **value);

#endif
