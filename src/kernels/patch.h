/* Weighted squared distances of one patch to every place of a picture. */
#ifndef CONVOSCOPE_KERNELS_PATCH_H
#define CONVOSCOPE_KERNELS_PATCH_H

#include <stddef.h>

/* One number of the patch; what is unknown has no tap. */
typedef struct PatchTap {
    ptrdiff_t offset; /* in the picture, from the value that stands for the place */
    float value, weight;
} PatchTap;

/* Place (y, x) has the distance sum of weight (picture[y stride + x + offset] - value)^2 over the taps. */
typedef struct PatchSearch {
    const float *picture; /* the last value is followed by patch_slack() floats that may be read */
    int rows, columns;    /* of places */
    size_t stride;        /* from a row of the picture to the next */
    const PatchTap *taps; /* heaviest first: places without hope are left early */
    int tap_count;
    float tolerance; /* 1.1: only distances up to 1.1 times the smallest matter */
} PatchSearch;

/* Floats behind the picture that are read but mean nothing. */
size_t patch_slack(void);

/* Length of a row of distances: columns, rounded up. */
size_t patch_stride(int columns);

float patch_distance(const PatchSearch *search, int y, int x);

/* Writes distances [rows, patch_stride(columns)], infinity behind the last column, and returns the smallest. Those
 * beyond tolerance times the smallest may be infinity as well, so `bound`, the distance of a place that is known
 * to be near, saves time; infinity where none is known. */
float patch_distances(const PatchSearch *search, float bound, float *distances);

#endif
