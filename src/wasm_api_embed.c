/* t-SNE of any points, without a network. */
#include "wasm_api_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "embed/nearest.h"
#include "embed/pca.h"
#include "embed/tsne.h"

enum { REDUCED = 50, MOST_POINTS = 100 * 1000 };

typedef struct Embedding {
    float *points, *reduced; /* [n,dims], [n,width] */
    Pca *pca;
    Tsne *tsne;
    TsneOptions options;
    int n;
} Embedding;

/* As in wasm_api.c: the one state that outlives a call. */
static Handles embeddings;

static void embedding_free(Embedding *e)
{
    if (!e) return;
    tsne_destroy(e->tsne);
    pca_destroy(e->pca);
    free(e->points);
    free(e->reduced);
    free(e);
}

static Status find(int handle, Embedding **e)
{
    *e = handles_find(&embeddings, handle);
    if (*e) return status_ok();
    return status_error(STATUS_BAD_INPUT, "embedding %d is not open", handle);
}

static Status fill(Embedding *e, const float *points, int n, int dims)
{
    if (n < 4 || n > MOST_POINTS || dims < 1 || dims > 1 << 20) {
        return status_error(
            STATUS_BAD_INPUT,
            "%d points of %d dimensions cannot be placed: 4 to %d points of at least 1 "
            "can",
            n, dims, MOST_POINTS);
    }
    const size_t bytes = (size_t)n * (size_t)dims * sizeof *points;
    float *mean = malloc((size_t)dims * sizeof *mean);
    e->n = n;
    e->points = malloc(bytes);
    if (!mean || !e->points) {
        free(mean);
        return status_no_memory("the points", bytes);
    }
    memcpy(e->points, points, bytes);
    nearest_center(e->points, n, dims, mean);
    free(mean);
    return pca_create(&e->pca, e->points, n, dims, REDUCED, e->options.seed);
}

CONVO_EXPORT int convo_tsne_create(const float *points, int n, int dims, float perplexity,
                                   float theta, int iterations, int seed)
{
    int handle = 0;
    Embedding *e = calloc(1, sizeof *e);
    Status status = status_ok();
    if (e) {
        e->options = (TsneOptions){.perplexity = perplexity,
                                   .theta = theta,
                                   .exaggeration = 12,
                                   .exaggerated = 250,
                                   .iterations = iterations,
                                   .seed = (uint64_t)seed};
        status = fill(e, points, n, dims);
    } else {
        status = status_no_memory("the embedding", sizeof *e);
    }
    if (status.code == STATUS_OK) status = handles_add(&embeddings, e, "embeddings", &handle);
    if (status.code != STATUS_OK) embedding_free(e);
    return boundary_return(status, handle);
}

/* A round of the components, or a piece of t-SNE. */
static Status advance(Embedding *e, bool *done)
{
    if (e->tsne) {
        *done = tsne_advance(e->tsne);
        return status_ok();
    }
    if (!pca_advance(e->pca)) return status_ok();
    const int width = pca_components(e->pca);
    const size_t bytes = (size_t)e->n * (size_t)width * sizeof(float);
    e->reduced = malloc(bytes);
    if (!e->reduced) return status_no_memory("the embedding", bytes);
    pca_project(e->pca, width, e->reduced);
    return tsne_create(&e->tsne, e->reduced, e->n, width, &e->options);
}

CONVO_EXPORT int convo_tsne_advance(int handle, double seconds)
{
    Embedding *e;
    bool done = false;
    const double until = clock_seconds() + seconds;
    Status status = find(handle, &e);
    while (status.code == STATUS_OK && !done) {
        status = advance(e, &done);
        if (clock_seconds() >= until) break;
    }
    return boundary_return(status, done);
}

CONVO_EXPORT double convo_tsne_progress(int handle)
{
    const Embedding *e = handles_find(&embeddings, handle);
    return e && e->tsne ? tsne_progress(e->tsne) : 0;
}

CONVO_EXPORT int convo_tsne_points(int handle)
{
    Embedding *e;
    Status status = find(handle, &e);
    if (status.code == STATUS_OK && !e->tsne) {
        status = status_error(STATUS_BAD_INPUT, "t-SNE has nothing to show yet");
    }
    if (status.code == STATUS_OK) {
        Text *text = boundary_text();
        json_object_begin(text);
        json_array_of(text, &(Shape){.rank = 2, .dim = {e->n, 2}}, tsne_points(e->tsne));
        json_key(text, "iteration"), json_integer(text, tsne_iteration(e->tsne));
        json_key(text, "divergence"), json_number(text, tsne_divergence(e->tsne));
        json_object_end(text);
    }
    return boundary_return_text(status);
}

CONVO_EXPORT int convo_tsne_close(int handle)
{
    Embedding *e;
    Status status = find(handle, &e);
    if (status.code == STATUS_OK) handles_remove(&embeddings, handle);
    embedding_free(e);
    return boundary_return(status, 0);
}
