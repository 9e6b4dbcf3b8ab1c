#include <math.h>
#include <string.h>

#include "support/op_bench.h"

enum { MAX_COORDINATES = 3000, DIRECTIONS = 3 };

static const double STEP = 1e-5;

static void poison(void *memory, size_t bytes)
{
    if (bytes) memset(memory, 0xFF, bytes);
}

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
            bench_fail(b, "output %d has the shape %s, not %s", i,
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
                bench_fail(b, "%s changed value %zu of input %d", what, k, i);
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
            bench_fail(b, "forward: output %d at %zu is %.8g, not %.8g%s", i, k,
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
    bench_fail(b, "gradient of input %d, %s %zu: backward gives %.8g, differences give %.8g", i,
               what, k, got, want);
}

static void check_coordinates(Bench *b, int i, double *kept, OpArray *plus, OpArray *minus)
{
    const size_t count = op_array_count(&b->x[i]);
    const float *dx = b->expected[i];
    double scale = 1e-3;
    for (size_t k = 0; k < count; k++) scale = fmax(scale, fabs((double)dx[k]));
    if (!isfinite(scale)) {
        bench_fail(b, "gradient of input %d is not finite", i);
        return;
    }
    const bool sampled = b->c->sampled > 0 && (size_t)b->c->sampled < count;
    if (!sampled && count > MAX_COORDINATES) {
        bench_fail(b, "input %d has %zu values, too many for all differences: set .sampled", i,
                   count);
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
    double *direction = bench_doubles(b, &b->x[i].shape);
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
    bench_clear_gradients(b);
    run_backward(b, &backward_exact);
    check_inputs_untouched(b, "backward");
    for (int i = 0; i < b->out_count; i++) {
        for (size_t k = 0; k < op_array_count(&b->y[i]); k++) {
            if ((double)b->node->out[i]->grad[k] == b->w[i][k]) continue;
            bench_fail(b, "backward changed the gradient of output %d at %zu", i, k);
            return;
        }
    }
    OpArray plus[OP_CASE_OUTPUTS], minus[OP_CASE_OUTPUTS];
    for (int i = 0; i < b->out_count; i++) {
        plus[i] = (OpArray){b->y[i].shape, bench_doubles(b, &b->y[i].shape)};
        minus[i] = (OpArray){b->y[i].shape, bench_doubles(b, &b->y[i].shape)};
    }
    for (int i = 0; i < b->in_count; i++) {
        if (!b->in[i]) continue;
        memcpy(b->expected[i], b->in[i]->grad, op_array_count(&b->x[i]) * sizeof(float));
        double *kept = bench_doubles(b, &b->x[i].shape);
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
        bench_fail(b, "%s: gradient of input %d at %zu is %.8g, not %.8g", what, i, k, got, want);
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
        bench_clear_gradients(b);
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
    double shut = rule->gate_activation ? (double)slope : 1;
    return (float)(back * (slope > 0.999F ? 1 : shut));
}

static void check_rules(Bench *b)
{
    /* The redirected one looks at whole pictures: see test_graph.c. */
    static const BackwardRule *const rules[] = {&backward_guided, &backward_deconvnet};
    const size_t count = op_array_count(&b->x[0]);
    float *want = bench_floats(b, &b->x[0].shape);
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        bench_clear_gradients(b);
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
        bench_fail(b, "was accepted; a refusal about '%s' was expected", b->c->refused);
    } else if (!strstr(status.message, b->c->refused)) {
        bench_fail(b, "the sentence \"%s\" does not contain '%s'", status.message, b->c->refused);
    } else if (!strstr(status.message, "the node")) {
        bench_fail(b, "the sentence \"%s\" does not name the node", status.message);
    }
    return b->failures;
}

int op_check_case(const OpSuite *suite, const OpCase *c, uint64_t seed)
{
    Bench b = {.suite = suite, .c = c, .seed = seed, .random = random_seeded(seed)};
    Status status = bench_build(&b);
    if (c->refused) {
        check_refusal(&b, status);
    } else if (status.code != STATUS_OK) {
        bench_fail(&b, "plan says: %s", status.message);
    } else if (!b.node) {
        bench_fail(&b, "all inputs are constant: make one a plain input");
    } else {
        check_shapes(&b);
        if (!b.failures) {
            bench_allocate(&b);
            check_forward(&b);
        }
        if (!b.failures && !c->no_gradient) check_gradient(&b);
        if (!b.failures && !c->no_gradient) check_accumulates(&b);
        if (!b.failures && !c->no_gradient) check_unwanted(&b);
        if (!b.failures && !c->no_gradient) check_rules(&b);
    }
    bench_release(&b);
    return b.failures;
}
