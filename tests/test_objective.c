/* Every objective against its definition in double precision and against central differences of it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "objective.h"
#include "support/test.h"

typedef struct Case {
    ObjectiveKind kind;
    Shape shape;
    int channel, y, x;
    bool reference; /* as large as the value, or its Gram matrix */
    int item, border;
    int region; /* 1: with a shift, 2: with a mask, 3: both */
} Case;

#define DIMS(...)                                                                                  \
    {                                                                                              \
        .rank = sizeof((int[]){__VA_ARGS__}) / sizeof(int), .dim = { __VA_ARGS__ }                 \
    }

static const Case cases[] = {
    {OBJECTIVE_NEURON, DIMS(1, 3, 4, 5), 2, 3, 1, .item = 0},
    {OBJECTIVE_NEURON, DIMS(3, 2, 4, 5), 1, 3, 1, .item = 0},
    {OBJECTIVE_NEURON, DIMS(3, 2, 4, 5), 1, 3, 1, .item = 2},
    {OBJECTIVE_NEURON, DIMS(1, 7), 4, 0, 0, .item = 0},
    {OBJECTIVE_CHANNEL, DIMS(1, 3, 4, 5), 1, 0, 0, .item = 0},
    {OBJECTIVE_CHANNEL, DIMS(2, 6), 5, 0, 0, .item = 0},
    {OBJECTIVE_CHANNEL, DIMS(2, 3, 2, 2), 0, 0, 0, .item = 0},
    {OBJECTIVE_CHANNEL, DIMS(3, 3, 4, 5), 1, 0, 0, .item = 3},
    {OBJECTIVE_CHANNEL, DIMS(2, 3, 7, 6), 1, 0, 0, .border = 2},
    {OBJECTIVE_CHANNEL, DIMS(1, 2, 3, 8), 1, 0, 0, .item = 1, .border = 2},
    {OBJECTIVE_GRAM_SIMILARITY, DIMS(3, 4, 3, 2), 0, 0, 0, .item = 0},
    {OBJECTIVE_GRAM_SIMILARITY, DIMS(2, 19, 2, 5), 0, 0, 0, .item = 0},
    {OBJECTIVE_GRAM_SIMILARITY, DIMS(2, 6), 0, 0, 0, .item = 0},
    {OBJECTIVE_LAYER, DIMS(1, 3, 4, 5), 0, 0, 0, .item = 0},
    {OBJECTIVE_GRAM_ENERGY, DIMS(1, 3, 4, 5), 0, 0, 0, .item = 0},
    {OBJECTIVE_GRAM_ENERGY, DIMS(1, 17, 3, 7), 0, 0, 0, .item = 0},
    {OBJECTIVE_GRAM_MATCH, DIMS(1, 3, 4, 5), 0, 0, 0, .reference = true},
    {OBJECTIVE_GRAM_MATCH, DIMS(1, 20, 5, 1), 0, 0, 0, .reference = true},
    {OBJECTIVE_GRAM_MATCH, DIMS(3, 4, 5, 3), 0, 0, 0, .reference = true},
    {OBJECTIVE_GRAM_REGION, DIMS(1, 3, 4, 5), 0, 0, 0, .reference = true},
    {OBJECTIVE_GRAM_REGION, DIMS(1, 20, 5, 1), 0, 0, 0, .reference = true, .region = 1},
    {OBJECTIVE_GRAM_REGION, DIMS(1, 4, 5, 7), 0, 0, 0, .reference = true, .region = 2},
    {OBJECTIVE_GRAM_REGION, DIMS(1, 5, 3, 7), 0, 0, 0, .reference = true, .region = 3},
    {OBJECTIVE_GUIDE, DIMS(1, 3, 4, 5), 0, 0, 0, .reference = true},
    {OBJECTIVE_GUIDE, DIMS(1, 6, 9, 8), 0, 0, 0, .reference = true},
    {OBJECTIVE_FEATURE_MATCH, DIMS(1, 3, 4, 5), 0, 0, 0, .reference = true},
    {OBJECTIVE_TOTAL_VARIATION, DIMS(1, 3, 4, 5), 0, 0, 0, .item = 0},
    {OBJECTIVE_TOTAL_VARIATION, DIMS(2, 2, 1, 6), 0, 0, 0, .item = 0},
    {OBJECTIVE_TOTAL_VARIATION, DIMS(1, 1, 6, 1), 0, 0, 0, .item = 0},
    {OBJECTIVE_CROSS_ENTROPY, DIMS(1, 7), 3, 0, 0, .item = 0},
    {OBJECTIVE_CROSS_ENTROPY, DIMS(2, 4, 3, 2), 1, 0, 0, .item = 0},
};

