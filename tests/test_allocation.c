/*
 * Memory runs out, at the first allocation, the second, ... the last: no crash, no leak, one sentence, and
 * what was there before works as before.
 *
 * The linker puts the functions __wrap_* in place of the allocator and of the arena's (-Wl,--wrap, see
 * tests/CMakeLists.txt), so that every one of their calls can fail.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/onnx_writer.h"
#include "support/test.h"
#include "support/tiny_network.h"
#include "support/zebra.h"

/* ---- the allocator ---- */

/* volatile: compilers know that malloc touches no variable of the program, which is not so here. */
static volatile long calls, fail_at; /* fail_at 0: never */
static volatile long alive;
static volatile bool failed;

static bool fails_now(void)
{
    if (fail_at == 0) return false;
    const bool now = ++calls == fail_at;
    if (now) failed = true;
    return now;
}

static void *counted(void *pointer)
{
    alive += pointer != NULL;
    return pointer;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *pointer);
void *__real_arena_alloc(Arena *arena, size_t size);
char *__real_arena_text(Arena *arena, const char *text, size_t length);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *pointer);
void *__wrap_arena_alloc(Arena *arena, size_t size);
char *__wrap_arena_text(Arena *arena, const char *text, size_t length);

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *pointer, size_t size)
{
    if (fails_now()) return NULL;
    if (!pointer) alive++;
    return __real_realloc(pointer, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails_now() ? NULL : counted(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *pointer)
{
    alive -= pointer != NULL;
    __real_free(pointer);
}

void *__wrap_arena_alloc(Arena *arena, size_t size)
{
    return fails_now() ? NULL : __real_arena_alloc(arena, size);
}

char *__wrap_arena_text(Arena *arena, const char *text, size_t length)
{
    return fails_now() ? NULL : __real_arena_text(arena, text, length);
}

/* ---- what is done ---- */

typedef struct Scene {
    const char *name;
    Text file;
    const Technique *technique; /* NULL: forward and backward by hand */
    Picture picture;
} Scene;

static Status open_scene(const Scene *scene, Network **network)
{
    const long at = fail_at;
    fail_at = 0; /* the copy is the caller's */
    uint8_t *bytes = malloc(scene->file.length);
    fail_at = at;
    memcpy(bytes, scene->file.bytes, scene->file.length);
    return network_open(network, "net.onnx", bytes, scene->file.length);
}

static Status describe(const Network *network, const Graph *graph)
{
    Text text = {0};
    network_json(network, graph, NULL, &text);
    const bool whole = !text.failed;
    text_release(&text);
    return whole ? status_ok() : status_no_memory("the description", 0);
}

static Status pass(const Network *network, Graph *graph, float *sum)
{
    TRY(describe(network, graph));
    TRY(graph_allocate(graph, GRAPH_INPUT_GRADIENT));
    Value *input = graph_input(graph, 0), *output = graph_output(graph, 0);
    const size_t size = shape_elements(&input->shape);
    for (size_t i = 0; i < size; i++) input->data[i] = (float)(i % 17) / 17;
    graph_forward(graph);
    graph_zero_gradients(graph);
    graph_seed(graph, output)[0] = 1;
    graph_backward(graph, &backward_exact);
    *sum = 0;
    for (size_t i = 0; i < size; i++) *sum += input->grad[i] * input->data[i];
    ReceptiveField field;
    network_receptive_field(graph, output, 0, &field);
    return status_ok();
}

static Status differentiate(const Network *network, float *sum)
{
    Graph *graph = NULL;
    TRY(network_build(network, &(GraphRequest){0}, &graph));
    Status status = pass(network, graph, sum);
    graph_destroy(graph);
    return status;
}

static Status advance(Run *run, const Scene *scene, float *sum)
{
    bool done = false;
    Result result;
    TRY(give_pictures(run, scene->technique, &scene->picture));
    if (strcmp(scene->technique->id, "style") == 0) {
        TRY(run_set(run, "size", "64"));
        TRY(run_set(run, "steps", "2"));
    }
    TRY(run_begin(run));
    while (!done) TRY(run_advance(run, 10, &done));
    TRY(run_result(run, &result));
    *sum = result.items[0].data[0];
    return status_ok();
}

static Status explain(Network *network, const Scene *scene, float *sum)
{
    Run *run = NULL;
    TRY(run_create(&run, scene->technique, network));
    Status status = advance(run, scene, sum);
    run_destroy(run);
    return status;
}

static Status use(Network *network, const Scene *scene, float *sum)
{
    return scene->technique ? explain(network, scene, sum) : differentiate(network, sum);
}

/* With the allocation number `at` failing; false when there are not so many. */
static bool play(const Scene *scene, long at, float expected)
{
    Network *network = NULL;
    float sum = 0;
    calls = 0;
    failed = false;
    fail_at = at;
    const long before = alive;
    Status status = open_scene(scene, &network);
    const bool opened = status.code == STATUS_OK;
    if (opened) status = use(network, scene, &sum);
    fail_at = 0;
    const bool well = status.code == STATUS_OK ? sum == expected : status.code == STATUS_NO_MEMORY;
    if (!well || (status.code != STATUS_OK && status.message[0] == '\0'))
        test_fail(__FILE__, __LINE__, "%s, allocation %ld: %s, result %g instead of %g",
                  scene->name, at, status.message, (double)sum, (double)expected);
    /* The network that is still open works now. */
    if (opened && status.code != STATUS_OK) {
        status = use(network, scene, &sum);
        if (status.code != STATUS_OK || sum != expected)
            test_fail(__FILE__, __LINE__, "%s, after allocation %ld: %s, result %g instead of %g",
                      scene->name, at, status.message, (double)sum, (double)expected);
    }
    if (opened) network_close(network);
    if (alive != before)
        test_fail(__FILE__, __LINE__, "%s, allocation %ld: %ld blocks are left", scene->name, at,
                  alive - before);
    return failed;
}

static void play_all(const Scene *scene)
{
    Network *network = NULL;
    float expected = 0;
    Status status = open_scene(scene, &network);
    if (status.code == STATUS_OK) status = use(network, scene, &expected);
    CHECK_OK(status);
    network_close(network);
    if (status.code != STATUS_OK) return;
    long at = 1;
    const int failures = test_failures();
    while (at < 100000 && test_failures() < failures + 5 && play(scene, at, expected)) at++;
    printf("  %-16s %ld allocations\n", scene->name, at - 1);
    CHECK(at > 20);
}

static void loading_and_differentiating(void)
{
    for (int i = 0; i < EXAMPLE_MODELS; i++) {
        char name[16];
        snprintf(name, sizeof name, "example %d", i);
        Scene scene = {.name = name, .file = example_model(i)};
        play_all(&scene);
        text_release(&scene.file);
    }
}

/* Where there is no room for a pass that gives the answer alone, one that keeps everything gives what it always does. */
static void no_room_for_an_answer(void)
{
    size_t size;
    Scene scene = {.name = "answer", .file = {.bytes = (char *)tiny_network(&size)}};
    scene.file.length = size;
    Network *network = NULL;
    Graph *graph = NULL;
    float expected = 0, sum = 1;
    CHECK_OK(open_scene(&scene, &network));
    CHECK_OK(differentiate(network, &expected));
    CHECK_OK(network_build(network, &(GraphRequest){0}, &graph));
    calls = 0, fail_at = 1;
    CHECK(graph_allocate_answer(graph, NULL).code == STATUS_NO_MEMORY);
    fail_at = 0;
    CHECK_OK(pass(network, graph, &sum));
    CHECK(sum == expected);
    graph_destroy(graph);
    network_close(network);
    text_release(&scene.file);
}

static void running_a_technique(void)
{
    static const char *const ids[] = {"filters", "activations", "gradient", "guided-backprop",
                                      "gradcam", "fgsm",        "style"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        size_t size;
        Scene scene = {.name = ids[i], .technique = technique_find(ids[i])};
        scene.file.bytes = (char *)tiny_network(&size);
        scene.file.length = size;
        uint8_t pixels[20 * 18 * 4];
        for (size_t p = 0; p < sizeof pixels; p++)
            pixels[p] = (uint8_t)(p % 4 == 3 ? 255 : p * 7 % 251);
        CHECK_OK(picture_copy(&scene.picture, 20, 18, pixels));
        play_all(&scene);
        picture_release(&scene.picture);
        text_release(&scene.file);
    }
}

static const Test tests[] = {
    TEST(loading_and_differentiating),
    TEST(no_room_for_an_answer),
    TEST(running_a_technique),
};
TEST_MAIN(tests)
