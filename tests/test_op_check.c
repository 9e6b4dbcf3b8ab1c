/* The harness of the op tests must fail where an op is wrong: each of these is Relu with one defect. */
#include <math.h>
#include <stdio.h>

#include "support/op_bench.h"
#include "support/test.h"

static void relu_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    (void)c;
    for (size_t i = 0; i < op_array_count(y); i++) y->data[i] = fmax(x->data[i], 0);
}

static const OpCase example = {.name = "5x7", .in = {{SHAPE(5, 7), .kinks = {0}, .kink_count = 1}}};

static size_t count_of(const Node *n)
{
    return shape_elements(&n->out[0]->shape);
}

static void forward_right(const Node *n)
{
    for (size_t i = 0; i < count_of(n); i++) n->out[0]->data[i] = fmaxf(n->in[0]->data[i], 0);
}

static void backward_right(const Node *n, const BackwardRule *rule)
{
    op_find("Relu")->backward(n, rule);
}

static void forward_leaves_the_last(const Node *n)
{
    for (size_t i = 0; i + 1 < count_of(n); i++) n->out[0]->data[i] = fmaxf(n->in[0]->data[i], 0);
}

static void forward_changes_its_input(const Node *n)
{
    forward_right(n);
    n->in[0]->data[3] = 0.25F;
}

static void forward_is_a_little_off(const Node *n)
{
    forward_right(n);
    for (size_t i = 0; i < count_of(n); i++) n->out[0]->data[i] *= 1.0001F;
}

static void backward_overwrites(const Node *n, const BackwardRule *rule)
{
    if (n->in[0]->grad) {
        for (size_t i = 0; i < count_of(n); i++) n->in[0]->grad[i] = 0;
    }
    backward_right(n, rule);
}

static void backward_forgets_one(const Node *n, const BackwardRule *rule)
{
    const float kept = n->in[0]->grad ? n->in[0]->grad[34] : 0;
    backward_right(n, rule);
    if (n->in[0]->grad) n->in[0]->grad[34] = kept;
}

static void backward_is_a_little_off(const Node *n, const BackwardRule *rule)
{
    for (size_t i = 0; i < count_of(n) && n->in[0]->grad; i++) n->in[0]->grad[i] += 1e-4F;
    backward_right(n, rule);
}

static void backward_changes_the_seed(const Node *n, const BackwardRule *rule)
{
    backward_right(n, rule);
    n->out[0]->grad[2] = 0.125F;
}

static void backward_knows_no_rule(const Node *n, const BackwardRule *rule)
{
    (void)rule;
    backward_right(n, &backward_exact);
}

static int failures_with(const Op *instead)
{
    const OpSuite suite = {
        .op = "Relu", .reference = relu_reference, .rectifier = true, .instead = instead};
    return op_check_case(&suite, &example, 1);
}

static void defects_are_found(void)
{
    const struct {
        const char *what;
        Op op;
    } defects[] = {
        {"forward leaves the last", {"Relu", NULL, forward_leaves_the_last, backward_right}},
        {"forward changes its input", {"Relu", NULL, forward_changes_its_input, backward_right}},
        {"forward is a little off", {"Relu", NULL, forward_is_a_little_off, backward_right}},
        {"backward overwrites", {"Relu", NULL, forward_right, backward_overwrites}},
        {"backward forgets one", {"Relu", NULL, forward_right, backward_forgets_one}},
        {"backward is a little off", {"Relu", NULL, forward_right, backward_is_a_little_off}},
        {"backward changes the seed", {"Relu", NULL, forward_right, backward_changes_the_seed}},
        {"backward knows no rule", {"Relu", NULL, forward_right, backward_knows_no_rule}},
    };
    printf("the failures that follow are meant:\n");
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        if (failures_with(&defects[i].op) > 0) continue;
        test_fail(__FILE__, __LINE__, "nobody noticed: %s", defects[i].what);
    }
    printf("the failures that were meant end here\n");
    const Op right = {"Relu", NULL, forward_right, backward_right};
    CHECK(failures_with(&right) == 0);
}

static void wrong_expectations_are_found(void)
{
    OpSuite suite = {.op = "Relu", .reference = relu_reference, .rectifier = true};
    OpCase wrong = example;
    printf("the failures that follow are meant:\n");
    wrong.out[0].shape = (Shape)DIMS(7, 5);
    CHECK(op_check_case(&suite, &wrong, 1) > 0);
    wrong = example;
    wrong.refused = "axis";
    CHECK(op_check_case(&suite, &wrong, 1) > 0);
    wrong.in[1] = wrong.in[0]; /* refused, and with another sentence */
    CHECK(op_check_case(&suite, &wrong, 1) > 0);
    wrong = example;
    wrong.in[0].constant = true;
    CHECK(op_check_case(&suite, &wrong, 1) > 0);
    suite.rectifier = false;
    CHECK(op_check_case(&suite, &example, 1) > 0);
    printf("the failures that were meant end here\n");
}

static const Test tests[] = {TEST(defects_are_found), TEST(wrong_expectations_are_found)};
TEST_MAIN(tests)
