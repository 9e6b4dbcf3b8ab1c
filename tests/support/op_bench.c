#include "support/op_bench.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double KINK_MARGIN = 0.01;

void bench_fail(Bench *b, const char *format, ...)
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
void *bench_block(Bench *b, size_t bytes, size_t shift)
{
    void *memory = NULL;
    if (b->block_count == BENCH_MAX_BLOCKS || posix_memalign(&memory, 64, bytes + shift + !bytes)) {
        printf("the test has no memory for %zu bytes\n", bytes);
        exit(1);
    }
    memset(memory, 0xFF, bytes + shift + !bytes);
    b->blocks[b->block_count++] = memory;
    return (char *)memory + shift;
}

float *bench_floats(Bench *b, const Shape *shape)
{
    return bench_block(b, shape_elements(shape) * sizeof(float), 0);
}

double *bench_doubles(Bench *b, const Shape *shape)
{
    return bench_block(b, shape_elements(shape) * sizeof(double), 0);
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
        float *data =
            bench_block(b, shape_elements(&in->shape) * sizeof(float), in->constant ? 4 : 0);
        fill_input(b, in, data);
        if (in->constant) {
            TRY(graph_add_constant(b->graph, name, in->shape, data, &b->in[i]));
        } else {
            TRY(graph_add_input(b->graph, name, in->shape, &b->in[i]));
            b->in[i]->data = data;
        }
        b->x[i].shape = in->shape;
        b->x[i].data = bench_doubles(b, &in->shape);
        for (size_t k = 0; k < shape_elements(&in->shape); k++) b->x[i].data[k] = (double)data[k];
    }
    return status_ok();
}

/* Plans the node of the case; the error, if any, is plan's. */
Status bench_build(Bench *b)
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
    TRY(graph_add_node(b->graph, &spec, &b->node));
    if (b->node && b->suite->instead) b->node->op = b->suite->instead;
    return status_ok();
}

void bench_allocate(Bench *b)
{
    Node *n = b->node;
    n->cache = bench_block(b, n->cache_bytes, 0);
    n->scratch = bench_block(b, n->scratch_bytes, 0);
    for (int i = 0; i < b->in_count; i++) {
        if (!b->in[i]) continue;
        b->in[i]->grad = bench_floats(b, &b->in[i]->shape);
        b->expected[i] = bench_floats(b, &b->in[i]->shape);
    }
    for (int i = 0; i < b->out_count; i++) {
        Value *y = n->out[i];
        y->data = bench_floats(b, &y->shape);
        y->grad = bench_floats(b, &y->shape);
        b->y[i].shape = y->shape;
        b->y[i].data = bench_doubles(b, &y->shape);
        b->w[i] = bench_doubles(b, &y->shape);
        for (size_t k = 0; k < shape_elements(&y->shape); k++) {
            /* Rounded to float, so that both sides have the same functional. */
            y->grad[k] = 2 * random_uniform(&b->random) - 1;
            b->w[i][k] = (double)y->grad[k];
        }
    }
}

void bench_release(Bench *b)
{
    for (int i = 0; i < b->block_count; i++) free(b->blocks[i]);
    graph_destroy(b->graph);
}

void bench_clear_gradients(Bench *b)
{
    for (int i = 0; i < b->in_count; i++) {
        if (!b->in[i]) continue;
        memset(b->in[i]->grad, 0, op_array_count(&b->x[i]) * sizeof(float));
    }
}
