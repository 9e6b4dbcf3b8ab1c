/* A result as files: pictures, films, numbers. */
#ifndef CONVOSCOPE_CLI_SAVE_H
#define CONVOSCOPE_CLI_SAVE_H

#include "base/text.h"
#include "cli/render.h"

typedef struct Saving {
    const char *out, *npy, *csv; /* as given; NULL: not wanted */
    DrawingStyle style;
    bool json; /* tell of the items as JSON objects rather than lines */
} Saving;

/* Fails now rather than after long work. */
Status saving_check(const Saving *saving);

/*
 * Writes the items and appends what there is to tell of each.
 *
 * RESULT.png takes the main item (of a film the last frame), RESULT.gif the film of the result, else the tiles of
 * the main item one after the other. Further items become RESULT.NAME.png, further films RESULT.NAME.gif. The item
 * named raw is for the numbers only: as a picture it would say nothing that the others do not. RAW.npy and RAW.csv
 * take the item named raw, or else the main one; the others become RAW.NAME.npy and RAW.NAME.csv, and a film has
 * no CSV.
 */
Status save_result(const Saving *saving, const Result *result, Text *text);

#endif
