#include "support/op_check.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "support/test.h"

enum { MAX_COORDINATES = 3000, DIRECTIONS = 3, MAX_BLOCKS = 64 };

static const double STEP = 1e-5, KINK_MARGIN = 0.01;

/* One case under test: the planned node, its buffers, and the same numbers in double. */
typedef struct Bench {
    const OpSuite *suite;
    const OpCase *c;
    uint64_t seed;
    Random random;
    int failures;

    Graph *graph;
    Node *node;
    int in_count, out_count;
    Value *in[OP_CASE_INPUTS];
    OpArray x[OP_CASE_INPUTS], y[OP_CASE_OUTPUTS];
    double *w[OP_CASE_OUTPUTS];      /* the linear functional: L = sum of w y */
    float *expected[OP_CASE_INPUTS]; /* dL/dx as the first backward gave it */

    void *blocks[MAX_BLOCKS];
    int block_count;
} Bench;

/* ---- reporting ---- */

__attribute__((format(printf, 2, 3))) static void fail(Bench *b, const char *format, ...)
{
    /* The first few say enough; a wrong kernel is wrong everywhere. */
    if (b->failures++ >= 3) return;
    char message[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    printf("FAIL ");
    op_case_print(b->suite, b->c);
    printf(" --seed %llu: %s\n", (unsigned long long)b->seed, message);
}

/* ---- buffers ---- */

/* Exactly so many bytes, 64-byte aligned and then `shift` bytes further, filled with NaN. */
static void *block(Bench *b, size_t bytes, size_t shift)
{
    void *memory = NULL;
    if (b->block_count == MAX_BLOCKS || posix_memalign(&memory, 64, bytes + shift + !bytes)) {
        printf("the test has no memory for %zu bytes\n", bytes);
        exit(1);
    }
    memset(memory, 0xFF, bytes + shift + !bytes);
    b->blocks[b->block_count++] = memory;
    return (char *)memory + shift;
}

static float *floats(Bench *b, const Shape *shape)
{
    return block(b, shape_elements(shape) * sizeof(float), 0);
}

static double *doubles(Bench *b, const Shape *shape)
{
    return block(b, shape_elements(shape) * sizeof(double), 0);
}

static void poison(void *memory, size_t bytes)
{
    if (bytes) memset(memory, 0xFF, bytes);
}

static bool is_given(const OpInput *in)
{
    return in->absent || in->scalar || in->shape.rank > 0;
}

static bool near_kink(const OpInput *in, double value)
{
    for (int i = 0; i < in->kink_count; i++) {
        if (fabs(value - in->kinks[i]) < KINK_MARGIN) return true;
    }
    return false;
}

static void fill_input(Bench *b, const OpInput *in, float *data)
{
    const size_t count = shape_elements(&in->shape);
    const bool unset = in->low == 0 && in->high == 0;
    const double low = unset ? -1 : in->low, high = unset ? 1 : in->high;
    for (size_t i = 0; i < count; i++) {
        double value;
        do {
            value = low + (high - low) * (double)random_uniform(&b->random);
        } while (near_kink(in, value));
        /* Evenly spaced, then shuffled below: no two are close. */
        if (in->distinct) value = low + (high - low) * (double)i / (double)count;
        data[i] = (float)value;
    }
    for (size_t i = count; in->distinct && i > 1; i--) {
        size_t j = random_below(&b->random, (uint32_t)i);
        float swapped = data[i - 1];
        data[i - 1] = data[j];
        data[j] = swapped;
    }
}

static Status build_inputs(Bench *b)
{
    for (int i = 0; i < OP_CASE_INPUTS && is_given(&b->c->in[i]); i++) {
        const OpInput *in = &b->c->in[i];
        b->in_count = i + 1;
        if (in->absent) continue;
        char name[16];
        snprintf(name, sizeof name, "x%d", i);
        float *data = block(b, shape_elements(&in->shape) * sizeof(float), in->constant ? 4 : 0);
        fill_input(b, in, data);
        if (in->constant) {
            TRY(graph_add_constant(b->graph, name, in->shape, data, &b->in[i]));
        } else {
            TRY(graph_add_input(b->graph, name, in->shape, &b->in[i]));
            b->in[i]->data = data;
        }
        b->x[i].shape = in->shape;
        b->x[i].data = doubles(b, &in->shape);
        for (size_t k = 0; k < shape_elements(&in->shape); k++) b->x[i].data[k] = (double)data[k];
    }
    return status_ok();
}

/* Plans the node of the case; the error, if any, is plan's. */
static Status build(Bench *b)
{
    TRY(graph_create(&b->graph));
    TRY(build_inputs(b));
    static const char *const names[OP_CASE_OUTPUTS] = {"y0", "y1", "y2", "y3"};
    int attrs = 0;
    while (attrs < OP_CASE_ATTRS && b->c->attr[attrs].name) attrs++;
    b->out_count = b->c->out_count ? b->c->out_count : 1;
    NodeSpec spec = {.op = b->suite->op,
                     .name = "the node",
                     .in = b->in,
                     .in_count = b->in_count,
                     .out = names,
                     .out_count = b->out_count,
                     .attr = b->c->attr,
                     .attr_count = attrs,
                     .opset = b->c->opset ? b->c->opset : 13};
    return graph_add_node(b->graph, &spec, &b->node);
}

static void allocate(Bench *b)
{
    Node *n = b->node;
    n->cache = block(b, n->cache_bytes, 0);
    n->scratch = block(b, n->scratch_bytes, 0);
    for (int i = 0; i < b->in_count; i++) {
        if (!b->in[i]) continue;
        b->in[i]->grad = floats(b, &b->in[i]->shape);
        b->expected[i] = floats(b, &b->in[i]->shape);
    }
    for (int i = 0; i < b->out_count; i++) {
        Value *y = n->out[i];
        y->data = floats(b, &y->shape);
        y->grad = floats(b, &y->shape);
        b->y[i].shape = y->shape;
        b->y[i].data = doubles(b, &y->shape);
        b->w[i] = doubles(b, &y->shape);
        for (size_t k = 0; k < shape_elements(&y->shape); k++) {
            /* Rounded to float, so that both sides have the same functional. */
            y->grad[k] = 2 * random_uniform(&b->random) - 1;
            b->w[i][k] = (double)y->grad[k];
        }
    }
}

static void release(Bench *b)
{
    for (int i = 0; i < b->block_count; i++) free(b->blocks[i]);
    graph_destroy(b->graph);
}

/* ---- checks ---- */

static double tolerance_of(const Bench *b)
{
    return b->c->tolerance > 0 ? b->c->tolerance : 1e-5;
}

static void check_shapes(Bench *b)
{
    char got[SHAPE_TEXT_BYTES], want[SHAPE_TEXT_BYTES];
    for (int i = 0; i < b->out_count; i++) {
        const Shape *expected = b->c->out[i].shape.rank ? &b->c->out[i].shape : &b->c->in[0].shape;
        if (!shape_equal(&b->node->out[i]->shape, expected)) {
            fail(b, "output %d has the shape %s, not %s", i,
                 shape_text(&b->node->out[i]->shape, got), shape_text(expected, want));
        }
    }
}

static double largest(const double *data, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(data[i]));
    return most;
}

