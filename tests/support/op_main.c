/* The main of a test of operators: which cases, which seed, and the timing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "support/op_bench.h"

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
    Status status = bench_build(&b);
    if (status.code == STATUS_OK && b.node) {
        bench_allocate(&b);
        b.node->op->forward(b.node);
        bench_clear_gradients(&b);
        op_case_print(suite, c);
        double forward = seconds_of(&b, true), backward = seconds_of(&b, false);
        printf(": forward %.4f ms, backward %.4f ms", 1e3 * forward, 1e3 * backward);
        if (b.node->macs) printf(", %.2f GMAC/s", 1e-9 * (double)b.node->macs / forward);
        printf(" (%s)\n", b.node->detail);
    }
    bench_release(&b);
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
            *failed += op_check_case(suite, &c, options->seed) != 0;
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
