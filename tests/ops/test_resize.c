#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/op_check.h"

static bool attr_is(const OpCase *c, const char *name, const char *fallback, const char *value)
{
    const Attr *attr = op_case_attr(c, name);
    return strcmp(attr ? attr->s : fallback, value) == 0;
}

static double scale_of(const OpCase *c, int d, int from, int to)
{
    const Attr *scales = op_case_attr(c, "scales");
    return scales ? (double)scales->floats[d] : (double)to / from;
}

/* ONNX, Resize: the formulas of coordinate_transformation_mode, word by word. */
static double original(const OpCase *c, int d, int resized, int from, int to)
{
    const double scale = scale_of(c, d, from, to);
    const char *key = "coordinate_transformation_mode", *usual = "half_pixel";
    if (attr_is(c, key, usual, "asymmetric")) return resized / scale;
    if (attr_is(c, key, usual, "align_corners"))
        return to > 1 ? resized * (from - 1.0) / (to - 1) : 0;
    if (attr_is(c, key, usual, "pytorch_half_pixel") && to == 1) return 0;
    return (resized + 0.5) / scale - 0.5;
}

static double nearest(const OpCase *c, double x)
{
    /* The scales of the cases are such that nothing lies within 1e-6 of a tie but ties. */
    x = round(x * 1e6) / 1e6;
    if (attr_is(c, "nearest_mode", "round_prefer_floor", "floor")) return floor(x);
    if (attr_is(c, "nearest_mode", "round_prefer_floor", "ceil")) return ceil(x);
    if (attr_is(c, "nearest_mode", "round_prefer_floor", "round_prefer_ceil"))
        return floor(x + 0.5);
    return ceil(x - 0.5);
}

/* Weight of input i for output k of dimension d: a hat function, with everything outside at the rim. */
static double weight(const OpCase *c, int d, int i, int k, int from, int to)
{
    double x = original(c, d, k, from, to);
    if (attr_is(c, "mode", "nearest", "nearest")) x = nearest(c, x);
    x = fmin(fmax(x, 0), from - 1);
    return fmax(0, 1 - fabs(x - i));
}

enum { LONGEST = 12 };

/* Every output is a sum over every input, by the product of the weights of all dimensions. */
static void resize_reference(const OpCase *c, const OpArray *x, OpArray *y)
{
    double weights[SHAPE_MAX_RANK][LONGEST][LONGEST];
    const int rank = x->shape.rank;
    for (int d = 0; d < rank; d++) {
        const int from = x->shape.dim[d], to = y->shape.dim[d];
        assert(from <= LONGEST && to <= LONGEST);
        for (int k = 0; k < to; k++) {
            for (int i = 0; i < from; i++) weights[d][k][i] = weight(c, d, i, k, from, to);
        }
    }
    for (size_t k = 0; k < op_array_count(y); k++) {
        int to[SHAPE_MAX_RANK], from[SHAPE_MAX_RANK];
        op_index(&y->shape, k, to);
        y->data[k] = 0;
        for (size_t i = 0; i < op_array_count(x); i++) {
            op_index(&x->shape, i, from);
            double product = 1;
            for (int d = 0; d < rank; d++) product *= weights[d][to[d]][from[d]];
            y->data[k] += product * x->data[i];
        }
    }
}