/* ---- definitions, in double ---- */

/* What a region takes off the channels and multiplies the positions with. */
static float shift_of(const Case *c, int channel)
{
    return c->region & 1 ? 0.3F - 0.1F * (float)channel : 0;
}

static float mask_of(const Case *c, size_t position)
{
    return c->region & 2 ? (float)(position % 3) : 1;
}

static double item_gram_reference(const Case *c, const double *v, const float *reference)
{
    const int channels = c->shape.dim[1];
    const size_t positions = shape_span(&c->shape, 2, c->shape.rank);
    double sum = 0;
    for (int i = 0; i < channels; i++) {
        for (int j = 0; j < channels; j++) {
            double g = 0;
            for (size_t p = 0; p < positions; p++)
                g += (double)(mask_of(c, p) * mask_of(c, p)) *
                     (v[(size_t)i * positions + p] - shift_of(c, i)) *
                     (v[(size_t)j * positions + p] - shift_of(c, j));
            g /= (double)channels * (double)positions;
            if (reference) g -= reference[i * channels + j];
            sum += g * g;
        }
    }
    return sum;
}

static double gram_reference(const Case *c, const double *v, const float *reference)
{
    const size_t item = shape_span(&c->shape, 1, c->shape.rank);
    double sum = 0;
    for (int n = 0; n < c->shape.dim[0]; n++)
        sum += item_gram_reference(c, v + (size_t)n * item, reference);
    return sum;
}

static double variation_reference(const Case *c, const double *v)
{
    const int h = c->shape.dim[2], w = c->shape.dim[3];
    const size_t count = shape_elements(&c->shape);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const int x = (int)(i % (size_t)w), y = (int)(i / (size_t)w % (size_t)h);
        if (x + 1 < w) sum += (v[i + 1] - v[i]) * (v[i + 1] - v[i]);
        if (y + 1 < h) sum += (v[i + (size_t)w] - v[i]) * (v[i + (size_t)w] - v[i]);
    }
    return sum / (double)count;
}

static double entropy_reference(const Case *c, const double *v)
{
    const int channels = c->shape.dim[1];
    const size_t positions = shape_span(&c->shape, 2, c->shape.rank);
    double sum = 0;
    for (int n = 0; n < c->shape.dim[0]; n++) {
        const double *item = v + (size_t)n * (size_t)channels * positions;
        for (size_t p = 0; p < positions; p++) {
            double total = 0;
            for (int k = 0; k < channels; k++) total += exp(item[(size_t)k * positions + p]);
            sum -= item[(size_t)c->channel * positions + p] - log(total);
        }
    }
    return sum / (double)positions;
}

static bool counts(const Case *c, int item)
{
    return c->item == 0 || c->item == item + 1;
}

static double neuron_reference(const Case *c, const double *v)
{
    const Shape *s = &c->shape;
    const int height = s->rank == 4 ? s->dim[2] : 1, width = s->rank == 4 ? s->dim[3] : 1;
    double sum = 0;
    for (int n = 0; n < s->dim[0]; n++) {
        if (counts(c, n)) sum += v[((n * s->dim[1] + c->channel) * height + c->y) * width + c->x];
    }
    return sum;
}

