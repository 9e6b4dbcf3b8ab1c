#include "scene/scene.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "parallel.h"
#include "scene/solid.h"
#include "scene/surface.h"
#include "support/test.h"

enum { SIZE = 48, BYTES = SIZE * SIZE * 3, POINTS = 20000 };

static float within(Random *random, float low, float high)
{
    return low + (high - low) * random_uniform(random);
}

static Vec point_within(Random *random, float reach)
{
    return vec(within(random, -reach, reach), within(random, -0.5F, 3),
               within(random, -reach, reach));
}

/* A march along a ray must not step over a surface: no distance may grow faster than the way. The factor of a
 * march, 0.9, is the slack. */
static void distances_are_no_longer_than_the_way(void)
{
    Random random = random_seeded(3);
    for (int k = 0; k < solid_count(); k++) {
        const Solid *solid = solid_at(k);
        float steepest = 0;
        for (int i = 0; i < POINTS; i++) {
            const float shape[3] = {random_uniform(&random), random_uniform(&random),
                                    random_uniform(&random)};
            const Vec p = point_within(&random, 2);
            const Vec q =
                vec_add(p, vec(within(&random, -0.02F, 0.02F), within(&random, -0.02F, 0.02F),
                               within(&random, -0.02F, 0.02F)));
            const float way = vec_length(vec_along(p, q, -1));
            const float change =
                fabsf(solid->distance(p, shape).distance - solid->distance(q, shape).distance);
            if (way > 1e-3F) steepest = fmaxf(steepest, change / way);
        }
        if (steepest > 1.08F)
            test_fail(__FILE__, __LINE__, "%s: a distance grows %.3f times as fast as the way",
                      solid->name, (double)steepest);
    }
}

static void solids_stand_on_the_ground_within_their_sphere(void)
{
    Random random = random_seeded(4);
    for (int k = 0; k < solid_count(); k++) {
        const Solid *solid = solid_at(k);
        int inside = 0, low = 0;
        for (int i = 0; i < POINTS; i++) {
            const float shape[3] = {random_uniform(&random), random_uniform(&random),
                                    random_uniform(&random)};
            const Vec p = point_within(&random, 2.2F);
            const Hit hit = solid->distance(p, shape);
            CHECK(hit.part >= 0 && hit.part < SOLID_PARTS);
            if (hit.distance > 0) continue;
            inside++;
            low += p.y < 0.25F;
            if (p.y < -0.05F || vec_length(vec_along(p, vec(0, 1, 0), -1)) > SOLID_RADIUS)
                test_fail(__FILE__, __LINE__, "%s reaches (%.2f, %.2f, %.2f)", solid->name,
                          (double)p.x, (double)p.y, (double)p.z);
        }
        if (inside < 20 || low == 0)
            test_fail(__FILE__, __LINE__, "%s: %d points inside, %d of them near the ground",
                      solid->name, inside, low);
    }
}

static double difference(const uint8_t *a, const uint8_t *b)
{
    double sum = 0;
    for (int i = 0; i < BYTES; i++) sum += abs(a[i] - b[i]);
    return sum / BYTES;
}

static void every_class_has_a_name_and_pictures_of_its_own(void)
{
    static uint8_t first[BYTES], second[BYTES], again[BYTES];
    for (int k = 0; k < scene_class_count(); k++) {
        const char *name = scene_class_name(k);
        CHECK(strspn(name, "abcdefghijklmnopqrstuvwxyz") == strlen(name) && *name);
        for (int other = 0; other < k; other++) CHECK(strcmp(name, scene_class_name(other)) != 0);
        scene_render(k, 1, SIZE, first);
        scene_render(k, 2, SIZE, second);
        if (difference(first, second) < 5)
            test_fail(__FILE__, __LINE__, "%s: pictures 1 and 2 are alike", name);
        int low = 255, high = 0;
        for (int i = 0; i < BYTES; i++) {
            if (first[i] < low) low = first[i];
            if (first[i] > high) high = first[i];
        }
        if (high - low < 60) test_fail(__FILE__, __LINE__, "%s: picture 1 has no contrast", name);
        parallel_start(2);
        scene_render(k, 1, SIZE, again);
        parallel_start(1);
        CHECK(memcmp(first, again, BYTES) == 0);
    }
}

static void noise_is_smooth_and_bounded(void)
{
    Random random = random_seeded(5);
    double sum = 0;
    for (int i = 0; i < POINTS; i++) {
        const Vec p =
            vec(within(&random, -50, 50), within(&random, -50, 50), within(&random, -50, 50));
        const float value = noise(p), near = noise(vec_add(p, vec(1e-3F, 0, 0)));
        CHECK(fabsf(value) <= 1.1F && fabsf(value - near) < 4e-3F);
        sum += (double)value;
        const Vec corner = vec(floorf(p.x), floorf(p.y), floorf(p.z));
        CHECK_NEAR(noise(corner), 0, 1e-6);
    }
    CHECK_NEAR(sum / POINTS, 0, 0.02);
}

static const Test tests[] = {
    TEST(distances_are_no_longer_than_the_way),
    TEST(solids_stand_on_the_ground_within_their_sphere),
    TEST(every_class_has_a_name_and_pictures_of_its_own),
    TEST(noise_is_smooth_and_bounded),
};
TEST_MAIN(tests)
