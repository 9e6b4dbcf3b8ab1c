#include "graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum { N = 16 };

static const float once[1] = {1};

static Graph *graph_new(void)
{
    Graph *graph = NULL;
    CHECK_OK(graph_create(&graph));
    return graph;
}

static Shape vector(int count)
{
    return (Shape){.rank = 1, .dim = {count}};
}

static Value *input(Graph *graph, const char *name, int count)
{
    Value *value = NULL;
    CHECK_OK(graph_add_input(graph, name, vector(count), &value));
    return value;
}

static Value *constant(Graph *graph, const char *name, int count, const float *data)
{
    Value *value = NULL;
    CHECK_OK(graph_add_constant(graph, name, vector(count), data, &value));
    return value;
}

/* A node with one output called name:0; b may be NULL. */
static Value *add(Graph *graph, const char *op, const char *name, Value *a, Value *b)
{
    char text[64];
    snprintf(text, sizeof text, "%s:0", name);
    Value *const in[2] = {a, b};
    const char *const out[1] = {text};
    NodeSpec spec = {.op = op,
                     .name = name,
                     .in = in,
                     .in_count = b ? 2 : 1,
                     .out = out,
                     .out_count = 1,
                     .opset = 13};
    CHECK_OK(graph_add_node(graph, &spec, NULL));
    Value *value = graph_find(graph, text);
    if (!value) abort();
    return value;
}

static void fill(Value *value, float with)
{
    const size_t count = shape_elements(&value->shape);
    for (size_t i = 0; i < count; i++) value->data[i] = with;
}

static bool all_are(const float *data, int count, float expected)
{
    for (int i = 0; i < count; i++) {
        if (data[i] != expected) return false;
    }
    return true;
}

/* ---- building ---- */

static void names_find_values_then_nodes(void)
{
    Graph *graph = graph_new();
    Value *x = input(graph, "data", 4);
    Value *y = add(graph, "Relu", "relu1", x, NULL), *z = add(graph, "Relu", "data2", y, NULL);
    CHECK(graph_find(graph, "data") == x);
    CHECK(graph_find(graph, "relu1:0") == y && graph_find(graph, "relu1") == y);
    CHECK(!graph_find(graph, "relu") && !graph_find(graph, ""));
    CHECK_OK(graph_mark_output(graph, z));
    CHECK(graph_node_count(graph) == 2 && graph_input_count(graph) == 1 &&
          graph_output_count(graph) == 1);
    CHECK(graph_input(graph, 0) == x && graph_output(graph, 0) == z);
    CHECK(graph_node(graph, 1)->out[0] == z && z->producer == graph_node(graph, 1) && !x->producer);
    CHECK_TEXT(graph_node(graph, 0)->name, "relu1");
    graph_destroy(graph);
    graph_destroy(NULL);
}

static void constants_are_folded(void)
{
    static const float a[2] = {1, 2}, b[2] = {10, 20};
    Graph *graph = graph_new();
    Value *x = input(graph, "x", 2);
    Value *sum = add(graph, "Add", "sum", constant(graph, "a", 2, a), constant(graph, "b", 2, b));
    CHECK(graph_node_count(graph) == 0);
    CHECK(sum->constant && !sum->producer && sum->data && sum->data[0] == 11 && sum->data[1] == 22);
    Value *y = add(graph, "Mul", "y", x, add(graph, "Relu", "again", sum, NULL));
    CHECK(graph_node_count(graph) == 1);
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    fill(x, 2);
    graph_forward(graph);
    CHECK(y->data[0] == 22 && y->data[1] == 44);
    graph_destroy(graph);
}

