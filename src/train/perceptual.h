/*
 * How far pictures are from the content of others and from the style of one, by the activations of a network
 * (Johnson et al. 2016, Perceptual Losses for Real-Time Style Transfer, section 3.2).
 *
 *     Perceptual *perceptual;
 *     TRY(perceptual_create(&perceptual, network, &style, &options));
 *     PerceptualLoss loss = perceptual_compare(perceptual, content, styled, gradient);
 *     perceptual_destroy(perceptual);
 *
 * Losses are relative, so that the same weights suit every network: that of content to the mean square of the
 * content's own activations, that of a style layer to the squared norm of the style's own Gram matrix.
 */
#ifndef CONVOSCOPE_TRAIN_PERCEPTUAL_H
#define CONVOSCOPE_TRAIN_PERCEPTUAL_H

#include "image/picture.h"
#include "network.h"

typedef struct PerceptualOptions {
    int batch, size;             /* of the pictures that are compared */
    int style_side;              /* longer side at which the style is looked at */
    const char *style, *content; /* names of layers, or "auto": see network_layers.h */
    float style_weight, content_weight;
} PerceptualOptions;

/* Weighted, and the mean over the batch. */
typedef struct PerceptualLoss {
    double content, style;
} PerceptualLoss;

typedef struct Perceptual Perceptual;

/* network is borrowed; style may go. Fails when the network takes no colour pictures or a layer does not exist. */
Status perceptual_create(Perceptual **perceptual, Network *network, const Picture *style,
                         const PerceptualOptions *options);
void perceptual_destroy(Perceptual *perceptual); /* NULL is fine */

/* content, styled: RGB levels 0 to 255, [batch,3,size,size]; gradient, as styled, += d loss / d styled. */
PerceptualLoss perceptual_compare(Perceptual *perceptual, const float *content, const float *styled,
                                  float *gradient);

/* Names of the layers, of content and then of style, with commas between. */
void perceptual_layers(const Perceptual *perceptual, Text *text);

#endif
