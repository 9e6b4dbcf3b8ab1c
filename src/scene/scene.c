#include "scene/scene.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "parallel.h"
#include "scene/solid.h"
#include "scene/surface.h"

enum { MARCH_STEPS = 90, SHADOW_STEPS = 28, SAMPLES = 2 /* each way in a pixel */ };

/* A hit is nearer than this; a normal is taken over twice of it. */
static const float NEAR = 1e-3F;

typedef struct Scene {
    const Solid *solid; /* NULL: a flat pattern */
    float shape[3];
    Surface part[SOLID_PARTS], ground;
    Vec low_sky, high_sky, sun_colour, sun; /* sun: direction towards it */
    Vec eye, right, up, forward;            /* of the camera */
    float zoom, tilt; /* tangent of half the view; how far a flat pattern leans and turns */
    int size;
    uint32_t number;
    uint8_t *rgb;
} Scene;

/* The flat patterns that are classes of their own. */
static const Pattern flat[] = {PATTERN_STRIPES, PATTERN_CHECKS, PATTERN_DOTS,
                               PATTERN_BRICKS,  PATTERN_WAVES,  PATTERN_MARBLE};
enum { FLAT_COUNT = sizeof flat / sizeof *flat };

int scene_class_count(void)
{
    return solid_count() + FLAT_COUNT;
}

const char *scene_class_name(int index)
{
    assert(index >= 0 && index < scene_class_count());
    const int pattern = index - solid_count();
    return pattern < 0 ? solid_at(index)->name : pattern_name(flat[pattern]);
}

/* ---- what is drawn at random ---- */

static Pattern random_pattern(Random *random)
{
    return random_uniform(random) < 0.4F ? PATTERN_PLAIN
                                         : (Pattern)random_below(random, PATTERN_COUNT);
}

static void place_camera(Scene *s, Random *random)
{
    const float turn = random_between(random, -0.9F, 0.9F),
                rise = random_between(random, 0.12F, 0.65F);
    const float far = random_between(random, 5, 7.5F);
    const Vec target =
        vec(random_between(random, -0.25F, 0.25F), random_between(random, 0.8F, 1.05F),
            random_between(random, -0.25F, 0.25F));
    const Vec back = vec(sinf(turn) * cosf(rise), sinf(rise), cosf(turn) * cosf(rise));
    s->eye = vec_along(target, back, far);
    s->forward = vec_scale(back, -1);
    s->right = vec_unit(vec_cross(s->forward, vec(random_between(random, -0.08F, 0.08F), 1, 0)));
    s->up = vec_cross(s->right, s->forward);
    s->zoom = random_between(random, 1.3F, 1.65F) / far;
}

static void light(Scene *s, Random *random)
{
    const float turn = random_between(random, -2, 2), rise = random_between(random, 0.5F, 1.15F);
    s->sun = vec(sinf(turn) * cosf(rise), sinf(rise), cosf(turn) * cosf(rise));
    s->sun_colour =
        colour_hsv(random_between(random, 0.06F, 0.14F), random_between(random, 0, 0.25F), 1);
    const float hue = random_between(random, 0.5F, 0.68F);
    s->low_sky =
        colour_hsv(hue, random_between(random, 0.05F, 0.3F), random_between(random, 0.75F, 0.98F));
    s->high_sky =
        colour_hsv(hue + random_between(random, -0.05F, 0.05F), random_between(random, 0.25F, 0.6F),
                   random_between(random, 0.55F, 0.9F));
}

static Scene scene_random(int index, uint32_t number)
{
    Random random = random_seeded(((uint64_t)number << 8) + (uint64_t)index);
    Scene s = {.number = number};
    const int pattern = index - solid_count();
    if (pattern >= 0) {
        s.part[0] = surface_random(&random, flat[pattern], 0);
        s.part[0].scale *= 0.8F;
        s.part[0].origin.z = 0.5F; /* through the middle of the dots */
        s.tilt = random_between(&random, -0.6F, 0.6F);
        light(&s, &random);
        return s;
    }
    s.solid = solid_at(index);
    for (int i = 0; i < 3; i++) s.shape[i] = random_uniform(&random);
    for (int i = 0; i < SOLID_PARTS; i++)
        s.part[i] = surface_random(&random, i == 2 ? PATTERN_PLAIN : random_pattern(&random), 1);
    s.ground = surface_random(&random, random_pattern(&random), 0);
    s.ground.axis[1] = vec(0, 0, 1), s.ground.axis[2] = vec(0, 1, 0);
    /* The ground is quieter than what stands on it. */
    const Vec grey =
        colour_hsv(random_uniform(&random), 0.25F, random_between(&random, 0.45F, 0.8F));
    for (int i = 0; i < 2; i++) s.ground.colour[i] = vec_mix(s.ground.colour[i], grey, 0.7F);
    s.ground.scale *= 0.4F;
    s.ground.origin.z = 0.5F;
    s.ground.gloss = 0;
    light(&s, &random);
    place_camera(&s, &random);
    return s;
}

