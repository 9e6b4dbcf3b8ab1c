/* The nearest of many points, exactly: squared distances are |a|^2 + |b|^2 - 2 ab, by matrix products. */
#ifndef CONVOSCOPE_EMBED_NEAREST_H
#define CONVOSCOPE_EMBED_NEAREST_H

#include <stddef.h>

typedef struct Nearest {
    const float *points; /* [n,d]; near zero, where digits matter: take the mean off first */
    const float *norms;  /* [n] squared lengths */
    int n, d;
} Nearest;

/* Squared lengths of the rows of [n,d]. */
void nearest_norms(const float *points, int n, int d, float *norms);

/* Scales each row to length 1, so that squared distance is 2 - 2 cosine; rows of zeros stay. */
void nearest_normalise(float *points, int n, int d);

/* Takes the mean of the rows off; mean is [d]. */
void nearest_center(float *points, int n, int d, float *mean);

/* The most rows of one call, and the bytes of its scratch, 64-byte aligned. */
enum { NEAREST_MOST_ROWS = 128 };
size_t nearest_scratch_bytes(const Nearest *nearest, int k);

/* The k < n other points nearest to each of the points [first, first + count), nearest first; of equals the one
 * with the lower index. index and distance (squared) are [count,k]. The same for every number of threads. */
void nearest_rows(const Nearest *nearest, int first, int count, int k, void *scratch, int *index,
                  float *distance);

/* Share of the k nearest of each row of index [n,k] that have its group, averaged over the rows that have one
 * (group -1: none). */
double nearest_agreement(const int *index, int n, int k, const int *group);

#endif
