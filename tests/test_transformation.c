/* Moved, turned and scaled pictures: exact where the map is whole pixels, linear pictures stay linear, and the
 * adjoint is one. */
#include <math.h>
#include <string.h>

#include "support/test.h"
#include "transformation.h"

enum { HEIGHT = 23, WIDTH = 19, CHANNELS = 2, TO_HEIGHT = 21, TO_WIDTH = 26 };
enum { FROM = CHANNELS * HEIGHT * WIDTH, TO = CHANNELS * TO_HEIGHT * TO_WIDTH };

static const TransformationStep lucid[] = {
    {TRANSFORMATION_PAD, 12},    {TRANSFORMATION_JITTER, 8}, {TRANSFORMATION_SCALE, 0.1F},
    {TRANSFORMATION_ROTATE, 10}, {TRANSFORMATION_JITTER, 4},
};
static const TransformationStep rolls[] = {{TRANSFORMATION_JITTER, 8}};

static void fill(float *values, int count, Random *random)
{
    for (int i = 0; i < count; i++) values[i] = random_normal(random);
}

static void nothing_is_the_picture(void)
{
    static float picture[FROM], seen[FROM], back[FROM];
    Random random = random_seeded(1);
    fill(picture, FROM, &random);
    const Transformation t =
        transformation_draw(NULL, 0, BORDER_GREY, HEIGHT, WIDTH, HEIGHT, WIDTH, &random);
    transformation_apply(&t, picture, CHANNELS, seen);
    CHECK(memcmp(picture, seen, sizeof picture) == 0);
    transformation_adjoint(&t, seen, CHANNELS, back);
    CHECK(memcmp(picture, back, sizeof picture) == 0);
}

/* A smaller picture lies in the middle, grey around it; a larger one is cut. */
static void the_middle_is_kept(void)
{
    const float picture[] = {1, 2, 3};
    float seen[5];
    Random random = random_seeded(1);
    Transformation t = transformation_draw(NULL, 0, BORDER_GREY, 1, 3, 1, 5, &random);
    transformation_apply(&t, picture, 1, seen);
    CHECK(seen[0] == 0.5F && seen[1] == 1 && seen[3] == 3 && seen[4] == 0.5F);
    t = transformation_draw(NULL, 0, BORDER_GREY, 1, 3, 1, 1, &random);
    transformation_apply(&t, picture, 1, seen);
    CHECK(seen[0] == 2);
}

/* Jitter shifts by whole pixels, each as likely: exactly, with grey or the other side coming in. */
static void jitter_rolls(void)
{
    static float picture[FROM], seen[FROM];
    Random random = random_seeded(3);
    fill(picture, FROM, &random);
    int found[9][9] = {{0}};
    for (int n = 0; n < 2000; n++) {
        const Transformation t =
            transformation_draw(rolls, 1, BORDER_WRAP, HEIGHT, WIDTH, HEIGHT, WIDTH, &random);
        const int dy = (int)t.y[2], dx = (int)t.x[2];
        CHECK(dy >= -4 && dy <= 4 && dx >= -4 && dx <= 4);
        found[dy + 4][dx + 4]++;
        if (n >= 20) continue;
        transformation_apply(&t, picture, CHANNELS, seen);
        for (int i = 0; i < FROM; i++) {
            const int y = i / WIDTH % HEIGHT, x = i % WIDTH;
            const int from = (y + dy + HEIGHT) % HEIGHT * WIDTH + (x + dx + WIDTH) % WIDTH;
            CHECK(seen[i] == picture[i / (HEIGHT * WIDTH) * (HEIGHT * WIDTH) + from]);
        }
    }
    for (int i = 0; i < 81; i++) CHECK(found[i / 9][i % 9] > 5);
}

/* Bilinear sampling leaves a plane a plane: its slope tells the scale, its direction the angle. */
static void scale_and_angle_stay_within_bounds(void)
{
    enum { SIDE = 64 };
    static float picture[SIDE * SIDE], seen[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) picture[i] = (float)(i % SIDE);
    Random random = random_seeded(5);
    double least = 9, most = 0, left = 9, right = -9;
    for (int n = 0; n < 300; n++) {
        const Transformation t =
            transformation_draw(lucid, 5, BORDER_GREY, SIDE, SIDE, SIDE, SIDE, &random);
        transformation_apply(&t, picture, 1, seen);
        const int middle = SIDE / 2 * SIDE + SIDE / 2;
        const double across = seen[middle + 1] - seen[middle];
        const double down = seen[middle + SIDE] - seen[middle];
        const double scale = 1 / hypot(across, down),
                     angle = atan2(down, across) * 180 / acos(-1.0);
        CHECK_NEAR(seen[middle + 2] - seen[middle + 1], across, 1e-4);
        least = fmin(least, scale), most = fmax(most, scale);
        left = fmin(left, angle), right = fmax(right, angle);
        /* The middle stays within reach of the jitters. */
        CHECK(fabs(t.x[0] * SIDE / 2 + t.x[1] * SIDE / 2 + t.x[2] - SIDE / 2.0) < 8);
    }
    CHECK(least > 0.899 && least < 0.91 && most < 1.101 && most > 1.09);
    CHECK(left > -10.01 && left < -9 && right < 10.01 && right > 9);
}

/* <A x, y> = <x, A' y>; what the grey border adds is taken away first. */
static void the_adjoint_is_one(void)
{
    static float picture[FROM], seen[TO], border[TO], dseen[TO], back[FROM];
    static const float black[FROM];
    for (unsigned seed = 1; seed <= 20; seed++) {
        Random random = random_seeded(seed);
        fill(picture, FROM, &random);
        fill(dseen, TO, &random);
        const Transformation t = transformation_draw(lucid, 5, seed % 2 ? BORDER_GREY : BORDER_WRAP,
                                                     HEIGHT, WIDTH, TO_HEIGHT, TO_WIDTH, &random);
        transformation_apply(&t, picture, CHANNELS, seen);
        transformation_apply(&t, black, CHANNELS, border);
        transformation_adjoint(&t, dseen, CHANNELS, back);
        double above = 0, below = 0;
        for (int i = 0; i < TO; i++) above += ((double)seen[i] - border[i]) * dseen[i];
        for (int i = 0; i < FROM; i++) below += (double)picture[i] * back[i];
        CHECK_NEAR(above, below, 1e-4);
    }
}

static const Test tests[] = {
    TEST(nothing_is_the_picture), TEST(the_middle_is_kept),
    TEST(jitter_rolls),           TEST(scale_and_angle_stay_within_bounds),
    TEST(the_adjoint_is_one),
};
TEST_MAIN(tests)