/* ---- rays ---- */

static Hit distance_at(const Scene *s, Vec p)
{
    return s->solid->distance(p, s->shape);
}

/* Where a ray enters and leaves the sphere around the solid; false when it misses. */
static bool bounds(Vec from, Vec way, float *enter, float *leave)
{
    const Vec to = vec_along(from, vec(0, 1, 0), -1);
    const float b = vec_dot(to, way), c = vec_dot(to, to) - SOLID_RADIUS * SOLID_RADIUS;
    const float root = b * b - c;
    if (root < 0) return false;
    *enter = fmaxf(-b - sqrtf(root), 0), *leave = -b + sqrtf(root);
    return *leave > 0;
}

/* Distance along the ray to the solid, or INFINITY; *part is what was hit. */
static float march(const Scene *s, Vec from, Vec way, int *part)
{
    float at, end;
    if (!bounds(from, way, &at, &end)) return INFINITY;
    for (int i = 0; i < MARCH_STEPS && at < end; i++) {
        const Hit hit = distance_at(s, vec_along(from, way, at));
        if (hit.distance < NEAR) {
            *part = hit.part;
            return at;
        }
        at += 0.9F * hit.distance;
    }
    return INFINITY;
}

/* 1 in the light, 0 in the shadow; the nearer a ray passes, the darker. */
static float lit(const Scene *s, Vec from)
{
    float at, end, light = 1;
    if (!bounds(from, s->sun, &at, &end)) return 1;
    at = fmaxf(at, 0.03F);
    for (int i = 0; i < SHADOW_STEPS && at < end; i++) {
        const float distance = distance_at(s, vec_along(from, s->sun, at)).distance;
        light = fminf(light, 0.5F + 9 * distance / at * 0.5F);
        if (light <= 0) break;
        at += clampf(distance, 0.03F, 0.3F);
    }
    return smoothstep(0, 1, light);
}

/* Share of the sky that reaches a point: how much nearer the solid is than the way along the normal. */
static float open_sky(const Scene *s, Vec point, Vec normal)
{
    float hidden = 0, weight = 1;
    for (int i = 1; i <= 4; i++) {
        const float way = 0.12F * (float)i;
        const Vec p = vec_along(point, normal, way);
        hidden += weight * (way - fminf(distance_at(s, p).distance, fmaxf(p.y, 0)));
        weight *= 0.6F;
    }
    return clampf(1 - 1.6F * hidden, 0.1F, 1);
}

static Vec normal_at(const Scene *s, Vec p)
{
    /* From the corners of a tetrahedron. */
    static const Vec corner[] = {{1, -1, -1}, {-1, -1, 1}, {-1, 1, -1}, {1, 1, 1}};
    Vec sum = {0};
    for (int i = 0; i < 4; i++)
        sum = vec_along(sum, corner[i], distance_at(s, vec_along(p, corner[i], 2 * NEAR)).distance);
    const float length = vec_length(sum);
    return length > 0 ? vec_scale(sum, 1 / length) : vec(0, 1, 0);
}

static Vec sky(const Scene *s, Vec way)
{
    return vec_mix(s->low_sky, s->high_sky, smoothstep(-0.1F, 0.7F, way.y));
}

