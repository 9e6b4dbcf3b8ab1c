#include "network.h"

#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "network_internal.h"

enum { NETWORK_MAX_LABELS = 1 << 20 };

static char *copy_text(const char *text)
{
    const size_t length = strlen(text) + 1;
    char *copy = malloc(length);
    if (copy) memcpy(copy, text, length);
    return copy;
}

Status network_open(Network **network, const char *name, uint8_t *bytes, size_t size)
{
    Network *opened = calloc(1, sizeof *opened);
    if (!opened) {
        free(bytes);
        return status_no_memory("the network", sizeof *opened);
    }
    opened->bytes = bytes;
    opened->size = size;
    opened->name = copy_text(name);
    Status status = opened->name ? onnx_open(&opened->model, bytes, size)
                                 : status_no_memory("the network", sizeof *opened);
    if (status.code == STATUS_OK) status = network_guess(opened);
    if (status.code != STATUS_OK) {
        network_close(opened);
        return status;
    }
    *network = opened;
    return status_ok();
}

void network_close(Network *network)
{
    if (!network) return;
    if (network->kept) network->release_kept(network->kept);
    onnx_free(network->model);
    for (Attached *file = network->attached; file;) {
        Attached *next = file->next;
        free(file->bytes);
        free(file);
        file = next;
    }
    free(network->bytes);
    free(network->name);
    free(network->label_text);
    free(network->labels);
    free(network);
}

const char *network_missing(const Network *network)
{
    return onnx_missing(network->model);
}

Status network_attach(Network *network, const char *location, uint8_t *bytes, size_t size)
{
    Attached *file = calloc(1, sizeof *file);
    Status status = file ? onnx_attach(network->model, location, bytes, size)
                         : status_no_memory(location, sizeof *file);
    if (status.code != STATUS_OK) {
        free(file);
        free(bytes);
        return status;
    }
    *file = (Attached){network->attached, bytes};
    network->attached = file;
    network->attached_size += size;
    return status_ok();
}

void *network_kept(const Network *network)
{
    return network->kept;
}

void network_keep(Network *network, void *kept, void (*release)(void *kept))
{
    network->kept = kept;
    network->release_kept = release;
}

const char *network_name(const Network *network)
{
    return network->name;
}

size_t network_file_bytes(const Network *network)
{
    return network->size + network->attached_size;
}

uint64_t network_checksum(const Network *network)
{
    return checksum(CHECKSUM_START, network->bytes, network->size);
}

Preprocess *network_preprocess(Network *network)
{
    return &network->preprocess;
}

/* ---- labels ---- */

static Status set_labels(Network *network, const char *value)
{
    size_t lines = 1;
    for (const char *s = value; *s; s++) lines += *s == '\n';
    if (lines > NETWORK_MAX_LABELS)
        return status_error(STATUS_BAD_INPUT, "there are more than %d labels", NETWORK_MAX_LABELS);
    char *text = copy_text(value);
    const char **labels = malloc(lines * sizeof *labels);
    if (!text || !labels) {
        free(text);
        free(labels);
        return status_no_memory("the labels", strlen(value));
    }
    int count = 0;
    for (char *s = text; *s;) {
        char *label = s;
        labels[count++] = label;
        char *end = s + strcspn(s, "\n"), *next = *end ? end + 1 : end;
        if (end > s && end[-1] == '\r') end--;
        *end = '\0';
        text_disarm(label);
        s = next;
    }
    free(network->label_text);
    free(network->labels);
    network->label_text = text;
    network->labels = labels;
    network->label_count = count;
    return status_ok();
}

Status network_set(Network *network, const char *key, const char *value)
{
    if (strcmp(key, "labels") == 0) return set_labels(network, value);
    TRY(preprocess_set(&network->preprocess, key, value));
    network->preprocess.source = "asked";
    return status_ok();
}

const char *network_label(const Network *network, int index)
{
    return index >= 0 && index < network->label_count ? network->labels[index] : NULL;
}

int network_label_count(const Network *network)
{
    return network->label_count;
}

/* ---- preprocessing ---- */

static bool contains(const char *text, const char *word)
{
    const size_t length = strlen(word);
    for (; *text; text++) {
        size_t i = 0;
        while (i < length && text[i] && (text[i] | 0x20) == (word[i] | 0x20)) i++;
        if (i == length) return true;
    }
    return false;
}

/* Networks that came from Caffe call their input `data`, as those from MXNet do, whose nodes end in _fwd
 * and which take the same pictures as PyTorch's. */
static bool is_caffe(const OnnxModel *model, const char *file, const OnnxInput *input)
{
    static const char *const families[] = {"alexnet",      "caffenet",     "googlenet",
                                           "inception-v1", "inception_v1", "inception_v2",
                                           "inception-v2", "zfnet",        "rcnn"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (contains(file, families[i]) && strncmp(input->name, "data", 4) == 0) return true;
    }
    if (strcmp(input->name, "data") != 0) return false;
    for (int i = 0; i < model->node_count; i++) {
        if (contains(model->nodes[i].name, "_fwd")) return false;
    }
    return true;
}

