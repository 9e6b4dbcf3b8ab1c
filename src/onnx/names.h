/* A table from names to numbers: a hash table in an arena, so that no file can make look-ups slow by size. */
#ifndef CONVOSCOPE_ONNX_NAMES_H
#define CONVOSCOPE_ONNX_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

typedef struct Names {
    const char **keys;
    int *values;
    uint32_t mask;
    int count, most;
} Names;

/* Room for `most` names. */
Status names_create(Names *names, Arena *arena, int most);

/* The number of a name; -1 when it is not there. */
int names_find(const Names *names, const char *name);

/* Adds a name that is borrowed; false when it is there already (its number stays). */
bool names_add(Names *names, const char *name, int value);

#endif
