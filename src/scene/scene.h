/*
 * Scenes: pictures with known labels that the project draws itself, for what needs a set of pictures.
 *
 *     uint8_t rgb[128 * 128 * 3];
 *     scene_render(scene_class_count() - 1, 7, 128, rgb);    // the seventh picture of the last class
 *
 * A class is a solid (a ball, a house, ...) that stands shaded and textured on a ground, or a flat pattern. Form,
 * colours, light and camera are drawn from the seed, so that no two pictures are alike and every picture is the same
 * on every machine up to rounding. Solids are signed distance functions, marched along each ray (Hart 1996, Sphere
 * tracing), with soft shadows and ambient occlusion from the same distances (Quilez 2010).
 */
#ifndef CONVOSCOPE_SCENE_SCENE_H
#define CONVOSCOPE_SCENE_SCENE_H

#include <stdint.h>

int scene_class_count(void);
const char *scene_class_name(int index); /* one lower-case word */

/* Draws picture `number` of a class as sRGB [size,size,3]. Rows are shared among the threads. */
void scene_render(int index, uint32_t number, int size, uint8_t *rgb);

#endif
