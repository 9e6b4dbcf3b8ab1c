/* Passes of which only the answer is looked at give what ordinary passes do, whatever one node does for others. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "graph.h"
#include "support/test.h"

enum { CHANNELS = 16, SIDE = 11, WEIGHTS = CHANNELS * CHANNELS * 9, SEED = 4 };

static float weights[WEIGHTS];

static Value *node(Graph *graph, const char *op, const char *name, Value *const *in, int in_count,
                   const Attr *attr, int attr_count)
{
    const NodeSpec spec = {.op = op,
                           .name = name,
                           .in = in,
                           .in_count = in_count,
                           .out = &name,
                           .out_count = 1,
                           .attr = attr,
                           .attr_count = attr_count,
                           .opset = 13};
    Node *made = NULL;
    CHECK_OK(graph_add_node(graph, &spec, &made));
    if (!made) abort();
    return made->out[0];
}

static Value *of(Graph *graph, const char *op, const char *name, Value *a, Value *b)
{
    return node(graph, op, name, (Value *const[]){a, b}, b ? 2 : 1, NULL, 0);
}

/* kernel x kernel filters that keep the size; 1 group, or one for each channel. */
static Value *conv(Graph *graph, const char *name, Value *x, int kernel, int groups)
{
    Value *w = NULL;
    CHECK_OK(graph_add_constant(graph, "w", shape_4d(CHANNELS, CHANNELS / groups, kernel, kernel),
                                weights, &w));
    const int64_t pads[4] = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
    const Attr attrs[2] = {{.name = "pads", .kind = ATTR_INTS, .count = 4, .ints = pads},
                           {.name = "group", .kind = ATTR_INT, .i = groups}};
    return node(graph, "Conv", name, (Value *const[]){x, w}, 2, attrs, 2);
}

static Value *clip(Graph *graph, const char *name, Value *x)
{
    const Attr attrs[2] = {{.name = "min", .kind = ATTR_FLOAT, .f = -0.25F},
                           {.name = "max", .kind = ATTR_FLOAT, .f = 0.5F}};
    return node(graph, "Clip", name, &x, 1, attrs, 2);
}

/* ---- networks; the last value is the answer, the names before it are of nodes that others do the work of ---- */

typedef Value *Build(Graph *graph, Value *x);

static Value *residual(Graph *graph, Value *x)
{
    Value *r = of(graph, "Relu", "r", conv(graph, "stem", x, 3, 1), NULL);
    Value *a = clip(graph, "a", conv(graph, "c1", r, 3, CHANNELS));
    Value *sum = of(graph, "Add", "sum", conv(graph, "c2", a, 1, 1), r);
    Value *rest = of(graph, "Relu", "rest", sum, NULL);
    return of(graph, "Relu", "end", conv(graph, "c3", rest, 3, 1), NULL);
}

/* Both sides are convolutions; the second is added to the first. */
static Value *two_sides(Graph *graph, Value *x)
{
    Value *r = of(graph, "Relu", "r", conv(graph, "stem", x, 1, 1), NULL);
    Value *left = conv(graph, "left", r, 3, 1), *right = conv(graph, "right", r, 1, 1);
    return clip(graph, "end", of(graph, "Add", "sum", left, right));
}

/* The convolution reads what it would be added to. */
static Value *reads_under_itself(Graph *graph, Value *x)
{
    Value *r = of(graph, "Relu", "r", conv(graph, "stem", x, 1, 1), NULL);
    return of(graph, "Add", "own", r, conv(graph, "c", r, 1, 1));
}

/* What it would be added to is read later. */
static Value *read_later(Graph *graph, Value *x)
{
    Value *r = conv(graph, "stem", x, 1, 1),
          *a = conv(graph, "c", of(graph, "Tanh", "t", r, NULL), 1, 1);
    Value *sum = of(graph, "Add", "own", a, r);
    return of(graph, "Mul", "end", sum, r);
}

/* The input is the caller's; a second range is not the convolution's any more; two readers. */
static Value *what_stays(Graph *graph, Value *x)
{
    Value *own = of(graph, "Add", "own", conv(graph, "c", x, 3, 1), x);
    Value *r = of(graph, "Relu", "r", conv(graph, "c2", own, 1, 1), NULL);
    Value *again = clip(graph, "own2", r), *twice = conv(graph, "c3", again, 3, CHANNELS);
    return of(graph, "Mul", "end", of(graph, "Relu", "own3", twice, NULL), twice);
}

static Value *joined(Graph *graph, const char *name, Value *const *in, int count, int axis)
{
    const Attr attr = {.name = "axis", .kind = ATTR_INT, .i = axis};
    return node(graph, "Concat", name, in, count, &attr, 1);
}

/* As in fire modules: what is joined lies there already; one by one and within another. */
static Value *joins(Graph *graph, Value *x)
{
    Value *r = of(graph, "Relu", "r", conv(graph, "stem", x, 1, 1), NULL);
    Value *a = of(graph, "Relu", "a", conv(graph, "c1", r, 1, 1), NULL);
    Value *b = clip(graph, "b", conv(graph, "c2", r, 3, 1));
    Value *inner = joined(graph, "inner", (Value *const[]){a, b}, 2, 1);
    Value *c = conv(graph, "c3", r, 3, CHANNELS), *d = of(graph, "Tanh", "d", c, NULL);
    Value *outer =
        joined(graph, "outer", (Value *const[]){d, inner, conv(graph, "c4", r, 1, 1)}, 3, 1);
    return of(graph, "Tanh", "end", outer, NULL);
}

