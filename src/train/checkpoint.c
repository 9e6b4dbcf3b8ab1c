/*
 * What a training needs to go on: a header, the place, the log, and of each parameter data, average and moments.
 *
 *     "convoscope train 1\n" settings\0 | place, last loss, log lines | parameters | checksum
 *
 * Numbers are as they lie in memory: a state belongs to the kind of machine that it was made on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/trainer_internal.h"

static const char magic[] = "convoscope train 1\n";

/* FNV-1a over 64-bit words, the last one filled up with zeros (Fowler, Noll & Vo 1991). */
static uint64_t checksum(uint64_t sum, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (; size > 0;) {
        uint64_t word = 0;
        const size_t length = size < sizeof word ? size : sizeof word;
        memcpy(&word, at, length);
        sum = (sum ^ word) * 0x100000001B3ULL;
        at += length;
        size -= length;
    }
    return sum;
}

enum { CHECKSUM_START = 0x1234567 };

uint64_t trainer_data_sum(const Dataset *data)
{
    const size_t side = (size_t)data->size, one = (size_t)data->channels * side * side;
    const uint64_t sum = checksum(CHECKSUM_START, data->pixels, data->count * one);
    return checksum(sum, data->label, data->count * sizeof *data->label);
}

/* Everything that the numbers of a training depend on, as text: a state of another training is told by it. */
static void settings(const Trainer *t, Text *text)
{
    const TrainOptions *o = &t->options;
    const Augmentation *a = &o->augmentation;
    text_append(text, magic, strlen(magic));
    text_format(text, "batch %d\nseed %d\nsizes", o->batch, o->seed);
    for (int i = 0; i < o->phases; i++)
        text_format(text, " %dx%d", o->phase[i].size, o->phase[i].epochs);
    text_format(text, "\noptimiser %d %a %a %a %a\nschedule %d %a\n", (int)o->optimiser,
                (double)o->rate, (double)o->momentum, (double)o->second, (double)o->decay,
                (int)o->schedule, (double)o->warm_up);
    text_format(text, "smoothing %a\nmix %d %a\naverage %a\naugmentation %a %d %a %a\n",
                (double)o->smoothing, (int)o->mix, (double)o->mix_alpha, (double)o->average,
                (double)a->crop, a->flip, (double)a->colour, (double)a->cutout);
    text_format(text, "pictures %zu of %d classes, %016llx\n%s", t->train->count, t->train->classes,
                (unsigned long long)t->data_sum, t->architecture.text);
    text_append(text, "", 1);
}

/* The pieces of memory that make up the state, in order. */
typedef struct Pieces {
    int count;
    FilePart part[];
} Pieces;

static Pieces *pieces_create(const Trainer *t)
{
    const size_t most = 8 + 4 * (size_t)t->parameters.count;
    Pieces *pieces = malloc(sizeof *pieces + most * sizeof pieces->part[0]);
    if (pieces) pieces->count = 0;
    return pieces;
}

static void add_piece(Pieces *pieces, const void *bytes, size_t size)
{
    if (size > 0) pieces->part[pieces->count++] = (FilePart){bytes, size};
}

static void list_pieces(const Trainer *t, const Text *head, const int64_t *lines, Pieces *pieces)
{
    add_piece(pieces, head->bytes, head->length);
    add_piece(pieces, &t->place, sizeof t->place);
    add_piece(pieces, &t->last_loss, sizeof t->last_loss);
    add_piece(pieces, lines, sizeof *lines);
    add_piece(pieces, t->log, (size_t)*lines * sizeof *t->log);
    for (int i = 0; i < t->parameters.count; i++) {
        const Parameter *p = &t->parameters.items[i];
        const size_t bytes = p->count * sizeof(float);
        add_piece(pieces, p->data, bytes);
        add_piece(pieces, p->average, bytes);
        add_piece(pieces, p->first, bytes);
        add_piece(pieces, p->second, bytes);
    }
}