static void run_reference(Bench *b, OpArray *y)
{
    b->suite->reference(b->c, b->x, y);
}

static void check_inputs_untouched(Bench *b, const char *what)
{
    for (int i = 0; i < b->in_count; i++) {
        if (!b->in[i]) continue;
        for (size_t k = 0; k < op_array_count(&b->x[i]); k++) {
            if ((double)b->in[i]->data[k] != b->x[i].data[k]) {
                fail(b, "%s changed value %zu of input %d", what, k, i);
                return;
            }
        }
    }
}

static void check_forward(Bench *b)
{
    Node *n = b->node;
    n->op->forward(n);
    check_inputs_untouched(b, "forward");
    run_reference(b, b->y);
    for (int i = 0; i < b->out_count; i++) {
        const size_t count = op_array_count(&b->y[i]);
        const double scale = fmax(largest(b->y[i].data, count), 1e-3);
        for (size_t k = 0; k < count; k++) {
            double error = fabs((double)n->out[i]->data[k] - b->y[i].data[k]);
            if (error <= tolerance_of(b) * scale) continue;
            fail(b, "forward: output %d at %zu is %.8g, not %.8g%s", i, k,
                 (double)n->out[i]->data[k], b->y[i].data[k],
                 isnan(n->out[i]->data[k]) ? " (never written?)" : "");
        }
    }
}

/* Backward with these gradients of the inputs; scratch holds garbage, as it may. */
static void run_backward(Bench *b, const BackwardRule *rule)
{
    poison(b->node->scratch, b->node->scratch_bytes);
    b->node->op->backward(b->node, rule);
}

static void clear_gradients(Bench *b)
{
    for (int i = 0; i < b->in_count; i++) {
        if (!b->in[i]) continue;
        memset(b->in[i]->grad, 0, op_array_count(&b->x[i]) * sizeof(float));
    }
}

