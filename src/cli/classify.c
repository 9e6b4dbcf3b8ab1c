#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/model.h"
#include "cli/pictures.h"
#include "cli/progress.h"

const Option classify_options[] = {
    {"top", "N", "how many classes to name (default 5)"},
    {0},
};

/* ---- classifying ---- */

typedef struct Classifier {
    Network *network;
    Graph *graph;
    int classes, top;
    float *logits, *probabilities;
    int *indices; /* the top ones */
} Classifier;

static void classifier_release(Classifier *c)
{
    free(c->logits);
    free(c->probabilities);
    free(c->indices);
    graph_destroy(c->graph);
    network_close(c->network);
}

static Status classifier_open(const Args *args, Classifier *c)
{
    TRY(args_int(args, "top", 1, 100000, 5, &c->top));
    TRY(model_open(args, &c->network));
    TRY(model_build(c->network, &(GraphRequest){0}, &c->graph));
    c->classes = network_class_count(c->graph);
    if (c->classes < 2 || !network_logits(c->graph)) {
        return status_error(STATUS_BAD_INPUT, "%s does not classify: its output has no classes",
                            network_name(c->network));
    }
    if (c->top > c->classes) c->top = c->classes;
    size_t bytes = (size_t)c->classes * sizeof *c->logits;
    c->logits = malloc(bytes);
    c->probabilities = malloc(bytes);
    c->indices = malloc((size_t)c->top * sizeof *c->indices);
    if (!c->logits || !c->probabilities || !c->indices)
        return status_no_memory("the classes", bytes);
    return graph_allocate_answer(c->graph, network_logits(c->graph));
}

static Status classify(Classifier *c, const char *path)
{
    Picture picture;
    Value *logits = network_logits(c->graph);
    const Shape *shape = &graph_input(c->graph, 0)->shape;
    const Preprocess *preprocess = network_preprocess(c->network);
    TRY(model_check_channels(c->network, shape));
    TRY(file_read_picture(path, &picture));
    Status status = preprocess_apply(preprocess, &picture, shape->dim[2], shape->dim[3],
                                     graph_input(c->graph, 0)->data);
    picture_release(&picture);
    if (status.code != STATUS_OK) return status;
    graph_begin_forward(c->graph, &logits, 1);
    while (!graph_advance(c->graph, 1)) continue;
    network_scores(c->graph, 0, c->logits, c->probabilities);
    network_top(c->logits, c->classes, c->top, c->indices);
    return status_ok();
}

/* ---- output ---- */

static void predictions_json(Text *text, const Classifier *c)
{
    json_key(text, "predictions");
    json_array_begin(text);
    for (int i = 0; i < c->top; i++) {
        int class = c->indices[i];
        json_object_begin(text);
        json_key(text, "class"), json_integer(text, class);
        json_key(text, "label"), json_string(text, network_label(c->network, class));
        json_key(text, "probability"), json_number(text, c->probabilities[class]);
        json_key(text, "logit"), json_number(text, c->logits[class]);
        json_object_end(text);
    }
    json_array_end(text);
}

static void picture_json(Text *text, const Classifier *c, const char *path, const Status *status)
{
    json_object_begin(text);
    json_key(text, "image"), json_string(text, path);
    if (status->code == STATUS_OK) {
        predictions_json(text, c);
    } else {
        json_key(text, "error"), json_string(text, status->message);
    }
    json_object_end(text);
}

static void print_predictions(const Classifier *c, const char *path)
{
    puts(path);
    for (int i = 0; i < c->top; i++) {
        int class = c->indices[i];
        const char *label = network_label(c->network, class);
        printf("  %6.2f %%  %s (%d)\n", (double)c->probabilities[class] * 100,
               label ? label : "class", class);
    }
}

/* One picture that cannot be read does not stop the others; the exit status tells. */
static int classify_all(const Args *args, Classifier *c, const PicturePaths *paths)
{
    bool json = args_flag(args, "json");
    Text text = {0};
    int result = EXIT_DONE;
    Progress progress = progress_begin("classify");
    if (json) json_array_begin(&text);
    for (int i = 0; i < paths->count && !progress_interrupted(); i++) {
        if (paths->count > 1) progress_show(&progress, (double)i / paths->count);
        Status status = classify(c, paths->items[i].path);
        if (status.code != STATUS_OK) result = cli_fail(status);
        if (json) {
            picture_json(&text, c, paths->items[i].path, &status);
        } else if (status.code == STATUS_OK) {
            print_predictions(c, paths->items[i].path);
        }
    }
    if (json) json_array_end(&text);
    progress_end(&progress);
    if (json && cli_print(&text) != EXIT_DONE) result = EXIT_FAILED;
    if (!progress_interrupted()) return result;
    cli_note("stopped; the pictures until then were classified");
    return EXIT_INTERRUPTED;
}

int command_classify(const Args *args)
{
    Classifier classifier = {0};
    PicturePaths paths = {0};
    Status status = picture_paths(args->words + 1, args->word_count - 1, &paths);
    if (status.code == STATUS_OK) status = classifier_open(args, &classifier);
    int result =
        status.code == STATUS_OK ? classify_all(args, &classifier, &paths) : cli_fail(status);
    classifier_release(&classifier);
    picture_paths_release(&paths);
    return result;
}
