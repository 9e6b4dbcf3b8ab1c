#include "image/colormap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A colour at an entry of the table; between two anchors it is interpolated linearly. */
typedef struct Anchor {
    float position; /* 0 to 255 */
    uint8_t rgb[3];
} Anchor;

/* viridis, inferno (van der Walt & Smith 2015) and cividis (Nunez, Anderton & Renslow 2018): every entry
 * within one level of the published table. RdBu (Brewer & Harrower 2003), eleven classes, reversed so
 * that blue is negative. */
static const Anchor viridis[] = {
    {0, {68, 1, 84}},      {18, {72, 27, 109}},   {35, {70, 48, 126}},   {55, {63, 72, 137}},
    {87, {48, 106, 142}},  {127, {33, 144, 141}}, {141, {30, 157, 137}}, {154, {35, 169, 131}},
    {166, {47, 180, 124}}, {180, {70, 192, 111}}, {197, {105, 205, 91}}, {218, {157, 217, 59}},
    {236, {205, 225, 29}}, {243, {223, 227, 24}}, {248, {236, 229, 27}}, {254, {251, 231, 35}},
    {255, {253, 231, 37}}};

static const Anchor inferno[] = {
    {0, {0, 0, 4}},         {4, {2, 1, 10}},        {12, {7, 5, 27}},      {25, {22, 11, 57}},
    {35, {38, 12, 81}},     {44, {54, 9, 97}},      {56, {74, 12, 107}},   {71, {98, 20, 110}},
    {88, {125, 30, 109}},   {111, {162, 43, 98}},   {131, {192, 58, 81}},  {146, {212, 72, 66}},
    {167, {235, 100, 41}},  {187, {248, 133, 15}},  {194, {250, 146, 7}},  {199, {251, 155, 6}},
    {204, {252, 165, 10}},  {213, {251, 182, 26}},  {226, {248, 207, 58}}, {235, {244, 225, 86}},
    {244, {241, 241, 121}}, {251, {246, 250, 150}}, {255, {252, 255, 164}}};

static const Anchor cividis[] = {
    {0, {0, 34, 78}},       {20, {0, 48, 112}},     {23, {1, 50, 113}},    {28, {18, 53, 112}},
    {37, {35, 60, 110}},    {56, {59, 73, 108}},    {92, {94, 98, 110}},   {134, {130, 128, 121}},
    {167, {162, 153, 117}}, {199, {195, 179, 105}}, {225, {223, 202, 87}}, {242, {242, 218, 68}},
    {251, {253, 227, 52}},  {254, {254, 230, 54}},  {255, {254, 232, 56}}};

static const Anchor rdbu[] = {
    {0.0F, {5, 48, 97}},       {25.5F, {33, 102, 172}},   {51.0F, {67, 147, 195}},
    {76.5F, {146, 197, 222}},  {102.0F, {209, 229, 240}}, {127.5F, {247, 247, 247}},
    {153.0F, {253, 219, 199}}, {178.5F, {244, 165, 130}}, {204.0F, {214, 96, 77}},
    {229.5F, {178, 24, 43}},   {255.0F, {103, 0, 31}},
};

static const Anchor grey[] = {{0, {0, 0, 0}}, {255, {255, 255, 255}}};

static const struct {
    const char *name;
    const Anchor *anchors; /* the first at 0, the last at 255 */
} maps[] = {
    {"viridis", viridis}, {"inferno", inferno}, {"cividis", cividis},
    {"rdbu", rdbu},       {"grey", grey},
};

int colormap_count(void)
{
    return (int)(sizeof maps / sizeof *maps);
}

const char *colormap_name(int index)
{
    return maps[index].name;
}

int colormap_find(const char *name)
{
    for (int i = 0; i < colormap_count(); i++) {
        if (strcmp(maps[i].name, name) == 0) return i;
    }
    return -1;
}

void colormap_table(int index, uint8_t table[768])
{
    const Anchor *anchor = maps[index].anchors;
    for (int i = 0; i < 256; i++) {
        while ((float)i > anchor[1].position) anchor++;
        float share = ((float)i - anchor[0].position) / (anchor[1].position - anchor[0].position);
        for (int c = 0; c < 3; c++) {
            float from = anchor[0].rgb[c], to = anchor[1].rgb[c];
            table[3 * i + c] = (uint8_t)lrintf(from + (to - from) * share);
        }
    }
}

/* Goes by way of the 256 entries, as the page does, so that both draw the same colours. */
void colormap_apply(int index, const float *values, size_t count, float low, float high, float *rgb)
{
    uint8_t table[768];
    colormap_table(index, table);
    float range = high - low;
    for (size_t i = 0; i < count; i++) {
        float share = range > 0 ? (values[i] - low) / range : 0.5F;
        int entry = share > 0 ? share < 1 ? (int)lrintf(share * 255) : 255 : 0;
        bool defined = !isnan(values[i]); /* what is not a number is black in every map */
        for (size_t c = 0; c < 3; c++) {
            rgb[c * count + i] = defined ? (float)table[3 * entry + (int)c] / 255 : 0;
        }
    }
}

void colormap_category_rgb(int index, float rgb[3])
{
    /* Hues a golden section apart, so that each lies farthest from those before; strength and lightness vary in
     * turn, for those who tell few hues apart. */
    static const float strengths[] = {0.72F, 0.88F, 0.55F}, values[] = {0.95F, 0.78F, 0.98F};
    const float turn = (float)index * 0.618034F + 0.57F, hue = 6 * (turn - floorf(turn));
    const float strength = strengths[index % 3], value = values[index % 3];
    for (int c = 0; c < 3; c++) {
        const float along = fmodf(hue + (float)(5 - 2 * c), 6);
        const float share = fmaxf(0, fminf(1, fminf(along, 4 - along)));
        rgb[c] = roundf(255 * value * (1 - strength * share)) / 255;
    }
}

void colormap_category(int index, char colour[8])
{
    float rgb[3];
    unsigned level[3];
    colormap_category_rgb(index, rgb);
    for (int c = 0; c < 3; c++) level[c] = (unsigned)lroundf(255 * rgb[c]);
    snprintf(colour, 8, "#%02x%02x%02x", level[0] & 255, level[1] & 255, level[2] & 255);
}
