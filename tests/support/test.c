#include "support/test.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One program runs one test at a time, so one record is enough. */
static struct {
    const char *name;
    int failures, skips;
} current = {.name = "set-up"};

void test_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("FAIL %s (%s:%d): ", current.name, file, line);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    current.failures++;
}

int test_failures(void)
{
    return current.failures;
}

void test_skip(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("skip %s: ", current.name);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    current.skips++;
}

void test_check_ok(const char *file, int line, Status status)
{
    if (status.code != STATUS_OK) {
        test_fail(file, line, "%s: %s", status_code_name(status.code), status.message);
    }
}

void test_check_fails(const char *file, int line, Status status, const char *word)
{
    if (status.code == STATUS_OK) {
        test_fail(file, line, "was accepted; an error about '%s' was expected", word);
    } else if (!strstr(status.message, word)) {
        test_fail(file, line, "the sentence \"%s\" does not contain '%s'", status.message, word);
    }
}

void test_check_near(const char *file, int line, double value, double expected, double tolerance)
{
    /* Written so that not-a-number fails. */
    if (!(fabs(value - expected) <= tolerance)) {
        test_fail(file, line, "%.9g is not %.9g within %g", value, expected, tolerance);
    }
}

void test_check_text(const char *file, int line, const char *value, const char *expected)
{
    if (!value || strcmp(value, expected) != 0) {
        test_fail(file, line, "\"%s\" is not \"%s\"", value ? value : "(null)", expected);
    }
}

static bool is_asked_for(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) return true;
    }
    return argc < 2;
}

int test_run(int argc, char **argv, const Test *tests, int count)
{
    int ran = 0;
    for (int i = 0; i < count; i++) {
        if (!is_asked_for(argc, argv, tests[i].name)) continue;
        current.name = tests[i].name;
        tests[i].run();
        ran++;
    }
    if (ran == 0) {
        printf("no test has that name; there are:\n");
        for (int i = 0; i < count; i++) printf("  %s\n", tests[i].name);
        return 1;
    }
    printf("%d tests, %d failures, %d skipped\n", ran, current.failures, current.skips);
    if (current.failures) return 1;
    return current.skips ? TEST_SKIPPED : 0;
}
