/* Distances to primitives after Quilez, Distance functions (2008 to 2020). */
#include "scene/solid.h"

/* ---- primitives ---- */

static float ball(Vec p, Vec centre, float radius)
{
    return vec_length(vec_along(p, centre, -1)) - radius;
}

/* Half sizes `half`, its edges rounded by `round`. */
static float box(Vec p, Vec centre, Vec half, float round)
{
    const float x = fabsf(p.x - centre.x) - half.x + round;
    const float y = fabsf(p.y - centre.y) - half.y + round;
    const float z = fabsf(p.z - centre.z) - half.z + round;
    const Vec outside = vec(fmaxf(x, 0), fmaxf(y, 0), fmaxf(z, 0));
    return vec_length(outside) + fminf(fmaxf(x, fmaxf(y, z)), 0) - round;
}

/* From y = low to y = high, radius `bottom` to `top`. */
static float cone(Vec p, float low, float high, float bottom, float top)
{
    const float half = 0.5F * (high - low);
    const float r = hypotf(p.x, p.z), y = p.y - low - half;
    const float kx = top - bottom, ky = 2 * half;
    const float cap_x = r - fminf(r, y < 0 ? bottom : top), cap_y = fabsf(y) - half;
    const float along = clampf(((top - r) * kx + (half - y) * ky) / (kx * kx + ky * ky), 0, 1);
    const float side_x = r - top + kx * along, side_y = y - half + ky * along;
    const float sign = side_x < 0 && cap_y < 0 ? -1 : 1;
    return sign * sqrtf(fminf(cap_x * cap_x + cap_y * cap_y, side_x * side_x + side_y * side_y));
}

static float cylinder(Vec p, float low, float high, float radius)
{
    return cone(p, low, high, radius, radius);
}

/* Around the z axis through `centre`. */
static float ring(Vec p, Vec centre, float radius, float thickness)
{
    const float q = hypotf(p.x - centre.x, p.y - centre.y) - radius;
    return hypotf(q, p.z - centre.z) - thickness;
}

/* ---- combinations ---- */

/* A union whose seam is filled over `width`. */
static float melt(float a, float b, float width)
{
    const float h = clampf(0.5F + 0.5F * (b - a) / width, 0, 1);
    return b + (a - b) * h - width * h * (1 - h);
}

static Hit nearer(Hit a, float distance, int part)
{
    return distance < a.distance ? (Hit){distance, part} : a;
}

static Hit whole(float distance)
{
    return (Hit){distance, 0};
}

/* low to high as `share` goes from 0 to 1 */
static float between(float low, float high, float share)
{
    return low + (high - low) * share;
}

/* ---- the solids ---- */

static Hit solid_ball(Vec p, const float shape[3])
{
    const float radius = between(0.75F, 1, shape[0]);
    return whole(ball(p, vec(0, radius, 0), radius));
}

static Hit solid_cube(Vec p, const float shape[3])
{
    const float half = between(0.65F, 0.85F, shape[0]);
    return whole(box(p, vec(0, half, 0), vec(half, half, half), between(0.02F, 0.15F, shape[1])));
}

static Hit solid_cylinder(Vec p, const float shape[3])
{
    return whole(cylinder(p, 0.03F, between(1.2F, 1.9F, shape[0]), between(0.5F, 0.8F, shape[1])) -
                 0.03F);
}

static Hit solid_cone(Vec p, const float shape[3])
{
    return whole(cone(p, 0.03F, between(1.5F, 2, shape[0]), between(0.7F, 1, shape[1]), 0.02F) -
                 0.03F);
}

static Hit solid_ring(Vec p, const float shape[3])
{
    const float thick = between(0.16F, 0.36F, shape[0]), radius = 1 - thick;
    return whole(ring(p, vec(0, 1, 0), radius, thick));
}

static Hit solid_pyramid(Vec p, const float shape[3])
{
    const float height = between(1.3F, 1.9F, shape[0]), half = between(0.8F, 1, shape[1]);
    /* The largest of the distances to the five planes: exact but outside of the edges, where it is short. */
    const float scale = 1 / hypotf(height, half);
    const float side = (fmaxf(fabsf(p.x), fabsf(p.z)) * height + (p.y - height) * half) * scale;
    return whole(fmaxf(side, -p.y));
}

static Hit solid_mushroom(Vec p, const float shape[3])
{
    const float high = between(0.9F, 1.2F, shape[0]), wide = between(0.75F, 1, shape[1]);
    const float stem = cone(p, 0, high, between(0.2F, 0.34F, shape[2]), 0.17F) - 0.03F;
    const Vec flat = vec(p.x, (p.y - high) * 1.3F, p.z);
    const float cap = fmaxf(vec_length(flat) - wide, high - 0.05F - p.y) * 0.75F;
    return nearer((Hit){stem, 1}, cap, 0);
}

static Hit solid_tree(Vec p, const float shape[3])
{
    const float wide = between(0.65F, 0.9F, shape[0]), low = between(0.35F, 0.6F, shape[1]);
    float leaves = cone(p, low, low + 0.8F, wide, 0.15F);
    leaves = fminf(leaves, cone(p, low + 0.45F, low + 1.15F, 0.8F * wide, 0.1F));
    leaves = fminf(leaves, cone(p, low + 0.85F, low + 1.6F, 0.6F * wide, 0.02F));
    return nearer((Hit){cylinder(p, 0, low + 0.2F, 0.14F), 1}, leaves - 0.03F, 0);
}