/* A network whose output is a picture: no classes at its end, but a convolution or what follows one. */
static bool makes_pictures(const OnnxModel *model)
{
    int value = model->output_values[0];
    for (int steps = 0; steps < 16 && value >= 0 && model->values[value].producer >= 0; steps++) {
        const OnnxNode *node = &model->nodes[model->values[value].producer];
        if (contains(node->op, "Pool") || contains(node->op, "Gemm") ||
            contains(node->op, "MatMul") || contains(node->op, "Flatten") ||
            contains(node->op, "Reshape") || contains(node->op, "Softmax") ||
            contains(node->op, "Reduce"))
            return false;
        if (strcmp(node->op, "InstanceNormalization") == 0 ||
            strcmp(node->op, "ConvTranspose") == 0 || strcmp(node->op, "Tanh") == 0)
            return true;
        value = node->in_count ? node->in[0] : -1;
    }
    return false;
}

static Preprocess preset(const char *channels, float range, const float *mean,
                         const float *deviation, const char *reason)
{
    Preprocess p = {.range = range, .resize = RESIZE_SHORT, .source = "guess", .reason = reason};
    strcpy(p.channels, channels);
    for (int c = 0; c < PREPROCESS_MAX_CHANNELS; c++) {
        p.mean[c] = mean && c < 3 ? mean[c] : 0;
        p.std[c] = deviation && c < 3 ? deviation[c] : 1;
    }
    return p;
}

static Preprocess guess_values(const Network *network, const OnnxInput *input)
{
    static const float caffe_mean[] = {104, 117, 123};
    static const float torch_mean[] = {0.485F, 0.456F, 0.406F};
    static const float torch_std[] = {0.229F, 0.224F, 0.225F};
    const int64_t channels = input && input->rank == 4 ? input->dim[1] : 3;
    if (channels == 1) return preset("GRAY", 1, NULL, NULL, "the input has one channel");
    if (channels == 4) return preset("RGBA", 1, NULL, NULL, "the input has four channels");
    if (makes_pictures(network->model))
        return preset("RGB", 255, NULL, NULL,
                      "the network ends as those do that give pictures, which take 0 to 255");
    if (input && is_caffe(network->model, network->name, input))
        return preset("BGR", 255, caffe_mean, NULL,
                      "the input is named as in Caffe's networks, which take BGR less its mean");
    return preset("RGB", 1, torch_mean, torch_std,
                  "the file does not say, and most networks take ImageNet's mean and deviation");
}

static void guess_size(const Network *network, const OnnxInput *input, Preprocess *p)
{
    if (!input || input->rank != 4) return;
    const bool caffe = strcmp(p->channels, "BGR") == 0;
    /* The first Caffe networks cut 227 pixels out of 256; SqueezeNet followed them. */
    const bool odd =
        caffe && (contains(network->name, "squeezenet") || contains(network->name, "caffenet") ||
                  contains(network->name, "alexnet"));
    p->height = input->dim[2] > 0 ? (int)input->dim[2] : odd ? 227 : 224;
    p->width = input->dim[3] > 0 ? (int)input->dim[3] : odd ? 227 : 224;
}

static Status read_metadata(Network *network)
{
    static const char *const keys[] = {"size", "channels", "mean", "std", "range", "resize"};
    Preprocess *p = &network->preprocess;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char key[32] = "convoscope.";
        strcat(key, keys[i]);
        const char *value = onnx_metadata(network->model, key);
        if (!value) continue;
        TRY(preprocess_set(p, keys[i], value));
        p->source = "metadata";
    }
    const char *labels = onnx_metadata(network->model, "convoscope.labels");
    return labels ? set_labels(network, labels) : status_ok();
}

Status network_guess(Network *network)
{
    const OnnxInput *input = onnx_picture_input(network->model);
    network->preprocess = guess_values(network, input);
    guess_size(network, input, &network->preprocess);
    return read_metadata(network);
}

/* ---- graphs ---- */

Status network_supported(const Network *network)
{
    return onnx_supported(network->model);
}

Status network_lacks(const Network *network, const char *what)
{
    const Status why = network_supported(network);
    return status_error(STATUS_UNSUPPORTED, "%s cannot be computed: %s", what, why.message);
}

Status network_build(const Network *network, const GraphRequest *request, Graph **graph)
{
    const OnnxInput *input = onnx_picture_input(network->model);
    const Preprocess *p = &network->preprocess;
    Shape shape = {.rank = input && input->rank >= 0 ? input->rank : 4};
    if (shape.rank > 0) shape.dim[0] = request->batch > 0 ? request->batch : 1;
    if (shape.rank == 4) {
        shape.dim[2] = request->height > 0 ? request->height : p->height;
        shape.dim[3] = request->width > 0 ? request->width : p->width;
        if (input && input->dim[3] == 3 && input->dim[1] > 4) {
            return status_error(STATUS_UNSUPPORTED,
                                "the network's input '%s' has its channels last ([N,H,W,C]): "
                                "convert it with channels first (tf2onnx --inputs-as-nchw %s)",
                                input->name, input->name);
        }
    }
    const OnnxBuildOptions options = {.keep = request->keep,
                                      .keep_count = request->keep_count,
                                      .no_fold = request->no_fold,
                                      .until = request->until,
                                      .partial = request->partial};
    TRY(onnx_build(network->model, &shape, options, graph));
    const Status status = network_redraw(*graph, request->redrawn, request->redraw_seed);
    if (status.code != STATUS_OK) graph_destroy(*graph);
    return status;
}
