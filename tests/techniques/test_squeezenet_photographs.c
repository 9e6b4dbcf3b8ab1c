/*
 * What is claimed of many pictures, on the rightly classified photographs of shared/data/photos in their order:
 *
 *     test_techniques_squeezenet_photographs          the first 3 of them
 *     test_techniques_squeezenet_photographs 100      the first 100: minutes
 *     test_techniques_squeezenet_photographs 50 50    the 50 after the first 50
 *
 * PGD at 8/255 fools SqueezeNet on 99 % and reaches a random class on 90 %; DeepFool's change is shorter than the
 * shortest of FGSM's that fools as well; the insertion area of Grad-CAM is above that of a random order on 95 %; with
 * the upper half of the layers random, the map of guided backprop is still itself, and that of the gradient is not.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/shared.h"
#include "support/test.h"
#include "support/zebra.h"

enum { CLASSES = 1000 };

typedef struct Counts {
    int photographs, fooled, survived, aimed, aimed_longer, both, deeper, inserted;
    double deepfool_l2, fgsm_l2, insertion, random_insertion;
    /* Likeness to the trained network's map: structural similarity, rank correlation. */
    double guided[2], gradient[2];
    int kept[2]; /* photographs on which guided backprop is less changed than the gradient */
} Counts;

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the photographs in order; *names and each of them are from malloc. */
static int list_photographs(char **names)
{
    char path[512];
    snprintf(path, sizeof path, "%s/data/photos", shared_folder());
    DIR *folder = opendir(path);
    int count = 0;
    for (const struct dirent *entry; folder && (entry = readdir(folder)) && count < CLASSES;) {
        if (entry->d_name[0] == 'n') names[count++] = strdup(entry->d_name);
    }
    if (folder) closedir(folder);
    qsort(names, (size_t)count, sizeof *names, by_name);
    return count;
}

static bool open_photograph(Zebra *zebra, const char *name)
{
    char path[512];
    size_t size;
    snprintf(path, sizeof path, "data/photos/%s", name);
    uint8_t *bytes = shared_read(path, &size);
    picture_release(&zebra->picture);
    zebra->picture = (Picture){0};
    if (bytes) CHECK_OK(picture_decode(&zebra->picture, bytes, size, name));
    free(bytes);
    return zebra->picture.rgba != NULL;
}

static int classify(const Zebra *zebra, Graph *graph)
{
    float scores[CLASSES];
    int top;
    CHECK_OK(preprocess_apply(network_preprocess(zebra->network), &zebra->picture, 227, 227,
                              graph_input(graph, 0)->data));
    graph_forward(graph);
    network_scores(graph, 0, scores, NULL);
    network_top(scores, CLASSES, 1, &top);
    return top;
}

static double value(const Result *result, const char *name)
{
    const ResultFact *fact = fact_named(result, name);
    return fact ? fact->value : 0;
}

static bool is_yes(const Result *result, const char *name)
{
    const ResultFact *fact = fact_named(result, name);
    return fact && strcmp(fact->text, "yes") == 0;
}

static void attack(const Zebra *zebra, int class, uint64_t seed, Counts *counts)
{
    Result result;
    Run *run = zebra_result(zebra, "pgd", NULL, &result);
    if (run)
        counts->fooled += is_yes(&result, "fooled"),
            counts->survived += is_yes(&result, "survives");
    run_destroy(run);
    Random random = random_seeded(seed);
    char goal[32];
    snprintf(goal, sizeof goal, "class:%d",
             (class + 1 + (int)random_below(&random, CLASSES - 1)) % CLASSES);
    /* Some classes are far away: the default of 10 steps, and 20 within the same bound. */
    const char *const aimed[] = {"target", goal, "aim", "true", NULL};
    run = zebra_result(zebra, "pgd", aimed, &result);
    if (run) counts->aimed += is_yes(&result, "fooled");
    run_destroy(run);
    const char *const longer[] = {"target", goal, "aim", "true", "steps", "20", NULL};
    run = zebra_result(zebra, "pgd", longer, &result);
    if (run) counts->aimed_longer += is_yes(&result, "fooled");
    run_destroy(run);
}

