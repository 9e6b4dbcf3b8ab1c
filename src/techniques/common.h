/* What several techniques share: the target, the classes, scales of signed numbers. */
#ifndef CONVOSCOPE_TECHNIQUES_COMMON_H
#define CONVOSCOPE_TECHNIQUES_COMMON_H

#include "base/random.h"
#include "techniques/technique.h"

enum { TARGET_TEXT_BYTES = 96 };

/* The row `target` of a table of parameters. */
#define TARGET_PARAM(help_text)                                                                    \
    {                                                                                              \
        .name = "target", .title = "Target", .type = PARAM_TARGET, .initial = "class:top",         \
        .unit = "", .help = (help_text)                                                            \
    }

/* The row `seed`, for what draws random numbers. */
#define SEED_PARAM(help_text)                                                                      \
    {                                                                                              \
        .name = "seed", .title = "Seed", .type = PARAM_INT, .min = 0, .max = 1000000, .step = 1,   \
        .initial = "1", .unit = "", .help = (help_text), .advanced = true                          \
    }

/* The run's `target` as a term of weight 1, and its name for people: "class:340 (zebra)". class:top needs a
 * forward pass before. */
Status target_resolve(Run *run, const Graph *graph, Objective *term, char text[TARGET_TEXT_BYTES]);

/* A class for people: "class:340 (zebra)". */
void target_name(Run *run, int class, char text[TARGET_TEXT_BYTES]);

/* True when the run's target is a class. */
bool target_is_class(const Run *run);

/* The likeliest class of batch item n, after a forward pass; -1 where the network gives no class scores.
 * probabilities has network_class_count(graph) floats. */
int top_class(Graph *graph, int n, float *probabilities);

/* Adds the class with its label and, as a second fact, its probability in percent. */
void fact_class(Run *run, Result *result, const char *name, const char *label, int index);
void fact_percent(Result *result, const char *name, const char *label, double probability);

/* Height and width of a picture whose longer side becomes `side`; neither is below `least`. */
void fit_picture(const Picture *picture, double side, int least, int *height, int *width);

/* Plans a graph of the request's size; a network that ends in a dense layer has only one, then that. */
Status plan_sized(Run *run, const GraphRequest *request, Graph **graph);

/* The whole picture, scaled to the graph's input. */
Status load_whole(Run *run, Graph *graph, const Picture *picture);

/* The error of a result that is asked for too early. */
Status nothing_yet(const char *id);

/* Fails unless the input is [1,3,H,W] and the preprocessing one of colours. */
Status check_colour_input(Run *run, const char *id, const Value *input);

/* Fails when a value of the last forward pass is not finite; names the first such layer. */
Status check_activations(const Graph *graph);

/* Fails when the gradient of the value is zero everywhere or not finite; says which layer made it so. */
Status check_gradient(const Graph *graph, const Value *value, const char *target,
                      const BackwardRule *rule);

float max_abs(const float *values, size_t count);
double mean_square(const float *values, size_t count);

/* The smallest bound that `share` of the magnitudes do not exceed, to 1/4096 of the largest. */
float quantile_abs(const float *values, size_t count, double share);

/* Of a change, a few values are far larger than all others: in its picture they may clip. */
#define CHANGE_SHARE 0.995

/* Signed numbers around mid-grey: 0.5 + 0.5 v / scale, clipped to 0..1; scale 0 gives grey. */
void around_grey(const float *values, size_t count, float scale, float *out);

/* Largest magnitude over the channels of [C,H,W]. */
void magnitude_map(const float *values, int channels, size_t positions, float *map);

/* Draws a signal of the input's shape [1,C,H,W] around mid-grey as rgb [3,H,W]; returns the magnitude that is
 * shown as full black or white. */
float show_signal(Run *run, const float *signal, const Shape *shape, float *rgb);

/* Adds the items `image` [3,H,W], `map` [H,W] and `raw` [C,H,W] of a signal of the input's shape; add_raw the
 * last one alone. */
void add_signal(Result *result, const Shape *shape, const float *rgb, const float *map,
                const float *raw);
void add_raw(Result *result, const Shape *shape, const float *raw, const char *title);

/* The gradient of an input [1,C,H,W] by pixel levels of 255, times `sign`, to slope [C,H,W]. */
void slope_per_level(Run *run, const Value *input, float sign, float *slope);

/* What an 8-bit file keeps of x [C,H,W], in the input's units: whole levels. */
void round_to_levels(Run *run, const Value *input, float *x);

/* Copies [channels,H,W] shifted around the edges by 0 to H-1 and 0 to W-1: to[y,x] = from[y - shift_y, x - shift_x].
 * The shift back is (H - shift_y) % H. random_shift: -jitter to jitter, brought into 0 to size - 1. */
void roll_planes(const float *from, float *to, int channels, int height, int width, int shift_y,
                 int shift_x);
int random_shift(Random *random, int jitter, int size);

/* Blurs [channels,H,W] in place by two box filters of 2 radius + 1 each way, the border repeated: nearly a
 * triangle. scratch is [H,W]. */
void blur_planes(float *planes, float *scratch, int channels, int height, int width, int radius);

#endif
