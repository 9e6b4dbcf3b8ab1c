#include "image/texture.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/random.h"
#include "kernels/patch.h"

enum { SEED_SIDE = 3, MAX_CELLS = TEXTURE_MAX_WINDOW * TEXTURE_MAX_WINDOW };

/* A place of the window relative to its middle. */
typedef struct Cell {
    int dy, dx;
    float weight;
} Cell;

struct Texture {
    Arena *arena;
    TextureOptions options; /* sample: not valid any more */
    int channels;           /* 1 where the sample is grey: all three would say the same */
    float *sample;          /* [channels,h,w], and slack */
    Cell *cells;            /* of the window, but the middle; heaviest first */
    int cell_count;
    PatchTap *taps;
    float *distances;
    int *source;        /* [height,width] */
    int *edge, *sorted; /* unfilled pixels beside filled ones */
    int *known;         /* as edge: filled cells of the window */
    int edge_count, edge_at, filled;
    bool progress; /* since the edge was listed */
    float threshold;
    double error;
    Random random;
};

/* ---- set-up ---- */

static bool is_grey(const float *rgb, size_t plane)
{
    return memcmp(rgb, rgb + plane, plane * sizeof *rgb) == 0 &&
           memcmp(rgb, rgb + 2 * plane, plane * sizeof *rgb) == 0;
}

static int compare_cells(const void *a, const void *b)
{
    const Cell *p = a, *q = b;
    const int near = p->dy * p->dy + p->dx * p->dx, far = q->dy * q->dy + q->dx * q->dx;
    if (near != far) return near - far;
    return p->dy != q->dy ? p->dy - q->dy : p->dx - q->dx;
}

/* The Gaussian of the paper's authors: sigma is the window over 6.4. */
static void make_window(Texture *t)
{
    const int reach = t->options.window / 2;
    const double sigma = t->options.window / 6.4;
    for (int dy = -reach; dy <= reach; dy++) {
        for (int dx = -reach; dx <= reach; dx++) {
            if (dy == 0 && dx == 0) continue;
            const double weight = exp(-(dy * dy + dx * dx) / (2 * sigma * sigma));
            t->cells[t->cell_count++] = (Cell){dy, dx, (float)weight};
        }
    }
    qsort(t->cells, (size_t)t->cell_count, sizeof *t->cells, compare_cells);
}

static void *take(Texture *t, size_t count, size_t bytes, bool *failed)
{
    void *taken = arena_alloc(t->arena, count * bytes);
    if (!taken) *failed = true;
    return taken;
}

static Status allocate(Texture *t)
{
    const TextureOptions *o = &t->options;
    const size_t cells = (size_t)o->window * (size_t)o->window;
    const size_t pixels = (size_t)o->height * (size_t)o->width;
    const size_t plane = (size_t)o->sample_height * (size_t)o->sample_width;
    const size_t rows = (size_t)(o->sample_height - o->window + 1);
    bool failed = false;
    t->cells = take(t, cells, sizeof *t->cells, &failed);
    t->taps = take(t, cells * (size_t)t->channels, sizeof *t->taps, &failed);
    t->sample = take(t, (size_t)t->channels * plane + patch_slack(), sizeof *t->sample, &failed);
    t->distances = take(t, rows * patch_stride(o->sample_width - o->window + 1),
                        sizeof *t->distances, &failed);
    t->source = take(t, pixels, sizeof *t->source, &failed);
    t->edge = take(t, pixels, sizeof *t->edge, &failed);
    t->sorted = take(t, pixels, sizeof *t->sorted, &failed);
    t->known = take(t, pixels, sizeof *t->known, &failed);
    return failed ? status_no_memory("the texture", pixels * 4 * sizeof *t->edge) : status_ok();
}

