/*
 * Files made to do harm, one or more for each class of failure that programs of this kind have had: each
 * must end in one sentence, in the library and, where the program is there, in its exit status.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "network.h"
#include "support/onnx_writer.h"
#include "support/test.h"

#define INTS(...)                                                                                  \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void put_float(Text *graph, const char *name, int count, float value)
{
    float *values = malloc((size_t)count * sizeof *values);
    for (int i = 0; i < count; i++) values[i] = value;
    write_tensor(graph, name, ONNX_FLOAT, 1, INTS(count), values, (size_t)count * sizeof *values);
    free(values);
}

/* A graph of one node 'n' from x [1,4,8,8] to y. */
static Text one(const char *op, const char *in, Text *attrs)
{
    Text graph = {0};
    write_node(&graph, op, "n", in, "y", attrs);
    write_input(&graph, "x", 4, INTS(1, 4, 8, 8));
    write_output(&graph, "y");
    return graph;
}

/* ---- attributes ---- */

typedef struct Wrong {
    const char *op, *attr;
    int count; /* of values; -1: the first one alone, as an integer */
    int64_t values[9];
    const char *word;
} Wrong;

static const Wrong wrong_attributes[] = {
    {"Conv", "pads", 3, {1, 1, 1}, "pads"},
    {"Conv", "pads", 4, {-1, 0, 0, 0}, "pads"},
    {"Conv", "pads", 4, {INT64_MAX, 0, 0, INT64_MAX}, "pads"},
    {"Conv", "pads", 4, {1 << 30, 1 << 30, 1 << 30, 1 << 30}, "n"},
    {"Conv", "strides", 2, {0, 1}, "strides"},
    {"Conv", "strides", 2, {-1, 1}, "strides"},
    {"Conv", "strides", 1, {1}, "strides"},
    {"Conv", "strides", 2, {INT64_MIN, 1}, "strides"},
    {"Conv", "dilations", 2, {0, 0}, "dilations"},
    {"Conv", "dilations", 3, {1, 1, 1}, "dilations"},
    {"Conv", "dilations", 2, {1LL << 40, 1}, "dilations"},
    {"Conv", "kernel_shape", 2, {5, 5}, "kernel"},
    {"Conv", "kernel_shape", 2, {-3, 3}, "kernel"},
    {"Conv", "group", -1, {0}, "group"},
    {"Conv", "group", -1, {-2}, "group"},
    {"Conv", "group", -1, {3}, "group"},
    {"Conv", "group", -1, {INT64_MAX}, "group"},
    {"ConvTranspose", "output_padding", 2, {-1, 0}, "output_padding"},
    {"ConvTranspose", "output_padding", 1, {1}, "output_padding"},
    {"ConvTranspose", "strides", 2, {1 << 30, 1 << 30}, "n"},
    {"MaxPool", "kernel_shape", 0, {0}, "kernel_shape"},
    {"MaxPool", "kernel_shape", 2, {0, 0}, "kernel_shape"},
    {"MaxPool", "kernel_shape", 2, {INT64_MAX, INT64_MAX}, "kernel_shape"},
    {"AveragePool", "kernel_shape", 3, {2, 2, 2}, "kernel_shape"},
    {"Transpose", "perm", 4, {0, 0, 1, 2}, "perm"},
    {"Transpose", "perm", 3, {0, 1, 2}, "perm"},
    {"Transpose", "perm", 4, {0, 1, 2, 4}, "perm"},
    {"Transpose", "perm", 4, {-1, 0, 1, 2}, "perm"},
    {"Softmax", "axis", -1, {4}, "axis"},
    {"Softmax", "axis", -1, {-5}, "axis"},
    {"Softmax", "axis", -1, {INT64_MIN}, "axis"},
    {"Flatten", "axis", -1, {9}, "axis"},
    {"Concat", "axis", -1, {4}, "axis"},
    {"LRN", "size", -1, {0}, "size"},
    {"LRN", "size", -1, {INT64_MAX}, "size"},
};

/* A Conv has its weights; everything else takes the picture alone. */
static Text with_attribute(const Wrong *wrong)
{
    Text attrs = {0};
    const bool conv = strncmp(wrong->op, "Conv", 4) == 0;
    if (wrong->count < 0) {
        write_int(&attrs, wrong->attr, wrong->values[0]);
    } else {
        write_ints(&attrs, wrong->attr, wrong->count, wrong->values);
    }
    Text graph = one(wrong->op, conv ? "x w" : "x", &attrs);
    if (conv) write_weights(&graph, "w", 4, INTS(4, 4, 3, 3));
    return write_model(&graph, 11);
}

