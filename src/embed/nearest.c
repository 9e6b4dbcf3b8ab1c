#include "embed/nearest.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "kernels/gemm.h"
#include "parallel.h"
#include "simd.h"

static double dot(const float *a, const float *b, int count)
{
    vf sum = vf_zero();
    int i = 0;
    for (; i + VF_LANES <= count; i += VF_LANES) sum = vf_fma(vf_load(a + i), vf_load(b + i), sum);
    double total = vf_sum(sum);
    for (; i < count; i++) total += (double)a[i] * b[i];
    return total;
}

void nearest_norms(const float *points, int n, int d, float *norms)
{
    for (size_t i = 0; i < (size_t)n; i++) {
        const float *p = points + i * (size_t)d;
        norms[i] = (float)dot(p, p, d);
    }
}

void nearest_normalise(float *points, int n, int d)
{
    for (size_t i = 0; i < (size_t)n; i++) {
        float *p = points + i * (size_t)d;
        const double length = sqrt(dot(p, p, d));
        const float scale = length > 0 ? (float)(1 / length) : 0;
        for (int c = 0; c < d; c++) p[c] *= scale;
    }
}

void nearest_center(float *points, int n, int d, float *mean)
{
    for (int c = 0; c < d; c++) mean[c] = 0;
    for (size_t i = 0; i < (size_t)n; i++) {
        const float *p = points + i * (size_t)d;
        for (int c = 0; c < d; c++) mean[c] += p[c] / (float)n;
    }
    for (size_t i = 0; i < (size_t)n; i++) {
        float *p = points + i * (size_t)d;
        for (int c = 0; c < d; c++) p[c] -= mean[c];
    }
}

/* ---- the k smallest so far: a heap whose root is the worst of them ---- */

typedef struct Found {
    float distance;
    int index;
} Found;

static bool worse(Found a, Found b)
{
    return a.distance > b.distance || (a.distance == b.distance && a.index > b.index);
}

/* Puts the value into the place `at` or below it. */
static void sink(Found *heap, int count, int at, Found value)
{
    for (;;) {
        int child = 2 * at + 1;
        if (child >= count) break;
        if (child + 1 < count && worse(heap[child + 1], heap[child])) child++;
        if (!worse(heap[child], value)) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

/* Offers norms - 2 products, the squared distances less the row's own norm, to the heap of one row. */
static void offer(Found *heap, int k, const float *products, const float *norms, int n, int self)
{
    for (int j = 0; j < n; j += VF_LANES) {
        float distance[VF_LANES];
        const int lanes = n - j < VF_LANES ? n - j : VF_LANES;
        if (lanes == VF_LANES) {
            const vf d = vf_fma(vf_load(products + j), vf_splat(-2), vf_load(norms + j));
            if (!vi_any((vi)(d <= vf_splat(heap[0].distance)))) continue;
            vf_store(distance, d);
        } else {
            for (int l = 0; l < lanes; l++) distance[l] = norms[j + l] - 2 * products[j + l];
        }
        for (int l = 0; l < lanes; l++) {
            const Found found = {distance[l], j + l};
            if (found.index != self && worse(heap[0], found)) sink(heap, k, 0, found);
        }
    }
}

/* The distances themselves, whose digits the products have lost where points lie close, nearest first. */
static void settle(const Nearest *nearest, int row, Found *heap, int k, int *index, float *distance)
{
    const float *p = nearest->points + (size_t)row * (size_t)nearest->d;
    for (int i = 0; i < k; i++) {
        const float *q = nearest->points + (size_t)heap[i].index * (size_t)nearest->d;
        vf sum = vf_zero();
        int c = 0;
        for (; c + VF_LANES <= nearest->d; c += VF_LANES) {
            const vf difference = vf_load(p + c) - vf_load(q + c);
            sum = vf_fma(difference, difference, sum);
        }
        float total = vf_sum(sum);
        for (; c < nearest->d; c++) total += (p[c] - q[c]) * (p[c] - q[c]);
        heap[i].distance = total;
    }
    /* Heapsort, for the order may have changed. */
    for (int i = k / 2 - 1; i >= 0; i--) sink(heap, k, i, heap[i]);
    for (int end = k - 1; end >= 0; end--) {
        index[end] = heap[0].index;
        distance[end] = heap[0].distance;
        sink(heap, end, 0, heap[end]);
    }
}

/* ---- rows ---- */

typedef struct Rows {
    const Nearest *nearest;
    int first, k;
    const float *products; /* [rows,n] */
    Found *heaps;          /* [rows,k] */
    int *index;
    float *distance;
} Rows;

static void search_rows(void *context, size_t begin, size_t end, int thread)
{
    const Rows *r = context;
    const size_t n = (size_t)r->nearest->n, k = (size_t)r->k;
    (void)thread;
    for (size_t i = begin; i < end; i++) {
        Found *heap = r->heaps + i * k;
        const int row = r->first + (int)i;
        for (size_t f = 0; f < k; f++) heap[f] = (Found){INFINITY, INT32_MAX};
        offer(heap, r->k, r->products + i * n, r->nearest->norms, r->nearest->n, row);
        settle(r->nearest, row, heap, r->k, r->index + i * k, r->distance + i * k);
    }
}

static size_t products_bytes(const Nearest *nearest)
{
    return ((size_t)NEAREST_MOST_ROWS * (size_t)nearest->n * sizeof(float) + 63) & ~(size_t)63;
}

static size_t heaps_bytes(int k)
{
    return ((size_t)NEAREST_MOST_ROWS * (size_t)k * sizeof(Found) + 63) & ~(size_t)63;
}

size_t nearest_scratch_bytes(const Nearest *nearest, int k)
{
    return products_bytes(nearest) + heaps_bytes(k) +
           gemm_scratch_bytes(NEAREST_MOST_ROWS, nearest->n, nearest->d, parallel_threads());
}

void nearest_rows(const Nearest *nearest, int first, int count, int k, void *scratch, int *index,
                  float *distance)
{
    assert(count <= NEAREST_MOST_ROWS && k > 0 && k < nearest->n);
    const int n = nearest->n, d = nearest->d;
    char *memory = scratch;
    float *products = (float *)memory;
    Rows rows = {nearest, first,   k, products, (Found *)(memory + products_bytes(nearest)),
                 index,   distance};
    gemm(&(Gemm){.m = count,
                 .n = n,
                 .k = d,
                 .a = gemm_matrix(nearest->points + (size_t)first * (size_t)d, d),
                 .b = gemm_transposed(nearest->points, d),
                 .c = products,
                 .threads = parallel_threads()},
         memory + products_bytes(nearest) + heaps_bytes(k));
    parallel_for((size_t)count, 4, search_rows, &rows);
}

double nearest_agreement(const int *index, int n, int k, const int *group)
{
    double sum = 0;
    int rows = 0;
    for (int i = 0; i < n; i++) {
        if (group[i] < 0) continue;
        int same = 0;
        for (int j = 0; j < k; j++)
            same += group[index[(size_t)i * (size_t)k + (size_t)j]] == group[i];
        sum += (double)same / k;
        rows++;
    }
    return rows ? sum / rows : 0;
}