static double functional_difference(const Bench *b, const OpArray *plus, const OpArray *minus)
{
    double sum = 0;
    for (int i = 0; i < b->out_count; i++) {
        for (size_t k = 0; k < op_array_count(&b->y[i]); k++) {
            sum += b->w[i][k] * (plus[i].data[k] - minus[i].data[k]);
        }
    }
    return sum / (2 * STEP);
}

/* dL of input i along coordinate k, or along a direction when that is given. */
static double numeric_derivative(Bench *b, int i, size_t k, const double *direction, double *kept,
                                 OpArray *plus, OpArray *minus)
{
    double *x = b->x[i].data;
    const size_t first = direction ? 0 : k, last = direction ? op_array_count(&b->x[i]) : k + 1;
    memcpy(kept + first, x + first, (last - first) * sizeof *x);
    for (size_t j = first; j < last; j++) x[j] = kept[j] + STEP * (direction ? direction[j] : 1);
    run_reference(b, plus);
    for (size_t j = first; j < last; j++) x[j] = kept[j] - STEP * (direction ? direction[j] : 1);
    run_reference(b, minus);
    memcpy(x + first, kept + first, (last - first) * sizeof *x);
    return functional_difference(b, plus, minus);
}

static void compare_derivative(Bench *b, int i, const char *what, size_t k, double got, double want,
                               double scale)
{
    if (fabs(got - want) <= 2 * tolerance_of(b) * scale) return;
    fail(b, "gradient of input %d, %s %zu: backward gives %.8g, differences give %.8g", i, what, k,
         got, want);
}

static void check_coordinates(Bench *b, int i, double *kept, OpArray *plus, OpArray *minus)
{
    const size_t count = op_array_count(&b->x[i]);
    const float *dx = b->expected[i];
    double scale = 1e-3;
    for (size_t k = 0; k < count; k++) scale = fmax(scale, fabs((double)dx[k]));
    if (!isfinite(scale)) {
        fail(b, "gradient of input %d is not finite", i);
        return;
    }
    const bool sampled = b->c->sampled > 0 && (size_t)b->c->sampled < count;
    if (!sampled && count > MAX_COORDINATES) {
        fail(b, "input %d has %zu values, too many for all differences: set .sampled", i, count);
        return;
    }
    const size_t checks = sampled ? (size_t)b->c->sampled : count;
    for (size_t j = 0; j < checks && b->failures < 3; j++) {
        size_t k = sampled ? random_below(&b->random, (uint32_t)count) : j;
        double want = numeric_derivative(b, i, k, NULL, kept, plus, minus);
        compare_derivative(b, i, "coordinate", k, (double)dx[k], want, fmax(scale, fabs(want)));
    }
}

/* A few random directions see every coordinate at once, so that sampling overlooks nothing large. */
static void check_directions(Bench *b, int i, double *kept, OpArray *plus, OpArray *minus)
{
    const size_t count = op_array_count(&b->x[i]);
    double *direction = doubles(b, &b->x[i].shape);
    for (size_t round = 0; round < DIRECTIONS && b->failures < 3; round++) {
        double got = 0, squares = 1e-6;
        for (size_t k = 0; k < count; k++) {
            direction[k] = 2 * (double)random_uniform(&b->random) - 1;
            got += direction[k] * (double)b->expected[i][k];
            squares += (double)b->expected[i][k] * (double)b->expected[i][k];
        }
        double want = numeric_derivative(b, i, 0, direction, kept, plus, minus);
        compare_derivative(b, i, "direction", round, got, want, fmax(sqrt(squares), fabs(want)));
    }
}

static void check_gradient(Bench *b)
{
    clear_gradients(b);
    run_backward(b, &backward_exact);
    check_inputs_untouched(b, "backward");
    for (int i = 0; i < b->out_count; i++) {
        for (size_t k = 0; k < op_array_count(&b->y[i]); k++) {
            if ((double)b->node->out[i]->grad[k] == b->w[i][k]) continue;
            fail(b, "backward changed the gradient of output %d at %zu", i, k);
            return;
        }
    }
    OpArray plus[OP_CASE_OUTPUTS], minus[OP_CASE_OUTPUTS];
    for (int i = 0; i < b->out_count; i++) {
        plus[i] = (OpArray){b->y[i].shape, doubles(b, &b->y[i].shape)};
        minus[i] = (OpArray){b->y[i].shape, doubles(b, &b->y[i].shape)};
    }
    for (int i = 0; i < b->in_count; i++) {
        if (!b->in[i]) continue;
        memcpy(b->expected[i], b->in[i]->grad, op_array_count(&b->x[i]) * sizeof(float));
        double *kept = doubles(b, &b->x[i].shape);
        check_coordinates(b, i, kept, plus, minus);
        check_directions(b, i, kept, plus, minus);
    }
}