static void specifications_are_copied(void)
{
    Graph *graph = graph_new();
    Value *x = input(graph, "x", 6);
    int64_t shape[2] = {2, 3};
    char name[] = "reshape", out_name[] = "y", attr_name[] = "shape", op[] = "Reshape";
    const char *const out[1] = {out_name};
    Attr attr = {.name = attr_name, .kind = ATTR_INTS, .ints = shape, .count = 2};
    NodeSpec spec = {.op = op,
                     .name = name,
                     .in = &x,
                     .in_count = 1,
                     .out = out,
                     .out_count = 1,
                     .attr = &attr,
                     .attr_count = 1};
    Node *node = NULL;
    CHECK_OK(graph_add_node(graph, &spec, &node));
    shape[0] = 99;
    memset(name, '?', sizeof name - 1);
    memset(out_name, '?', sizeof out_name - 1);
    memset(attr_name, '?', sizeof attr_name - 1);
    memset(op, '?', sizeof op - 1);
    CHECK_TEXT(node->name, "reshape");
    CHECK_TEXT(node->out[0]->name, "y");
    CHECK_TEXT(node->op->name, "Reshape");
    const Attr *copied = attr_find(node, "shape");
    CHECK(copied && copied->ints[0] == 2);
    graph_destroy(graph);
}

static void what_does_not_fit_is_refused(void)
{
    Graph *graph = graph_new();
    Value *value = NULL, *x = input(graph, "x", 4);
    const char *const out[2] = {"y", "z"};
    NodeSpec spec = {.op = "Einsum",
                     .name = "attention",
                     .in = &x,
                     .in_count = 1,
                     .out = out,
                     .out_count = 1,
                     .opset = 12};
    Status status = graph_add_node(graph, &spec, NULL);
    CHECK(status.code == STATUS_UNSUPPORTED);
    CHECK_FAILS(status, "Einsum");
    CHECK_FAILS(status, "attention");
    CHECK_FAILS(status, "12");
    spec.op = "Relu";
    spec.out_count = 0;
    CHECK_FAILS(graph_add_node(graph, &spec, NULL), "output");
    spec.out_count = 2;
    CHECK_FAILS(graph_add_node(graph, &spec, NULL), "outputs");
    CHECK_FAILS(graph_add_input(graph, "picture", (Shape){.rank = 2, .dim = {3, 0}}, &value),
                "picture");
    CHECK_FAILS(graph_add_constant(graph, "weight", (Shape){.rank = 9}, once, &value), "weight");
    graph_destroy(graph);
}

/* ---- memory ---- */

typedef struct Region {
    const char *begin, *end;
} Region;

static int by_begin(const void *a, const void *b)
{
    const char *x = ((const Region *)a)->begin, *y = ((const Region *)b)->begin;
    return x < y ? -1 : x > y;
}

static void check_memory(unsigned flags)
{
    Graph *graph = graph_new();
    static const float w[5] = {1, 2, 3, 4, 5};
    Value *x = input(graph, "x", 5), *weight = constant(graph, "w", 5, w),
          *bias = constant(graph, "b", 1, w);
    /* Sub with a repeated input has scratch. */
    Value *y = add(graph, "Mul", "y", x, weight), *z = add(graph, "Sub", "z", y, bias);
    const GraphMemory memory = graph_memory(graph, flags);
    CHECK(memory.total == memory.activations + memory.gradients + memory.caches + memory.scratch);
    CHECK(memory.activations >= 3 * 5 * sizeof(float) && memory.scratch >= sizeof(double));
    CHECK((memory.gradients == 0) == (flags == GRAPH_FORWARD));
    CHECK_OK(graph_allocate(graph, flags));

    Region regions[16];
    int count = 0;
    Value *const values[5] = {x, y, z, weight, bias};
    for (int i = 0; i < 5; i++) {
        const Value *v = values[i];
        const size_t bytes = shape_elements(&v->shape) * sizeof(float);
        const bool wants =
            v->constant ? (flags & GRAPH_PARAMETER_GRADIENTS) != 0 : flags != GRAPH_FORWARD;
        CHECK((v->grad != NULL) == wants);
        if (!v->constant) regions[count++] = (Region){(char *)v->data, (char *)v->data + bytes};
        if (v->grad) regions[count++] = (Region){(char *)v->grad, (char *)v->grad + bytes};
    }
    const Node *last = graph_node(graph, 1);
    regions[count++] = (Region){last->scratch, (char *)last->scratch + last->scratch_bytes};
    qsort(regions, (size_t)count, sizeof *regions, by_begin);
    for (int i = 0; i < count; i++) {
        CHECK((uintptr_t)regions[i].begin % 64 == 0);
        CHECK(i == 0 || regions[i].begin >= regions[i - 1].end);
    }
    /* All of it lies in one piece as large as announced: nothing less than a line is left over. */
    const size_t taken = (size_t)(regions[count - 1].end - regions[0].begin);
    CHECK((taken + 63) / 64 * 64 == memory.total);
    graph_destroy(graph);
}

