/*
 * Damaged files: truncated at every byte, and 10,000 seeded mutations. Whatever opens is built, run forward
 * and backward. Nothing is filtered before; the sanitizers judge.
 *
 *     test_onnx_fuzz                  everything
 *     test_onnx_fuzz mutations        one test
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "onnx/import.h"
#include "support/onnx_writer.h"
#include "support/shared.h"
#include "support/test.h"

enum { MUTATIONS = 10000, MEMORY_MOST = 64 << 20, MACS_MOST = 4000000 };

typedef struct Tally {
    int opened, built, ran;
    Status last;
} Tally;

static uint64_t graph_macs(const Graph *graph)
{
    uint64_t macs = 0;
    for (int i = 0; i < graph_node_count(graph); i++) {
        const Node *node = graph_node(graph, i);
        macs += node->macs + shape_elements(&node->out[0]->shape);
    }
    return macs;
}

static void run_graph(Graph *graph, Tally *tally)
{
    const unsigned flags = GRAPH_INPUT_GRADIENT | GRAPH_PARAMETER_GRADIENTS;
    if (graph_memory(graph, flags).total > MEMORY_MOST || graph_macs(graph) > MACS_MOST) return;
    CHECK_OK(graph_allocate(graph, flags));
    Value *input = graph_input(graph, 0), *output = graph_output(graph, 0);
    for (size_t i = 0; i < shape_elements(&input->shape); i++) input->data[i] = (float)(i % 7) - 3;
    graph_forward(graph);
    graph_zero_gradients(graph);
    if (output->grad) graph_seed(graph, output)[0] = 1;
    graph_backward(graph, &backward_exact);
    tally->ran++;
}

/* The bytes are copied to an allocation of their exact size, at any alignment. */
static void try_bytes(const uint8_t *bytes, size_t size, size_t shift, Tally *tally)
{
    uint8_t *memory = malloc(size + shift + 1), *copy = memory + shift;
    if (size) memcpy(copy, bytes, size);
    /* The last byte of the allocation is the last of the file. */
    uint8_t *exact = realloc(memory, size + shift ? size + shift : 1);
    copy = exact + shift;
    OnnxModel *model;
    Status status = onnx_open(&model, copy, size);
    if (status.code == STATUS_OK) {
        tally->opened++;
        Graph *graph;
        status = onnx_build(model, NULL, (OnnxBuildOptions){0}, &graph);
        if (status.code == STATUS_OK) {
            tally->built++;
            run_graph(graph, tally);
            graph_destroy(graph);
        }
        onnx_free(model);
    }
    if (status.code != STATUS_OK) CHECK(status.message[0] != '\0');
    tally->last = status;
    free(exact);
}

static void intact_examples(void)
{
    for (int i = 0; i < EXAMPLE_MODELS; i++) {
        for (size_t shift = 0; shift < 4; shift++) {
            Text text = example_model(i);
            Tally tally = {0};
            try_bytes((const uint8_t *)text.bytes, text.length, shift, &tally);
            if (tally.ran != 1)
                test_fail(__FILE__, __LINE__, "example %d at shift %zu does not run: %s", i, shift,
                          tally.last.message);
            text_release(&text);
        }
    }
}

static void truncations(void)
{
    for (int i = 0; i < EXAMPLE_MODELS; i++) {
        Text text = example_model(i);
        for (size_t size = 0; size < text.length; size++) {
            Tally tally = {0};
            try_bytes((const uint8_t *)text.bytes, size, 0, &tally);
            /* Only the metadata at the end (a field of 23 bytes) may go without harm. */
            if (tally.opened && text.length - size != 23)
                test_fail(__FILE__, __LINE__, "example %d opens when cut to %zu of %zu bytes", i,
                          size, text.length);
        }
        text_release(&text);
    }
}

static size_t mutate(Random *random, uint8_t *bytes, size_t size, size_t capacity)
{
    static const uint8_t extremes[] = {0, 1, 0x7F, 0x80, 0xFF, 8, 0x12, 0x3A};
    const int changes = random_below(random, 2) ? 1 : 1 + (int)random_below(random, 4);
    for (int i = 0; i < changes && size > 1; i++) {
        size_t at = random_below(random, (uint32_t)size);
        size_t length = 1 + random_below(random, 16);
        if (length > size - at) length = size - at;
        switch (random_below(random, 6)) {
        case 0: bytes[at] ^= (uint8_t)(1U << random_below(random, 8)); break;
        case 1: bytes[at] = (uint8_t)random_below(random, 256); break;
        case 2: bytes[at] = extremes[random_below(random, sizeof extremes)]; break;
        case 3: /* remove */
            memmove(bytes + at, bytes + at + length, size - at - length);
            size -= length;
            break;
        case 4: /* repeat */
            if (size + length > capacity) break;
            memmove(bytes + at + length, bytes + at, size - at);
            size += length;
            break;
        default: memset(bytes + at, 0xFF, length); break;
        }
    }
    return size;
}

static void mutate_all(const uint8_t *bytes, size_t size, int count, uint64_t seed, Tally *tally)
{
    const size_t capacity = size + 256;
    uint8_t *copy = malloc(capacity);
    for (int i = 0; i < count; i++) {
        Random random = random_seeded(seed + (uint64_t)i);
        memcpy(copy, bytes, size);
        size_t changed = mutate(&random, copy, size, capacity);
        try_bytes(copy, changed, random_below(&random, 4), tally);
    }
    free(copy);
}

static void mutations(void)
{
    Tally tally = {0};
    for (int i = 0; i < EXAMPLE_MODELS; i++) {
        Text text = example_model(i);
        mutate_all((const uint8_t *)text.bytes, text.length, MUTATIONS / EXAMPLE_MODELS,
                   1000000ULL * (uint64_t)(i + 1), &tally);
        text_release(&text);
    }
    printf("  of %d mutations %d opened, %d built, %d ran\n", MUTATIONS, tally.opened, tally.built,
           tally.ran);
    CHECK(tally.ran > MUTATIONS / 20);
    CHECK(tally.opened < MUTATIONS);
}

/* Small files of others, where they are. */
static void mutations_of_conformance_cases(void)
{
    static const char *const names[] = {"Conv2d_groups",    "ConvTranspose2d", "operator_maxpool",
                                        "BatchNorm2d_eval", "ReflectionPad2d", "AvgPool2d_stride",
                                        "Linear",           "Softmax"};
    if (!shared_folder()) return;
    Tally tally = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        size_t size;
        snprintf(path, sizeof path, "data/onnx-ops/test_%s/model.onnx", names[i]);
        uint8_t *bytes = shared_read(path, &size);
        if (!bytes) continue;
        mutate_all(bytes, size, 250, 77000 + 1000 * (uint64_t)i, &tally);
        free(bytes);
    }
    CHECK(tally.ran > 100);
}

static const Test tests[] = {TEST(intact_examples), TEST(truncations), TEST(mutations),
                             TEST(mutations_of_conformance_cases)};
TEST_MAIN(tests)