/* grad is preset to `preset` and must then hold preset + expected. */
static void check_gradient_is(Bench *b, int i, float preset, const float *expected,
                              const char *what)
{
    double scale = 1;
    for (size_t k = 0; k < op_array_count(&b->x[i]); k++)
        scale = fmax(scale, fabs((double)expected[k]));
    for (size_t k = 0; k < op_array_count(&b->x[i]); k++) {
        double want = (double)preset + (double)expected[k], got = (double)b->in[i]->grad[k];
        if (fabs(got - want) <= 4e-6 * scale) continue;
        fail(b, "%s: gradient of input %d at %zu is %.8g, not %.8g", what, i, k, got, want);
    }
}

static void check_accumulates(Bench *b)
{
    const float preset = 0.75F;
    for (int i = 0; i < b->in_count; i++) {
        for (size_t k = 0; b->in[i] && k < op_array_count(&b->x[i]); k++)
            b->in[i]->grad[k] = preset;
    }
    run_backward(b, &backward_exact);
    for (int i = 0; i < b->in_count; i++) {
        if (b->in[i])
            check_gradient_is(b, i, preset, b->expected[i], "backward does not accumulate");
    }
}

/* Each gradient alone is the same as all together; with none wanted nothing is written. */
static void check_unwanted(Bench *b)
{
    float *grad[OP_CASE_INPUTS] = {0};
    for (int i = 0; i < b->in_count; i++) {
        if (b->in[i]) grad[i] = b->in[i]->grad;
    }
    for (int i = 0; i < b->in_count; i++) {
        if (!b->in[i]) continue;
        clear_gradients(b);
        for (int j = 0; j < b->in_count; j++) {
            if (b->in[j] && j != i) b->in[j]->grad = NULL;
        }
        run_backward(b, &backward_exact);
        for (int j = 0; j < b->in_count; j++) {
            if (b->in[j]) b->in[j]->grad = grad[j];
        }
        check_gradient_is(b, i, 0, b->expected[i], "backward for this input alone");
    }
    for (int j = 0; j < b->in_count; j++) {
        if (b->in[j]) b->in[j]->grad = NULL;
    }
    run_backward(b, &backward_exact);
    for (int j = 0; j < b->in_count; j++) {
        if (b->in[j]) b->in[j]->grad = grad[j];
    }
}

/* What the rule makes of dy = w at a rectifier whose slope is known. */
static float rectifier_expected(const BackwardRule *rule, float slope, double w)
{
    double back = rule->gate_gradient && w < 0 ? 0 : w;
    double leak = rule->leak > 0 ? (double)rule->leak : (double)slope;
    double shut = rule->gate_activation ? leak : 1;
    return (float)(back * (slope > 0.999F ? 1 : shut));
}

static void check_rules(Bench *b)
{
    static const BackwardRule *const rules[] = {&backward_guided, &backward_deconvnet,
                                                &backward_redirected};
    const size_t count = op_array_count(&b->x[0]);
    float *want = floats(b, &b->x[0].shape);
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        clear_gradients(b);
        run_backward(b, rules[r]);
        if (!b->suite->rectifier) {
            for (int i = 0; i < b->in_count; i++) {
                if (b->in[i]) check_gradient_is(b, i, 0, b->expected[i], rules[r]->name);
            }
            continue;
        }
        for (size_t k = 0; k < count; k++) {
            float slope = b->w[0][k] == 0 ? 0 : (float)((double)b->expected[0][k] / b->w[0][k]);
            want[k] = rectifier_expected(rules[r], slope, b->w[0][k]);
        }
        check_gradient_is(b, 0, 0, want, rules[r]->name);
    }
}

static int check_refusal(Bench *b, Status status)
{
    if (status.code == STATUS_OK) {
        fail(b, "was accepted; a refusal about '%s' was expected", b->c->refused);
    } else if (!strstr(status.message, b->c->refused)) {
        fail(b, "the sentence \"%s\" does not contain '%s'", status.message, b->c->refused);
    } else if (!strstr(status.message, "the node")) {
        fail(b, "the sentence \"%s\" does not name the node", status.message);
    }
    return b->failures;
}