static void memory_is_as_announced(void)
{
    check_memory(GRAPH_FORWARD);
    check_memory(GRAPH_INPUT_GRADIENT);
    check_memory(GRAPH_INPUT_GRADIENT | GRAPH_PARAMETER_GRADIENTS);
}

/* first -> r -> a -> clip -> b, then y = b + r -> kept -> end: rectifiers write over what only they read. */
static void answers_share_memory(void)
{
    Graph *graph = graph_new();
    Value *one = constant(graph, "one", 1, once), *x = input(graph, "x", 70);
    Value *first = add(graph, "Relu", "first", x, NULL), *r = add(graph, "Relu", "r", first, NULL);
    Value *a = add(graph, "Add", "a", r, one), *clip = add(graph, "Clip", "clip", a, NULL);
    Value *b = add(graph, "Add", "b", clip, one), *y = add(graph, "Add", "y", b, r);
    Value *kept = add(graph, "Add", "kept", y, one), *end = add(graph, "Relu", "end", kept, NULL);
    CHECK_OK(graph_mark_output(graph, y));
    CHECK_OK(graph_mark_output(graph, end));
    CHECK_OK(graph_allocate_answer(graph, kept));
    CHECK(first->data != x->data && r->data == first->data && clip->data == a->data);
    CHECK(b->data != clip->data && b->data != r->data && y->data != b->data && y->data != r->data);
    CHECK(kept->data == b->data || kept->data == r->data || kept->data == a->data);
    CHECK(end->data != kept->data && end->data != y->data);
    for (int pass = 0; pass < 2; pass++) {
        fill(x, pass ? -4 : 5);
        graph_forward(graph);
        CHECK(all_are(x->data, 70, pass ? -4 : 5) && all_are(y->data, 70, pass ? 2 : 12));
        CHECK(all_are(kept->data, 70, pass ? 3 : 13) && all_are(end->data, 70, pass ? 3 : 13));
    }
    graph_destroy(graph);
}

/* ---- passes ---- */

/* x -> a -> b -> c, and x -> a -> d: each adds 1. */
typedef struct Fork {
    Graph *graph;
    Value *x, *a, *b, *c, *d;
} Fork;

static Fork fork_new(unsigned flags)
{
    Fork f = {.graph = graph_new()};
    Value *one = constant(f.graph, "one", 1, once);
    f.x = input(f.graph, "x", 3);
    f.a = add(f.graph, "Add", "a", f.x, one);
    f.b = add(f.graph, "Add", "b", f.a, one);
    f.c = add(f.graph, "Add", "c", f.b, one);
    f.d = add(f.graph, "Add", "d", f.a, one);
    CHECK_OK(graph_allocate(f.graph, flags));
    return f;
}

