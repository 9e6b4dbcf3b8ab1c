#include "image/grabcut.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/max_flow.h"
#include "image/mixture.h"

/* Costs become whole numbers for the cut. */
enum { SCALE = 256, NEIGHBOURS = 4 };

/* Half of the eight neighbours: each pair once. */
static const struct {
    int dy, dx;
} NEIGHBOUR[NEIGHBOURS] = {{0, 1}, {1, -1}, {1, 0}, {1, 1}};

struct GrabCut {
    int height, width;
    size_t count;
    double gamma, beta;
    float *rgb; /* [count,3], levels 0..255 */
    uint8_t *hints, *sides, *parts;
    Mixture mixture[2];
    MaxFlow *flow; /* of the round under way, or NULL */
    size_t changed;
    bool begun;
};

void grabcut_destroy(GrabCut *cut)
{
    if (!cut) return;
    max_flow_destroy(cut->flow);
    free(cut->rgb);
    free(cut->hints);
    free(cut->sides);
    free(cut->parts);
    free(cut);
}

/* ---- neighbours ---- */

/* The neighbour number k of pixel i; false where that is outside. */
static bool neighbour(const GrabCut *cut, size_t i, int k, size_t *other)
{
    const int y = (int)(i / (size_t)cut->width) + NEIGHBOUR[k].dy;
    const int x = (int)(i % (size_t)cut->width) + NEIGHBOUR[k].dx;
    *other = (size_t)y * (size_t)cut->width + (size_t)x;
    return y < cut->height && x >= 0 && x < cut->width;
}

static double difference2(const GrabCut *cut, size_t i, size_t j)
{
    const float *a = cut->rgb + 3 * i, *b = cut->rgb + 3 * j;
    double sum = 0;
    for (int c = 0; c < 3; c++) sum += (double)(a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

/* 1 / (2 mean of the squared differences), equation 5. */
static double contrast(const GrabCut *cut)
{
    double sum = 0, pairs = 0;
    size_t j;
    for (size_t i = 0; i < cut->count; i++) {
        for (int k = 0; k < NEIGHBOURS; k++) {
            if (neighbour(cut, i, k, &j)) sum += difference2(cut, i, j), pairs++;
        }
    }
    return sum > 0 ? pairs / (2 * sum) : 0;
}

Status grabcut_create(GrabCut **cut, const float *rgb, int height, int width, double gamma)
{
    const size_t count = (size_t)height * (size_t)width;
    GrabCut *created = calloc(1, sizeof *created);
    if (!created) return status_no_memory("the segmentation", count);
    *created = (GrabCut){.height = height, .width = width, .count = count, .gamma = gamma};
    created->rgb = malloc(3 * count * sizeof *created->rgb);
    created->hints = calloc(count, 1);
    created->sides = calloc(count, 1);
    created->parts = calloc(count, 1);
    if (!created->rgb || !created->hints || !created->sides || !created->parts) {
        grabcut_destroy(created);
        return status_no_memory("the segmentation", 16 * count);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < 3; c++) created->rgb[3 * i + c] = 255 * rgb[c * count + i];
    }
    created->beta = contrast(created);
    *cut = created;
    return status_ok();
}

/* ---- rounds ---- */

Status grabcut_begin(GrabCut *cut, const uint8_t *hints)
{
    enum { NEITHER = 2 };
    size_t seen[3] = {0};
    memcpy(cut->hints, hints, cut->count);
    for (size_t i = 0; i < cut->count; i++) {
        const bool object = hints[i] == CUT_OBJECT || hints[i] == CUT_LIKE_OBJECT;
        cut->sides[i] = hints[i] == CUT_UNKNOWN ? NEITHER : object;
        seen[cut->sides[i]]++;
    }
    if (!seen[0] || !seen[1]) {
        return status_error(STATUS_BAD_INPUT,
                            "nothing is marked as %s: a cut needs both, so draw a stroke there or "
                            "choose another quantile",
                            seen[0] ? "object" : "background");
    }
    for (uint8_t side = 0; side < 2; side++) {
        mixture_cluster(cut->rgb, cut->sides, side, cut->count, cut->parts);
        mixture_fit(&cut->mixture[side], cut->rgb, cut->sides, side, cut->count, cut->parts);
    }
    return status_ok();
}

/* The models anew from the sides that the last cut found. */
static void learn(GrabCut *cut)
{
    for (size_t i = 0; i < cut->count; i++)
        cut->parts[i] = mixture_part(&cut->mixture[cut->sides[i]], cut->rgb + 3 * i);
    for (uint8_t side = 0; side < 2; side++)
        mixture_fit(&cut->mixture[side], cut->rgb, cut->sides, side, cut->count, cut->parts);
}

static int32_t whole(double cost)
{
    return (int32_t)lrint(fmin(cost, 1e6) * SCALE);
}

/* What cutting a pixel off the object's terminal costs is its cost as background, and the reverse. */
static void add_terminals(GrabCut *cut, size_t i, int32_t certain)
{
    const uint8_t hint = cut->hints[i];
    if (hint == CUT_OBJECT || hint == CUT_BACKGROUND) {
        const bool object = hint == CUT_OBJECT;
        max_flow_terminals(cut->flow, (int)i, object ? certain : 0, object ? 0 : certain);
        return;
    }
    const double background = mixture_cost(&cut->mixture[0], cut->rgb + 3 * i);
    const double object = mixture_cost(&cut->mixture[1], cut->rgb + 3 * i);
    /* Only their difference matters, and a density may be above 1. */
    const double least = fmin(background, object);
    max_flow_terminals(cut->flow, (int)i, whole(background - least), whole(object - least));
}

static Status begin_round(GrabCut *cut)
{
    if (cut->begun) learn(cut);
    cut->begun = true;
    TRY(max_flow_create(&cut->flow, (int)cut->count, (int)(NEIGHBOURS * cut->count)));
    /* More than all edges of a pixel together. */
    const int32_t certain = whole(8 * cut->gamma + 1);
    for (size_t i = 0; i < cut->count; i++) {
        size_t j;
        add_terminals(cut, i, certain);
        for (int k = 0; k < NEIGHBOURS; k++) {
            if (!neighbour(cut, i, k, &j)) continue;
            const double distance = NEIGHBOUR[k].dy && NEIGHBOUR[k].dx ? sqrt(2) : 1;
            const int32_t cost =
                whole(cut->gamma / distance * exp(-cut->beta * difference2(cut, i, j)));
            max_flow_edge(cut->flow, (int)i, (int)j, cost, cost);
        }
    }
    return status_ok();
}

Status grabcut_advance(GrabCut *cut, double seconds, bool *round_done)
{
    *round_done = false;
    if (!cut->flow) return begin_round(cut);
    if (!max_flow_advance(cut->flow, seconds)) return status_ok();
    cut->changed = 0;
    for (size_t i = 0; i < cut->count; i++) {
        const uint8_t side = max_flow_is_source(cut->flow, (int)i);
        cut->changed += side != cut->sides[i];
        cut->sides[i] = side;
    }
    max_flow_destroy(cut->flow);
    cut->flow = NULL;
    *round_done = true;
    return status_ok();
}

const uint8_t *grabcut_sides(const GrabCut *cut)
{
    return cut->sides;
}

size_t grabcut_changed(const GrabCut *cut)
{
    return cut->changed;
}
