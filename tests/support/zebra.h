/* SqueezeNet and the zebra of shared/reference/squeezenet_zebra, and runs on them. */
#ifndef CONVOSCOPE_TESTS_SUPPORT_ZEBRA_H
#define CONVOSCOPE_TESTS_SUPPORT_ZEBRA_H

#include "techniques/technique.h"

typedef struct Zebra {
    Network *network;
    Picture picture;
} Zebra;

/* False, and the test marked as skipped, where the shared folder is absent. */
bool zebra_open(Zebra *zebra);

/* The same interface on a network of two convolutions that is made up here, 3 classes, input 16 x 16, and a
 * picture of 24 x 20: no file is needed. */
bool tiny_open(Zebra *zebra);
void zebra_close(Zebra *zebra);

/* Gives as many pictures as the technique takes at least: this one, and others made of it. */
Status give_pictures(Run *run, const Technique *technique, const Picture *picture);

/* Picture number `index` of these; release with picture_release. */
Status picture_variant(const Picture *picture, int index, Picture *variant);

/* A run of the technique on the zebra (and what give_pictures makes of it) with parameters "name", "value", ...,
 * NULL; already begun. NULL, and a failure, when something is refused. */
Run *zebra_run(const Zebra *zebra, const char *technique, const char *const *params);

/* Runs to the end. */
Status run_to_end(Run *run);

/* Both at once, and the result. */
Run *zebra_result(const Zebra *zebra, const char *technique, const char *const *params,
                  Result *result);

/* The item of that name; a failure, and NULL, where there is none. */
const ResultItem *item_named(const Result *result, const char *name);
const ResultFact *fact_named(const Result *result, const char *name);

/* Relative L2 distance of the item to a reference file; prints it. */
double distance_to(const ResultItem *item, const char *reference);

#endif