static void forward_runs_what_is_wanted(void)
{
    Fork f = fork_new(GRAPH_FORWARD);
    Value *const all[4] = {f.a, f.b, f.c, f.d};
    for (int i = 0; i < 4; i++) fill(all[i], -7);
    fill(f.x, 10);
    graph_begin_forward(f.graph, &f.d, 1);
    CHECK(graph_advance(f.graph, INFINITY));
    CHECK(all_are(f.a->data, 3, 11) && all_are(f.d->data, 3, 12));
    CHECK(all_are(f.b->data, 3, -7) && all_are(f.c->data, 3, -7));
    Value *const two[2] = {f.b, f.x}; /* an input has nothing to run */
    graph_begin_forward(f.graph, two, 2);
    CHECK(graph_advance(f.graph, INFINITY));
    CHECK(all_are(f.b->data, 3, 12) && all_are(f.c->data, 3, -7));
    graph_forward(f.graph);
    CHECK(all_are(f.c->data, 3, 13));
    graph_destroy(f.graph);
}

static int slices(Graph *graph)
{
    double progress = 0;
    int count = 1;
    while (!graph_advance(graph, 0)) {
        CHECK(graph_progress(graph) > progress && graph_progress(graph) < 1);
        progress = graph_progress(graph);
        count++;
    }
    CHECK(graph_progress(graph) == 1);
    CHECK(graph_advance(graph, 0)); /* done stays done */
    return count;
}

static void slices_are_the_same_as_the_whole(void)
{
    Fork f = fork_new(GRAPH_INPUT_GRADIENT);
    for (int i = 0; i < 3; i++) f.x->data[i] = (float)i;
    graph_begin_forward(f.graph, NULL, 0);
    CHECK(slices(f.graph) == 4); /* one node each */
    for (int i = 0; i < 3; i++) CHECK(f.c->data[i] == (float)i + 3 && f.d->data[i] == (float)i + 2);
    graph_zero_gradients(f.graph);
    graph_seed(f.graph, f.c)[1] = 2;
    graph_seed(f.graph, f.d)[1] = 5;
    graph_begin_backward(f.graph, &backward_exact);
    CHECK(slices(f.graph) == 4);
    CHECK(f.x->grad[0] == 0 && f.x->grad[1] == 7 && f.x->grad[2] == 0);
    graph_zero_gradients(f.graph);
    CHECK(all_are(f.x->grad, 3, 0) && all_are(f.c->grad, 3, 0));
    graph_seed(f.graph, f.c)[1] = 2;
    graph_seed(f.graph, f.d)[1] = 5;
    graph_backward(f.graph, &backward_exact);
    CHECK(f.x->grad[1] == 7);
    graph_destroy(f.graph);
}

static void backward_runs_between_seed_and_input(void)
{
    Fork f = fork_new(GRAPH_INPUT_GRADIENT);
    fill(f.x, 1);
    graph_forward(f.graph);
    graph_zero_gradients(f.graph);
    graph_seed(f.graph, f.b)[0] = 3;
    /* What lies behind the seed, or beside its way, must not take part, whatever its gradient holds. */
    f.c->grad[0] = f.d->grad[0] = 100;
    graph_begin_backward(f.graph, &backward_exact);
    CHECK(slices(f.graph) == 2);
    CHECK(f.x->grad[0] == 3 && f.a->grad[0] == 3 && f.x->grad[1] == 0);

    graph_zero_gradients(f.graph);
    graph_stop_backward_at(f.graph, f.a);
    graph_seed(f.graph, f.c)[2] = 4;
    graph_seed(f.graph, f.d)[2] = 1;
    graph_begin_backward(f.graph, &backward_exact);
    CHECK(slices(f.graph) == 3);
    CHECK(f.a->grad[2] == 5 && f.x->grad[2] == 0);
    graph_stop_backward_at(f.graph, NULL);

    graph_zero_gradients(f.graph);
    graph_begin_backward(f.graph, &backward_exact); /* no seed: nothing to do */
    CHECK(graph_advance(f.graph, 0) && graph_progress(f.graph) == 1);
    graph_destroy(f.graph);
}