static uint64_t pieces_checksum(const Pieces *pieces)
{
    uint64_t sum = CHECKSUM_START;
    for (int i = 0; i < pieces->count; i++)
        sum = checksum(sum, pieces->part[i].bytes, pieces->part[i].size);
    return sum;
}

Status trainer_save(Trainer *trainer, const char *path)
{
    Text head = {0};
    settings(trainer, &head);
    Pieces *pieces = pieces_create(trainer);
    Status status = status_ok();
    if (head.failed || !pieces) {
        status = status_no_memory("the state", sizeof *pieces);
    } else {
        const int64_t lines = trainer->log_count;
        list_pieces(trainer, &head, &lines, pieces);
        const uint64_t sum = pieces_checksum(pieces);
        add_piece(pieces, &sum, sizeof sum);
        status = file_write(path, pieces->part, pieces->count);
    }
    free(pieces);
    text_release(&head);
    return status;
}

/* ---- loading ---- */

static bool same_head(const uint8_t *bytes, size_t size, const Text *head)
{
    return size >= head->length && memcmp(bytes, head->bytes, head->length) == 0;
}

static bool copy_out(const uint8_t *bytes, size_t size, size_t *at, void *to, size_t length)
{
    if (size - *at < length) return false;
    memcpy(to, bytes + *at, length);
    *at += length;
    return true;
}

/* False where the bytes end too early or too late, or their sum is another. */
static bool take_state(Trainer *t, const uint8_t *bytes, size_t size, const Text *head)
{
    size_t at = head->length;
    int64_t lines;
    const size_t most = (size_t)trainer_epochs(&t->options) + 1;
    bool whole = copy_out(bytes, size, &at, &t->place, sizeof t->place) &&
                 copy_out(bytes, size, &at, &t->last_loss, sizeof t->last_loss) &&
                 copy_out(bytes, size, &at, &lines, sizeof lines);
    if (!whole || lines < 0 || (size_t)lines > most) return false;
    t->log_count = (int)lines;
    whole = copy_out(bytes, size, &at, t->log, (size_t)lines * sizeof *t->log);
    for (int i = 0; i < t->parameters.count && whole; i++) {
        Parameter *p = &t->parameters.items[i];
        float *const arrays[] = {p->data, p->average, p->first, p->second};
        for (int k = 0; k < 4; k++)
            whole = whole && copy_out(bytes, size, &at, arrays[k], p->count * sizeof(float));
    }
    uint64_t sum;
    return whole && copy_out(bytes, size, &at, &sum, sizeof sum) && at == size;
}

static bool is_sound(const Trainer *t, const uint8_t *bytes, size_t size, const Text *head)
{
    Pieces *pieces = pieces_create(t);
    if (!pieces) return false;
    const int64_t lines = t->log_count;
    list_pieces(t, head, &lines, pieces);
    const uint64_t sum = pieces_checksum(pieces);
    free(pieces);
    return memcmp(bytes + size - sizeof sum, &sum, sizeof sum) == 0;
}

Status trainer_load(Trainer *trainer, const char *path)
{
    uint8_t *bytes;
    size_t size;
    Text head = {0};
    TRY(file_read(path, "the state", &bytes, &size));
    settings(trainer, &head);
    Status status = status_ok();
    if (head.failed) {
        status = status_no_memory("the state", head.length);
    } else if (size < strlen(magic) || memcmp(bytes, magic, strlen(magic)) != 0) {
        status = status_error(STATUS_BAD_INPUT, "'%s' is not the state of a training", path);
    } else if (!same_head(bytes, size, &head)) {
        status = status_error(STATUS_BAD_INPUT,
                              "'%s' belongs to a training with another network, other options or "
                              "other pictures: give the same ones, or another --state",
                              path);
    } else if (!take_state(trainer, bytes, size, &head) || !is_sound(trainer, bytes, size, &head)) {
        status = status_error(STATUS_BAD_INPUT, "'%s' is damaged: remove it and begin again", path);
    }
    text_release(&head);
    free(bytes);
    return status;
}