/* ---- everything else ---- */

/* Weights of a shape that is not what their bytes are. */
static Text weight(int rank, const int64_t *dim, size_t bytes)
{
    Text graph = one("Conv", "x w", NULL);
    char *zeros = calloc(1, bytes + 1);
    write_tensor(&graph, "w", ONNX_FLOAT, rank, dim, zeros, bytes);
    free(zeros);
    return write_model(&graph, 13);
}

static Text product_wraps(void)
{
    return weight(4, INTS(1 << 20, 1 << 20, 1 << 20, 16), 0);
}

static Text dimension_is_huge(void)
{
    return weight(2, INTS(INT64_MAX, 2), 0);
}

static Text dimension_is_negative(void)
{
    return weight(4, INTS(4, -4, 3, 3), 576);
}

static Text shape_is_empty(void)
{
    return weight(4, INTS(4, 4, 0, 3), 0);
}

static Text empty_shape_with_values(void)
{
    return weight(4, INTS(0, 4, 3, 3), 576);
}

static Text too_many_dimensions(void)
{
    return weight(9, INTS(1, 1, 1, 1, 1, 1, 1, 1, 1), 4);
}

static Text values_are_short(void)
{
    return weight(4, INTS(4, 4, 3, 3), 575);
}

static Text values_are_long(void)
{
    return weight(4, INTS(4, 4, 3, 3), 580);
}

static Text input_is_huge(void)
{
    Text graph = {0};
    write_node(&graph, "Relu", "n", "x", "y", NULL);
    write_input(&graph, "x", 4, INTS(65536, 3, 65536, 65536));
    write_output(&graph, "y");
    return write_model(&graph, 13);
}

/* A node that takes integers as a second input. */
static Text with_integers(const char *op, int count, const int64_t *values)
{
    Text graph = one(op, "x k", NULL);
    write_int64s(&graph, "k", count, values);
    return write_model(&graph, 13);
}

static Text padding_is_huge(void)
{
    return with_integers("Pad", 8, INTS(0, 0, 1 << 20, 1 << 20, 0, 0, 1 << 20, 1 << 20));
}

static Text padding_wraps(void)
{
    return with_integers("Pad", 8, INTS(0, 0, INT64_MAX, INT64_MAX, 0, 0, INT64_MAX, 1));
}

static Text padding_cuts_all(void)
{
    return with_integers("Pad", 8, INTS(0, 0, -8, 0, 0, 0, -8, 0));
}

static Text padding_is_short(void)
{
    return with_integers("Pad", 7, INTS(0, 0, 1, 1, 0, 0, 1));
}

static Text reshape_does_not_fit(void)
{
    return with_integers("Reshape", 2, INTS(1 << 20, 1 << 20));
}

static Text reshape_has_two_unknowns(void)
{
    return with_integers("Reshape", 2, INTS(-1, -1));
}

static Text axis_is_outside(void)
{
    return with_integers("Unsqueeze", 1, INTS(9));
}

static Text resize_is_huge(void)
{
    Text graph = one("Resize", "x - s", NULL);
    write_tensor(&graph, "s", ONNX_FLOAT, 1, INTS(4), (float[]){1, 1, 1e9F, 1e9F}, 16);
    return write_model(&graph, 13);
}

static Text resize_is_not_a_number(void)
{
    Text graph = one("Resize", "x - s", NULL);
    write_tensor(&graph, "s", ONNX_FLOAT, 1, INTS(4), (float[]){1, 1, NAN, -1}, 16);
    return write_model(&graph, 13);
}

static Text fill_is_huge(void)
{
    Text graph = {0};
    write_node(&graph, "ConstantOfShape", "fill", "k", "f", NULL);
    write_node(&graph, "Add", "n", "x f", "y", NULL);
    write_int64s(&graph, "k", 4, INTS(1 << 20, 1 << 20, 1 << 20, 1 << 20));
    write_input(&graph, "x", 4, INTS(1, 4, 8, 8));
    write_output(&graph, "y");
    return write_model(&graph, 13);
}

static Text normalization_is_short(void)
{
    Text graph = one("BatchNormalization", "x s s s s", NULL);
    put_float(&graph, "s", 3, 1);
    return write_model(&graph, 13);
}

/* A normalisation that could be folded into the convolution, were its mean there. */
static Text normalization_lacks_its_mean(void)
{
    Text graph = {0};
    write_node(&graph, "Conv", "conv", "x w", "c", NULL);
    write_node(&graph, "BatchNormalization", "n", "c s s - s", "y", NULL);
    write_weights(&graph, "w", 4, INTS(4, 4, 1, 1));
    put_float(&graph, "s", 4, 1);
    write_input(&graph, "x", 4, INTS(1, 4, 8, 8));
    write_output(&graph, "y");
    return write_model(&graph, 13);
}

