/* The nearest boundary of linear scores, where it is exact. */
#include "techniques/boundary.h"

#include <math.h>

#include "base/random.h"
#include "support/test.h"

#include "support/zebra.h"

enum { CLASSES = 13, SIZE = 20 };

static void linear_scores(void)
{
    Zebra tiny;
    if (!tiny_open(&tiny)) return;
    Run *run = zebra_run(&tiny, "deepfool", NULL);
    for (uint64_t seed = 1; seed <= 40 && run; seed++) {
        Random random = random_seeded(seed);
        float weight[CLASSES][SIZE], logits[CLASSES], moved[CLASSES];
        for (int c = 0; c < CLASSES; c++) {
            logits[c] = random_normal(&random);
            for (int i = 0; i < SIZE; i++) weight[c][i] = random_normal(&random);
        }
        int from;
        network_top(logits, CLASSES, 1, &from);
        Boundary b;
        CHECK_OK(boundary_create(run, SIZE, &b));
        int class = boundary_begin(&b, logits, CLASSES, from);
        CHECK(class == from && b.count == BOUNDARY_CLASSES);
        while (boundary_take(&b, weight[class], &class)) continue;
        double length = 0, nearest = INFINITY;
        for (int i = 0; i < SIZE; i++) length += b.step[i] * b.step[i];
        length = sqrt(length);
        /* No boundary of the classes looked at is nearer, and at the end two scores are equal. */
        for (int k = 1; k < b.count; k++) {
            double squares = 0;
            for (int i = 0; i < SIZE; i++) {
                const double w = weight[b.class[k]][i] - weight[from][i];
                squares += w * w;
            }
            nearest = fmin(nearest, (logits[from] - logits[b.class[k]]) / sqrt(squares));
        }
        CHECK_NEAR(length, nearest, 1e-3);
        for (int c = 0; c < CLASSES; c++) {
            moved[c] = logits[c];
            for (int i = 0; i < SIZE; i++) moved[c] += weight[c][i] * b.step[i];
        }
        double gap = INFINITY;
        for (int k = 1; k < b.count; k++)
            gap = fmin(gap, fabs((double)moved[from] - moved[b.class[k]]));
        CHECK(gap < 1e-3);
    }
    run_destroy(run);
    zebra_close(&tiny);
}

static const Test tests[] = {TEST(linear_scores)};
TEST_MAIN(tests)