static int check_case(const OpSuite *suite, const OpCase *c, uint64_t seed)
{
    Bench b = {.suite = suite, .c = c, .seed = seed, .random = random_seeded(seed)};
    Status status = build(&b);
    if (c->refused) {
        check_refusal(&b, status);
    } else if (status.code != STATUS_OK) {
        fail(&b, "plan says: %s", status.message);
    } else if (!b.node) {
        fail(&b, "all inputs are constant: make one a plain input");
    } else {
        check_shapes(&b);
        if (!b.failures) {
            allocate(&b);
            check_forward(&b);
        }
        if (!b.failures && !c->no_gradient) check_gradient(&b);
        if (!b.failures && !c->no_gradient) check_accumulates(&b);
        if (!b.failures && !c->no_gradient) check_unwanted(&b);
        if (!b.failures && !c->no_gradient) check_rules(&b);
    }
    release(&b);
    return b.failures;
}

/* ---- timing ---- */

static double seconds_of(Bench *b, bool forward)
{
    double best = INFINITY;
    const double until = clock_seconds() + 0.2;
    for (int round = 0; round < 3 || clock_seconds() < until; round++) {
        double start = clock_seconds();
        if (forward) b->node->op->forward(b->node);
        if (!forward) b->node->op->backward(b->node, &backward_exact);
        best = fmin(best, clock_seconds() - start);
    }
    return best;
}

static int time_case(const OpSuite *suite, const OpCase *c, uint64_t seed)
{
    if (c->refused) return 0;
    Bench b = {.suite = suite, .c = c, .seed = seed, .random = random_seeded(seed)};
    Status status = build(&b);
    if (status.code == STATUS_OK && b.node) {
        allocate(&b);
        b.node->op->forward(b.node);
        clear_gradients(&b);
        op_case_print(suite, c);
        double forward = seconds_of(&b, true), backward = seconds_of(&b, false);
        printf(": forward %.4f ms, backward %.4f ms", 1e3 * forward, 1e3 * backward);
        if (b.node->macs) printf(", %.2f GMAC/s", 1e-9 * (double)b.node->macs / forward);
        printf(" (%s)\n", b.node->detail);
    }
    release(&b);
    return status.code != STATUS_OK;
}

/* ---- the program ---- */

typedef struct Options {
    const char *part; /* of a case's name; NULL for all */
    uint64_t seed;
    bool list, time;
} Options;

static bool options_read(int argc, char **argv, Options *options)
{
    *options = (Options){.seed = 1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            options->list = true;
        } else if (strcmp(argv[i], "--time") == 0) {
            options->time = true;
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            options->seed = strtoull(argv[++i], NULL, 10);
        } else if (argv[i][0] != '-' && !options->part) {
            options->part = argv[i];
        } else {
            printf("usage: %s [PART OF A CASE'S NAME] [--seed N] [--list] [--time]\n", argv[0]);
            return false;
        }
    }
    return true;
}

static bool case_at(const OpSuite *suite, int index, OpCase *c)
{
    if (index < suite->count) {
        *c = suite->cases[index];
        return true;
    }
    memset(c, 0, sizeof *c);
    return suite->sweep && suite->sweep(index - suite->count, c);
}

static void run_suite(const OpSuite *suite, const Options *options, int *ran, int *failed)
{
    static OpCase c; /* static: a sweep points into it, and it is large for a stack of wasm */
    int gradients = 0;
    for (int i = 0; case_at(suite, i, &c); i++) {
        if (!c.refused && !c.no_gradient) gradients++;
        if (options->part && !strstr(c.name, options->part) && !strstr(suite->op, options->part))
            continue;
        ++*ran;
        if (options->list) {
            op_case_print(suite, &c);
            printf("\n");
        } else if (options->time) {
            *failed += time_case(suite, &c, options->seed) != 0;
        } else {
            *failed += check_case(suite, &c, options->seed) != 0;
        }
    }
    if (gradients == 0) {
        printf("FAIL %s has no case with a gradient\n", suite->op);
        ++*failed;
    }
}

int op_check_main(int argc, char **argv, const OpSuite *suites, int count)
{
    Options options;
    if (!options_read(argc, argv, &options)) return 2;
    int ran = 0, failed = 0;
    for (int i = 0; i < count; i++) {
        if (!op_find(suites[i].op)) {
            printf("FAIL there is no operator %s\n", suites[i].op);
            failed++;
            continue;
        }
        run_suite(&suites[i], &options, &ran, &failed);
    }
    if (options.list) return 0;
    printf("%d cases, %d failed\n", ran, failed);
    return failed || ran == 0;
}
