/* The boundary to JavaScript in tests: a small network behind it, and reading what it answers. */
#ifndef CONVOSCOPE_TESTS_SUPPORT_API_H
#define CONVOSCOPE_TESTS_SUPPORT_API_H

#include <stdbool.h>

#include "support/test.h"
#include "wasm_api.h"

enum { API_SIDE = 8, API_CLASSES = 2 };

/* Conv, BatchNormalization, Relu, the operator `pool`, Flatten, for 3 x API_SIDE x API_SIDE: opened, its handle. The
 * convolution gives 2 r - 1 and g + b; the normalisation makes them (v - mean) / 2 + beta. Where `pool` is none that
 * exists, the answer is out of reach. */
int api_network(const char *pool);

/* With GlobalAveragePool. */
int api_small_network(void);

/* Whether the answer has the text; the test fails where it has not. */
bool api_says(const char *text);

/* The array that stands behind `data` in the answer, from the given member on. */
const float *api_array(const char *member);

#define CHECK_REFUSED(call, word)                                                                  \
    do {                                                                                           \
        CHECK((call) < 0);                                                                         \
        if (!strstr(convo_error_message(), word))                                                  \
            test_fail(__FILE__, __LINE__, "'%s' is not in '%s'", word, convo_error_message());     \
    } while (0)

#endif
