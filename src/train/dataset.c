#include "train/dataset.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "image/preprocess.h"
#include "parallel.h"
#include "train/dataset_files.h"

Status dataset_create(Dataset *data, const DatasetRequest *request, size_t count, int classes)
{
    *data = (Dataset){
        .size = request->size, .channels = request->channels, .classes = classes, .count = count};
    const size_t side = (size_t)request->size, one = (size_t)request->channels * side * side;
    data->pixels = calloc(count, one);
    data->label = calloc(count, sizeof *data->label);
    data->name = calloc((size_t)classes, sizeof *data->name);
    if (data->pixels && data->label && data->name) return status_ok();
    dataset_release(data);
    return status_no_memory("the pictures", (unsigned long long)count * one);
}

void dataset_release(Dataset *data)
{
    for (int i = 0; data->name && i < data->classes; i++) free(data->name[i]);
    free(data->name);
    free(data->pixels);
    free(data->label);
    *data = (Dataset){0};
}

uint64_t dataset_checksum(const Dataset *data)
{
    const size_t side = (size_t)data->size, one = (size_t)data->channels * side * side;
    const uint64_t sum = checksum(CHECKSUM_START, data->pixels, data->count * one);
    return checksum(sum, data->label, data->count * sizeof *data->label);
}

void dataset_labels(const Dataset *data, Text *text)
{
    for (int i = 0; i < data->classes; i++) text_format(text, "%s%s", i ? "\n" : "", data->name[i]);
}

/* ---- reading ---- */

typedef struct Reading {
    const ClassFiles *files;
    const Dataset *data;
    Preprocess preprocess; /* to levels 0 to 255 */
    atomic_flag failed;
    Status status; /* of the one that failed first */
} Reading;

static Preprocess levels(const DatasetRequest *request)
{
    Preprocess preprocess = {.range = 255, .std = {1, 1, 1, 1}};
    strcpy(preprocess.channels, request->channels == 1 ? "GRAY" : "RGB");
    return preprocess;
}

/* The middle of a picture, as wide as high; middle->rgba is from malloc. */
static Status cut_middle(const Picture *picture, Picture *middle)
{
    const int side = picture->width < picture->height ? picture->width : picture->height;
    const int left = (picture->width - side) / 2, top = (picture->height - side) / 2;
    const size_t row = (size_t)side * 4;
    *middle = (Picture){.width = side, .height = side, .rgba = malloc((size_t)side * row)};
    if (!middle->rgba) return status_no_memory("a picture", (size_t)side * row);
    for (int y = 0; y < side; y++) {
        const size_t from = (size_t)(top + y) * (size_t)picture->width + (size_t)left;
        memcpy(middle->rgba + (size_t)y * row, picture->rgba + from * 4, row);
    }
    return status_ok();
}

static Status scale(const Reading *r, const Picture *picture, float *to)
{
    const int size = r->data->size;
    if (picture->width == picture->height)
        return preprocess_apply_whole(&r->preprocess, picture, size, size, to);
    Picture middle;
    TRY(cut_middle(picture, &middle));
    const Status status = preprocess_apply_whole(&r->preprocess, &middle, size, size, to);
    picture_release(&middle);
    return status;
}

static Status keep(void *context, const Picture *picture, size_t index, int class)
{
    const Reading *r = context;
    const size_t side = (size_t)r->data->size, count = (size_t)r->data->channels * side * side;
    float *level = malloc(count * sizeof *level);
    if (!level) return status_no_memory("a picture", count * sizeof *level);
    const Status status = scale(r, picture, level);
    if (status.code == STATUS_OK) {
        uint8_t *to = dataset_pixels(r->data, index);
        for (size_t i = 0; i < count; i++) {
            const float rounded = level[i] + 0.5F;
            to[i] = (uint8_t)(rounded < 0 ? 0 : rounded > 255 ? 255 : rounded);
        }
        r->data->label[index] = (uint16_t) class;
    }
    free(level);
    return status;
}

static void read_files(void *context, size_t begin, size_t end, int thread)
{
    (void)thread;
    Reading *r = context;
    for (size_t i = begin; i < end; i++) {
        const Status status = class_file_pictures(r->files, &r->files->file[i], keep, r);
        if (status.code != STATUS_OK && !atomic_flag_test_and_set(&r->failed)) r->status = status;
    }
}

static Status read_listed(ClassFiles *files, const DatasetRequest *request, Dataset *data)
{
    size_t count;
    TRY(class_files_count(files, &count));
    TRY(dataset_create(data, request, count, files->class_count));
    for (int i = 0; i < files->class_count; i++) {
        data->name[i] = files->name[i];
        files->name[i] = NULL;
    }
    Reading reading = {.files = files,
                       .data = data,
                       .preprocess = levels(request),
                       .failed = ATOMIC_FLAG_INIT,
                       .status = status_ok()};
    parallel_for((size_t)files->file_count, 1, read_files, &reading);
    if (reading.status.code != STATUS_OK) dataset_release(data);
    return reading.status;
}

Status dataset_read(Dataset *data, const char *folder, const DatasetRequest *request)
{
    ClassFiles files;
    TRY(class_files_list(&files, folder, request->classes));
    const Status status = read_listed(&files, request, data);
    class_files_release(&files);
    return status;
}
