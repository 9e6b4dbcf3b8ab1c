/* From a picture to what a network receives, and back. The same code for page and command line. */
#ifndef CONVOSCOPE_IMAGE_PREPROCESS_H
#define CONVOSCOPE_IMAGE_PREPROCESS_H

#include "image/picture.h"

enum { PREPROCESS_MAX_CHANNELS = 4 };

typedef enum ResizeMode {
    RESIZE_SHORT, /* short side scaled (to 256 of 224, in proportion), middle cut out: ImageNet's custom */
    RESIZE_STRETCH, /* the whole picture, its aspect ratio given up */
    RESIZE_NONE,    /* the middle cut out as it is; a smaller picture is scaled up first */
} ResizeMode;       /* a picture that has the network's size already is taken as it is */

/* input = (pixel * range / 255 - mean) / std, per channel in the network's channel order. */
typedef struct Preprocess {
    int height, width; /* the size the network was trained at; 0: unknown */
    char channels[8];  /* "RGB", "BGR", "GRAY", "RGBA" */
    float range;       /* value of a white pixel before mean and std: 255 or 1 */
    float mean[PREPROCESS_MAX_CHANNELS], std[PREPROCESS_MAX_CHANNELS];
    ResizeMode resize;
    /* Where it comes from, "metadata", "MODEL.json", "guess" or "asked", and why a guess is what it is, one
     * clause: literals. */
    const char *source, *reason;
} Preprocess;

int preprocess_channels(const Preprocess *preprocess);

/* Sets one of the keys size, channels, mean, std, range, resize from text, as interfaces.md writes them
 * ("227x227", "BGR", "104,117,123", ..., "short|stretch|none"). */
Status preprocess_set(Preprocess *preprocess, const char *key, const char *value);

/* Writes the object {size, channels, mean, std, range, resize, source, reason} of texts; reason only of a guess. */
void preprocess_json(Text *text, const Preprocess *preprocess);

/* Picture, composed over white where transparent, to input [C,height,width] at that size. */
Status preprocess_apply(const Preprocess *preprocess, const Picture *picture, int height, int width,
                        float *input);

/* As above, but the whole picture scaled to height x width whatever the resize mode. */
Status preprocess_apply_whole(const Preprocess *preprocess, const Picture *picture, int height,
                              int width, float *input);

/* What the network sees of the picture when its input is height x width, as fine as the picture itself where that is
 * finer: its size, the longer side at most `longest` unless the input's is longer, ... */
void preprocess_view_size(const Preprocess *preprocess, const Picture *picture, int height,
                          int width, int longest, int *view_height, int *view_width);

/* ... and RGB [3,view_height,view_width] in 0..1 of it. */
Status preprocess_view(const Preprocess *preprocess, const Picture *picture, int height, int width,
                       int view_height, int view_width, float *rgb);

/* The inverse: input [C,H,W] to RGB [3,H,W] in 0..1, not clipped. Grey becomes three equal planes. */
void preprocess_invert(const Preprocess *preprocess, const float *input, int height, int width,
                       float *rgb);

/* Reorders a gradient or difference [C,H,W] to RGB planes [3,H,W], without offset or scale. */
void preprocess_reorder(const Preprocess *preprocess, const float *input, int height, int width,
                        float *rgb);

/* The values of a black and of a white pixel in channel c of the input, and of one pixel level (1/255). */
void preprocess_bounds(const Preprocess *preprocess, int channel, float *black, float *white,
                       float *level);

#endif
