/* Colour maps against the published tables at entries that are no anchors. */
#include <math.h>
#include <stdlib.h>

#include "image/colormap.h"
#include "support/test.h"

/* Entries 7, 23, 39, ... of the published 256-entry tables, rounded to levels (matplotlib's for the first
 * three; RdBu is ColorBrewer's eleven classes, interpolated linearly, reversed). */
static const struct {
    const char *name;
    int rgb[16][3];
} published[] = {
    {"viridis",
     {{70, 11, 94},
      {72, 33, 115},
      {69, 53, 129},
      {63, 72, 137},
      {55, 90, 140},
      {48, 106, 142},
      {41, 121, 142},
      {35, 136, 142},
      {31, 151, 139},
      {33, 166, 133},
      {49, 181, 123},
      {76, 194, 108},
      {110, 206, 88},
      {149, 216, 64},
      {192, 223, 37},
      {234, 229, 26}}},
    {"inferno",
     {{3, 2, 16},
      {20, 11, 52},
      {45, 11, 89},
      {73, 11, 106},
      {98, 20, 110},
      {124, 29, 109},
      {149, 38, 103},
      {174, 48, 92},
      {198, 61, 77},
      {218, 78, 60},
      {235, 100, 41},
      {246, 126, 20},
      {251, 155, 6},
      {251, 186, 31},
      {245, 217, 73},
      {243, 245, 134}}},
    {"cividis",
     {{0, 40, 89},
      {1, 50, 113},
      {38, 61, 110},
      {58, 72, 108},
      {74, 83, 108},
      {89, 94, 110},
      {103, 106, 113},
      {117, 117, 117},
      {131, 129, 121},
      {146, 141, 120},
      {162, 153, 117},
      {179, 166, 112},
      {195, 179, 105},
      {212, 193, 95},
      {230, 208, 81},
      {248, 223, 60}}},
    {"rdbu",
     {{13, 63, 118},
      {30, 97, 165},
      {51, 126, 184},
      {79, 155, 199},
      {129, 186, 216},
      {172, 210, 229},
      {210, 230, 240},
      {234, 241, 245},
      {249, 239, 233},
      {253, 221, 203},
      {248, 189, 161},
      {239, 153, 121},
      {220, 110, 87},
      {198, 65, 62},
      {174, 23, 42},
      {127, 8, 35}}},
};

static void equal_published(void)
{
    for (size_t m = 0; m < sizeof published / sizeof *published; m++) {
        int index = colormap_find(published[m].name);
        CHECK(index >= 0);
        if (index < 0) continue;
        uint8_t table[768];
        colormap_table(index, table);
        for (int i = 0; i < 16; i++) {
            for (int c = 0; c < 3; c++) {
                int off = abs(table[3 * (7 + 16 * i) + c] - published[m].rgb[i][c]);
                if (off < 2) continue;
                test_fail(__FILE__, __LINE__, "%s entry %d channel %d: off by %d",
                          published[m].name, 7 + 16 * i, c, off);
            }
        }
    }
}

static void ends(void)
{
    uint8_t table[768];
    colormap_table(colormap_find("rdbu"), table);
    CHECK(table[2] > table[0] && table[765] > table[767]); /* blue is negative, red is positive */
    colormap_table(colormap_find("grey"), table);
    for (int i = 0; i < 768; i++) CHECK(table[i] == i / 3);
    colormap_table(colormap_find("viridis"), table);
    CHECK(table[0] == 68 && table[1] == 1 && table[2] == 84 && table[765] == 253);
    CHECK(colormap_find("jet") == -1);
    CHECK(colormap_count() == 5);
}

static void apply_clips_and_marks(void)
{
    float values[] = {-9, 0, 0.5F, 1, 9, NAN, INFINITY}, rgb[21];
    colormap_apply(colormap_find("grey"), values, 7, 0, 1, rgb);
    static const float expected[] = {0, 0, 128 / 255.0F, 1, 1, 0, 1};
    for (int i = 0; i < 21; i++) CHECK_NEAR(rgb[i], expected[i % 7], 1e-6);
    colormap_apply(colormap_find("grey"), values, 3, 2, 2, rgb); /* no range: the middle */
    CHECK_NEAR(rgb[0], 128 / 255.0, 1e-6);
}

static const Test tests[] = {TEST(equal_published), TEST(ends), TEST(apply_clips_and_marks)};
TEST_MAIN(tests)
