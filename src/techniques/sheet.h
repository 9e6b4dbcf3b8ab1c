/* A sheet of small square pictures in rows and columns, as an image of the result. */
#ifndef CONVOSCOPE_TECHNIQUES_SHEET_H
#define CONVOSCOPE_TECHNIQUES_SHEET_H

#include "techniques/technique.h"

typedef struct Sheet {
    int rows, columns, side; /* side: of a cell's picture in pixels */
    int height, width;       /* of the sheet */
    float *rgb;              /* [3,height,width], dark where nothing was put */
} Sheet;

/* Memory from the run's arena. */
Status sheet_create(Run *run, int rows, int columns, int side, Sheet *sheet);

/* Puts RGB planes [3,height,width], scaled to the cell. */
Status sheet_put(Sheet *sheet, int row, int column, const float *rgb, int height, int width);

/* Puts the middle square of a picture. */
Status sheet_put_picture(Sheet *sheet, int row, int column, const Picture *picture);

/* A frame around a cell in the colour of class `group`; none for -1. */
void sheet_frame(Sheet *sheet, int row, int column, int group);

/* The middle square of a picture as RGB planes [3,side,side] in 0..1. */
Status picture_square(const Picture *picture, int side, float *rgb);

void sheet_add(Result *result, const Sheet *sheet, const char *title);

#endif