static void compare_lengths(const Zebra *zebra, Counts *counts)
{
    static const char *const steps[] = {"0.1", "0.2", "0.3", "0.5", "0.7", "1",
                                        "1.5", "2",   "3",   "4",   "6",   "8"};
    Result result;
    Run *run = zebra_result(zebra, "deepfool", NULL, &result);
    if (!run) return;
    const bool fooled = is_yes(&result, "fooled");
    const double deep = value(&result, "l2");
    run_destroy(run);
    for (size_t i = 0; fooled && i < sizeof steps / sizeof *steps; i++) {
        const char *const params[] = {"eps", steps[i], NULL};
        run = zebra_result(zebra, "fgsm", params, &result);
        const bool enough = run && is_yes(&result, "fooled");
        if (enough) {
            counts->both++;
            counts->deeper += deep < value(&result, "l2");
            counts->deepfool_l2 += deep;
            counts->fgsm_l2 += value(&result, "l2");
        }
        run_destroy(run);
        if (enough) break;
    }
}

static void insert(const Zebra *zebra, Counts *counts)
{
    static const char *const params[] = {"steps", "20", NULL};
    Result result;
    Run *run = zebra_result(zebra, "deletion-insertion", params, &result);
    if (!run) return;
    counts->inserted += value(&result, "insertion") > value(&result, "random-insertion");
    counts->insertion += value(&result, "insertion");
    counts->random_insertion += value(&result, "random-insertion");
    run_destroy(run);
}

/* Adebayo et al. 2018, figure 4: structural similarity and rank correlation when half of the layers are random. */
static void likeness(const Zebra *zebra, const char *method, double like[2])
{
    const char *const params[] = {"method", method, "stages", "4", NULL};
    Result result;
    Run *run = zebra_result(zebra, "sanity-check", params, &result);
    const ResultItem *curve = run ? item_named(&result, "similarity") : NULL;
    for (int k = 0; k < 2 && curve; k++) like[k] = curve->data[k * curve->shape.dim[1] + 2];
    run_destroy(run);
}

static void check_sanity(const Zebra *zebra, Counts *counts)
{
    double guided[2] = {0}, gradient[2] = {0};
    likeness(zebra, "guided-backprop", guided);
    likeness(zebra, "gradient", gradient);
    for (int k = 0; k < 2; k++) {
        counts->guided[k] += guided[k];
        counts->gradient[k] += gradient[k];
        counts->kept[k] += guided[k] > gradient[k];
    }
}

static void report(const Counts *c)
{
    printf("# of %d: PGD fools %d (%d as 8-bit PNG), aimed %d (%d in 20 steps); insertion above "
           "chance %d (%.3f and %.3f)\n",
           c->photographs, c->fooled, c->survived, c->aimed, c->aimed_longer, c->inserted,
           c->insertion / c->photographs, c->random_insertion / c->photographs);
    printf("# both fool %d: mean L2 of DeepFool %.1f, of FGSM %.1f levels; shorter on %d\n",
           c->both, c->deepfool_l2 / c->both, c->fgsm_l2 / c->both, c->deeper);
    for (int k = 0; k < 2; k++) {
        printf("# half of the layers random: %s of guided backprop %.2f, of the gradient %.2f; "
               "higher on %d\n",
               k ? "rank correlation" : "structural similarity", c->guided[k] / c->photographs,
               c->gradient[k] / c->photographs, c->kept[k]);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const int wanted = argc > 1 ? atoi(argv[1]) : 3;
    int skipped = argc > 2 ? atoi(argv[2]) : 0;
    Zebra zebra;
    char *names[CLASSES];
    Counts counts = {0};
    if (!zebra_open(&zebra)) return TEST_SKIPPED;
    Graph *graph = NULL;
    CHECK_OK(network_build(zebra.network, &(GraphRequest){0}, &graph));
    CHECK_OK(graph_allocate(graph, GRAPH_FORWARD));
    const int found = list_photographs(names);
    for (int class = 0; class < found && counts.photographs < wanted; class ++) {
        if (!open_photograph(&zebra, names[class]) || classify(&zebra, graph) != class) continue;
        if (skipped-- > 0) continue;
        counts.photographs++;
        attack(&zebra, class, (uint64_t) class + 1, &counts);
        compare_lengths(&zebra, &counts);
        insert(&zebra, &counts);
        check_sanity(&zebra, &counts);
        if (counts.photographs % 10 == 0) report(&counts);
    }
    report(&counts);
    const int n = counts.photographs;
    CHECK(n == wanted);
    CHECK(100 * counts.fooled >= 99 * n);
    CHECK(100 * counts.aimed >= 90 * n);
    CHECK(counts.both > 0 && counts.deepfool_l2 < counts.fgsm_l2);
    CHECK(100 * counts.inserted >= 95 * n);
    for (int k = 0; k < 2; k++) CHECK(counts.guided[k] > 1.5 * counts.gradient[k]);
    CHECK(100 * counts.kept[0] >= 95 * n);
    for (int i = 0; i < found; i++) free(names[i]);
    graph_destroy(graph);
    zebra_close(&zebra);
    return test_failures() > 0;
}
