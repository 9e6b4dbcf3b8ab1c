/* Class activation maps from one forward and one backward pass that ends at a layer: what gradcam, gradcam++ and
 * guided-gradcam share. They differ in the weight of a channel. */
#ifndef CONVOSCOPE_TECHNIQUES_CAM_H
#define CONVOSCOPE_TECHNIQUES_CAM_H

#include "techniques/subject.h"

/* The weight of one channel from its activations a and their gradients da, both [H,W]. */
typedef double (*CamWeight)(const float *a, const float *da, size_t plane);

typedef struct Cam {
    Subject subject;
    CamWeight weight;
    Value *layer;
    float *coarse, *full; /* the map, [h,w] as the layer has it, and [H,W] */
    bool forward_done, done;
} Cam;

/* The rows `target` and `layer` of a table of parameters. */
#define CAM_TARGET_PARAM                                                                           \
    TARGET_PARAM(                                                                                  \
        "What is explained: the score of a class (class:340, class:top), or a unit above "         \
        "the layer.")
#define CAM_LAYER_PARAM                                                                            \
    {                                                                                              \
        .name = "layer", .title = "Layer", .type = PARAM_LAYER, .initial = "auto", .unit = "",     \
        .help = "The layer whose maps are weighed; auto takes the last convolutional one, the "    \
                "deepest that still knows where things are."                                       \
    }

/* The layer that the parameter names; fails where it is no layer of maps. */
Status cam_layer(Run *run, const Graph *graph, Value **layer);

/* Mean of the gradient over space: Grad-CAM's weight, equation 1. */
double cam_mean_gradient(const float *a, const float *da, size_t plane);

/* Asks for the forward pass. The rest of the run's state lies behind the Cam, if there is more. */
Status cam_begin(Run *run, CamWeight weight);

/* One step; after the last one cam->done is set and the maps are there. `share`: of the run that this takes. */
Status cam_step(Run *run, double share);

/* map += weight a, and cut off below zero. */
void cam_add(float *map, double weight, const float *a, size_t plane);
void cam_rectify(float *map, size_t plane);

/* Enlarges coarse to full; fails when it is zero everywhere. */
Status cam_enlarge(const Graph *graph, const Value *layer, const char *target, const float *coarse,
                   float *full);

/* Adds the map, the coarse map and the facts: the whole result of gradcam, gradcam++ and scorecam. */
void cam_add_maps(const Graph *graph, const Value *layer, const float *coarse, const float *full,
                  Result *result);
void cam_add_facts(Run *run, Result *result);
Status cam_result(Run *run, Result *result);

#endif
