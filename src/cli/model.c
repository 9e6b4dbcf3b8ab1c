#include "cli/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/files.h"
#include "cli/sidecar.h"
#include "npy.h"
#include "parallel.h"

const Option model_options[] = {
    {"size", "HxW", "input size of the network, height x width"},
    {"channels", "ORDER", "channel order: RGB, BGR, GRAY or RGBA"},
    {"range", "VALUE", "value of a white pixel before mean and std: 255 or 1"},
    {"mean", "M,M,M", "subtracted, per channel in that order"},
    {"std", "S,S,S", "divided by after that"},
    {"resize", "MODE", "short (side to 256 of 224, then the middle), stretch or none"},
    {"labels", "FILE", "class names, one per line"},
    {"threads", "N", "threads to compute with; as many as there are processors unless given"},
    {0},
};

/* ---- which file ---- */

/* models/NAME.onnx beside the working folder, or in the tree the program was built in. */
static bool find_bundled(const char *name, char path[PATH_BYTES])
{
    char program[PATH_BYTES / 2];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash) *slash = '\0';
    const char *chosen = getenv("CONVOSCOPE_MODELS");
    for (int i = 0; i < 3; i++) {
        int written = i == 0 ? snprintf(path, PATH_BYTES, "%s/%s.onnx", chosen ? chosen : ".", name)
                      : i == 1
                          ? snprintf(path, PATH_BYTES, "models/%s.onnx", name)
                          : snprintf(path, PATH_BYTES, "%s/../../models/%s.onnx", program, name);
        if (i == 0 && !chosen) continue;
        if (written > 0 && written < PATH_BYTES && file_exists(path)) return true;
    }
    return false;
}

static Status find_model(const char *word, char path[PATH_BYTES])
{
    bool bare = !strchr(word, '/') && !strchr(word, '.');
    if (file_exists(word) || !bare) {
        if (snprintf(path, PATH_BYTES, "%s", word) < PATH_BYTES) return status_ok();
        return status_error(STATUS_BAD_INPUT, "the path of the model is too long");
    }
    if (find_bundled(word, path)) return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "there is no bundled network '%s': give the path of an .onnx file", word);
}

/* ---- labels and preprocessing ---- */

/* ImageNet's names fit every network of 1,000 classes in that folder; other networks go without. */
static Status labels_beside(Network *network, const char *path)
{
    char labels[PATH_BYTES];
    TRY(path_with_ending(path, ".labels.txt", labels));
    if (file_exists(labels)) return labels_read(network, labels);
    const char *slash = strrchr(path, '/');
    int length = snprintf(labels, sizeof labels, "%.*simagenet_synset_words.txt",
                          slash ? (int)(slash + 1 - path) : 0, path);
    if (length >= PATH_BYTES || !file_exists(labels)) return status_ok();
    Graph *graph = NULL;
    Status status = network_build(network, &(GraphRequest){0}, &graph);
    bool fits = status.code == STATUS_OK && network_class_count(graph) == 1000;
    graph_destroy(graph);
    return fits ? labels_read(network, labels) : status_ok();
}

static Status take_options(const Args *args, Network *network)
{
    for (const Option *option = model_options; option->name; option++) {
        const char *value = args_option(args, option->name);
        bool own = strcmp(option->name, "labels") == 0 || strcmp(option->name, "threads") == 0;
        if (!value || own || args_is_param(args->technique, option->name)) continue;
        Status status = network_set(network, option->name, value);
        if (status.code != STATUS_OK) {
            return status_error(status.code, "--%s: %s", option->name, status.message);
        }
        network_preprocess(network)->source = "asked";
    }
    return status_ok();
}

static int processor_count(void)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 1) return 1;
    return processors > PARALLEL_MAX_THREADS ? PARALLEL_MAX_THREADS : (int)processors;
}

void start_all_threads(void)
{
    parallel_start(processor_count());
}

Status cli_start_threads(const Args *args)
{
    int threads;
    TRY(args_int(args, "threads", 1, PARALLEL_MAX_THREADS, processor_count(), &threads));
    parallel_start(threads);
    return status_ok();
}

static Status take_words(const Args *args, const char *path, Network *network)
{
    TRY(take_options(args, network));
    const char *labels = args_option(args, "labels");
    if (labels) {
        TRY(labels_read(network, labels));
    } else if (network_label_count(network) == 0) {
        TRY(labels_beside(network, path));
    }
    return cli_start_threads(args);
}

/* Files of weights lie where the network says, below its own folder. */
static Status read_weights(Network *network, const char *path)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/'), *location;
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 0, path);
    if (slash == path) strcpy(folder, "/.");
    while ((location = network_missing(network))) {
        uint8_t *bytes;
        size_t size;
        Status status = file_read_below(folder, location, "its weights", &bytes, &size);
        if (status.code == STATUS_IO) {
            return status_error(status.code, "%s; put the file that was exported with it there",
                                status.message);
        }
        TRY(status);
        TRY(network_attach(network, location, bytes, size));
    }
    return status_ok();
}