/* 3 x 3 pixels of the sample in the middle. */
static void plant_seed(Texture *t)
{
    const TextureOptions *o = &t->options;
    const int y = (int)random_below(&t->random, (uint32_t)(o->sample_height - SEED_SIDE + 1));
    const int x = (int)random_below(&t->random, (uint32_t)(o->sample_width - SEED_SIDE + 1));
    const int top = (o->height - SEED_SIDE) / 2, left = (o->width - SEED_SIDE) / 2;
    for (int i = 0; i < o->height * o->width; i++) t->source[i] = -1;
    for (int i = 0; i < SEED_SIDE; i++) {
        for (int j = 0; j < SEED_SIDE; j++)
            t->source[(top + i) * o->width + left + j] = (y + i) * o->sample_width + x + j;
    }
    t->filled = SEED_SIDE * SEED_SIDE;
}

Status texture_create(Texture **texture, const TextureOptions *options)
{
    assert(options->window % 2 == 1 && options->window <= TEXTURE_MAX_WINDOW);
    assert(options->window >= SEED_SIDE && options->window <= options->sample_height &&
           options->window <= options->sample_width);
    assert(options->height >= SEED_SIDE && options->width >= SEED_SIDE);
    Arena *arena = arena_create();
    Texture *t = arena ? arena_alloc(arena, sizeof *t) : NULL;
    if (!t) {
        arena_destroy(arena);
        return status_no_memory("the texture", sizeof *t);
    }
    t->arena = arena;
    t->options = *options;
    t->threshold = options->threshold;
    t->random = random_seeded(options->seed);
    const size_t plane = (size_t)options->sample_height * (size_t)options->sample_width;
    t->channels = is_grey(options->sample, plane) ? 1 : 3;
    const Status status = allocate(t);
    if (status.code != STATUS_OK) {
        texture_destroy(t);
        return status;
    }
    memcpy(t->sample, options->sample, (size_t)t->channels * plane * sizeof *t->sample);
    make_window(t);
    plant_seed(t);
    *texture = t;
    return status_ok();
}

void texture_destroy(Texture *texture)
{
    if (texture) arena_destroy(texture->arena);
}

/* ---- the edge ---- */

static bool is_filled(const Texture *t, int y, int x)
{
    return y >= 0 && y < t->options.height && x >= 0 && x < t->options.width &&
           t->source[y * t->options.width + x] >= 0;
}

static int count_known(const Texture *t, int y, int x, int cells)
{
    int count = 0;
    for (int i = 0; i < cells; i++) count += is_filled(t, y + t->cells[i].dy, x + t->cells[i].dx);
    return count;
}

/* Most known neighbours first; what is equal stays in its random order. */
static void sort_edge(Texture *t)
{
    int end[MAX_CELLS + 1] = {0};
    for (int i = 0; i < t->edge_count; i++) {
        const int pixel = t->edge[i], width = t->options.width;
        t->known[i] = count_known(t, pixel / width, pixel % width, t->cell_count);
        end[t->known[i]]++;
    }
    for (int known = MAX_CELLS - 1; known >= 0; known--) end[known] += end[known + 1];
    for (int i = t->edge_count - 1; i >= 0; i--) t->sorted[--end[t->known[i]]] = t->edge[i];
    int *listed = t->edge;
    t->edge = t->sorted;
    t->sorted = listed;
}

static void list_edge(Texture *t)
{
    enum { NEIGHBOURS = 8 }; /* the nearest cells */
    t->edge_count = t->edge_at = 0;
    for (int y = 0; y < t->options.height; y++) {
        for (int x = 0; x < t->options.width; x++) {
            const int pixel = y * t->options.width + x;
            if (t->source[pixel] < 0 && count_known(t, y, x, NEIGHBOURS))
                t->edge[t->edge_count++] = pixel;
        }
    }
    random_shuffle(&t->random, t->edge, t->edge_count);
    sort_edge(t);
    t->progress = false;
}

/* ---- one pixel ---- */

/* What is known around the pixel; weights that add up to 1, so that a distance is a mean square. */
static int make_taps(Texture *t, int y, int x)
{
    const TextureOptions *o = &t->options;
    const size_t plane = (size_t)o->sample_height * (size_t)o->sample_width;
    int count = 0;
    double total = 0;
    for (const Cell *cell = t->cells; cell < t->cells + t->cell_count; cell++) {
        if (!is_filled(t, y + cell->dy, x + cell->dx)) continue;
        const int source = t->source[(y + cell->dy) * o->width + x + cell->dx];
        const int offset = cell->dy * o->sample_width + cell->dx;
        for (size_t c = 0; c < (size_t)t->channels; c++) {
            t->taps[count++] = (PatchTap){.offset = (ptrdiff_t)(c * plane) + offset,
                                          .value = t->sample[c * plane + (size_t)source],
                                          .weight = cell->weight};
            total += cell->weight;
        }
    }
    for (int i = 0; i < count; i++) t->taps[i].weight /= (float)total;
    return count;
}