static double channel_reference(const Case *c, const double *v)
{
    const Shape *s = &c->shape;
    const int height = s->rank == 4 ? s->dim[2] : 1, width = s->rank == 4 ? s->dim[3] : 1;
    const int top = c->border < (height + 1) / 2 ? c->border : (height - 1) / 2;
    const int left = c->border < (width + 1) / 2 ? c->border : (width - 1) / 2;
    double sum = 0;
    for (int n = 0; n < s->dim[0]; n++) {
        for (int y = top; y < height - top && counts(c, n); y++) {
            for (int x = left; x < width - left; x++)
                sum += v[((n * s->dim[1] + c->channel) * height + y) * width + x];
        }
    }
    return sum / ((height - 2 * top) * (width - 2 * left));
}

static double gram_of(const Case *c, const double *v, int item, int i, int j)
{
    const int channels = c->shape.dim[1], positions = (int)shape_span(&c->shape, 2, c->shape.rank);
    double sum = 0;
    for (int p = 0; p < positions; p++)
        sum += v[(item * channels + i) * positions + p] * v[(item * channels + j) * positions + p];
    return sum;
}

static double gram_product(const Case *c, const double *v, int a, int b)
{
    const int channels = c->shape.dim[1];
    double sum = 0;
    for (int k = 0; k < channels * channels; k++)
        sum += gram_of(c, v, a, k / channels, k % channels) *
               gram_of(c, v, b, k / channels, k % channels);
    return sum;
}

static double similarity_reference(const Case *c, const double *v)
{
    const int items = c->shape.dim[0];
    double sum = 0;
    for (int a = 0; a < items; a++) {
        for (int b = 0; b < items; b++) {
            if (a != b)
                sum += gram_product(c, v, a, b) /
                       sqrt(gram_product(c, v, a, a) * gram_product(c, v, b, b));
        }
    }
    return sum / items;
}

static double squares_reference(const Case *c, const double *v, const float *reference)
{
    double sum = 0;
    for (size_t i = 0; i < shape_elements(&c->shape); i++) {
        const double d = v[i] - (reference ? reference[i] : 0);
        sum += d * d;
    }
    return sum;
}

/* The guide has GUIDE_POSITIONS positions. */
enum { GUIDE_POSITIONS = 7 };

static double guide_reference(const Case *c, const double *v, const float *reference)
{
    const int channels = c->shape.dim[1], positions = (int)shape_span(&c->shape, 2, c->shape.rank);
    double sum = 0;
    for (int p = 0; p < positions; p++) {
        double most = -INFINITY;
        for (int q = 0; q < GUIDE_POSITIONS; q++) {
            double product = 0;
            for (int k = 0; k < channels; k++)
                product += v[k * positions + p] * reference[k * GUIDE_POSITIONS + q];
            most = fmax(most, product);
        }
        sum += most;
    }
    return sum;
}

static double definition(const Case *c, const double *v, const float *reference)
{
    switch (c->kind) {
    case OBJECTIVE_NEURON: return neuron_reference(c, v);
    case OBJECTIVE_GRAM_SIMILARITY: return similarity_reference(c, v);
    case OBJECTIVE_CHANNEL: return channel_reference(c, v);
    case OBJECTIVE_LAYER: return 0.5 * squares_reference(c, v, NULL);
    case OBJECTIVE_GRAM_ENERGY:
    case OBJECTIVE_GRAM_REGION:
    case OBJECTIVE_GRAM_MATCH: return gram_reference(c, v, reference);
    case OBJECTIVE_GUIDE: return guide_reference(c, v, reference);
    case OBJECTIVE_FEATURE_MATCH:
        return squares_reference(c, v, reference) / (double)shape_elements(&c->shape);
    case OBJECTIVE_TOTAL_VARIATION: return variation_reference(c, v);
    case OBJECTIVE_CROSS_ENTROPY: break;
    }
    return entropy_reference(c, v);
}

/* ---- the check ---- */

static float *random_floats(size_t count, uint64_t seed)
{
    Random random = random_seeded(seed);
    float *floats = aligned_alloc_zeroed(count * sizeof *floats);
    for (size_t i = 0; i < count; i++) floats[i] = random_normal(&random);
    return floats;
}