static Status set_up(const char *path, Network *network)
{
    char sidecar[PATH_BYTES];
    TRY(path_with_ending(path, ".json", sidecar));
    return file_exists(sidecar) ? sidecar_read(network, sidecar) : status_ok();
}

Status model_open_named(const char *word, char path[PATH_BYTES], Network **network)
{
    uint8_t *bytes;
    size_t size;
    *network = NULL;
    TRY(find_model(word, path));
    TRY(file_read(path, "the model", &bytes, &size));
    /* The file's name alone: the family is guessed from it, and folders may be called anything. */
    Status status = network_open(network, path_name(path), bytes, size);
    if (status.code != STATUS_OK) {
        *network = NULL;
        return status_error(status.code, "'%s': %s", path, status.message);
    }
    status = read_weights(*network, path);
    if (status.code != STATUS_OK) {
        network_close(*network);
        *network = NULL;
        return status_error(status.code, "'%s': %s", path, status.message);
    }
    status = set_up(path, *network);
    if (status.code != STATUS_OK) {
        network_close(*network);
        *network = NULL;
    }
    return status;
}

Status model_open(const Args *args, Network **network)
{
    char path[PATH_BYTES];
    TRY(model_open_named(args->words[0], path, network));
    const Status status = take_words(args, path, *network);
    if (status.code != STATUS_OK) {
        network_close(*network);
        *network = NULL;
    }
    return status;
}

/* ---- inputs ---- */

Status model_input_read(const Args *args, ModelInput *input)
{
    *input = (ModelInput){0};
    const char *array = args_option(args, "input");
    if (array && args->word_count > 1) {
        return status_error(STATUS_BAD_INPUT,
                            "there are two inputs, '%s' and --input '%s': give one of them",
                            args->words[1], array);
    }
    if (array) return npy_read(array, &input->array);
    return file_read_picture(args->words[1], &input->picture);
}

void model_input_release(ModelInput *input)
{
    picture_release(&input->picture);
    tensor_release(&input->array);
}

/* The array's own shape decides the size of the graph: [N,C,H,W], or [C,H,W] for one. */
static Status request_for(const Tensor *array, GraphRequest *request)
{
    const Shape *shape = &array->shape;
    if (shape->rank < 3 || shape->rank > 4) {
        char text[SHAPE_TEXT_BYTES];
        return status_error(STATUS_BAD_INPUT,
                            "the array is %s, but an input is batch x channels x height x width",
                            shape_text(shape, text));
    }
    request->batch = shape->rank == 4 ? shape->dim[0] : 1;
    request->height = shape->dim[shape->rank - 2];
    request->width = shape->dim[shape->rank - 1];
    return status_ok();
}

Status model_check_channels(Network *network, const Shape *shape)
{
    int channels = preprocess_channels(network_preprocess(network));
    if (shape->rank == 4 && shape->dim[1] == channels) return status_ok();
    char text[SHAPE_TEXT_BYTES];
    return status_error(
        STATUS_BAD_INPUT,
        "%s takes an input of %s, which no picture of %d channels fits: choose with "
        "--channels, or give an array with --input",
        network_name(network), shape_text(shape, text), channels);
}

static Status fill(Network *network, const ModelInput *input, Graph *graph)
{
    Value *value = graph_input(graph, 0);
    const Shape *shape = &value->shape;
    if (input->array.data) {
        size_t count = shape_elements(&input->array.shape);
        if (count != shape_elements(shape)) {
            char given[SHAPE_TEXT_BYTES], wanted[SHAPE_TEXT_BYTES];
            return status_error(STATUS_BAD_INPUT, "the array is %s, but %s takes %s",
                                shape_text(&input->array.shape, given), network_name(network),
                                shape_text(shape, wanted));
        }
        memcpy(value->data, input->array.data, count * sizeof *value->data);
        return status_ok();
    }
    const Preprocess *preprocess = network_preprocess(network);
    TRY(model_check_channels(network, shape));
    return preprocess_apply(preprocess, &input->picture, shape->dim[2], shape->dim[3], value->data);
}

Status model_build(const Network *network, const GraphRequest *request, Graph **graph)
{
    Status status = network_build(network, request, graph);
    if (status.code == STATUS_OK) return status;
    return status_error(status.code, "'%s': %s", network_name(network), status.message);
}

Status model_graph(Network *network, const ModelInput *input, const char *const *keep,
                   int keep_count, unsigned flags, Graph **graph)
{
    GraphRequest request = {.keep = keep, .keep_count = keep_count};
    if (input->array.data) TRY(request_for(&input->array, &request));
    TRY(model_build(network, &request, graph));
    Status status = graph_allocate(*graph, flags);
    if (status.code == STATUS_OK) status = fill(network, input, *graph);
    if (status.code == STATUS_OK) return status;
    graph_destroy(*graph);
    *graph = NULL;
    return status;
}