/* The distance of the best of the places that go on where a neighbour's place ended: often the best of all. */
static float bound(const Texture *t, const PatchSearch *search, int y, int x)
{
    enum { NEIGHBOURS = 8 };
    const TextureOptions *o = &t->options;
    const int reach = o->window / 2;
    float best = INFINITY;
    for (const Cell *cell = t->cells; cell < t->cells + NEIGHBOURS; cell++) {
        if (!is_filled(t, y + cell->dy, x + cell->dx)) continue;
        const int source = t->source[(y + cell->dy) * o->width + x + cell->dx];
        const int row = source / o->sample_width - cell->dy - reach;
        const int column = source % o->sample_width - cell->dx - reach;
        if (row < 0 || row >= search->rows || column < 0 || column >= search->columns) continue;
        best = fminf(best, patch_distance(search, row, column));
    }
    return best;
}

/* One of the distances up to the limit, all alike. */
static size_t pick(Texture *t, size_t count, float limit)
{
    uint32_t candidates = 0;
    for (size_t i = 0; i < count; i++) candidates += t->distances[i] <= limit;
    uint32_t left = random_below(&t->random, candidates);
    for (size_t i = 0;; i++) {
        if (t->distances[i] <= limit && left-- == 0) return i;
    }
}

static void fill(Texture *t, int pixel)
{
    const TextureOptions *o = &t->options;
    const int y = pixel / o->width, x = pixel % o->width, reach = o->window / 2;
    const PatchSearch search = {
        .picture = t->sample + reach * o->sample_width + reach,
        .rows = o->sample_height - o->window + 1,
        .columns = o->sample_width - o->window + 1,
        .stride = (size_t)o->sample_width,
        .taps = t->taps,
        .tap_count = make_taps(t, y, x),
        .tolerance = 1 + o->tolerance,
    };
    const float best = patch_distances(&search, bound(t, &search, y, x), t->distances);
    const size_t stride = patch_stride(search.columns);
    const size_t place = pick(t, (size_t)search.rows * stride, search.tolerance * best);
    if (!(t->distances[place] < t->threshold)) return;
    const int row = (int)(place / stride) + reach, column = (int)(place % stride) + reach;
    t->source[pixel] = row * o->sample_width + column;
    t->error += t->distances[place];
    t->filled++;
    t->progress = true;
}

bool texture_grow(Texture *t)
{
    const int pixels = t->options.height * t->options.width;
    if (t->filled == pixels) return true;
    if (t->edge_at == t->edge_count) {
        if (t->edge_count && !t->progress) t->threshold *= 1.1F;
        list_edge(t);
    }
    fill(t, t->edge[t->edge_at++]);
    return t->filled == pixels;
}

/* ---- what there is ---- */

int texture_filled(const Texture *t)
{
    return t->filled;
}

float texture_threshold(const Texture *t)
{
    return t->threshold;
}

double texture_error(const Texture *t)
{
    const int grown = t->filled - SEED_SIDE * SEED_SIDE;
    return grown ? t->error / grown : 0;
}

const int *texture_sources(const Texture *t)
{
    return t->source;
}

void texture_rgb(const Texture *t, float *rgb)
{
    const TextureOptions *o = &t->options;
    const size_t pixels = (size_t)o->height * (size_t)o->width;
    const size_t plane = (size_t)o->sample_height * (size_t)o->sample_width;
    for (size_t c = 0; c < 3; c++) {
        const float *values = t->sample + (t->channels == 3 ? c * plane : 0);
        for (size_t i = 0; i < pixels; i++)
            rgb[c * pixels + i] = t->source[i] < 0 ? 0 : values[t->source[i]];
    }
}
