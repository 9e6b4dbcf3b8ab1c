/*
 * Test programs: checks that report and go on, and a main that runs all tests or one by name.
 *
 *     static void adds(void)
 *     {
 *         CHECK(1 + 1 == 2);
 *         CHECK_NEAR(0.1 + 0.2, 0.3, 1e-12);
 *         CHECK_FAILS(graph_add_node(...), "pads");   // an error whose sentence has that word
 *     }
 *     static const Test tests[] = {TEST(adds)};
 *     TEST_MAIN(tests)
 *
 * Exit status: 0 passed, 1 failed, 77 skipped (TEST_SKIP prints why).
 */
#ifndef CONVOSCOPE_TESTS_SUPPORT_TEST_H
#define CONVOSCOPE_TESTS_SUPPORT_TEST_H

#include <stdbool.h>

#include "base/status.h"

enum { TEST_SKIPPED = 77 };

typedef struct Test {
    const char *name;
    void (*run)(void);
} Test;

/* Runs all tests, or those whose names are given; returns the exit status. */
int test_run(int argc, char **argv, const Test *tests, int count);

/* Counts and prints a failure of the test that runs. */
void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int test_failures(void);

/* Makes the exit status 77 unless something fails. */
void test_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

void test_check_ok(const char *file, int line, Status status);
void test_check_fails(const char *file, int line, Status status, const char *word);
void test_check_near(const char *file, int line, double value, double expected, double tolerance);
void test_check_text(const char *file, int line, const char *value, const char *expected);

#define TEST(function)                                                                             \
    {                                                                                              \
        .name = #function, .run = function                                                         \
    }

#define TEST_MAIN(tests)                                                                           \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return test_run(argc, argv, tests, (int)(sizeof tests / sizeof *tests));                   \
    }

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) test_fail(__FILE__, __LINE__, "%s", #condition);                         \
    } while (0)

#define CHECK_OK(status)          test_check_ok(__FILE__, __LINE__, (status))
#define CHECK_FAILS(status, word) test_check_fails(__FILE__, __LINE__, (status), (word))
#define CHECK_NEAR(value, expected, tolerance)                                                     \
    test_check_near(__FILE__, __LINE__, (value), (expected), (tolerance))
#define CHECK_TEXT(value, expected) test_check_text(__FILE__, __LINE__, (value), (expected))

#endif
