#include "techniques/strokes.h"

#include <string.h>

#include "support/test.h"

enum { H = 20, W = 40 };

static uint8_t hints[H * W];

static Status draw(const char *text)
{
    memset(hints, 0, sizeof hints);
    return strokes_draw(text, 1, 2, hints, H, W);
}

static int at(int y, int x)
{
    return hints[y * W + x];
}

static void lines_and_dots(void)
{
    CHECK_OK(draw(""));
    /* From (4,10) to (36,10) pixels, radius 2. */
    CHECK_OK(draw("+50:100,500 900,500"));
    CHECK(at(9, 4) == 1 && at(10, 20) == 1 && at(9, 36) == 1 && at(9, 38) == 0);
    CHECK(at(8, 20) == 1 && at(11, 20) == 1 && at(7, 20) == 0 && at(12, 20) == 0);
    int count = 0;
    for (int i = 0; i < H * W; i++) count += hints[i] == 1;
    CHECK(count > 4 * 32 && count < 4 * 37);
    /* Later over earlier; a dot without radius marks the pixel below it. */
    CHECK_OK(draw("+50:100,500 900,500;-0:512.5,525"));
    CHECK(at(10, 20) == 2 && at(10, 19) == 1 && at(10, 21) == 1);
    /* At the border and beyond. */
    CHECK_OK(draw("-100:0,0;+100:1000,1000"));
    CHECK(at(0, 0) == 2 && at(H - 1, W - 1) == 1);
}

static void what_is_not_understood_is_said(void)
{
    static const char *const wrong[] = {"500,400",        "+:1,1",       "+1 2,3",   "+1:2",
                                        "+1:2,",          "+1:2,3 4",    "+1:2,3x",  "+1:1001,0",
                                        "+1:0,0;*1:0,0",  "+1:-1,0",     "+nan:0,0", "+1:0,0,0",
                                        "-1:0,0 ;+1:0,0", "+1:0,0  1,1x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_FAILS(draw(wrong[i]), "is not understood");
    CHECK_FAILS(draw("+1:0,0;*1:0,0"), "stroke 2");
}

static const Test tests[] = {TEST(lines_and_dots), TEST(what_is_not_understood_is_said)};
TEST_MAIN(tests)
