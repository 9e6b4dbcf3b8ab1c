#include "tensor.h"

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "support/test.h"

static void shapes_are_counted_and_compared(void)
{
    const int dims[3] = {2, 3, 4};
    Shape shape = shape_make(3, dims), scalar = shape_make(0, NULL), other = shape;
    CHECK(shape_elements(&shape) == 24 && shape_elements(&scalar) == 1);
    CHECK(shape_span(&shape, 1, 3) == 12 && shape_span(&shape, 2, 2) == 1);
    CHECK(shape_equal(&shape, &other) && !shape_equal(&shape, &scalar));
    other.dim[7] = 9; /* past the rank: means nothing */
    CHECK(shape_equal(&shape, &other));
    other.dim[2] = 5;
    CHECK(!shape_equal(&shape, &other));
    const Shape picture = shape_4d(1, 3, 224, 225);
    CHECK(picture.rank == 4 && shape_elements(&picture) == 3 * 224 * 225);
}

static void shapes_are_validated(void)
{
    const Shape largest = {.rank = 2, .dim = {1 << 15, 1 << 15}};
    CHECK_OK(shape_validate(&largest, "x"));
    const Shape scalar = {0};
    CHECK_OK(shape_validate(&scalar, "x"));
    const Shape bad[] = {
        {.rank = -1},
        {.rank = 9},
        {.rank = 1, .dim = {0}},
        {.rank = 2, .dim = {3, -1}},
        {.rank = 2, .dim = {1 << 15, (1 << 15) + 1}},
        /* Products that wrap around 2^64 to something small, or to 0. */
        {.rank = 3, .dim = {1 << 30, 1 << 30, 1 << 4}},
        {.rank = 8,
         .dim = {INT_MAX, INT_MAX, INT_MAX, INT_MAX, INT_MAX, INT_MAX, INT_MAX, INT_MAX}},
        /* An empty dimension must not hide the others. */
        {.rank = 3, .dim = {INT_MAX, INT_MAX, 0}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_FAILS(shape_validate(&bad[i], "the net"), "the net");
}

static void shapes_are_written(void)
{
    char buffer[SHAPE_TEXT_BYTES];
    const Shape shape = {.rank = 3, .dim = {1, 64, 113}}, scalar = {0};
    CHECK_TEXT(shape_text(&shape, buffer), "1x64x113");
    CHECK_TEXT(shape_text(&scalar, buffer), "scalar");
    Shape widest = {.rank = 8};
    for (int i = 0; i < 8; i++) widest.dim[i] = INT_MIN;
    CHECK(strlen(shape_text(&widest, buffer)) == 8 * 11 + 7);
    widest.rank = 1000; /* as a wrong file may say, before it is validated */
    CHECK(strlen(shape_text(&widest, buffer)) == 8 * 11 + 7);
    Text text = {0};
    shape_json(&text, &shape);
    CHECK_TEXT(text.bytes, "[1,64,113]");
    text_release(&text);
    shape_json(&text, &scalar);
    CHECK_TEXT(text.bytes, "[]");
    text_release(&text);
}

static void tensors_are_zeroed_and_aligned(void)
{
    Tensor tensor = {0};
    CHECK_OK(tensor_alloc(&tensor, shape_4d(1, 3, 5, 7), "x"));
    CHECK(tensor.data && (uintptr_t)tensor.data % 64 == 0);
    for (int i = 0; tensor.data && i < 105; i++) CHECK(tensor.data[i] == 0);
    tensor_release(&tensor);
    CHECK(!tensor.data && tensor.shape.rank == 0);
    CHECK_FAILS(tensor_alloc(&tensor, shape_4d(1, 3, 0, 7), "the picture"), "the picture");
    CHECK(!tensor.data);
}

static void statistics(void)
{
    const float values[] = {1, 2, 3, 4, NAN, INFINITY, -INFINITY};
    TensorStats stats = tensor_stats(values, 7);
    CHECK(stats.nonfinite == 3 && stats.min == 1 && stats.max == 4);
    CHECK_NEAR((double)stats.mean, 2.5, 1e-6);
    CHECK_NEAR((double)stats.deviation, sqrt(1.25), 1e-6);
    stats = tensor_stats(values + 4, 3);
    CHECK(stats.nonfinite == 3 && stats.min == 0 && stats.max == 0 && stats.mean == 0);
    stats = tensor_stats(values, 0);
    CHECK(stats.nonfinite == 0 && stats.min == 0 && stats.max == 0 && stats.deviation == 0);
    /* Far from 0 the variance must not come out below 0 or as not-a-number. */
    const float far[] = {1e6F, 1e6F, 1e6F};
    stats = tensor_stats(far, 3);
    CHECK(stats.deviation >= 0 && stats.deviation < 1);
}

static const Test tests[] = {
    TEST(shapes_are_counted_and_compared), TEST(shapes_are_validated), TEST(shapes_are_written),
    TEST(tensors_are_zeroed_and_aligned),  TEST(statistics),
};
TEST_MAIN(tests)