/* What is matched: features, or the Gram matrix of some, which is symmetric. */
static float *random_reference(const Case *c, uint64_t seed)
{
    if (!c->reference) return NULL;
    const size_t channels = (size_t)c->shape.dim[1];
    if (c->kind != OBJECTIVE_GRAM_MATCH && c->kind != OBJECTIVE_GRAM_REGION)
        return random_floats(shape_elements(&c->shape), seed);
    float *gram = random_floats(channels * channels, seed);
    for (size_t i = 0; i < channels; i++) {
        for (size_t j = 0; j < i; j++) gram[i * channels + j] = gram[j * channels + i];
    }
    return gram;
}

/* A graph whose only value is its input. */
static Value *one_value(Graph **graph, const Case *c)
{
    Value *value = NULL;
    CHECK_OK(graph_create(graph));
    CHECK_OK(graph_add_input(*graph, "v", c->shape, &value));
    CHECK_OK(graph_allocate(*graph, GRAPH_INPUT_GRADIENT));
    graph_zero_gradients(*graph);
    return value;
}

static void check_case(int index)
{
    const Case *c = &cases[index];
    const size_t count = shape_elements(&c->shape);
    const float weight = 0.7F;
    const int failures = test_failures();
    Graph *graph;
    Value *value = one_value(&graph, c);
    float *x = random_floats(count, (uint64_t)index + 1);
    float *reference = random_reference(c, (uint64_t)index + 101);
    float *scratch =
        aligned_alloc_zeroed((objective_scratch(c->kind, &c->shape) + 1) * sizeof *scratch);
    double *v = calloc(count, sizeof *v);
    memcpy(value->data, x, count * sizeof *x);
    for (size_t i = 0; i < count; i++) v[i] = x[i];
    float shift[20], mask[64];
    for (int i = 0; i < 20; i++) shift[i] = shift_of(c, i);
    for (size_t i = 0; i < 64; i++) mask[i] = mask_of(c, i);
    const Objective term = {.kind = c->kind,
                            .value = value,
                            .shift = c->region & 1 ? shift : NULL,
                            .mask = c->region & 2 ? mask : NULL,
                            .channel = c->channel,
                            .item = c->item,
                            .border = c->border,
                            .y = c->y,
                            .x = c->x,
                            .weight = weight,
                            .reference = reference,
                            .reference_positions = GUIDE_POSITIONS,
                            .scratch = scratch};
    const double expected = weight * definition(c, v, reference);
    const double scale = fmax(fabs(expected), 1e-3);
    CHECK_NEAR(objective_value(&term) / scale, expected / scale, 1e-5);

    /* Two terms add, to values and to gradients. */
    const Objective both[] = {term, term};
    graph_zero_gradients(graph);
    CHECK_NEAR(objectives_seed(both, 2, graph) / scale, 2 * expected / scale, 2e-5);
    CHECK(value->reached);
    double largest = 1e-3;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs((double)value->grad[i]));
    for (size_t i = 0; i < count; i++) {
        const double h = 1e-5, kept = v[i];
        v[i] = kept + h;
        const double above = definition(c, v, reference);
        v[i] = kept - h;
        const double below = definition(c, v, reference);
        v[i] = kept;
        const double slope = 2 * weight * (above - below) / (2 * h);
        CHECK_NEAR(value->grad[i] / largest, slope / largest, 2e-5);
    }
    if (test_failures() > failures)
        test_fail(__FILE__, __LINE__, "in case %d of kind %d", index, (int)c->kind);
    free(v);
    aligned_free(scratch);
    aligned_free(reference);
    aligned_free(x);
    graph_destroy(graph);
}

static void values_and_gradients(void)
{
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) check_case(i);
}