static const OpCase resize_cases[] = {
    {.name = "twice",
     .in = {{SHAPE(1, 2, 3, 4)}},
     .attr = {FLOATS("scales", 1, 1, 2, 2)},
     .out = {{DIMS(1, 2, 6, 8)}}},
    {.name = "nothing", .in = {{SHAPE(1, 2, 3, 4)}}, .attr = {FLOATS("scales", 1, 1, 1, 1)}},
    {.name = "one dimension",
     .in = {{SHAPE(2, 3)}},
     .attr = {TEXT("mode", "linear"), INTS("sizes", 2, 7)},
     .out = {{DIMS(2, 7)}}},
    {.name = "channels last",
     .in = {{SHAPE(1, 3, 4, 3)}},
     .attr = {TEXT("mode", "linear"), FLOATS("scales", 1, 2, 1.5F, 1)},
     .out = {{DIMS(1, 6, 6, 3)}}},
    {.name = "first and last",
     .in = {{SHAPE(2, 3, 2)}},
     .attr = {TEXT("mode", "linear"), INTS("sizes", 3, 3, 4)},
     .out = {{DIMS(3, 3, 4)}}},
    {.name = "a scale that keeps the size",
     .in = {{SHAPE(1, 1, 5, 1)}},
     .attr = {TEXT("mode", "linear"), FLOATS("scales", 1, 1, 1.1F, 1)}},
    {.name = "from one value",
     .in = {{SHAPE(1, 1, 1, 1)}},
     .attr = {TEXT("mode", "linear"), INTS("sizes", 1, 1, 3, 2)},
     .out = {{DIMS(1, 1, 3, 2)}}},
    {.name = "scalar", .in = {{.scalar = true}}, .attr = {NO_INTS("sizes")}},
    {.name = "cubic",
     .in = {{SHAPE(1, 1, 3, 3)}},
     .attr = {TEXT("mode", "cubic"), FLOATS("scales", 1, 1, 2, 2)},
     .refused = "cubic"},
    {.name = "crop and resize",
     .in = {{SHAPE(1, 1, 3, 3)}},
     .attr = {TEXT("coordinate_transformation_mode", "tf_crop_and_resize"),
              FLOATS("scales", 1, 1, 2, 2)},
     .refused = "tf_crop_and_resize"},
    {.name = "unknown rounding",
     .in = {{SHAPE(3)}},
     .attr = {TEXT("nearest_mode", "up"), FLOATS("scales", 2)},
     .refused = "nearest_mode 'up'"},
    {.name = "antialias",
     .in = {{SHAPE(3)}},
     .attr = {INT("antialias", 1), FLOATS("scales", 2)},
     .refused = "antialias"},
    {.name = "aspect policy",
     .in = {{SHAPE(3)}},
     .attr = {TEXT("keep_aspect_ratio_policy", "not_larger"), INTS("sizes", 4)},
     .refused = "not_larger"},
    {.name = "three dimensions",
     .in = {{SHAPE(1, 1, 3, 3, 3)}},
     .attr = {FLOATS("scales", 1, 1, 2, 2, 2)},
     .refused = "more than two"},
    {.name = "neither", .in = {{SHAPE(3)}}, .refused = "scales has 0"},
    {.name = "too few scales",
     .in = {{SHAPE(3, 3)}},
     .attr = {FLOATS("scales", 2)},
     .refused = "scales has 1"},
    {.name = "too few sizes",
     .in = {{SHAPE(3, 3)}},
     .attr = {INTS("sizes", 2)},
     .refused = "sizes has 1"},
    {.name = "scale 0",
     .in = {{SHAPE(3)}},
     .attr = {FLOATS("scales", 0)},
     .refused = "scales has 0"},
    {.name = "scale below 0",
     .in = {{SHAPE(3)}},
     .attr = {FLOATS("scales", -1)},
     .refused = "scales has -1"},
    {.name = "scale not a number",
     .in = {{SHAPE(3)}},
     .attr = {FLOATS("scales", NAN)},
     .refused = "scales has"},
    {.name = "scale infinite",
     .in = {{SHAPE(3)}},
     .attr = {FLOATS("scales", INFINITY)},
     .refused = "scales has"},
    {.name = "scale huge",
     .in = {{SHAPE(3)}},
     .attr = {FLOATS("scales", 1e30F)},
     .refused = "scales makes"},
    {.name = "scale tiny",
     .in = {{SHAPE(3)}},
     .attr = {FLOATS("scales", 0.1F)},
     .refused = "0 long"},
    {.name = "size 0", .in = {{SHAPE(3)}}, .attr = {INTS("sizes", 0)}, .refused = "0 long"},
    {.name = "size below 0", .in = {{SHAPE(3)}}, .attr = {INTS("sizes", -4)}, .refused = "-4 long"},
    {.name = "product too large",
     .in = {{SHAPE(1, 1, 3, 3)}},
     .attr = {INTS("sizes", 1, 1, 1 << 20, 1 << 20)},
     .refused = "values possible"},
};

/* Every mode x coordinates x rounding x (up, odd up, down, mixed, to one). */
static bool resize_sweep(int index, OpCase *c)
{
    static const char *const modes[] = {"linear", "nearest"};
    static const char *const coordinates[] = {"half_pixel", "pytorch_half_pixel", "align_corners",
                                              "asymmetric"};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil"};
    static const int sizes[][4] = {{3, 4, 6, 8}, {3, 4, 7, 9}, {6, 5, 3, 2},
                                   {2, 7, 5, 3}, {4, 3, 1, 1}, {1, 1, 2, 3}};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    if (index >= 2 * 4 * 4 * SIZES * 2) return false;
    const int mode = index % 2, coordinate = index / 2 % 4, rounding = index / 8 % 4;
    const int *size = sizes[index / 32 % SIZES];
    const bool by_scales = index / (32 * SIZES) > 0;
    snprintf(c->text, sizeof c->text, "%s %s %s %dx%d to %dx%d by %s", modes[mode],
             coordinates[coordinate], roundings[rounding], size[0], size[1], size[2], size[3],
             by_scales ? "scales" : "sizes");
    c->name = c->text;
    c->in[0].shape = shape_4d(1, 2, size[0], size[1]);
    c->out[0].shape = shape_4d(1, 2, size[2], size[3]);
    c->attr[0] = (Attr)TEXT("mode", modes[mode]);
    c->attr[1] = (Attr)TEXT("coordinate_transformation_mode", coordinates[coordinate]);
    c->attr[2] = (Attr)TEXT("nearest_mode", roundings[rounding]);
    for (int d = 0; d < 4; d++) {
        c->ints[d] = c->out[0].shape.dim[d];
        c->floats[d] = (float)c->out[0].shape.dim[d] / (float)c->in[0].shape.dim[d];
    }
    c->attr[3] =
        by_scales ? (Attr){.name = "scales", .kind = ATTR_FLOATS, .floats = c->floats, .count = 4}
                  : (Attr){.name = "sizes", .kind = ATTR_INTS, .ints = c->ints, .count = 4};
    return true;
}

static const OpSuite suites[] = {
    {OP_CASES("Resize", resize_cases), .sweep = resize_sweep, .reference = resize_reference},
};

OP_TEST_MAIN(suites)
