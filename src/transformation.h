/*
 * Transformations: how a picture is moved, turned and scaled at random before a network sees it, so that what
 * an optimiser makes does not hang on single pixels (Olah et al. 2017, section "Transformation robustness").
 *
 *     static const TransformationStep steps[] = {{TRANSFORMATION_PAD, 12}, {TRANSFORMATION_JITTER, 8}, ...};
 *     Transformation t = transformation_draw(steps, 5, BORDER_GREY, h, w, H, W, &random);
 *     transformation_apply(&t, picture, 3, seen);       // [3,h,w] -> [3,H,W]
 *     transformation_adjoint(&t, gradient, 3, dpicture);
 *
 * All steps become one affine map and are sampled once, bilinearly.
 */
#ifndef CONVOSCOPE_TRANSFORMATION_H
#define CONVOSCOPE_TRANSFORMATION_H

#include "base/random.h"

typedef enum TransformationKind {
    TRANSFORMATION_PAD,    /* `amount` pixels on each side */
    TRANSFORMATION_JITTER, /* cuts `amount` rows and columns away, at random from either side */
    TRANSFORMATION_SCALE,  /* by 1 - amount to 1 + amount */
    TRANSFORMATION_ROTATE, /* about the middle by -amount to amount degrees */
} TransformationKind;

typedef struct TransformationStep {
    TransformationKind kind;
    float amount;
} TransformationStep;

typedef enum TransformationBorder {
    BORDER_GREY, /* outside of the picture lies mid-grey, 0.5 */
    BORDER_WRAP, /* the picture again: jitter rolls it */
} TransformationBorder;

/* Output pixel (y, x) shows the picture at (ay y + bx x + c) per axis, in pixels between centres. */
typedef struct Transformation {
    int height, width, to_height, to_width;
    TransformationBorder border;
    double y[3],
        x[3]; /* the picture's row and column: factors of the output's row, column, and 1 */
} Transformation;

/* Draws the steps, in order, for a picture [height,width]; what they give is cut or padded about its middle to
 * [to_height,to_width]. No steps: the picture itself. */
Transformation transformation_draw(const TransformationStep *steps, int count,
                                   TransformationBorder border, int height, int width,
                                   int to_height, int to_width, Random *random);

/* seen [channels,to_height,to_width] of picture [channels,height,width]. */
void transformation_apply(const Transformation *t, const float *picture, int channels, float *seen);

/* Writes dpicture, the transpose of apply times the gradient of seen. */
void transformation_adjoint(const Transformation *t, const float *dseen, int channels,
                            float *dpicture);

#endif