/* A chain of terms is worth, and seeds, what its terms are and seed one by one. */
static void objectives_add(void)
{
    const Case c = {.kind = OBJECTIVE_LAYER, .shape = DIMS(1, 3, 4, 5)};
    Graph *graph;
    Value *value = one_value(&graph, &c);
    float *x = random_floats(60, 9), *alone = random_floats(60, 1);
    memcpy(value->data, x, 60 * sizeof *x);
    Objective terms[] = {
        {.kind = OBJECTIVE_CHANNEL, .value = value, .channel = 1, .weight = 2},
        {.kind = OBJECTIVE_GRAM_ENERGY, .value = value, .weight = -0.5F},
        {.kind = OBJECTIVE_NEURON, .value = value, .channel = 2, .y = 1, .x = 3, .weight = 1},
    };
    float *scratch = aligned_alloc_zeroed(3 * objective_scratch(OBJECTIVE_GRAM_ENERGY, &c.shape) *
                                          sizeof *scratch);
    for (int i = 0; i < 3; i++) objectives_give_scratch(&terms[i], scratch);
    graph_zero_gradients(graph);
    const double sum = objectives_seed(terms, 3, graph);
    memcpy(alone, value->grad, 60 * sizeof *alone);
    terms[0].plus = &terms[1], terms[1].plus = &terms[2];
    CHECK(objectives_scratch(terms) >= objective_scratch(OBJECTIVE_GRAM_ENERGY, &c.shape));
    objectives_give_scratch(terms, scratch);
    graph_zero_gradients(graph);
    CHECK_NEAR(objectives_seed(terms, 1, graph), sum, 1e-12);
    CHECK_NEAR(objective_value(terms), sum, 1e-12);
    CHECK(memcmp(alone, value->grad, 60 * sizeof *alone) == 0);
    aligned_free(scratch);
    aligned_free(x);
    aligned_free(alone);
    graph_destroy(graph);
}

/* Large scores must not overflow, and a certain answer costs nothing. */
static void cross_entropy_is_stable(void)
{
    const Case c = {.kind = OBJECTIVE_CROSS_ENTROPY, .shape = DIMS(1, 3), .channel = 0};
    Graph *graph;
    Value *value = one_value(&graph, &c);
    const float scores[] = {1000, 0, -1000};
    memcpy(value->data, scores, sizeof scores);
    Objective term = {.kind = c.kind, .value = value, .channel = 0, .weight = 1};
    CHECK_NEAR(objective_value(&term), 0, 1e-12);
    term.channel = 2;
    CHECK_NEAR(objective_value(&term), 2000, 1e-9);
    /* p - 1 of a certain class keeps its digits. */
    value->data[0] = 40;
    term.channel = 0;
    objectives_seed(&term, 1, graph);
    CHECK_NEAR(value->grad[0] / -exp(-40), 1, 1e-6);
    graph_destroy(graph);
}

static void gram_matrix_is_symmetric(void)
{
    const Case c = {.kind = OBJECTIVE_GRAM_ENERGY, .shape = DIMS(1, 70, 9, 11)};
    Graph *graph;
    Value *value = one_value(&graph, &c);
    float *x = random_floats(shape_elements(&c.shape), 5);
    memcpy(value->data, x, shape_elements(&c.shape) * sizeof *x);
    float *gram = aligned_alloc_zeroed(70 * 70 * sizeof *gram);
    float *scratch =
        aligned_alloc_zeroed(objective_scratch(OBJECTIVE_GRAM_MATCH, &c.shape) * sizeof *scratch);
    gram_matrix(value, gram, scratch);
    for (int i = 0; i < 70; i++) {
        double sum = 0;
        for (int p = 0; p < 99; p++) sum += (double)x[i * 99 + p] * x[i * 99 + p];
        CHECK_NEAR(gram[i * 70 + i], sum / (70.0 * 99.0), 1e-6);
        for (int j = 0; j < i; j++) CHECK_NEAR(gram[i * 70 + j], gram[j * 70 + i], 1e-6);
    }
    aligned_free(scratch);
    aligned_free(gram);
    aligned_free(x);
    graph_destroy(graph);
}

static const Test tests[] = {
    TEST(values_and_gradients),
    TEST(objectives_add),
    TEST(cross_entropy_is_stable),
    TEST(gram_matrix_is_symmetric),
};
TEST_MAIN(tests)
