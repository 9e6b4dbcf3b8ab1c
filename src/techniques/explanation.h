/*
 * The map of any method: one number per pixel of the network's input that says how much it matters, from the
 * technique that a parameter `method` names, as a part of another run.
 *
 *     TRY(explanation_ask(run, &term, 0));                      // after target_resolve
 *     ... the next step:
 *     TRY(explanation_take(run, height, width, map));
 */
#ifndef CONVOSCOPE_TECHNIQUES_EXPLANATION_H
#define CONVOSCOPE_TECHNIQUES_EXPLANATION_H

#include "techniques/common.h"

/* The row `method` of a table of parameters: techniques with a target whose result has an item `map`. */
#define METHOD_PARAM(first, help_text)                                                             \
    {                                                                                              \
        .name = "method", .title = "Method", .type = PARAM_CHOICE, .initial = (first),             \
        .choices = "gradcam|gradcam++|scorecam|guided-gradcam|gradient|smoothgrad|"                \
                   "integrated-gradients|guided-backprop|deconvnet|occlusion",                     \
        .unit = "", .help = (help_text)                                                            \
    }

/* Asks for the map of the run's method and target, which `term` is, the method's other parameters being their
 * defaults. `redrawn`: so many layers from the end have their weights drawn anew, by the run's `seed`. */
Status explanation_ask(Run *run, const Objective *term, int redrawn);

/* After that: the map [height,width]. Fails where the method finds nothing. */
Status explanation_take(Run *run, int height, int width, float *map);

#endif
