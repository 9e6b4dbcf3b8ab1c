/* Style transfer: which layers are chosen, and the canvas on which it paints. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "network_layers.h"
#include "support/shared.h"
#include "support/test.h"
#include "support/zebra.h"
#include "techniques/canvas.h"

/* The layers of Gatys et al. for a VGG: relu1_1, relu2_1, relu3_1, relu4_1, relu5_1, content of stage 4. */
static void a_vgg_gets_the_layers_of_the_paper(void)
{
    static const int channels[] = {64, 128, 256, 512, 512}, heights[] = {224, 112, 56, 28, 14};
    size_t size;
    uint8_t *bytes = shared_read("data/onnx-light/light_vgg19.onnx", &size);
    Network *network = NULL;
    if (!bytes) return;
    CHECK_OK(network_open(&network, "light_vgg19.onnx", bytes, size));
    Graph *graph = NULL;
    Arena *arena = arena_create();
    LayerList list = {0};
    Value *content = NULL;
    CHECK_OK(network_build(network, &(GraphRequest){0}, &graph));
    CHECK_OK(style_layers(network, graph, "auto", arena, &list));
    CHECK_OK(content_layer(network, graph, "auto", arena, &content));
    CHECK(list.count == 5);
    for (int i = 0; i < list.count && i < 5; i++) {
        CHECK_TEXT(list.layer[i]->producer->op->name, "Relu");
        CHECK(list.layer[i]->shape.dim[1] == channels[i]);
        CHECK(list.layer[i]->shape.dim[2] == heights[i]);
        /* The first of its size: before its convolution lies a pooling, or the picture. */
        const Value *before = list.layer[i]->producer->in[0]->producer->in[0];
        CHECK(!before->producer || strcmp(before->producer->op->name, "MaxPool") == 0);
    }
    CHECK(content == list.layer[3]);
    arena_destroy(arena);
    graph_destroy(graph);
    network_close(network);
}

static void squeezenet_gets_its_modules(void)
{
    static const char *const expected[] = {"features.1/Relu",    "features.3/Concat",
                                           "features.5/Concat",  "features.7/Concat",
                                           "features.10/Concat", "features.12/Concat"};
    Zebra zebra;
    if (!zebra_open(&zebra)) return;
    Graph *graph = NULL;
    Arena *arena = arena_create();
    LayerList list = {0};
    Value *content = NULL;
    CHECK_OK(network_build(zebra.network, &(GraphRequest){0}, &graph));
    CHECK_OK(style_layers(zebra.network, graph, "auto", arena, &list));
    CHECK_OK(content_layer(zebra.network, graph, "auto", arena, &content));
    CHECK(list.count == 6);
    for (int i = 0; i < list.count && i < 6; i++)
        CHECK(strstr(list.layer[i]->name, expected[i]) != NULL);
    CHECK(content == list.layer[3]);
    arena_destroy(arena);
    graph_destroy(graph);
    zebra_close(&zebra);
}

typedef struct Sketch {
    Zebra tiny;
    Run *run;
    Graph *graph;
    Value *input;
    Canvas *canvas;
} Sketch;

static bool sketch_open(Sketch *s)
{
    if (!tiny_open(&s->tiny)) return false;
    CHECK_OK(run_create(&s->run, technique_find("style"), s->tiny.network));
    CHECK_OK(run_build(s->run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    s->input = graph_input(s->graph, 0);
    CHECK_OK(preprocess_apply_whole(network_preprocess(s->tiny.network), &s->tiny.picture, 16, 16,
                                    s->input->data));
    CHECK_OK(canvas_create(s->run, s->input, &s->canvas));
    return s->canvas != NULL;
}

static void sketch_close(Sketch *s)
{
    run_destroy(s->run);
    zebra_close(&s->tiny);
}

static void an_untouched_canvas_is_the_picture(void)
{
    Sketch s = {0};
    if (!sketch_open(&s)) return;
    enum { COUNT = 3 * 16 * 16 };
    float before[COUNT], z[COUNT] = {0};
    memcpy(before, s.input->data, sizeof before);
    canvas_paint(s.canvas, z, s.input->data);
    for (int i = 0; i < COUNT; i++) CHECK_NEAR(s.input->data[i], before[i], 1e-5);
    sketch_close(&s);
}

/* d<g, x(z)>/dz is what canvas_gradient says, by central differences, away from black and white. */
static void the_gradient_of_the_canvas(void)
{
    Sketch s = {0};
    if (!sketch_open(&s)) return;
    enum { COUNT = 3 * 16 * 16 };
    float z[COUNT] = {0}, g[COUNT], dz[COUNT], x[COUNT];
    Random random = random_seeded(3);
    for (int i = 0; i < COUNT; i++) {
        s.canvas->start[i] = 100 + 20 * random_uniform(&random);
        g[i] = random_normal(&random);
    }
    canvas_paint(s.canvas, z, x);
    canvas_gradient(s.canvas, g, dz);
    for (int i = 0; i < COUNT; i += 37) {
        double side[2];
        for (int k = 0; k < 2; k++) {
            z[i] = k ? 4.0F : -4.0F;
            canvas_paint(s.canvas, z, x);
            side[k] = 0;
            for (int j = 0; j < COUNT; j++) side[k] += (double)g[j] * x[j];
        }
        z[i] = 0;
        CHECK_NEAR((side[1] - side[0]) / 8, dz[i], 2e-4);
    }
    sketch_close(&s);
}

/* However far z goes, the pixels stay valid, and those at the border have no slope outwards. */
static void the_canvas_has_a_border(void)
{
    Sketch s = {0};
    if (!sketch_open(&s)) return;
    enum { COUNT = 3 * 16 * 16 };
    float z[COUNT], g[COUNT], dz[COUNT], x[COUNT], levels[COUNT];
    for (int i = 0; i < COUNT; i++) z[i] = 1e4F, g[i] = -1; /* downhill is upwards */
    canvas_levels(s.canvas, z, levels);
    canvas_paint(s.canvas, z, x);
    canvas_gradient(s.canvas, g, dz);
    for (int i = 0; i < COUNT; i++) {
        CHECK_NEAR(levels[i], 255, 0);
        CHECK_NEAR(dz[i], 0, 0);
    }
    sketch_close(&s);
}

static const Test tests[] = {
    TEST(a_vgg_gets_the_layers_of_the_paper),
    TEST(squeezenet_gets_its_modules),
    TEST(an_untouched_canvas_is_the_picture),
    TEST(the_gradient_of_the_canvas),
    TEST(the_canvas_has_a_border),
};
TEST_MAIN(tests)
