/* Pictures of waves and of pixels against sums in double precision, and their gradients by central differences
 * of these. */
#include <math.h>
#include <stdlib.h>

#include "parameterisation.h"
#include "support/test.h"

enum { SIDE = 8, MOST = 2 * 3 * SIDE * 7 };

typedef struct Case {
    ParameterisationKind kind;
    ValidRange range;
    float decay;
    int count, channels, height, width;
    bool mixed;
    float longest;
} Case;

static const Case cases[] = {
    {PARAMETERISATION_PIXEL, RANGE_SIGMOID, 0, 1, 3, 4, 5, true, 0},
    {PARAMETERISATION_PIXEL, RANGE_CLIP, 0, 2, 1, 3, 3, false, 0},
    {PARAMETERISATION_FOURIER, RANGE_SIGMOID, 1, 2, 3, 6, 7, true, 0},
    {PARAMETERISATION_FOURIER, RANGE_CLIP, 1, 1, 3, 7, 8, true, 3},
    {PARAMETERISATION_FOURIER, RANGE_SIGMOID, 0, 1, 1, 2, 2, false, 0},
    {PARAMETERISATION_FOURIER, RANGE_SIGMOID, 1.5F, 1, 2, 1, 6, false, 0},
    {PARAMETERISATION_FOURIER, RANGE_CLIP, 1, 1, 1, 5, 1, false, 0},
    {PARAMETERISATION_FOURIER, RANGE_SIGMOID, 1, 3, 1, 1, 1, false, 0},
};

static ParameterisationOptions options_of(const Case *c)
{
    return (ParameterisationOptions){
        .kind = c->kind,
        .range = c->range,
        .decay = c->decay,
        .longest = c->longest,
        .count = c->count,
        .channels = c->channels,
        .height = c->height,
        .width = c->width,
        .colours = c->mixed ? colours_rgb : NULL,
    };
}

/* ---- the definition ---- */

/* Wave k of n at a position: cosines at odd k, sines at even ones, of unit length. */
static double wave(int k, int n, int position)
{
    double sum = 0, own = 0;
    for (int i = 0; i < n; i++) {
        const double phase = 2 * acos(-1.0) * ((k + 1) / 2) * i / n;
        const double value = k == 0 || k % 2 ? cos(phase) : sin(phase);
        sum += value * value;
        if (i == position) own = value;
    }
    return own / sqrt(sum);
}

/* Waves that have a cosine and a sine both ways run aslant. */
static double slanted(int ky, int h, int y, int kx, int w, int x)
{
    const int down = (ky + 1) / 2, across = (kx + 1) / 2;
    if (ky == 0 || kx == 0 || 2 * down == h || 2 * across == w)
        return wave(ky, h, y) * wave(kx, w, x);
    const double a = 2 * acos(-1.0) * down * y / h, b = 2 * acos(-1.0) * across * x / w;
    const double value =
        ky % 2 ? (kx % 2 ? cos(a - b) : sin(a + b)) : (kx % 2 ? sin(b - a) : cos(a + b));
    return sqrt(2.0 / (h * w)) * value;
}

static double frequency(const Case *c, int ky, int kx)
{
    const double longer = fmax(c->height, c->width);
    const double longest = c->longest > 0 ? (double)c->longest : longer;
    return fmax(hypot((ky + 1) / 2 / (double)c->height, (kx + 1) / 2 / (double)c->width),
                1 / longest);
}

static double basis[SIDE][SIDE][SIDE][SIDE]; /* of a wave (ky, kx) at a pixel (y, x), scaled */

static void set_basis(const Case *c)
{
    const int h = c->height, w = c->width;
    for (int i = 0; c->kind == PARAMETERISATION_FOURIER && i < h * w * h * w; i++) {
        const int ky = i / (w * h * w), kx = i / (h * w) % w, y = i / w % h, x = i % w;
        const double gain = 16 * sqrt(0.125) * pow(16 * frequency(c, ky, kx), -(double)c->decay);
        basis[ky][kx][y][x] = gain * slanted(ky, h, y, kx, w, x);
    }
}

/* u before colours and range, of one plane. */
static double plane_value(const Case *c, const double *z, int y, int x)
{
    if (c->kind == PARAMETERISATION_PIXEL) return z[y * c->width + x];
    double sum = 0;
    for (int ky = 0; ky < c->height; ky++) {
        for (int kx = 0; kx < c->width; kx++) sum += basis[ky][kx][y][x] * z[ky * c->width + kx];
    }
    return sum;
}

static void definition(const Case *c, const double *z, double *pictures)
{
    const int plane = c->height * c->width;
    for (int n = 0; n < c->count; n++) {
        for (int i = 0; i < plane; i++) {
            double u[4];
            for (int k = 0; k < c->channels; k++)
                u[k] =
                    plane_value(c, z + (n * c->channels + k) * plane, i / c->width, i % c->width);
            for (int j = 0; j < c->channels; j++) {
                double v = c->mixed ? 0 : u[j];
                for (int k = 0; c->mixed && k < 3; k++) v += (double)colours_rgb[3 * j + k] * u[k];
                pictures[(n * c->channels + j) * plane + i] =
                    c->range == RANGE_SIGMOID ? 1 / (1 + exp(-v)) : fmin(fmax(v + 0.5, 0), 1);
            }
        }
    }
}