/* What a point of a surface sends towards the eye. */
static Vec shade(const Scene *s, const Surface *surface, Vec point, Vec normal, Vec way,
                 float footprint)
{
    const Vec lifted = vec_along(point, normal, 4 * NEAR);
    const float facing = fmaxf(vec_dot(normal, s->sun), 0);
    const float sun = facing > 0 ? facing * lit(s, lifted) : 0;
    const float open = open_sky(s, lifted, normal);
    Vec light = vec_scale(s->sun_colour, 1.25F * sun);
    light = vec_along(light, s->high_sky, 0.45F * open * (0.6F + 0.4F * normal.y));
    light = vec_add(light, vec_scale(s->ground.colour[0], 0.18F * open * (0.5F - 0.5F * normal.y)));
    Vec sent = vec_multiply(surface_colour(surface, point, footprint), light);
    if (surface->gloss > 0) {
        const Vec mirrored = vec_along(way, normal, -2 * vec_dot(way, normal));
        const float grazing = powf(1 - fmaxf(-vec_dot(way, normal), 0), 5);
        const float spark = powf(fmaxf(vec_dot(mirrored, s->sun), 0), 40) * (sun > 0 ? 1 : 0);
        sent = vec_along(sent, s->sun_colour, 0.8F * surface->gloss * spark);
        sent = vec_mix(sent, sky(s, mirrored), surface->gloss * (0.04F + 0.5F * grazing) * open);
    }
    return sent;
}

/* Linear light that comes along a ray. */
static Vec trace(const Scene *s, Vec way)
{
    int part = 0;
    const float solid = march(s, s->eye, way, &part);
    const float ground = way.y < -1e-4F ? -s->eye.y / way.y : INFINITY;
    const float at = fminf(solid, ground);
    const float footprint = 2 * s->zoom * at / (float)s->size;
    if (at == INFINITY) return sky(s, way);
    const Vec point = vec_along(s->eye, way, at);
    if (solid <= ground)
        return shade(s, &s->part[part], point, normal_at(s, point), way, footprint);
    const Vec colour =
        shade(s, &s->ground, point, vec(0, 1, 0), way, footprint / fmaxf(-way.y, 0.1F));
    return vec_mix(colour, s->low_sky, smoothstep(9, 40, at)); /* the ground fades into the haze */
}

/* A flat pattern, seen a little from the side and lit from one side. x and y: -1 to 1. */
static Vec flat_light(const Scene *s, float x, float y)
{
    const float depth = 1 / (1 + 0.35F * s->tilt * y + 0.2F * s->tilt * x);
    const float turn = 2 * s->tilt, px = x * depth, py = y * depth;
    const Vec point = vec(px * cosf(turn) - py * sinf(turn), px * sinf(turn) + py * cosf(turn), 0);
    const float light = 0.95F + 0.25F * (x * s->sun.x + y * s->sun.y) +
                        0.1F * noise_octaves(vec(6 * x, 6 * y, s->tilt), 4);
    return vec_scale(surface_colour(&s->part[0], point, 3.0F / (float)s->size), fmaxf(light, 0));
}

/* ---- pixels ---- */

static uint8_t encoded(float linear)
{
    /* A soft shoulder keeps bright colours from burning out. */
    const float mapped = linear * (1 + 0.15F * linear) / (1 + 0.4F * linear) * 1.22F;
    return (uint8_t)(255 * powf(clampf(mapped, 0, 1), 1 / 2.2F) + 0.5F);
}

static void draw_rows(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    const Scene *s = context;
    const float step = 2.0F / (float)(s->size * SAMPLES);
    for (size_t row = begin; row < end; row++) {
        for (int column = 0; column < s->size; column++) {
            Vec sum = {0};
            for (int i = 0; i < SAMPLES * SAMPLES; i++) {
                const float x = ((float)(column * SAMPLES + i % SAMPLES) + 0.5F) * step - 1;
                const float y = 1 - ((float)((int)row * SAMPLES + i / SAMPLES) + 0.5F) * step;
                const Vec way =
                    vec_along(vec_along(s->forward, s->right, x * s->zoom), s->up, y * s->zoom);
                sum = vec_add(sum, s->solid ? trace(s, vec_unit(way)) : flat_light(s, x, y));
            }
            sum = vec_scale(sum, 1.0F / (SAMPLES * SAMPLES));
            uint8_t *pixel = s->rgb + 3 * (row * (size_t)s->size + (size_t)column);
            pixel[0] = encoded(sum.x), pixel[1] = encoded(sum.y), pixel[2] = encoded(sum.z);
        }
    }
}

void scene_render(int index, uint32_t number, int size, uint8_t *rgb)
{
    assert(index >= 0 && index < scene_class_count() && size > 0);
    Scene scene = scene_random(index, number);
    scene.size = size;
    scene.rgb = rgb;
    parallel_for((size_t)size, 4, draw_rows, &scene);
}
