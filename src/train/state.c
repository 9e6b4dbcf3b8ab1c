/* settings\0 | pieces | checksum of all of these, one after the other */
#include "train/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "base/file.h"

struct State {
    uint64_t sum;
    bool failed; /* memory ran out, or the file is damaged */

    FilePart *part; /* while saving */
    int count, capacity;

    const uint8_t *bytes; /* while loading */
    size_t size, at;
};

static void note(State *state, const void *bytes, size_t size)
{
    if (state->count == state->capacity) {
        const int capacity = state->capacity ? 2 * state->capacity : 64;
        FilePart *part = realloc(state->part, (size_t)capacity * sizeof *part);
        if (!part) state->failed = true;
        if (!part) return;
        state->part = part;
        state->capacity = capacity;
    }
    state->part[state->count++] = (FilePart){bytes, size};
}

static void fill_in(State *state, void *bytes, size_t size)
{
    if (state->size - state->at < size) state->failed = true;
    if (state->failed) return;
    memcpy(bytes, state->bytes + state->at, size);
    state->at += size;
}

void state_piece(State *state, void *bytes, size_t size)
{
    if (state->failed || size == 0) return;
    if (state->bytes) {
        fill_in(state, bytes, size);
    } else {
        note(state, bytes, size);
    }
    if (!state->failed) state->sum = checksum(state->sum, bytes, size);
}

void state_parameters(State *state, Parameters *parameters)
{
    for (int i = 0; i < parameters->count; i++) {
        Parameter *p = &parameters->items[i];
        float *const arrays[] = {p->data, p->average, p->first, p->second};
        for (int k = 0; k < 4; k++) state_piece(state, arrays[k], p->count * sizeof(float));
    }
}

void state_refuse(State *state)
{
    state->failed = true;
}

/* The settings with their zero at the end; the caller releases them, whatever is returned. */
static Status settings_of(const StateForm *form, const void *owner, Text *settings)
{
    form->settings(owner, settings);
    text_append(settings, "", 1);
    return settings->failed ? status_no_memory("the state", settings->length) : status_ok();
}

static Status save(const char *path, const Text *settings, const StateForm *form, void *owner)
{
    State state = {.sum = CHECKSUM_START};
    state_piece(&state, settings->bytes, settings->length);
    form->pieces(owner, &state);
    const uint64_t sum = state.sum;
    note(&state, &sum, sizeof sum);
    const Status status = state.failed ? status_no_memory("the state", sizeof state)
                                       : file_write(path, state.part, state.count);
    free(state.part);
    return status;
}

static Status take(const char *path, State *state, const Text *settings, const StateForm *form,
                   void *owner)
{
    const size_t magic = strlen(STATE_MAGIC);
    if (state->size < magic || memcmp(state->bytes, STATE_MAGIC, magic) != 0)
        return status_error(STATUS_BAD_INPUT, "'%s' is not the state of a training", path);
    if (state->size < settings->length ||
        memcmp(state->bytes, settings->bytes, settings->length) != 0) {
        return status_error(STATUS_BAD_INPUT,
                            "'%s' belongs to a training with another network, other options or "
                            "other pictures: give the same ones, or another --state",
                            path);
    }
    state->at = settings->length;
    state->sum = checksum(CHECKSUM_START, settings->bytes, settings->length);
    form->pieces(owner, state);
    const uint64_t sum = state->sum;
    uint64_t written = 0;
    fill_in(state, &written, sizeof written);
    if (!state->failed && written == sum && state->at == state->size) return status_ok();
    return status_error(STATUS_BAD_INPUT, "'%s' is damaged: remove it and begin again", path);
}

static Status load(const char *path, const Text *settings, const StateForm *form, void *owner)
{
    uint8_t *bytes;
    size_t size;
    TRY(file_read(path, "the state", &bytes, &size));
    State state = {.bytes = bytes, .size = size};
    const Status status = take(path, &state, settings, form, owner);
    free(bytes);
    return status;
}

/* Saves or loads, with the text of the settings for as long as that takes. */
static Status with_settings(const char *path, const StateForm *form, void *owner,
                            Status (*work)(const char *, const Text *, const StateForm *, void *))
{
    Text settings = {0};
    Status status = settings_of(form, owner, &settings);
    if (status.code == STATUS_OK) status = work(path, &settings, form, owner);
    text_release(&settings);
    return status;
}

Status state_save(const char *path, const StateForm *form, void *owner)
{
    return with_settings(path, form, owner, save);
}

Status state_load(const char *path, const StateForm *form, void *owner)
{
    return with_settings(path, form, owner, load);
}
