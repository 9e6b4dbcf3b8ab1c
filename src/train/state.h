/*
 * The file from which a training goes on. What makes it up is named piece by piece, in one function for both
 * directions:
 *
 *     static void pieces(void *owner, State *state)
 *     {
 *         Trainer *t = owner;
 *         state_piece(state, &t->place, sizeof t->place);
 *         state_parameters(state, &t->parameters);
 *     }
 *     static const StateForm form = {settings, pieces};
 *     TRY(state_save("net.state", &form, trainer));
 *     TRY(state_load("net.state", &form, trainer));
 *
 * The settings, a text that begins with STATE_MAGIC, say everything that the numbers of the training depend on:
 * the state of another training is told by them. Numbers are as they lie in memory: a state belongs to the kind
 * of machine that it was made on.
 */
#ifndef CONVOSCOPE_TRAIN_STATE_H
#define CONVOSCOPE_TRAIN_STATE_H

#include <stddef.h>

#include "base/text.h"
#include "train/parameters.h"

#define STATE_MAGIC "convoscope train"

typedef struct State State;

typedef struct StateForm {
    void (*settings)(const void *owner, Text *text);
    void (*pieces)(void *owner, State *state);
} StateForm;

/* Memory that is written, or filled in. After a failure nothing more is filled in. */
void state_piece(State *state, void *bytes, size_t size);

/* Of each parameter data, average and moments. */
void state_parameters(State *state, Parameters *parameters);

/* What was filled in cannot be: the file is damaged. */
void state_refuse(State *state);

/* Replaces the file in one step. */
Status state_save(const char *path, const StateForm *form, void *owner);

/* Fails when the file is damaged or has other settings; the owner may have been changed in part. */
Status state_load(const char *path, const StateForm *form, void *owner);

#endif