/* Found by fuzzing: the convolution that it would be folded into has an empty name for its weights. */
static Text convolution_lacks_its_weight(void)
{
    Text graph = {0};
    write_node(&graph, "Conv", "conv", "x -", "c", NULL);
    write_node(&graph, "BatchNormalization", "n", "c s s s s", "y", NULL);
    put_float(&graph, "s", 4, 1);
    write_input(&graph, "x", 4, INTS(1, 4, 8, 8));
    write_output(&graph, "y");
    return write_model(&graph, 13);
}

static Text external(const char *location, const char *offset, const char *length)
{
    Text graph = one("Conv", "x w", NULL), tensor = {0};
    const char *const entries[][2] = {
        {"location", location}, {"offset", offset}, {"length", length}};
    for (int i = 0; i < 4; i++) pb_number(&tensor, 1, i < 2 ? 4 : 3);
    pb_number(&tensor, 2, ONNX_FLOAT);
    pb_text(&tensor, 8, "w");
    for (int i = 0; i < 3; i++) {
        Text entry = {0};
        pb_text(&entry, 1, entries[i][0]);
        pb_text(&entry, 2, entries[i][1]);
        pb_message(&tensor, 13, &entry);
    }
    pb_number(&tensor, 14, 1);
    pb_message(&graph, 5, &tensor);
    return write_model(&graph, 13);
}

static Text path_goes_up(void)
{
    return external("../../etc/passwd", "0", "576");
}

static Text path_is_absolute(void)
{
    return external("/etc/passwd", "0", "576");
}

static Text offset_wraps(void)
{
    return external("weights.bin", "18446744073709551610", "576");
}

static Text length_is_wrong(void)
{
    return external("weights.bin", "0", "18446744073709551615");
}

static Text other_file_is_missing(void)
{
    return external("no_such_file.bin", "0", "576");
}

static Text cycle(void)
{
    Text graph = {0};
    write_node(&graph, "Add", "n", "x b", "a", NULL);
    write_node(&graph, "Relu", "m", "a", "b", NULL);
    write_node(&graph, "Relu", "last", "b", "y", NULL);
    write_input(&graph, "x", 4, INTS(1, 4, 8, 8));
    write_output(&graph, "y");
    return write_model(&graph, 13);
}

/* A tensor attribute inside a tensor attribute and so on would go deep in a reader that recurses. */
static Text nested(void)
{
    Text inner = {0};
    for (int depth = 0; depth < 20000; depth++) {
        Text outer = {0};
        pb_message(&outer, 6, &inner);
        inner = outer;
    }
    Text attrs = {0}, attr = {0};
    pb_text(&attr, 1, "body");
    pb_number(&attr, 20, ONNX_ATTR_GRAPH);
    pb_message(&attr, 6, &inner);
    pb_message(&attrs, 5, &attr);
    Text graph = one("Loop", "x", &attrs);
    return write_model(&graph, 13);
}

static Text recurrent(void)
{
    Text graph = one("LSTM", "x w r", NULL);
    write_weights(&graph, "w", 3, INTS(1, 16, 8));
    write_weights(&graph, "r", 3, INTS(1, 16, 4));
    return write_model(&graph, 13);
}

/* Names that end the line, steer the terminal, and are no UTF-8. */
static Text hostile_names(void)
{
    Text graph = {0};
    write_node(&graph, "Wob\nble\x1B[31m", "<script>\r\n\x1B]0;title\x07\xC2\x9B\xFF%s%n", "x", "y",
               NULL);
    write_input(&graph, "x", 4, INTS(1, 4, 8, 8));
    write_output(&graph, "y");
    return write_model(&graph, 13);
}

typedef struct Crafted {
    Text (*make)(void);
    const char *name, *word;
} Crafted;

#define CRAFTED(function, word)                                                                    \
    {                                                                                              \
        function, #function, word                                                                  \
    }

