#include <math.h>
#include <string.h>

#include "base/random.h"
#include "techniques/common.h"
#include "techniques/style.h"

/* ---- styles ---- */

/* A weighted sum of distances to several Gram matrices is, but for a constant, the distance to their weighted mean:
 * so styles without regions are mixed beforehand. */
Status style_take_grams(Run *run)
{
    Style *s = run_state(run);
    const StyleReference *r = &s->reference;
    const bool mixed = !s->region[0];
    for (int i = 0; i < s->list.count; i++) {
        const size_t channels = (size_t)s->list.layer[i]->shape.dim[1];
        float **gram = &s->gram[mixed ? 0 : s->style][i];
        if (!*gram) TRY(run_floats(run, channels * channels, gram));
        const float share = mixed ? (float)s->share[s->style] : 1;
        for (size_t k = 0; k < channels * channels; k++) (*gram)[k] += share * r->gram[i][k];
    }
    s->style++;
    return status_ok();
}

/* ---- regions ---- */

/* With one style white is where it goes; with several the greys from black to white stand for them in turn, and what
 * lies between two belongs a little to both. */
Status style_regions(Run *run)
{
    Style *s = run_state(run);
    static const Preprocess grey = {.channels = "GRAY", .range = 1, .std = {1, 1, 1, 1}};
    const size_t pixels = (size_t)s->height * (size_t)s->width;
    float *mask;
    TRY(run_floats(run, pixels, &mask));
    TRY(preprocess_apply_whole(&grey, run_picture(run, run_picture_count(run) - 1), s->height,
                               s->width, mask));
    for (int k = 0; k < s->style_count; k++) {
        TRY(run_floats(run, pixels, &s->region[k]));
        for (size_t i = 0; i < pixels; i++) {
            const float away = fabsf(mask[i] * (float)(s->style_count - 1) - (float)k);
            s->region[k][i] = s->style_count == 1 ? mask[i] : fmaxf(1 - away, 0);
        }
    }
    return status_ok();
}

/* The region on a layer's map, scaled so that its squares have the mean 1: the Gram matrix is then the average over
 * the region, as the style's is over its picture. *share is how much of the map it takes. */
static Status layer_mask(Run *run, const float *region, const Value *layer, float **mask,
                         double *share)
{
    const Style *s = run_state(run);
    const int height = layer->shape.dim[2], width = layer->shape.dim[3];
    const size_t positions = (size_t)height * (size_t)width;
    TRY(run_floats(run, positions, mask));
    TRY(resample(region, 1, s->height, s->width, *mask, height, width));
    double sum = 0;
    for (size_t i = 0; i < positions; i++) sum += (*mask)[i];
    *share = sum / (double)positions;
    for (size_t i = 0; i<positions && * share> 0; i++)
        (*mask)[i] = sqrtf(fmaxf((*mask)[i], 0) / (float)*share);
    return status_ok();
}

/* ---- the loss ---- */

static Status add_regions(Run *run, int layer, double weight)
{
    enum { LEAST_SHARE = 1000 }; /* one in so many: what is smaller has no texture */
    Style *s = run_state(run);
    for (int k = 0; k < s->style_count; k++) {
        GramTarget target = {.gram = s->gram[k][layer]};
        float *mask;
        double share;
        TRY(layer_mask(run, s->region[k], s->list.layer[layer], &mask, &share));
        target.mask = mask;
        if (share * LEAST_SHARE >= 1)
            matcher_add_gram(&s->matcher, s->list.layer[layer], target, weight * share);
    }
    return status_ok();
}

static Status make_terms(Run *run)
{
    Style *s = run_state(run);
    const size_t count = shape_elements(&s->content->shape);
    memcpy(s->features, s->content->data, count * sizeof *s->features);
    const double size = fmax(mean_square(s->features, count), 1e-12);
    matcher_add(&s->matcher, OBJECTIVE_FEATURE_MATCH, s->content,
                run_float(run, "content-weight") / size)
        ->reference = s->features;
    const double weight = (double)run_float(run, "style-weight") / s->list.count;
    for (int i = 0; i < s->list.count; i++) {
        if (s->region[0]) {
            TRY(add_regions(run, i, weight));
        } else {
            matcher_add_gram(&s->matcher, s->list.layer[i], (GramTarget){.gram = s->gram[0][i]},
                             weight);
        }
    }
    matcher_add_variation(run, &s->matcher, run_float(run, "tv-weight"));
    return status_ok();
}

Status style_start(Run *run)
{
    Style *s = run_state(run);
    TRY(matcher_create(run, &s->matcher, s->graph, run_int(run, "steps")));
    TRY(make_terms(run));
    if (run_choice(run, "start", "noise")) {
        Random random = random_seeded((uint64_t)run_int(run, "seed"));
        for (size_t i = 0; i < s->matcher.count; i++)
            s->matcher.canvas->start[i] = 127.5F + 40 * random_normal(&random);
    }
    return matcher_ask(run, &s->matcher);
}