static void parameters_get_gradients_when_asked(void)
{
    static const float w[3] = {2, -1, 0.5F}, shift[1] = {1};
    Graph *graph = graph_new();
    Value *x = input(graph, "x", 3), *weight = constant(graph, "w", 3, w),
          *b = constant(graph, "b", 1, shift);
    Value *y = add(graph, "Add", "y", add(graph, "Mul", "wx", x, weight), b);
    CHECK_OK(graph_allocate(graph, GRAPH_INPUT_GRADIENT | GRAPH_PARAMETER_GRADIENTS));
    for (int i = 0; i < 3; i++) x->data[i] = (float)i + 1;
    graph_forward(graph);
    graph_zero_gradients(graph);
    for (int i = 0; i < 3; i++) graph_seed(graph, y)[i] = 10;
    graph_backward(graph, &backward_exact);
    for (int i = 0; i < 3; i++)
        CHECK(weight->grad[i] == 10 * ((float)i + 1) && x->grad[i] == 10 * w[i]);
    CHECK(b->grad[0] == 30);
    graph_destroy(graph);
}

static void a_value_used_twice_gets_both_gradients(void)
{
    Graph *graph = graph_new();
    Value *x = input(graph, "x", 3);
    Value *square = add(graph, "Mul", "square", x, x), *y = add(graph, "Sub", "y", square, x);
    CHECK_OK(graph_allocate(graph, GRAPH_INPUT_GRADIENT));
    for (int i = 0; i < 3; i++) x->data[i] = (float)i - 3;
    graph_forward(graph);
    graph_zero_gradients(graph);
    for (int i = 0; i < 3; i++) graph_seed(graph, y)[i] = 1;
    graph_backward(graph, &backward_exact);
    for (int i = 0; i < 3; i++) CHECK(x->grad[i] == 2 * x->data[i] - 1); /* (x^2 - x)' */
    graph_destroy(graph);
}

/*
 * y = relu(m relu(2 x) + c) on 16 values: the signs of the first sum, the second sum and the seed s take
 * all 8 combinations, once with m = 1 and once with m = -1.
 *
 *     index          0  1  2  3  4  5  6  7
 *     first > 0      1  1  1  1  0  0  0  0
 *     second > 0     1  1  0  0  1  1  0  0
 *     s              +  -  +  -  +  -  +  -
 */