static Hit solid_house(Vec p, const float shape[3])
{
    const float half_x = between(0.7F, 0.95F, shape[0]), half_z = between(0.6F, 0.85F, shape[1]);
    const float wall = between(0.45F, 0.6F, shape[2]);
    const float walls = box(p, vec(0, wall, 0), vec(half_x, wall, half_z), 0.02F);
    /* A gable roof: two planes that meet above the x axis. */
    const float slope = 0.7F, scale = 1 / hypotf(1, slope);
    const float over = (fabsf(p.z) * slope + p.y - 2 * wall - slope * (half_z + 0.12F)) * scale;
    const float roof = fmaxf(fmaxf(over, 2 * wall - p.y), fabsf(p.x) - half_x - 0.1F);
    const float door = box(p, vec(0, 0.3F, half_z), vec(0.16F, 0.3F, 0.03F), 0.01F);
    const float left = box(p, vec(-0.45F, 0.62F, half_z), vec(0.13F, 0.13F, 0.03F), 0.01F);
    const float right = box(p, vec(0.45F, 0.62F, half_z), vec(0.13F, 0.13F, 0.03F), 0.01F);
    const float chimney = box(p, vec(0.4F, 2 * wall + 0.35F, -0.2F), vec(0.1F, 0.35F, 0.1F), 0.01F);
    Hit hit = nearer((Hit){walls, 1}, roof, 0);
    hit = nearer(hit, fminf(door, fminf(left, right)), 2);
    return nearer(hit, chimney, 1);
}

static Hit solid_mug(Vec p, const float shape[3])
{
    const float radius = between(0.55F, 0.75F, shape[0]), high = between(1.2F, 1.6F, shape[1]);
    const float outer = cylinder(p, 0.03F, high, radius) - 0.03F;
    const float inner = cylinder(p, 0.12F, high + 1, radius - 0.1F);
    const float handle = ring(p, vec(radius + 0.05F, 0.5F * high, 0), 0.27F * high, 0.08F);
    const float inside_wall = cylinder(p, 0, high, radius - 0.02F);
    const float body = melt(outer, fmaxf(handle, -inside_wall), 0.05F);
    return nearer((Hit){fmaxf(body, -inner), 0}, cylinder(p, 0.1F, 0.82F * high, radius - 0.08F),
                  1);
}

static Hit solid_table(Vec p, const float shape[3])
{
    const float high = between(0.85F, 1.15F, shape[0]);
    const float half_x = between(0.9F, 1.2F, shape[1]), half_z = between(0.6F, 0.9F, shape[2]);
    const float top = box(p, vec(0, high, 0), vec(half_x, 0.07F, half_z), 0.03F);
    const Vec folded = vec(fabsf(p.x), p.y, fabsf(p.z));
    const float leg = box(folded, vec(half_x - 0.14F, 0.5F * high, half_z - 0.14F),
                          vec(0.08F, 0.5F * high, 0.08F), 0.02F);
    return nearer((Hit){top, 0}, leg, 1);
}

static Hit solid_snowman(Vec p, const float shape[3])
{
    const float scale = 0.85F;
    p = vec_scale(p, 1 / scale);
    const float size = between(0.62F, 0.72F, shape[0]);
    float body = melt(ball(p, vec(0, size, 0), size), ball(p, vec(0, 1.3F, 0), 0.44F), 0.08F);
    body = melt(body, ball(p, vec(0, 1.85F, 0), 0.3F), 0.06F);
    const Vec turned = vec(p.x, p.z - 0.26F, 1.85F - p.y);
    const Vec folded = vec(fabsf(p.x), p.y, p.z);
    const float eyes = ball(folded, vec(0.11F, 1.94F, 0.26F), 0.045F);
    const float buttons =
        fminf(ball(p, vec(0, 1.4F, 0.43F), 0.05F), ball(p, vec(0, 1.2F, 0.43F), 0.05F));
    const float hat =
        fminf(cylinder(p, 2.06F, 2.1F, 0.36F), cylinder(p, 2.06F, 2.45F, 0.22F)) - 0.01F;
    Hit hit = nearer((Hit){body, 0}, cone(turned, 0, 0.35F, 0.07F, 0.01F), 1);
    hit = nearer(hit, fminf(fminf(eyes, buttons), hat), 2);
    hit.distance *= scale;
    return hit;
}

static const Solid solids[] = {
    {"ball", solid_ball},         {"cube", solid_cube},   {"cylinder", solid_cylinder},
    {"cone", solid_cone},         {"ring", solid_ring},   {"pyramid", solid_pyramid},
    {"mushroom", solid_mushroom}, {"tree", solid_tree},   {"house", solid_house},
    {"mug", solid_mug},           {"table", solid_table}, {"snowman", solid_snowman},
};

int solid_count(void)
{
    return (int)(sizeof solids / sizeof *solids);
}

const Solid *solid_at(int index)
{
    return &solids[index];
}
