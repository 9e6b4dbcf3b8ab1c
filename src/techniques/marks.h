/* The run's `series`: the steps after which a picture is kept. */
#ifndef CONVOSCOPE_TECHNIQUES_MARKS_H
#define CONVOSCOPE_TECHNIQUES_MARKS_H

#include "techniques/technique.h"

enum { MAX_MARKS = 7 }; /* a result has room for them, and a curve, as items */

typedef struct Marks {
    int count;
    int step[MAX_MARKS];                            /* growing */
    char name[MAX_MARKS][24], title[MAX_MARKS][32]; /* "after-16", "After 16 steps" */
} Marks;

/* Growing numbers of steps, separated by commas; those past `last` are left out, and `last` itself ends them. */
Status marks_read(Run *run, int last, Marks *marks);

/* The position of the mark at that step, or -1. */
int marks_find(const Marks *marks, int step);

#endif
