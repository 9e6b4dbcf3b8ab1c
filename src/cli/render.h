/* Result items as pictures: maps in their colours, tiles as a grid, curves as a line chart. */
#ifndef CONVOSCOPE_CLI_RENDER_H
#define CONVOSCOPE_CLI_RENDER_H

#include "cli/gif.h"
#include "techniques/technique.h"

typedef struct Drawing {
    int channels, height, width; /* 3 channels, or 4 with alpha */
    float *rgb;                  /* [channels,height,width] in 0..1; from malloc */
    float low,
        high;     /* values that the ends of the colour map stand for; both 0 without colour map */
    bool clipped; /* values beyond low or high were drawn as these: the outermost 2 % */
} Drawing;

/* over: picture to draw a map over, RGB planes of over_height x over_width, or NULL; strength 0 to 1. */
typedef struct DrawingStyle {
    const float *over;
    int over_height, over_width;
    float strength;
    const Run *run; /* whose pictures points are drawn as; NULL: dots */
} DrawingStyle;

/* The ends of an item's colour map: signed ones symmetric around zero, 2 % of the values beyond. */
Status render_range(const ResultItem *item, float *low, float *high, bool *clipped);

/* A film is drawn as its last frame. Release with drawing_release. */
Status render_item(const ResultItem *item, const DrawingStyle *style, Drawing *drawing);
void drawing_release(Drawing *drawing);

/* The frames of an item: of a film, of tiles one each, of any other the one drawing. Sets the range of `drawing`,
 * no more. Release with frames_release. */
Status render_frames(const ResultItem *item, const DrawingStyle *style, Frames *frames,
                     Drawing *drawing);

/* A line chart of values [lines,count] over their index, with a line at zero where it is in range. */
Status chart_draw(const float *values, int lines, int count, Drawing *drawing);

/* Two charts, one above the other, of two lines each: values [2,2,count]. */
Status chart_draw_pairs(const float *values, int count, Drawing *drawing);

/* A scatter of points [n,2] or [n,3] as small pictures, framed in the colours of their classes. */
Status scatter_draw(const ResultItem *item, const Run *run, Drawing *drawing);

/* Zeroed planes of that size. */
Status drawing_create(Drawing *drawing, int height, int width);

#endif
