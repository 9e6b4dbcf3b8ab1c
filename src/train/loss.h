/* Cross entropy against soft targets, with its gradient; and how often the right class comes first. */
#ifndef CONVOSCOPE_TRAIN_LOSS_H
#define CONVOSCOPE_TRAIN_LOSS_H

/* A picture is `share` of class a and the rest of class b; 1 where it is not mixed. */
typedef struct Target {
    int a, b;
    float share;
} Target;

/* -sum t log softmax(logits) of one picture, t being the target with `smoothing` of it spread over all classes
 * (Szegedy et al. 2016, section 7). gradient [classes] += weight * (softmax - t); may be NULL. */
double cross_entropy(const float *logits, int classes, const Target *target, float smoothing,
                     float weight, float *gradient);

/* How many classes have a higher score than `class`; equal ones count where they come before it. */
int class_place(const float *logits, int classes, int class);

#endif
