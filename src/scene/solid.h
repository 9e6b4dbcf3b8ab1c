/* The solids: signed distance functions of forms that stand on y = 0, within SOLID_RADIUS of (0, 1, 0). */
#ifndef CONVOSCOPE_SCENE_SOLID_H
#define CONVOSCOPE_SCENE_SOLID_H

#include "scene/vector.h"

#define SOLID_RADIUS 1.7F

enum { SOLID_PARTS = 3 };

/* Distance to the surface (negative inside), and which part of the solid is nearest: 0 to SOLID_PARTS - 1. */
typedef struct Hit {
    float distance;
    int part;
} Hit;

/* shape: what varies from one solid of a kind to the next, each 0 to 1. */
typedef Hit SolidFunction(Vec p, const float shape[3]);

typedef struct Solid {
    const char *name;
    SolidFunction *distance;
} Solid;

int solid_count(void);
const Solid *solid_at(int index);

#endif
