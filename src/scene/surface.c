#include "scene/surface.h"

const char *pattern_name(Pattern pattern)
{
    static const char *const names[PATTERN_COUNT] = {"plain",  "stripes", "checks", "dots",
                                                     "bricks", "waves",   "marble", "wood"};
    return names[pattern];
}

Vec colour_hsv(float hue, float saturation, float value)
{
    float c[3];
    for (int i = 0; i < 3; i++) {
        const float k = fmodf((float[3]){5, 3, 1}[i] + hue * 6, 6);
        c[i] = value - value * saturation * fmaxf(0, fminf(fminf(k, 4 - k), 1));
        c[i] = powf(c[i], 2.2F);
    }
    return vec(c[0], c[1], c[2]);
}

/* ---- noise ---- */

static uint32_t hash(int32_t x, int32_t y, int32_t z)
{
    uint32_t h = (uint32_t)x * 0x8DA6B343U ^ (uint32_t)y * 0xD8163841U ^ (uint32_t)z * 0xCB1AB31FU;
    h ^= h >> 15;
    h *= 0x2C1B3C6DU;
    h ^= h >> 12;
    h *= 0x297A2D39U;
    return h ^ (h >> 15);
}

/* The gradient of a lattice point times the way from it. */
static float lattice(int32_t x, int32_t y, int32_t z, float dx, float dy, float dz)
{
    const uint32_t h = hash(x, y, z) & 15;
    const float u = h < 8 ? dx : dy;
    const float v = h < 4 ? dy : h == 12 || h == 14 ? dx : dz;
    return (h & 1 ? -u : u) + (h & 2 ? -v : v);
}

static float fade(float t)
{
    return t * t * t * (t * (t * 6 - 15) + 10);
}

float noise(Vec p)
{
    const float fx = floorf(p.x), fy = floorf(p.y), fz = floorf(p.z);
    const int32_t x = (int32_t)fx, y = (int32_t)fy, z = (int32_t)fz;
    const float dx = p.x - fx, dy = p.y - fy, dz = p.z - fz;
    float sum = 0;
    for (int corner = 0; corner < 8; corner++) {
        const int i = corner & 1, j = corner >> 1 & 1, k = corner >> 2;
        const float weight = (i ? fade(dx) : 1 - fade(dx)) * (j ? fade(dy) : 1 - fade(dy)) *
                             (k ? fade(dz) : 1 - fade(dz));
        sum += weight * lattice(x + i, y + j, z + k, dx - (float)i, dy - (float)j, dz - (float)k);
    }
    return sum;
}

float noise_octaves(Vec p, int octaves)
{
    float sum = 0, weight = 0.5F;
    for (int i = 0; i < octaves; i++) {
        sum += weight * noise(p);
        p = vec_scale(p, 2.03F); /* not 2, or the lattices would lie upon each other */
        weight *= 0.5F;
    }
    return sum;
}

/* ---- patterns: the share of the second colour ---- */

/* 1 where the distance is negative, 0 where it is positive, over the width of a pixel. */
static float covered(float distance, float footprint)
{
    return smoothstep(0.5F * footprint, -0.5F * footprint, distance);
}

static float cell(float value)
{
    return value - floorf(value);
}

/* Half of every period. */
static float stripes(float value, float footprint)
{
    return covered(fabsf(cell(value) - 0.5F) - 0.25F, footprint);
}

static float bricks(Vec p, float footprint)
{
    const float row = floorf(2 * p.y);
    const float x = cell(p.x + 0.5F * fmodf(fabsf(row), 2)), y = cell(2 * p.y) / 2;
    const float joint = 0.04F;
    const float distance = fmaxf(fabsf(x - 0.5F) - 0.5F + joint, fabsf(y - 0.25F) - 0.25F + joint);
    const float tone =
        0.25F * noise(vec(1.7F * floorf(p.x + 0.5F * fmodf(fabsf(row), 2)), row, 0.5F));
    return clampf(covered(distance, footprint) - fabsf(tone), 0, 1);
}

static float share(Pattern pattern, Vec p, float footprint)
{
    switch (pattern) {
    case PATTERN_STRIPES: return stripes(p.x, footprint);
    case PATTERN_CHECKS: {
        const float a = stripes(p.x, footprint), b = stripes(p.y, footprint);
        const float c = stripes(p.z, footprint), ab = a + b - 2 * a * b;
        return ab + c - 2 * ab * c;
    }
    case PATTERN_DOTS: {
        const Vec q = vec(cell(p.x) - 0.5F, cell(p.y) - 0.5F, cell(p.z) - 0.5F);
        return covered(vec_length(q) - 0.33F, footprint);
    }
    case PATTERN_BRICKS: return bricks(p, footprint);
    case PATTERN_WAVES: return stripes(p.x + 0.22F * sinf(6.2832F * p.y), footprint);
    case PATTERN_MARBLE: {
        const float vein = sinf(6 * p.x + 9 * noise_octaves(vec_scale(p, 1.5F), 5));
        return powf(0.5F + 0.5F * vein, 3);
    }
    case PATTERN_WOOD: {
        const Vec bent = vec_along(p, vec(0.3F, 0.3F, 0), noise_octaves(p, 3));
        return 0.35F + 0.65F * cell(3 * hypotf(bent.x, bent.y)) +
               0.15F * noise(vec(9 * p.x, 9 * p.y, p.z));
    }
    case PATTERN_PLAIN:
    case PATTERN_COUNT: break;
    }
    return 0;
}

static Vec random_direction(Random *random)
{
    return vec_unit(vec(random_normal(random), random_normal(random), random_normal(random)));
}

/* Two colours that can be told apart by their lightness. */
static void random_colours(Random *random, Vec colour[2])
{
    const float hue = random_uniform(random);
    const float other =
        hue + (random_uniform(random) < 0.5F ? 0.5F : random_between(random, -0.12F, 0.12F));
    const int swapped = random_uniform(random) < 0.5F;
    colour[swapped] =
        colour_hsv(hue, random_between(random, 0.45F, 0.95F), random_between(random, 0.75F, 1));
    colour[!swapped] = colour_hsv(cell(other), random_between(random, 0.1F, 0.8F),
                                  random_between(random, 0.2F, 0.55F));
    if (random_uniform(random) < 0.35F) colour[!swapped] = vec(0.8F, 0.78F, 0.74F);
}

Surface surface_random(Random *random, Pattern pattern, int turned)
{
    Surface s = {.pattern = pattern, .scale = random_between(random, 1.6F, 3.6F)};
    random_colours(random, s.colour);
    s.axis[0] = turned ? random_direction(random) : vec(1, 0, 0);
    s.axis[1] = turned ? vec_unit(vec_cross(s.axis[0], random_direction(random))) : vec(0, 1, 0);
    s.axis[2] = vec_cross(s.axis[0], s.axis[1]);
    s.origin = vec(random_between(random, -9, 9), random_between(random, -9, 9),
                   random_between(random, -9, 9));
    s.gloss = random_uniform(random) < 0.5F ? 0 : random_between(random, 0.2F, 0.8F);
    return s;
}

Vec surface_colour(const Surface *s, Vec point, float footprint)
{
    if (s->pattern == PATTERN_PLAIN) return s->colour[0];
    const Vec p = vec_scale(point, s->scale);
    const Vec own = vec(vec_dot(p, s->axis[0]), vec_dot(p, s->axis[1]), vec_dot(p, s->axis[2]));
    const float width = fmaxf(footprint * s->scale, 0.02F);
    return vec_mix(s->colour[0], s->colour[1],
                   clampf(share(s->pattern, vec_add(own, s->origin), width), 0, 1));
}
