/* `convoscope evaluate`: how many pictures of labelled folders a network names rightly. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/model.h"
#include "cli/progress.h"
#include "train/dataset_files.h"
#include "train/loss.h"

enum { TOP = 5 };

const Option evaluate_options[] = {
    {"batch", "N", "pictures in a pass (32)"},
    {"classes", "LIST", "only these classes, with commas between"},
    {0},
};

typedef struct Evaluation {
    Network *network;
    Graph *graph;
    ClassFiles files;
    float *logits;
    int *class_of;     /* the network's class of each class of the pictures */
    int *label;        /* [batch] of the pictures that wait in the graph's input */
    int batch, filled; /* so many wait */
    size_t count, done, first, top;
    double loss;
    Progress progress;
} Evaluation;

static void evaluation_release(Evaluation *e)
{
    free(e->logits);
    free(e->class_of);
    free(e->label);
    class_files_release(&e->files);
    graph_destroy(e->graph);
    network_close(e->network);
}

/* By name where the network knows all of them, else in order where there are as many. */
static Status match_classes(Evaluation *e, const char *folder)
{
    const int classes = network_class_count(e->graph);
    bool named = true;
    for (int i = 0; i < e->files.class_count; i++) {
        e->class_of[i] = -1;
        for (int k = 0; k < network_label_count(e->network) && e->class_of[i] < 0; k++) {
            if (strcmp(network_label(e->network, k), e->files.name[i]) == 0) e->class_of[i] = k;
        }
        named = named && e->class_of[i] >= 0;
    }
    if (named) return status_ok();
    for (int i = 0; i < e->files.class_count; i++) e->class_of[i] = i;
    if (classes == e->files.class_count) return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "the network has %d classes, '%s' has %d with other names: give the "
                        "pictures that it was trained for",
                        classes, folder, e->files.class_count);
}

static Status evaluation_open(const Args *args, Evaluation *e)
{
    TRY(args_int(args, "batch", 1, 4096, 32, &e->batch));
    TRY(model_open(args, &e->network));
    TRY(model_build(e->network, &(GraphRequest){.batch = e->batch}, &e->graph));
    const int classes = network_class_count(e->graph);
    if (classes < 2 || !network_logits(e->graph)) {
        return status_error(STATUS_BAD_INPUT, "%s does not classify: its output has no classes",
                            network_name(e->network));
    }
    const Shape *shape = &graph_input(e->graph, 0)->shape;
    TRY(model_check_channels(e->network, shape));
    if (shape->dim[0] != e->batch) {
        return status_error(STATUS_BAD_INPUT, "%s takes %d pictures at a time: give --batch %d",
                            network_name(e->network), shape->dim[0], shape->dim[0]);
    }
    TRY(class_files_list(&e->files, args->words[1], args_option(args, "classes")));
    TRY(class_files_count(&e->files, &e->count));
    e->logits = malloc((size_t)classes * sizeof *e->logits);
    e->label = malloc((size_t)e->batch * sizeof *e->label);
    e->class_of = malloc((size_t)e->files.class_count * sizeof *e->class_of);
    if (!e->logits || !e->label || !e->class_of)
        return status_no_memory("the classes", (size_t)classes);
    TRY(match_classes(e, args->words[1]));
    return graph_allocate_answer(e->graph, network_logits(e->graph));
}

/* A pass over what waits. */
static void score(Evaluation *e)
{
    Value *logits = network_logits(e->graph);
    const int classes = network_class_count(e->graph);
    graph_begin_forward(e->graph, &logits, 1);
    while (!graph_advance(e->graph, 1)) continue;
    for (int i = 0; i < e->filled; i++) {
        network_scores(e->graph, i, e->logits, NULL);
        const int label = e->label[i], place = class_place(e->logits, classes, label);
        e->first += place == 0;
        e->top += place < TOP;
        e->loss += cross_entropy(e->logits, classes, &(Target){label, label, 1}, 0, 0, NULL);
    }
    e->done += (size_t)e->filled;
    e->filled = 0;
    progress_show(&e->progress, (double)e->done / (double)e->count);
}

static Status take(void *context, const Picture *picture, size_t index, int class)
{
    (void)index;
    Evaluation *e = context;
    Value *input = graph_input(e->graph, 0);
    const size_t one = shape_span(&input->shape, 1, input->shape.rank);
    TRY(preprocess_apply(network_preprocess(e->network), picture, input->shape.dim[2],
                         input->shape.dim[3], input->data + (size_t)e->filled * one));
    e->label[e->filled++] = e->class_of[class];
    if (e->filled == e->batch) score(e);
    return progress_interrupted() ? status_error(STATUS_CANCELLED, "stopped") : status_ok();
}

static int print_scores(const Args *args, const Evaluation *e)
{
    const double count = (double)e->done;
    if (args_flag(args, "json")) {
        Text text = {0};
        json_object_begin(&text);
        json_key(&text, "pictures"), json_integer(&text, (long long)e->done);
        json_key(&text, "top1"), json_number(&text, (double)e->first / count);
        json_key(&text, "top5"), json_number(&text, (double)e->top / count);
        json_key(&text, "loss"), json_number(&text, e->loss / count);
        json_object_end(&text);
        return cli_print(&text);
    }
    printf("%zu pictures of %d classes: top-1 %.2f %%, top-5 %.2f %%, loss %.4f\n", e->done,
           e->files.class_count, 100 * (double)e->first / count, 100 * (double)e->top / count,
           e->loss / count);
    return EXIT_DONE;
}

int command_evaluate(const Args *args)
{
    Evaluation e = {0};
    Status status = evaluation_open(args, &e);
    e.progress = progress_begin("evaluate");
    for (int i = 0; i < e.files.file_count && status.code == STATUS_OK; i++)
        status = class_file_pictures(&e.files, &e.files.file[i], take, &e);
    const bool stopped = status.code == STATUS_CANCELLED;
    if ((status.code == STATUS_OK || stopped) && e.filled) score(&e);
    progress_end(&e.progress);
    int result = EXIT_FAILED;
    if ((status.code == STATUS_OK || stopped) && e.done) {
        result = print_scores(args, &e);
        if (stopped) cli_note("stopped after %zu of %zu pictures", e.done, e.count);
        if (stopped && result == EXIT_DONE) result = EXIT_INTERRUPTED;
    } else {
        cli_fail(status);
    }
    evaluation_release(&e);
    return result;
}