static void rules_pass_two_rectifiers(void)
{
    static const float two[1] = {2};
    static const float m[N] = {1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1};
    static const float c[N] = {1, 1, -3, -3, 1, 1, -1, -1, 3, 3, -3, -3, 1, 1, -1, -1};
    static const struct {
        const BackwardRule *rule;
        float dx[N];
    } expected[] = {
        {&backward_exact, {2, -2, 0, 0, 0, 0, 0, 0, -2, 2, 0, 0, 0, 0, 0, 0}},
        {&backward_guided, {2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
        {&backward_deconvnet, {2, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
        {&backward_redirected, {2, -2, 0, 0, 0, 0, 0, 0, -2, 2, 0, 0, 0, 0, 0, 0}},
    };
    Graph *graph = graph_new();
    Value *x = input(graph, "x", N);
    Value *first = add(graph, "Mul", "first", x, constant(graph, "two", 1, two));
    Value *middle = add(graph, "Mul", "middle", add(graph, "Relu", "relu1", first, NULL),
                        constant(graph, "m", N, m));
    Value *second = add(graph, "Add", "second", middle, constant(graph, "c", N, c));
    Value *y = add(graph, "Relu", "relu2", second, NULL);
    CHECK_OK(graph_allocate(graph, GRAPH_INPUT_GRADIENT));
    for (int i = 0; i < N; i++) x->data[i] = i % 8 < 4 ? 0.5F : -0.5F;
    graph_forward(graph);
    for (int i = 0; i < N; i++) CHECK((y->data[i] > 0) == (i % 4 < 2));
    for (size_t r = 0; r < sizeof expected / sizeof *expected; r++) {
        graph_zero_gradients(graph);
        for (int i = 0; i < N; i++) graph_seed(graph, y)[i] = i % 2 ? -1.0F : 1.0F;
        graph_backward(graph, expected[r].rule);
        for (int i = 0; i < N; i++) {
            if (x->grad[i] == expected[r].dx[i]) continue;
            test_fail(__FILE__, __LINE__, "%s: dx[%d] is %g, not %g", expected[r].rule->name, i,
                      (double)x->grad[i], (double)expected[r].dx[i]);
        }
        CHECK(backward_rule_find(expected[r].rule->name) == expected[r].rule);
    }
    CHECK(!backward_rule_find("smooth"));
    graph_destroy(graph);
}

/* Two pictures, of which the first has something that goes through: only the second, all of whose units are
 * shut, is redirected, and there only what pushes up. */
static void dead_units_are_redirected(void)
{
    static const char *const rectifiers[] = {"Relu", "Clip"};
    const Attr bounds[] = {{.name = "min", .kind = ATTR_FLOAT, .f = 0},
                           {.name = "max", .kind = ATTR_FLOAT, .f = 6}};
    static const float values[] = {1, -1, -1, -1, -1, -1}, seeds[] = {1, 1, -1, 1, 2, -1};
    static const float expected[] = {1, 0, 0, 1, 2, 0};
    for (int k = 0; k < 2; k++) {
        Graph *graph = graph_new();
        Value *x = NULL;
        Node *node = NULL;
        CHECK_OK(graph_add_input(graph, "x", shape_make(2, (int[]){2, 3}), &x));
        const NodeSpec spec = {.op = rectifiers[k],
                               .name = "rectifier",
                               .in = &x,
                               .in_count = 1,
                               .out = (const char *const[]){"y"},
                               .out_count = 1,
                               .attr = bounds,
                               .attr_count = k ? 2 : 0,
                               .opset = 11};
        CHECK_OK(graph_add_node(graph, &spec, &node));
        CHECK_OK(graph_allocate(graph, GRAPH_INPUT_GRADIENT));
        memcpy(x->data, values, sizeof values);
        graph_forward(graph);
        graph_zero_gradients(graph);
        memcpy(graph_seed(graph, node->out[0]), seeds, sizeof seeds);
        graph_backward(graph, &backward_redirected);
        for (int i = 0; i < 6; i++) CHECK(x->grad[i] == expected[i]);
        graph_destroy(graph);
    }
}

static void the_first_bad_node_is_named(void)
{
    static const float zero[1] = {0};
    Graph *graph = graph_new();
    Value *x = input(graph, "x", 3);
    Value *y = add(graph, "Add", "fine", x, constant(graph, "one", 1, once));
    Value *z = add(graph, "Div", "bad", y, constant(graph, "zero", 1, zero));
    add(graph, "Relu", "after", z, NULL);
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    graph_forward(graph);
    const Node *bad = graph_first_nonfinite(graph);
    CHECK(bad && strcmp(bad->name, "bad") == 0);
    fill(x, NAN);
    graph_forward(graph);
    bad = graph_first_nonfinite(graph);
    CHECK(bad && strcmp(bad->name, "fine") == 0);
    fill(z, 0), fill(y, 0), fill(graph_find(graph, "after"), 0);
    CHECK(!graph_first_nonfinite(graph));
    graph_destroy(graph);
}

static const Test tests[] = {
    TEST(names_find_values_then_nodes),
    TEST(constants_are_folded),
    TEST(specifications_are_copied),
    TEST(what_does_not_fit_is_refused),
    TEST(memory_is_as_announced),
    TEST(answers_share_memory),
    TEST(forward_runs_what_is_wanted),
    TEST(slices_are_the_same_as_the_whole),
    TEST(backward_runs_between_seed_and_input),
    TEST(parameters_get_gradients_when_asked),
    TEST(a_value_used_twice_gets_both_gradients),
    TEST(rules_pass_two_rectifiers),
    TEST(dead_units_are_redirected),
    TEST(the_first_bad_node_is_named),
};
TEST_MAIN(tests)
