/* Numbers as comma-separated values, for spreadsheets. */
#ifndef CONVOSCOPE_CLI_CSV_H
#define CONVOSCOPE_CLI_CSV_H

#include "techniques/technique.h"

/* Writes [n] as one value a line and [H,W] as H lines of W. With more axes each line begins with the indices of
 * all but the last, and a first line names them: "plane,y,x0,x1,...". A table (else NULL) has its titles in the
 * first line and its texts in quotes. Whole or not at all; the page writes the
 * same (web/store/csv.js). */
Status csv_write(const char *path, const Shape *shape, const float *data, const ResultTable *table);

#endif