static Value *mean(Graph *graph, const char *name, Value *x)
{
    return of(graph, "GlobalAveragePool", name, x, NULL);
}

/* What is read again, twice by one, or of another axis, is copied; so is what would not begin with a cache line. */
static Value *joins_copies(Graph *graph, Value *x)
{
    Value *a = conv(graph, "c1", x, 1, 1), *b = conv(graph, "c2", x, 3, 1), *few = NULL;
    Value *t = of(graph, "Tanh", "t", a, NULL), *u = of(graph, "Tanh", "u", x, NULL);
    Value *wide = mean(graph, "m1", joined(graph, "wide", (Value *const[]){a, t, b, b}, 4, 3));
    Value *tall = mean(graph, "m2", joined(graph, "tall", (Value *const[]){x, b, u}, 3, 1));
    CHECK_OK(graph_add_constant(graph, "few", shape_4d(1, 3, 1, 1), weights, &few));
    Value *odd = joined(graph, "odd", (Value *const[]){few, mean(graph, "m3", b)}, 2, 1);
    return joined(graph, "end",
                  (Value *const[]){wide, tall, of(graph, "Tanh", "v", tall, NULL), odd}, 4, 1);
}

/* Awaited memory is not there yet for who would add to it. */
static Value *joins_and_adds(Graph *graph, Value *x)
{
    Value *half = joined(graph, "half", (Value *const[]){of(graph, "Tanh", "t", x, NULL)}, 1, 1);
    Value *c = conv(graph, "c", x, 1, 1);
    return of(graph, "Relu", "end", of(graph, "Add", "sum", c, half), NULL);
}

static float *answer_of(Build *build, bool whole, size_t *count, const char *const *done)
{
    Graph *graph = NULL;
    Value *x = NULL;
    CHECK_OK(graph_create(&graph));
    CHECK_OK(graph_add_input(graph, "x", shape_4d(1, CHANNELS, SIDE, SIDE), &x));
    Value *y = build(graph, x);
    CHECK_OK(whole ? graph_allocate(graph, GRAPH_FORWARD) : graph_allocate_answer(graph, y));
    *count = shape_elements(&y->shape);
    float *answer = malloc(*count * sizeof *answer);
    if (!answer) abort();
    for (int pass = 0; pass < 2; pass++) {
        Random random = random_seeded(SEED);
        for (size_t i = 0; i < shape_elements(&x->shape); i++) x->data[i] = random_normal(&random);
        graph_forward(graph);
    }
    for (size_t i = 0; i < *count; i++) answer[i] = y->data[i];
    int others = 0;
    for (int i = 0; i < graph_node_count(graph); i++)
        others += graph_node(graph, i)->done_by != NULL;
    for (; *done; done++, others--) {
        const Value *value = graph_find(graph, *done);
        CHECK(!whole == (value && value->producer->done_by));
        if (whole) others++;
    }
    CHECK(others == 0);
    graph_destroy(graph);
    return answer;
}

static void check(Build *build, const char *const *done)
{
    Random random = random_seeded(SEED);
    for (int i = 0; i < WEIGHTS; i++) weights[i] = random_normal(&random) * 0.2F;
    size_t count = 0;
    float *whole = answer_of(build, true, &count, done),
          *own = answer_of(build, false, &count, done);
    for (size_t i = 0; i < count; i++)
        CHECK(fabsf(whole[i] - own[i]) <= 1e-5F * (1 + fabsf(whole[i])));
    free(whole), free(own);
}

static void convolutions_add_and_clamp(void)
{
    check(residual, (const char *const[]){"r", "a", "sum", "rest", "end", NULL});
    check(two_sides, (const char *const[]){"r", "sum", "end", NULL});
}

static void what_is_looked_at_again_is_left_alone(void)
{
    check(reads_under_itself, (const char *const[]){"r", NULL});
    check(read_later, (const char *const[]){NULL});
    check(what_stays, (const char *const[]){"r", NULL});
}

/* Names of nodes whose results lie in what joins them, and that there are no others. */
static void check_inside(Build *build, const char *const *inside)
{
    Graph *graph = NULL;
    Value *x = NULL;
    CHECK_OK(graph_create(&graph));
    CHECK_OK(graph_add_input(graph, "x", shape_4d(1, CHANNELS, SIDE, SIDE), &x));
    CHECK_OK(graph_allocate_answer(graph, build(graph, x)));
    int others = 0;
    for (int i = 0; i < graph_node_count(graph); i++)
        others += graph_node(graph, i)->out[0]->inside;
    for (; *inside; inside++, others--) CHECK(graph_find(graph, *inside)->inside);
    CHECK(others == 0);
    graph_destroy(graph);
}

static void what_is_joined_lies_there(void)
{
    check_inside(joins, (const char *const[]){"a", "c1", "b", "c2", "d", "c4", "inner", NULL});
    check_inside(joins_copies, (const char *const[]){"u", "m1", "v", "odd", NULL});
    check(joins, (const char *const[]){"r", "a", "b", NULL});
    check(joins_copies, (const char *const[]){NULL});
    check(joins_and_adds, (const char *const[]){"sum", "end", NULL});
}

static const Test tests[] = {
    TEST(convolutions_add_and_clamp),
    TEST(what_is_looked_at_again_is_left_alone),
    TEST(what_is_joined_lies_there),
};
TEST_MAIN(tests)
