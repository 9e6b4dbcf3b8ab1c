/*
 * GrabCut: parts a picture into object and background from a first idea (Rother, Kolmogorov & Blake 2004).
 *
 *     GrabCut *cut; TRY(grabcut_create(&cut, rgb, height, width, 50));
 *     TRY(grabcut_begin(cut, hints));
 *     do TRY(grabcut_advance(cut, 0.02, &round_done)); while (!round_done);      // as many rounds as wanted
 *     grabcut_sides(cut)[y * width + x]                                          // 1: object
 */
#ifndef CONVOSCOPE_IMAGE_GRABCUT_H
#define CONVOSCOPE_IMAGE_GRABCUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct GrabCut GrabCut;

/* What is known of a pixel. `Like`: its colour is taken for that side's at the start, no more. */
typedef enum CutHint {
    CUT_UNKNOWN,
    CUT_LIKE_BACKGROUND,
    CUT_LIKE_OBJECT,
    CUT_BACKGROUND,
    CUT_OBJECT
} CutHint;

/* rgb: [3,height,width] in 0..1, copied. gamma: what it costs to cut between two equal neighbours; 50. */
Status grabcut_create(GrabCut **cut, const float *rgb, int height, int width, double gamma);
void grabcut_destroy(GrabCut *cut); /* NULL is fine */

/* hints [height,width], CutHint; fails unless both sides are hinted at. */
Status grabcut_begin(GrabCut *cut, const uint8_t *hints);

/* Goes on with the round (models of both sides' colours, then the cheapest cut) for about `seconds`. */
Status grabcut_advance(GrabCut *cut, double seconds, bool *round_done);

/* After a round: 1 for the object, [height,width]; how many pixels changed sides in the last round. */
const uint8_t *grabcut_sides(const GrabCut *cut);
size_t grabcut_changed(const GrabCut *cut);

#endif
