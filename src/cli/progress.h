/* Long work: a progress bar with the time left, and Ctrl-C, which asks for the partial result. */
#ifndef CONVOSCOPE_CLI_PROGRESS_H
#define CONVOSCOPE_CLI_PROGRESS_H

#include <stdbool.h>

typedef struct Progress {
    const char *title;
    bool shown;            /* standard error is a terminal */
    double started, drawn; /* clock_seconds */
} Progress;

/* From here on the first Ctrl-C is noted; the second ends the program as usual. */
Progress progress_begin(const char *title);

/* share: 0 to 1. Draws at most ten times a second. */
void progress_show(Progress *progress, double share);

/* Wipes the bar. Returns the seconds since the beginning. */
double progress_end(Progress *progress);

bool progress_interrupted(void);

#endif
