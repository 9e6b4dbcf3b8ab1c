#include "train/loss.h"

#include <math.h>
#include <stddef.h>

static double target_share(const Target *target, int classes, double smoothing, int class)
{
    double share = smoothing / classes;
    if (class == target->a) share += (1 - smoothing) * (double)target->share;
    if (class == target->b) share += (1 - smoothing) * (1 - (double)target->share);
    return share;
}

double cross_entropy(const float *logits, int classes, const Target *target, float smoothing,
                     float weight, float *gradient)
{
    double most = (double)logits[0], sum = 0, loss = 0;
    for (int i = 1; i < classes; i++) most = fmax(most, (double)logits[i]);
    for (int i = 0; i < classes; i++) sum += exp((double)logits[i] - most);
    const double log_sum = log(sum) + most;
    for (int i = 0; i < classes; i++) {
        const double share = target_share(target, classes, (double)smoothing, i);
        const double log_probability = (double)logits[i] - log_sum;
        loss -= share * log_probability;
        if (gradient) gradient[i] += (float)((double)weight * (exp(log_probability) - share));
    }
    return loss;
}

int class_place(const float *logits, int classes, int class)
{
    int place = 0;
    for (int i = 0; i < classes; i++) {
        place += logits[i] > logits[class] || (logits[i] == logits[class] && i < class);
    }
    return place;
}