/* ---- checks ---- */

typedef struct Room {
    float z[MOST], pictures[MOST], gradient[MOST], dz[MOST];
    double exact_z[MOST], exact[MOST], moved[MOST];
} Room;

static void draw(Room *room, size_t size, float deviation)
{
    Random random = random_seeded(7);
    for (size_t i = 0; i < size; i++) {
        room->z[i] = deviation * random_normal(&random);
        room->exact_z[i] = room->z[i];
        room->gradient[i] = random_normal(&random);
    }
}

/* d/dz of sum gradient picture. */
static void check_gradient_of(const Case *c, Room *room, size_t size)
{
    const double h = 1e-5;
    for (size_t i = 0; i < size; i++) {
        double slope = 0;
        for (int sign = -1; sign <= 1; sign += 2) {
            room->exact_z[i] += sign * h;
            definition(c, room->exact_z, room->moved);
            room->exact_z[i] -= sign * h;
            for (size_t k = 0; k < size; k++)
                slope += sign * (double)room->gradient[k] * room->moved[k] / (2 * h);
        }
        CHECK_NEAR(room->dz[i], slope, 2e-5 * fmax(1, fabs(slope)));
    }
}

static void painted_as_defined(void)
{
    static Room room;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const Case *c = &cases[k];
        Arena *arena = arena_create();
        Parameterisation *p;
        const ParameterisationOptions options = options_of(c);
        CHECK_OK(parameterisation_create(&p, arena, &options));
        const size_t size = parameterisation_size(p);
        CHECK(size == (size_t)(c->count * c->channels * c->height * c->width) && size <= MOST);
        /* Faint, so that nothing is clipped. */
        set_basis(c);
        draw(&room, size, c->range == RANGE_CLIP ? 0.01F : 0.2F);
        parameterisation_paint(p, room.z, room.pictures);
        definition(c, room.exact_z, room.exact);
        for (size_t i = 0; i < size; i++) CHECK_NEAR(room.pictures[i], room.exact[i], 1e-5);
        parameterisation_gradient(p, room.gradient, room.dz);
        check_gradient_of(c, &room, size);
        parameterisation_fit(p, room.pictures, room.dz);
        for (size_t i = 0; i < size; i++) CHECK_NEAR(room.dz[i], room.z[i], 1e-3);
        arena_destroy(arena);
    }
}

/* <B z, y> = <z, B' y> at the size of a real network's input, a prime. */
static void the_gradient_is_the_adjoint(void)
{
    const Case c = {PARAMETERISATION_FOURIER, RANGE_CLIP, 1, 1, 3, 131, 227, true, 0};
    Arena *arena = arena_create();
    Parameterisation *p;
    const ParameterisationOptions options = options_of(&c);
    CHECK_OK(parameterisation_create(&p, arena, &options));
    const size_t size = parameterisation_size(p);
    float *z = arena_alloc(arena, size * sizeof *z), *x = arena_alloc(arena, size * sizeof *x);
    float *y = arena_alloc(arena, size * sizeof *y), *dz = arena_alloc(arena, size * sizeof *dz);
    Random random = random_seeded(1);
    parameterisation_noise(p, 0.01F, &random, z);
    for (size_t i = 0; i < size; i++) y[i] = random_normal(&random);
    parameterisation_paint(p, z, x);
    parameterisation_gradient(p, y, dz);
    double above = 0, below = 0, norm = 0;
    for (size_t i = 0; i < size; i++) {
        CHECK(x[i] > 0 && x[i] < 1);
        above += (x[i] - 0.5) * (double)y[i];
        below += (double)z[i] * (double)dz[i];
        norm += (x[i] - 0.5) * (x[i] - 0.5);
    }
    CHECK_NEAR((above - below) / sqrt(norm * (double)size), 0, 1e-6);
    arena_destroy(arena);
}

/* At an end only what leads back moves a value: gradients are of what is minimised. */
static void a_clipped_value_can_come_back(void)
{
    const Case c = {PARAMETERISATION_PIXEL, RANGE_CLIP, 0, 1, 1, 1, 4, false, 0};
    Arena *arena = arena_create();
    Parameterisation *p;
    const ParameterisationOptions options = options_of(&c);
    CHECK_OK(parameterisation_create(&p, arena, &options));
    const float z[] = {-2, -2, 3, 3}, gradient[] = {1, -1, 1, -1}, expected[] = {0, -1, 1, 0};
    float pictures[4], dz[4];
    parameterisation_paint(p, z, pictures);
    CHECK(pictures[0] == 0 && pictures[3] == 1);
    parameterisation_gradient(p, gradient, dz);
    for (int i = 0; i < 4; i++) CHECK(dz[i] == expected[i]);
    arena_destroy(arena);
}

static const Test tests[] = {
    TEST(painted_as_defined),
    TEST(the_gradient_is_the_adjoint),
    TEST(a_clipped_value_can_come_back),
};
TEST_MAIN(tests)
