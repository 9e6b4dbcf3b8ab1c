#include "support/zebra.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/shared.h"
#include "support/test.h"
#include "support/tiny_network.h"

bool zebra_open(Zebra *zebra)
{
    *zebra = (Zebra){0};
    size_t size;
    uint8_t *bytes = shared_read("data/models/squeezenet1_0.onnx", &size);
    if (!bytes) return false;
    const Status status = network_open(&zebra->network, "squeezenet1_0.onnx", bytes, size);
    CHECK_OK(status);
    if (status.code != STATUS_OK) return false;
    CHECK_OK(network_set(zebra->network, "size", "227x227"));
    CHECK_OK(network_set(zebra->network, "resize", "none"));
    bytes = shared_read("reference/squeezenet_zebra/input.png", &size);
    if (bytes) CHECK_OK(picture_decode(&zebra->picture, bytes, size, "input.png"));
    free(bytes);
    if (zebra->picture.rgba) return true;
    zebra_close(zebra);
    return false;
}

bool tiny_open(Zebra *zebra)
{
    enum { WIDTH = 20, HEIGHT = 24 };
    *zebra = (Zebra){0};
    size_t size;
    uint8_t rgba[WIDTH * HEIGHT * 4];
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        const int x = i % WIDTH, y = i / WIDTH;
        rgba[4 * i] = (uint8_t)(128 + 100 * sin(0.9 * x));
        rgba[4 * i + 1] = (uint8_t)(10 * y);
        rgba[4 * i + 2] = x + y > 20 ? 200 : 30;
        rgba[4 * i + 3] = 255;
    }
    uint8_t *bytes = tiny_network(&size);
    CHECK_OK(network_open(&zebra->network, "tiny.onnx", bytes, size));
    CHECK_OK(network_set(zebra->network, "range", "1"));
    CHECK_OK(network_set(zebra->network, "mean", "0.5,0.5,0.5"));
    CHECK_OK(network_set(zebra->network, "std", "0.25,0.25,0.25"));
    CHECK_OK(picture_copy(&zebra->picture, WIDTH, HEIGHT, rgba));
    return zebra->network && zebra->picture.rgba;
}

void zebra_close(Zebra *zebra)
{
    picture_release(&zebra->picture);
    network_close(zebra->network);
}

Status picture_variant(const Picture *picture, int index, Picture *variant)
{
    TRY(picture_copy(variant, picture->width, picture->height, picture->rgba));
    const int pixels = picture->width * picture->height, shift = index * pixels * 3 / 16 + index;
    for (int i = 0; i < pixels; i++) {
        const uint8_t *from = picture->rgba + 4 * ((i + shift) % pixels);
        for (int c = 0; c < 3; c++) variant->rgba[4 * i + c] = from[(c + index) % 3];
    }
    return status_ok();
}

Status give_pictures(Run *run, const Technique *technique, const Picture *picture)
{
    for (int i = 0; i < technique->pictures; i++) {
        Picture variant = {0};
        Status status = picture_variant(picture, i, &variant);
        if (status.code == STATUS_OK) status = run_set_picture(run, i, &variant);
        picture_release(&variant);
        TRY(status);
    }
    return status_ok();
}

Run *zebra_run(const Zebra *zebra, const char *technique, const char *const *params)
{
    const Technique *t = technique_find(technique);
    Run *run = NULL;
    CHECK(t != NULL);
    if (!t) return NULL;
    Status status = run_create(&run, t, zebra->network);
    if (status.code == STATUS_OK) status = give_pictures(run, t, &zebra->picture);
    for (; status.code == STATUS_OK && params && *params; params += 2)
        status = run_set(run, params[0], params[1]);
    if (status.code == STATUS_OK) status = run_begin(run);
    CHECK_OK(status);
    if (status.code == STATUS_OK) return run;
    run_destroy(run);
    return NULL;
}

Status run_to_end(Run *run)
{
    bool done = false;
    while (!done) TRY(run_advance(run, 0.05, &done));
    return status_ok();
}

Run *zebra_result(const Zebra *zebra, const char *technique, const char *const *params,
                  Result *result)
{
    Run *run = zebra_run(zebra, technique, params);
    if (!run) return NULL;
    Status status = run_to_end(run);
    if (status.code == STATUS_OK) status = run_result(run, result);
    CHECK_OK(status);
    if (status.code == STATUS_OK) return run;
    run_destroy(run);
    return NULL;
}

const ResultItem *item_named(const Result *result, const char *name)
{
    for (int i = 0; i < result->item_count; i++) {
        if (strcmp(result->items[i].name, name) == 0) return &result->items[i];
    }
    test_fail(__FILE__, __LINE__, "there is no item '%s'", name);
    return NULL;
}

const ResultFact *fact_named(const Result *result, const char *name)
{
    for (int i = 0; i < result->fact_count; i++) {
        if (strcmp(result->facts[i].name, name) == 0) return &result->facts[i];
    }
    test_fail(__FILE__, __LINE__, "there is no fact '%s'", name);
    return NULL;
}

double distance_to(const ResultItem *item, const char *reference)
{
    char path[128];
    Tensor expected;
    snprintf(path, sizeof path, "reference/squeezenet_zebra/%s.npy", reference);
    if (!item || !shared_npy(path, &expected)) return INFINITY;
    const size_t count = shape_elements(&expected.shape);
    CHECK(count == shape_elements(&item->shape));
    const double error = relative_error(item->data, expected.data, count);
    printf("  %-18s relative L2 error %.2e\n", reference, error);
    tensor_release(&expected);
    return error;
}