static const Crafted crafted[] = {
    CRAFTED(product_wraps, "claims more than"),
    CRAFTED(dimension_is_huge, "impossible dimension"),
    CRAFTED(dimension_is_negative, "impossible dimension"),
    CRAFTED(shape_is_empty, "w would have the shape 4x4x0x3, which is empty"),
    CRAFTED(empty_shape_with_values, "576 bytes where its shape needs 0"),
    CRAFTED(too_many_dimensions, "more than 8 dimensions"),
    CRAFTED(values_are_short, "575 bytes where its shape needs 576"),
    CRAFTED(values_are_long, "580 bytes where its shape needs 576"),
    CRAFTED(input_is_huge, "more than the 1073741824 values possible"),
    CRAFTED(padding_is_huge, "more than the 1073741824 values possible"),
    CRAFTED(padding_wraps, "'n'"),
    CRAFTED(padding_cuts_all, "'n'"),
    CRAFTED(padding_is_short, "pads"),
    CRAFTED(reshape_does_not_fit, "n would have the shape"),
    CRAFTED(reshape_has_two_unknowns, "-1"),
    CRAFTED(axis_is_outside, "axes is 9"),
    CRAFTED(resize_is_huge, "'n'"),
    CRAFTED(resize_is_not_a_number, "'n'"),
    CRAFTED(fill_is_huge, "'fill'"),
    CRAFTED(normalization_is_short, "'n'"),
    CRAFTED(normalization_lacks_its_mean, "'n'"),
    CRAFTED(convolution_lacks_its_weight, "'conv'"),
    CRAFTED(path_goes_up, "no plain path"),
    CRAFTED(path_is_absolute, "no plain path"),
    CRAFTED(offset_wraps, "impossible offset"),
    CRAFTED(length_is_wrong, "where its shape needs 576"),
    CRAFTED(other_file_is_missing, "no_such_file.bin"),
    CRAFTED(cycle, "cycle"),
    CRAFTED(nested, "Loop"),
    CRAFTED(recurrent, "LSTM"),
    CRAFTED(hostile_names, "needs the operator Wob?ble"),
};

/* One line without control characters. */
static void check_sentence(const char *name, const char *sentence, const char *word)
{
    for (const char *s = sentence; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            test_fail(__FILE__, __LINE__, "%s: byte %d in the sentence", name, *s);
    }
    if (!strstr(sentence, word))
        test_fail(__FILE__, __LINE__, "%s: no \"%s\" in \"%s\"", name, word, sentence);
}

static void check_library(const char *name, const Text *file, const char *word)
{
    uint8_t *bytes = malloc(file->length);
    memcpy(bytes, file->bytes, file->length);
    Network *network = NULL;
    Graph *graph = NULL;
    Status status = network_open(&network, "crafted.onnx", bytes, file->length);
    if (status.code == STATUS_OK) {
        status = network_build(network, &(GraphRequest){0}, &graph);
        if (status.code == STATUS_OK) {
            test_fail(__FILE__, __LINE__, "%s was accepted", name);
            graph_destroy(graph);
        }
        network_close(network);
    }
    check_sentence(name, status.message, word);
}

/* bench opens, plans, allocates and runs. */
static void check_program(const char *name, const Text *file, const char *word)
{
    const char *program = getenv("CONVOSCOPE");
    char path[] = "/tmp/convoscope-crafted-XXXXXX", command[4096], output[2048];
    if (!program || access(program, X_OK) != 0) return;
    const int descriptor = mkstemp(path);
    CHECK(descriptor >= 0 && write(descriptor, file->bytes, file->length) == (ssize_t)file->length);
    if (descriptor >= 0) close(descriptor);
    snprintf(command, sizeof command, "'%s' bench %s 2>&1", program, path);
    FILE *pipe = popen(command, "r");
    const size_t length = pipe ? fread(output, 1, sizeof output - 1, pipe) : 0;
    const int status = pipe ? pclose(pipe) : -1;
    output[length] = '\0';
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
        test_fail(__FILE__, __LINE__, "%s: exit status %d: %s", name, status, output);
    if (length && output[length - 1] == '\n') output[length - 1] = '\0';
    check_sentence(name, output, word);
    unlink(path);
}

static void crafted_files(void)
{
    for (size_t i = 0; i < sizeof crafted / sizeof *crafted; i++) {
        Text file = crafted[i].make();
        check_library(crafted[i].name, &file, crafted[i].word);
        check_program(crafted[i].name, &file, crafted[i].word);
        text_release(&file);
    }
}

static void crafted_attributes(void)
{
    for (size_t i = 0; i < sizeof wrong_attributes / sizeof *wrong_attributes; i++) {
        const Wrong *wrong = &wrong_attributes[i];
        char name[64];
        snprintf(name, sizeof name, "%s, %s %lld", wrong->op, wrong->attr,
                 (long long)wrong->values[0]);
        Text file = with_attribute(wrong);
        check_library(name, &file, wrong->word);
        check_program(name, &file, wrong->word);
        text_release(&file);
    }
}

static const Test tests[] = {TEST(crafted_files), TEST(crafted_attributes)};
TEST_MAIN(tests)
